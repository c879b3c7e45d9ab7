"""What the command line shows while it works: one line that changes on a terminal, a line an epoch elsewhere."""

from __future__ import annotations

import shutil
from typing import TextIO

from resnet_studio.data.names import undirected
from resnet_studio.events import (
    EpochFinished,
    Event,
    Failed,
    FinalFit,
    Interrupted,
    Noted,
    PicturesSkipped,
    Preparing,
    Probed,
    Progress,
    Started,
    Testing,
)
from resnet_studio.text import say_recorded


class Terminal:
    """Writes events to ``stream`` (standard error)."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = stream.isatty()
        self._drawn = False

    def __call__(self, event: Event) -> None:
        """Show ``event``."""
        match event:
            case Preparing(stage=stage, done=done, total=total):
                self._show_transient(f"{stage}: {_bar(done, total)} {done:,}/{total:,}")
            case Started():
                self.line(
                    f"{event.device}, {event.precision}: {event.train_pictures:,} training and "
                    f"{event.validation_pictures:,} validation pictures, {event.trained_parameters:,} of "
                    f"{event.total_parameters:,} parameters trained"
                )
            case Probed():
                self.line(f"linear probe: validation {event.validation_accuracy:.1%} after {event.seconds:.1f} s")
            case Progress():
                self._show_transient(
                    f"epoch {event.epoch}: {_bar(event.batch, event.batches)} loss {event.train_loss:.3f}  "
                    f"{event.pictures_per_second:,.0f} pictures/s  {_duration(event.remaining_seconds)} left"
                )
            case EpochFinished():
                self.line(
                    f"epoch {event.epoch:3d}  train loss {event.train_loss:.4f}  validation loss "
                    f"{event.validation_loss:.4f}  validation {event.validation_accuracy:.1%}"
                    f"{'  best' if event.best else ''}"
                )
            case Noted():
                self.line(say_recorded(event.key, "en", event.values))
            case PicturesSkipped():
                self.line(f"skipped {len(event.files):,} that cannot be decoded: {', '.join(event.files[:3])}")
            case Testing():
                self._show_transient("scoring the test pictures")
            case FinalFit():
                again = f"{event.epochs} epochs" if event.epochs else "the linear probe"
                bar = _bar(round(100 * event.share), 100)
                self._show_transient(f"{again} again on all {event.pictures:,} pictures but the test's: {bar}")
            case Failed() | Interrupted() if event.key:
                self.line(say_recorded(event.key, "en", event.values))
            case _:
                pass

    def steps(self, what: str) -> Steps:
        """A progress callback for work called ``what``."""
        return Steps(self, what)

    def progress(self, name: str, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` steps of something are done."""
        self._show_transient(f"{name}: {_bar(done, total)} {done:,}/{total:,}")

    def line(self, text: str) -> None:
        """A line that stays."""
        self._clear()
        print(undirected(text), file=self._stream, flush=True)

    def _show_transient(self, text: str) -> None:
        if self._live:
            self._clear()
            width = shutil.get_terminal_size().columns - 1
            print(undirected(text)[:width], end="", file=self._stream, flush=True)
            self._drawn = True

    def _clear(self) -> None:
        if self._drawn:
            print("\r\x1b[2K", end="", file=self._stream)
            self._drawn = False


class Steps:
    """Called with (done, total)."""

    def __init__(self, terminal: Terminal, what: str) -> None:
        self._terminal, self._what = terminal, what

    def __call__(self, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` are done."""
        self._terminal(Preparing(stage=self._what, done=done, total=total))


def _bar(done: int, total: int, width: int = 24) -> str:
    filled = round(width * done / max(1, total))
    return "[" + "#" * filled + "." * (width - filled) + "]"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
