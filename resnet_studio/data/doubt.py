"""What the names of folders do not settle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from resnet_studio.data.folders import Folder
from resnet_studio.data.names import comparison_key, natural
from resnet_studio.data.part_names import PARTS, Part, part_named


@dataclass(frozen=True)
class Doubt:
    """Something that names do not settle, or that was recognised by less than the usual names.

    Recognised: ``parts`` and ``parts_in_classes`` (``folders`` are read as the parts ``inside``, one each),
    ``folds`` (all ``folders`` hold the classes ``inside``), ``one_fold`` (``folders`` are the same cut anew, and left
    out), ``outside`` (``folders`` beside the parts, left out), ``again`` (``folders`` hold all
    the classes ``inside`` once more, and are left out). Not settled: ``variants`` (all ``folders`` hold the
    folders ``inside``, and are classes), ``nested`` (all ``folders`` are classes that hold nothing but folders with
    names of their own, ``inside``, which may be the classes), ``train_folder`` (``folders`` are classes, one called
    like a training part with classes ``inside``), ``some_parts`` (some classes, ``folders``, hold the parts
    ``inside``), ``only_masks`` (classes, ``folders``, that look like masks of the pictures in the other). Not from
    folders at all: ``table`` (the classes come from the tables ``folders``), ``table_part`` (these say the classes of a
    part without class folders), ``table_parts`` (these say the parts), ``table_missing`` (these name files that are not
    here, such as ``folders``, in all ``inside``), ``table_conflict`` (they give the pictures ``folders`` two labels),
    ``file_names`` (the classes ``folders`` are what the files are called). ``set_aside``: see
    :mod:`.set_aside`; ``tracks``, which the tables ``folders`` say: see :mod:`.tracks`. ``column``: of a
    table, ``folders``, the first of the columns ``inside`` is taken for the labels, and none is called so; ``columns``:
    all of them are; ``lists``: the lists ``folders`` are taken for the labels, of the kinds ``inside`` the first.
    """

    kind: Literal[
        "parts", "parts_in_classes", "folds", "one_fold", "outside", "again", "variants", "nested", "train_folder",
        "some_parts", "only_masks", "table", "table_part", "table_parts", "table_missing", "table_conflict",
        "file_names", "set_aside", "tracks", "column", "columns", "lists",
    ]  # fmt: skip
    folders: tuple[str, ...]
    inside: tuple[str, ...] = ()


def on_classes(root: Folder) -> Iterable[Doubt]:
    """What is ambiguous where the folders of ``root`` are read as classes."""
    tops = root.inside
    if len(tops) < 2:
        return
    if all(top.nothing_loose for top in tops.values()) and len(shared := shared_inside(tops.values())) > 1:
        yield Doubt("variants", ordered(tops), shared)
        return
    training = [
        name for name, top in tops.items()
        if len(top.inside) > 1 and (known := part_named(name)) and known.meaning == "train" and not known.rest
    ]  # fmt: skip
    if training:
        yield Doubt("train_folder", ordered(training), ordered(tops[training[0]].inside))
    elif nested := _named_inside(tops.values()):
        yield Doubt("nested", ordered(tops), nested)
    with_parts = [name for name, top in tops.items() if _holds_parts(top)]
    if with_parts:
        inside = {each for name in with_parts for each in tops[name].inside}
        yield Doubt("some_parts", ordered(with_parts), ordered(inside))


def _named_inside(tops: Iterable[Folder]) -> tuple[str, ...]:
    """The folders in ``tops`` where these hold nothing else, and all are called by words of their own, as classes are:
    numbers are of objects and days, and what several of ``tops`` hold are rooms and cameras.
    """
    found = [name for top in tops if top.nothing_loose for name in top.inside]
    alone = all(top.nothing_loose and top.inside for top in tops) and any(len(top.inside) > 1 for top in tops)
    words = all(not any(map(str.isdigit, name)) and part_named(name) is None for name in found)
    return ordered(found) if alone and words and len(set(map(comparison_key, found))) == len(found) else ()


def _holds_parts(top: Folder) -> bool:
    named = [part_named(name) for name in top.inside]
    meanings = {known.meaning for known in named if known and not known.rest}
    return "train" in meanings and len(meanings) > 1


def described(kind: Literal["parts", "parts_in_classes"], parts: Mapping[str, Part]) -> Doubt:
    """What says that the folders ``parts`` are read as parts."""
    folders = sorted(parts, key=lambda name: (PARTS.index(parts[name]), natural(name)))
    return Doubt(kind, tuple(folders), tuple(parts[name] for name in folders))


def ordered(names: Iterable[str]) -> tuple[str, ...]:
    """``names`` in their natural order."""
    return tuple(sorted(names, key=natural))


def shared_inside(folders: Iterable[Folder]) -> tuple[str, ...]:
    """The names of folders that lie in every one of ``folders``, where these are at least half of all names."""
    inside = [{comparison_key(name): name for name in folder.inside} for folder in folders]
    common = set.intersection(*(set(names) for names in inside)) if inside else set()
    every = {key: name for names in inside for key, name in names.items()}
    return ordered(every[key] for key in common) if 2 * len(common) >= len(every) else ()
