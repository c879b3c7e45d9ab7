"""How many planted near-duplicates are found, how many pairs nobody planted, and how long it takes.

    python benchmarks/near_duplicates.py ZIP [ZIP ...] [--most 3000] [--plant 240] [--network]

Each zip of pictures is searched as it is; then copies of ``--plant`` of its pictures, changed in each way, are added
and it is searched again. Measured on two cores that others used too:

| set | pictures | pairs as it is | resized | JPEG 40 | cropped to 80 % | mirrored | brightened | false pairs |
|---|---|---|---|---|---|---|---|---|
| photographs of cats and dogs | 240 | 0 | 1.00 | 1.00 | 1.00 | 1.00 | 1.00 | 0 |
| the same, by a network | 240 | 0 | 1.00 | 1.00 | 0.996 | 1.00 | 1.00 | 0 |
| CIFAR-10, 150 planted; the same by a network | 700 | 0 | 0.873 | 1.00 | 0.887 | 1.00 | 0.947 | 0 |
| CIFAR-10; the same six by a network | 3,000 | 6 | | | | | | 0: all six are copies, framed, cut, mirrored or in grey |
| scikit-learn's digits | 1,797 | 1 | | | | | | |
| rendered things, by a network | 294 | 0 | 1.00 | 1.00 | 1.00 | 1.00 | 1.00 | 0 |

Search by where pictures may lie in each other and by a network's features, on a machine with much else to do: 3.0 and
50.8 s for 700 pictures, 55 and 160 s for 3,000.

What the network makes of pictures, CPU milliseconds a picture (one thread), recall of crops of 80 % among the
photographs, the other changes at 1.00 and no false pair for all: third stage at 64 px 2.4, 0.996; at 40 px 1.1,
0.983; at 32 px 0.8, 0.967; second stage at 64 px 1.7, 0.996; at 48 px 1.0, 0.996, which is used. The second at 48 and
the third at 64 px: 150 planted in 700 of CIFAR-10 0.88 and 0.887 of the crops, in 900 of Tiny ImageNet 0.973 and
0.973, in the rendered things 0.99 and 0.99.
``check FOLDER --near-duplicates --json`` on 20,000 JPEGs of CIFAR-10, new workspace, idle machine: 50.0 s,
56.4 s of CPU, 1.24 GiB at most in memory; 2.3 s when asked again. Before:
20,000 pictures of CIFAR-10 from files: 29.5 s of CPU to decode and look at them, 14.8 s to compare; 206 pairs; 1.2 GB
at most in memory.

What each half does alone on the photographs: the correlation of the closest pair that is none is 0.81, that of crops of
80 % 0.905 at the first percentile, of all else 0.95; the cosine of features cannot part them (0.93 and 0.91).
"""

from __future__ import annotations

import argparse
import io
import random
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

sys.path.insert(0, str(Path(__file__).parent.parent))

from resnet_studio.data import likeness
from resnet_studio.model import starter_features

ENDINGS = (".jpg", ".jpeg", ".png", ".webp")


def encoded(image: Image.Image, quality: int) -> Image.Image:
    written = io.BytesIO()
    image.save(written, "JPEG", quality=quality)
    return Image.open(io.BytesIO(written.getvalue())).convert("RGB")


def cropped(image: Image.Image, draw: random.Random) -> Image.Image:
    width, height = round(0.8 * image.width), round(0.8 * image.height)
    left, top = draw.randrange(image.width - width + 1), draw.randrange(image.height - height + 1)
    return image.crop((left, top, left + width, top + height))


def changes(draw: random.Random) -> dict:
    return {
        "resized": lambda image: image.resize((max(1, image.width // 2), max(1, image.height // 2))),
        "JPEG 40": lambda image: encoded(image, 40),
        "cropped to 80 %": lambda image: cropped(image, draw),
        "mirrored": ImageOps.mirror,
        "brightened": lambda image: ImageEnhance.Brightness(image).enhance(1.3),
    }


def pictures(path: Path, most: int) -> list[tuple[str, Image.Image]]:
    with zipfile.ZipFile(path) as archive:
        names = sorted(name for name in archive.namelist() if name.lower().endswith(ENDINGS))
        random.Random(0).shuffle(names)
        return [(name, Image.open(io.BytesIO(archive.read(name))).convert("RGB")) for name in names[:most]]


def reduced(images: list[Image.Image]) -> np.ndarray:
    side = likeness.PIXELS_SIDE
    return np.stack([np.asarray(image.resize((side, side), Image.Resampling.BILINEAR)) for image in images])


def features(pixels: np.ndarray) -> np.ndarray:
    looking = starter_features.extract(pixels, "cpu")
    while True:
        try:
            next(looking)
        except StopIteration as stop:
            return stop.value


def searched(images: list[Image.Image], by_network: bool) -> tuple[likeness.Pairs, dict[str, float]]:
    times, begun = {}, time.perf_counter()
    pixels = reduced(images)
    times["reduced"], begun = time.perf_counter() - begun, time.perf_counter()
    found = features(pixels) if by_network else None
    times["features"], begun = time.perf_counter() - begun, time.perf_counter()
    pairs = likeness.near_duplicates(likeness.cells_of(pixels), found)
    times["compared"] = time.perf_counter() - begun
    return pairs, times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("zips", nargs="+", type=Path)
    parser.add_argument("--most", type=int, default=3000, help="pictures of each zip")
    parser.add_argument("--plant", type=int, default=240, help="pictures to plant changed copies of")
    parser.add_argument("--network", action="store_true", help="candidates by a network's features, as of large sets")
    options = parser.parse_args()
    for path in options.zips:
        named = pictures(path, options.most)
        names, images = [name for name, _ in named], [image for _, image in named]
        pairs, times = searched(images, options.network)
        spent = ", ".join(f"{what} {seconds:.1f} s" for what, seconds in times.items())
        print(f"{path.stem}: {len(images):,} pictures, {len(pairs.first)} pairs; {spent}", flush=True)
        for first, second, alike in list(zip(pairs.first, pairs.second, pairs.likeness, strict=True))[:12]:
            print(f"    {names[first]}  {names[second]}  {alike:.3f}")
        if not options.plant:
            continue
        ways = changes(random.Random(1))
        chosen = list(range(min(options.plant, len(images))))
        copies = [(index, way) for way in ways for index in chosen]
        pairs, _ = searched(images + [ways[way](images[index]) for index, way in copies], options.network)
        owner = [*range(len(images)), *(index for index, _ in copies)]
        group = {place: number for number, group in enumerate(pairs.groups()) for place in group}
        for way in ways:
            found = [
                group.get(len(images) + place, -1) == group.get(index, -2)
                for place, (index, each) in enumerate(copies)
                if each == way
            ]
            print(f"    {way}: {np.mean(found):.3f}")
        false = sum(owner[one] != owner[other] for one, other in zip(pairs.first, pairs.second, strict=True))
        print(f"    pairs of different pictures: {false}", flush=True)


if __name__ == "__main__":
    main()
