"""The Python API of exported models.

>>> import resnet_studio as studio
>>> exported = studio.export(run, "onnx", "cups.onnx")  # doctest: +SKIP
>>> exported.certificate.agreement  # doctest: +SKIP
1.0
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from resnet_studio.durable import make_folder, remove_folder, renamed, replacing
from resnet_studio.errors import DataError, ExportError, RunError, StudioError
from resnet_studio.folder_names import slug
from resnet_studio.workspace import Run, Workspace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from resnet_studio.data.dataset import Split
    from resnet_studio.evaluation.certificate import Certificate
    from resnet_studio.model.card import Card
    from resnet_studio.model.exports.formats import Format
    from resnet_studio.model.exports.source import Source

OUR_FILES = {"config.json", "model.safetensors", "unlike.safetensors", "README.md"}
RUNTIMES = "runtimes"
"""The folder of a workspace for what runs models in a browser."""
ROUNDING_FAILS = {"error.export.loses", "error.export.no_calibration"}
CALIBRATION = 256
"""Training pictures that a rounded format chooses its ranges by."""


@dataclass(frozen=True)
class Exported:
    """An exported ``file`` (or folder), and what was measured of it."""

    file: Path
    certificate: Certificate


def export(
    run: Run | str,
    format: str = "onnx",
    target: str | Path | None = None,
    *,
    prepared: bool = False,
    check: bool = True,
    runtime: str | Path | None = None,
    on_stage: Callable[[str], None] | None = None,
    workspace: Workspace | None = None,
) -> Exported:
    """Write the model of ``run`` in a ``format`` to ``target``, with a certificate beside it.

    ``target`` is a file, or an existing folder for a file named after the run. ``prepared``: an ONNX file takes plain
    pixels, uint8 [N, crop, crop, 3]. The file is run by a fresh Python on validation and test pictures unless ``check``
    is false, and appears only where it agrees with the studio: :class:`ExportError` otherwise.

    The format html needs ONNX Runtime for browsers. It is downloaded once into the workspace, as ``on_stage``
    says, or comes from the folder ``runtime``. Its model has 8 bits where these lose no more than a point of accuracy.

    Raises :class:`ConfigError` for a format that there is not, whose packages are missing or that cannot hold this
    model, :class:`RunError` for a run without a model.
    """
    from resnet_studio.model.exports import formats

    say = on_stage or _silent
    found = run if isinstance(run, Run) else (workspace or Workspace.open()).find_run(run)
    chosen = formats.get(format)
    if not found.best.is_file():
        raise RunError("error.run.no_model", run=found.id)
    split = _split(found)
    source = _source(found, chosen, split, prepared, None if runtime is None else Path(runtime), say)
    final = target_of(found, chosen, None if target is None else Path(target))
    with tempfile.TemporaryDirectory(prefix=".exporting-", dir=final.parent, ignore_cleanup_errors=True) as folder:
        made = Path(folder) / final.name
        certificate = _tried(made, chosen, source, split, check, say)
        _put(made, final)
    return Exported(final, certificate)


def save_program(run: Run, format: str, exported: Path) -> Path:
    """Write the Python that predicts with the ``exported`` file of ``run`` beside it, as ``FILE.py``."""
    from resnet_studio.model.exports import formats

    program = exported.with_name(f"{exported.name}.py")
    code = formats.get(format).code(source_card(run), exported.name)
    with replacing(program) as temporary:
        temporary.write_text(code, encoding="utf-8")
    return program


def _source(
    run: Run, format: Format, split: Split | None, prepared: bool, runtime: Path | None, say: Callable[[str], None]
) -> Source:
    """What ``format`` writes the model of ``run`` from."""
    from resnet_studio.model.exports import web_runtime
    from resnet_studio.model.exports.source import Source

    folder = None
    if format.name == "html":
        folder = web_runtime.ready(
            run.folder.parent.parent / RUNTIMES, runtime,
            on_download=lambda size: say(f"downloading ONNX Runtime Web, {size / 1e6:.0f} MB, once, for"),
        )  # fmt: skip
    calibration = _calibration(split, source_card(run)) if format.lossy else None
    readme = _readme(run, format) if format.name == "huggingface" else ""
    return Source(run.best, calibration, prepared, str(run.about["name"]), folder, readme)


def _readme(run: Run, format: Format) -> str:
    """The model card of ``run``, whose program runs in the folder that the card lies in."""
    from resnet_studio.api.reports import further_parts
    from resnet_studio.evaluation.model_card import model_card

    return model_card(run, "en", further_parts(), program=format.code(source_card(run), "."), library="timm")


def _tried(
    made: Path, format: Format, source: Source, split: Split | None, check: bool, say: Callable[[str], None]
) -> Certificate:
    """As :func:`_made`, in full precision where the format would rather round and it cannot."""
    from resnet_studio.model.exports.formats import INSTEAD

    try:
        return _made(made, format, source, split, check, say)
    except StudioError as error:
        if error.key not in ROUNDING_FAILS or format.name not in INSTEAD:
            raise
    say("again in full precision,")
    return _made(made, INSTEAD[format.name], source, split, check, say)


def _made(
    made: Path, format: Format, source: Source, split: Split | None, check: bool, say: Callable[[str], None]
) -> Certificate:
    """Write the file ``made`` and the certificate beside it, which is returned."""
    from resnet_studio.evaluation import certificate as certificates

    say("writing")
    format.write(source, made)
    say("checking")
    certificate = _measured(made, format, source, split, check=check)
    certificates.write(made, certificate)
    return certificate


def _put(made: Path, final: Path) -> None:
    """Move the file and its certificate to where they belong."""
    from resnet_studio.evaluation.certificate import certificate_file, page_file

    if final.is_dir():
        remove_folder(final)
    renamed(made, final)
    for beside in (certificate_file, page_file):
        renamed(beside(made), beside(final))


def _measured(made: Path, format: Format, source: Source, split: Split | None, *, check: bool) -> Certificate:
    """The certificate of the file just ``made``; raises :class:`ExportError` for one that may not be given away."""
    from resnet_studio.evaluation import export_check

    if not check or not format.runs_here:
        return export_check.unchecked(made, format, source.card)
    pictures = export_check.pictures_of(split) if split else []
    pictures = pictures or export_check.made_pictures(made.parent, source.side)
    certificate = export_check.certify(made, format, source.file, pictures)
    if certificate.problem:
        raise _refused(certificate)
    return certificate


def target_of(run: Run, format: Format, target: Path | None) -> Path:
    """The file to write. Raises :class:`ExportError` for what is in the way: another kind of thing."""
    name = f"{slug(str(run.about['name']))}{format.suffix}"
    if not format.suffix:  # a folder
        final = target or Path(f"{name}-{format.name}")
        if final.is_dir() and {path.name for path in final.iterdir()} - OUR_FILES:
            raise ExportError("error.export.folder_in_use", path=str(final))
    else:
        final = Path(name) if target is None else target / name if target.is_dir() else target
    make_folder(final.parent)
    return final


def source_card(run: Run) -> Card:
    """What the model of ``run`` says of itself."""
    from resnet_studio.model.card import read_card

    return read_card(run.best)


def _split(run: Run) -> Split | None:
    """The pictures of ``run``, where they can be found."""
    from resnet_studio.data.run_split import split_of

    with suppress(RunError):
        return split_of(run)
    return None


def _calibration(split: Split | None, card: Card) -> NDArray[np.float32] | None:
    """Normalised training pictures [N, 3, crop, crop], some of each class, as the network is shown them."""
    import numpy as np

    from resnet_studio.data.decode import decode_all
    from resnet_studio.data.views import Framed

    if split is None or not split.train:
        return None
    samples = sorted(split.train, key=lambda sample: sample.label)
    chosen = [samples[at * len(samples) // CALIBRATION] for at in range(CALIBRATION)]
    files = [split.path(sample) for sample in dict.fromkeys(chosen)]
    preprocessing = card.preprocessing
    try:
        decoded = decode_all(files, Framed.of(preprocessing), reading=preprocessing.reading)
    except DataError:
        return None
    values = decoded.pixels.astype(np.float32) / 255
    mean, std = (np.array(each, dtype=np.float32) for each in (preprocessing.mean, preprocessing.std))
    normalised = ((values - mean) / std).astype(np.float32)
    return np.ascontiguousarray(normalised.transpose(0, 3, 1, 2))


def _silent(_: str) -> None:
    """Nobody listens."""


def _refused(certificate: Certificate) -> ExportError:
    """Why the file is not given away."""
    values = {
        "format": certificate.format,
        "agreement": certificate.agreement or 0.0,
        "pictures": certificate.pictures,
        "accuracy": certificate.accuracy or 0.0,
        "app": certificate.app_accuracy or 0.0,
    }
    return ExportError(f"error.export.{certificate.problem}", **values)
