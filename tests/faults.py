"""Faults at every point where something is written: the process dies there, or the disk is full from there on."""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from resnet_studio.config import TrainConfig
from resnet_studio.data.dataset import Dataset
from resnet_studio.events import EpochFinished, Event
from resnet_studio.model import checkpoint
from resnet_studio.training.control import Control
from resnet_studio.training.jobs import drive
from resnet_studio.training.plan import new_run
from resnet_studio.workspace import Run, Workspace

CONFIG = TrainConfig(
    weights="starter", freeze="layer4", epochs=3, batch_size=16, picture_size=32, precision="fp32", device="cpu",
    augmentation="none",
)  # fmt: skip

TOKENS = re.compile(r"\.[0-9a-f]{8}-[0-9]+-[0-9]+(\.[0-9a-f]{8})?\.tmp")


@dataclass
class Points:
    """Counts the writes below ``folder``; at ``at`` (from 1) calls ``fault``; if ``lasting``, also later."""

    folder: Path
    at: int = 0
    fault: Callable[[], None] = lambda: None
    lasting: bool = False
    passed: list[str] = field(default_factory=list)

    def reach(self, name: str) -> None:
        name = TOKENS.sub("", name)
        self.passed.append(f"sync after {self.passed[-1]}" if name == "sync" and self.passed else name)
        if len(self.passed) == self.at or (self.lasting and self.at and len(self.passed) > self.at):
            self.fault()


def of_every_kind(names: list[str]) -> list[int]:
    """The numbers (from 1) of the first and the last point of every kind."""
    first = {name: at for at, name in reversed(list(enumerate(names, 1)))}
    last = {name: at for at, name in enumerate(names, 1)}
    return sorted({*first.values(), *last.values()})


def one_of_each_file(names: list[str], turn: int = 0) -> list[int]:
    """The numbers (from 1) of a few points: one for each file, each next file at its next operation."""
    points: dict[str, list[int]] = {}
    for at in of_every_kind(names):
        points.setdefault(names[at - 1].split()[-1].lstrip("."), []).append(at)
    return [of_file[(number + turn) % len(of_file)] for number, of_file in enumerate(points.values())]


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def disk_broken() -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def disk_full() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@contextmanager
def moves_watched(points: Points) -> Iterator[Points]:
    """As :func:`watched`; so are links, marks, and the removal of a file or a folder."""
    real_touch, real_link, real_unlink = Path.touch, Path.hardlink_to, Path.unlink
    real_rmtree, real_rmdir = shutil.rmtree, Path.rmdir

    def of(kind: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def called(self: Path, *rest: Any, **named: Any) -> Any:
            if Path(self).is_relative_to(points.folder):
                points.reach(f"{kind} {Path(self).name}")
            return real(self, *rest, **named)

        return called

    patched = (
        (Path, "touch", of("touch", real_touch)), (Path, "hardlink_to", of("link", real_link)),
        (Path, "unlink", of("unlink", real_unlink)), (shutil, "rmtree", of("remove", real_rmtree)),
        (Path, "rmdir", of("rmdir", real_rmdir)),
    )  # fmt: skip
    kept = [(owner, name, getattr(owner, name)) for owner, name, _ in patched]
    for owner, name, value in patched:
        setattr(owner, name, value)
    try:
        with watched(points):
            yield points
    finally:
        for owner, name, value in kept:
            setattr(owner, name, value)


@contextmanager
def watched(points: Points) -> Iterator[Points]:
    """Every opening for writing, write, sync and rename below ``points.folder`` is a point."""
    real_open, real_sync, real_replace, real_mkdir = Path.open, os.fsync, Path.replace, Path.mkdir

    def opened(self: Path, mode: str = "r", *rest: Any, **named: Any) -> Any:
        writes = set(mode) & set("wax+") and self.is_relative_to(points.folder)
        if writes:
            points.reach(f"open {self.name}")
        file = real_open(self, mode, *rest, **named)
        return _Written(file, points, self.name) if writes and "b" in mode else file

    def synced(handle: int) -> None:
        points.reach("sync")
        real_sync(handle)

    def replaced(self: Path, target: Path) -> Path:
        points.reach(f"rename to {Path(target).name}")
        return real_replace(self, target)

    def made(self: Path, *rest: Any, **named: Any) -> None:
        if self.is_relative_to(points.folder) and not self.is_dir():
            points.reach(f"make {self.name}")
        real_mkdir(self, *rest, **named)

    patched = ((Path, "open", opened), (os, "fsync", synced), (Path, "replace", replaced), (Path, "mkdir", made))
    kept = [(owner, name, getattr(owner, name)) for owner, name, _ in patched]
    for owner, name, value in patched:
        setattr(owner, name, value)
    try:
        yield points
    finally:
        for owner, name, value in kept:
            setattr(owner, name, value)


class _Written:
    """A file open for writing; its first write is a point too, before which half of the bytes are written."""

    def __init__(self, file: Any, points: Points, name: str) -> None:
        self._file, self._points, self._name, self._first = file, points, name, True

    def write(self, data: Any) -> Any:
        if self._first:
            self._first = False
            half = memoryview(data).cast("B")[: len(data) // 2]
            self._file.write(half)
            self._file.flush()
            self._points.reach(f"write {self._name}")
            return len(half) + self._file.write(memoryview(data).cast("B")[len(half) :])
        return self._file.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> _Written:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


@dataclass(frozen=True)
class Straight:
    """What a training comes to that nothing disturbs."""

    losses: tuple[float, ...]
    weights: dict[str, torch.Tensor]
    test_accuracy: float | None
    seconds: float


def trained(dataset: Dataset, workspace: Workspace, config: TrainConfig = CONFIG) -> Straight:
    """``config`` trained on ``dataset`` without a fault."""
    run = new_run(dataset, config, workspace)
    begun = time.monotonic()
    drive(run, Control())
    return _result(run, time.monotonic() - begun)


def _result(run: Run, seconds: float = 0.0) -> Straight:
    state = run.state()
    assert state.finished is not None, state
    losses = tuple(epoch.validation_loss for epoch in state.epochs)
    return Straight(losses, checkpoint.load(run.best).model.state_dict(), state.finished.test_accuracy, seconds)


def check_after(run: Run, acknowledged: int, straight: Straight) -> int:
    """After a fault: what is there is whole, what the log says is what an undisturbed training says, and no epoch that
    was saved, ``acknowledged`` so far, is gone. Returns how many epochs are saved.
    """
    state = run.state()
    assert state.status != "running" and state.unreadable == 0
    losses = tuple(epoch.validation_loss for epoch in state.epochs)
    assert losses == straight.losses[: len(losses)]
    saved = saved_epochs(run)
    assert saved >= acknowledged
    if run.best.exists():
        checkpoint.load(run.best)
    if state.finished is not None:
        assert run.best.exists()
    return saved


def saved_epochs(run: Run) -> int:
    """How many epochs need not be trained again."""
    if run.state().status == "finished" or (run.folder / "ended.json").exists():
        return len(run.state().epochs)
    if not run.state_file.exists():
        return 0
    return int(torch.load(run.state_file, weights_only=True)["epoch"])


def check_end(run: Run, straight: Straight) -> None:
    """The run came to what it would have come to without any fault, to the bit."""
    ended = _result(run)
    assert ended.losses == straight.losses and ended.test_accuracy == straight.test_accuracy
    assert all(torch.equal(value, ended.weights[name]) for name, value in straight.weights.items())
    epochs = [event for event in run.events() if isinstance(event, EpochFinished)]
    assert epochs


def run_in_child(work: Callable[[], object]) -> int:
    """``work`` done in a forked process, which inherits what is imported; returns the number of that process."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        work()
        status = 0
    finally:
        os._exit(status)


def train_to_end(run: Run) -> Event:
    return drive(run, Control())
