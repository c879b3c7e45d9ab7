"""Folders beside the classes that are called as if nobody had labelled their pictures: no classes, but set aside."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import replace

from resnet_studio.data import structure
from resnet_studio.data.choices import Choices
from resnet_studio.data.doubt import Doubt
from resnet_studio.data.folders import Folder
from resnet_studio.data.names import natural
from resnet_studio.data.part_names import part_named
from resnet_studio.data.structure import Structure

_FEWEST_CLASSES = 2
_SAYS_NO_LABEL = re.compile(
    "(?:un|not|no|without|to|tobe|yetto|yettobe)"
    "(?:labell?ed|labels?|annotated|annotations?|annotate|sorted|sort|classified|classify|tagged|tags?)"
    "|(?:未|无|待|没有?)(?:标注|标记|标签|分类|整理|打标|打标签|归类)"
)
_PICTURES = re.compile(
    "(?:images?|imgs?|pictures?|pics?|photos?|data|files?|samples?|set|图片|图像|照片|数据|样本|的)+"
)


def says_no_label(folder: str) -> bool:
    """Whether a folder is called as if nobody had labelled its pictures.

    >>> [says_no_label(name) for name in ("Unlabeled_images", "to label", "未标注", "unlabelled bottles", "label")]
    [True, True, True, False, False]
    """
    bare = re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", folder).casefold())
    return any(_SAYS_NO_LABEL.fullmatch(each) for each in (bare, _PICTURES.sub("", bare)))


def names_set_aside(folders: Collection[str]) -> set[str]:
    """Those of ``folders`` that are no classes beside the others.

    None where less than two others would be left: of bottles with and without a label, both are classes.
    """
    aside = {name for name in folders if says_no_label(name)}
    return aside if len(set(folders) - aside) >= _FEWEST_CLASSES else set()


def read(root: Folder, choices: Choices) -> Structure:
    """What the tree below ``root`` means, with such folders among the unlabelled ones, and a doubt that says so.

    What lies beside them is read as if they were not there: ``labelled/{cat,dog}`` beside ``unlabelled``.
    Raises :class:`DataError` as :func:`structure.read` does.
    """
    found = structure.read(root, choices)
    if choices.with_unlabelled:
        return found
    if choices.layout != "classes":
        found = _without_tops(found, replace(choices, folder=""))
    return _without_classes(found)


def _without_tops(found: Structure, choices: Choices) -> Structure:
    """``found``, or what it is without the top folders called so, where at least two classes are left then."""
    tops = found.root.inside
    aside = [name for name in tops if name not in found.parts and says_no_label(name)]
    aside = [name for name in aside if tops[name].path not in found.unlabelled]
    same = any(doubt.kind == "variants" for doubt in found.doubts)  # as of bottles with a label and without, by kind
    if not aside or (same and not any(part_named(name) for name in tops if name not in aside)):
        return found
    others = {name: folder for name, folder in tops.items() if name not in aside}
    rest = structure.read(replace(found.root, inside=others), choices)
    classes = {name for name, _ in _class_folders(rest)}
    if len(classes - names_set_aside(classes)) < _FEWEST_CLASSES:
        return found
    paths = (tops[name].path for name in aside)
    said = () if rest.parts else (Doubt("set_aside", tuple(sorted(aside, key=natural))),)
    return replace(rest, unlabelled=(*found.unlabelled, *paths, *rest.unlabelled), doubts=(*rest.doubts, *said))


def _without_classes(found: Structure) -> Structure:
    """``found`` with class folders that are called so among the unlabelled ones."""
    folders = list(_class_folders(found))
    aside = names_set_aside({name for name, _ in folders})
    if not aside:
        return found
    paths = tuple(folder.path for name, folder in folders if name in aside)
    said = Doubt("set_aside", tuple(sorted(aside, key=natural)))
    return replace(found, unlabelled=(*found.unlabelled, *paths), doubts=(*found.doubts, said))


def _class_folders(found: Structure) -> Iterator[tuple[str, Folder]]:
    """The folders of all classes, with their names."""
    if found.kind in ("classes", "parts-inside"):
        yield from found.root.inside.items()
        return
    if found.kind == "inner":
        above = list(found.root.inside.values())
    else:
        above = [folder for path in found.parts if (folder := _at(found.root, path)) is not None]
    for folder in above:
        yield from folder.inside.items()


def _at(root: Folder, path: str) -> Folder | None:
    at: Folder | None = root
    for name in path.split("/"):
        at = at.inside.get(name) if at else None
    return at
