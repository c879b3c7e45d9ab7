"""What a GPU does with the engine, all in one call; one JSON object, also written to ``--out``.

    python benchmarks/gpu.py cifar10.zip --out benchmarks/results/gpu.json
    python benchmarks/gpu.py --tiny            # the same steps at a tiny size, on any machine

1. ``finetune``: ResNet-50, everything trained at 224 px: pictures a second over whole steps (augmentation, forward,
   backward, optimiser, average), after a warm-up: as it is, as CUDA graphs, and compiled.
2. ``features``: pictures through a frozen ResNet-50 at 224 px and into the cache, besides decoding.
3. ``cifar10``: ResNet-18 from scratch by the recipe of that name: test accuracy and the seconds of training, without
   and with CUDA graphs.

A part that fails says why and does not keep the others from running.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import torch
import torchvision
from PIL import Image

import resnet_studio as studio
from resnet_studio.config import TrainConfig
from resnet_studio.data.augment import recipe
from resnet_studio.data.cache import ArrayCache
from resnet_studio.model import resnet
from resnet_studio.model.checkpoint import Preprocessing
from resnet_studio.model.device import choose_device, layout
from resnet_studio.model.weights import IMAGENET_MEAN, IMAGENET_STD
from resnet_studio.recipes import RECIPES
from resnet_studio.training import compiling, features, graphs, hardware, plan, setup
from resnet_studio.training.batches import FreshBatches, Part
from resnet_studio.training.control import Control
from resnet_studio.training.session import Session
from resnet_studio.workspace import Run, Workspace

Result = TypeVar("Result")


def made_up(folder: Path, count: int, side: int) -> Path:
    """``count`` noisy pictures of two classes."""
    draw = np.random.default_rng(0)
    for index in range(count):
        place = folder / ("even", "odd")[index % 2] / f"{index}.jpg"
        place.parent.mkdir(parents=True, exist_ok=True)
        small = draw.integers(0, 255, (side // 16, side // 16, 3), np.uint8)
        Image.fromarray(small).resize((side, side)).save(place, quality=80)
    return folder


def synchronised(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
    return time.perf_counter()


def finetune(folder: Path, device: torch.device, tiny: bool, *, compiled: bool) -> dict[str, Any]:
    count, size, batch, steps = (24, 64, 8, 3) if tiny else (2048, 224, 128, 60)
    workspace = Workspace.open(folder / "finetune")
    dataset = studio.open_data(made_up(folder / "noise", count, size * 8 // 7), workspace)
    config = TrainConfig(
        depth=50, freeze="none", weights="scratch", picture_size=size, batch_size=batch, epochs=1000, stem="standard",
        device=str(device), augmentation="standard", validation_fraction=0.125, test_fraction=0.125,
    )  # fmt: skip
    os.environ[graphs.SWITCH] = "0"
    session = prepared(plan.new_run(dataset, config, workspace))
    indices = next(session.batches_left())
    inputs, _, _ = session.materials.batches.train(indices, size)
    result: dict[str, Any] = {"batch": len(indices), "size": size, "steps": steps,
                              "precision": session.materials.compute.precision}  # fmt: skip
    result["pictures_per_second"] = whole_steps(session, device, steps, warm=1 if tiny else 10)
    if device.type == "cuda":
        session.trained.forward = graphs.graphed(session.materials.suffix, inputs, session.materials.compute)
        result["graphs_pictures_per_second"] = whole_steps(session, device, steps, warm=10)
    if not compiled:
        return result | {"memory_mb": hardware.memory_mb(device)}
    begun = synchronised(device)
    backend = "eager" if tiny else compiling.BACKEND  # a C++ compiler takes minutes where Triton takes one
    try:
        session.trained.forward = compiling.compiled(
            session.materials.suffix, inputs, session.materials.compute, backend
        )
        result["compiling_seconds"] = synchronised(device) - begun
        result["compiled_pictures_per_second"] = whole_steps(session, device, steps, warm=1 if tiny else 10)
    except Exception:  # noqa: BLE001 - what was measured uncompiled stands
        result["not_compiled"] = traceback.format_exc()
    return result | {"memory_mb": hardware.memory_mb(device)}


def prepared(run: Run) -> Session:
    """The session of a new ``run``, before its first batch."""
    session = finished(setup.prepare(run, Control()))
    assert session is not None
    return session


def finished(work: Generator[object, None, Result]) -> Result:
    """What ``work`` returns when it is done."""
    try:
        while True:
            next(work)
    except StopIteration as stop:
        result: Result = stop.value
    return result


def whole_steps(session: Session, device: torch.device, steps: int, warm: int) -> float:
    """Pictures a second over ``steps`` steps, after ``warm`` others."""
    done, begun = 0, 0.0
    for step in range(-warm, steps):
        if step == 0:
            begun = synchronised(device)
        if session.epoch_complete:
            session.batch = 0
            session.epoch += 1
        indices = next(session.batches_left())
        session.step(indices)
        done += len(indices) if step >= 0 else 0
    return done / (synchronised(device) - begun)


def prefix_features(folder: Path, device: torch.device, tiny: bool) -> dict[str, Any]:
    count, size = (48, 64) if tiny else (50_000, 224)
    config = TrainConfig(depth=50, freeze="layer4", augmentation="none", epochs=5, picture_size=size, batch_size=64)
    model = resnet.build(50, 2)
    compute = hardware.choose_compute("auto", device)
    compute.prepare(model)
    prefix = resnet.cut(model.to(device, memory_format=layout(device)), "layer4").prefix
    parts = []
    for number in (count, 2):
        pixels = torch.randint(256, (number, size, size, 3), dtype=torch.uint8, device=device)
        labels = torch.zeros(number, dtype=torch.int64, device=device)
        parts.append(Part(pixels, torch.ones(number, device=device), labels, (), (), (str(number),)))
    how = Preprocessing(resize=size, crop=size, mean=IMAGENET_MEAN, std=IMAGENET_STD)
    fresh = FreshBatches(parts[0], parts[1], prefix, recipe(config, small=False), how, compute)
    fresh.plain(torch.arange(min(count, features.GPU_CHUNK)))  # builds the kernels
    begun = synchronised(device)
    kept = finished(features.cache_features(fresh, config, ArrayCache(folder / "cache")))
    if not isinstance(kept, features.CachedFeatures):
        return {"skipped": "the disk has no room for the features"}
    seconds = synchronised(device) - begun
    return {"pictures": count, "seconds": seconds, "pictures_per_second": count / seconds, "size": size}


def cifar10(folder: Path, device: torch.device, data: str | None, tiny: bool) -> dict[str, Any]:
    if data is None:
        if not tiny:
            return {"skipped": "no cifar10.zip was given"}
        data = str(made_up(folder / "small", 60, 32))
    workspace = Workspace.open(folder / "cifar10")
    config = RECIPES["cifar10-fast"].config().replace(device=str(device))
    if tiny:
        config = config.replace(epochs=1, batch_size=16)
    dataset, results = studio.open_data(data, workspace), {}
    for switch, name in (("0", "as_it_is"), ("1", "graphs")):
        os.environ[graphs.SWITCH] = switch
        done = studio.train(dataset, config, workspace=workspace).state().finished
        assert done is not None
        results[name] = {"test_accuracy": done.test_accuracy, "train_seconds": done.train_seconds,
                         "validation_accuracy": done.validation_accuracy}  # fmt: skip
    return {"epochs": config.epochs, **results}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", help="CIFAR-10 as a zip or folder with train/ and test/")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--parts", nargs="+", help="only these, such as cifar10")
    parser.add_argument("--uncompiled", action="store_true", help="do not compile ResNet-50, which takes over a minute")
    given = parser.parse_args()
    device = choose_device("auto")
    hardware.keep_freed_memory()
    result: dict[str, Any] = {
        "device": hardware.describe(device), "torch": torch.__version__, "torchvision": torchvision.__version__,
        "date": datetime.date.today().isoformat(), "tiny": given.tiny,
    }  # fmt: skip
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        parts: dict[str, Callable[[], dict[str, Any]]] = {
            "finetune": lambda: finetune(folder, device, given.tiny, compiled=not given.uncompiled),
            "features": lambda: prefix_features(folder, device, given.tiny),
            "cifar10": lambda: cifar10(folder, device, given.data, given.tiny),
        }
        for part, measure in parts.items():
            if given.parts and part not in given.parts:
                continue
            try:
                result[part] = measure()
            except Exception:  # noqa: BLE001 - the other parts are worth measuring all the same
                result[part] = {"failed": traceback.format_exc()}
            if given.out:
                given.out.parent.mkdir(parents=True, exist_ok=True)
                given.out.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
