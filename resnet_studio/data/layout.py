"""What a tree of file names means: which folder is a class, which a part, what lies outside of both.

Pure: names in, places out, so that a zip, a picked folder and a path give the same data set.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from resnet_studio.data import once_more, set_aside
from resnet_studio.data.choices import Choices
from resnet_studio.data.doubt import Doubt
from resnet_studio.data.folders import Masks, find_masks, grouped, tree
from resnet_studio.data.part_names import PARTS, Part, part_named
from resnet_studio.data.set_aside import says_no_label
from resnet_studio.data.structure import Kind

__all__ = ["PARTS", "Layout", "Part", "Reason", "are_bare_parts", "understand"]

Reason = Literal["no_class", "outside", "unlabelled", "mask"]


@dataclass(frozen=True)
class Layout:
    """``prefix`` is what was unwrapped (``"pets/"`` or nothing); ``parts`` maps folder names to preset parts.

    ``kind`` says where the classes are (see :class:`resnet_studio.data.choices.Choices`); folders in ``skipped`` say
    nothing; pictures in the folders ``unlabelled`` have no labels, those in ``outside`` are left out; ``doubts`` are
    what a user should check. ``given`` are the classes of pictures in the folders ``unlabelled`` that a table knows;
    what lies in the folders of classes is then for training. ``listed`` are the parts of pictures that lists say.
    """

    prefix: str
    parts: Mapping[str, Part]
    kind: Kind = "classes"
    skipped: frozenset[str] = frozenset()
    unlabelled: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    masks: Masks = field(default_factory=Masks)
    doubts: tuple[Doubt, ...] = ()
    given: Mapping[str, str] = field(default_factory=dict)
    listed: Mapping[str, Part] = field(default_factory=dict)

    def place(self, name: str) -> tuple[str, str | None, Part | None]:
        """The name after unwrapping, its class (None where it lies in no class folder) and its part."""
        folder = name.rpartition("/")[0]
        if folder not in self._places:
            self._places[folder] = self._place(folder)
        kind, part, _ = self._places[folder]
        inner = name.removeprefix(self.prefix)
        if self.given and name not in self.masks:
            return (inner, kind, part or "train") if kind is not None else (inner, self.given.get(name), part)
        return (inner, None, None) if name in self.masks else (inner, kind, self.listed.get(name, part))

    def reason(self, name: str) -> Reason:
        """Why the picture ``name`` has no class."""
        return "mask" if name in self.masks else self._place(name.rpartition("/")[0])[2]

    @cached_property
    def _places(self) -> dict[str, tuple[str | None, Part | None, Reason]]:
        return {}

    def _place(self, folder: str) -> tuple[str | None, Part | None, Reason]:
        if _within(folder, self.unlabelled):
            return None, self._part(folder), "unlabelled"
        if _within(folder, self.outside):
            return None, None, "outside"
        if not f"{folder}/".startswith(self.prefix):
            above = self.prefix.startswith(f"{folder}/" if folder else "")
            return None, None, "no_class" if above else "outside"
        start = len(self.prefix)
        pieces = [piece for piece, end in _pieces(folder) if end > start and folder[:end] not in self.skipped]
        return self._read(pieces)

    def _read(self, pieces: list[str]) -> tuple[str | None, Part | None, Reason]:
        """The class and the part of pictures in the folders ``pieces``, the outermost first."""
        if self.kind == "parts":
            for depth in (1, 2):
                if part := self.parts.get("/".join(pieces[:depth])):
                    return (pieces[depth] if len(pieces) > depth else None), part, "no_class"
            return None, None, "outside" if pieces else "no_class"
        depth = 1 if self.kind == "inner" else 0
        kind = pieces[depth] if len(pieces) > depth else None
        inside = self.kind == "parts-inside" and len(pieces) > 1
        return kind, self.parts.get(pieces[1]) if inside else None, "no_class"

    def _part(self, folder: str) -> Part | None:
        """The part of unlabelled pictures in ``folder``; none where its name says no more than that they are those, so
        that one that is labelled later is like any other.
        """
        pieces = folder.split("/")
        held_out = any(named and named.meaning not in ("train", "unlabelled") for named in map(part_named, pieces))
        if not held_out and any(map(says_no_label, pieces)):
            return None
        named = [named.meaning for piece in reversed(pieces) if (named := part_named(piece))]
        return "validation" if named and named[0] == "validation" else "test"


def _within(folder: str, paths: Iterable[str]) -> bool:
    return any(folder == path or folder.startswith(f"{path}/") for path in paths)


def _pieces(folder: str) -> Iterable[tuple[str, int]]:
    """The names of the folders on the way, each with where it ends in ``folder``."""
    end = -1
    for piece in folder.split("/") if folder else ():
        end += 1 + len(piece)
        yield piece, end


def understand(names: Iterable[str], choices: Choices | None = None) -> Layout:
    """The layout of pictures called ``names`` (POSIX, relative, junk left out), as far as ``choices`` leave it open.

    A folder that alone holds everything, in folders of its own, is unwrapped. ``train`` beside ``val`` or ``test``,
    with folders inside, are preset parts; :mod:`resnet_studio.data.structure` knows other conventions.
    Raises :class:`DataError` where what was chosen is not there.
    """
    choices = choices or Choices()
    folders = grouped(names)
    masks = Masks() if choices.masks else find_masks(folders)
    layout = _understood(folders, masks, choices)
    classes = {kind for path in folders if (kind := layout.place(f"{path}/x".lstrip("/"))[1])}
    if masks.folders and (len(classes) < 2 or are_bare_parts(classes)):
        # without what looks like masks there is nothing to tell apart
        layout = _understood(folders, Masks(), choices)
        shown = tuple(sorted({path.rpartition("/")[2] for path in masks.folders}))
        return replace(layout, doubts=(*layout.doubts, Doubt("only_masks", shown)))
    return layout


def _understood(folders: Mapping[str, list[str]], masks: Masks, choices: Choices) -> Layout:
    counts = {path: sum(f"{path}/{file}".lstrip("/") not in masks for file in files) for path, files in folders.items()}
    root, skipped = tree({path: count for path, count in counts.items() if count})
    found = once_more.left_out(set_aside.read(root, choices), choices)
    return Layout(
        prefix=f"{found.root.path}/" if found.root.path else "",
        parts=found.parts,
        kind=found.kind,
        skipped=skipped,
        unlabelled=found.unlabelled,
        outside=found.outside,
        masks=masks,
        doubts=found.doubts,
    )


def are_bare_parts(folders: Iterable[str]) -> bool:
    """Whether ``folders`` are called like parts although no class folders are inside them."""
    named = [part_named(folder) for folder in folders]
    words = {each.rest if each else ("name",) for each in named}
    alike = len(words) == 1 and "name" not in next(iter(words))  # cars_train, cars_test; not classes of a saved set
    found = {each.meaning if each and (alike or each.qualified) else None for each in named}
    return None not in found and "train" in found and len(found) > 1
