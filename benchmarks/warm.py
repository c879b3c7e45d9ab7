"""The second training on the same folder in a process that is up: head only, the probe's first accuracy and the end.

    python benchmarks/warm.py photos.zip --weights resnet18.safetensors --pictures 400

Where the folder has fewer pictures than asked for, mirrored copies are added. The trainings run in this process, one
after the other with the same settings, as in a server that is up. The result is a line in ``results/warm.jsonl``.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from ledger import Ledger
from PIL import Image, ImageOps

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import resnet_studio as studio
from resnet_studio.events import Event, Probed
from resnet_studio.workspace import Workspace


def folder_of(data: str, count: int, target: Path) -> Path:
    """``count`` pictures of ``data`` below ``target``, one folder a class."""
    dataset = studio.open_data(data, Workspace.open(target / "workspace"))
    samples = list(dataset.samples)
    for index in range(count):
        sample = samples[index % len(samples)]
        place = target / "pictures" / dataset.classes[sample.label] / f"{index}.jpg"
        place.parent.mkdir(parents=True, exist_ok=True)
        with Image.open(dataset.path(sample)) as picture:
            shown = picture.convert("RGB")
            (shown if index < len(samples) else ImageOps.mirror(shown)).save(place, quality=90)
    return target / "pictures"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("--weights", default="auto")
    parser.add_argument("--pictures", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    probed: list[float] = []

    def on_event(event: Event) -> None:
        if isinstance(event, Probed):
            probed.append(time.perf_counter() - begun)

    seconds = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        workspace = Workspace.open(Path(folder) / "again")
        dataset = studio.open_data(folder_of(given.data, given.pictures, Path(folder)), workspace)
        for _ in range(1 + given.rounds):
            begun = time.perf_counter()
            studio.train(dataset, workspace=workspace, weights=given.weights, freeze="layer4", on_event=on_event)
            seconds.append(time.perf_counter() - begun)
    each = [{"probe_s": round(p, 2), "all_s": round(a, 2)} for p, a in zip(probed, seconds, strict=True)]
    Ledger("warm").append({"pictures": given.pictures, "first": each[0], "again": each[1:]})


if __name__ == "__main__":
    main()
