"""A trained run made smaller: channels are taken out, all stages are fine-tuned on the same split, both compared."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from resnet_studio.config import PruneBy
from resnet_studio.data import outside_set
from resnet_studio.errors import ConfigError, RunError
from resnet_studio.model import anatomy, architecture
from resnet_studio.model.card import read_card
from resnet_studio.text import Language, joined, say

if TYPE_CHECKING:
    from resnet_studio.workspace import Run, Workspace

LEAST_EPOCHS = 4
ROUNDS, BATCH = 7, 16


@dataclass(frozen=True)
class Size:
    """A model: its parameters, its file in MB, the work for a picture in GFLOP, its time for a picture alone and in
    batches of :data:`BATCH`, in ms on this machine's CPU, and its test accuracy, None where nothing was tested.
    """

    parameters: int
    megabytes: float
    gflop: float
    alone_ms: float
    batch_ms: float
    accuracy: float | None


@dataclass(frozen=True)
class Pruned:
    """What pruning came to; both were tested on the same pictures."""

    before: Size
    after: Size

    def sentence(self, language: Language = "en") -> str:
        """It in words."""
        before, after = self.before, self.after
        said = say(
            "prune.said", language, parameters=after.parameters / before.parameters,
            work=after.gflop / before.gflop, before=before.batch_ms, after=after.batch_ms,
        )  # fmt: skip
        if before.accuracy is None or after.accuracy is None:
            return said
        accuracy = say("prune.accuracy", language, before=before.accuracy, after=after.accuracy)
        return joined([said, accuracy], language)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"before": asdict(self.before), "after": asdict(self.after)}


def new_pruned_run(
    run: Run,
    keep: float,
    workspace: Workspace,
    *,
    by: PruneBy = "batchnorm",
    epochs: int | None = None,
    facts: Mapping[str, Any] = MappingProxyType({}),
) -> Run:
    """A run that begins with the model of ``run`` without a share of its channels, on the same split; not trained yet.

    It trains all stages, with the other settings of ``run``, for ``epochs`` or half as many as that.
    Raises :class:`RunError` where it has no model, :class:`ConfigError` where channels cannot be taken out of it.
    """
    if not run.best.is_file():
        raise RunError("error.run.no_model", run=run.id)
    old = run.config
    network = architecture.of(old)
    if network.groups != 1:
        raise ConfigError("error.prune.groups", network=network.title)
    if old.features == "layer3+layer4":
        raise ConfigError("error.prune.features")
    config = old.replace(
        weights=str(run.best), keep_channels=keep, prune_by=by, freeze="none", tuned_parameters="all",
        epochs=max(LEAST_EPOCHS, (old.epochs or 0) // 2) if epochs is None else epochs, gradual_unfreezing=0,
        teacher="none", first_epochs=0, unlabelled="none", pretrain_epochs=0,
    )  # fmt: skip
    if keep >= 1:
        raise ConfigError("error.prune.share", keep=keep)
    about = {**run.about, "parents": [run.id], "group": "", "note": "", "asked": time.time(), "owner": "",
             "name": say("prune.name", "en", name=run.about["name"], keep=keep)}  # fmt: skip
    about = {key: value for key, value in about.items() if key not in ("created", "study")}
    name = f"{run.about['dataset_name']}-{network.name}-pruned"
    given: dict[str, Any] = {"requested": config, "resolved": config, "about": {**about, **facts}}
    kept = run.folder / outside_set.FILE
    files = {kept.name: run.read_json(kept.name)} if kept.is_file() else {}
    return workspace.new_run(name, **given, split=run.split, files=files)


def compare(before: Run, after: Run) -> Pruned:
    """Sizes and speeds of both models, which are timed in turns, and their test accuracy."""
    import torch

    from resnet_studio.model.checkpoint import load

    runs = (before, after)
    models = [load(run.best).model for run in runs]
    side = read_card(before.best).preprocessing.crop
    seconds: dict[tuple[int, int], list[float]] = {(at, size): [] for at in range(2) for size in (1, BATCH)}
    with torch.inference_mode():
        for _ in range(ROUNDS):
            for at, size in seconds:
                pictures = torch.zeros(size, 3, side, side)
                begun = time.perf_counter()
                models[at](pictures)
                seconds[at, size].append((time.perf_counter() - begun) / size)
    found = [_size(run, *(1000 * statistics.median(seconds[at, size]) for size in (1, BATCH)))
             for at, run in enumerate(runs)]  # fmt: skip
    return Pruned(*found)


def _size(run: Run, alone: float, in_batches: float) -> Size:
    card = read_card(run.best)
    shape: dict[str, Any] = {"head": card.head, "hidden_units": card.hidden_units, "widths": card.widths}
    classes = len(card.classes)
    counts = anatomy.parameters(card.network, classes=classes, stem=card.stem, **shape)
    work = anatomy.gflops(card.network, card.preprocessing.crop, card.stem, classes=classes, **shape)
    finished = run.state().finished
    accuracy = None if finished is None else finished.test_accuracy
    size = run.best.stat().st_size / 1e6
    return Size(sum(counts.values()), round(size, 2), sum(work.values()), alone, in_batches, accuracy)
