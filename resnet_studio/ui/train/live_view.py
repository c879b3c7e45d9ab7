"""What the Train tab shows of a run, as named pieces of HTML; ``live.js`` puts each where ``data-live`` names it."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from resnet_studio.events import Failed, Noted, Preparing
from resnet_studio.service.machine import device_name
from resnet_studio.service.run_data import format_duration
from resnet_studio.service.watch import RunSnapshot
from resnet_studio.text import Language, say, say_recorded
from resnet_studio.training.reading import explains_losses, one_picture, read
from resnet_studio.ui.drawn import charts
from resnet_studio.ui.drawn.charts import RunCurves
from resnet_studio.ui.page.notes import small
from resnet_studio.ui.page.templates import render

FILES_NAMED = 20
NOTES_SHOWN = 4
TRAIL_EPOCHS = 60
"""Beyond so many epochs, what happened within each cannot be told apart on paper."""


def pieces(snapshot: RunSnapshot | None, language: Language) -> dict[str, str]:
    """Every piece about one run; without a run, what the curves will show."""
    if snapshot is None:
        return {
            "status": "", "curves": example(language), "trail": "", "rate": "", "reading": "", "probe": "", "notes": "",
        }  # fmt: skip
    history = history_of(snapshot)
    return {
        "status": status(snapshot, language),
        "curves": charts.curves(history, language),
        "trail": charts.trail(history) if snapshot.phase == "running" else "",
        "rate": charts.learning_rate(history, language),
        "reading": reading(snapshot, language),
        "probe": probe(snapshot, language),
        "notes": notes(snapshot, language),
    }


def pieces_or_reason(snapshot: RunSnapshot | None, language: Language) -> dict[str, str]:
    """The pieces about one run; where its files make no sense, that sentence alone."""
    try:
        return pieces(snapshot, language)
    except Exception as error:
        if snapshot is None:
            raise
        logging.getLogger(__name__).warning("run %s cannot be shown", snapshot.run.id, exc_info=error)
        return {**pieces(None, language), "notes": render("train/unshown.html", language, name=snapshot.name)}


def history_of(snapshot: RunSnapshot) -> RunCurves:
    """What the charts draw of the run."""
    probed = snapshot.state.probed
    return RunCurves(
        epochs=snapshot.state.epochs,
        planned=snapshot.planned,
        probe=probed.validation_accuracy if probed else None,
        trail=snapshot.state.trail if snapshot.phase == "running" and snapshot.planned <= TRAIL_EPOCHS else (),
    )


def example(language: Language) -> str:
    """The curves of a made-up run, faint, and what to look for in them."""
    swatches = [(look, charts.key(look)) for look in ("train", "validation", "best", "probe")]
    return render("train/example.html", language, curves=charts.example(language), swatches=swatches)


def status(snapshot: RunSnapshot, language: Language) -> str:
    """The status line: what happens now, then the figures that go with it."""
    return render(
        "train/status.html",
        phase=snapshot.phase,
        headline=_headline(snapshot, language),
        name=snapshot.name,
        figures=_figures(snapshot, language),
    )


def _headline(snapshot: RunSnapshot, language: Language) -> str:
    state, phase = snapshot.state, snapshot.phase
    if phase == "running" and state.preparing is not None:
        return _preparing(state.preparing, language)
    if phase == "running" and state.status != "running":
        return say("live.preparing", language)
    if phase == "running" and (again := state.final_fit) is not None:
        key = "live.final_fit" if again.epochs else "live.final_fit.probe"
        return say(key, language, epochs=again.epochs, pictures=again.pictures)
    if phase == "running":
        planned = state.started.epochs if state.started else snapshot.planned
        key = "live.running.first" if planned > snapshot.planned else "live.running"
        return say(key, language, epoch=current_epoch(snapshot), epochs=snapshot.planned, planned=planned)
    if phase == "queued":
        return say("live.queued", language, place=snapshot.place or 1)
    if phase == "finished" and state.finished is not None:
        planned = state.started.epochs if state.started else snapshot.planned
        values = {"epochs": state.finished.epochs_run, "planned": planned}
        return say(f"live.finished.{state.finished.reason}", language, **values)
    name = "paused" if phase == "interrupted" and state.status_name == "paused" else phase
    early = ".early" if phase == "interrupted" and not state.epochs else ""
    return say(f"live.{name}{early}", language, epoch=len(state.epochs), epochs=snapshot.planned)


def _preparing(event: Preparing, language: Language) -> str:
    if event.stage not in ("pictures", "weights", "features", "teachers", "simsiam"):
        return say("live.preparing", language)
    if event.total <= 1:
        return say(f"live.preparing.{event.stage}.start", language)
    share = event.done / event.total
    return say(f"live.preparing.{event.stage}", language, done=event.done, total=event.total, share=share)


def current_epoch(snapshot: RunSnapshot) -> int:
    """The epoch that is being trained, counted from 1."""
    done = len(snapshot.state.epochs)
    epoch = snapshot.state.progress.epoch if snapshot.state.progress else done + 1
    return min(max(epoch, done + 1), snapshot.planned)


def _figures(snapshot: RunSnapshot, language: Language) -> list[str]:
    """Current figures while it runs; its results when it has ended."""
    state, figures = snapshot.state, []
    progress, started = state.progress, state.started
    if snapshot.phase in ("running", "testing"):
        elapsed = state.seconds(snapshot.requested_at)
        if elapsed >= 1:
            figures.append(say("live.elapsed", language, time=format_duration(elapsed, language)))
        if progress is not None and snapshot.phase == "running" and not (state.preparing or state.final_fit):
            if progress.remaining_seconds > 0:
                left = format_duration(progress.remaining_seconds, language)
                figures.append(say("live.left", language, time=left))
            figures.append(say("live.rate", language, rate=_round_rate(progress.pictures_per_second)))
            if progress.memory_mb > 0:
                figures.append(say("live.memory", language, memory=_memory(progress.memory_mb)))
        if started is not None:
            figures.append(f"{device_name(started.device, language)} · {started.precision}")
        return figures
    if state.best is not None:
        figures.append(say("live.best", language, epoch=state.best.epoch, accuracy=state.best.validation_accuracy))
    if state.finished is not None:
        if state.finished.test_accuracy is not None:
            figures.append(say("live.test", language, accuracy=state.finished.test_accuracy))
        figures.append(format_duration(state.seconds(snapshot.requested_at), language))
        preparing = sum(state.durations.prepared(snapshot.requested_at).values())
        if preparing >= 1:
            figures[-1] = say("live.took", language, time=figures[-1], preparing=format_duration(preparing, language))
    return figures


def _round_rate(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"


def _memory(megabytes: float) -> str:
    return f"{megabytes / 1024:.1f} GB" if megabytes >= 1000 else f"{megabytes:.0f} MB"


def share_done(snapshot: RunSnapshot | None) -> float | None:
    """Progress of the current phase, 0 to 1; None where nothing runs."""
    if snapshot is None or snapshot.phase not in ("running", "testing"):
        return (
            None
            if snapshot is None or not snapshot.state.epochs
            else min(1.0, len(snapshot.state.epochs) / snapshot.planned)
        )
    state = snapshot.state
    if state.final_fit is not None and snapshot.phase == "running":
        return state.final_fit.share
    if state.preparing is not None:
        return state.preparing.done / state.preparing.total if state.preparing.total > 1 else 0.0
    done = float(len(state.epochs))
    if state.progress is not None and state.progress.batches:
        done = max(done, state.progress.epoch - 1 + state.progress.batch / state.progress.batches)
    return 1.0 if snapshot.phase == "testing" else min(1.0, done / snapshot.planned)


def reading(snapshot: RunSnapshot, language: Language) -> str:
    """The sentence that reads the curves, and why the training loss may be the higher one."""
    state = snapshot.state
    if not state.epochs:
        return ""
    read_as = read(
        state.epochs,
        planned=snapshot.planned,
        classes=len(snapshot.about.get("classes", ())),
        pictures=state.started.validation_pictures if state.started else 0,
        probe=state.probed.validation_accuracy if state.probed else None,
        ended=snapshot.phase not in ("running", "queued"),
    )
    said = render("train/reading.html", serious=read_as.serious, sentence=read_as.sentence(language))
    return said + losses_explained(snapshot, language) if explains_losses(state.epochs) else said


def losses_explained(snapshot: RunSnapshot, language: Language) -> str:
    """Why the training loss lies above the validation loss; ``live.js`` shows it until the reader has understood."""
    config = snapshot.config
    apply = {
        "augmentation": config.augmentation != "none",
        "mix": config.mix != "none",
        "smoothing": config.label_smoothing > 0,
        "dropout": config.dropout > 0,
        "adversarial": config.adversarial > 0,
        "time": True,
    }
    named = [say(f"reading.losses.{reason}", language) for reason, applies in apply.items() if applies]
    reasons = say("reading.losses.join", language).join(named)
    reasons = reasons[:1].upper() + reasons[1:]
    return render("train/losses_explained.html", language, reasons=reasons)


def probe(snapshot: RunSnapshot, language: Language) -> str:
    """What the linear probe scored."""
    probed = snapshot.state.probed
    if probed is None:
        return ""
    best, ended = snapshot.state.best, snapshot.phase == "finished"
    lead = best.validation_accuracy - probed.validation_accuracy if best else 0.0
    pictures = snapshot.state.started.validation_pictures if snapshot.state.started else 0
    clear = lead > one_picture(pictures)
    then = "beaten" if clear else "even" if lead > 0 else "not_beaten" if ended else "open"
    if probed.validation_accuracy >= 1:
        then = "full"
    if best is not None and lead < -one_picture(pictures) / 2:
        then = "surer"
    seconds = format_duration(probed.seconds, language)
    return small(say(f"live.probe.{then}", language, accuracy=probed.validation_accuracy, seconds=seconds))


def notes(snapshot: RunSnapshot, language: Language) -> str:
    """What the user should know: why it failed, that only its own program can stop it, notes, pictures left out."""
    state, trouble = snapshot.state, snapshot.state.trouble
    return render(
        "train/notes.html",
        language,
        foreign=snapshot.foreign,
        trouble=say_recorded(trouble.key, language, trouble.values) if trouble else "",
        detail=trouble.detail if isinstance(trouble, Failed) else "",
        notes=_spelled(state.notes, language),
        skipped=state.skipped,
        most=FILES_NAMED,
    )


def _spelled(notes: Sequence[Noted], language: Language) -> list[str]:
    """The notes in words, each once, the latest last."""
    sentences = [say_recorded(note.key, language, note.values) for note in notes]
    return list(dict.fromkeys(sentences))[-NOTES_SHOWN:]
