"""Which folders of a tree are classes: conventions are recognised, ambiguities are reported."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from resnet_studio.data.choices import Choices
from resnet_studio.data.doubt import Doubt
from resnet_studio.data.folders import Folder
from resnet_studio.data.names import comparison_key, natural, shown
from resnet_studio.data.part_names import PARTS, Meaning, Named, Part, assign_parts, is_fold, part_named
from resnet_studio.errors import DataError

Kind = Literal["classes", "parts", "parts-inside", "inner"]
# what the only folder in a test folder is called for the sake of tools that want one
_NO_CLASS = frozenset(("unknown", "all", "all_classes", "none", "unclassified", "dummy"))


@dataclass(frozen=True)
class Structure:
    """Where in the tree the classes are: below ``root``, as ``kind`` says; ``parts`` by the folders' names."""

    root: Folder
    kind: Kind = "classes"
    parts: Mapping[str, Part] = field(default_factory=dict)
    unlabelled: tuple[str, ...] = ()
    doubts: tuple[Doubt, ...] = ()


def read(root: Folder, choices: Choices) -> Structure:
    """What the tree below ``root`` means, as far as ``choices`` leave it open; raises :class:`DataError`."""
    if choices.folder:
        root = _chosen_folder(root, choices.folder)
    if choices.layout != "auto":
        return _as_chosen(root, choices)
    unlabelled: tuple[str, ...] = ()
    while True:
        if (found := _recognised(root, unlabelled)) is not None:
            return found
        if (train := _flat_test(root)) is not None:
            flat = tuple(folder.path for folder in root.inside.values() if folder is not train)
            root, unlabelled = train, (*unlabelled, *flat)
        elif (inner := _wrapped(root)) is not None:
            root = inner
        else:
            return Structure(root, "classes", {}, unlabelled, tuple(_doubts(root)))


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
    if folds and (shared := _shared(tops.values())):
        return Structure(root, "inner", {}, unlabelled, (Doubt("folds", _ordered(tops), shared),))
    if parts := _parts_inside(tops):
        return Structure(root, "parts-inside", parts, unlabelled, (_described("parts_in_classes", parts),))
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


def _flat_test(root: Folder) -> Folder | None:
    """The training folder where it alone holds class folders, and all others are flat and called like parts."""
    training = [
        top for name, top in root.inside.items()
        if len(top.inside) > 1 and (known := part_named(name)) and known.meaning == "train"
    ]  # fmt: skip
    if len(training) != 1 or len(root.inside) < 2:
        return None
    flat = all(top is training[0] or _is_flat_part(name, top) for name, top in root.inside.items())
    return training[0] if flat else None


def _groups(root: Folder) -> Structure | None:
    """Folders that each hold training, validation and test folders of the same classes."""
    tops = root.inside
    if len(tops) < 2:
        return None
    parts = {name: _parts(top) for name, top in tops.items()}
    if not all(parts.values()):
        return None
    if not _shared(Folder("", 0, _all_classes(top, parts[name])) for name, top in tops.items()):
        return None
    if all(map(is_fold, tops)):
        # the same pictures split differently in each: one cut is a data set, all of them together are none
        first = min(tops, key=natural)
        found = _recognised(tops[first], ())
        assert found is not None
        others = tuple(name for name in _ordered(tops) if name != first)
        return Structure(found.root, found.kind, found.parts, found.unlabelled, (Doubt("one_fold", others),))
    flattened = {f"{name}/{part}": meaning for name in tops for part, meaning in parts[name].items()}
    return Structure(root, "parts", flattened, (), (_described("parts", flattened),))


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


def _shared(folders: Iterable[Folder]) -> tuple[str, ...]:
    """The names of folders that lie in every one of ``folders``, where these are at least half of all names."""
    inside = [{comparison_key(name): name for name in folder.inside} for folder in folders]
    common = set.intersection(*(set(names) for names in inside)) if inside else set()
    every = {key: name for names in inside for key, name in names.items()}
    return _ordered(every[key] for key in common) if 2 * len(common) >= len(every) else ()


def _doubts_on_parts(root: Folder, parts: Mapping[str, Part], flat: Sequence[str]) -> Iterable[Doubt]:
    if not all((known := part_named(name)) and known.customary for name in parts):
        yield _described("parts", parts)
    others = [name for name, top in root.inside.items() if name not in parts and top.path not in flat]
    if others:
        yield Doubt("outside", _ordered(others))


def _doubts(root: Folder) -> Iterable[Doubt]:
    """What is ambiguous where the folders of ``root`` are read as classes."""
    tops = root.inside
    if len(tops) < 2:
        return
    if all(top.nothing_loose for top in tops.values()) and len(shared := _shared(tops.values())) > 1:
        yield Doubt("variants", _ordered(tops), shared)
        return
    training = [
        name for name, top in tops.items()
        if len(top.inside) > 1 and (known := part_named(name)) and known.meaning == "train" and not known.rest
    ]  # fmt: skip
    if training:
        yield Doubt("train_folder", _ordered(training), _ordered(tops[training[0]].inside))
    elif nested := _named_inside(tops.values()):
        yield Doubt("nested", _ordered(tops), nested)
    with_parts = [name for name, top in tops.items() if _holds_parts(top)]
    if with_parts:
        inside = {each for name in with_parts for each in tops[name].inside}
        yield Doubt("some_parts", _ordered(with_parts), _ordered(inside))


def _named_inside(tops: Iterable[Folder]) -> tuple[str, ...]:
    """The folders in ``tops`` where these hold nothing else, and all are called by words of their own, as classes are:
    numbers are of objects and days, and what several of ``tops`` hold are rooms and cameras.
    """
    found = [name for top in tops if top.nothing_loose for name in top.inside]
    alone = all(top.nothing_loose and top.inside for top in tops) and any(len(top.inside) > 1 for top in tops)
    words = all(not any(map(str.isdigit, name)) and part_named(name) is None for name in found)
    return _ordered(found) if alone and words and len(set(map(comparison_key, found))) == len(found) else ()


def _holds_parts(top: Folder) -> bool:
    named = [part_named(name) for name in top.inside]
    meanings = {known.meaning for known in named if known and not known.rest}
    return "train" in meanings and len(meanings) > 1


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
            raise DataError("error.data.no_folder", folder=shown(path), known=list(_ordered(start.inside))[:20])
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
        raise DataError("error.data.no_parts", found=list(_ordered(root.inside))[:20])
    if kind == "parts-inside":
        below = {name for top in root.inside.values() for name in top.inside}
        parts = assign_parts({name: known.meaning for name in below if (known := part_named(name))})
        if "train" not in parts.values():
            raise DataError("error.data.no_parts", found=list(_ordered(below))[:20])
        return Structure(root, kind, parts)
    return Structure(root, kind)


def _described(kind: Literal["parts", "parts_in_classes"], parts: Mapping[str, Part]) -> Doubt:
    folders = sorted(parts, key=lambda name: (PARTS.index(parts[name]), natural(name)))
    return Doubt(kind, tuple(folders), tuple(parts[name] for name in folders))


def _ordered(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(names, key=natural))
