"""Whether heat maps point at what decides: the hottest fifth of test pictures is blurred, then a random fifth.

    python benchmarks/hottest.py photos.zip --sizes 96 128 --seeds 3
    python benchmarks/hottest.py cifar10.zip --classes bird cat deer dog frog horse --sizes 64
    python benchmarks/hottest.py --report

Heads (``--freeze`` for more) are trained on the starter's features, two in five pictures are held back as the test. The
fall is of the probability of the class that was named, in the mean over the test pictures. A random fifth is the
hottest fifth moved to a random place around the edges, so that both have the same shapes; four draws of it are
averaged. Maps: class activation (layer4), Grad-CAM of layer3, and their product, as the page shows them. One line a
set, size, seed and map in ``results/hottest.jsonl``.
"""

from __future__ import annotations

import argparse
import collections
import random
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from ledger import Ledger
from numpy.typing import NDArray
from PIL import Image

import resnet_studio as studio
from resnet_studio.data.run_split import split_of
from resnet_studio.data.views import Framed
from resnet_studio.evaluation import probing
from resnet_studio.evaluation.heatmaps import HeatMap, heat_maps, laid_over
from resnet_studio.evaluation.shortcut import HOTTEST, blurred
from resnet_studio.prediction import Predictor

LEDGER = Ledger("hottest")
EACH, DRAWS = 120, 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", type=Path, nargs="?", help="a zip of class folders")
    parser.add_argument("--classes", nargs="*", default=[])
    parser.add_argument("--sizes", type=int, nargs="+", default=[96, 128])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--freeze", default="layer4")
    parser.add_argument("--report", action="store_true")
    options = parser.parse_args()
    if not options.report:
        for seed in range(options.seeds):
            for size in options.sizes:
                about = {"set": options.pictures.stem, "size": size, "seed": seed, "freeze": options.freeze}
                if not LEDGER.knows(**about):
                    measure(options, about)
    report()


def measure(options: argparse.Namespace, about: dict[str, object]) -> None:
    """Train, and append what blurring did for each kind of map."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        workspace = studio.Workspace.open(Path(name) / "workspace")
        dataset = studio.open_data(drawn(options, Path(name) / "pictures", int(str(about["seed"]))), workspace)
        config = studio.TrainConfig(
            freeze=options.freeze, weights="starter", depth=18, epochs=8, test_fraction=0.4, device="cpu",
            picture_size=about["size"], seed=about["seed"],
        )  # fmt: skip
        run = studio.train(dataset, config, workspace=workspace)
        predictor, split = Predictor(run.best, device="cpu"), split_of(run)
        pictures = [predictor.upright(split.path(sample)) for sample in split.test]
        framed = Framed.of(predictor.card.preprocessing)
        views = np.stack([framed.pixels(picture) for picture in pictures])
        before = probing.probabilities(predictor, views)
        named = before.argmax(1)
        at = np.arange(len(views))
        maps = {layer: maps_of(predictor, pictures, layer, views.shape[1]) for layer in ("layer4", "layer3")}
        maps["layer4 x layer3"] = maps["layer4"] * maps["layer3"]
        blur = blurred(views)

        def fall(mask: NDArray[np.bool_]) -> float:
            after = probing.probabilities(predictor, np.where(mask[..., None], blur, views))
            return float((before[at, named] - after[at, named]).mean())

        for kind, heat in maps.items():
            hot = hottest(heat)
            moved = [fall(shifted(hot, draw)) for draw in range(DRAWS)]
            right = float((named == [sample.label for sample in split.test]).mean())
            found = {
                "pictures": len(views),
                "accuracy": round(right, 4),
                "hot": fall(hot),
                "random": float(np.mean(moved)),
            }
            LEDGER.append({**about, "map": kind, **found, "draws": moved})


def drawn(options: argparse.Namespace, into: Path, seed: int) -> Path:
    """Up to :data:`EACH` pictures of each class, in class folders."""
    with zipfile.ZipFile(options.pictures) as opened:
        by_class: dict[str, list[str]] = collections.defaultdict(list)
        for name in sorted(opened.namelist()):
            parts = name.split("/")
            if parts[-1] and parts[0] != "test" and (not options.classes or parts[-2] in options.classes):
                by_class[parts[-2]].append(name)
        for kind, names in by_class.items():
            random.Random(seed).shuffle(names)
            (into / kind).mkdir(parents=True)
            for name in names[:EACH]:
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


def report() -> None:
    """The mean over the seeds for each set, size and map."""
    rows: dict[tuple[object, ...], list[dict[str, float]]] = collections.defaultdict(list)
    for row in LEDGER.results():
        rows[row["set"], row["freeze"], row["size"], row["map"]].append(row)
    for key, found in sorted(rows.items(), key=str):
        hot, moved = (float(np.mean([row[name] for row in found])) for name in ("hot", "random"))
        times = "  ".join(f"{row['hot'] / row['random']:.1f}" for row in found)
        print(
            *key,
            f"{len(found)} seeds: hottest {hot:.4f} random {moved:.4f}, {hot / moved:.2f} times; each seed {times}",
        )


if __name__ == "__main__":
    main()
