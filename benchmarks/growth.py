"""How the cost of training grows with depth and with pictures, and how much of the machine's arithmetic is used.

    python benchmarks/growth.py depth                        # whole steps of each depth, everything trained
    python benchmarks/growth.py pictures photos.zip          # cold trainings, head only, of 1 and 10 times the pictures

``depth`` prints pictures a second and the share of the limit: arithmetic of forward and backward (three times the
forward pass, as torch counts it) against one large bf16 matrix product on the same threads, both in turn. ``pictures``
runs the command line; ten times the pictures are each picture ten times, cropped a little differently. Each result is
a line in ``results/growth.jsonl``.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

import gpu
import torch
import train_arms
from ledger import Ledger
from PIL import Image
from torch.utils.flop_counter import FlopCounterMode

import resnet_studio as studio
from resnet_studio.config import TrainConfig
from resnet_studio.model import resnet
from resnet_studio.model.device import choose_device
from resnet_studio.training import hardware, plan
from resnet_studio.workspace import Workspace

LEDGER = Ledger("growth")
DEPTHS = (18, 34, 50, 101, 152)


def limit(device: torch.device, side: int = 4096) -> float:
    """Operations a second of one large matrix product in bf16."""
    one = torch.rand(side, side, device=device, dtype=torch.bfloat16)
    one @ one
    begun = gpu.synchronised(device)
    for _ in range(3):
        one @ one
    return 3 * 2 * side**3 / (gpu.synchronised(device) - begun)


def operations(depth: int, size: int) -> float:
    """Operations of one picture forward and backward."""
    network = resnet.build(depth, 10)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network.eval()(torch.zeros(1, 3, size, size))
    return 3.0 * counter.get_total_flops()


def depth(given: argparse.Namespace) -> None:
    device = choose_device("auto")
    hardware.keep_freed_memory()
    for number in DEPTHS:
        if LEDGER.knows(kind="depth", depth=number, size=given.size, batch=given.batch):
            continue
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            workspace = Workspace.open(Path(folder) / "workspace")
            dataset = studio.open_data(gpu.made_up(Path(folder) / "noise", 4 * given.batch, given.size), workspace)
            config = TrainConfig(
                depth=number, freeze="none", weights="scratch", picture_size=given.size, early_picture_size=given.size,
                batch_size=given.batch, epochs=1000, stem="standard", augmentation="standard",
            )  # fmt: skip
            session = gpu.prepared(plan.new_run(dataset, config, workspace))
            rounds = []
            for _ in range(given.rounds):
                best = limit(device)
                rate = gpu.whole_steps(session, device, given.steps, warm=1)
                rounds.append((rate, rate * operations(number, given.size) / best))
        rate, share = (statistics.median(each) for each in zip(*rounds, strict=True))
        LEDGER.append({
            "kind": "depth", "depth": number, "size": given.size, "batch": given.batch,
            "pictures_per_second": round(rate, 1), "share_of_limit": round(share, 3),
            "precision": session.materials.compute.precision,
        })  # fmt: skip


def pictures(given: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        train_arms.split_folder(given.data, 0, folder / "once")
        for times in (1, 10):
            if LEDGER.knows(kind="pictures", times=times):
                continue
            data = multiplied(folder / "once", folder / "data", times)
            command = train_arms.command(
                "ours", "head", data, given.weights.resolve(), 0, folder / "workspace", sys.executable
            )
            answer, seconds, memory = train_arms.run(command)
            count = sum(1 for _ in data.rglob("*.jpg"))
            LEDGER.append({
                "kind": "pictures", "times": times, "pictures": count, "seconds": round(seconds, 1),
                "memory_mb": round(memory), "accuracy": answer["test_accuracy"],
            })  # fmt: skip


def multiplied(source: Path, target: Path, times: int) -> Path:
    """Each picture of ``source`` so many times, each copy with another few pixels cut from its edges."""
    for file in sorted(source.rglob("*.*")):
        with Image.open(file) as picture:
            for copy in range(times):
                place = target / f"{times}" / file.relative_to(source).with_name(f"{file.stem}-{copy}.jpg")
                place.parent.mkdir(parents=True, exist_ok=True)
                picture.convert("RGB").crop((copy, copy, picture.width, picture.height)).save(place, quality=90)
    return target / f"{times}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    depths = commands.add_parser("depth")
    depths.add_argument("--size", type=int, default=128)
    depths.add_argument("--batch", type=int, default=32)
    depths.add_argument("--steps", type=int, default=4)
    depths.add_argument("--rounds", type=int, default=3)
    growing = commands.add_parser("pictures")
    growing.add_argument("data")
    growing.add_argument("--weights", type=Path, default=train_arms.ROOT / "assets/starter/resnet18.safetensors")
    given = parser.parse_args()
    {"depth": depth, "pictures": pictures}[given.command](given)


if __name__ == "__main__":
    main()
