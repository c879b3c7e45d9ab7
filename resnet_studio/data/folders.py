"""A tree of folders that hold pictures, and which of them hold masks drawn for the pictures beside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from resnet_studio.data.part_names import holds_images, holds_masks, is_wrapper, masked

_FEWEST_MASKS = 3


@dataclass
class Folder:
    """A folder with pictures in it or below; ``loose`` counts those in it, ``path`` is POSIX and empty for the root."""

    path: str
    loose: int = 0
    inside: dict[str, Folder] = field(default_factory=dict)

    @property
    def nested(self) -> bool:
        """Whether it holds folders with pictures."""
        return bool(self.inside)

    @property
    def pictures(self) -> int:
        """How many pictures are in it and below."""
        return self.loose + sum(folder.pictures for folder in self.inside.values())

    @property
    def nothing_loose(self) -> bool:
        """Whether all its pictures lie in folders of their own."""
        return self.nested and not self.loose


@dataclass(frozen=True)
class Masks:
    """Folders and single files that are masks rather than pictures."""

    folders: frozenset[str] = frozenset()
    files: frozenset[str] = frozenset()

    def __contains__(self, name: str) -> bool:
        """Whether the file ``name`` is a mask."""
        if name in self.files:
            return True
        pieces = name.split("/")[:-1]
        return bool(self.folders) and any("/".join(pieces[:end]) in self.folders for end in range(1, len(pieces) + 1))


def grouped(names: Iterable[str]) -> dict[str, list[str]]:
    """File names by the folder that they lie in."""
    folders: dict[str, list[str]] = defaultdict(list)
    for name in names:
        folder, _, file = name.rpartition("/")
        folders[folder].append(file)
    return folders


def tree(folders: Mapping[str, int]) -> tuple[Folder, frozenset[str]]:
    """The tree of ``folders`` with their numbers of pictures, without the folders that say nothing; and these.

    A folder says nothing where it alone lies in another and is called ``images`` and the like, or as that one is.
    """
    root = Folder("")
    for path, count in folders.items():
        at = root
        for piece in path.split("/") if path else ():
            at = at.inside.setdefault(piece, Folder(f"{at.path}/{piece}".lstrip("/")))
        at.loose += count
    skipped: set[str] = set()
    classes = {name.casefold() for at in _all(root) if len(at.inside) > 1 for name in at.inside}
    for child in root.inside.values():
        _collapse(child, classes, skipped)
    return root, frozenset(skipped)


def _all(root: Folder) -> Iterable[Folder]:
    waiting = [root]
    while waiting:
        at = waiting.pop()
        yield at
        waiting += at.inside.values()


def _collapse(folder: Folder, classes: set[str], skipped: set[str]) -> None:
    """``classes`` are names that lie beside others somewhere: those say something."""
    waiting = [folder]
    while waiting:
        at = waiting.pop()
        own = {at.path.rpartition("/")[2].casefold()}
        while len(at.inside) == 1 and not at.loose:
            name, child = next(iter(at.inside.items()))
            says_nothing = is_wrapper(name) and name.casefold() not in classes
            if not says_nothing and name.casefold() not in own:
                break
            own.add(name.casefold())
            skipped.add(child.path)
            at.path, at.loose, at.inside = child.path, child.loose, child.inside
        waiting += at.inside.values()


def find_masks(folders: Mapping[str, list[str]]) -> Masks:
    """Which of ``folders`` (with their files) hold masks, and which files are masks of pictures beside them."""
    beside: dict[str, set[str]] = defaultdict(set)
    for path in folders:
        pieces = path.split("/") if path else []
        for depth, piece in enumerate(pieces):
            beside["/".join(pieces[:depth])].add(piece)
    pairs = []
    for above, inside in beside.items():
        images = [name for name in inside if holds_images(name)]
        masks = [name for name in inside if holds_masks(name)]
        # beside folders of other names they may well be classes
        if len(images) + len(masks) == len(inside):
            pairs += [(above, image, mask) for mask in masks for image in images]
    stems = _stems(folders) if pairs else {}
    often = len({above for above, _, _ in pairs}) > 1
    found = {_joined(above, mask) for above, image, mask in pairs if often or _match(above, image, mask, stems)}
    return Masks(frozenset(found), frozenset(_mask_files(folders)))


def _joined(above: str, name: str) -> str:
    return f"{above}/{name}" if above else name


def _stem(file: str) -> str:
    stem = file.rpartition(".")[0] or file
    return (masked(stem) or stem).casefold()


def _stems(folders: Mapping[str, list[str]]) -> dict[str, set[str]]:
    """For every folder, the files in it and below by their path inside without endings."""
    found: dict[str, set[str]] = defaultdict(set)
    for path, files in folders.items():
        pieces = path.split("/")
        for depth in range(1, len(pieces) + 1):
            inner = "/".join([*pieces[depth:], ""]).casefold()
            found["/".join(pieces[:depth])] |= {inner + _stem(file) for file in files}
    return found


def _match(above: str, image: str, mask: str, stems: Mapping[str, set[str]]) -> bool:
    """Whether at least half of the masks are named like pictures."""
    of, to = stems[_joined(above, mask)], stems[_joined(above, image)]
    return 2 * len(of & to) >= len(of)


def _mask_files(folders: Mapping[str, list[str]]) -> Iterable[str]:
    """Files such as ``cat_mask.png`` beside ``cat.png``, in folders where most files are one of such a pair."""
    for path, files in folders.items():
        stems = {(file.rpartition(".")[0] or file): file for file in files}
        owners = {file: owner for stem, file in stems.items() if (owner := masked(stem)) in stems}
        if len(owners) >= _FEWEST_MASKS and 2 * (len(owners) + len(set(owners.values()))) > len(files):
            yield from (_joined(path, file) for file in owners)
