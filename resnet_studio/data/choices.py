"""What a user decides where the names of folders and files leave it open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, get_args

from resnet_studio.errors import DataError

LayoutChoice = Literal["auto", "classes", "parts", "parts-inside", "inner"]
LAYOUTS: tuple[LayoutChoice, ...] = get_args(LayoutChoice)
ENCODINGS = (
    "utf-8", "gbk", "big5", "cp932", "cp949", "cp866", "cp1251", "cp437", "cp850", "cp852", "cp1252", "cp737", "cp857",
    "cp862", "cp864", "cp874",
)  # fmt: skip
Purpose = Literal["train", "look", "score"]
"""What a data set is opened for: to score a model, one class and one picture of a class are enough; a page shows a data
set with classes that are too small, and offers to leave them out."""


@dataclass(frozen=True, kw_only=True)
class Choices:
    """How a tree of pictures is read; the defaults leave it to the studio.

    ``layout``: ``classes`` (the top folders), ``parts`` (training, validation and test folders with class folders
    inside), ``parts-inside`` (such folders inside of each class) or ``inner`` (class folders inside of each top
    folder). ``folder``: only what lies in that folder. ``masks``: masks count as pictures. ``leave_out_single``:
    classes that cannot be validated, as they have one picture, are left out. ``join_alike``: classes whose names
    differ by case or blanks are one. ``with_unlabelled``: folders called ``unlabelled`` or the like are classes.
    ``label_column``: the column of a table that has the labels. ``name_encoding``: of the names in a zip that does not
    say.
    Raises :class:`DataError` for a value that is not known.
    """

    layout: LayoutChoice = "auto"
    folder: str = ""
    masks: bool = False
    leave_out_single: bool = False
    join_alike: bool = False
    with_unlabelled: bool = False
    label_column: str = ""
    name_encoding: str = "auto"

    def __post_init__(self) -> None:
        for name, allowed in (("layout", LAYOUTS), ("name_encoding", ("auto", *ENCODINGS))):
            if getattr(self, name) not in allowed:
                raise DataError("error.data.choice", option=name, value=str(getattr(self, name)), allowed=list(allowed))
        for name in ("folder", "label_column"):
            if not isinstance(getattr(self, name), str):
                raise DataError("error.data.choice", option=name, value=str(getattr(self, name)), allowed=[])

    def with_changes(self, changes: Mapping[str, Any]) -> Choices:
        """These choices with some changed; raises :class:`DataError` for one that is not known."""
        known = {spec.name for spec in fields(self)}
        for name in changes:
            if name not in known:
                raise DataError("error.data.choice", option=str(name), value="", allowed=sorted(known))
        flags = {name: bool(value) for name, value in changes.items() if isinstance(getattr(self, name), bool)}
        return replace(self, **{**changes, **flags})

    def to_json(self) -> dict[str, Any]:
        """What differs from the defaults, as plain JSON values."""
        plain = Choices()
        return {
            spec.name: getattr(self, spec.name)
            for spec in fields(self)
            if getattr(self, spec.name) != getattr(plain, spec.name)
        }

    def options(self) -> list[str]:
        """What to write on the command line for these choices."""
        given = []
        for name, value in self.to_json().items():
            flag = f"--{name.replace('_', '-')}" if name != "masks" else "--with-masks"
            given += [flag] if value is True else [flag, str(value)]
        return given
