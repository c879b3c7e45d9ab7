"""The built-in starter weights: trained by the studio itself on Tiny ImageNet, then packed in half precision.

    python benchmarks/starter.py train tiny-imagenet --workspace W --epochs 30
    python benchmarks/starter.py train tiny-imagenet --workspace W --epochs 6 --weights resnet18.safetensors
    python benchmarks/starter.py pack  W --into assets/starter
    python benchmarks/starter.py score assets/starter/resnet18.safetensors tiny-imagenet/val

``tiny-imagenet`` holds ``train/<wnid>/`` and ``val/<wnid>/``. ``train`` goes on where it was interrupted. The recipe:
SGD with Nesterov momentum, one cycle, random-resized crops and mirroring, label smoothing, averaged weights, pictures
that grow from 56 to 96 px; other options of ``python -m resnet_studio train``, such as ``--learning-rate 0.06``, come
after it. ``score`` writes the top-1 accuracy at some sizes into ``results/starter.jsonl``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import torch
from ledger import Ledger
from safetensors.torch import load_file, save_file

SETTINGS = {
    "depth": 18, "freeze": "none", "stem": "standard", "picture-size": 96, "early-picture-size": 56,
    "batch-size": 256, "optimizer": "sgd", "learning-rate": 0.2, "momentum": 0.9, "weight-decay": 5e-4,
    "schedule": "one_cycle", "warmup-fraction": 0.15, "clip-gradient": 5, "stage-factor": 1, "label-smoothing": 0.1,
    "augmentation": "standard",
}  # fmt: skip


def train(given: argparse.Namespace) -> None:
    from resnet_studio.workspace import Workspace

    command = [sys.executable, "-m", "resnet_studio"]
    if Workspace.open(given.workspace).runs():
        command += ["resume", "last"]
    else:
        command += ["train", str(given.data), "--weights", given.weights, "--epochs", str(given.epochs)]
        command += [word for name, value in SETTINGS.items() for word in (f"--{name}", str(value))]
        command += given.others
    subprocess.run([*command, "--json", "--workspace", str(given.workspace)], cwd=ROOT, check=True)


def pack(given: argparse.Namespace) -> None:
    from resnet_studio.model import checkpoint
    from resnet_studio.workspace import Workspace

    run = Workspace.open(given.run).runs()[0]
    loaded = checkpoint.load(run.best)
    state = {name: value.half() if value.is_floating_point() else value
             for name, value in loaded.model.state_dict().items()}  # fmt: skip
    given.into.mkdir(parents=True, exist_ok=True)
    about = {"classes": json.dumps(loaded.card.classes), "metrics": json.dumps(dict(loaded.card.metrics))}
    save_file({name: value.contiguous() for name, value in state.items()}, given.into / "resnet18.safetensors", about)
    print(json.dumps({"packed": str(given.into / "resnet18.safetensors"), **loaded.card.metrics}))


def score(given: argparse.Namespace) -> None:
    """Top-1 accuracy on class folders, whole pictures resized to each size; loaded by torchvision alone."""
    import numpy as np
    from PIL import Image
    from torchvision.models import resnet18

    state = {name: value.float() if value.is_floating_point() else value
             for name, value in load_file(given.weights).items()}  # fmt: skip
    model = resnet18(num_classes=len(state["fc.weight"]))
    model.load_state_dict(state)
    model.eval()
    folders = sorted(path for path in given.data.iterdir() if path.is_dir())
    files = [(file, label) for label, folder in enumerate(folders) for file in sorted(folder.iterdir())]
    mean, std = (torch.tensor(each).view(3, 1, 1) for each in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    for size in given.sizes:
        right = 0
        for start in range(0, len(files), 250):
            batch = [Image.open(file).convert("RGB").resize((size, size), Image.Resampling.BILINEAR)
                     for file, _ in files[start : start + 250]]  # fmt: skip
            pixels = torch.from_numpy(np.stack([np.asarray(picture) for picture in batch])).permute(0, 3, 1, 2)
            with torch.inference_mode():
                answers = model((pixels.float() / 255 - mean) / std).argmax(1)
            right += int((answers == torch.tensor([label for _, label in files[start : start + 250]])).sum())
        Ledger("starter").append({"weights": sha256(given.weights.read_bytes()).hexdigest()[:12], "size": size,
                                  "top1": round(right / len(files), 4), "pictures": len(files)})  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    training = commands.add_parser("train")
    training.add_argument("data", type=Path)
    training.add_argument("--workspace", type=Path, required=True)
    training.add_argument("--epochs", type=int, default=30)
    training.add_argument("--weights", default="scratch")
    packing = commands.add_parser("pack")
    packing.add_argument("run", type=Path, help="the workspace")
    packing.add_argument("--into", type=Path, default=ROOT / "assets" / "starter")
    scoring = commands.add_parser("score")
    scoring.add_argument("weights", type=Path)
    scoring.add_argument("data", type=Path)
    scoring.add_argument("--sizes", type=int, nargs="+", default=[64, 96, 112, 128])
    given, given.others = parser.parse_known_args()
    if given.others and given.command != "train":
        parser.error(f"unknown: {' '.join(given.others)}")
    {"train": train, "pack": pack, "score": score}[given.command](given)


if __name__ == "__main__":
    main()
