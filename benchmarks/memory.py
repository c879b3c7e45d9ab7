"""The peak memory of a training on very many small pictures.

    python benchmarks/memory.py --pictures 100000

Makes that many 32 px pictures of ten classes, trains the head on frozen features of a ResNet-18 with random weights,
and writes the most memory that the process held into ``results/memory.jsonl``: its own, and with the mapped files that
the system can take back.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from ledger import Ledger
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent


def make(folder: Path, count: int) -> None:
    draw = np.random.default_rng(0)
    for index in range(count):
        place = folder / f"class {index % 10}" / f"{index}.jpg"
        if index < 10:
            place.parent.mkdir(parents=True)
        pixels = draw.integers(0, 255, (4, 4, 3), np.uint8).repeat(8, 0).repeat(8, 1)
        Image.fromarray(pixels).save(place)


def status(pid: int) -> dict[str, float]:
    """Megabytes: RssAnon is the process's own memory, VmRSS also counts mapped files."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return {}
    pairs = (line.split(":") for line in lines if line.startswith(("RssAnon", "VmRSS")))
    return {name: int(value.split()[0]) / 1024 for name, value in pairs}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=100_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        make(Path(name) / "pictures", given.pictures)
        begun = time.perf_counter()
        process = subprocess.Popen(
            [
                sys.executable, "-m", "resnet_studio", "train", str(Path(name) / "pictures"), "--json", "--workspace",
                str(Path(name) / "workspace"), "--weights", "scratch", "--stem", "standard", "--picture-size", "32",
                "--freeze", "layer4", "--epochs", "5", "--batch-size", "512",
            ],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        most: dict[str, float] = {}
        done = threading.Event()

        def watch() -> None:
            while not done.wait(0.2):
                for kind, megabytes in status(process.pid).items():
                    most[kind] = max(most.get(kind, 0.0), megabytes)

        watcher = threading.Thread(target=watch)
        watcher.start()
        output, errors = process.communicate()
        done.set()
        watcher.join()
        if process.returncode:
            raise SystemExit(errors[-2000:])
        Ledger("memory").append({
            "pictures": given.pictures, "own_mb": round(most["RssAnon"]), "with_mapped_files_mb": round(most["VmRSS"]),
            "seconds": round(time.perf_counter() - begun, 1),
            "epochs_run": json.loads(output.strip().splitlines()[-1])["epochs_run"],
        })  # fmt: skip


if __name__ == "__main__":
    main()
