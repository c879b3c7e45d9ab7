"""What every page shows of all runs: whose the run is, the queue, and the header's line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from resnet_studio.service.forecast import format_estimate
from resnet_studio.service.watch import RunSnapshot
from resnet_studio.text import Language, say
from resnet_studio.ui.page.ownership import owner_label
from resnet_studio.ui.page.templates import render
from resnet_studio.ui.train.live_view import current_epoch


def run_owner(snapshot: RunSnapshot | None, browser: str, language: Language) -> str:
    """Who started the run, as seen from ``browser``."""
    owner = owner_label(snapshot.about, browser, language) if snapshot else ""
    return render("train/owner.html", owner=owner) if owner else ""


def queue(
    runs: Sequence[RunSnapshot],
    followed: str | None,
    language: Language,
    browser: str = "",
    waits: Mapping[str, float] = MappingProxyType({}),
) -> str:
    """The active run and those that wait, where there are others than the run followed; ``waits`` in seconds."""
    if not runs or [snapshot.run.id for snapshot in runs] == [followed]:
        return ""
    rows = [
        {
            "id": snapshot.run.id,
            "place": snapshot.place,
            "name": snapshot.name,
            "settings": _settings(snapshot, language, browser),
            "state": _state(snapshot, language, waits.get(snapshot.run.id)),
        }
        for snapshot in runs
    ]
    return render("train/queue.html", language, rows=rows, followed=followed)


def _state(snapshot: RunSnapshot, language: Language, wait: float | None) -> str:
    key = (
        "live.queue.waiting"
        if snapshot.place
        else "live.queue.testing"
        if snapshot.phase == "testing"
        else "live.queue.final_fit"
        if snapshot.state.final_fit
        else "live.running"
    )
    said = say(key, language, place=snapshot.place, epoch=current_epoch(snapshot), epochs=snapshot.planned)
    if wait is None or not snapshot.place:
        return said
    return f"{said} · {say('queue.wait', language, time=format_estimate(wait, language))}"


def _settings(snapshot: RunSnapshot, language: Language, browser: str) -> str:
    """What tells runs of one data set and one depth apart, and whose it is."""
    freeze = say(f"config.freeze.{snapshot.config.freeze}", language)
    settings = say("live.queue.settings", language, freeze=freeze, epochs=snapshot.planned)
    study = snapshot.about.get("study")
    if isinstance(study, dict) and "part" in study and "of" in study:
        settings += " · " + say("live.queue.part", language, part=study["part"], of=study["of"])
    by = owner_label(snapshot.about, browser, language)
    return f"{settings} · {by}" if by else settings


def now(runs: Sequence[RunSnapshot], language: Language) -> str:
    """The header's line: the active run, and how many wait; it leads to that run under Train."""
    at_work = next((snapshot for snapshot in runs if snapshot.place == 0), None)
    if at_work is None:
        return ""
    name = str(at_work.about.get("dataset_name", at_work.name))
    key = "live.now.epoch" if at_work.state.progress or at_work.state.epochs else "live.now"
    if at_work.phase == "testing":
        key = "live.now.testing"
    elif at_work.state.final_fit:
        key = "live.now.final_fit"
    said = say(key, language, name=name, epoch=current_epoch(at_work), epochs=at_work.planned)
    waiting = sum(snapshot.place not in (0, None) for snapshot in runs)
    if waiting:
        said += say("live.now.waiting", language, count=waiting)
    return render("train/now.html", run=at_work.run.id, sentence=said)
