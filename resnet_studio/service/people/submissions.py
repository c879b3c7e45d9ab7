"""What somebody submitted to a leaderboard, which model that is, and what it scored."""

from __future__ import annotations

import hashlib
import json
import math
import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args

from resnet_studio.errors import StudioError
from resnet_studio.text import Language, say_recorded

NOT_SCORED = "-"
Status = Literal["waiting", "scored", "failed"]
_KINDS: Mapping[str, type] = {"str": str, "bool": bool, "Mapping[str, Any]": Mapping}


@dataclass(frozen=True, kw_only=True)
class Submission:
    """A ``run`` that ``who`` submitted (``person:ID``, or ``name:NAME`` from a command line without accounts).

    ``accuracy`` has its 95 % interval from ``low`` to ``high``; ``seen`` of the pictures the run was trained on or
    chosen by, None where that is not known. ``right`` has a 1 for each picture of the set that it named correctly, a 0
    for the others, and :data:`NOT_SCORED` for those in a folder called ``unlabelled`` or the like, unless that is a
    class of the run: it says something of the labels, and is for ranking alone. ``problem`` is the text of why it has
    no score, with ``values``. ``weights`` says which model it is: two pupils who train on one set with the usual
    settings have the same. ``device`` is the mark of the browser that sent it, empty where there is none.
    """

    number: int
    who: str
    run: str
    name: str
    time: float
    status: Status = "waiting"
    accuracy: float | None = None
    low: float | None = None
    high: float | None = None
    seen: int | None = None
    right: str = ""
    problem: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    weights: str = ""
    device: str = ""

    @property
    def pictures(self) -> int:
        """How many pictures it was scored on."""
        return len(self.right) - self.right.count(NOT_SCORED)

    @property
    def failed(self) -> bool:
        """Whether it could not be scored."""
        return self.status == "failed"

    def with_problem(self, error: StudioError) -> Submission:
        """As one that could not be scored, because of ``error``."""
        values = {key: _plain(value) for key, value in error.values.items()}
        return replace(self, status="failed", problem=error.key, values=values)

    def why(self, language: Language) -> str:
        """Why it has no score; empty where it has one."""
        return say_recorded(self.problem, language, self.values) if self.problem else ""

    def to_json(self) -> dict[str, Any]:
        """What may be shown of it: all but ``right``, and what tells devices apart."""
        values = asdict(self)
        del values["right"], values["values"], values["device"]
        return {**values, "pictures": self.pictures, "problem": self.why("en")}


def weights_of(checkpoint: Path) -> str:
    """What two checkpoints have in common whose weights are the same, whatever else they say; empty for no checkpoint.

    Of a safetensors file the header is left out: it names the run.
    """
    with checkpoint.open("rb") as file:
        length = file.read(8)
        if len(length) < 8:
            return ""
        file.seek(8 + struct.unpack("<Q", length)[0])
        return hashlib.file_digest(file, "sha256").hexdigest()


def submission_at(path: Path) -> Submission | None:
    """The submission in the file ``path``; None where there is none that makes sense."""
    values = values_at(path)
    try:
        found = Submission(**{each.name: values[each.name] for each in fields(Submission) if each.name in values})
    except TypeError:
        return None
    return found if is_sound(found) else None


def is_sound(found: Any) -> bool:
    """Whether the fields of ``found``, a dataclass that was read from a file, hold values of the kinds that they say.

    Numbers are finite; kinds that are not plain are not looked at.
    """
    return all(_is(getattr(found, each.name), str(each.type)) for each in fields(found))


def _is(value: object, kind: str) -> bool:
    if kind.startswith("float"):
        fits = type(value) is int or (type(value) is float and math.isfinite(value))
        return fits or (value is None and "None" in kind)
    if kind.startswith("int"):
        return type(value) is int or (value is None and "None" in kind)
    if kind == "Status":
        return value in get_args(Status)
    return isinstance(value, _KINDS.get(kind, object))


def values_at(path: Path) -> dict[str, Any]:
    """The JSON object in the file ``path``; an empty one where there is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return dict(found) if isinstance(found, Mapping) else {}


def _plain(value: object) -> Any:
    if isinstance(value, list | tuple):
        return [str(each) for each in value]
    return value if isinstance(value, int | float) else str(value)
