"""The answers of a prediction job: one JSON object a line, appended durably, in the order of the pictures."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from resnet_studio.data.names import shown
from resnet_studio.data.pictures import BadPicture
from resnet_studio.durable import json_bytes, sync
from resnet_studio.errors import StudioError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from resnet_studio.prediction import Prediction

DIGITS = 6
DOUBTED = ("unsure", "unknown")
"""The levels of answers that somebody should look at."""
FAILED = -1
"""The class of a picture that could not be read."""


def with_name(answer: Prediction | StudioError, name: str) -> Prediction | StudioError:
    """``answer``; where the picture cannot be read, this says ``name``, and not how its bytes are kept."""
    return BadPicture(answer.fault, shown(name)) if isinstance(answer, BadPicture) else answer


@dataclass(frozen=True)
class AnswerRow:
    """The answer for one picture: ``scores`` in the order of the classes, or the ``error`` instead.

    ``level`` is how sure to sound: "sure", "likely", "unsure", "unrated" without a record, "unknown" for none of them.
    ``named`` is the place of the class that a threshold decided for; None where it is the likeliest.
    """

    scores: tuple[float, ...] = ()
    level: str = ""
    error: StudioError | None = None
    named: int | None = None

    @classmethod
    def of(cls, answer: Prediction | StudioError, level: str, classes: Sequence[str]) -> AnswerRow:
        """The row of an ``answer`` about ``classes``."""
        if isinstance(answer, StudioError):
            return cls(error=answer)
        shares = dict(answer.scores)
        named = None if answer.label == answer.scores[0][0] else list(classes).index(answer.label)
        return cls(tuple(round(shares[name], DIGITS) for name in classes), level, None, named)

    @property
    def best(self) -> int:
        """The place of the class that was named; :data:`FAILED` without an answer."""
        if self.named is not None:
            return self.named
        return max(range(len(self.scores)), key=self.scores.__getitem__) if self.scores else FAILED

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        if self.error is None:
            named = {} if self.named is None else {"named": self.named}
            return {"level": self.level, "scores": self.scores, **named}
        values = {k: v if isinstance(v, (int, float)) else str(v) for k, v in self.error.values.items()}
        return {"error": {"key": self.error.key, "values": values}}

    @classmethod
    def from_json(cls, values: Any) -> AnswerRow:
        """What :meth:`to_json` wrote. May raise ``LookupError``, ``TypeError`` or ``ValueError`` for anything else."""
        if "error" in values:
            return cls(error=StudioError(str(values["error"]["key"]), **values["error"]["values"]))
        scores, named = tuple(map(float, values["scores"])), values.get("named")
        return cls(scores, str(values["level"]), None, None if named is None else range(len(scores))[int(named)])


class Appender:
    """Adds rows to the file ``path``. A half line at its end, which a killed program left, is cut off first."""

    def __init__(self, path: Path) -> None:
        self.done = 0
        end = 0
        if path.exists():
            for line in _lines(path):
                self.done, end = self.done + 1, end + len(line)
            if end < path.stat().st_size:
                os.truncate(path, end)
        self._file = path.open("ab")

    def add(self, rows: Sequence[AnswerRow]) -> None:
        """Append ``rows``; they are on the disk when this returns."""
        self._file.write(b"".join(json_bytes(row.to_json()) + b"\n" for row in rows))
        self._file.flush()
        sync(self._file.fileno())
        self.done += len(rows)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


@dataclass(frozen=True)
class Rows:
    """The rows in the file ``path``, one at a time."""

    path: Path

    def count(self) -> int:
        """How many there are."""
        return sum(1 for _ in _lines(self.path))

    def __iter__(self) -> Iterator[AnswerRow]:
        return (AnswerRow.from_json(json.loads(line)) for line in _lines(self.path))

    def at(self, offsets: Sequence[int]) -> list[AnswerRow]:
        """The rows that begin at ``offsets``."""
        with self.path.open("rb") as file:
            found = []
            for offset in offsets:
                file.seek(offset)
                found.append(AnswerRow.from_json(json.loads(file.readline())))
        return found


def _lines(path: Path, start: int = 0) -> Iterator[bytes]:
    """The whole lines of ``path`` from the byte ``start`` on; nothing where there is no such file."""
    try:
        with path.open("rb") as file:
            file.seek(start)
            for line in file:
                if line.endswith(b"\n"):
                    yield line
    except FileNotFoundError:
        return


class Index:
    """What a table needs to sort and filter: some 20 bytes a row in memory. :meth:`update` reads on where it ended."""

    def __init__(self, path: Path) -> None:
        self._path, self._end = path, 0
        self.best: NDArray[np.int32] = np.empty(0, np.int32)
        self.probability: NDArray[np.float32] = np.empty(0, np.float32)
        self.unsure: NDArray[np.bool_] = np.empty(0, np.bool_)
        self.unknown: NDArray[np.bool_] = np.empty(0, np.bool_)
        self.offsets: NDArray[np.int64] = np.empty(0, np.int64)

    def __len__(self) -> int:
        return len(self.best)

    def update(self) -> None:
        """Read the rows that were added since."""
        best, probability, unsure, unknown, offsets = [], [], [], [], []
        for line in _lines(self._path, self._end):
            row = AnswerRow.from_json(json.loads(line))
            best.append(row.best)
            probability.append(row.scores[row.best] if row.scores else 0.0)
            unsure.append(row.level in DOUBTED)
            unknown.append(row.level == "unknown")
            offsets.append(self._end)
            self._end += len(line)
        if best:
            self.best = np.concatenate([self.best, np.array(best, np.int32)])
            self.probability = np.concatenate([self.probability, np.array(probability, np.float32)])
            self.unsure = np.concatenate([self.unsure, np.array(unsure, np.bool_)])
            self.unknown = np.concatenate([self.unknown, np.array(unknown, np.bool_)])
            self.offsets = np.concatenate([self.offsets, np.array(offsets, np.int64)])

    def counts(self, classes: int) -> list[int]:
        """How often each of so many ``classes`` was named; a picture of none of them has only a nearest one."""
        counted: list[int] = np.bincount(self.best[(self.best >= 0) & ~self.unknown], minlength=classes).tolist()
        return counted

    @property
    def failed(self) -> int:
        """How many could not be read."""
        return int((self.best == FAILED).sum())

    def chosen(
        self, *, only_unsure: bool = False, label: int | None = None, failed: bool = False, unknown: bool = False
    ) -> NDArray[np.int64]:
        """The places of the rows that fit, in order; ``label`` is a class, ``failed`` those without an answer,
        ``unknown`` those of none of the classes.
        """
        fits = np.ones(len(self), np.bool_)
        if only_unsure:
            fits &= self.unsure
        if failed:
            fits &= self.best == FAILED
        elif unknown:
            fits &= self.unknown
        elif label is not None:
            fits &= (self.best == label) & ~self.unknown
        found: NDArray[np.int64] = np.flatnonzero(fits)
        return found
