"""What a model says: predictions, scores on other pictures, the report of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resnet_studio.api.data import opened
from resnet_studio.errors import DataError, RunError, StudioError
from resnet_studio.events import Event
from resnet_studio.one_or_many import is_one
from resnet_studio.workspace import Run, Workspace, default_workspace

if TYPE_CHECKING:
    import torch
    from PIL import Image

    from resnet_studio.data.dataset import Dataset, Sample
    from resnet_studio.evaluation.parts import RunReport
    from resnet_studio.evaluation.report import Network, Report
    from resnet_studio.evaluation.seen import SeenPictures
    from resnet_studio.model.onnx_card import AnyCard
    from resnet_studio.prediction import Prediction

    Picture = str | Path | Image.Image
    Pictures = Picture | Iterable[Picture]

OnEvent = Callable[[Event], None]


def predict(
    model: Run | str | Path,
    *pictures: Pictures,
    workspace: Workspace | None = None,
    device: str = "auto",
    drawings: bool = False,
    thresholds: Mapping[str, float] | None = None,
) -> list[Prediction | StudioError]:
    """The prediction of ``model`` (a run, a checkpoint or an imported ONNX file) for each of ``pictures``, which may be
    lists of pictures too; for a bad picture its error.

    ``drawings``: they were drawn for this model, and are reduced to the size of its training pictures first.
    ``thresholds``, such as ``{"cat": 0.3}``: a class that has one is answered from that probability on, and only then.
    Raises :class:`ConfigError` where they make no sense.
    """
    from resnet_studio.imported_onnx import load_model

    sources = sources_of(pictures)
    return load_model(checkpoint_path(model, workspace), device=device)(
        sources, drawings=drawings, thresholds=thresholds
    )


def sources_of(pictures: Iterable[Any]) -> list[Path | Image.Image]:
    """All of ``pictures`` in a row, those in lists and from iterators too: files as paths."""
    found: list[Path | Image.Image] = []
    for each in pictures:
        if isinstance(each, str):
            found.append(Path(each))
        elif is_one(each):
            found.append(each)
        else:
            found += sources_of(each)
    return found


def evaluate(
    model: Run | str | Path,
    dataset: Dataset | str | Path,
    *,
    workspace: Workspace | None = None,
    device: str = "auto",
    only_unseen: bool = False,
) -> Report:
    """Score ``model`` on the pictures of ``dataset``: on its test part where it comes with one, else on all of it.

    The report says how many of the pictures the model was trained on, by their contents, and how many are
    near-duplicates of those, unless they are very many; with ``only_unseen`` these are left out, and those that its
    best epoch was chosen by. Raises :class:`DataError` where ``dataset`` has a class that the model does not know, or
    where nothing is left to score.
    """
    from resnet_studio.evaluation.kept_together import evaluated_samples, with_groups
    from resnet_studio.evaluation.near_seen import with_near
    from resnet_studio.evaluation.report import remap_labels
    from resnet_studio.evaluation.seen import add_unseen, run_of, seen_pictures
    from resnet_studio.model.onnx_card import card_at

    path = checkpoint_path(model, workspace)
    dataset, card = opened(dataset, workspace, to_score=True), card_at(path)
    home = workspace or Workspace(default_workspace())
    run = run_of(path, card, home)
    dataset = with_groups(dataset, run, home)
    samples = remap_labels(
        evaluated_samples(dataset), dataset.classes, card.classes, join_alike=dataset.choices.join_alike
    )
    files = {sample: dataset.path(sample) for sample in samples}
    seen = with_near(seen_pictures(path, card, home), run, files, home)
    if only_unseen:
        samples = unseen(samples, seen, path)
    return add_unseen(scored(path, samples, [files[sample] for sample in samples], device), samples, seen)


def unseen(
    samples: Sequence[Sample], seen: SeenPictures | None, file: Path, none: str = "error.evaluate.all_seen"
) -> list[Sample]:
    """Those of ``samples`` that are new to the model in ``file``, by what it has ``seen``.

    Raises :class:`DataError` where that is not known, or, with the text ``none``, where there are none.
    """
    if seen is None:
        raise DataError("error.evaluate.unknown_run", file=file.name)
    found = [sample for sample in samples if sample not in seen]
    if not found:
        raise DataError(none)
    return found


def scored(path: Path, samples: Sequence[Sample], files: Sequence[Path], device: str) -> Report:
    """The scores of the model in ``path`` on ``samples``, whose pictures are ``files``."""
    from resnet_studio.evaluation.report import counted_by_group, score_pictures
    from resnet_studio.model.device import choose_device

    chosen = choose_device(device)
    network, card = _scored(path, chosen)
    return counted_by_group(score_pictures(network, card, samples, files, chosen), samples)


def _scored(path: Path, device: torch.device) -> tuple[Network, AnyCard]:
    """What computes logits on ``device`` with the model in ``path``, and its card; ONNX files compute on the CPU."""
    from resnet_studio.model import checkpoint
    from resnet_studio.model.onnx_card import is_onnx

    if is_onnx(path):
        from resnet_studio.imported_onnx import ImportedOnnx

        answers = ImportedOnnx(path)
        return lambda batch: answers.compute(batch.cpu()).logits, answers.card
    loaded = checkpoint.load(path)
    return loaded.model.to(device), loaded.card


def report(run: Run | str, *, workspace: Workspace | None = None) -> RunReport:
    """What the test of ``run`` found: ``.report`` has scores, ``.outputs`` logits, ``.get(part)`` more.

    Raises :class:`RunError` where there is no such run.
    """
    from resnet_studio.evaluation.parts import RunReport

    return RunReport(run if isinstance(run, Run) else (workspace or Workspace.open()).find_run(run))


def checkpoint_path(model: Run | str | Path, workspace: Workspace | None = None) -> Path:
    """The checkpoint file of a run, or ``model`` itself where it is a file.

    Raises :class:`RunError` where there is no such run, or where it has no checkpoint yet.
    """
    if isinstance(model, (str, Path)) and Path(model).is_file():
        return Path(model)
    run = model if isinstance(model, Run) else (workspace or Workspace.open()).find_run(str(model))
    if not run.best.exists():
        raise RunError("error.run.no_model", run=run.id)
    return run.best
