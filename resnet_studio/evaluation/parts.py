"""The parts that the report of a run is composed of, beyond its scores and pictures.

A part is computed from what a run left (:class:`RunReport`): the report, the logits of its validation and test
pictures, its checkpoint. It stands in a file of its own, so that it may be missing, be computed later by another
program, and be improved without touching the others. To add one, derive from :class:`Part` and put it on the list in
:mod:`resnet_studio.evaluation.run_report`.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from resnet_studio.data.run_split import split_of
from resnet_studio.errors import RunError
from resnet_studio.evaluation import outputs as outputs_file
from resnet_studio.evaluation.outputs import Outputs
from resnet_studio.evaluation.report import Report
from resnet_studio.evaluation.report_format import is_report
from resnet_studio.workspace import Run

if TYPE_CHECKING:
    from resnet_studio.data.dataset import Split
    from resnet_studio.prediction import Predictor

Value = TypeVar("Value")


@dataclass(frozen=True)
class RunReport:
    """What is known of a trained ``run``; read from its folder on demand, then cached."""

    run: Run

    @cached_property
    def outputs(self) -> Mapping[str, Outputs]:
        """The logits of the parts of the split, "validation" and "test"; empty where none can be read."""
        try:
            return outputs_file.read(self.run.logits_file)
        except RunError:
            return {}

    @cached_property
    def split(self) -> Split:
        """The pictures of each part, wherever they are by now. Raises :class:`RunError` where that makes no sense."""
        return split_of(self.run)

    @cached_property
    def predictor(self) -> Predictor:
        """The run's best network, loaded on demand. Raises :class:`CheckpointError` where there is none."""
        from resnet_studio.prediction import Predictor

        return Predictor(self.run.best)

    @cached_property
    def report(self) -> Report | None:
        """The scores on the test pictures; None where the run was not tested or its report makes no sense."""
        try:
            values = self.run.read_json(self.run.report_file.name)
            if not is_report(values):
                return None
            tested = self.outputs.get("test")
            return Report.from_json(values, tested if tested and _belong(tested, values) else None)
        except (RunError, LookupError, TypeError, ValueError):
            return None

    @cached_property
    def fingerprint(self) -> str:
        """Of the files that the parts are computed from: a part of other scores is none of this report."""
        digest = hashlib.blake2b(digest_size=16)
        for path in (self.run.report_file, self.run.logits_file):
            digest.update(path.read_bytes() if path.is_file() else b"")
        return digest.hexdigest()

    def get(self, part: Part[Value]) -> Value | None:
        """The stored value of ``part``, else computed now; None where it cannot be computed for this run."""
        found = part.load(self)
        return part.compute(self) if found is None else found

    def update(self, part: Part[Value]) -> Value | None:
        """:meth:`get`, and stored."""
        found = part.load(self)
        if found is None and (found := part.compute(self)) is not None:
            part.store(self, found)
        return found


class Part(ABC, Generic[Value]):
    """One part of a report. Raise ``version`` when what is computed changes: older values are computed again.

    ``quick`` parts are computed when a training ends, the others when somebody asks for them (see
    :mod:`resnet_studio.evaluation.slow_parts`). A part with arrays or
    pictures keeps them in ``report-NAME.*`` beside its JSON file and overrides :meth:`load` and :meth:`store`.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    quick: ClassVar[bool] = True

    @abstractmethod
    def compute(self, report: RunReport) -> Value | None:
        """The value for this run; None where the run lacks what it takes, such as test pictures."""

    @abstractmethod
    def to_json(self, value: Value) -> Any:
        """``value`` as plain JSON values."""

    @abstractmethod
    def from_json(self, stored: Any) -> Value:
        """What :meth:`to_json` wrote. May raise ``LookupError``, ``TypeError`` or ``ValueError`` for anything else."""

    @property
    def file(self) -> str:
        """The name of its file in a run's folder."""
        return f"report-{self.name}.json"

    def load(self, report: RunReport) -> Value | None:
        """What :meth:`store` wrote; None where there is nothing, or only of another version or of other scores."""
        try:
            content = report.run.read_json(self.file)
            if content["version"] != self.version or content["of"] != report.fingerprint:
                return None
            return self.from_json(content["value"])
        except (RunError, LookupError, TypeError, ValueError, AttributeError):
            return None

    def store(self, report: RunReport, value: Value) -> None:
        """Write ``value`` into the folder of the run, durably."""
        content = {"version": self.version, "of": report.fingerprint, "value": self.to_json(value)}
        report.run.write_json(self.file, content)


def _belong(outputs: Outputs, values: Mapping[str, Any]) -> bool:
    """Whether a report with these ``values`` was made of ``outputs``: a program may have died between the two files."""
    pictures = [(row["name"], row["file"], row["true"], row["predicted"]) for row in values["pictures"]]
    predicted = outputs.logits.argmax(1).tolist()
    labels = outputs.labels.tolist()
    return pictures == list(zip(outputs.names, outputs.files, labels, predicted, strict=True))
