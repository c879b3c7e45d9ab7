"""Few validation pictures: is what rests on no choice of an epoch better than the best epoch?

    python benchmarks/settled.py --cifar cifar10.zip --tiny tiny-imagenet-val.zip --photos photos.zip --seeds 0 1
    python benchmarks/settled.py --table

Sets are cut as in ``benchmarks/grid.py``, with 600 test pictures where there are so many. Each is trained by the
default, then once more on training and validation pictures for all epochs (``--final-fit``); the weights after the
probe, the best and the last epoch of both are kept, and answer the test pictures afterwards. ``mean`` lies halfway
between probe and last epoch, ``final_mean`` likewise in the second training; ``logistic`` is a probe on unadapted
features of training and validation pictures. One line a set in ``results/settled.jsonl``; what is there is not run
again.
"""

from __future__ import annotations

import argparse
import statistics
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any
from unittest import mock

import grid
from grid import Cell, cut, each_cell, network, normalised, tensors
from ledger import Ledger
from machine import SETTINGS, as_on_a_laptop

LEDGER = Ledger("settled")
ARMS = ("best", "probe", "last", "mean", "final_probe", "final_best", "final", "final_mean", "logistic")
TESTED = 600


def cells() -> Iterator[Cell]:
    """Sets with 6 to 150 validation pictures."""
    for seed in range(10):
        yield Cell("cifar", 10, 5, 32, seed=seed)
        yield Cell("tiny", 10, 5, 64, seed=seed)
        yield Cell("cifar", 2, 20, 64, seed=seed)
        yield Cell("photos", 2, 20, 300, seed=seed)
        yield Cell("tiny", 20, 15, 64, seed=seed)
        yield Cell("cifar", 10, 20, 32, seed=seed)
        yield Cell("cifar", 10, 20, 100, seed=seed)
        yield Cell("cifar", 10, 20, 100, grey=True, seed=seed)
        yield Cell("digits", 10, 20, 20, seed=seed)
        yield Cell("photos", 2, 60, 600, wide=True, seed=seed)
        yield Cell("cifar", 2, 100, 64, seed=seed)
        yield Cell("tiny", 40, 18, 64, seed=seed)
        yield Cell("cifar", 10, 100, 100, seed=seed)


class Recorder:
    """The weights of the trained part after the probe (0) and each epoch, of the first and of the second training."""

    def __init__(self) -> None:
        self.states: dict[tuple[str, int], dict[str, Any]] = {}
        self.materials: Any = None

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Record while trainings run."""
        from resnet_studio.training.probing import Probes
        from resnet_studio.training.session import Session

        begin, following = Probes.begin, Session.next_epoch

        def begun(probes: Any, session: Any, settled: Any) -> None:
            self._keep("final" if settled else "first", 0, session)
            begin(probes, session, settled)

        def next_epoch(session: Any, finished: Any = None) -> None:
            self._keep("first" if finished else "final", session.epoch + 1, session)
            following(session, finished)

        with ExitStack() as patches:
            patches.enter_context(mock.patch.object(Probes, "begin", begun))
            patches.enter_context(mock.patch.object(Session, "next_epoch", next_epoch))
            yield

    def _keep(self, part: str, epoch: int, session: Any) -> None:
        state = session.scored.state_dict()
        self.states[part, epoch] = {name: value.detach().clone() for name, value in state.items()}
        self.materials = session.materials

    def last(self, part: str) -> int:
        """The last epoch of a training."""
        return max(epoch for of, epoch in self.states if of == part)


def measure(cell: Cell, given: argparse.Namespace) -> None:
    """Train the set twice and score what was kept."""
    import resnet_studio as studio
    from resnet_studio.training import final_fit

    if LEDGER.knows(**asdict(cell)):
        return
    recorder = Recorder()
    with mock.patch.object(grid, "TESTED", TESTED), cut(cell, given) as folder:
        home = studio.Workspace.open(folder.parent / "home")
        all_epochs = mock.patch.object(final_fit, "FEW_TO_CHOOSE_BY", 10**9)
        with as_on_a_laptop(), all_epochs, recorder.listening():
            run = studio.train(studio.open_data(folder, workspace=home), workspace=home, seed=cell.seed, groups="none",
                               mean_with_start=False, final_fit=True, **SETTINGS)  # fmt: skip
        best = run.state().finished.best_epoch
        found = {**tuned(recorder, folder, best), "logistic": logistic(folder, cell, run.config)}
        counts = run.about["counts"]
        LEDGER.append({**asdict(cell), "train": counts["train"], "validated": counts["validation"],
                       "tested": counts["test"], "best_epoch": best, "epochs": recorder.last("first"),
                       **{name: round(found[name], 4) for name in ARMS}})  # fmt: skip


def tuned(recorder: Recorder, folder: Path, best: int) -> dict[str, float]:
    """Test accuracies of what was trained."""
    import torch

    from resnet_studio.training.halfway import mean_of

    m, states = recorder.materials, recorder.states
    pixels, labels, _ = tensors(folder, "test", m.config)
    with torch.inference_mode():
        frozen = torch.cat([m.prefix(normalised(each)) for each in torch.split(pixels, 64)])

    def accuracy(state: dict[str, Any]) -> float:
        m.suffix.load_state_dict(state)
        m.suffix.eval()
        with torch.inference_mode():
            answers = torch.cat([m.suffix(each).argmax(1) for each in torch.split(frozen, 64)])
        return float((answers == labels).float().mean())

    found = {}
    for part, names in (("first", ("probe", "best", "last", "mean")),
                        ("final", ("final_probe", "final_best", "final", "final_mean"))):  # fmt: skip
        start, end = states[part, 0], states[part, recorder.last(part)]
        kept = (start, states[part, min(best, recorder.last(part))], end, mean_of(start, end))
        found |= {name: accuracy(state) for name, state in zip(names, kept, strict=True)}
    return found


def logistic(folder: Path, cell: Cell, config: Any) -> float:
    """Test accuracy of the probe on the starter's own features."""
    import torch

    from resnet_studio.training import probe

    model = network(cell.classes).eval()
    model.fc = torch.nn.Identity()
    features, labels = {}, {}
    for part in ("train", "test"):
        pixels, labels[part], _ = tensors(folder, part, config)
        with torch.inference_mode():
            features[part] = torch.cat([model(normalised(each)) for each in torch.split(pixels, 64)]).clone()
    fitted = probe.fit(features["train"], labels["train"], cell.classes, cell.seed)
    return fitted.accuracy(features["test"], labels["test"])


def table() -> str:
    """A row a kind of set, and what each arm has more than the best epoch where validation pictures are few."""
    rows: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    for line in LEDGER.results():
        rows[tuple(line[name] for name in asdict(Cell("", 0, 0, 0)) if name != "seed")].append(line)
    lines = ["| set | validation | seeds | " + " | ".join(ARMS) + " |", "|" + "---|" * (3 + len(ARMS))]
    for (source, classes, per_class, side, wide, grey), found in sorted(rows.items()):
        name = f"{source} {classes} x {per_class}, {side} px{', wide' * wide}{', grey' * grey}"
        means = " | ".join(f"{statistics.mean(each[arm] for each in found):.3f}" for arm in ARMS)
        lines.append(f"| {name} | {found[0]['validated']} | {len(found)} | {means} |")
    every = [each for found in rows.values() for each in found]
    for low, high in ((1, 10), (11, 59), (60, 10**6)):
        some = [each for each in every if low <= each["validated"] <= high]
        if len(some) > 1:
            lines.append(f"| {low} to {high} validation pictures, points more than the best epoch | | {len(some)} | "
                         f"{' | '.join(gain(some, arm) for arm in ARMS)} |")  # fmt: skip
    return "\n".join(lines)


def gain(lines: list[dict[str, Any]], arm: str) -> str:
    gaps = [100 * (each[arm] - each["best"]) for each in lines]
    return f"{statistics.mean(gaps):+.1f} ± {1.96 * statistics.stdev(gaps) / len(gaps) ** 0.5:.1f}"


if __name__ == "__main__":
    each_cell(__doc__, cells, measure, table)
