"""Classes that are in the names of the files: ``cat_001.jpg``, ``cat.12.jpg``, ``001_cat.jpg``, where all agree.

So are Oxford's pets (``yorkshire_terrier_12.jpg``), and Kaggle's dogs and cats: ``train/cat.0.jpg`` beside a folder of
pictures without labels, ``test1/1.jpg``.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from resnet_studio.data.doubt import Doubt
from resnet_studio.data.part_names import is_wrapper, part_named
from resnet_studio.data.table_labels import TableLayout, with_parts
from resnet_studio.data.table_rows import TableRow

_NUMBER_LAST = re.compile(r"^([^\W\d_]\D*?)[\s_.\-]*\(?\d+\)?$")
_NUMBER_FIRST = re.compile(r"^\d+[\s_.\-]+([^\W\d_]\D*)$")
_BETWEEN = re.compile(r"[\s_.\-]+")
_CAMERAS = frozenset((
    "img", "image", "images", "dsc", "dscn", "dscf", "pxl", "p", "photo", "picture", "pic", "frame", "screenshot",
    "whatsapp", "whatsapp image", "mvimg", "gopr", "dji", "file", "scan", "capture", "snapshot", "sample", "test",
    "train", "val", "valid", "validation", "copy", "edit", "edited", "download", "downloads", "unnamed", "untitled",
    "index", "new", "foto", "bild", "imagen", "received", "signal", "mmexport", "wechatimg", "fb", "inshot", "pano",
    "burst", "screenrecord", "照片", "图片", "图像", "截图", "屏幕截图", "微信图片", "微信截图", "未命名", "下载",
))  # fmt: skip


def by_file_names(names: Sequence[str]) -> TableLayout | None:
    """The layout of pictures that say their class in their ``names``, each class with several numbers.

    None unless all do, but for those of whole folders that are called as if they had no labels, or held a test.
    """
    labels = {name: _label(name) for name in names}
    folders: dict[str, list[str]] = defaultdict(list)
    for name in names:
        folders[name.rpartition("/")[0]].append(name)
    rows = {
        name: labels[name]
        for folder, inside in folders.items()
        if any(labels[name] for name in inside) or not _may_lack_labels(folder)
        for name in inside
    }
    counts = Counter(label for label in rows.values() if label)
    if sum(counts.values()) < len(rows) or len(counts) < 2 or min(counts.values()) < 2 or len(counts) > len(rows) / 3:
        return None
    found = with_parts({name: TableRow(label) for name, label in rows.items() if label})
    return TableLayout("", {}, doubts=(Doubt("file_names", tuple(sorted(counts))),), rows=found)


def say_no_class(folders: Iterable[str]) -> bool:
    """Whether ``folders``, where they would be the classes, say no more than that pictures are inside, or a part.

    >>> say_no_class(["images"]), say_no_class(["train"]), say_no_class(["cat"])
    (True, True, False)
    """
    return all(is_wrapper(name) or ((part := part_named(name)) and part.qualified) for name in folders)


def _label(name: str) -> str:
    """The class in the name of a file; empty where there is none."""
    stem = name.rpartition("/")[2].rpartition(".")[0]
    match = _NUMBER_LAST.match(stem) or _NUMBER_FIRST.match(stem)
    label = match[1].strip() if match else ""
    words = _BETWEEN.sub(" ", label.lower()).split()
    return "" if not words or (words[0] in _CAMERAS and (len(words) == 1 or "_" in label)) else label


def _may_lack_labels(folder: str) -> bool:
    meanings = {part.meaning for piece in folder.split("/") if (part := part_named(piece)) and part.qualified}
    return bool(meanings) and "train" not in meanings
