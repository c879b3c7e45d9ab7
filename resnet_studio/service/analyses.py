"""Parts of reports that take a while, computed in the background for whoever looks at them."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Literal

from resnet_studio.errors import StudioError
from resnet_studio.evaluation import slow_parts
from resnet_studio.evaluation.parts import Part, RunReport
from resnet_studio.workspace import Run

REMEMBERED = 50
State = Literal["queued", "working", "done", "stopped", "failed"]


@dataclass
class Analysis:
    """A part of the report on ``run`` that somebody asked for: ``done`` of ``total``; ``error`` where it ``failed``.

    ``found`` says whether there was anything to compute.
    """

    run: Run
    part: Part[Any]
    state: State = "queued"
    done: int = 0
    total: int = 0
    found: bool = False
    error: StudioError | None = None
    stopping: bool = False

    @property
    def active(self) -> bool:
        """Whether it waits or is at work."""
        return self.state in ("queued", "working")


class Analyses:
    """One at a time, in the order of requests, in a thread of their own. Safe to use from many threads.

    Values are stored in the folders of the runs: they are computed once, and a stopped one goes on where it was.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], Analysis] = OrderedDict()
        self._lock, self._turn = threading.Lock(), threading.Lock()

    def begin(self, run: Run, part: Part[Any]) -> Analysis:
        """Begin to compute ``part`` for ``run``; the analysis that waits or works already where there is one."""
        key = (run.id, part.name)
        with self._lock:
            known = self._known.get(key)
            if known is not None and known.active and not known.stopping:
                return known
            begun = self._known[key] = Analysis(run, part)
            self._known.move_to_end(key)
            for old in [each for each, analysis in self._known.items() if not analysis.active][:-REMEMBERED]:
                del self._known[old]
        threading.Thread(target=self._work, args=(begun,), name="analysis", daemon=True).start()
        return begun

    def get(self, run: Run, part: Part[Any]) -> Analysis | None:
        """The last analysis of ``part`` for ``run``; None where this server began none."""
        with self._lock:
            return self._known.get((run.id, part.name))

    def stop(self, run: Run, part: Part[Any]) -> None:
        """End it after the step at work; what was computed is kept for the next time."""
        if (known := self.get(run, part)) is not None:
            known.stopping = True

    def _work(self, begun: Analysis) -> None:
        try:
            with self._turn:
                self._drive(begun)
        except StudioError as error:
            begun.error, begun.state = error, "failed"
        except Exception as error:
            gone = not begun.run.folder.is_dir()
            logging.getLogger(__name__).log(
                logging.DEBUG if gone else logging.ERROR,
                "%s of %s failed",
                begun.part.name,
                begun.run.id,
                exc_info=error,
            )
            begun.state = "failed"

    @staticmethod
    def _drive(begun: Analysis) -> None:
        steps = slow_parts.update(RunReport(begun.run), begun.part)
        while not begun.stopping:
            begun.state = "working"
            try:
                step = next(steps)
            except StopIteration as stop:
                begun.found, begun.state = stop.value is not None, "done"
                return
            begun.done, begun.total = step.done, step.total
        steps.close()
        begun.state = "stopped"
