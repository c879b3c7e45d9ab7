"""Pictures of no user's class: written characters and the rendered things of the sample, few, the same each time.

A network that cannot tell even these from the pictures that it knows has no use for "none of these".
"""

from __future__ import annotations

import hashlib
import io
import random
import zipfile
from collections.abc import Collection, Sequence
from itertools import islice

from PIL import Image, ImageDraw

from resnet_studio.assets import asset

EACH = 32
FEWEST = 16
CHARACTERS = "0123456789ABEGHKRSWZ"


def strangers(contents: Collection[str] = ()) -> list[list[Image.Image]]:
    """The pictures of each kind, RGB, but for those whose files are among the ``contents`` of the user's set, as the
    things of the sample are for who trains on it. A kind of which few remain is left out.
    """
    return [kind for kind in (written(), things(contents=contents)) if len(kind) >= FEWEST]


def written(count: int = EACH) -> list[Image.Image]:
    """Characters, dark on light and light on dark."""
    draw, found = random.Random(0), []
    for number in range(count):
        side, ink = draw.choice((24, 48, 96)), 255 * (number % 2)
        page = Image.new("L", (side, side), 255 - ink)
        ImageDraw.Draw(page).text((side / 4, 0), draw.choice(CHARACTERS), fill=ink, font_size=0.8 * side)
        found.append(page.rotate(draw.uniform(-15, 15), fillcolor=255 - ink).convert("RGB"))
    return found


def things(count: int = EACH, contents: Collection[str] = ()) -> list[Image.Image]:
    """Some of the rendered things that come with the studio, of which no file is among ``contents``."""
    archive = asset("samples", "things.zip")
    if not archive.is_file():
        return []
    with zipfile.ZipFile(archive) as opened:
        names = sorted(name for name in opened.namelist() if name.lower().endswith((".jpg", ".png")))
        random.Random(0).shuffle(names)
        files = (opened.read(name) for name in names)
        others = (file for file in files if hashlib.sha256(file).hexdigest() not in contents)
        return [Image.open(io.BytesIO(file)).convert("RGB") for file in islice(others, count)]


def named(pictures: Sequence[Image.Image]) -> list[str]:
    """What each of ``pictures`` is known by: a hash of its pixels."""
    return [hashlib.sha256(f"{picture.size}".encode() + picture.tobytes()).hexdigest() for picture in pictures]


def separation(known: Sequence[float], unknown: Sequence[Sequence[float]]) -> float:
    """The mean area under the ROC curve with which a score tells each kind of ``unknown`` from ``known``."""
    import numpy as np

    ours = np.asarray(known)
    areas = []
    for kind in unknown:
        theirs = np.asarray(kind)[:, None]
        areas.append(float((theirs > ours).mean() + (theirs == ours).mean() / 2))
    return sum(areas) / len(areas)
