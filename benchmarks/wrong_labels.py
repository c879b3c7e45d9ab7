"""How many flipped labels the review finds, and what taking its suggestions does.

    python benchmarks/wrong_labels.py CIFAR10_ZIP PHOTOS_ZIP [--tiny TINY_IMAGENET_ZIP] [--seeds 5]

Of each set 5 % of the labels are flipped. Found: the share of them among the first 10 % suspected. Taken: the
suggestions for as many as the review estimates; then a linear probe on the starter's features is fitted to the labels
before and after, and scored on clean labels of other pictures; of the photographs, on a third of the same ones. Beside
it stands the accuracy with all labels right, the most that suggestions can come to.

Measured, 5 % flipped. Sets that the estimate was made with, five seeds: 240 photographs 0.50 to 0.75 found (mean 0.63);
CIFAR-10, airplanes and automobiles, 0.92 to 0.98. The sets below, other pictures drawn for each seed: share
found; labels taken and by how many wrong ones are fewer then; change of the accuracy, and that with all labels right.

| set, test pictures, seeds | found | taken | fewer | accuracy, thousandths | all right |
|---|---|---|---|---|---|
| Tiny ImageNet, 2 classes of 300; 300; 5 | 1.00 | 63 | 63 | +3, 0, +3, +10, 0 | +7, 0, +13, +7, 0 |
| Tiny ImageNet, 10 classes of 120; 500; 5 | 0.85 to 0.93 | 156 | 137 | +8, +4, 0, +2, 0 | +2, +4, +10, +2, -2 |
| CIFAR-10, airplanes, automobiles; 600; 5 | 0.92 to 0.98 | 135 | 135 | -2, 0, +2, -2, 0 | -2, +7, +5, 0, +12 |
| CIFAR-10, 10 classes of 120; 500; 3 | 0.80 to 0.83 | 69 | 37 | -12, +10, +6 | -4, +16, +16 |
| CIFAR-10, cats, dogs; 300; 1 | 0.57 | 20 | 2 | -3 | -13 |

The last two are classified so badly (0.64 and 0.75 agree) that the estimate is held down; before it was, 124 were taken
of the ten classes for 32 fewer (-24, +22, -16), and of cats and dogs 40 for 2 more wrong ones (-20). Where even all
labels right make a draw worse by a picture or two, no estimate can promise that suggestions never do. Of cats and dogs,
no other layers, mirroring or pooling found more.
"""

from __future__ import annotations

import argparse
import random
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from scipy.stats import binomtest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from ledger import Ledger

from resnet_studio.data import views
from resnet_studio.data.cache import ArrayCache
from resnet_studio.evaluation.embedding import Backbone, Pooling, embed
from resnet_studio.review.suspects import judge, strength
from resnet_studio.training import probe

FLIPPED, LOOKED_AT = 0.05, 0.1
CACHE = Path.home() / ".cache" / "resnet-studio-benchmarks"
FOLDER, LEDGER = CACHE / "pictures", Ledger("wrong_labels")
POOLING: Pooling = "mean and spread"
"""As the review does it, see :mod:`resnet_studio.review.report`."""


@dataclass(frozen=True)
class Wanted:
    """``count`` pictures of each of ``kinds``; ``tested`` of each from ``test/`` to score on, or those after that share
    of each class, or of few pictures every third of the same.
    """

    name: str
    archive: Path
    kinds: tuple[str, ...]
    inside: str
    count: int
    tested: float | None
    side: int = 96

    def parts(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Features and labels to train with and to score on."""
        files, labels = pictures(self.archive, list(self.kinds), self.inside, self.count, FOLDER)
        features = self._features(files)
        if self.tested is None:
            some = np.arange(len(labels)) % 3 == 0
            return features, labels, features[some], labels[some]
        if isinstance(self.tested, float):
            place = np.concatenate([np.arange(size) / size for size in np.bincount(labels)])
            train = place < self.tested
            return features[train], labels[train], features[~train], labels[~train]
        files, answers = pictures(self.archive, list(self.kinds), "test/", self.tested, FOLDER)
        return features, labels, self._features(files), answers

    def _features(self, files: list[Path]) -> np.ndarray:
        end = views.Framed(round(self.side * views.OVERSCAN) if self.tested is None else self.side, self.side)
        names = [str(file) for file in files]
        return embed(Backbone(18, "starter", end), files, names, ArrayCache(CACHE), pooling=POOLING)


def pictures(archive: Path, kinds: list[str], inside: str, count: int, folder: Path) -> tuple[list[Path], np.ndarray]:
    """So many pictures of each of ``kinds`` in the folders ``inside`` of ``archive``, drawn once and unpacked."""
    files, labels = [], []
    with zipfile.ZipFile(archive) as opened:
        for label, kind in enumerate(kinds):
            names = sorted(
                name for name in opened.namelist() if name.startswith(f"{inside}{kind}/") and name[-1] != "/"
            )
            random.Random(0).shuffle(names)
            for name in names[:count]:
                files.append(Path(opened.extract(name, folder)))
                labels.append(label)
    return files, np.array(labels)


def drawn_classes(archive: Path, count: int) -> list[str]:
    """So many classes in ``archive``, drawn once."""
    with zipfile.ZipFile(archive) as opened:
        found = sorted({name.split("/")[1] for name in opened.namelist() if name.count("/") == 2})
    random.Random(7).shuffle(found)
    return found[:count]


def right(features: np.ndarray, labels: np.ndarray, test: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """Which pictures of ``test`` a probe fitted to ``features`` names rightly."""
    C = strength(*features.shape)
    fitted = probe.fit(torch.from_numpy(features), torch.from_numpy(labels), int(labels.max()) + 1, 0, C=C)
    logits = torch.from_numpy(test) @ fitted.weight.T + fitted.bias
    found: np.ndarray = logits.argmax(1).numpy() == answers
    return found


def measure(
    name: str, features: np.ndarray, labels: np.ndarray, test: np.ndarray, answers: np.ndarray, seed: int
) -> None:
    """Flip labels, review them, take the suggestions; one line in the ledger."""
    classes = int(labels.max()) + 1
    contents = [str(number) for number in range(len(labels))]
    draw = np.random.default_rng(seed)
    flipped = draw.choice(len(labels), round(FLIPPED * len(labels)), replace=False)
    given = labels.copy()
    given[flipped] = (labels[flipped] + draw.integers(1, classes, len(flipped))) % classes
    judged = judge(features, given, classes, contents)
    first = judged.order[: round(LOOKED_AT * len(labels))]
    taken = given.copy()
    chosen = judged.order[: judged.estimate]
    taken[chosen] = judged.suggested[chosen]
    before, after, best = (right(features, each, test, answers) for each in (given, taken, labels))
    lost, won = int((before & ~after).sum()), int((after & ~before).sum())
    worse = binomtest(lost, lost + won, alternative="greater").pvalue if lost + won else 1
    LEDGER.append({
        "set": name, "seed": seed, "pictures": len(labels), "flipped": len(flipped), "pooling": POOLING,
        "found": round(float(np.isin(flipped, first).mean()), 3),
        "agree": round(float((judged.probabilities.argmax(1) == given).mean()), 3), "estimate": judged.estimate,
        "wrong_before": int((given != labels).sum()), "wrong_after": int((taken != labels).sum()),
        "test": len(answers), "right_before": int(before.sum()), "right_after": int(after.sum()),
        "right_if_all_labels_are": int(best.sum()), "lost": lost, "won": won,
        "worse_p": round(float(worse), 3),
    })  # fmt: skip


def wanted_sets(options: argparse.Namespace) -> list[Wanted]:
    ten = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
    pairs = [("airplane", "automobile"), ("cat", "dog"), ("deer", "horse"), ("automobile", "truck")]
    sets = [Wanted("240 photographs", options.photos, ("cat", "dog"), "", 120, None, 128)]
    sets += [Wanted(f"CIFAR-10, {a}s, {b}s", options.cifar10, (a, b), "train/", 510, 150) for a, b in pairs]
    sets.append(Wanted("CIFAR-10, 10 classes", options.cifar10, tuple(ten), "train/", 120, 40))
    if options.tiny is not None:
        drawn = drawn_classes(options.tiny, 12)
        sets.append(Wanted("Tiny ImageNet, 2 classes", options.tiny, tuple(drawn[:2]), "train/", 450, 0.67))
        sets.append(Wanted("Tiny ImageNet, 10 classes", options.tiny, tuple(drawn[2:]), "train/", 170, 0.71))
    return sets


def main() -> None:
    """Measure what the ledger does not know yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cifar10", type=Path)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--tiny", type=Path, help="also its classes: two of 300 pictures and ten of 120")
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    for each in wanted_sets(options):
        missing = [seed for seed in range(options.seeds) if not LEDGER.knows(set=each.name, seed=seed, pooling=POOLING)]
        if missing:
            parts = each.parts()
            for seed in missing:
                measure(each.name, *parts, seed)


if __name__ == "__main__":
    main()
