"""Does the race pick well? Its pick against every cell of the race, trained in full and tested.

    python benchmarks/race_pick.py --cifar cifar10.zip --tiny tiny-imagenet-val.zip --photos photos.zip --seeds 0
    python benchmarks/race_pick.py --table

A draw is a set cut as those of ``benchmarks/grid.py``, with a test part that the race never sees. The race runs as
``race DATA`` does; then each of its cells is trained with all that a training has of itself, and answers the test
pictures, once. The pick is right where nothing of the race beats it by more than the interval: of the difference,
picture by picture (``paired``), or of the pick's own accuracy (``own``). One line a race and a line a training in
``results/race_pick.jsonl``, or in that of ``--name``; what is there is not run again. A process a seed.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from grid import Cell, cut, sources
from ledger import Ledger
from machine import SETTINGS, as_on_a_laptop


def draws() -> Iterator[Cell]:
    """Different kinds of sets; a seed draws other classes and pictures."""
    for seed in range(10):
        yield Cell("cifar", 2, 30, 64, seed=seed)
        yield Cell("tiny", 10, 18, 64, seed=seed)
        yield Cell("photos", 2, 85, 300, seed=seed)
        yield Cell("cifar", 5, 40, 32, seed=seed)
        yield Cell("cifar", 10, 100, 100, seed=seed)


def measure(draw: Cell, given: argparse.Namespace, ledger: Ledger) -> None:
    """The race, and what its cells come to."""
    import resnet_studio as studio

    of = asdict(draw)
    known = next((line for line in ledger.results() if of.items() <= line.items() and "pick" in line), None)
    if known and all(ledger.knows(**of, candidate=key) for key in known["cells"]):
        return
    with cut(draw, given) as folder:
        home = studio.Workspace.open(folder.parent / "home")
        dataset = studio.open_data(folder, workspace=home)
        config = studio.TrainConfig(**SETTINGS, seed=draw.seed, groups="none")
        if known is None:
            begun = time.perf_counter()
            with as_on_a_laptop():
                race = studio.race(dataset, config, workspace=home)
            assert race.pick is not None
            cells = {each.candidate.key: round(each.accuracy, 4) for each in race.cells}
            known = {**of, "pick": race.pick.candidate.key, "pictures": race.pictures, "cells": cells,
                     "alike": [each.candidate.key for each in race.alike()],
                     "seconds": round(time.perf_counter() - begun, 1)}  # fmt: skip
            ledger.append(known)
        for key in known["cells"]:
            if not ledger.knows(**of, candidate=key):
                ledger.append({**of, "candidate": key, **trained(dataset, config, key, home)})


def trained(dataset: Any, config: Any, key: str, home: Any) -> dict[str, Any]:
    """A full training of the candidate ``key``, and a sign a test picture."""
    import resnet_studio as studio
    from resnet_studio.evaluation.parts import RunReport
    from resnet_studio.studies.race import Candidate

    depth, weights, freeze, size = key.rsplit("/", 3)
    candidate = Candidate(int(depth), weights, freeze, int(size))  # type: ignore[arg-type]
    begun = time.perf_counter()
    with as_on_a_laptop():
        run = studio.train(dataset, config.replace(**candidate.settings), workspace=home)
    report = RunReport(run).report
    assert report is not None
    right = {each.name: each.true == each.predicted for each in report.pictures}
    signs = "".join("1" if right[name] else "0" for name in sorted(right))
    return {"accuracy": round(signs.count("1") / len(signs), 4), "seconds": round(time.perf_counter() - begun, 1),
            "right": signs}  # fmt: skip


def table(ledger: Ledger) -> str:
    """A row a draw: what was picked, what was best, and whether they can be told apart."""
    from resnet_studio.evaluation.paired_tests import paired_bootstrap
    from resnet_studio.evaluation.report import wilson_interval

    found: dict[tuple[Any, ...], dict[str, Any]] = defaultdict(dict)
    for line in ledger.results():
        key = tuple(line[name] for name in asdict(Cell("", 0, 0, 0)))
        found[key][line.get("candidate", "race")] = line
    lines = ["| set | seed | picked | accuracy | best of all cells | accuracy | difference, 95 % | paired | own | "
             "race, s |", "|" + "---|" * 10]  # fmt: skip
    counts = {"paired": 0, "own": 0, "draws": 0}
    for (source, classes, per_class, side, _, _, seed), draw in found.items():
        race = draw.get("race")
        if race is None or not set(race["cells"]) <= set(draw):
            continue
        pick = draw[race["pick"]]
        best_key = max(race["cells"], key=lambda key: draw[key]["accuracy"])
        best = draw[best_key]
        pairs = list(zip(best["right"], pick["right"], strict=True))
        ahead, behind = pairs.count(("1", "0")), pairs.count(("0", "1"))
        low, high = paired_bootstrap(ahead, behind, len(pairs))
        _, upper = wilson_interval(pick["right"].count("1"), len(pairs))
        paired, own = low <= 0, best["accuracy"] <= upper
        counts = {"paired": counts["paired"] + paired, "own": counts["own"] + own, "draws": counts["draws"] + 1}
        lines.append(f"| {source} {classes}x{per_class}, {side} px | {seed} | {race['pick']} | {pick['accuracy']:.3f} "
                     f"| {best_key} | {best['accuracy']:.3f} | {low:+.3f} to {high:+.3f} | {'yes' if paired else 'NO'} "
                     f"| {'yes' if own else 'NO'} | {race['seconds']:.0f} |")  # fmt: skip
    return "\n".join([*lines, "", f"{counts['paired']} of {counts['draws']} picks within the interval of the "
                      f"difference, {counts['own']} within that of their own accuracy"])  # fmt: skip


def main() -> None:
    parser = sources(__doc__)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--most", type=int, help="at most so many draws a seed, the smallest")
    parser.add_argument("--name", default="race_pick", help="the file in results/, one for each process")
    given = parser.parse_args()
    ledger = Ledger(given.name)
    if given.table:
        print(table(ledger))
        return
    for seed in given.seeds:
        for draw in [each for each in draws() if each.seed == seed and getattr(given, each.source)][: given.most]:
            measure(draw, given, ledger)


if __name__ == "__main__":
    main()
