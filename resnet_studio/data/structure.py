"""Which folders of a tree are classes: conventions are recognised, ambiguities are reported."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from resnet_studio.data.choices import Choices
from resnet_studio.data.doubt import Doubt, described, on_classes, ordered, shared_inside
from resnet_studio.data.folders import Folder
from resnet_studio.data.names import comparison_key, natural, shown
from resnet_studio.data.part_names import Meaning, Named, Part, assign_parts, is_fold, part_named
from resnet_studio.errors import DataError

Kind = Literal["classes", "parts", "parts-inside", "inner"]
# what the only folder in a test folder is called for the sake of tools that want one
_NO_CLASS = frozenset(("unknown", "all", "all_classes", "none", "unclassified", "dummy"))
_ABOUT = frozenset(("meta", "metadata"))
"""Folders beside the parts with pictures about the classes: a drawing of each sign, in GTSRB as Kaggle has it."""


@dataclass(frozen=True)
class Structure:
    """Where in the tree the classes are: below ``root``, as ``kind`` says; ``parts`` by the folders' names; the
    folders ``outside`` are left out.
    """

    root: Folder
    kind: Kind = "classes"
    parts: Mapping[str, Part] = field(default_factory=dict)
    unlabelled: tuple[str, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    outside: tuple[str, ...] = ()


def read(root: Folder, choices: Choices) -> Structure:
    """What the tree below ``root`` means, as far as ``choices`` leave it open; raises :class:`DataError`."""
    if choices.folder:
        root = _chosen_folder(root, choices.folder)
    if choices.layout != "auto":
        return _as_chosen(root, choices)
    unlabelled: tuple[str, ...] = ()
    doubts: list[Doubt] = []
    while True:
        if (found := _recognised(root, unlabelled)) is not None:
            return replace(found, doubts=(*doubts, *found.doubts))
        if (chosen := _beside_flat_parts(root)) is not None:
            flat = tuple(top.path for name, top in root.inside.items() if _is_flat_part(name, top))
            others = [name for name, top in root.inside.items() if top is not chosen and top.path not in flat]
            doubts += [Doubt("outside", ordered(others))] if others else []
            root, unlabelled = chosen, (*unlabelled, *flat)
        elif (inner := _wrapped(root)) is not None:
            root = inner
        else:
            return Structure(root, "classes", {}, unlabelled, (*doubts, *on_classes(root)))


def _wrapped(root: Folder) -> Folder | None:
    """The one folder of ``root``, where it is no class with one folder inside."""
    if len(root.inside) != 1:
        return None
    (only,) = root.inside.values()
    return only if len(only.inside) > 1 or (only.nothing_loose and len(only.inside) == 1) else None


def _recognised(root: Folder, unlabelled: tuple[str, ...]) -> Structure | None:
    """What ``root`` is where its folders are called and built as is customary."""
    tops = root.inside
    if parts := _parts(root):
        more = tuple(top.path for name, top in tops.items() if name not in parts and _is_flat_part(name, top))
        doubts = list(_doubts_on_parts(root, parts, more))
        return Structure(root, "parts", parts, (*unlabelled, *more), tuple(doubts))
    if found := _groups(root):
        return found
    folds = len(tops) > 1 and all(is_fold(name) and top.nothing_loose for name, top in tops.items())
    if folds and (shared := shared_inside(tops.values())):
        return Structure(root, "inner", {}, unlabelled, (Doubt("folds", ordered(tops), shared),))
    if parts := _parts_inside(tops):
        return Structure(root, "parts-inside", parts, unlabelled, (described("parts_in_classes", parts),))
    return None


def _parts(root: Folder) -> dict[str, Part]:
    """The folders of ``root`` that are parts; nothing unless one is for training and another is not."""
    named = {
        name: known
        for name, top in root.inside.items()
        if top.nested and (known := part_named(name)) and known.meaning != "unlabelled" and not _is_flat_part(name, top)
    }
    plain = {name: known for name, known in named.items() if not known.rest}
    customary = {name: known for name, known in plain.items() if known.customary}
    if _is_split(customary):
        others = {name: known for name, known in plain.items() if name not in customary}
        matching = [name for name in others if _classes_meet(root, customary, {name: others[name]})]
        return assign_parts({name: plain[name].meaning for name in plain if name in customary or name in matching})
    by_rest: dict[tuple[str, ...], dict[str, Named]] = defaultdict(dict)
    for name, known in named.items():
        by_rest[known.rest][name] = known
    qualified = {name: known for name, known in named.items() if known.qualified}
    for group in (plain, qualified, *by_rest.values()):
        if _is_split(group) and _classes_meet(root, group, group):
            return assign_parts({name: known.meaning for name, known in group.items()})
    return {}


def _is_split(named: Mapping[str, Named]) -> bool:
    meanings = {known.meaning for known in named.values()}
    return "train" in meanings and len(meanings) > 1


def _classes_meet(root: Folder, training: Mapping[str, Named], others: Mapping[str, Named]) -> bool:
    """Whether a folder for training and one of ``others`` that is not hold a class of the same name."""
    learnt = {
        comparison_key(kind)
        for name, known in training.items()
        if known.meaning == "train"
        for kind in root.inside[name].inside
    }
    held = {
        comparison_key(kind)
        for name, known in others.items()
        if known.meaning != "train" or others is not training
        for kind in root.inside[name].inside
    }
    return bool(learnt & held)


def _is_flat_part(name: str, folder: Folder) -> bool:
    """Whether ``folder`` is called like a part that is not for training and holds nothing but loose pictures."""
    known = part_named(name)
    if known is None or known.meaning == "train":
        return False
    if folder.nested and not folder.loose and len(folder.inside) == 1:
        (inner,) = folder.inside
        below = part_named(inner)
        return inner.casefold() in _NO_CLASS or (below is not None and below.meaning == "unlabelled")
    return not folder.nested


def _beside_flat_parts(root: Folder) -> Folder | None:
    """The one folder of ``root`` that has classes where all others are flat and called like parts (or as being about
    these), or are for training too and have the same classes: of those the largest.
    """
    tops = root.inside
    others = {name: top for name, top in tops.items() if not _is_flat_part(name, top)}
    if len(tops) < 2 or not others:
        return None
    largest = max(others.values(), key=lambda top: top.pictures)
    if len(others) == 1 and len(tops) > 1 and _parts(largest):
        return largest
    training = {
        name: top for name, top in others.items()
        if len(top.inside) > 1 and (known := part_named(name)) and known.meaning == "train"
    }  # fmt: skip
    flat = len(others) < len(tops)
    if len(training) != 1 and not (flat and shared_inside(training.values())):
        return None
    about = flat and all(name in training or name.casefold() in _ABOUT for name in others)
    largest = max(training.values(), key=lambda top: top.pictures)
    return largest if len(training) == len(others) or about else None


def _groups(root: Folder) -> Structure | None:
    """Folders that each hold training, validation and test folders of the same classes."""
    tops = root.inside
    if len(tops) < 2:
        return None
    parts = {name: _parts(top) for name, top in tops.items()}
    if not all(parts.values()):
        return None
    if not shared_inside(Folder("", 0, _all_classes(top, parts[name])) for name, top in tops.items()):
        return None
    if all(map(is_fold, tops)):
        # the same pictures split differently in each: one cut is a data set, all of them together are none
        first = min(tops, key=natural)
        found = _recognised(tops[first], ())
        assert found is not None
        others = tuple(name for name in ordered(tops) if name != first)
        return Structure(found.root, found.kind, found.parts, found.unlabelled, (Doubt("one_fold", others),))
    flattened = {f"{name}/{part}": meaning for name in tops for part, meaning in parts[name].items()}
    return Structure(root, "parts", flattened, (), (described("parts", flattened),))


def _all_classes(top: Folder, parts: Mapping[str, Part]) -> dict[str, Folder]:
    return {kind: inner for part in parts for kind, inner in top.inside[part].inside.items()}


def _parts_inside(tops: Mapping[str, Folder]) -> dict[str, Part]:
    """The parts that lie inside of every one of the classes ``tops``; nothing where they do not."""
    if len(tops) < 2 or not all(top.nothing_loose for top in tops.values()):
        return {}
    meanings: dict[str, Meaning] = {}
    for top in tops.values():
        for name in top.inside:
            known = part_named(name)
            if known is None or known.rest or known.meaning == "unlabelled":
                return {}
            meanings[name] = known.meaning
    parts = assign_parts(meanings)
    return parts if "train" in parts.values() and len(set(parts.values())) > 1 else {}


def _doubts_on_parts(root: Folder, parts: Mapping[str, Part], flat: Sequence[str]) -> Iterable[Doubt]:
    if not all((known := part_named(name)) and known.customary for name in parts):
        yield described("parts", parts)
    others = [name for name, top in root.inside.items() if name not in parts and top.path not in flat]
    if others:
        yield Doubt("outside", ordered(others))


def _chosen_folder(root: Folder, path: str) -> Folder:
    """The folder ``path``, given from the top or from where everything is unwrapped."""
    wanted = path.replace("\\", "/").strip("/").removeprefix("./")
    start = root
    while True:
        for folder in _below(start):
            if folder.path == wanted or (start.path and folder.path == f"{start.path}/{wanted}"):
                return folder
        inner = _wrapped(start)
        if inner is None:
            raise DataError("error.data.no_folder", folder=shown(path), known=list(ordered(start.inside))[:20])
        start = inner


def _below(root: Folder) -> Iterable[Folder]:
    waiting = list(root.inside.values())
    while waiting:
        at = waiting.pop()
        yield at
        waiting += at.inside.values()


def _as_chosen(root: Folder, choices: Choices) -> Structure:
    kind = choices.layout
    assert kind != "auto"
    while True:
        parts = assign_parts({name: known.meaning for name in root.inside if (known := part_named(name))})
        if kind == "parts" and "train" in parts.values():
            return Structure(root, kind, parts)
        inner = _wrapped(root)
        if inner is None:
            break
        root = inner
    if kind == "parts":
        raise DataError("error.data.no_parts", found=list(ordered(root.inside))[:20])
    if kind == "parts-inside":
        below = {name for top in root.inside.values() for name in top.inside}
        parts = assign_parts({name: known.meaning for name in below if (known := part_named(name))})
        if "train" not in parts.values():
            raise DataError("error.data.no_parts", found=list(ordered(below))[:20])
        return Structure(root, kind, parts)
    return Structure(root, kind)
