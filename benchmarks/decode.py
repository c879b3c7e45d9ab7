"""Pictures decoded a second, beside what Pillow's libjpeg-turbo does in draft mode on as many threads.

    python benchmarks/decode.py photos.zip --size 160 --rounds 5

Both read the same files and end with the same squeezed square of pixels; in turn, the ratio of each pair is printed.
Pictures of a phone's size are made from the given ones by enlarging them to 4,000 px. Each kind is a line in
``results/decode.jsonl``.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from ledger import Ledger
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import resnet_studio as studio
from resnet_studio.data.decode import decode
from resnet_studio.data.views import Squeezed
from resnet_studio.workspace import Workspace


def ours(files: list[Path], side: int, threads: int) -> float:
    begun = time.perf_counter()
    for _ in decode(files, Squeezed(side), threads=threads):
        pass
    return time.perf_counter() - begun


def plain(files: list[Path], side: int, threads: int) -> float:
    pixels = np.empty((len(files), side, side, 3), np.uint8)

    def one(index: int) -> None:
        with Image.open(files[index]) as picture:
            picture.draft("RGB", (side, side))
            pixels[index] = np.asarray(picture.convert("RGB").resize((side, side), Image.Resampling.BILINEAR))

    begun = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(one, range(len(files))))
    return time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("--size", type=int, default=183, help="side, px, at which training pictures are kept")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    threads = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as folder:
        dataset = studio.open_data(given.data, Workspace.open(Path(folder) / "workspace"))
        files = [dataset.path(sample) for sample in dataset.samples if sample.name.lower().endswith((".jpg", ".jpeg"))]
        large = []
        for file in files[:24]:
            with Image.open(file) as picture:
                scale = 4000 / max(picture.size)
                size = (round(picture.width * scale), round(picture.height * scale))
                large.append(Path(folder) / f"large-{len(large)}.jpg")
                picture.convert("RGB").resize(size).save(large[-1], quality=90)
        for name, kind in (("as they are", files), ("4,000 px", large)):
            pairs = []
            for turn in range(given.rounds + 1):
                pair = ours(kind, given.size, threads), plain(kind, given.size, threads)
                pairs += [pair] if turn else []  # the first fills the disk cache
            rates = [len(kind) / statistics.median(pair[arm] for pair in pairs) for arm in (0, 1)]
            ratios = sorted(theirs / mine for mine, theirs in pairs)
            Ledger("decode").append({
                "pictures": len(kind), "kind": name, "threads": threads, "rounds": given.rounds, "side": given.size,
                "ours_per_s": round(rates[0]), "pillow_draft_per_s": round(rates[1]),
                "ratio": round(statistics.median(ratios), 3), "lowest": round(ratios[0], 3),
                "highest": round(ratios[-1], 3),
            })  # fmt: skip


if __name__ == "__main__":
    main()
