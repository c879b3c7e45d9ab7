"""Whether the forecast from half of the pictures holds what all of them bring.

    python benchmarks/forecast.py sample:digits photos.zip cifar10.zip --seeds 5 --most 1500
    python benchmarks/forecast.py --report

30 % of the pictures are held back to be scored. Heads are fitted to parts of half of the others, as the report does it,
and foretell the gain with all others; then a head is fitted to all of them. Two bands, said to hold nine of ten, are
checked: that of the gain measured on the same pictures, and the wider one of the score in any test. One line a set and
seed in ``results/forecast.jsonl``, with what was foretold and what came; ``--report`` sums them up. Developed on
240 photographs and on CIFAR-10 with seeds from 100 on; the seeds reported were not looked at before.

Measured (digits and CIFAR-10 with 175 and 526 training pictures in the half, 84 photographs, 20 classes of Tiny
ImageNet with 174; 5 seeds each): the score's band held 29 of 30, the band of the gain measured on the same pictures 24
of 30, so it is somewhat too narrow, for digits near the ceiling above all. Mean gain 3.3 points, foretold 3.0; the
score's band is 19 points wide on average.
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
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent.parent))

from ledger import Ledger

import resnet_studio as studio
from resnet_studio.data import views
from resnet_studio.evaluation import forecast, heads
from resnet_studio.evaluation.embedding import Backbone, compute_features
from resnet_studio.evaluation.extrapolation import Scored, extrapolate
from resnet_studio.workspace import Workspace

LEDGER = Ledger("forecast")
CLASSES = 20
"""Of sets with more classes the first so many are taken: with 25 pictures a class all say little."""


def pictures_of(source: str, most: int, folder: Path, workspace: Workspace) -> tuple[list[Path], list[int]]:
    """At most ``most`` pictures, drawn by a fixed seed, and their labels: of a sample, or of a zip of class folders."""
    if source.startswith("sample:"):
        dataset = studio.open_data(source, workspace=workspace)
        files, labels = [dataset.path(each) for each in dataset.samples], [each.label for each in dataset.samples]
    else:
        with zipfile.ZipFile(source) as archive:
            names = sorted(name for name in archive.namelist() if name.lower().endswith((".jpg", ".jpeg", ".png")))
            kinds = sorted({name.split("/")[-2] for name in names})[:CLASSES]
            names = [name for name in names if name.split("/")[-2] in kinds]
            random.Random(0).shuffle(names)
            names = names[: 2 * most]
            archive.extractall(folder, names)
        files, labels = [folder / name for name in names], [kinds.index(name.split("/")[-2]) for name in names]
    if len(files) > most:
        chosen = heads.stratified(labels, most / len(files), np.random.default_rng(0))
        files, labels = [files[place] for place in chosen], [labels[place] for place in chosen]
    return files, labels


def features_of(files: list[Path], labels: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Features of the starter's last stage, and the labels of the pictures that could be read."""
    with Image.open(files[0]) as first:
        side = 160 if min(first.size) >= 150 else 96
    view = views.Framed(round(side * views.OVERSCAN), side, "crop")
    found = compute_features(Backbone(18, "starter", view), files, "auto", None)
    readable = np.isfinite(found).all(1)
    return found[readable][:, found.shape[1] // 3 :], np.array(labels)[readable]


def measure(features: np.ndarray, labels: np.ndarray, seed: int) -> dict[str, object]:
    """What half of the training pictures foretell, and what all of them bring."""
    draw = np.random.default_rng([seed, 7])
    order = draw.permutation(len(labels))
    held, train = np.split(order, [round(0.3 * len(labels))])
    half = train[heads.stratified(labels[train].tolist(), 0.5, draw)]
    classes = int(labels.max()) + 1

    def data(chosen: np.ndarray) -> heads.Features:
        groups = np.arange(len(held))
        return heads.Features(
            features[chosen], labels[chosen], features[held], labels[held], groups, classes, len(chosen)
        )  # fmt: skip

    few = [
        heads.answers(data(half), share, draws, None, seed=place)
        for place, (share, draws) in enumerate(zip(forecast.SHARES, forecast.DRAWS, strict=True))
    ]
    now = float((few[-1].predicted == labels[held]).mean())
    scored = Scored(
        np.array([each.count for each in few], float), [e.predicted for e in few], labels[held], np.arange(len(held))
    )
    target = extrapolate(scored).target(len(half), len(train) - len(half))
    then = float((heads.answers(data(train), 1.0, 1, None, seed=3).predicted == labels[held]).mean())
    curve = forecast.curve_of("", now, data(half), few, None, tested=len(held), extras=[len(train) - len(half)])
    (low, high), band = target.measured, curve.ahead[0].score_band
    return {
        "train": len(half), "scored": len(held), "now": now, "then": then, "gain": then - now,
        "foretold": target.gain, "band": target.measured, "holds": bool(low - 1e-9 <= then - now <= high + 1e-9),
        "score_band": band, "holds_score": bool(band[0] - 1e-9 <= then <= band[1] + 1e-9),
        "gain_band": target.band,
    }  # fmt: skip


def report() -> None:
    """One line a set."""
    rows = collections.defaultdict(list)
    for row in LEDGER.results():
        rows[row["set"], row["most"]].append(row)
    for (name, _), of_set in rows.items():
        train = round(np.mean([row["train"] for row in of_set]))
        holds = sum(row["holds"] for row in of_set)
        wide = sum(row["holds_score"] for row in of_set)
        off = np.mean([abs(row["gain"] - row["foretold"]) for row in of_set])
        width = np.mean([row["band"][1] - row["band"][0] for row in of_set])
        gain, foretold = (np.mean([row[name] for row in of_set]) for name in ("gain", "foretold"))
        print(
            f"{name:24} {train:5} training pictures: in the band {holds} of {len(of_set)} (score's {wide}), "
            f"gain {gain:+.3f}, foretold {foretold:+.3f}, off by {off:.3f}, band {width:.3f} wide"
        )
    everything = [row for of_set in rows.values() for row in of_set]
    together = [sum(row[name] for row in everything) for name in ("holds", "holds_score")]
    print(f"together {together[0]} of {len(everything)}, score's band {together[1]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--most", type=int, nargs="+", default=[1500])
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--try-out", action="store_true", help="print the results instead of keeping them")
    parser.add_argument("--report", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace.open(Path(folder))
        for source in options.sets:
            name = Path(source).stem
            for most in options.most:
                seeds = range(options.first_seed, options.first_seed + options.seeds)
                missing = [seed for seed in seeds if not LEDGER.knows(set=name, most=most, seed=seed)]
                if not missing:
                    continue
                features, labels = features_of(*pictures_of(source, most, Path(folder) / name, workspace))
                for seed in missing:
                    result = {"set": name, "most": most, "seed": seed, **measure(features, labels, seed)}
                    print(result, flush=True) if options.try_out else LEDGER.append(result)
    if options.report:
        report()


if __name__ == "__main__":
    main()
