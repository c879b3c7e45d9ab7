"""Lines of Python that prepare a picture with numpy and Pillow alone, as :class:`resnet_studio.data.views.Framed`."""

from __future__ import annotations

from collections.abc import Sequence

from resnet_studio.data import pixels
from resnet_studio.data.views import LARGEST_ASPECT
from resnet_studio.model.card import Card
from resnet_studio.model.export import (
    HEIC,
    IMPORTS,
    PILLOW,
    copied,
    padded,
    read_lines,
    reduced_lines,
    script_lines,
    squeezed,
)
from resnet_studio.model.preprocess import Preprocessing
from resnet_studio.text import Language, say


def program(
    card: Card,
    imports: Sequence[str],
    loading: Sequence[str],
    answering: Sequence[str],
    language: Language,
    *,
    tells_unlike: bool = False,
) -> str:
    """Code around the lines of one runtime: its ``imports``, those for ``loading`` a file, and ``answering``, which
    define ``predict(path)``; pictures are read and prepared before.
    """
    gap = ("", "")
    return "\n".join(
        [
            *IMPORTS, *imports, PILLOW, *HEIC, "", *loading, *gap, *preparation(card, language), *gap, *answering, *gap,
            *script_lines(tells_unlike), "",
        ]
    )  # fmt: skip


def preparation(card: Card, language: Language) -> list[str]:
    """``framed(picture)``, an RGB square, and ``pixels_of(path)``, uint8 [crop, crop, 3]."""
    preprocessing = card.preprocessing
    reduces = bool(preprocessing.native_side)
    frame = {"crop": _cropped, "pad": padded, "squeeze": squeezed}[preprocessing.fit]
    drawing = reduces_drawings(card)
    return [
        *(reduced_lines(preprocessing, language) if reduces else []),
        "def framed(picture):",
        f'    """{say(f"export.fit.{preprocessing.fit}", language)}"""',
        *(["    picture = reduced(picture)"] if reduces and preprocessing.reduces == "all" else []),
        *frame(preprocessing, language),
        "",
        "",
        *read_lines(card, language),
        "",
        "",
        *(
            [
                "def pixels_of(path, drawing=False):",
                "    picture = reduced(read(path)) if drawing else read(path)",
                "    return np.asarray(framed(picture))",
            ]
            if drawing
            else ["def pixels_of(path):", "    return np.asarray(framed(read(path)))"]
        ),
        *(line for function in pixels.EXPORTED for line in ("", "", *copied(function, language))),
    ]


def reduces_drawings(card: Card) -> bool:
    """Whether drawings made for the model are prepared in another way than pictures."""
    return bool(card.preprocessing.native_side) and card.preprocessing.reduces == "drawings"


def normalised(preprocessing: Preprocessing) -> list[str]:
    """``normalised(pixels)``: float32 [3, crop, crop] of uint8 [crop, crop, 3]."""
    return [
        "def normalised(pixels):",
        "    values = pixels.astype(np.float32) / 255",
        f"    values = (values - np.float32({list(preprocessing.mean)})) / np.float32({list(preprocessing.std)})",
        "    return np.ascontiguousarray(values.transpose(2, 0, 1))",
    ]


def _cropped(preprocessing: Preprocessing, language: Language) -> list[str]:
    """As ``Resize`` and ``CenterCrop`` of torchvision do: the same sizes, the same rounding."""
    resize, crop = preprocessing.resize, preprocessing.crop
    return [
        "    width, height = picture.size",
        f"    longest = {LARGEST_ASPECT} * min(width, height)",
        f"    if max(width, height) > longest:  # {say('export.middle', language)}",
        "        left, top = max(0, (width - longest) // 2), max(0, (height - longest) // 2)",
        "        picture = picture.crop((left, top, left + min(width, longest), top + min(height, longest)))",
        "        width, height = picture.size",
        f"    long = int({resize} * max(width, height) / min(width, height))",
        f"    size = ({resize}, long) if width <= height else (long, {resize})",
        "    if size != picture.size:",
        "        picture = picture.resize(size, Image.Resampling.BILINEAR)",
        f"    left, top = round((picture.width - {crop}) / 2), round((picture.height - {crop}) / 2)",
        f"    return picture.crop((left, top, left + {crop}, top + {crop}))",
    ]
