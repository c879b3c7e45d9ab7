"""A hundred pictures of one class and five of the other: which correction finds the small one?

    python benchmarks/imbalance.py --cifar cifar10.zip
    python benchmarks/imbalance.py --cifar cifar10.zip --tiny tiny-imagenet-val.zip --photos photos.zip --trained
    python benchmarks/imbalance.py --table

The linear probe on kept features of the starter, as fine-tuning begins with it, on 100 test pictures of each class:
plain; balanced weights, as the default has them; logits adjusted by the logarithm of the classes' shares while fitting
(Menon et al. 2021, arXiv 2007.07314), with a factor; balanced weights and a threshold where the balanced accuracy of
held-out pictures is highest (each picture by a probe without it). One line a draw in ``results/imbalance.jsonl``.

``--trained``: whole trainings with the default and each weighting of classes, on pairs of
classes of three sources, and on ten classes of which half have 60 pictures and half 5; a process a seed, each with a
file of its own (``--name``).
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from grid import network, normalised, sources, zipped
from ledger import Ledger
from machine import SETTINGS, as_on_a_laptop

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

WEIGHTINGS = ("none", "balanced", "adjusted")
PAIRS = (("cat", "dog"), ("automobile", "truck"), ("deer", "horse"), ("bird", "frog"))
LARGE, SMALL, TESTED, SIDE = 100, 5, 100, 96


def features(pictures: list[Any]) -> Any:
    """Pooled features [N, F] of the starter."""
    import torch

    model = network(2).eval()
    model.fc = torch.nn.Identity()
    pixels = np.stack([np.asarray(each.resize((SIDE, SIDE))) for each in pictures])
    batch = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255
    with torch.inference_mode():
        return torch.cat([model(normalised(part)) for part in torch.split(batch, 64)])


def solved(x: Any, y: Any, shift: Any = None, weights: Any = None, C: float = 1e-3) -> Any:
    """A probe [2, F + 1] with logits shifted while it is fitted; ``weights`` of classes."""
    import torch
    import torch.nn.functional as F

    solution = torch.zeros(2, x.shape[1] + 1, requires_grad=True)
    search = torch.optim.LBFGS([solution], max_iter=60, line_search_fn="strong_wolfe")

    def objective() -> float:
        search.zero_grad()
        logits = x @ solution[:, :-1].T + solution[:, -1]
        logits = logits if shift is None else logits + shift
        cost = F.cross_entropy(logits, y, weights, reduction="sum") * C + solution[:, :-1].square().sum() / 2
        cost.backward()
        return float(cost.detach())

    search.step(objective)
    return solution.detach()


def scores(x: Any, solution: Any) -> Any:
    logits = x @ solution[:, :-1].T + solution[:, -1]
    return logits[:, 1] - logits[:, 0]


def threshold(x: Any, y: Any, weights: Any, C: float) -> float:
    """Between two held-out scores, where the balanced accuracy is highest; the middle of equally good places."""
    import torch
    from sklearn.model_selection import StratifiedKFold

    out = torch.zeros(len(y))
    for known, held in StratifiedKFold(5, shuffle=True, random_state=0).split(y, y):
        out[held] = scores(x[held], solved(x[known], y[known], weights=weights, C=C))
    places = torch.sort(out).values
    middles = torch.cat([places[:1] - 1, (places[1:] + places[:-1]) / 2, places[-1:] + 1])
    good = torch.stack([((out[y == 1] > at).float().mean() + (out[y == 0] <= at).float().mean()) / 2 for at in middles])
    best = (good >= good.max() - 1e-6).nonzero().flatten()
    return float(middles[best[len(best) // 2]])


def measure(found: dict[str, list[Any]], pair: tuple[str, str], seed: int, ledger: Ledger) -> None:
    import torch

    from resnet_studio.training import probe

    if ledger.knows(pair="/".join(pair), seed=seed):
        return
    draw = random.Random(f"{pair}/{seed}")
    drawn = [[each() for each in draw.sample(found[name], count + TESTED)]
             for name, count in zip(pair, (LARGE, SMALL), strict=True)]  # fmt: skip
    every = features(drawn[0] + drawn[1])
    large, small = every[: LARGE + TESTED], every[LARGE + TESTED :]
    train = torch.cat([large[:LARGE], small[:SMALL]])
    y = torch.tensor([0] * LARGE + [1] * SMALL)
    mean, scale = train.mean(0), train.std(0, correction=0) + 1e-6
    train, tests = (train - mean) / scale, [(each - mean) / scale for each in (large[LARGE:], small[SMALL:])]
    shares = torch.tensor([LARGE, SMALL]).float() / (LARGE + SMALL)
    balanced, line = 1 / (2 * shares), {}
    for C in (1e-4, 1e-3, 1e-2):
        arms = {"plain": (solved(train, y, C=C), 0.0), "balanced": (solved(train, y, weights=balanced, C=C), 0.0)}
        for factor in (1.0, 1.5, 2.0):
            arms[f"adjusted {factor:g}"] = (solved(train, y, shift=factor * shares.log(), C=C), 0.0)
        arms["threshold"] = (arms["balanced"][0], threshold(train, y, balanced, C))
        for name, (solution, at) in arms.items():
            line[f"{name}, C {C:g}"] = [round(float((scores(tests[0], solution) <= at).float().mean()), 3),
                                        round(float((scores(tests[1], solution) > at).float().mean()), 3)]  # fmt: skip
    raw = torch.cat([large[:LARGE], small[:SMALL]])
    for weighting in WEIGHTINGS:  # as a training begins with it, its strength chosen by itself
        fitted = probe.fit(raw, y, 2, seed, weighting=weighting)
        line[f"studio, {weighting}"] = [round(fitted.accuracy(each, torch.full((len(each),), label)), 3)
                                        for label, each in enumerate((large[LARGE:], small[SMALL:]))]  # fmt: skip
    ledger.append({"pair": "/".join(pair), "seed": seed, "recalls": line})


def sets(given: argparse.Namespace, seed: int) -> Any:
    """Names of the sets of a seed with their classes: those that are small, and how many pictures each has."""
    for source, pairs in (("cifar", PAIRS), ("photos", (("cat", "dog"), ("dog", "cat")))):
        if getattr(given, source):
            large = LARGE if source == "cifar" else 80
            for pair in pairs:
                yield source, "/".join(pair), {pair[0]: large, pair[1]: SMALL}
    for source in ("cifar", "tiny"):
        if getattr(given, source):
            names = sorted(zipped(getattr(given, source)))
            chosen = random.Random(f"{source}/{seed}").sample(names, 10)
            large = 60 if source == "cifar" else 20
            yield source, "ten", {name: SMALL - 2 * (source == "tiny") if at >= 5 else large
                                  for at, name in enumerate(chosen)}  # fmt: skip


def trained(given: argparse.Namespace, seed: int, ledger: Ledger) -> None:
    """A training with each weighting on each set; recall of the small classes and of the large ones."""
    import resnet_studio as studio
    from resnet_studio.evaluation.parts import RunReport

    for source, name, counts in sets(given, seed):
        left = [each for each in WEIGHTINGS if not ledger.knows(source=source, set=name, seed=seed, weighting=each)]
        if not left:
            continue
        with tempfile.TemporaryDirectory() as temporary:
            folder, home = Path(temporary) / "set", studio.Workspace.open(Path(temporary) / "home")
            found, draw = zipped(getattr(given, source)), random.Random(f"{name}/{seed}")
            for label, count in counts.items():
                every = draw.sample(found[label], min(len(found[label]), count + TESTED))
                for place, opened in enumerate(every):
                    file = folder / ("train" if place < count else "test") / label / f"{place:05}.png"
                    file.parent.mkdir(parents=True, exist_ok=True)
                    opened().save(file)
            dataset = studio.open_data(folder, workspace=home)
            small = min(counts.values())
            for weighting in left:
                with as_on_a_laptop():
                    run = studio.train(dataset, workspace=home, seed=seed, groups="none", class_weighting=weighting,
                                       **SETTINGS)  # fmt: skip
                report = RunReport(run).report
                assert report is not None
                recalls: dict[bool, list[float]] = {True: [], False: []}
                for row in report.per_class:
                    recalls[counts[row.name] == small].append(row.recall)
                state = run.state()
                ledger.append({"source": source, "set": name, "seed": seed, "weighting": weighting,
                               "small": round(statistics.mean(recalls[True]), 4),
                               "large": round(statistics.mean(recalls[False]), 4),
                               "lowest": round(min(recalls[True]), 4), "error": calibration(run),
                               "epochs": state.finished.best_epoch})  # fmt: skip


def calibration(run: Any) -> float | None:
    """The expected calibration error on the test pictures, where both classes are equally frequent."""
    from resnet_studio.evaluation.calibration import CALIBRATION
    from resnet_studio.evaluation.parts import RunReport

    found = RunReport(run).get(CALIBRATION)
    return None if found is None else round(found.error, 4)


def table_of_trained(ledger: Ledger) -> str:
    """A row a kind of set and weighting: recalls, their mean, and the mean's gain on balanced weights with interval."""
    rows: dict[tuple[str, str], dict[tuple[str, int], dict[str, dict[str, float]]]] = defaultdict(
        lambda: defaultdict(dict)
    )
    for line in ledger.results():
        if "weighting" in line:
            kind = line["source"], "ten" if line["set"] == "ten" else "pairs"
            for of in (kind, ("all", "")):
                rows[of][line["source"] + line["set"], line["seed"]][line["weighting"]] = line
    lines = [
        "| set | weighting | sets | small | large | mean | against balanced | calibration error |",
        "|" + "---|" * 8,
    ]
    for kind, draws in sorted(rows.items()):
        full = [each for each in draws.values() if set(WEIGHTINGS) <= set(each)]
        for weighting in WEIGHTINGS if full else ():
            small, large, error = (statistics.mean(each[weighting][name] for each in full)
                                   for name in ("small", "large", "error"))  # fmt: skip
            gaps = [sum(each[weighting][name] - each["balanced"][name] for name in ("small", "large")) / 2
                    for each in full]  # fmt: skip
            half = 1.96 * statistics.stdev(gaps) / len(gaps) ** 0.5 if len(gaps) > 1 else 0.0
            cells = [" ".join(kind), weighting, str(len(full)), f"{small:.3f}", f"{large:.3f}",
                     f"{(small + large) / 2:.3f}", f"{statistics.mean(gaps):+.3f} ± {half:.3f}",
                     f"{error:.3f}"]  # fmt: skip
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def table(ledger: Ledger) -> str:
    """A row an arm: recall of the small class by pair, of the large one, and the mean of both."""
    rows: dict[str, dict[str, list[list[float]]]] = defaultdict(lambda: defaultdict(list))
    for result in ledger.results():
        for arm, recalls in result.get("recalls", {}).items():
            rows[arm][result["pair"]].append(recalls)
    pairs = ["/".join(pair) for pair in PAIRS]
    lines = [f"| | {' | '.join(pairs)} | small | large | mean of both |", "|" + "---|" * (len(pairs) + 4)]
    for arm, found in sorted(rows.items()):
        every = [each for values in found.values() for each in values]
        by_pair = " | ".join(f"{statistics.mean(each[1] for each in found[pair]):.2f}" if found[pair] else ""
                             for pair in pairs)  # fmt: skip
        small, large = (statistics.mean(each[place] for each in every) for place in (1, 0))
        lines.append(f"| {arm} | {by_pair} | {small:.3f} | {large:.3f} | {(small + large) / 2:.3f} |")
    return "\n".join(lines)


def main() -> None:
    parser = sources(__doc__)
    parser.add_argument("--seeds", nargs="+", type=int, default=list(range(5)))
    parser.add_argument("--trained", action="store_true", help="whole trainings")
    parser.add_argument("--name", default="imbalance", help="the file in results/")
    given = parser.parse_args()
    ledger = Ledger(given.name)
    if given.table:
        print(table(ledger))
        print(table_of_trained(ledger))
        return
    if given.trained:
        for seed in given.seeds:
            trained(given, seed, ledger)
        return
    found = zipped(given.cifar)
    for seed in given.seeds:
        for pair in PAIRS:
            measure(found, pair, seed, ledger)


if __name__ == "__main__":
    main()
