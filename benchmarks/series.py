"""What a test score says of new objects, with series kept on one side of the split and without.

    python benchmarks/series.py photos.zip --objects 24 --frames 20

Each photograph stands for an object and is photographed ``--frames`` times: other crops, turns, brightness and noise.
Other photographs, one frame each, are the new objects. For each choice of ``--groups`` the test score with its 95 %
interval stands beside the score on the new objects, and whether the studio called the split out; a line each in
``results/series.jsonl``.

Measured with 24 objects of 20 frames: without groups 0.986 (0.925 to 0.998) in test and 0.58 on new objects, called
out; by name 0.983 and 0.58, not called out. The split by name holds four objects for testing; by objects, as the
report does, the interval is 0.49 to 1.00; counted by frames it was 0.911 to 0.997, and wrong.
With 40 objects of 20 frames: without groups 0.992 (0.954 to 0.999) and 0.695 on 200 new ones, called out.
"""

from __future__ import annotations

import argparse
import io
import random
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np
from ledger import Ledger
from machine import SETTINGS, as_on_a_laptop
from PIL import Image, ImageEnhance

import resnet_studio as studio
from resnet_studio.model.starter_features import identity
from resnet_studio.workspace import Workspace


def frame(image: Image.Image, draw: random.Random) -> Image.Image:
    turned = image.rotate(draw.uniform(-25, 25), Image.Resampling.BICUBIC)
    part = draw.uniform(0.5, 0.8)
    width, height = int(part * image.width), int(part * image.height)
    left, top = draw.randrange(image.width - width), draw.randrange(image.height - height)
    shot = turned.crop((left, top, left + width, top + height)).resize((160, 160))
    shot = ImageEnhance.Brightness(shot).enhance(draw.uniform(0.6, 1.4))
    noise = np.random.default_rng(draw.randrange(2**31)).normal(0, 6, (160, 160, 3))
    return Image.fromarray(np.uint8(np.clip(np.asarray(shot) + noise, 0, 255)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("zip", type=Path)
    parser.add_argument("--objects", type=int, default=24)
    parser.add_argument("--frames", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0, help="of the objects, their frames and the split")
    parser.add_argument("--groups", nargs="+", default=["none", "near", "name"])
    options = parser.parse_args()
    draw = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(options.zip) as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".jpg"))
        draw.shuffle(names)
        places = {"seen": Path(folder) / "seen", "new": Path(folder) / "new"}
        for number, name in enumerate(names):
            image = Image.open(io.BytesIO(archive.read(name))).convert("RGB")
            where = places["seen" if number < options.objects else "new"] / name.split("/")[-2]
            where.mkdir(parents=True, exist_ok=True)
            for shot in range(options.frames if number < options.objects else 1):
                frame(image, draw).save(where / f"object{number:03}x_{shot}.jpg", quality=90)
        workspace = Workspace.open(Path(folder) / "workspace")
        seen, new = studio.open_data(places["seen"], workspace), studio.open_data(places["new"], workspace)
        for by in options.groups:
            begun = time.process_time()
            with as_on_a_laptop():
                run = studio.train(seen, seed=options.seed, groups=by, epochs=options.epochs, picture_size=96,
                                   workspace=workspace, **SETTINGS)  # fmt: skip
            state = run.state()
            report, unseen = run.read_json("report.json"), studio.evaluate(run, new, workspace=workspace)
            low, high = report["interval"]
            called = any(note.key == "note.groups.series" for note in state.notes)
            Ledger("series").append({
                "starter": identity(), "groups": by, "objects": options.objects, "frames": options.frames,
                "new_objects": len(names) - options.objects,
                "seed": options.seed, "test": round(report["accuracy"], 4), "interval": [round(low, 4), round(high, 4)],
                "unseen": round(unseen.accuracy, 4), "within": bool(low <= unseen.accuracy <= high),
                "called_out": called, "cpu_s": round(time.process_time() - begun, 1),
            })  # fmt: skip


if __name__ == "__main__":
    main()
