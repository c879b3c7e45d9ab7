"""Few pictures: is the best epoch by a handful of validation pictures better than what needs no validation?

    python benchmarks/few.py --cifar cifar10.zip --tiny tiny-imagenet-val.zip --photos photos.zip --seeds 0 1
    python benchmarks/few.py --table

Sets of 5 to 40 pictures a class, cut as in ``benchmarks/grid.py``. Arms: the best epoch (``default``, which it was
for all of these before 27 November 2026; what is a mean of weights since then is in
``benchmarks/settled.py``); ``final_fit``, which trains on validation pictures too, for all epochs where
there are ten or fewer, as is the default since (one training gives both; in ``results/few-new-starter.jsonl`` for as
many epochs as the best took); the linear probe on all pictures but
the test's, its strength by cross-validation, on the features of layer4 and on those of layer3 and layer4. ``cv`` is
the probe's accuracy by cross-validation, known without the test, by which ``chosen`` takes the one or the other, layer4
where they are equal. One line a set in ``results/few.jsonl``, or in that of ``--name``; a process a seed.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from grid import Cell, cut, network, normalised, sources, tensors
from ledger import Ledger
from machine import DEVICE, SETTINGS, as_on_a_laptop

from resnet_studio.training.cycles import FEW_TO_CHOOSE_BY

FOLDS = 5


def cells() -> Iterator[Cell]:
    """Small sets first; those of several classes with fewer pictures a class."""
    for seed in range(10):
        for per_class in (5, 10, 20, 40):
            yield Cell("cifar", 2, per_class, 64, seed=seed)
            yield Cell("photos", 2, per_class, 300, seed=seed)
            if per_class < 20:
                yield Cell("tiny", 10, per_class, 64, seed=seed)
                yield Cell("cifar", 10, per_class, 32, seed=seed)


def measure(cell: Cell, given: argparse.Namespace, ledger: Ledger) -> None:
    """All arms of one set."""
    import resnet_studio as studio
    from resnet_studio.evaluation.final_fit import FINAL_FIT
    from resnet_studio.evaluation.parts import RunReport

    if ledger.knows(**asdict(cell)):
        return
    with cut(cell, given) as folder:
        home, begun = studio.Workspace.open(folder.parent / "home"), time.process_time()
        with as_on_a_laptop():
            run = studio.train(studio.open_data(folder, workspace=home), workspace=home, seed=cell.seed, groups="none",
                               final_fit=True, mean_with_start=False, **SETTINGS)  # fmt: skip
        spent, both = time.process_time() - begun, RunReport(run).get(FINAL_FIT)
        assert both is not None and both.tested is not None
        line = {"train": run.about["counts"]["train"], "validation": run.about["counts"]["validation"],
                "tested": both.tested.count, "best_epoch": both.epochs, "seconds": round(spent, 1),
                "default": round(both.tested.first / both.tested.count, 4),
                "final_fit": round(both.tested.second / both.tested.count, 4)}  # fmt: skip
        ledger.append({**asdict(cell), **line, **probes(folder, cell, run.config)})


def probes(folder: Path, cell: Cell, config: Any) -> dict[str, float]:
    """The probe's test accuracy and its accuracy by cross-validation, on one stage and on two."""
    import torch

    from resnet_studio.training import probe

    model = network(cell.classes).eval().to(DEVICE)
    model.fc = torch.nn.Identity()
    third: list[Any] = []
    model.layer3.register_forward_hook(lambda _m, _i, out: third.append(out.mean((2, 3)).cpu()))
    found = {}
    for part in ("train", "test"):
        values, labels, _ = tensors(folder, part, config)
        third.clear()
        with torch.inference_mode():
            last = torch.cat([model(normalised(each.to(DEVICE))).cpu() for each in torch.split(values, 64)])
        found[part] = (last, torch.cat([torch.cat(third), last], 1), labels)
    answers: dict[str, float] = {}
    for place, name in enumerate(("probe", "joined")):
        train, labels = found["train"][place].clone(), found["train"][2]
        fitted = probe.fit(train, labels, cell.classes, cell.seed)
        answers[name] = round(fitted.accuracy(found["test"][place], found["test"][2]), 4)
        answers[f"{name}_cv"] = round(crossed(train, labels, cell), 4)
    return answers


def crossed(features: Any, labels: Any, cell: Cell) -> float:
    """The share of pictures that a probe without them has right."""
    import torch
    from sklearn.model_selection import StratifiedKFold

    from resnet_studio.training import probe

    right = 0.0
    for known, held in StratifiedKFold(FOLDS, shuffle=True, random_state=cell.seed).split(labels, labels):
        inside, out = torch.from_numpy(known), torch.from_numpy(held)
        fitted = probe.fit(features[inside], labels[inside], cell.classes, cell.seed)
        right += fitted.accuracy(features[out], labels[out]) * len(out)
    return right / len(labels)


def table(ledger: Ledger) -> str:
    """A row a kind of set: means over the seeds, and over all sets what each arm has more than the default."""
    arms = ("default", "final_fit", "probe", "joined", "chosen")
    rows: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    for line in ledger.results():
        line["chosen"] = line["joined" if line["joined_cv"] > line["probe_cv"] else "probe"]
        rows[line["source"], line["classes"], line["per_class"]].append(line)
    lines = ["| set | classes | a class | validation | seeds | " + " | ".join(arms) + " |", "|" + "---|" * 10]
    for (source, classes, per_class), found in sorted(rows.items()):
        means = " | ".join(f"{statistics.mean(each[arm] for each in found):.3f}" for arm in arms)
        lines.append(f"| {source} | {classes} | {per_class} | {found[0]['validation']} | {len(found)} | {means} |")
    every = [each for found in rows.values() for each in found]
    few = [each for each in every if each["validation"] < FEW_TO_CHOOSE_BY]
    for name, some in (("all", every), ("with validation pictures too few to choose by", few)):
        lines.append(f"| {name}, against the best epoch | | | | {len(some)} | {' | '.join(gains(some, arms))} |")
    return "\n".join(lines)


def gains(lines: list[dict[str, Any]], arms: tuple[str, ...]) -> list[str]:
    """What each arm has more than the best epoch."""
    said = []
    for arm in arms if lines else ():
        gaps = [each[arm] - each["default"] for each in lines]
        half = 1.96 * statistics.stdev(gaps) / len(gaps) ** 0.5 if len(gaps) > 1 else 0.0
        said.append(f"{statistics.mean(gaps):+.4f} ± {half:.4f}")
    return said


def main() -> None:
    parser = sources(__doc__)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--name", default="few", help="the file in results/")
    given = parser.parse_args()
    ledger = Ledger(given.name)
    if given.table:
        print(table(ledger))
        return
    for cell in cells():
        if getattr(given, cell.source) and cell.seed in given.seeds:
            measure(cell, given, ledger)


if __name__ == "__main__":
    main()
