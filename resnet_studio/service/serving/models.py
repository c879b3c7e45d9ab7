"""What is served: a model by a name and a version, and how it is loaded."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from PIL import Image

from resnet_studio.errors import ConfigError, ExportError, StudioError
from resnet_studio.evaluation import certificate
from resnet_studio.evaluation.calibration import CALIBRATION, UNTESTED, Calibration
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.folder_names import slug
from resnet_studio.service.exporting import finished, place
from resnet_studio.service.predictors import Level, level
from resnet_studio.service.serving.drift import Drift, Expected
from resnet_studio.workspace import Run, Workspace

if TYPE_CHECKING:
    from resnet_studio.batching import BatchedModel, Prediction
    from resnet_studio.model.card import Card
    from resnet_studio.prediction import Predictor

Engine = Literal["auto", "torch", "onnx", "onnx-int8"]
ENGINES: tuple[Engine, ...] = get_args(Engine)
_NAME, _VERSION = re.compile(r"[A-Za-z0-9][\w.-]{0,63}"), re.compile(r"[\w][\w.-]{0,31}")
Talk = Callable[[str], None]


@dataclass(frozen=True)
class ModelRequest:
    """A model as the user names it: ``[NAME[@VERSION]=]MODEL``, where MODEL is a run, ``last``, a checkpoint or an
    exported ONNX file.
    """

    model: str
    name: str = ""
    version: str = ""

    @classmethod
    def of(cls, text: str) -> ModelRequest:
        """Read what the user wrote. Raises :class:`ConfigError`."""
        before, equals, model = text.strip().partition("=")
        if not equals or "/" in before or "\\" in before:
            return cls(text.strip())
        name, at, version = before.partition("@")
        if not _NAME.fullmatch(name) or (at and not _VERSION.fullmatch(version)) or not model:
            raise ConfigError("error.serve.name", text=text)
        return cls(model, name, version)

    def files(self, workspace: Workspace) -> tuple[Path, Run | None]:
        """The file of the model, and the run that it is of, where it is one's. Raises :class:`StudioError`."""
        path = Path(self.model)
        if path.suffix.lower() in (".onnx", ".safetensors") and path.is_file():
            inside = path.name == "best.safetensors" and (path.parent / "config.json").is_file()
            return path, Run(path.parent) if inside else None
        run = workspace.find_run(self.model)
        if not run.best.is_file():
            raise ConfigError("error.run.no_model", run=run.id)
        return run.best, run


@dataclass(eq=False)
class Served:
    """One model that answers.

    ``answers`` computes, by the ``engine``; ``expected`` is what it answered to validation pictures, None where that is
    not known; ``checkpoint`` can draw heat maps, None where only an exported file is there.
    """

    name: str
    version: str
    answers: BatchedModel
    engine: str
    network: str
    sha256: str
    calibration: Calibration = UNTESTED
    expected: Expected | None = None
    checkpoint: Path | None = None
    tells_unknown: bool = False
    drift: Drift = field(init=False)

    def __post_init__(self) -> None:
        self.drift = Drift(self.answers.classes, self.expected)

    @property
    def key(self) -> str:
        """``NAME@VERSION``."""
        return f"{self.name}@{self.version}"

    def level(self, prediction: Prediction) -> Level:
        """How sure to sound."""
        return level(prediction, self.calibration.near(prediction.probability))

    @cached_property
    def predictor(self) -> Predictor | None:
        """What draws heat maps: the checkpoint in torch, loaded when it is first asked for; None without one."""
        from resnet_studio.prediction import Predictor

        if isinstance(self.answers, Predictor):
            return self.answers
        return None if self.checkpoint is None else Predictor(self.checkpoint, "cpu")


def load(wanted: ModelRequest, workspace: Workspace, engine: Engine = "auto", talk: Talk = lambda _: None) -> Served:
    """Load what is ``wanted``. Raises :class:`StudioError`.

    Where ``auto`` is asked for: on a graphics card torch answers. On a CPU it is ONNX Runtime in full precision, which
    answers alike and takes 0.5 to 0.7 of torch's CPU time for a single picture and as much for eight (see
    :mod:`resnet_studio.onnx_model`); the file is made, certified and kept with the run when it is first served. Where
    that cannot be done, as the folder cannot be written to, torch answers. Eight bits take a quarter of the time and
    change some answers, so that they are used where they are asked for alone.
    """
    served = _loaded(wanted, workspace, engine, talk)
    served.answers([Image.new("RGB", (64, 64))])  # the first request shall not wait for what is only imported then
    return served


def _loaded(wanted: ModelRequest, workspace: Workspace, engine: Engine, talk: Talk) -> Served:
    file, run = wanted.files(workspace)
    if file.suffix.lower() == ".onnx":
        if engine in ("torch", "onnx-int8"):
            raise ConfigError("error.serve.engine_of_file", file=file.name, engine=engine)
        return _exported(wanted, file)
    if engine == "auto":
        from resnet_studio.model.device import choose_device

        if choose_device("auto").type == "cuda" or run is None:
            return _checkpoint(wanted, file, run)
        try:
            return _by_onnx(wanted, run, "onnx", talk)
        except (OSError, StudioError) as error:
            talk(f"answers by torch, as no ONNX file can be made: {error}")
            return _checkpoint(wanted, file, run)
    if engine == "torch":
        return _checkpoint(wanted, file, run)
    if run is None:
        raise ConfigError("error.serve.engine_of_file", file=file.name, engine=engine)
    return _by_onnx(wanted, run, engine, talk)


def _checkpoint(wanted: ModelRequest, file: Path, run: Run | None) -> Served:
    from resnet_studio.prediction import Predictor

    predictor = Predictor(file)
    card = predictor.card
    served = Served(
        wanted.name or slug(run.about.get("name") or run.id if run else file.stem), wanted.version or card.sha256[:8],
        predictor, "torch", card.network.name, card.sha256, checkpoint=file, tells_unknown=card.unlike is not None,
    )  # fmt: skip
    return _judged(served, run, card)


def _by_onnx(wanted: ModelRequest, run: Run, format: str, talk: Talk) -> Served:
    """The run's model as an exported file, made where there is none yet."""
    from resnet_studio.api.exports import export
    from resnet_studio.model.card import read_card
    from resnet_studio.onnx_model import OnnxModel

    card = read_card(run.best)
    if finished(run, format) is None:
        talk(f"{run.id}: making {format} and checking its answers, once")
        place(run, format).parent.mkdir(parents=True, exist_ok=True)
        export(run, format, place(run, format))
    model = OnnxModel(place(run, format))
    served = Served(
        wanted.name or slug(run.about.get("name") or run.id), wanted.version or card.sha256[:8], model, format,
        card.network.name, card.sha256, checkpoint=run.best, tells_unknown=model.tells_unlike,
    )  # fmt: skip
    return _judged(served, run, card)


def _exported(wanted: ModelRequest, file: Path) -> Served:
    from resnet_studio.imported_onnx import ImportedOnnx
    from resnet_studio.model.onnx_card import is_imported
    from resnet_studio.onnx_model import OnnxModel

    if is_imported(file):
        taken = ImportedOnnx(file)
        card = taken.card
        return Served(
            wanted.name or slug(file.stem), wanted.version or card.sha256[:8], taken, "onnx", card.network.name,
            card.sha256, tells_unknown=bool(card.unlike),
        )  # fmt: skip
    model = OnnxModel(file)
    served = Served(
        wanted.name or slug(file.stem), wanted.version or model.sha256[:8], model, "onnx", model.network, model.sha256,
        tells_unknown=model.tells_unlike,
    )  # fmt: skip
    try:
        found = certificate.read(file)
    except ExportError:
        return served
    answered, served = found.answered, replace(served, engine=found.format)
    if answered is None or len(answered["counts"]) != len(model.classes):
        return served
    expected = Expected(tuple(answered["counts"]), answered["unknown"], answered["seen"])
    return replace(served, expected=expected)


def _judged(served: Served, run: Run | None, card: Card) -> Served:
    """``served`` with what its run's report says of it."""
    if run is None:
        return served
    report = RunReport(run)
    return replace(served, calibration=report.get(CALIBRATION) or UNTESTED, expected=expected_of(report, card))


def expected_of(report: RunReport, card: Card) -> Expected | None:
    """What the model with this ``card`` answered to the validation pictures of its run; None where that is gone."""
    validation = report.outputs.get("validation")
    if validation is None or not len(validation):
        return None
    counts = np.bincount(validation.logits.argmax(1), minlength=len(card.classes)).tolist()
    if card.unlike is None:
        return Expected(tuple(counts))
    scores = card.unlike.scores
    return Expected(tuple(counts), sum(score > card.unlike.threshold for score in scores), len(scores))
