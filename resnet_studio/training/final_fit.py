"""Train on validation too, once settled: the same training again, on training and validation pictures together.

It has the schedule of the first one and ends after as many epochs as validation pictures found best there, or after all
where those are too few to choose by; the test pictures stay untouched. As nothing is left to choose or to measure by,
validation scores, the temperature and what is accepted as known stay those of the first network. The second one is a
run of its own in ``final-fit/`` of the run's folder until it is over, so that it is saved, resumed and repeated to the
bit as any other.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from resnet_studio.data.run_split import split_of
from resnet_studio.durable import remove_folder
from resnet_studio.errors import DataError, RunError
from resnet_studio.evaluation import run_report, unknown
from resnet_studio.evaluation.final_fit import FILE, Tested
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.evaluation.report import report_of
from resnet_studio.evaluation.unlikeness import measure
from resnet_studio.events import Event, FinalFit, Finished, Noted, Testing, from_json, to_json
from resnet_studio.model import checkpoint
from resnet_studio.training.cycles import FEW_TO_CHOOSE_BY
from resnet_studio.training.finishing import cache_of_stages
from resnet_studio.training.halfway import mean_of
from resnet_studio.training.scoring import score
from resnet_studio.training.setup import next_cycle, prepare
from resnet_studio.workspace import Run

if TYPE_CHECKING:
    from pathlib import Path

    from resnet_studio.evaluation.report import Report
    from resnet_studio.training.control import Control
    from resnet_studio.training.session import Session
    from resnet_studio.training.world import World

FOLDER = "final-fit"
SAID_SECONDS = 0.5
CHANGED = ("note.pictures.as_they_were", "note.pictures.left_out")


@dataclass(frozen=True)
class Settled:
    """What the validation pictures settled: ``epochs``; ``unadapted`` of a probe that no epoch beat; ``halfway`` where
    it is the mean of the weights before and after.
    """

    epochs: int
    unadapted: bool
    halfway: bool = False


class Refitted(Run):
    """The training on all pictures but those of the test, in the folder of the run that it is part of."""

    @property
    def cache(self) -> Path:
        """See :class:`Run`."""
        return Run(self.folder.parent).cache

    @property
    def machine_file(self) -> Path:
        """See :class:`Run`."""
        return Run(self.folder.parent).machine_file


def refit(
    run: Run, finished: Finished | None, control: Control, world: World
) -> Generator[Event, None, Finished | None]:
    """Train ``run``, whose first training ``finished``, on its validation pictures too; None where it is paused.

    Where it is asked to stop, the network of the first training is kept. Of several processes, rank 0 knows what
    ``finished`` and writes.
    """
    values = world.share(_begun(run, finished) if world.main else None)
    first = from_json(values["first"])
    assert isinstance(first, Finished)
    settled, pictures = Settled(**values["settled"]), values["pictures"]
    part = Refitted(run.folder / FOLDER)
    session = yield from _prepared(part, settled, pictures, control, world)
    control = world.agreed(control)
    if session is not None:
        session = yield from _trained(session, settled, pictures, control)
    if control.request == "stop":
        yield Noted(key="note.final_fit_stopped")
        return replace(first, reason="stopped")
    if control.request == "pause" or session is None:
        return None
    if not world.main:
        return first
    yield FinalFit(epochs=settled.epochs, pictures=pictures, share=1.0)
    yield Testing()
    return (yield from _scored(run, session, first, pictures, halfway=settled.halfway))


def first_of(run: Run) -> Finished | None:
    """How the first training of ``run`` ended, where the second one has begun."""
    try:
        first = from_json(run.read_json(FILE)["first"])
    except (RunError, LookupError, ValueError):
        return None
    return first if isinstance(first, Finished) else None


def forget(run: Run) -> None:
    """Remove what only the second training needed."""
    if (run.folder / FOLDER).is_dir():
        remove_folder(run.folder / FOLDER)


def _begun(run: Run, finished: Finished | None) -> dict[str, Any]:
    """What is written down of the first training, and the folder of the second one, made where it is not there."""
    if finished is not None and first_of(run) is None:
        ended = run.read_json("ended.json")
        split, report = split_of(run), RunReport(run).report
        run.write_json(
            FILE,
            {
                "first": to_json(finished),
                "settled": asdict(
                    _settled(ended, finished.epochs_run if len(split.validation) < FEW_TO_CHOOSE_BY else None)
                ),
                "pictures": len(split.train) + len(split.validation),
                "right": None
                if report is None
                else {each.file: each.true == each.predicted for each in report.pictures},
            },
        )
    part = Refitted(run.folder / FOLDER)
    if not (part.folder / "config.json").exists():
        part.folder.mkdir(exist_ok=True)
        split = split_of(run)
        part.write_json("split.json", replace(split, train=(*split.train, *split.validation)).to_json())
        part.write_json("card.json", run.read_json("card.json"))
        part.write_settings(run.settings)
    return run.read_json(FILE)


def _settled(ended: Mapping[str, Any], epochs: int | None) -> Settled:
    """What the validation pictures say, or all ``epochs`` where those are too few to choose by."""
    unadapted = bool(ended.get("unadapted", False)) if epochs is None else False
    chosen = int(ended["best_epoch"]) if epochs is None else epochs
    return Settled(chosen, unadapted, bool(ended.get("halfway", False)))


def _prepared(
    part: Refitted, settled: Settled, pictures: int, control: Control, world: World
) -> Generator[Event, None, Session | None]:
    """The session of ``part``; rank 0 begins, and the others go on from what it saved, as after a break."""
    if world.size == 1 or world.share(part.state_file.exists()):
        return (yield from _quietly(prepare(part, control, world, settled), settled, pictures))
    session = None
    if world.main:
        session = yield from _quietly(prepare(part, control, world, settled), settled, pictures)
        if session is not None:
            session.save()
    if not world.share(session is not None):
        return None
    return session or (yield from _quietly(prepare(part, control, world, settled), settled, pictures))


def _quietly(
    work: Generator[Event, None, Session | None], settled: Settled, pictures: int
) -> Generator[Event, None, Session | None]:
    """``work`` without its events, which are those of a training that begins; now and then, that it is under way."""
    yield FinalFit(epochs=settled.epochs, pictures=pictures, share=0.0)
    said = time.perf_counter()
    while True:
        try:
            event = next(work)
        except StopIteration as stop:
            session: Session | None = stop.value
            return session
        if isinstance(event, Noted) and event.key in CHANGED:
            yield event
        elif time.perf_counter() - said >= SAID_SECONDS:
            said = time.perf_counter()
            yield FinalFit(epochs=settled.epochs, pictures=pictures, share=0.0)


def _trained(
    session: Session, settled: Settled, pictures: int, control: Control
) -> Generator[Event, None, Session | None]:
    """Train for the epochs that are ``settled``, unless ``control`` asks for an end; it is saved then. Returns the last
    session.
    """
    while session.epoch < settled.epochs:
        if session.complete:
            following = yield from _quietly(next_cycle(session, control, settled), settled, pictures)
            if following is None:
                return None
            session = following
        for batch in session.batches_left():
            session.step(batch)
            if control.request:
                session.save()
                return session
            if session.progress_due():
                event = session.progress()
                share = session.step_count / max(1, settled.epochs * session.batches_per_epoch)
                yield (
                    event
                    if isinstance(event, Noted)
                    else FinalFit(epochs=settled.epochs, pictures=pictures, share=share)
                )
                session.save_if_due(within_epoch=True)
        session.next_epoch()
        session.save_if_due()
    session.save()
    return session


def _scored(
    run: Run, session: Session, first: Finished, pictures: int, *, halfway: bool
) -> Generator[Event, None, Finished]:
    """Score the second network on the test pictures and put it in the first one's place."""
    m, card = session.materials, checkpoint.read_card(run.best)
    end = session.scored.state_dict()
    m.suffix.load_state_dict(mean_of(session.start_suffix, end) if halfway and session.start_suffix else end)
    m.model.eval()
    split = split_of(run)
    report: Report | None = None
    try:
        report = score(m)
    except DataError:
        yield Noted(key="note.test_pictures_gone", values={"count": len(split.test)})
    if report is not None and report.outputs is not None:
        report = report_of(card.classes, report.outputs, card.temperature)
    written = run.read_json(FILE)
    tested = Tested.of(written["right"], report)
    cache = cache_of_stages(run)
    found = measure(m.model, card, split, m.device, card.unlike, cache) if card.unlike is not None else None
    accuracy = None if report is None else report.accuracy
    metrics = {**card.metrics, **({} if report is None else {"test_accuracy": accuracy}), "final_fit": pictures}
    run_report.write(run, report, RunReport(run).outputs.get("validation"))
    run.write_json(FILE, {**written, "tested": tested.to_json() if tested else None, "seconds": session.train_seconds})
    if found is not None:
        run.write_json(unknown.FILE, {"test": found.test})
    card = replace(card, metrics=metrics, unlike=found.accepted if found else None)
    checkpoint.save(run.best, dict(m.model.state_dict()), card, found.reference if found else None)
    run_report.complete(run)
    seconds = first.train_seconds + session.train_seconds
    return replace(first, test_accuracy=accuracy, train_seconds=seconds)
