"""The mean of the weights before and after fine-tuning beside the best epoch: test accuracy for shares of the way.

    python benchmarks/halfway.py --cifar cifar10.zip --tiny tiny-imagenet-val.zip --photos photos.zip --seeds 0 1 2
    python benchmarks/halfway.py --table

A set is cut as those of ``benchmarks/grid.py`` and trained by the default for its first cycle. Between the network that
the probe left and those of the last and of the best epoch, weights and BatchNorm's statistics are mixed; each mixture
answers validation and test pictures. One line a set in ``results/halfway.jsonl``; what is there is not run again.
"""

from __future__ import annotations

import copy
import statistics
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

from grid import Cell, cut, each_cell
from ledger import Ledger
from machine import SETTINGS, as_on_a_laptop

LEDGER = Ledger("halfway")
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)


def cells() -> Iterator[Cell]:
    """Sets of few pictures and one of a thousand."""
    for seed in range(10):
        yield Cell("photos", 2, 60, 600, wide=True, seed=seed)
        yield Cell("cifar", 10, 20, 32, seed=seed)
        yield Cell("digits", 10, 20, 20, seed=seed)
        yield Cell("photos", 2, 60, 300, seed=seed)
        yield Cell("cifar", 10, 20, 100, seed=seed)
        yield Cell("tiny", 20, 15, 64, seed=seed)
        yield Cell("cifar", 2, 5, 64, seed=seed)
        yield Cell("cifar", 2, 100, 128, seed=seed)
        yield Cell("photos", 2, 85, 300, seed=seed)
        yield Cell("cifar", 10, 100, 100, seed=seed)


def measure(cell: Cell, given: Any) -> None:
    """Train the set, mix and score."""
    import resnet_studio as studio
    from resnet_studio.stepwise import result_of
    from resnet_studio.training.control import Control
    from resnet_studio.training.halfway import mean_of
    from resnet_studio.training.plan import new_run
    from resnet_studio.training.scoring import score
    from resnet_studio.training.setup import prepare
    from resnet_studio.training.validation import validate

    if LEDGER.knows(**asdict(cell)):
        return
    with cut(cell, given) as folder:
        home = studio.Workspace.open(folder.parent / "home")
        dataset = studio.open_data(folder, workspace=home)
        with as_on_a_laptop():
            run = new_run(
                dataset, studio.TrainConfig(**SETTINGS, seed=cell.seed, groups="none", mean_with_start=True), home
            )
        session = result_of(prepare(run, Control()))
        start = session.start_suffix
        while not session.complete and session.epoch < session.epochs:
            for batch in session.batches_left():
                session.step(batch)
            session.next_epoch(session.score_epoch())
        m = session.materials
        network = copy.deepcopy(m.suffix)
        line: dict[str, Any] = {"epochs": session.epoch, "best_epoch": session.best.epoch,
                                "validated": len(m.batches.validation), "tested": len(m.split.test)}  # fmt: skip
        for name, end in (("last", session.scored.state_dict()), ("best", session.best_network.suffix)):
            for share in SHARES:
                network.load_state_dict(mean_of(start, end, share))
                found = validate(replace(m, suffix=network), network, 64)
                report = score(replace(m, suffix=network.eval()))
                line[f"{name}{share:g}"] = [round(each, 4) for each in (found.loss, found.accuracy, report.accuracy)]
        LEDGER.append({**asdict(cell), **line})


def table() -> str:
    """A row a mixture: what it has more than the best epoch, always and where validation finds it no worse."""
    lines = ["| mixture | sets | always | where as many validation pictures are right | worse in | better in |",
             "|" + "---|" * 6]  # fmt: skip
    every = LEDGER.results()
    for name in (f"{end}{share:g}" for end in ("last", "best") for share in SHARES):
        always = [line[name][2] - line["best1"][2] for line in every]
        some = [gap if line[name][1] >= line["best1"][1] else 0.0 for gap, line in zip(always, every, strict=True)]
        shown = [f"{100 * statistics.mean(gaps):+.2f} ± {196 * statistics.stdev(gaps) / len(gaps) ** 0.5:.2f} points"
                 for gaps in (always, some)]  # fmt: skip
        counts = [sum(gap < -1e-9 for gap in some), sum(gap > 1e-9 for gap in some)]
        lines.append(f"| {name} | {len(every)} | {shown[0]} | {shown[1]} | {counts[0]} | {counts[1]} |")
    return "\n".join(lines)


if __name__ == "__main__":
    each_cell(__doc__, cells, measure, table)
