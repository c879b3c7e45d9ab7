"""What the field's textbook methods buy here, each beside the same training without it: distillation, pruning,
adapters, adversarial training, pretraining without labels.

    python benchmarks/textbook.py --cifar cifar10.zip --tiny tiny-imagenet-train-0.zip --only distillation
    python benchmarks/textbook.py --table

A row of ``results/textbook.jsonl`` is one arm for one set and one seed, with its test accuracy and what it cost; what
is there is not run again. The settings of each method were fixed beforehand; nothing is chosen by test pictures.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from grid import Cell, pictures, sources, write
from ledger import Ledger, mean_and_spread
from machine import DEVICE, SETTINGS, as_on_a_laptop
from PIL import Image

LEDGER = Ledger("textbook")
SMALL = {"picture_size": 64, "precision": "fp32", "augmentation": "standard", **SETTINGS}
SETS = (("cifar", 10, 15), ("tiny", 10, 15), ("photos", 2, 30))
OTHER_SETS = {"pretraining": (("cifar", 2, 30), ("photos", 2, 30))}  # it takes a hundred epochs
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

    @property
    def with_unlabelled(self) -> Any:
        """The same data set with the unlabelled pictures beside its classes."""
        shutil.copytree(self.unlabelled, self.folder / "set" / "train" / "unlabelled", dirs_exist_ok=True)
        return self.studio.open_data(self.folder / "set", workspace=self.workspace)

    def train(self, key: str, data: Any = None, **settings: Any) -> Any:
        """The run called ``key``, trained once, on ``data`` or else on the set as it is."""
        if key not in self._runs:
            given = {**SMALL, "seed": self.seed, **settings}
            with as_on_a_laptop():
                self._runs[key] = self.studio.train(data or self.data, workspace=self.workspace, **given)
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


# pruning: channels are taken out of the network that was trained alone, and what is left is trained on


def pruned(keep: float) -> Arm:
    def arm(bench: Bench) -> dict[str, Any]:
        from resnet_studio.studies.pruned import compare

        before = bench.train("teacher 0", epochs=12, freeze="layer2", dropout=0.0)
        after = bench.studio.prune(before, keep=keep, workspace=bench.workspace)
        found = compare(before, after)
        small = {"of_parameters": round(found.after.parameters / found.before.parameters, 3),
                 "of_work": round(found.after.gflop / found.before.gflop, 3),
                 "of_time": round(found.after.batch_ms / found.before.batch_ms, 3)}  # fmt: skip
        return {**bench.result(after), **small}

    return arm


# what is trained of the stages, from the starter; each with the rate that suits it, as its source has it


def tuned(what: str, rate: float) -> Arm:
    def arm(bench: Bench) -> dict[str, Any]:
        settings = {"tuned_parameters": what, "learning_rate": rate, "freeze": "stem", "epochs": 12}
        return bench.result(bench.train(f"tuned {what}", **settings))

    return arm


# robustness: accuracy as it is, and when each pixel is moved by up to 4/255 in the way that misleads most


def attacked(strength: float) -> Arm:
    def arm(bench: Bench) -> dict[str, Any]:
        from resnet_studio.data.views import Framed
        from resnet_studio.evaluation.attacks import labels_under_attack

        run = bench.train(f"against {strength:.3f}", adversarial=strength, epochs=12, freeze="layer2")
        files = sorted((bench.folder / "set" / "test").glob("*/*.png"))
        names = sorted({file.parent.name for file in files})
        predictor = bench.studio.Predictor(run.best, device=DEVICE)
        framed = Framed.of(predictor.card.preprocessing)
        views = np.stack([framed.pixels(Image.open(file).convert("RGB")) for file in files])
        labels = [names.index(file.parent.name) for file in files]
        shares = {}
        for name, steps in (("fgsm", 1), ("pgd", 5)):
            right = labels_under_attack(predictor, views, labels, 4 / 255, steps) == np.asarray(labels)
            shares[f"under_{name}"] = round(float(right.mean()), 4)
        return {**bench.result(run), **shares}

    return arm


# settled, and then trained again with the validation pictures


def settled(bench: Bench) -> dict[str, Any]:
    return bench.result(bench.train("settled"))


def with_all(bench: Bench) -> dict[str, Any]:
    """As ``settled``, with ``final_fit``: its report is that of the second network."""
    from resnet_studio.evaluation.final_fit import FINAL_FIT
    from resnet_studio.evaluation.parts import RunReport

    run = bench.train("with all", final_fit=True)
    both = RunReport(run).get(FINAL_FIT)
    assert both is not None and both.tested is not None
    return {"accuracy": both.tested.second / both.tested.count, "tested": both.tested.count}


# starting weights learnt from pictures without labels, then all stages trained on the labelled ones


def started(weights: str, pretrain_epochs: int = 0) -> Arm:
    """The same network, with the standard stem, from ``weights``; for so many epochs it learns without labels first."""

    def arm(bench: Bench) -> dict[str, Any]:
        settings = {"weights": weights, "freeze": "none", "stem": "standard", "epochs": 30, "precision": "auto"}
        data = bench.with_unlabelled
        run = bench.train(f"{weights} {pretrain_epochs}", data, pretrain_epochs=pretrain_epochs, **settings)
        return bench.result(run)

    return arm


METHODS: dict[str, dict[str, Arm]] = {
    "distillation": {"alone": alone, "taught": taught, "taught with more": taught_with_more, "teachers": together},
    "pruning": {"alone": alone, "keep 0.7": pruned(0.7), "keep 0.5": pruned(0.5)},
    "tuned": {
        "all": tuned("all", 1e-3),
        "batchnorm": tuned("batchnorm", 1e-2),
        "bias": tuned("bias", 1e-2),
        "adapters": tuned("adapters", 1e-2),
    },
    "adversarial": {"plain": attacked(0.0), "against 2/255": attacked(2 / 255), "against 4/255": attacked(4 / 255)},
    "final fit": {"settled": settled, "with all": with_all},
    "pretraining": {
        "built-in": started("starter"),
        "built-in, SimSiam": started("starter", 100),
        "scratch": started("scratch"),
        "SimSiam": started("scratch", 100),
    },
}


def rows(given: argparse.Namespace) -> Iterator[tuple[str, str, int, int, int]]:
    for method in given.only or METHODS:
        for seed in given.seeds:
            for source, classes, per_class in OTHER_SETS.get(method, SETS):
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
                more = {key: round(statistics.mean(row[key] for row in those.values() if key in row), 3)
                        for row in those.values() for key in row if key.startswith(("of_", "under_"))}  # fmt: skip
                print(
                    f"  {arm:20} {source:8} {mean_and_spread(values)}  {mean_and_spread(apart)} ({len(values)}) {more}"
                )


def main() -> None:
    parser = sources(__doc__)
    parser.add_argument("--only", nargs="+", choices=METHODS)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--minutes", type=float, default=600, help="begin no further set after so many")
    parser.add_argument("--scratch", type=Path, default=None)
    given = parser.parse_args()
    if not given.table:
        measure(given)
    table()


if __name__ == "__main__":
    main()
