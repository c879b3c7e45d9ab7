"""What resuming needs, on disk: ``state.pt`` after every epoch, ``frozen.pt`` and ``start.pt`` once."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import torch

from resnet_studio.durable import replacing
from resnet_studio.errors import RunError
from resnet_studio.events import EpochFinished, from_json, to_json
from resnet_studio.model import checkpoint
from resnet_studio.training.accumulation import restore_gradients, saved_gradients
from resnet_studio.training.hardware import Compute
from resnet_studio.training.kept_views import views_of

if TYPE_CHECKING:
    from pathlib import Path

    from resnet_studio.training.materials import Materials
    from resnet_studio.training.session import Session
    from resnet_studio.workspace import Run

VERSION = 1
SAVE_SECONDS = 60.0
BEST_SECONDS = 20.0  # between two checkpoints of a run that improves quickly; the state holds the best in between


def pause_after(seconds: float) -> float:
    """How long no state is saved after one took so many ``seconds``: saving takes at most a thirtieth of the time where
    that makes a pause of up to a minute, else a tenth.
    """
    return max(10 * seconds, min(SAVE_SECONDS, 30 * seconds))


def frozen_file(run: Run) -> Path:
    """The frozen prefix as the training began, so that resuming needs neither a network nor the starting weights."""
    return run.folder / "frozen.pt"


def start_file(run: Run) -> Path:
    """The trained part before the first epoch, as the probe left it; not there where its mean with the end is of no
    use.
    """
    return run.folder / "start.pt"


def save_state(session: Session) -> None:
    """Write ``session``'s state; also its best model, where that is not on disk yet."""
    m = session.materials
    if not frozen_file(m.run).exists():
        write(frozen_file(m.run), m.prefix.state_dict())
    if session.start_suffix is not None and not start_file(m.run).exists():
        write(start_file(m.run), dict(session.start_suffix))
    state = {
        "version": VERSION,
        "compute": asdict(m.compute),
        "views": views_of(m.batches),
        "epoch": session.epoch,
        "batch": session.batch,
        "micro_batch": session.micro_batch,
        "train_seconds": session.train_seconds,
        "tally": [float(session.tally.loss), float(session.tally.correct), session.tally.seen, session.tally.seconds],
        "history": [to_json(epoch) for epoch in session.history],
        "start": None if session.start is None else to_json(session.start),
        "best": None if session.best is None else to_json(session.best),
        "best_suffix": session.best_network.suffix,
        "unadapted": session.best_network.unadapted,
        "halfway": session.best_network.halfway,
        "suffix": m.suffix.state_dict(),
        "optimizer": session.optimizer.state_dict(),
        "schedule": session.schedule.state_dict(),
        "average": None if session.average is None else session.average.state_dict(),
        "gradients": saved_gradients(m) if session.within_group else None,
    }
    write(m.run.state_file, state)
    due = not m.run.best.exists() or time.perf_counter() - session.best_network.saved >= BEST_SECONDS
    if session.best is not None and not session.best_network.on_disk and due:
        save_best(session)


def save_best(session: Session) -> None:
    """Write the best model so far as a checkpoint, so that it can be tried while the training goes on."""
    m = session.materials
    best, suffix = session.best_network.epoch, session.best_network.suffix
    assert best is not None and suffix is not None
    weights = dict(m.model.state_dict())
    names = {id(value): name for name, value in m.model.state_dict(keep_vars=True).items()}
    for name, value in m.suffix.state_dict(keep_vars=True).items():
        weights[names[id(value)]] = suffix[name]
    metrics = {"validation_accuracy": best.validation_accuracy, "best_epoch": best.epoch}
    checkpoint.save(m.run.best, weights, replace(m.card, metrics=metrics))
    session.best_network.saved = time.perf_counter()
    session.best_network.on_disk = True


def read_state(run: Run) -> dict[str, Any]:
    """What :func:`save_state` wrote. Raises :class:`RunError` where the file is damaged."""
    state: dict[str, Any] = read(run.state_file)
    return state


def saved_compute(state: Mapping[str, Any]) -> Compute:
    """How a saved training computes, so that going on gives the same numbers."""
    return Compute(**state["compute"])


def restore(session: Session, state: Mapping[str, Any]) -> None:
    """Bring ``session``, made for the epoch of the saved ``state``, to where that left it."""
    m = session.materials
    m.suffix.load_state_dict(state["suffix"])
    session.optimizer.load_state_dict(state["optimizer"])
    session.schedule.load_state_dict(state["schedule"])
    if session.average is not None:
        session.average.load_state_dict(state["average"])
    if state.get("gradients") is not None:
        restore_gradients(m, state["gradients"])
    session.batch = state["batch"]
    session.micro_batch = state["micro_batch"]
    session.train_seconds = state["train_seconds"]
    loss, correct, session.tally.seen, session.tally.seconds = state["tally"]
    session.tally.loss += loss
    session.tally.correct += correct
    session.history = [_epoch(values) for values in state["history"]]
    session.start = None if state.get("start") is None else _epoch(state["start"])
    session.best_network.epoch = None if state["best"] is None else _epoch(state["best"])
    session.best_network.suffix = state["best_suffix"]
    session.best_network.unadapted = state.get("unadapted", False)
    session.best_network.halfway = state.get("halfway", False)
    if start_file(m.run).exists():
        session.start_suffix = read(start_file(m.run))


def restore_frozen(materials: Materials) -> None:
    """Give the frozen prefix the weights that the training began with."""
    materials.prefix.load_state_dict(read(frozen_file(materials.run)))


def _epoch(values: dict[str, Any]) -> EpochFinished:
    event = from_json(values)
    assert isinstance(event, EpochFinished)
    return event


def write(path: Path, value: Any) -> None:
    """Write tensors and plain values durably."""
    with replacing(path) as temporary, temporary.open("wb") as file:  # given a path, torch hides why it cannot write
        torch.save(value, file)


def read(path: Path) -> Any:
    """What :func:`write` wrote. Raises :class:`RunError` where the file is damaged."""
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file raises whatever its bytes lead to
        raise RunError("error.run.damaged", file=path.name, run=path.parent.name) from error
