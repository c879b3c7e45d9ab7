"""The end of a training: the best network is written down, then scored on the test pictures, once.

In this order nothing that was trained can be lost any more: the best checkpoint, a note that the training is over, the
scores, the event; what only resuming needs is forgotten last. A program that dies in between continues from the note.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from resnet_studio.data.cache import ArrayCache
from resnet_studio.data.run_split import split_of
from resnet_studio.errors import CheckpointError, DataError, RunError
from resnet_studio.evaluation import run_report, temperature, unknown
from resnet_studio.evaluation.report import compute_outputs, report_of, score_test_pictures
from resnet_studio.evaluation.unlikeness import measure
from resnet_studio.events import Event, Finished, FinishReason, Noted
from resnet_studio.model import checkpoint
from resnet_studio.model.device import choose_device
from resnet_studio.training import originals, saving
from resnet_studio.training.balance import is_even
from resnet_studio.training.known import KnownPictures
from resnet_studio.training.scoring import score, validation_outputs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import torch

    from resnet_studio.evaluation.outputs import Outputs
    from resnet_studio.evaluation.report import Report
    from resnet_studio.evaluation.unlikeness import Unlikeness
    from resnet_studio.model.checkpoint import Card
    from resnet_studio.training.session import Session
    from resnet_studio.workspace import Run

NOTE = "ended.json"


@dataclass(frozen=True)
class End:
    """How a training ended, before anything was tested."""

    reason: FinishReason
    epochs_run: int
    best_epoch: int
    validation_accuracy: float
    validation_loss: float
    train_seconds: float
    unadapted: bool = False
    halfway: bool = False

    @property
    def metrics(self) -> dict[str, Any]:
        """What the checkpoint says of itself."""
        values = asdict(self)
        return {key: values[key] for key in ("validation_accuracy", "validation_loss", "best_epoch", "epochs_run")}


@dataclass(frozen=True)
class TestScoring:
    """What is left to do of a training that is over: score the ``count`` test pictures, keep the logits of the
    validation pictures, by which its epoch was chosen, and learn what pictures look like that it was not trained on.
    """

    tested: Callable[[], Report | None]
    validated: Callable[[], Outputs | None]
    unlike: Callable[[Card], Unlikeness | None]
    count: int


def end_of(session: Session, reason: FinishReason) -> End:
    """How ``session`` ends where it ends now; its best network is on the disk afterwards."""
    best = session.best_network.epoch
    assert best is not None
    if session.world.main and not session.best_network.on_disk:
        saving.save_best(session)
    return End(
        reason=reason,
        epochs_run=session.epoch,
        best_epoch=best.epoch,
        validation_accuracy=best.validation_accuracy,
        validation_loss=best.validation_loss,
        train_seconds=session.train_seconds,
        unadapted=session.best_network.unadapted,
        halfway=session.best_network.halfway,
    )


def finish(session: Session, reason: FinishReason) -> Generator[Event, None, Finished]:
    """Write the checkpoint of the best network, score it on the test pictures and write its report."""
    m, suffix = session.materials, session.best_network.suffix
    end = end_of(session, reason)
    assert suffix is not None
    if reason != "stopped":
        m.run.write_json(NOTE, asdict(end))
    m.suffix.load_state_dict(suffix)
    m.model.eval()

    known = KnownPictures(m)

    def unlike(card: Card) -> Unlikeness | None:
        return measure(m.model, card, m.split, m.device, cache=cache_of_stages(m.run), known=known.outputs)

    work = TestScoring(lambda: score(m, known), lambda: validation_outputs(m, known), unlike, len(m.split.test))
    return (yield from _tested(m.run, end, m.model.state_dict(), m.card, work))


def cache_of_stages(run: Run) -> ArrayCache | None:
    """Where what the stages make of pictures is kept; only where ``run`` trains nothing but the head."""
    return ArrayCache(run.cache) if run.config.freeze == "layer4" else None


def finish_ended(run: Run) -> Generator[Event, None, Finished] | None:
    """:func:`finish` for a training that was over when its program died; None where it was not, or left no network."""
    try:
        return finish_saved(run, End(**run.read_json(NOTE)))
    except (RunError, TypeError, CheckpointError):
        return None


def finish_saved(run: Run, end: End) -> Generator[Event, None, Finished]:
    """:func:`finish` for a training that is no longer in memory, from its checkpoint. Raises :class:`CheckpointError`
    where that is not sound.
    """
    best = checkpoint.load(run.best)
    device, (split, notes) = choose_device(run.config.device), originals.unchanged_test(run, split_of(run))
    model = best.model.to(device).eval()

    def scored() -> Report | None:
        return score_test_pictures(model, best.card, split, device) if split.test else None

    def validated() -> Outputs | None:
        files = [split.path(sample) for sample in split.validation]
        with suppress(DataError):
            return compute_outputs(model, best.card, split.validation, files, device)
        return None

    def ending() -> Generator[Event, None, Finished]:
        yield from notes
        cache = cache_of_stages(run)
        work = TestScoring(
            scored, validated, lambda card: measure(model, card, split, device, cache=cache), len(split.test)
        )
        return (yield from _tested(run, end, best.model.state_dict(), best.card, work))

    return ending()


def _tested(
    run: Run,
    end: End,
    weights: Mapping[str, torch.Tensor],
    card: checkpoint.Card,
    work: TestScoring,
) -> Generator[Event, None, Finished]:
    """What is there of the test pictures is scored; what is not is said."""
    metrics, validation = end.metrics, work.validated()
    card = replace(card, temperature=temperature.fit(validation, even=is_even(run.config)))
    try:
        report = work.tested()
    except DataError:
        report = None
        yield Noted(key="note.test_pictures_gone", values={"count": work.count})
    if report is not None:
        if report.skipped:
            yield Noted(key="note.test_pictures_left_out", values={"count": len(report.skipped), "total": work.count})
        metrics |= {"test_accuracy": report.accuracy, "test_pictures": report.count}
        if report.outputs is not None:
            report = report_of(card.classes, report.outputs, card.temperature)
    run_report.write(run, report, validation)
    found = work.unlike(replace(card, unlike=None))
    card = replace(card, metrics=metrics, unlike=found.accepted if found else None)
    run.write_json(unknown.FILE, {"test": found.test if found else []})
    checkpoint.save(run.best, dict(weights), card, found.reference if found else None)
    run_report.complete(run)
    return Finished(
        reason=end.reason,
        epochs_run=end.epochs_run,
        best_epoch=end.best_epoch,
        validation_accuracy=end.validation_accuracy,
        test_accuracy=None if report is None else report.accuracy,
        train_seconds=end.train_seconds,
    )
