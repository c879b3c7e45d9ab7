"""What the names of folders say: training, validation or test; folds; pictures beside their masks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Part = Literal["train", "validation", "test"]
PARTS: tuple[Part, ...] = ("train", "validation", "test")

# "evaluation" is a second name of either held-out part: see :func:`assign_parts`
Meaning = Literal["train", "validation", "test", "evaluation", "unlabelled"]
_CUSTOMARY: Mapping[str, Meaning] = {
    "train": "train", "training": "train", "val": "validation", "valid": "validation", "validation": "validation",
    "test": "test", "testing": "test",
}  # fmt: skip
_WORDS: Mapping[str, Meaning] = {
    **_CUSTOMARY, "trn": "train", "trainval": "train", "validate": "validation", "validating": "validation",
    "dev": "validation", "devel": "validation", "development": "validation", "tst": "test", "holdout": "test",
    "eval": "evaluation", "evaluation": "evaluation", "pred": "unlabelled", "predict": "unlabelled",
    "prediction": "unlabelled", "unlabeled": "unlabelled", "unlabelled": "unlabelled", "inference": "unlabelled",
    "训练": "train", "训练集": "train", "验证": "validation", "验证集": "validation", "测试": "test", "测试集": "test",
    "訓練": "train", "訓練集": "train", "驗證": "validation", "驗證集": "validation", "測試": "test", "測試集": "test",
    "validierung": "validation", "entrenamiento": "train", "validación": "validation", "prueba": "test",
    "entraînement": "train", "entrainement": "train", "treino": "train", "teste": "test", "学習": "train",
    "検証": "validation", "テスト": "test",
}  # fmt: skip
_FILLERS = frozenset((
    "set", "sets", "data", "dataset", "datasets", "image", "images", "img", "imgs", "jpeg", "jpegs", "jpg",
    "png", "picture", "pictures", "pic", "pics", "photo", "photos", "split", "splits", "subset", "folder",
    "folders", "dir", "directory", "file", "files", "sample", "samples", "class", "classes", "labeled",
    "labelled",
))  # fmt: skip
_QUALIFIERS = frozenset((
    "public", "private", "small", "large", "big", "mini", "tiny", "full", "final", "new", "old", "extra",
    "part", "original", "resized", "cropped",
))  # fmt: skip
_PIECES = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+|[^\W\d_A-Za-z]+")
_JOINED = re.compile(rf"({'|'.join(_CUSTOMARY)}|dev|eval)({'|'.join(sorted(_FILLERS, key=len, reverse=True))})")
_SHARES = _FILLERS - {"class", "classes", "labeled", "labelled"} | {"part"}
_FOLD = re.compile(r"(?:k?folds?|splits?|parts?|sets?|batch|batches|cv|chunk|shard|subset|round|session)[ _-]*\d{1,3}")
_WRAPPERS = frozenset((
    "image", "images", "img", "imgs", "jpegimages", "jpg", "jpeg", "png", "picture", "pictures", "pic", "pics",
    "photo", "photos", "data", "dataset",
))  # fmt: skip
_IMAGES = _WRAPPERS | {"rgb", "original", "originals", "raw", "input", "inputs"}
_MASKS = frozenset((
    "mask", "masks", "label", "labels", "annotation", "annotations", "annot", "segmentation", "segmentations",
    "segmented", "seg", "segs", "gt", "groundtruth", "groundtruths", "trimap", "trimaps", "contour", "contours",
    "segmentationclass", "segmentationobject",
))  # fmt: skip
_MASK_FILE = re.compile(r"(.+?)[ _.-]*(?:mask|seg|segmentation|groundtruth|gt|label)(?:[ _-]?\d{1,2})?", re.IGNORECASE)


@dataclass(frozen=True)
class Named:
    """A folder named like a part: ``rest`` are the words besides; ``customary`` names need no further evidence."""

    meaning: Meaning
    rest: tuple[str, ...]
    customary: bool

    @property
    def qualified(self) -> bool:
        """Whether nothing is left in the name but numbers and words such as ``public``."""
        return all(word.isdigit() or word in _QUALIFIERS for word in self.rest)


@lru_cache(maxsize=4096)
def part_named(folder: str) -> Named | None:
    """What a folder called ``folder`` says of its pictures; None where it is not called like a part."""
    plain = unicodedata.normalize("NFKC", folder).strip()
    if (meaning := _CUSTOMARY.get(plain.casefold())) is not None:
        return Named(meaning, (), customary=True)
    words = [word.casefold() for word in _PIECES.findall(plain)]
    # nothing may tell where a word ends: TRAINSET, testdata
    words = [part for word in words for part in _parted(word)]
    known = [word for word in words if word in _WORDS]
    if len(known) != 1:
        return None
    return Named(_WORDS[known[0]], tuple(word for word in words if word not in (*known, *_FILLERS)), customary=False)


def _parted(word: str) -> tuple[str, ...]:
    found = _JOINED.fullmatch(word)
    return (word,) if word in _WORDS or found is None else (found[1], found[2])


def assign_parts(meanings: Mapping[str, Meaning]) -> dict[str, Part]:
    """The part of each folder: ``evaluation`` is the validation part where there is no other, else the test part."""
    spoken_for = "validation" in meanings.values()
    held_out: Part = "test" if spoken_for else "validation"
    found: dict[str, Part] = {}
    for folder, meaning in meanings.items():
        if meaning == "evaluation":
            found[folder] = held_out
        elif meaning != "unlabelled":
            found[folder] = meaning
    return found


def is_fold(folder: str) -> bool:
    """Whether a folder is called like one of several equal shares: ``fold_1``, ``split2``."""
    return _FOLD.fullmatch(folder.casefold()) is not None


def are_shares(folders: Collection[str]) -> bool:
    """Whether ``folders`` are called like pieces of one heap of pictures.

    >>> are_shares(["images_001", "images_002"]), are_shares(["HAM10000_images_part_1", "HAM10000_images_part_2"])
    (True, True)
    >>> are_shares(["person1", "person2"]), are_shares(["1", "2"])
    (False, False)
    """
    alike = {re.sub(r"\d+", "#", folder.casefold()) for folder in folders}
    words = {word.casefold() for folder in folders for word in _PIECES.findall(folder)}
    return len(folders) > 1 and len(alike) == 1 and (bool(words & _SHARES) or all(map(is_fold, folders)))


def is_wrapper(folder: str) -> bool:
    """Whether a folder's name says no more than that pictures are inside."""
    return _bare(folder) in _WRAPPERS


def holds_images(folder: str) -> bool:
    """Whether a folder beside one of masks is called as if it held the pictures themselves."""
    return _bare(folder) in _IMAGES


def holds_masks(folder: str) -> bool:
    """Whether a folder beside one of pictures is called as if it held masks drawn for them."""
    return _bare(folder) in _MASKS


def masked(stem: str) -> str | None:
    """The stem of the picture that a mask called ``stem`` belongs to: ``cat_1`` for ``cat_1_mask``; None for none."""
    found = _MASK_FILE.fullmatch(stem)
    return found[1] if found else None


def _bare(folder: str) -> str:
    return re.sub(r"[\W_]+", "", folder.casefold())
