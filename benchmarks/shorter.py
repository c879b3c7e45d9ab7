"""Are seven epochs in small batches as accurate as the fifteen to twenty-one in larger ones that were the default?

    python benchmarks/shorter.py --cifar cifar10.zip --tiny tiny-imagenet-val.zip --seeds 200 201
    python benchmarks/shorter.py --table

Sets of 1,000 to 5,000 training pictures, cut as those of ``benchmarks/grid.py`` but with a thousand test pictures, as
what is looked for is smaller than 200 can show. ``former`` is the default before 27 November 2026, ``short`` that of
now. One line an arm and a set in ``results/shorter.jsonl``; what is there is not run again.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import grid
from grid import Cell, cut, sources
from ledger import Ledger, mean_and_spread
from machine import SETTINGS, as_on_a_laptop

LEDGER = Ledger("shorter")
TESTED = 1_000
ARMS = ("former", "short")


def cells(seeds: list[int]) -> Iterator[Cell]:
    """Sets on which layer3 and layer4 are trained."""
    for seed in seeds:
        yield Cell("cifar", 10, 165, 100, seed=seed)
        yield Cell("cifar", 2, 900, 64, seed=seed)
        yield Cell("cifar", 4, 1000, 40, seed=seed)
        yield Cell("tiny", 100, 15, 64, seed=seed)


def former_settings(train_pictures: int) -> dict[str, int]:
    """What was chosen for so many training pictures."""
    return {"epochs": int(min(40.0, max(6.0, 120 / train_pictures**0.25))), "batch_size": 64}


def measure(cell: Cell, arms: list[str], given: argparse.Namespace) -> None:
    """Train the set in each way that is not known yet."""
    import resnet_studio as studio
    from resnet_studio.data.splitting import cut as split

    left = [arm for arm in arms if not LEDGER.knows(**asdict(cell), arm=arm)]
    if not left:
        return
    with cut(cell, given) as folder:
        for arm in left:
            home = studio.Workspace.open(folder.parent / arm)  # neither finds features that the other has kept
            dataset = studio.open_data(folder, workspace=home)
            config = studio.TrainConfig(**SETTINGS, seed=cell.seed)
            if arm == "former":
                config = config.replace(**former_settings(len(split(dataset, config).train)))
            begun = time.process_time()
            with as_on_a_laptop():
                run = studio.train(dataset, config, workspace=home)
            end, tested = run.state().finished, run.about["counts"]["test"]
            assert end is not None and end.test_accuracy is not None
            found = {"accuracy": round(end.test_accuracy, 4), "validation": round(end.validation_accuracy, 4),
                     "epochs": end.epochs_run, "best_epoch": end.best_epoch, "tested": tested}  # fmt: skip
            LEDGER.append({**asdict(cell), "arm": arm, **found, "cpu_seconds": round(time.process_time() - begun, 1)})


def table() -> str:
    """A row a kind of set, and what the shorter training has more over all sets."""
    kinds: dict[tuple[Any, ...], dict[int, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    for line in LEDGER.results():
        kind = line["source"], line["classes"], line["per_class"], line["side"]
        kinds[kind][line["seed"]][line["arm"]] = line["accuracy"]
    lines = ["| set | px | sets | " + " | ".join(ARMS) + " |", "|" + "---|" * (3 + len(ARMS))]
    gaps = []
    for (source, classes, per_class, side), found in sorted(kinds.items()):
        both = [each for each in found.values() if len(each) == len(ARMS)]
        gaps += [each["short"] - each["former"] for each in both]
        cells = [mean_and_spread([each[arm] for each in both]) for arm in ARMS if both]
        lines.append(f"| {source}, {classes} x {per_class} | {side} | {len(both)} | {' | '.join(cells)} |")
    half = 1.96 * statistics.stdev(gaps) / len(gaps) ** 0.5 if len(gaps) > 1 else 0.0
    mean = statistics.mean(gaps) if gaps else 0.0
    return "\n".join([*lines, f"\n{len(gaps)} sets: {100 * mean:+.2f} ± {100 * half:.2f} points"])


def main() -> None:
    parser = sources(__doc__)
    parser.add_argument("--seeds", nargs="+", type=int, default=[200, 201])
    parser.add_argument("--arms", nargs="+", default=list(ARMS), choices=ARMS)
    given = parser.parse_args()
    grid.TESTED = TESTED
    for cell in [] if given.table else cells(given.seeds):
        if getattr(given, cell.source):
            measure(cell, given.arms, given)
    print(table())


if __name__ == "__main__":
    main()
