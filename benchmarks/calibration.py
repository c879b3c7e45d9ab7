"""Whether the temperature fitted on validation pictures lowers the calibration error of other pictures.

    python benchmarks/calibration.py CIFAR10_ZIP TINY_IMAGENET_ZIP PHOTOS_ZIP --seeds 5
    python benchmarks/calibration.py CIFAR10_ZIP TINY_IMAGENET_ZIP PHOTOS_ZIP --share 0 8 --out FILE
    python benchmarks/calibration.py --report

For each set and seed 600 pictures are drawn to train on, 90 of them to validate, and 400 others to test; of the 240
photographs 140 and 100. The expected calibration error (15 bins) of the test pictures is computed here, from the logits
that the run kept, by numpy alone. One line a set, network and seed in ``results/calibration.jsonl``; what is there is
not computed again.
"""

from __future__ import annotations

import argparse
import collections
import itertools
import random
import tempfile
import zipfile
from pathlib import Path

import numpy as np
from ledger import Ledger, add_archives, add_options, archives, shared
from machine import SETTINGS, as_on_a_laptop

import resnet_studio as studio
from resnet_studio.evaluation import outputs
from resnet_studio.model.card import read_card
from resnet_studio.model.starter_features import identity

SETS = {
    "two classes of CIFAR-10": ("cifar", ("automobile", "truck")),
    "ten classes of CIFAR-10": ("cifar", ()),
    "ten classes of Tiny ImageNet": ("tiny", ()),
    "photographs": ("photos", ("cat", "dog")),
}
NETWORKS = {"head": {"freeze": "layer4"}, "layer4": {"freeze": "layer3", "epochs": 8}, "default": {}}
COUNTS = {"cifar": (600, 400), "tiny": (600, 400), "photos": (140, 100)}
"""Pictures to train on, with those to validate, and to test."""


def drawn(archive: Path, kinds: tuple[str, ...], counts: tuple[int, int], seed: int, into: Path) -> Path:
    """Class folders below ``train`` and ``test``, as many pictures of each of ``kinds`` as of the others."""
    with zipfile.ZipFile(archive) as opened:
        names = [name for name in opened.namelist() if not name.startswith("test/") and name[-1] != "/"]
        kinds = kinds or tuple(sorted({name.split("/")[-2] for name in names})[:10])
        for kind in kinds:
            of_kind = sorted(name for name in names if name.split("/")[-2] == kind)
            random.Random(seed).shuffle(of_kind)
            train, test = (count // len(kinds) for count in counts)
            for at, name in enumerate(of_kind[: train + test]):
                target = into / ("train" if at < train else "test") / kind / Path(name).name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(opened.read(name))
    return into


def calibration_error(logits: np.ndarray, labels: np.ndarray, temperature: float, bins: int = 15) -> float:
    """Guo et al. 2017, equation 3."""
    scaled = logits.astype(float) / temperature
    scores = np.exp(scaled - scaled.max(1, keepdims=True))
    scores /= scores.sum(1, keepdims=True)
    confidence, right = scores.max(1), scores.argmax(1) == labels
    edges = np.linspace(0, 1, bins + 1)
    found = 0.0
    for low, high in itertools.pairwise(edges):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            found += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return float(found)


def likelihood_loss(logits: np.ndarray, labels: np.ndarray, temperature: float) -> float:
    scaled = logits.astype(float) / temperature
    return float((np.logaddexp.reduce(scaled, 1) - scaled[np.arange(len(labels)), labels]).mean())


def measure(folder: Path, workspace: studio.Workspace, network: str, seed: int) -> dict[str, object]:
    """The error before and after, of a network trained now."""
    config = studio.TrainConfig(
        depth=18, weights="starter", seed=seed, test_fraction=0, **NETWORKS[network], **SETTINGS
    )
    with as_on_a_laptop():
        run = studio.train(studio.open_data(folder, workspace), config, workspace=workspace)
    kept, temperature = outputs.read(run.logits_file), read_card(run.best).temperature
    test = kept["test"]
    found = {
        name: [round(measured(test.logits, test.labels, each), 4) for each in (1.0, temperature)]
        for name, measured in (("error", calibration_error), ("loss", likelihood_loss))
    }
    accuracy = float((test.logits.argmax(1) == test.labels).mean())
    return {
        "accuracy": accuracy, "temperature": temperature, "validation": len(kept["validation"]), "test": len(test),
        **found,
    }  # fmt: skip


def report(ledger: Ledger) -> None:
    rows = collections.defaultdict(list)
    for row in ledger.results():
        rows[row["network"], row["set"], row["starter"]].append(row)
    for (network, name, starter), of_set in rows.items():
        errors = np.array([row["error"] for row in of_set])
        losses = np.array([row["loss"] for row in of_set])
        print(
            f"{network:7} {name:30} {starter} accuracy {np.mean([row['accuracy'] for row in of_set]):.3f}, error "
            f"{errors[:, 0].mean():.3f} -> {errors[:, 1].mean():.3f}, lower in {(errors[:, 1] < errors[:, 0]).sum()} "
            f"of {len(of_set)}; loss {losses[:, 0].mean():.3f} -> {losses[:, 1].mean():.3f}, lower in "
            f"{(losses[:, 1] < losses[:, 0]).sum()}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_archives(parser)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--seed", type=int, help="this one alone")
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS), choices=NETWORKS)
    parser.add_argument("--only", nargs="+", default=list(SETS), choices=SETS, metavar="SET")
    parser.add_argument("--workspace", type=Path)
    add_options(parser)
    options = parser.parse_args()
    ledger, given = Ledger("calibration", options.out), archives(options)
    seeds = range(options.seeds) if options.seed is None else (options.seed,)
    parts = [each for each in itertools.product(seeds, options.networks, options.only) if SETS[each[2]][0] in given]
    for seed, network, name in shared(parts, options):
        row = {"set": name, "network": network, "seed": seed, "starter": identity()}
        if ledger.knows(**row):
            continue
        archive, kinds = SETS[name]
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            home = options.workspace or Path(folder)
            source = drawn(given[archive], kinds, COUNTS[archive], seed, home / f"{name} {seed}")
            ledger.append(row | measure(source, studio.Workspace.open(home / "workspace"), network, seed))
    if options.report:
        report(ledger)


if __name__ == "__main__":
    main()
