"""Whether heat maps point at what decides: the hottest fifth of test pictures is blurred, then a random fifth.

    python benchmarks/hottest.py CIFAR10_ZIP TINY_IMAGENET_ZIP PHOTOS_ZIP --seeds 3
    python benchmarks/hottest.py CIFAR10_ZIP --only "six animals of CIFAR-10" --sizes 64 --freeze layer4 --epochs 8
    python benchmarks/hottest.py CIFAR10_ZIP TINY_IMAGENET_ZIP PHOTOS_ZIP --share 0 9 --out FILE
    python benchmarks/hottest.py --report

The network is what the default trains, layer4 and the head, at the size that the default chooses (``--freeze``,
``--epochs`` and ``--sizes`` for others); two in five pictures are held back as the test. The fall is of the probability
of the class that was named, in the mean over the test pictures. A random fifth is the hottest fifth moved to a random
place around the edges, so that both have the same shapes; four draws of it are averaged. Maps: class activation
(layer4), and where captum is installed Grad-CAM of layer3 and their product, as the page shows them. One line a set,
size, seed and map in ``results/hottest.jsonl``.
"""

from __future__ import annotations

import argparse
import collections
import importlib.util
import itertools
import random
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from ledger import Ledger, add_archives, add_options, archives, shared
from machine import DEVICE, SETTINGS, as_on_a_laptop
from numpy.typing import NDArray
from PIL import Image

import resnet_studio as studio
from resnet_studio.data.run_split import split_of
from resnet_studio.data.views import Framed
from resnet_studio.evaluation import probing
from resnet_studio.evaluation.heatmaps import HeatMap, heat_maps, laid_over
from resnet_studio.evaluation.shortcut import HOTTEST, blurred
from resnet_studio.model.starter_features import identity
from resnet_studio.prediction import Predictor

SETS: dict[str, tuple[str, tuple[str, ...], int]] = {
    "photographs": ("photos", (), 120),
    "ten classes of CIFAR-10": ("cifar", (), 60),
    "ten classes of Tiny ImageNet": ("tiny", (), 60),
    "six animals of CIFAR-10": ("cifar", ("bird", "cat", "deer", "dog", "frog", "horse"), 120),
}
"""The archive, the classes (the first ten where there are none), and how many pictures of each."""
DRAWS = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_archives(parser)
    parser.add_argument("--only", nargs="+", default=list(SETS)[:3], choices=SETS, metavar="SET")
    parser.add_argument("--sizes", type=int, nargs="+", default=[None], help="else what the default chooses")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--freeze", default="layer3")
    parser.add_argument("--epochs", type=int, help="else what the default chooses")
    parser.add_argument("--each", type=int, default=10**9, help="at most so many pictures of each class")
    add_options(parser)
    options = parser.parse_args()
    ledger, given = Ledger("hottest", options.out), archives(options)
    parts = itertools.product(range(options.seeds), options.sizes, options.only)
    for seed, size, name in shared([each for each in parts if SETS[each[2]][0] in given], options):
        about = {
            "set": name, "size": size, "seed": seed, "freeze": options.freeze, "epochs": options.epochs,
            "starter": identity(),
        }  # fmt: skip
        if not ledger.knows(**about):
            for row in measure(given[SETS[name][0]], options, about):
                ledger.append({**about, **row})
    if options.report:
        report(ledger)


def measure(archive: Path, options: argparse.Namespace, about: dict[str, Any]) -> list[dict[str, object]]:
    """Train; what blurring did for each kind of map."""
    _, kinds, each = SETS[about["set"]]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        workspace = studio.Workspace.open(Path(name) / "workspace")
        folder = drawn(archive, kinds, min(each, options.each), Path(name) / "pictures", about["seed"])
        config = studio.TrainConfig(
            freeze=options.freeze, weights="starter", depth=18, epochs=options.epochs, test_fraction=0.4,
            picture_size=about["size"], seed=about["seed"], **SETTINGS,
        )  # fmt: skip
        with as_on_a_laptop():
            run = studio.train(studio.open_data(folder, workspace), config, workspace=workspace)
        return fallen(run)


def fallen(run: studio.Run) -> list[dict[str, object]]:
    """How far the probability of what was named falls on the test pictures of ``run``."""
    predictor, split = Predictor(run.best, device=DEVICE), split_of(run)
    pictures = [predictor.upright(split.path(sample)) for sample in split.test]
    framed = Framed.of(predictor.card.preprocessing)
    views = np.stack([framed.pixels(picture) for picture in pictures])
    before = probing.probabilities(predictor, views)
    named, at = before.argmax(1), np.arange(len(views))
    maps = {"layer4": maps_of(predictor, pictures, "layer4", views.shape[1])}
    if importlib.util.find_spec("captum"):
        maps["layer3"] = maps_of(predictor, pictures, "layer3", views.shape[1])
        maps["layer4 x layer3"] = maps["layer4"] * maps["layer3"]
    blur = blurred(views)

    def fall(mask: NDArray[np.bool_]) -> float:
        after = probing.probabilities(predictor, np.where(mask[..., None], blur, views))
        return float((before[at, named] - after[at, named]).mean())

    right = round(float((named == [sample.label for sample in split.test]).mean()), 4)
    rows: list[dict[str, object]] = []
    for kind, heat in maps.items():
        hot = hottest(heat)
        moved = [fall(shifted(hot, draw)) for draw in range(DRAWS)]
        rows.append({
            "map": kind, "pictures": len(views), "side": views.shape[1], "accuracy": right, "hot": fall(hot),
            "random": float(np.mean(moved)), "draws": moved,
        })  # fmt: skip
    return rows


def drawn(archive: Path, kinds: tuple[str, ...], each: int, into: Path, seed: int) -> Path:
    """Up to ``each`` pictures of each class, in class folders."""
    with zipfile.ZipFile(archive) as opened:
        by_class: dict[str, list[str]] = collections.defaultdict(list)
        for name in sorted(opened.namelist()):
            parts = name.split("/")
            if parts[-1] and parts[0] != "test":
                by_class[parts[-2]].append(name)
        for kind in kinds or sorted(by_class)[:10]:
            names = by_class[kind]
            random.Random(seed).shuffle(names)
            (into / kind).mkdir(parents=True)
            for name in names[:each]:
                (into / kind / Path(name).name).write_bytes(opened.read(name))
    return into


def maps_of(predictor: Predictor, pictures: list[Image.Image], layer: str, side: int) -> NDArray[np.float32]:
    """The maps from 0 to 1, as large as what the network sees."""
    found = []
    for each in heat_maps(predictor, pictures, layer=layer):
        assert isinstance(each, HeatMap), each
        cells = (each.values - each.values.min()) / max(float(np.ptp(each.values)), 1e-12)
        found.append(laid_over(cells.astype(np.float32), (0.0, 0.0, 1.0, 1.0), side, side))
    return np.stack(found)


def hottest(heat: NDArray[np.float32]) -> NDArray[np.bool_]:
    found = np.zeros(heat.shape, bool)
    for mask, each in zip(found, heat, strict=True):
        mask.flat[np.argsort(-each, axis=None, kind="stable")[: round(HOTTEST * each.size)]] = True
    return found


def shifted(masks: NDArray[np.bool_], seed: int) -> NDArray[np.bool_]:
    draw, side = np.random.default_rng(seed), masks.shape[1]
    return np.stack([np.roll(mask, tuple(draw.integers(0, side, 2)), (0, 1)) for mask in masks])


def report(ledger: Ledger) -> None:
    """The mean over the seeds for each set, size and map."""
    rows: dict[tuple[object, ...], list[dict[str, float]]] = collections.defaultdict(list)
    for row in ledger.results():
        rows[row.get("starter"), row["set"], row["freeze"], row["size"], row["map"]].append(row)
    for key, found in sorted(rows.items(), key=str):
        hot, moved = (float(np.mean([row[name] for row in found])) for name in ("hot", "random"))
        times = "  ".join(f"{row['hot'] / row['random']:.1f}" for row in found)
        print(
            *key,
            f"{len(found)} seeds: hottest {hot:.4f} random {moved:.4f}, {hot / moved:.2f} times; each seed {times}",
        )


if __name__ == "__main__":
    main()
