"""What the field's textbook methods buy here, each beside the same training without it: distillation, pruning,
adapters, adversarial training.

    python benchmarks/textbook.py --cifar cifar10.zip --tiny tiny-imagenet-val.zip --only distillation
    python benchmarks/textbook.py --table

A row of ``results/textbook.jsonl`` is one arm for one set and one seed, with its test accuracy and what it cost; what
is there is not run again. The settings of each method were fixed beforehand; nothing is chosen by test pictures.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from grid import Cell, pictures, write
from ledger import Ledger, mean_and_spread

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

LEDGER = Ledger("textbook")
SMALL = {"picture_size": 64, "device": "cpu", "precision": "fp32", "augmentation": "standard"}
SETS = (("cifar", 10, 15), ("tiny", 10, 15), ("photos", 2, 30))
UNLABELLED = 60
TEACHERS = 3

Arm = Callable[["Bench"], dict[str, Any]]


class Bench:
    """One set for one seed, in a workspace that all arms of it share; what an earlier arm trained is used again."""

    def __init__(self, source: str, classes: int, per_class: int, seed: int, given: argparse.Namespace) -> None:
        import resnet_studio as studio

        self.studio, self.seed, self.given = studio, seed, given
        self.folder = Path(tempfile.mkdtemp(prefix="textbook-", dir=given.scratch))
        more = UNLABELLED
        chosen = pictures(Cell(source, classes, per_class + more, 64, seed=seed), given)
        labelled = {name: every[more:] for name, every in chosen.items()}
        write(labelled, Cell(source, classes, per_class, 64, seed=seed), self.folder / "set")
        self.unlabelled = self.folder / "unlabelled"
        self.unlabelled.mkdir()
        for name, every in chosen.items():
            for place, picture in enumerate(every[:more]):
                picture.save(self.unlabelled / f"{name}-{place}.png")
        self.workspace = studio.Workspace.open(self.folder / "workspace")
        self.data = studio.open_data(self.folder / "set", workspace=self.workspace)
        self._runs: dict[str, Any] = {}

    def train(self, key: str, **settings: Any) -> Any:
        """The run called ``key``, trained once."""
        if key not in self._runs:
            given = {**SMALL, "seed": self.seed, **settings}
            self._runs[key] = self.studio.train(self.data, workspace=self.workspace, **given)
        return self._runs[key]

    def result(self, run: Any) -> dict[str, Any]:
        """What a run came to on the test pictures."""
        from resnet_studio.evaluation.parts import RunReport

        report = RunReport(run).report
        assert report is not None
        finished = run.state().finished
        return {"accuracy": report.accuracy, "tested": report.count, "seconds": round(finished.train_seconds, 1)}

    def close(self) -> None:
        """Nothing of it is left."""
        shutil.rmtree(self.folder, ignore_errors=True)


# distillation: the student trains its last two stages from the starter, its teachers are three such runs


def teachers(bench: Bench) -> str:
    runs = [bench.train(f"teacher {at}", seed=bench.seed, dropout=0.05 * at, epochs=12, freeze="layer2")
            for at in range(TEACHERS)]  # fmt: skip
    return ",".join(run.id for run in runs)


def alone(bench: Bench) -> dict[str, Any]:
    return bench.result(bench.train("teacher 0", epochs=12, freeze="layer2", dropout=0.0))


def together(bench: Bench) -> dict[str, Any]:
    """The teachers themselves, answering together: what the student may hope for at three times the cost."""
    names = teachers(bench).split(",")
    report = bench.studio.evaluate_together(names, bench.data, workspace=bench.workspace)
    return {"accuracy": report.accuracy, "tested": report.count}


def taught(bench: Bench) -> dict[str, Any]:
    return bench.result(bench.train("taught", epochs=12, freeze="layer2", teacher=teachers(bench)))


def taught_with_more(bench: Bench) -> dict[str, Any]:
    more = {"teacher": teachers(bench), "unlabelled": str(bench.unlabelled)}
    return bench.result(bench.train("taught with more", epochs=12, freeze="layer2", **more))


METHODS: dict[str, dict[str, Arm]] = {
    "distillation": {"alone": alone, "taught": taught, "taught with more": taught_with_more, "teachers": together},
}


def rows(given: argparse.Namespace) -> Iterator[tuple[str, str, int, int, int]]:
    for method in given.only or METHODS:
        for seed in range(given.seeds):
            for source, classes, per_class in SETS:
                if getattr(given, source, None):
                    yield method, source, classes, per_class, seed


def measure(given: argparse.Namespace) -> None:
    until = time.monotonic() + given.minutes * 60
    for method, source, classes, per_class, seed in rows(given):
        named = {"method": method, "set": source, "classes": classes, "per_class": per_class, "seed": seed}
        left = [arm for arm in METHODS[method] if not LEDGER.knows(**named, arm=arm)]
        if not left or time.monotonic() > until:
            continue
        bench = Bench(source, classes, per_class, seed, given)
        try:
            for arm in left:
                begun = time.process_time()
                found = METHODS[method][arm](bench)
                LEDGER.append({**named, "arm": arm, **found, "cpu_seconds": round(time.process_time() - begun, 1)})
        finally:
            bench.close()


def table() -> None:
    """Each arm's mean over sets and seeds, and its difference from the first arm, pair by pair."""
    found: dict[tuple[str, str], dict[tuple[Any, ...], dict[str, Any]]] = defaultdict(dict)
    for row in LEDGER.results():
        place = tuple(row[key] for key in ("set", "classes", "per_class", "seed"))
        found[row["method"], row["arm"]][place] = row
    for method, arms in METHODS.items():
        print(method)
        first = next(iter(arms))
        for arm in arms:
            those = found[method, arm]
            for source in sorted({place[0] for place in those}):
                values = [row["accuracy"] for place, row in those.items() if place[0] == source]
                apart = [row["accuracy"] - found[method, first][place]["accuracy"] for place, row in those.items()
                         if place[0] == source and place in found[method, first]]  # fmt: skip
                more = {key: value for row in those.values() for key, value in row.items() if key.startswith("of_")}
                print(
                    f"  {arm:20} {source:8} {mean_and_spread(values)}  {mean_and_spread(apart)} ({len(values)}) {more}"
                )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for source in ("cifar", "tiny", "photos"):
        parser.add_argument(f"--{source}", type=Path)
    parser.add_argument("--only", nargs="+", choices=METHODS)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=600, help="begin no further set after so many")
    parser.add_argument("--scratch", type=Path, default=None)
    parser.add_argument("--table", action="store_true")
    given = parser.parse_args()
    if not given.table:
        measure(given)
    table()


if __name__ == "__main__":
    main()
