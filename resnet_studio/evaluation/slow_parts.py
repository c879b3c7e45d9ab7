"""Parts of a report that take a while: computed step by step, on demand, and resumable.

Derive from :class:`SlowPart`, write :meth:`SlowPart.steps`, and put the part on the list in
:mod:`resnet_studio.evaluation.run_report`. The command ``report`` and the Results tab (by
:mod:`resnet_studio.service.analyses`) drive it and show its progress::

    class Robustness(SlowPart[Scores]):
        name = "robustness"

        def steps(self, report, progress):
            for done, change in enumerate(CHANGES):
                yield Step(done, len(CHANGES))
                if (scores := progress.load(change)) is None:
                    scores = {"accuracy": ...}
                    progress.save(change, scores)
            return Scores(...)
"""

from __future__ import annotations

import json
import re
import shutil
from abc import abstractmethod
from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from resnet_studio.durable import json_bytes
from resnet_studio.evaluation.parts import Part, RunReport, Value
from resnet_studio.stepwise import result_of


@dataclass(frozen=True)
class Step:
    """``done`` of ``total`` units of work."""

    done: int
    total: int


@dataclass(frozen=True)
class PartProgress:
    """What was computed of a part so far, as small JSON values in a ``folder`` of the run, until the part is whole.

    What was computed from other scores or by another version of the part is not found any more.
    """

    folder: Path
    fingerprint: str

    def load(self, name: str) -> Any | None:
        """The value saved under ``name``; None where there is none that is sound."""
        try:
            content = json.loads(self._file(name).read_text(encoding="utf-8"))
            return content["value"] if content["of"] == self.fingerprint else None
        except (OSError, ValueError, LookupError, TypeError):
            return None

    def save(self, name: str, value: Any) -> None:
        """Save ``value`` (plain JSON) under ``name``. A crash may lose it: it is computed again then."""
        self.folder.mkdir(exist_ok=True)  # not its parents: a run that is being deleted must not come back
        self._file(name).write_bytes(json_bytes({"of": self.fingerprint, "value": value}))

    def clear(self) -> None:
        """Forget all of it."""
        with suppress(OSError):
            shutil.rmtree(self.folder)

    def _file(self, name: str) -> Path:
        return self.folder / (re.sub(r"[^\w.-]", "_", name) + ".json")


class SlowPart(Part[Value]):
    """A part that is computed when somebody asks for it."""

    quick = False

    @abstractmethod
    def steps(self, report: RunReport, progress: PartProgress) -> Generator[Step, None, Value | None]:
        """Compute the value, with a :class:`Step` before each piece of work; ``progress`` has what an earlier try got.

        None where the run lacks what it takes. Whoever drives it may stop between two steps.
        """

    def compute(self, report: RunReport) -> Value | None:
        """See :class:`Part`."""
        return result_of(self.steps(report, self.progress(report)))

    def progress(self, report: RunReport) -> PartProgress:
        """What was computed so far for this ``report``."""
        return PartProgress(report.run.folder / f"report-{self.name}.partial", f"{self.version} {report.fingerprint}")


def update(report: RunReport, part: Part[Value]) -> Generator[Step, None, Value | None]:
    """The stored value of ``part``, else computed step by step and stored."""
    found = part.load(report)
    if found is not None:
        return found
    if not isinstance(part, SlowPart):
        return report.update(part)
    progress = part.progress(report)
    found = yield from part.steps(report, progress)
    if found is not None:
        part.store(report, found)
    progress.clear()
    return found
