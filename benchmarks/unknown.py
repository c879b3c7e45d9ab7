# ruff: noqa: E501
"""Which score tells pictures unlike all seen: networks are trained on some sets and looked at with others.

    python benchmarks/unknown.py collect CIFAR10_ZIP TINY_ZIP TINY_CLASSES_TSV PHOTOS_ZIP [--epochs 10]
    python benchmarks/unknown.py score

``collect`` trains a network on each known set, from the starter with layer4 trained, from the starter with everything
trained, from scratch, and stores what every stage of it and of the starter makes of known and unknown pictures. ``score``
gives the area under the ROC curve of each score for each pair of a known and an unknown set.
"""

from __future__ import annotations

import argparse
import random
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.special import softmax
from sklearn.metrics import roc_auc_score

import resnet_studio as studio
from resnet_studio.data.run_split import split_of
from resnet_studio.model import resnet, weights
from resnet_studio.model.checkpoint import Checkpoint, load
from resnet_studio.model.unlike import fit
from resnet_studio.prediction import Predictor

CACHE = Path.home() / ".cache" / "resnet-studio-benchmarks" / "unknown"
STAGES = ("layer1", "layer2", "layer3", "layer4")
ANIMALS = ("bird", "cat", "deer", "dog", "frog", "horse")
VEHICLES = ("airplane", "automobile", "ship", "truck")
NEAR = {
    "digits": ("letters", "things", "photos", "cifar vehicles", "tiny objects"),
    "photos": ("cifar vehicles", "tiny objects", "tiny animals", "things", "digits"),
    "things": ("photos", "tiny objects", "digits", "cifar vehicles"),
    "cifar animals": ("cifar vehicles", "tiny objects", "digits", "things"),
    "cifar vehicles": ("cifar animals", "photos", "tiny animals", "digits"),
    "tiny animals": ("tiny objects", "tiny others", "cifar vehicles", "digits", "things"),
}
"""Unknown to a network that was trained on the set before the colon."""
EVERYWHERE = ("noise", "solid")
FREEZES = {
    "layer4 trained": ("layer3", "starter"),
    "all trained": ("none", "starter"),
    "from scratch": ("none", "scratch"),
}
SCRATCH = ("photos", "cifar animals", "digits")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    collecting = commands.add_parser("collect")
    for name in ("cifar10", "tiny", "classes", "photos"):
        collecting.add_argument(name, type=Path)
    collecting.add_argument("--epochs", type=int, default=10)
    commands.add_parser("score")
    options = parser.parse_args()
    collect(options) if options.command == "collect" else score()


def extract(archive: Path, folders: Sequence[str], count: int, into: Path) -> Path:
    """``count`` pictures of each of the ``folders`` in ``archive``, in a folder for each below ``into``."""
    with zipfile.ZipFile(archive) as opened:
        names = opened.namelist()
        for folder in folders:
            target = into / folder.rsplit("/", 1)[-1]
            if target.exists():
                continue
            found = sorted(name for name in names if name.startswith(f"{folder}/") and name[-1] != "/")
            random.Random(0).shuffle(found)
            target.mkdir(parents=True)
            for name in found[:count]:
                (target / Path(name).name).write_bytes(opened.read(name))
    return into


def made(into: Path, count: int = 120) -> None:
    """Letters as a pupil would write them, noise, and plain colours."""
    draw = np.random.default_rng(0)
    for kind in ("letters", "noise", "solid"):
        (into / kind).mkdir(parents=True, exist_ok=True)
    for at in range(count):
        page = Image.new("L", (64, 64), 255)
        ImageDraw.Draw(page).text((12, 2), "ABEFGHKMNPRTXYW"[at % 15], fill=0, font_size=float(draw.integers(44, 58)))
        page.rotate(float(draw.uniform(-12, 12)), fillcolor=255).save(into / "letters" / f"{at}.png")
        noise = draw.integers(0, 256, (64, 64, 3), dtype=np.uint8)
        Image.fromarray(noise).save(into / "noise" / f"{at}.png")
        Image.new("RGB", (64, 64), tuple(int(value) for value in draw.integers(0, 256, 3))).save(
            into / "solid" / f"{at}.png"
        )


def sources(options: argparse.Namespace) -> dict[str, Path | str]:
    """The sets by name: folders of class folders, or samples."""
    root = CACHE / "pictures"
    rows = [line.split("\t")[0] for line in options.classes.read_text().splitlines()]
    with zipfile.ZipFile(options.tiny) as opened:
        there = {name.split("/")[1] for name in opened.namelist() if name.count("/") > 1}
    wnids = sorted(row for row in rows if row in there)
    animals = [wnid for wnid in wnids if wnid < "n02500000"]
    objects = [wnid for wnid in wnids if wnid > "n02700000"]
    made(root)
    return {
        "digits": "sample:digits", "things": "sample:things",
        "photos": extract(options.photos, ["cat", "dog"], 120, root / "photos"),
        "cifar animals": extract(options.cifar10, [f"train/{name}" for name in ANIMALS], 100, root / "cifar animals"),
        "cifar vehicles": extract(options.cifar10, [f"train/{name}" for name in VEHICLES], 120, root / "cifar vehicles"),
        "tiny animals": extract(options.tiny, [f"train/{each}" for each in animals[:10]], 70, root / "tiny animals"),
        "tiny others": extract(options.tiny, [f"train/{each}" for each in animals[10:20]], 15, root / "tiny others"),
        "tiny objects": extract(options.tiny, [f"train/{each}" for each in objects[:15]], 10, root / "tiny objects"),
    }  # fmt: skip


def collect(options: argparse.Namespace) -> None:
    """Train and store features; what is there is left alone."""
    workspace = studio.Workspace.open(CACHE / "workspace")
    found = sources(options)
    sets = {name: studio.open_data(source, workspace) for name, source in found.items() if name in NEAR}
    for name, dataset in sets.items():
        for arm, (freeze, start) in FREEZES.items():
            target = CACHE / f"{name} {arm}.npz"
            if target.exists() or (arm == "from scratch" and name not in SCRATCH):
                continue
            config = studio.TrainConfig(freeze=freeze, weights=start, epochs=options.epochs, depth=18, seed=0)
            run = studio.train(dataset, config, workspace=workspace)
            best, split = load(run.best), split_of(run)
            looks: dict[str, list[Path]] = {
                part: [split.path(sample) for sample in getattr(split, part)]
                for part in ("train", "validation", "test")
            }
            for other in NEAR[name]:
                pictures = [p for p in (CACHE / "pictures" / other).rglob("*") if p.is_file()]
                if other in ("digits", "things"):
                    pictures = [sets[other].root / sample.file for sample in sets[other].samples]
                random.Random(1).shuffle(pictures)
                looks[other] = pictures[:150]
            for other in EVERYWHERE:
                looks[other] = sorted((CACHE / "pictures" / other).iterdir())[:60]
            stored: dict[str, NDArray[np.float32]] = {
                f"labels {part}": np.array([s.label for s in getattr(split, part)])
                for part in ("train", "validation", "test")
            }
            starter = resnet.build(18, len(best.card.classes), seed=0)
            weights.load_into(starter, 18, "starter")
            head = best.model.fc
            stored["head"] = np.concatenate([head.weight.detach().numpy(), head.bias.detach().numpy()[:, None]], 1)
            for which, network in (("own", best.model), ("start", starter.eval())):
                predictor = Predictor(Checkpoint(network, best.card), device="cpu")
                for part, files in looks.items():
                    seen = predictor.activations(files, stages=STAGES)
                    assert not seen.errors, seen.errors
                    stored[f"{which} logits {part}"] = seen.logits.numpy()
                    for stage in STAGES:
                        stored[f"{which} {stage} {part}"] = seen.stages[stage].numpy()
            np.savez_compressed(target, **stored)
            print(name, arm, "test accuracy", run.state().finished.test_accuracy, flush=True)


def unit(rows):
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


def neighbours(train, rows):
    """One less the cosine to the nearest training picture."""
    return 1 - (unit(rows) @ unit(train).T).max(1)


def score() -> None:
    """The area under the ROC curve of the chosen score, and of some others, for each unknown set."""
    for file in sorted(CACHE.glob("*.npz")):
        stored = np.load(file)
        others = [name[11:] for name in stored.files if name.startswith("own logits ")]
        others = [name for name in others if name not in ("train", "validation", "test")]
        labels = torch.from_numpy(stored["labels train"]).long()
        scores = {}
        for which in ("own", "start"):
            of = {
                part: {s: torch.from_numpy(stored[f"{which} {s} {part}"]) for s in STAGES}
                for part in (*others, "train", "test")
            }
            reference = fit(of["train"], labels)
            scores[f"{which} chosen"] = {part: reference.scores(rows).numpy() for part, rows in of.items()}
            for s in ("layer3", "layer4"):
                train = of["train"][s].numpy()
                scores[f"{which} {s} neighbours"] = {
                    part: neighbours(train, rows[s].numpy()) for part, rows in of.items()
                }
        scores["softmax"] = {part: -softmax(stored[f"own logits {part}"], 1).max(1) for part in (*others, "test")}
        print(file.stem, "|", ", ".join(others))
        for name, found in scores.items():
            areas = [
                roc_auc_score([0] * len(found["test"]) + [1] * len(found[o]), np.r_[found["test"], found[o]])
                for o in others
            ]
            print(f"  {name:24}", " ".join(f"{area:.3f}" for area in areas), f"mean {np.mean(areas):.3f}", flush=True)


if __name__ == "__main__":
    main()
