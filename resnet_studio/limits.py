"""How much one person may take of a server that several share: ``limits.json`` of the workspace, or another file.

They hold wherever others than whoever is at the machine can come in; 0 is no limit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from resnet_studio.errors import StudioError

FILE = "limits.json"


def _limit(default: int, help: str) -> int:
    return field(default=default, metadata={"help": help})


class LimitError(StudioError):
    """A limit is met. ``limit`` says which, for the figures of the server."""

    def __init__(self, limit: str, key: str, /, **values: object) -> None:
        self.limit = limit
        super().__init__(key, **values)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """All limits; those of ``each`` are for one person, the others for all together."""

    waiting_each: int = _limit(5, "trainings of one person in the queue")
    waiting_all: int = _limit(50, "trainings in the queue")
    predictions_each: int = _limit(5, "predictions for many pictures of one person that wait or are at work")
    imports_each: int = _limit(2, "data sets of one person that are read in at once")
    pictures_each: int = _limit(20_000, "pictures in the data sets of one person")
    exchange_models_each: int = _limit(3, "models of one person in the exchange of a class")
    attacks_each: int = _limit(10, "attacks of one person on one model of the exchange")
    attacks_all: int = _limit(2_000, "pictures of attacks that are kept")
    disk_mb_each: int = _limit(10_000, "megabytes of data sets, runs and predictions of one person")
    disk_mb_all: int = _limit(0, "megabytes of the workspace; the free disk is looked after in any case")
    upload_mb: int = _limit(4_096, "megabytes of one upload")
    requests_a_minute: int = _limit(3_000, "requests of one browser a minute; the live camera sends up to 900")
    requests_a_minute_address: int = _limit(60_000, "requests of one address a minute; a class may share one")

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if type(value) is not int or not 0 <= value <= 10**12:
                raise LimitError("settings", "error.limits.value", name=each.name, value=repr(value))

    @classmethod
    def from_json(cls, values: object) -> Limits:
        """Read from plain JSON values; what is left out has its default. Raises :class:`LimitError`."""
        if not isinstance(values, Mapping):
            raise LimitError("settings", "error.limits.not_an_object")
        known = [each.name for each in fields(cls)]
        for name in values:
            if name not in known:
                raise LimitError("settings", "error.limits.unknown", name=str(name)[:80], known=known)
        return cls(**values)

    @classmethod
    def read(cls, file: Path) -> Limits:
        """The limits in ``file``, or the defaults where there is none. Raises :class:`LimitError`."""
        try:
            return cls.from_json(json.loads(file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return cls()
        except (OSError, ValueError, RecursionError) as error:
            raise LimitError("settings", "error.limits.unreadable", file=str(file)) from error

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)


ALONE = Limits(
    waiting_each=0, predictions_each=0, imports_each=0, pictures_each=0, disk_mb_each=0, requests_a_minute=0,
    requests_a_minute_address=0,
)  # fmt: skip
"""For a server that only its own machine reaches: the totals, and nothing for each person."""
