"""The choices of what is kept together in one part of a split, as one word.

``none``: only copies of a file. ``near``: near-duplicates too. ``auto``: these, and the groups that the data set came
with or that the user set. ``folder``: also the folders inside of each class. ``name``: also names alike up to their
counter. ``time:SECONDS``: also pictures of a class taken within so many seconds of each other. ``csv:FILE``: also those
with an equal entry in a table, ``csv:FILE#COLUMN`` where it has several columns. ``column:NAME``: also those with an
equal entry in a column of the table that came with the data set.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from resnet_studio.errors import ConfigError

Kind = Literal["none", "auto", "near", "folder", "name", "time", "csv", "column"]
PLAIN: tuple[Kind, ...] = ("auto", "near", "folder", "name", "none")
SECONDS = 60.0
_LONGEST = 366 * 24 * 3600.0


@dataclass(frozen=True)
class Grouping:
    """A choice, read: ``seconds`` of ``time``, ``file`` of ``csv``, its ``column``, or that of ``column``."""

    kind: Kind = "auto"
    seconds: float = SECONDS
    file: str = ""
    column: str = ""

    @property
    def near(self) -> bool:
        """Whether near-duplicates are kept together."""
        return self.kind != "none"

    def __str__(self) -> str:
        match self.kind:
            case "time":
                return f"time:{self.seconds:g}"
            case "csv":
                return f"csv:{self.file}#{self.column}" if self.column else f"csv:{self.file}"
            case "column":
                return f"column:{self.column}"
            case kind:
                return kind


def parse(text: str) -> Grouping:
    """The choice that ``text`` stands for; raises :class:`ConfigError`."""
    kind, _, value = text.strip().partition(":")
    allowed = [*PLAIN, "time:SECONDS", "csv:FILE", "column:NAME"]
    refused = ConfigError("error.config.choice", field="groups", value=text, allowed=allowed)
    if kind == "csv" and value.strip():
        return Grouping("csv", file=value.strip())
    if kind == "column" and value.strip():
        return Grouping("column", column=value.strip())
    if kind == "time":
        try:
            seconds = float(value) if value else SECONDS
        except ValueError:
            raise refused from None
        if 0 < seconds <= _LONGEST:
            return Grouping("time", seconds=seconds)
    for plain in PLAIN:
        if text.strip() == plain:
            return Grouping(plain)
    raise refused
