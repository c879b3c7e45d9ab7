"""Which pictures a model has seen before it is scored: a score on those says nothing about new ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from resnet_studio.errors import ConfigError, RunError
from resnet_studio.evaluation import final_fit
from resnet_studio.evaluation.report import Report, Unseen, counted_by_group, make_report
from resnet_studio.model.weights import is_path
from resnet_studio.workspace import Run, Workspace

if TYPE_CHECKING:
    from resnet_studio.data.dataset import Sample
    from resnet_studio.model.onnx_card import AnyCard


@dataclass(frozen=True)
class SeenPictures:
    """SHA-256 of the files that a model was ``trained`` on, and of those that its best epoch was ``chosen`` by.

    After a final fit those were trained on, too. ``near`` are pictures that are near-duplicates of either, by their
    :func:`key`; None where none were looked for.
    """

    trained: frozenset[str]
    chosen: frozenset[str]
    near: frozenset[str] | None = None

    def __contains__(self, sample: Sample) -> bool:
        """Whether the model has seen the picture, under whatever name, or a near-duplicate of it."""
        return self.itself(sample) or key(sample) in (self.near or ())

    def itself(self, sample: Sample) -> bool:
        """Whether the model has seen that very file."""
        return sample.content in self.trained or sample.content in self.chosen


def key(sample: Sample) -> str:
    """What a picture is known by: its contents, as long as these have been read."""
    return sample.content or sample.file


def seen_pictures(checkpoint: Path, card: AnyCard, workspace: Workspace) -> SeenPictures | None:
    """What the model in ``checkpoint`` has seen, as its run says; None where that run is not available.

    The run is the folder that the checkpoint lies in, or the one in ``workspace`` that its ``card`` names. What those
    runs have seen whose weights it started from counts too, as far as they are still there.
    """
    try:
        run = run_of(checkpoint, card, workspace)
        if run is None:
            return None
        before = seen_by_ancestors(run, workspace, taught=False)
        return _union([_seen_by(run, final="final_fit" in getattr(card, "metrics", {})), before])
    except (RunError, LookupError, TypeError, AttributeError):
        return None


def seen_by_ancestors(run: Run, workspace: Workspace, *, taught: bool = True) -> SeenPictures:
    """What the runs have seen whose weights ``run`` starts from, with those that these started from, and so on; unless
    ``taught`` is False, also the runs that teach it. One that is not available counts for nothing.
    """
    known: list[SeenPictures] = []
    for parent in ancestors(run, workspace, taught=taught):
        with suppress(RunError, LookupError, TypeError, AttributeError):
            known.append(_seen_by(parent, final=(parent.folder / final_fit.FILE).exists()))
    return _union(known)


def ancestors(run: Run, workspace: Workspace, *, taught: bool = True) -> Iterator[Run]:
    """The runs whose weights ``run`` starts from, with those that these started from, and so on, each once; unless
    ``taught`` is False, also the runs that teach it. Those that are not available are left out.
    """
    known: set[str] = set()
    waiting = [run]
    while waiting:
        with suppress(RunError, ConfigError, LookupError, TypeError, AttributeError):
            for name in _parents(waiting.pop(), taught):
                if name in known:
                    continue
                known.add(name)
                with suppress(RunError):
                    waiting.append(parent := workspace.run(name))
                    yield parent


def _parents(run: Run, taught: bool) -> list[str]:
    if not taught and run.config.teacher != "none" and not is_path(run.config.weights):
        return []  # all of them teach
    return [str(name) for name in run.about.get("parents", ())]


def _seen_by(run: Run, *, final: bool) -> SeenPictures:
    train, validation = (_contents(run.split[part]) for part in ("train", "validation"))
    return SeenPictures(train | validation, frozenset()) if final else SeenPictures(train, validation)


def together(found: Iterable[SeenPictures | None]) -> SeenPictures | None:
    """What any of several models has seen; None where that is not known of one. Near-duplicates are known only where
    they were looked for with each.
    """
    each = list(found)
    there = [one for one in each if one is not None]
    return _union(there) if len(there) == len(each) else None


def _union(each: Sequence[SeenPictures]) -> SeenPictures:
    trained = frozenset[str]().union(*(one.trained for one in each))
    chosen = frozenset[str]().union(*(one.chosen for one in each)) - trained
    near = [one.near for one in each if one.near is not None]
    return SeenPictures(trained, chosen, frozenset[str]().union(*near) if near and len(near) == len(each) else None)


def run_of(checkpoint: Path, card: AnyCard, workspace: Workspace) -> Run | None:
    """The run that the model in ``checkpoint`` is of, beside it or in ``workspace``; None where it is not available."""
    beside = Run(checkpoint.resolve().parent)
    try:
        run = beside if checkpoint.name == beside.best.name and beside.id == card.run else workspace.run(card.run)
        return run if run.id == card.run else None
    except RunError:
        return None


def _contents(columns: dict[str, Any]) -> frozenset[str]:
    return frozenset(content for content in columns["content"] if content)


def add_unseen(report: Report, samples: Sequence[Sample], seen: SeenPictures | None) -> Report:
    """``report``, made of ``samples``, with how many of its pictures the model had seen, how many are near-duplicates
    of such, and the others' score.
    """
    if seen is None:
        return report
    of = {(sample.name, sample.file): sample for sample in samples}
    scored = [of[picture.name, picture.file] for picture in report.pictures]
    fresh = [index for index, sample in enumerate(scored) if sample not in seen]
    trained = sum(sample.content in seen.trained for sample in scored)
    chosen = sum(seen.itself(sample) for sample in scored) - trained
    near = None if seen.near is None else len(scored) - len(fresh) - trained - chosen
    unseen = _unseen(report, scored, fresh)
    return replace(report, trained_on=trained, chosen_by=chosen, near_seen=near, unseen=unseen)


def _unseen(report: Report, scored: Sequence[Sample], fresh: Sequence[int]) -> Unseen | None:
    if not fresh:
        return None
    known = [picture.scores for picture in report.pictures] if report.outputs is None else report.outputs.probabilities
    samples = [scored[index] for index in fresh]
    part = counted_by_group(make_report(report.classes, samples, np.asarray(known)[list(fresh)]), samples)
    return Unseen(part.count, part.accuracy, part.interval, part.macro_f1)
