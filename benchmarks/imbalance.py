"""A hundred pictures of one class and five of the other: which correction finds the small one?

    python benchmarks/imbalance.py --cifar cifar10.zip
    python benchmarks/imbalance.py --table

The linear probe on kept features of the starter, as fine-tuning begins with it, on 100 test pictures of each class:
plain; balanced weights, as the default has them; logits adjusted by the logarithm of the classes' shares while fitting
(Menon et al. 2021, arXiv 2007.07314), with a factor; balanced weights and a threshold where the balanced accuracy of
held-out pictures is highest (each picture by a probe without it). One line a draw in ``results/imbalance.jsonl``.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from grid import network, normalised, zipped
from ledger import Ledger

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

LEDGER = Ledger("imbalance")
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


def measure(found: dict[str, list[Any]], pair: tuple[str, str], seed: int) -> None:
    import torch

    if LEDGER.knows(pair="/".join(pair), seed=seed):
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
    LEDGER.append({"pair": "/".join(pair), "seed": seed, "recalls": line})


def table() -> str:
    """A row an arm: recall of the small class by pair, of the large one, and the mean of both."""
    rows: dict[str, dict[str, list[list[float]]]] = defaultdict(lambda: defaultdict(list))
    for result in LEDGER.results():
        for arm, recalls in result["recalls"].items():
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
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cifar", type=Path, metavar="ZIP")
    parser.add_argument("--seeds", nargs="+", type=int, default=list(range(5)))
    parser.add_argument("--table", action="store_true")
    given = parser.parse_args()
    if given.table:
        print(table())
        return
    found = zipped(given.cifar)
    for seed in given.seeds:
        for pair in PAIRS:
            measure(found, pair, seed)


if __name__ == "__main__":
    main()
