"""Whether the forecast from half of the pictures holds what all of them bring.

    python benchmarks/forecast.py sample:digits photos.zip cifar10.zip --seeds 5 --most 1500
    python benchmarks/forecast.py cifar10.zip tiny-imagenet-train-0.zip --most 500 1500 --share 0 4 --out FILE
    python benchmarks/forecast.py --report

30 % of the pictures are held back to be scored. Heads are fitted to parts of half of the others, as the report does it,
and foretell the gain with all others; then a head is fitted to all of them. Two bands, said to hold nine of ten, are
checked: that of the gain measured on the same pictures, and the wider one of the score in any test. The same is done
for the three classes that score lowest: their other half alone is added, as the sentence on a class says it. One line a
set and seed in ``results/forecast.jsonl``, with what was foretold and what came; ``--report`` sums them up; ``--share``
divides the sets and sizes, ``--first-seed`` the seeds. Developed on
240 photographs and on CIFAR-10 with seeds from 100 on; the seeds reported were not looked at before.

Measured (digits and CIFAR-10 with 175 and 526 training pictures in the half, 84 photographs, 20 classes of Tiny
ImageNet with 174; 5 seeds each): the score's band held 29 of 30, the band of the gain measured on the same pictures 24
of 30, so it is somewhat too narrow, for digits near the ceiling above all. Mean gain 3.3 points, foretold 3.0; the
score's band is 19 points wide on average.
"""

from __future__ import annotations

import argparse
import collections
import itertools
import random
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from sklearn.metrics import f1_score

sys.path.insert(0, str(Path(__file__).parent.parent))

from ledger import Ledger, add_options, shared
from machine import DEVICE

import resnet_studio as studio
from resnet_studio.data import views
from resnet_studio.evaluation import forecast, heads
from resnet_studio.evaluation.embedding import Backbone, compute_features
from resnet_studio.evaluation.extrapolation import Scored, extrapolate
from resnet_studio.model.starter_features import identity
from resnet_studio.workspace import Workspace

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
    found = compute_features(Backbone(18, "starter", view), files, DEVICE, None)
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
    rest, given = np.setdiff1d(train, half), (few[-1].predicted[0], labels[held])
    by_class = [
        {"label": label, **of_class(data, half, rest[labels[rest] == label], label)}
        for label in weakest(*given, labels[half], classes)
    ]
    return {
        "train": len(half), "scored": len(held), "now": now, "then": then,
        **compared(now, then, target.measured, curve.ahead[0]), "classes": by_class,
    }  # fmt: skip


def compared(now: float, then: float, measured: tuple[float, float], ahead: forecast.Ahead) -> dict[str, object]:
    """What was foretold beside what came."""

    def inside(band: tuple[float, float], value: float) -> bool:
        return bool(band[0] - 1e-9 <= value <= band[1] + 1e-9)

    return {
        "gain": then - now, "foretold": ahead.gain, "band": measured, "holds": inside(measured, then - now),
        "score_band": ahead.score_band, "holds_score": inside(ahead.score_band, then),
        "gain_band": ahead.gain_band, "holds_gain": inside(ahead.gain_band, then - now),
    }  # fmt: skip


def weakest(predicted: np.ndarray, true: np.ndarray, trained: np.ndarray, classes: int) -> list[int]:
    """As the report chooses them, by these answers."""
    if classes < 3:
        return []
    found = f1_score(true, predicted, labels=range(classes), average=None, zero_division=0)
    counts = np.bincount(trained, minlength=classes), np.bincount(true, minlength=classes)
    known = [
        (score, label) for label, score in enumerate(found)
        if counts[0][label] >= forecast.FEWEST_OF_CLASS and counts[1][label] >= forecast.FEWEST_SCORED_OF_CLASS
    ]  # fmt: skip
    return [label for score, label in sorted(known)[: forecast.WEAKEST] if score < 0.995]


def of_class(
    data: Callable[[np.ndarray], heads.Features], half: np.ndarray, more: np.ndarray, label: int
) -> dict[str, object]:  # fmt: skip
    """What parts of one class foretell of ``more`` pictures of it, and what these bring: F1 of heads on the same."""
    present = data(half)
    few = [
        heads.answers(present, share, draws, label, seed=place)
        for place, (share, draws) in enumerate(zip(forecast.SHARES, forecast.DRAWS_OF_A_CLASS, strict=True))
    ]
    grown = heads.answers(data(np.concatenate([half, more])), 1.0, 1, label, seed=3)
    now, then = (
        float(f1_score(present.labels == label, each.predicted[0] == label, zero_division=0))
        for each in (few[-1], grown)
    )
    tested = int((present.labels == label).sum())
    ahead = forecast.curve_of("it", now, present, few, label, tested=tested, extras=[len(more)]).ahead[0]
    counts = np.array([each.count for each in few], float)
    scored = Scored(counts, [each.predicted for each in few], present.labels, present.groups, label)
    measured = extrapolate(scored).target(few[-1].count, len(more)).measured
    return {
        "train": few[-1].count, "more": len(more), "tested": tested, "now": now, "then": then,
        **compared(now, then, measured, ahead),
    }  # fmt: skip


def report(ledger: Ledger) -> None:
    """One line a set, for all classes and for the weakest."""
    rows, weak = collections.defaultdict(list), collections.defaultdict(list)
    for row in ledger.results():
        rows[row["set"], row["most"]].append(row)
        weak[row["set"], row["most"]] += row.get("classes", [])
    for title, found in (("all classes", rows), ("weakest classes", weak)):
        print(title)
        for (name, _), of_set in found.items():
            if of_set:
                print(f"  {name:24} {summed(of_set)}")
        print(f"  {'together':24} {summed([row for of_set in found.values() for row in of_set])}")


def summed(rows: list[dict[str, Any]]) -> str:
    """How often the bands held, and how far off the forecast was."""
    if not rows:
        return "nothing"

    def mean(values: Iterable[float]) -> float:
        return float(np.mean(list(values)))

    wide = {name: mean(row[name][1] - row[name][0] for row in rows) for name in ("band", "score_band", "gain_band")}
    holds = {name: sum(row[name] for row in rows) for name in ("holds", "holds_score")}
    said = [row for row in rows if "holds_gain" in row]
    return (
        f"{mean(row['train'] for row in rows):5.0f} training pictures: of {len(rows)} the band of the measured gain "
        f"holds {holds['holds']} ({wide['band']:.3f} wide), the score's {holds['holds_score']} "
        f"({wide['score_band']:.3f}), the expected gain's {sum(row['holds_gain'] for row in said)} of {len(said)} "
        f"({wide['gain_band']:.3f}); gain {mean(row['gain'] for row in rows):+.3f}, foretold "
        f"{mean(row['foretold'] for row in rows):+.3f}, off by "
        f"{mean(abs(row['gain'] - row['foretold']) for row in rows):.3f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", help="sample:digits, or zips of class folders")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--most", type=int, nargs="+", default=[1500])
    parser.add_argument("--first-seed", type=int, default=0)
    add_options(parser)
    options = parser.parse_args()
    ledger = Ledger("forecast", options.out)
    for source, most in shared(itertools.product(options.sets, options.most), options):
        about = {"set": Path(source).stem, "most": most, "by_class": True, "starter": identity()}
        seeds = range(options.first_seed, options.first_seed + options.seeds)
        missing = [seed for seed in seeds if not ledger.knows(**about, seed=seed)]
        if not missing:
            continue
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            workspace = Workspace.open(Path(folder))
            features, labels = features_of(*pictures_of(source, most, Path(folder) / "pictures", workspace))
        for seed in missing:
            ledger.append({**about, "seed": seed, **measure(features, labels, seed)})
    if options.report:
        report(ledger)


if __name__ == "__main__":
    main()
