"""What the built-in starter weights buy: test accuracy from them and from scratch, same pictures, epochs and seeds.

    python benchmarks/starter_gain.py "photographs of cats and dogs=photos.zip" "CIFAR-10, 50 a class=cifar10.zip:50"
    python benchmarks/starter_gain.py "handwritten digits=sample:digits" --epochs 3
    python benchmarks/starter_gain.py "photographs=photos.zip" --beside earlier-starter.safetensors

``NAME=DATA:COUNT`` takes COUNT pictures of each class's training part and the first 2 x COUNT of its test part. Each
result is a line in ``results/starter_gain.jsonl``; what is there is not run again. A line has the beginning of the
SHA-256 of the weights: those of 22 November 2026 are 462edb5ba1b4. ``--table`` prints the table.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections import Counter
from hashlib import sha256
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from ledger import Ledger, mean_and_spread

import resnet_studio as studio
from resnet_studio.data.dataset import Dataset
from resnet_studio.model import starter_features
from resnet_studio.workspace import Workspace

LEDGER = Ledger("starter_gain")


def some(dataset: Dataset, count: int, target: Path) -> Path:
    """A folder of ``count`` training and twice as many test pictures of each class of ``dataset``."""
    taken: Counter[tuple[int, str | None]] = Counter()
    for sample in dataset.samples:
        kind = (sample.label, sample.part)
        if taken[kind] >= count * (2 if sample.part == "test" else 1):
            continue
        taken[kind] += 1
        place = (
            target / (sample.part or "all") / dataset.classes[sample.label] / f"{taken[kind]}{Path(sample.name).suffix}"
        )
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(dataset.path(sample), place)
    return target


def table() -> str:
    """A row a set: means and spreads from random weights and from each starter that was tried."""
    results = LEDGER.results()
    arms = list(dict.fromkeys(result["weights"] for result in results))
    lines = ["| pictures | epochs | " + " | ".join(arms) + " | seeds |", "|" + "---|" * (3 + len(arms))]
    for name in dict.fromkeys(result["name"] for result in results):
        cells = []
        for weights in arms:
            found = [r["accuracy"] for r in results if (r["name"], r["weights"]) == (name, weights)]
            cells.append(mean_and_spread(found) if found else "-")
        mine = [result for result in results if result["name"] == name]
        seeds = len({result["seed"] for result in mine})
        lines.append(
            f"| {name} ({mine[0]['train']} to train on) | {mine[0]['epochs']} | {' | '.join(cells)} | {seeds} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="*", metavar="NAME=DATA[:COUNT]")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--beside", type=Path, metavar="FILE", help="other weights to start from, as an arm")
    parser.add_argument("--table", action="store_true")
    given = parser.parse_args()
    arms = {"scratch": "scratch", f"starter {starter_features.identity()}": "starter"}
    if given.beside:
        arms[f"starter {sha256(given.beside.read_bytes()).hexdigest()[:12]}"] = str(given.beside)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        workspace = Workspace.open(Path(folder) / "workspace")
        for number, argument in enumerate(given.data):
            name, _, source = argument.partition("=")
            path, _, count = source.rpartition(":") if source.rpartition(":")[2].isdigit() else (source, "", "")
            dataset = studio.open_data(path, workspace)
            if count:
                dataset = studio.open_data(some(dataset, int(count), Path(folder) / str(number)), workspace)
            for seed in range(given.seeds):
                for named, weights in arms.items():
                    if LEDGER.knows(name=name, weights=named, seed=seed):
                        continue
                    run = studio.train(dataset, workspace=workspace, weights=weights, seed=seed, epochs=given.epochs)
                    finished = run.state().finished
                    assert finished is not None
                    LEDGER.append({
                        "name": name, "weights": named, "seed": seed, "epochs": given.epochs,
                        "accuracy": finished.test_accuracy, "seconds": round(finished.train_seconds, 1),
                        "freeze": run.config.freeze, "size": run.config.picture_size,
                        "train": run.about["counts"]["train"],
                    })  # fmt: skip
    print(table())


if __name__ == "__main__":
    main()
