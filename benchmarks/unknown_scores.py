# ruff: noqa: E501
"""The scores that ``unknown.py`` compares: single ones of a stage, and what they come to together."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp
from scipy.stats import rankdata

Rows = NDArray[np.float32]
BLOCKS = (("own", "layer2"), ("own", "layer3"), ("own", "layer4"), ("start", "layer3"), ("start", "layer4"))
STATISTICS = {"mean": (0,), "max": (1,), "mean+max": (0, 1), "std": (2,), "mean+std": (0, 2)}
SCALINGS = ("unit", "channels+unit")
FLOORS = (0.3, 1.0)
NEIGHBOURS = (1, 3, 5, 10)
RANK = 256
SETS = {
    "own 2-4": (0, 1, 2), "own 3-4": (1, 2), "own 2-3": (0, 1), "own 3": (1,), "own 4": (2,),
    "own 2-4, start 4": (0, 1, 2, 4), "own 2-3, start 4": (0, 1, 4), "own 3, start 4": (1, 4), "start 4": (4,),
    "start 3-4": (3, 4), "own 2, start 3-4": (0, 3, 4),
}  # fmt: skip
WAYS = ("mean", "z", "rank", "max z")
PARTS = ("train", "validation", "test")


def single_scores(
    rows: Mapping[str, Mapping[str, Rows]],
    labels: NDArray[np.int64],
    head: tuple[Rows, Rows] | None,
    parts: Sequence[str],
) -> dict[str, Rows]:
    """Each single score of each of ``parts`` but the training pictures, as ``names`` and an array [scores, N] a part."""
    names: list[str] = []
    found: dict[str, list[NDArray[np.float64]]] = {part: [] for part in parts if part != "train"}

    def add(name: str, values: Mapping[str, NDArray[np.float64]]) -> None:
        names.append(name)
        for part in found:
            found[part].append(values[part])

    blocks = [block for block in BLOCKS if block[0] in rows]
    for (network, stage), statistic, scaling in itertools.product(blocks, STATISTICS, SCALINGS):
        scaled = scale({part: cut(rows[network][f"{stage} {part}"], statistic) for part in parts}, scaling)
        for method, values in of_features(scaled, labels):
            add(f"{network} {stage}|{statistic}|{scaling}|{method}", values)
    for name, values in of_logits(rows["own"], head, parts) if head else ():
        add(name, values)
    return {"names": np.array(names), **{part: np.stack(found[part]).astype(np.float32) for part in found}}


def cut(rows: Rows, statistic: str) -> NDArray[np.float64]:
    width = rows.shape[1] // 3
    return np.concatenate([rows[:, at * width : (at + 1) * width] for at in STATISTICS[statistic]], 1).astype(float)


def scale(rows: dict[str, NDArray[np.float64]], scaling: str) -> dict[str, NDArray[np.float64]]:
    if scaling != "unit":
        mean, spread = rows["train"].mean(0), rows["train"].std(0)
        spread = spread + 0.05 * spread.mean() + 1e-9  # channels that hardly vary must not decide
        rows = {part: (each - mean) / spread for part, each in rows.items()}
    if scaling != "channels":
        rows = {
            part: each / np.maximum(np.linalg.norm(each, axis=1, keepdims=True), 1e-9) for part, each in rows.items()
        }
    return rows


def of_features(
    rows: Mapping[str, NDArray[np.float64]], labels: NDArray[np.int64]
) -> Iterator[tuple[str, dict[str, NDArray[np.float64]]]]:
    """The logarithms of distances: to the nearest pictures, to the classes, to all (less those to the classes)."""
    train = rows["train"]
    others = [part for part in rows if part != "train"]
    nearest = {part: np.sort(squared(rows[part], train), 1)[:, : max(NEIGHBOURS)] for part in others}
    for count in NEIGHBOURS:
        yield f"neighbours {count}", {part: logs(nearest[part][:, :count].mean(1)) for part in others}
    kinds, places = np.unique(labels, return_inverse=True)
    means = np.stack([train[places == kind].mean(0) for kind in range(len(kinds))])
    classes = Gaussian(means, train - means[places])
    everything = Gaussian(train.mean(0, keepdims=True), train - train.mean(0))
    for floor in FLOORS:
        near = {part: classes.distances(rows[part], floor) for part in others}
        yield f"mahalanobis {floor}", {part: logs(near[part]) for part in others}
    alone = {part: everything.distances(rows[part], FLOORS[0]) for part in others}
    near = {part: classes.distances(rows[part], FLOORS[0]) for part in others}
    yield "mahalanobis without classes", {part: logs(alone[part]) for part in others}
    yield "relative mahalanobis", {part: near[part] - alone[part] for part in others}


class Gaussian:
    """``means`` [C, F] and the one covariance of the ``centred`` rows, as ``model/unlike.py`` has it."""

    def __init__(self, means: NDArray[np.float64], centred: NDArray[np.float64]) -> None:
        self.means, self.total = means, centred.var(0).mean()
        values, vectors = np.linalg.eigh(centred @ centred.T)
        order = np.argsort(values)[::-1][:RANK]
        values, vectors = np.maximum(values[order], 1e-12), vectors[:, order]
        self.variances = values / len(centred)
        self.directions = centred.T @ (vectors / np.sqrt(values))

    def distances(self, rows: NDArray[np.float64], floor: float) -> NDArray[np.float64]:
        least = max(floor * self.total, 1e-9)
        basis = self.directions * np.sqrt(self.variances / (self.variances + least))
        inside = squared(rows @ basis, self.means @ basis)
        return np.maximum((squared(rows, self.means) - inside) / least, 1e-12).min(1)


def of_logits(
    rows: Mapping[str, Rows], head: tuple[Rows, Rows], parts: Sequence[str]
) -> Iterator[tuple[str, dict[str, NDArray[np.float64]]]]:
    """Largest softmax, energy, and ViM (Wang et al. 2022, arXiv 2203.10807)."""
    logits = {part: rows[f"logits {part}"].astype(float) for part in parts}
    energy = {part: logsumexp(each, 1) for part, each in logits.items()}
    yield "softmax", {part: energy[part] - each.max(1) for part, each in logits.items()}
    yield "energy", {part: -each for part, each in energy.items()}
    weight, bias = (each.astype(float) for each in head)
    origin = -np.linalg.pinv(weight) @ bias
    features = {part: cut(rows[f"layer4 {part}"], "mean") - origin for part in parts}
    _, _, directions = np.linalg.svd(features["train"], full_matrices=False)
    main = directions[: min(128, len(directions) // 2)]
    rest = {part: np.linalg.norm(each - each @ main.T @ main, axis=1) for part, each in features.items()}
    alpha = logits["train"].max(1).mean() / rest["train"].mean()
    yield "ViM", {part: alpha * rest[part] - energy[part] for part in parts}


def squared(rows: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.maximum((rows**2).sum(1)[:, None] + (others**2).sum(1) - 2 * rows @ others.T, 0)


def logs(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.log(np.maximum(values, 1e-12))


@dataclass(frozen=True)
class Network:
    """The single scores of one trained network, those of validation pictures of mean 0 and spread 1."""

    seed: str
    known: str
    arm: str
    names: list[str]
    raw: dict[str, NDArray[np.float64]]

    @property
    def unknown(self) -> list[str]:
        return [part for part in self.raw if part not in PARTS]

    def standardised(self) -> dict[str, NDArray[np.float64]]:
        middle = self.raw["validation"].mean(1, keepdims=True)
        spread = self.raw["validation"].std(1, keepdims=True) + 1e-9
        return {part: (each - middle) / spread for part, each in self.raw.items()}

    def ranked(self) -> dict[str, NDArray[np.float64]]:
        """Shares of validation pictures below; beyond them a little of the standardised score decides."""
        z, known = self.standardised(), np.sort(self.raw["validation"], 1)
        return {
            part: np.stack([np.searchsorted(known[at], each[at]) / known.shape[1] for at in range(len(each))])
            + 0.02 * z[part]
            for part, each in self.raw.items()
        }


def areas(known: NDArray[np.float64], unknown: NDArray[np.float64]) -> NDArray[np.float64]:
    """The area under the ROC curve of each row of scores [rows, N] and [rows, M]."""
    ranks = rankdata(np.concatenate([known, unknown], 1), axis=1)
    few, many = known.shape[1], unknown.shape[1]
    return (ranks[:, few:].sum(1) - many * (many + 1) / 2) / (few * many)


def candidates(names: Sequence[str]) -> dict[str, tuple[str, list[int]]]:
    """The combinations by name: how they are combined, and which single scores."""
    place = {name: at for at, name in enumerate(names)}
    endings = sorted({name.split("|", 1)[1] for name in names if "|" in name})
    found: dict[str, tuple[str, list[int]]] = {}
    for (title, blocks), ending in itertools.product(SETS.items(), endings):
        if not all(f"{' '.join(BLOCKS[each])}|{ending}" in place for each in blocks):
            continue
        members = [place[f"{' '.join(BLOCKS[each])}|{ending}"] for each in blocks]
        for way in WAYS if len(members) > 1 else WAYS[:1]:
            found[f"{title}|{ending}|{way}"] = (way, members)
    for name in {"softmax", "energy", "ViM"} & set(names):
        found[f"own 4|{name}"] = ("mean", [place[name]])
    return found


def combined(network: Network, chosen: Mapping[str, tuple[str, list[int]]]) -> dict[str, NDArray[np.float64]]:
    """Each candidate's score of each part, [candidates, N]."""
    views = {"mean": network.raw, "z": network.standardised(), "rank": network.ranked()}
    result = {}
    for part in ("test", *network.unknown):
        result[part] = np.stack([
            views["z"][part][at].max(0) if way == "max z" else views[way][part][at].mean(0) for way, at in chosen.values()
        ])  # fmt: skip
    return result


def load_networks(folder: Path) -> list[Network]:
    return [read_network(file) for file in sorted(folder.glob("*.npz"))]


def read_network(file: Path) -> Network:
    seed, rest = file.stem.split(" ", 1)
    arm = next(arm for arm in ("head alone", "layer4 trained", "all trained", "from scratch") if rest.endswith(arm))
    with np.load(file) as stored:
        raw = {part: stored[part].astype(float) for part in stored.files if part != "names"}
        return Network(seed, rest.removesuffix(arm).strip(), arm, stored["names"].tolist(), raw)


@dataclass(frozen=True)
class Table:
    """The area of each candidate for each pair, [candidates, pairs]."""

    names: list[str]
    pairs: list[tuple[str, str, str, str]]
    areas: NDArray[np.float64]

    def of(
        self, seeds: Sequence[str], *, chosen: bool, without: Sequence[str] = (), arm: str = ""
    ) -> NDArray[np.float64]:
        """The columns of the ``seeds``, or of the others where not ``chosen``; networks from scratch only by ``arm``."""
        at = [
            place
            for place, (seed, _, its, unknown) in enumerate(self.pairs)
            if (seed in seeds) == chosen and unknown not in without and (its == arm if arm else its != "from scratch")
        ]
        return self.areas[:, at]


def table(networks: Sequence[Network]) -> Table:
    chosen = candidates(networks[0].names)
    pairs, columns = [], []
    for network in networks:
        scores = combined(network, chosen)
        for unknown in network.unknown:
            pairs.append((network.seed, network.known, network.arm, unknown))
            columns.append(areas(scores["test"], scores[unknown]))
    return Table(list(chosen), pairs, np.stack(columns, 1))


TODAY = "own 3-4|mean+std|unit|mahalanobis 1.0|mean"
BEFORE = "own 2-4|mean|unit|mahalanobis 0.3|mean"
STARTED = ("start 4|mean|unit|neighbours 1|mean", "own 4|mean|unit|neighbours 1|mean")


def greedy(
    networks: Sequence[Network], seeds: Sequence[str], without: Sequence[str], allowed: str, most: int = 4
) -> list[int]:
    """Single scores whose standardised mean is best on the ``seeds``, one after another; names match ``allowed``."""
    names = networks[0].names
    usable = [at for at, name in enumerate(names) if re.match(allowed, name)]
    deciding = [n for n in networks if n.seed in seeds and n.arm != "from scratch"]
    sums = [{part: np.zeros(rows.shape[1]) for part, rows in n.raw.items()} for n in deciding]
    views = [n.standardised() for n in deciding]
    chosen: list[int] = []
    best = np.inf
    for _ in range(most):
        losses = []
        for view, total, network in zip(views, sums, deciding, strict=True):
            test = view["test"][usable] + total["test"]
            for unknown in network.unknown:
                if unknown not in without:
                    losses.append((1 - areas(test, view[unknown][usable] + total[unknown])) ** 2)
        loss = np.mean(losses, 0)
        if loss.min() > best * 0.99:
            break
        best, at = loss.min(), usable[int(loss.argmin())]
        chosen.append(at)
        for view, total in zip(views, sums, strict=True):
            for part in total:
                total[part] = total[part] + view[part][at]
    return chosen


def report(folder: Path, seeds: Sequence[str], without: Sequence[str], rows: int) -> None:
    """Print what was chosen on the ``seeds``, with its figures on the others."""
    networks = load_networks(folder)
    found = table(networks)
    shown = Shown(found, seeds, without, any(pair[0] not in seeds for pair in found.pairs))
    shown.heading(len(networks))
    started = next(name for name in STARTED if name in found.names)
    for label, name in (("today", TODAY), ("neighbours in the start's layer4", started)):
        shown.candidate(f"{label}: {name}", found.names.index(name))
    winners = shown.best(rows)
    print("single scores added one after another (means of standardised ones)")
    added = [shown.added(networks, cost, allowed)
             for cost, allowed in (("own", "own|ViM|energy"), ("own and start", ".*"))]  # fmt: skip
    print("each pair, over all seeds and arms but from scratch: today, best own, best with start, added own, added with "
          "start (mean, worst)")  # fmt: skip
    shown.pairs([found.areas[found.names.index(TODAY)], *(found.areas[at] for at in winners), *added])


@dataclass(frozen=True)
class Shown:
    """Rows of figures; ``others``: whether there are seeds that nothing is chosen on."""

    found: Table
    seeds: Sequence[str]
    without: Sequence[str]
    others: bool

    def heading(self, networks: int) -> None:
        """What the columns are."""
        print(f"\n{networks} networks, {len(self.found.pairs)} pairs, {len(self.found.names)} candidates; chosen by the "
              "mean of (1 - area)²")  # fmt: skip
        print(f"on seeds {','.join(self.seeds)} without {', '.join(self.without)}; reported on the other seeds, from "
              "scratch apart.")  # fmt: skip
        print("mean, worst and how many are below 0.90 | choosing seeds | other seeds | the same with all pairs | from "
              "scratch")  # fmt: skip

    def _columns(
        self, area: NDArray[np.float64], *, chosen: bool, without: Sequence[str] = (), **more: str
    ) -> NDArray[np.float64]:
        return Table(["it"], self.found.pairs, area[None]).of(self.seeds, chosen=chosen, without=without, **more)[0]

    def line(self, label: str, area: NDArray[np.float64]) -> None:
        """The figures of one score."""
        cells = [self._columns(area, chosen=True, without=self.without),
                 self._columns(area, chosen=not self.others, without=self.without),
                 self._columns(area, chosen=not self.others),
                 self._columns(area, chosen=not self.others, arm="from scratch")]  # fmt: skip
        said = [f"{c.mean():.4f} {c.min():.3f} {int((c < 0.9).sum()):3}/{c.size}" if c.size else "-" for c in cells]
        print(f"  {' | '.join(said)} | {label}", flush=True)

    def candidate(self, label: str, at: int) -> None:
        """The figures of one of the candidates."""
        self.line(label, self.found.areas[at])

    def best(self, rows: int) -> list[int]:
        """Print the best candidates without and with the starter's features; where the first of each is."""
        loss = ((1 - self.found.of(self.seeds, chosen=True, without=self.without)) ** 2).mean(1)
        winners = []
        for cost, started in (("the network's own features", False), ("the start's too", True)):
            print(cost)
            order = [at for at in np.argsort(loss) if ("start" in self.found.names[at]) == started]
            winners += order[:1]
            for at in order[:rows]:
                self.candidate(self.found.names[at], at)
        return winners

    def added(self, networks: Sequence[Network], cost: str, allowed: str) -> NDArray[np.float64]:
        """Print the figures of single scores added one after another; their areas."""
        members = greedy(networks, self.seeds, self.without, allowed)
        area = np.concatenate([
            [areas(view["test"][members].mean(0)[None], view[unknown][members].mean(0)[None])[0] for unknown in n.unknown]
            for n in networks for view in [n.standardised()]
        ])  # fmt: skip
        self.line(f"{cost}: {'; '.join(networks[0].names[at] for at in members)}", area)
        return area

    def pairs(self, lists: Sequence[NDArray[np.float64]]) -> None:
        """The pairs of sets that some of ``lists`` are not sure of."""
        for known, unknown in sorted({(pair[1], pair[3]) for pair in self.found.pairs}):
            at = [place for place, pair in enumerate(self.found.pairs)
                  if (pair[1], pair[3]) == (known, unknown) and pair[2] != "from scratch"]  # fmt: skip
            if min(each[at].min() for each in lists) < 0.97:
                figures = "  ".join(f"{each[at].mean():.3f} {each[at].min():.3f}" for each in lists)
                print(f"  {known + ' | ' + unknown:32} {figures}")
