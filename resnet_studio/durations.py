"""Where the time of a run went: waiting for its turn, preparing, training, testing; from the times in its log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

Phase = Literal["", "waiting", "preparing", "training", "testing"]

BEGINS: Mapping[str, Phase] = MappingProxyType(
    {
        "Queued": "waiting",
        "Preparing": "preparing",
        "Started": "training",
        "Testing": "testing",
        "FinalFit": "training",
        "Finished": "",
        "Interrupted": "",
        "Failed": "",
    }
)
"""The phase that an event begins; none where nothing follows it. Other events change nothing."""
STARTING_UP = "start"


def requested_at(about: Mapping[str, Any]) -> float | None:
    """When a run was requested, seconds since 1970, from its ``about``; None where an older version did not say."""
    seconds = about.get("asked")
    return float(seconds) if isinstance(seconds, (int, float)) else None


@dataclass(frozen=True)
class Durations:
    """Seconds in each phase so far; ``preparing`` by stage, as ``Preparing`` events name it, or :data:`STARTING_UP`.

    ``first`` and ``last`` are the times of the first and the latest event, seconds since 1970. What lies between the
    end of a program, or its death, and the next request to train the run is not counted.
    """

    waiting: float = 0.0
    preparing: Mapping[str, float] = field(default_factory=dict)
    training: float = 0.0
    testing: float = 0.0
    phase: Phase = ""
    stage: str = STARTING_UP
    first: float = 0.0
    last: float = 0.0

    def after(self, kind: str, time: float, stage: str = "") -> Durations:
        """These durations after an event of class ``kind`` at ``time``; ``stage`` is that of a ``Preparing``."""
        phase = BEGINS.get(kind, self.phase)
        if kind not in BEGINS and self.phase in ("", "waiting"):
            phase = "preparing"  # a note or the like: its training has begun
        died = (kind == "Queued" and self.phase != "waiting") or (kind == "Preparing" and self.phase == "training")
        passed = 0.0 if died or not self.last else max(0.0, time - self.last)
        counted = self._with(self._seconds + passed)
        continues = phase == "preparing" and self.phase == "preparing"
        now = stage or (self.stage if continues else STARTING_UP)
        return replace(counted, phase=phase, stage=now, first=self.first or time, last=time or self.last)

    def prepared(self, requested_at: float | None = None) -> dict[str, float]:
        """Seconds of preparing by stage; the time from the click, at ``requested_at``, to the log is start-up."""
        lead = max(0.0, self.first - requested_at) if requested_at and self.first else 0.0
        start = self.preparing.get(STARTING_UP, 0.0) + lead
        return {
            **({STARTING_UP: start} if start else {}),
            **{k: v for k, v in self.preparing.items() if k != STARTING_UP},
        }

    def total(self, requested_at: float | None = None, measured: float = 0.0) -> float:
        """Seconds from the click, at ``requested_at``, to the latest event, without waiting for other runs.

        Never less than what was ``measured`` while training: the clock of the log may have been set back.
        """
        return max(measured, sum(self.prepared(requested_at).values()) + self.training + self.testing)

    def later(self, times: Iterable[float]) -> Durations:
        """As :meth:`after` for an event at each of ``times`` that begins nothing, in a phase that has begun."""
        seconds, first, last = self._seconds, self.first, self.last
        for time in times:
            seconds += max(0.0, time - last) if last else 0.0
            first, last = first or time, time or last
        return replace(self._with(seconds), first=first, last=last)

    @property
    def _seconds(self) -> float:
        """So far in this phase, and this stage of it."""
        if self.phase == "preparing":
            return self.preparing.get(self.stage, 0.0)
        found: float = getattr(self, self.phase) if self.phase else 0.0
        return found

    def _with(self, seconds: float) -> Durations:
        match self.phase:
            case "waiting":
                return replace(self, waiting=seconds)
            case "preparing":
                return replace(self, preparing={**self.preparing, self.stage: seconds})
            case "training":
                return replace(self, training=seconds)
            case "testing":
                return replace(self, testing=seconds)
        return self
