"""How many epochs does the default need? Accuracy after each, of trainings in one cycle and in two.

    python benchmarks/epochs.py --cifar cifar10.zip --tiny tiny-imagenet-val.zip --photos photos.zip --seeds 0
    python benchmarks/epochs.py --table

A set is one of the grid's cells (``benchmarks/grid.py``). It is trained with the default's epochs at once (``whole``)
and with a third of them in a cycle of their own before the rest (``cycles``), whatever the first one gained; the
averaged network answers validation and test pictures after every epoch. What a rule for stopping would have kept, and
what it would have cost, can be read off the curves: one line a training in ``results/epochs.jsonl``, or in that of
``--name``. ``logistic`` is scikit-learn's regression on the starter's features of training and validation pictures.
Nothing is chosen by the test pictures, they only say afterwards what a choice was worth. What is there is not measured
again, so that it may be interrupted; several may run beside each other, a process a seed.
"""

from __future__ import annotations

import argparse
import copy
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from typing import Any

from grid import Cell, by_logistic, cut, sources
from ledger import Ledger
from machine import SETTINGS, as_on_a_laptop

LEDGER = Ledger("epochs")
ARMS = ("whole", "cycles", "logistic")
Curve = list[dict[str, float]]


def cells() -> Iterator[Cell]:
    """Sets on which stages are trained, small ones first."""
    for seed in range(10):
        yield Cell("photos", 2, 85, 300, seed=seed)
        yield Cell("cifar", 2, 100, 64, seed=seed)
        yield Cell("cifar", 10, 20, 64, seed=seed)
        yield Cell("tiny", 10, 18, 64, seed=seed)
        yield Cell("cifar", 2, 30, 100, seed=seed)
        yield Cell("tiny", 40, 18, 64, seed=seed)
        yield Cell("cifar", 10, 165, 100, seed=seed)
        yield Cell("cifar", 2, 900, 64, seed=seed)
        yield Cell("tiny", 30, 70, 64, seed=seed)  # of tiny-imagenet-train-0.zip
        yield Cell("cifar", 10, 600, 32, seed=seed)


def measure(cell: Cell, given: argparse.Namespace, ledger: Ledger) -> None:
    """Train one set in each way that is not known yet."""
    import resnet_studio as studio
    from resnet_studio.training.plan import new_run, resolve_for

    left = [arm for arm in given.arms if not ledger.knows(**asdict(cell), arm=arm)]
    if not left:
        return
    with cut(cell, given) as folder:
        for arm in left:
            home = studio.Workspace.open(folder.parent / arm)  # no arm finds features that another one has kept
            dataset = studio.open_data(folder, workspace=home)
            config = studio.TrainConfig(**SETTINGS, seed=cell.seed, groups="none")
            with as_on_a_laptop():
                resolved = resolve_for(dataset, config)[0]
            if arm == "logistic":
                right = by_logistic(folder, cell, resolved)
                accuracy = round(sum(right.values()) / len(right), 4)
                ledger.append({**asdict(cell), "arm": arm, "accuracy": accuracy})
                continue
            first = max(1, round(resolved.epochs / 3)) if arm == "cycles" else 0
            with as_on_a_laptop():
                run = new_run(dataset, config.replace(epochs=resolved.epochs, first_epochs=first), home)
            ledger.append({**asdict(cell), "arm": arm, "first": first, **curve_of(run)})


def curve_of(run: Any) -> dict[str, Any]:
    """What is known of a training: its curve, and what its epochs took; it enters the second cycle in any case."""
    from resnet_studio.stepwise import result_of
    from resnet_studio.training.control import Control
    from resnet_studio.training.scoring import score
    from resnet_studio.training.setup import next_cycle, prepare

    begun, curve, took = time.perf_counter(), [], []
    session = result_of(prepare(run, Control()))
    prepared = time.perf_counter() - begun

    def note(epoch: Any) -> None:
        report = score(replace(session.materials, suffix=session.scored, model=whole_network(session)))
        curve.append({"validation": epoch.validation_accuracy, "loss": round(epoch.validation_loss, 4),
                      "train": round(epoch.train_accuracy, 4), "test": round(report.accuracy, 4)})  # fmt: skip

    note(session.best)
    begun = time.perf_counter()
    while session.epoch < session.epochs:
        if session.complete:
            session = result_of(next_cycle(session, Control()))
        for batch in session.batches_left():
            session.step(batch)
        finished = session.score_epoch()
        session.next_epoch(finished)
        took.append(round(time.perf_counter() - begun, 3))
        note(finished)
        begun = time.perf_counter()
    m = session.materials
    return {"epochs": session.epochs, "freeze": run.config.freeze, "size": run.config.picture_size,
            "train": len(m.batches.training), "validated": len(m.batches.validation), "device": m.device.type,
            "start": curve[0]["validation"], "prepared": round(prepared, 2), "took": took, "curve": curve}  # fmt: skip


def whole_network(session: Any) -> Any:
    """A copy of the network with what is scored of it, in eval mode; what stages are cached before is not in it."""
    m = session.materials
    live = {name: value.clone() for name, value in m.suffix.state_dict().items()}
    m.suffix.load_state_dict(session.scored.state_dict())
    network = copy.deepcopy(m.model).eval()
    m.suffix.load_state_dict(live)
    return network


Kept = tuple[float, float, int]
"""What a rule keeps: test accuracy, seconds that it took, epochs trained."""


def best_of(curve: Curve, pictures: int = 0) -> int:
    """The epoch that validation pictures find best, the earliest of equal ones: accuracy, then the loss. With the
    number of ``pictures``, the lowest loss of those that lack at most one picture of the highest accuracy so far.
    """
    best, most = 0, 0.0
    for at, now in enumerate(curve):
        most = max(most, now["validation"])
        least = most - (1 / pictures if pictures else 0.0) - 1e-9
        near, held = now["validation"] >= least, curve[best]["validation"] >= least
        if (near and not held) or (near == held and (now["loss"], -now["validation"]) <
                                   (curve[best]["loss"], -curve[best]["validation"])):  # fmt: skip
            best = at
    return best


def kept(line: dict[str, Any], epochs: int, *, strictly: bool = False) -> Kept:
    """The best epoch of the first ``epochs``; ``strictly`` by accuracy, however little that differs."""
    curve = line["curve"][: epochs + 1]
    best = best_of(curve, 0 if strictly else line["validated"])
    return curve[best]["test"], line["prepared"] + sum(line["took"][:epochs]), epochs


def whole(found: dict[str, Any], *, strictly: bool = False) -> Kept:
    """All epochs at once."""
    return kept(found["whole"], found["whole"]["epochs"], strictly=strictly)


def patient(epochs: int) -> Callable[[dict[str, Any]], Kept]:
    """All epochs at once, unless so many bring nothing better."""

    def rule(found: dict[str, Any]) -> Kept:
        curve, pictures = found["whole"]["curve"], found["whole"]["validated"]
        ends = [at for at in range(1, len(curve)) if at - best_of(curve[: at + 1], pictures) >= epochs]
        return kept(found["whole"], min(ends, default=len(curve) - 1))

    return rule


def cycled(goes_on: Callable[[Curve, int], bool]) -> Callable[[dict[str, Any]], Kept]:
    """A third, and the rest where ``goes_on`` says so of its curve and the number of validation pictures."""

    def rule(found: dict[str, Any]) -> Kept:
        line = found["cycles"]
        more = goes_on(line["curve"][: line["first"] + 1], line["validated"])
        return kept(line, line["epochs"] if more else line["first"])

    return rule


def anew(goes_on: Callable[[Curve, int], bool]) -> Callable[[dict[str, Any]], Kept]:
    """A third, and all epochs from the beginning where ``goes_on``; the better by validation is kept."""

    def rule(found: dict[str, Any]) -> Kept:
        line = found["cycles"]
        first, other = line["curve"][: line["first"] + 1], found["whole"]["curve"]
        short = kept(line, line["first"])
        if not goes_on(first, line["validated"]):
            return short
        test, seconds, epochs = whole(found)
        one, two = (curve[best_of(curve, line["validated"])] for curve in (first, other))
        better = (one["validation"], -one["loss"]) > (two["validation"], -two["loss"])
        return short[0] if better else test, short[1] + seconds, short[2] + epochs

    return rule


def gains(pictures: float) -> Callable[[Curve, int], bool]:
    """The third gained more than so many validation pictures over the probe."""
    return lambda curve, n: (top(curve) - curve[0]["validation"]) * n > pictures + 1e-6


def top(curve: Curve) -> float:
    return max(each["validation"] for each in curve)


def still_gains(pictures: float) -> Callable[[Curve, int], bool]:
    """The second half of the third gained more than so many validation pictures over the first half."""

    def rule(curve: Curve, n: int) -> bool:
        half = curve[: len(curve) // 2 + 1]
        return (top(curve) - top(half)) * n > pictures + 1e-6

    return rule


def loss_falls(curve: Curve, _n: int) -> bool:
    """The lowest validation loss of the third is a tenth below the probe's, and not in its first half."""
    lowest = min(range(len(curve)), key=lambda at: curve[at]["loss"])
    return lowest > len(curve) // 2 and curve[lowest]["loss"] < 0.9 * curve[0]["loss"]


RULES: dict[str, Callable[[dict[str, Any]], Kept]] = {
    "all at once, by accuracy alone": lambda found: whole(found, strictly=True),
    "all at once": whole,
    "patience 3": patient(3),
    "patience 5": patient(5),
    "patience 8": patient(8),
    "a third": cycled(lambda *_: False),
    "a third, then the rest": cycled(lambda *_: True),
    "... where it gained a picture": cycled(gains(0)),
    "... where it gained more than one": cycled(gains(1)),
    "... where it gained more than two": cycled(gains(2)),
    "... where its second half gained one": cycled(still_gains(0)),
    "... where its second half gained more": cycled(still_gains(1)),
    "... where the loss still falls": cycled(loss_falls),
    "a third, then anew where it gained more than one": anew(gains(1)),
    "a third, then anew where its second half gained": anew(still_gains(0)),
    "the probe": lambda found: kept(found["whole"], 0),
}


def table(ledger: Ledger) -> str:
    """A row a rule over all sets, then what it is worth on each kind of set."""
    sets: dict[tuple[Any, ...], dict[str, dict[str, Any]]] = defaultdict(dict)
    for result in ledger.results():
        if result.get("arm") in ARMS:
            sets[tuple(result[name] for name in asdict(Cell("", 0, 0, 0)))][result["arm"]] = result
    full = {key: found for key, found in sets.items() if {"whole", "cycles"} <= set(found)}
    kinds = sorted({key[:4] for key in full})
    lines = ["| rule | sets | test accuracy | against all at once | epochs | share of the seconds | "
             + " | ".join(f"{source} {classes}x{count}, {side} px" for source, classes, count, side in kinds) + " |",
             "|" + "---|" * (6 + len(kinds))]  # fmt: skip
    for name, rule in RULES.items():
        gaps, tested, trained, shares = [], [], [], []
        by_kind: dict[tuple[Any, ...], list[float]] = defaultdict(list)
        for key, found in full.items():
            test, seconds, epochs = rule(found)
            reference, whole_seconds, _ = whole(found, strictly=True)
            gaps.append(test - reference)
            tested.append(test)
            trained.append(epochs)
            shares.append(seconds / whole_seconds)
            by_kind[key[:4]].append(test)
        half = 1.96 * statistics.stdev(gaps) / len(gaps) ** 0.5 if len(gaps) > 1 else 0.0
        means = " | ".join(f"{statistics.mean(by_kind[kind]):.3f}" for kind in kinds)
        lines.append(f"| {name} | {len(gaps)} | {statistics.mean(tested):.4f} | "
                     f"{statistics.mean(gaps):+.4f} ± {half:.4f} | {statistics.mean(trained):.1f} | "
                     f"{statistics.mean(shares):.2f} | {means} |")  # fmt: skip
    logistic = {key: found["logistic"]["accuracy"] for key, found in full.items() if "logistic" in found}
    means = " | ".join(f"{statistics.mean([v for key, v in logistic.items() if key[:4] == kind] or [0]):.3f}"
                       for kind in kinds)  # fmt: skip
    mean = statistics.mean(logistic.values()) if logistic else 0.0
    lines.append(f"| logistic regression | {len(logistic)} | {mean:.4f} | | | | {means} |")
    return "\n".join(lines)


def main() -> None:
    parser = sources(__doc__)
    parser.add_argument("--arms", nargs="+", default=ARMS, choices=ARMS)
    parser.add_argument("--only", nargs="+", help="sets, such as cifar")
    parser.add_argument("--largest", type=int, default=10**9, help="no set with more pictures to train with")
    parser.add_argument("--smallest", type=int, default=0, help="no set with fewer pictures to train with")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--name", default="epochs", help="the file in results/, one for each machine")
    given = parser.parse_args()
    ledger = Ledger(given.name)
    if given.table:
        print(table(ledger))
        return
    for cell in cells():
        wanted = getattr(given, cell.source) and (not given.only or cell.source in given.only)
        if wanted and cell.seed in given.seeds and given.smallest <= cell.classes * cell.per_class <= given.largest:
            measure(cell, given, ledger)


if __name__ == "__main__":
    main()
