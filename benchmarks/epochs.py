"""How many epochs does the default need? Accuracy after each, of trainings planned for so many.

    python benchmarks/epochs.py --cifar cifar10.zip --tiny tiny-imagenet-val.zip --photos photos.zip --shares 1 0.33
    python benchmarks/epochs.py --table

A set is one of the grid's cells (``benchmarks/grid.py``). It is trained with the default's epochs times each share;
the averaged network answers validation and test pictures after every epoch. What a rule for stopping would have kept,
and what it would have cost, can be read off the curves: one line a training in ``results/epochs.jsonl``. Nothing is
chosen by the test pictures, they only say afterwards what a choice was worth.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from grid import Cell, pictures, write
from ledger import Ledger

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

LEDGER = Ledger("epochs")
Curve = list[dict[str, float]]


def cells() -> Iterator[Cell]:
    """Sets on which stages are trained, small ones first."""
    for seed in range(3):
        yield Cell("photos", 2, 85, 300, seed=seed)
        yield Cell("cifar", 2, 100, 64, seed=seed)
        yield Cell("cifar", 10, 20, 64, seed=seed)
        yield Cell("tiny", 10, 18, 64, seed=seed)
    yield Cell("cifar", 10, 60, 100, seed=0)


def measure(cell: Cell, share: float, given: argparse.Namespace) -> None:
    """Train one set for a share of the default's epochs."""
    import resnet_studio as studio
    from resnet_studio.training.control import Control
    from resnet_studio.training.plan import new_run, resolve_for
    from resnet_studio.training.scoring import score
    from resnet_studio.training.setup import prepare

    if LEDGER.knows(**asdict(cell), share=share):
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "set"
        write(pictures(cell, given), cell, folder)
        home = studio.Workspace.open(Path(temporary) / "home")
        dataset = studio.open_data(folder, workspace=home)
        config = studio.TrainConfig(device="cpu", seed=cell.seed, groups="none")
        planned = resolve_for(dataset, config)[0].epochs
        config = config.replace(epochs=max(1, round(planned * share)))
        run = new_run(dataset, config, home)
        begun = time.process_time()
        session = _returned(prepare(run, Control()))
        prepared, curve, spent = time.process_time() - begun, [], 0.0
        m = session.materials

        def note(epoch: Any) -> None:
            report = score(replace(m, suffix=session.scored))
            curve.append({"validation": epoch.validation_accuracy, "loss": round(epoch.validation_loss, 4),
                          "train": round(epoch.train_accuracy, 4), "test": round(report.accuracy, 4)})  # fmt: skip

        note(session.best)
        while not session.complete:
            begun = time.process_time()
            for batch in session.batches_left():
                session.step(batch)
            finished = session.score_epoch()
            session.next_epoch(finished)
            spent += time.process_time() - begun
            note(finished)
        LEDGER.append({**asdict(cell), "share": share, "epochs": config.epochs, "freeze": run.config.freeze,
                       "size": run.config.picture_size, "train": len(m.batches.training),
                       "prepared": round(prepared, 1), "epoch_seconds": round(spent / config.epochs, 2),
                       "curve": curve})  # fmt: skip


def _returned(work: Any) -> Any:
    while True:
        try:
            next(work)
        except StopIteration as stop:
            return stop.value


def best_by(patience: int | None, least: int = 0) -> Callable[[Curve], tuple[int, int]]:
    """The epoch that a rule keeps and the epochs that it trains: the best by validation, and after ``least`` epochs at
    most ``patience`` more without a better one.
    """

    def rule(curve: Curve) -> tuple[int, int]:
        best = 0
        for epoch, now in enumerate(curve):
            if (now["validation"], -now["loss"]) > (curve[best]["validation"], -curve[best]["loss"]):
                best = epoch
            if patience and epoch >= least and epoch - best >= patience:
                return best, epoch
        return best, len(curve) - 1

    return rule


RULES = {
    "all, the best kept": best_by(None),
    "patience 3": best_by(3),
    "patience 5": best_by(5),
    "patience 8": best_by(8),
    "the last kept": lambda curve: (len(curve) - 1, len(curve) - 1),
}


def table() -> str:
    """A row a rule and share: mean test accuracy, what it lacks of all epochs with the best kept, epochs, seconds."""
    sets: dict[tuple[Any, ...], dict[float, dict[str, Any]]] = defaultdict(dict)
    for result in LEDGER.results():
        sets[tuple(result[name] for name in asdict(Cell("", 0, 0, 0)))][result["share"]] = result
    shares = sorted({share for found in sets.values() for share in found}, reverse=True)
    whole = {key: found for key, found in sets.items() if 1.0 in found}
    lines = ["| epochs | rule | sets | test accuracy | against the first row | epochs trained | CPU seconds |",
             "|" + "---|" * 7]  # fmt: skip
    for share in shares:
        for name, rule in RULES.items():
            tested, gaps, trained, seconds = [], [], [], []
            for found in whole.values():
                if share not in found:
                    continue
                kept, ran = rule(found[share]["curve"])
                reference = found[1.0]["curve"]
                tested.append(found[share]["curve"][kept]["test"])
                gaps.append(tested[-1] - reference[RULES["all, the best kept"](reference)[0]]["test"])
                trained.append(ran)
                seconds.append(found[share]["prepared"] + ran * found[share]["epoch_seconds"])
            if not tested:
                continue
            spread = statistics.stdev(gaps) / len(gaps) ** 0.5 if len(gaps) > 1 else 0.0
            lines.append(f"| {share:g} | {name} | {len(tested)} | {statistics.mean(tested):.4f} | "
                         f"{statistics.mean(gaps):+.4f} ± {1.96 * spread:.4f} | {statistics.mean(trained):.1f} | "
                         f"{statistics.mean(seconds):.1f} |")  # fmt: skip
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for source in ("cifar", "tiny", "photos"):
        parser.add_argument(f"--{source}", type=Path, metavar="ZIP")
    parser.add_argument("--shares", nargs="+", type=float, default=[1.0])
    parser.add_argument("--only", nargs="+", help="sets, such as cifar")
    parser.add_argument("--seeds", nargs="+", type=int)
    parser.add_argument("--table", action="store_true")
    given = parser.parse_args()
    if given.table:
        print(table())
        return
    for cell in cells():
        if (
            getattr(given, cell.source)
            and (not given.only or cell.source in given.only)
            and (given.seeds is None or cell.seed in given.seeds)
        ):
            for share in given.shares:
                measure(cell, share, given)


if __name__ == "__main__":
    main()
