"""Run folders written by hand, so that pages can be tested without training anything."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from resnet_studio.config import TrainConfig
from resnet_studio.data.dataset import Sample, Split
from resnet_studio.events import EpochFinished, Event, Finished, FinishReason, Queued, Started
from resnet_studio.workspace import Run, Workspace


def pictures(root: Path, classes: Sequence[str], count: int, *, side: int = 32) -> list[Sample]:
    """``count`` small pictures a class under ``root``, each with a shape of its own."""
    samples = []
    rng = random.Random(0)
    for label, name in enumerate(classes):
        for number in range(count):
            picture = Image.new("RGB", (side, side), (20 + 23 * label % 60, 30, 40))
            draw = ImageDraw.Draw(picture)
            at, size = rng.randint(2, side // 2), rng.randint(side // 4, side // 2)
            colour = (80 + 53 * label % 170, 220 - 37 * label % 180, 90 + 71 * label % 160)
            (draw.ellipse if label % 2 else draw.rectangle)((at, at, at + size, at + size), fill=colour)
            file = f"pictures/{label}/{number}.png"
            (root / file).parent.mkdir(parents=True, exist_ok=True)
            picture.save(root / file)
            samples.append(Sample(name=f"{name}/{number}.png", file=file, label=label, part=None))
    return samples


def new_run(
    workspace: Workspace,
    *,
    name: str = "digits-resnet18",
    classes: Sequence[str] = ("one", "two"),
    count: int = 6,
    requested: TrainConfig | None = None,
    resolved: TrainConfig | None = None,
    dataset: str = "digits",
) -> Run:
    """A run whose pictures exist and of which nothing is trained yet; a third of the pictures are for the test."""
    root = workspace.datasets / dataset
    samples = pictures(root, classes, count)
    train, test = [s for i, s in enumerate(samples) if i % 3], samples[::3]
    split = Split(
        dataset=dataset,
        dataset_name=dataset,
        root=root,
        classes=tuple(classes),
        train=tuple(train),
        validation=tuple(test),
        test=tuple(test),
        preset=False,
        median_side=32,
    )
    requested = requested or TrainConfig()
    return workspace.new_run(
        name,
        requested=requested,
        resolved=resolved or requested.replace(freeze="layer2", weights="starter", epochs=12, batch_size=32),
        about={
            "dataset": dataset,
            "dataset_name": dataset,
            "classes": list(classes),
            "counts": {"train": len(train), "validation": len(test), "test": len(test)},
        },
        split=split.to_json(),
    )


def train(run: Run, *, epochs: int = 12, planned: int | None = None, top: float = 0.95) -> None:
    """Events of a training that goes well for ``epochs`` of ``planned`` epochs and is not at its end."""
    planned = planned or epochs
    events: list[Event] = [Queued(), Started(device="CPU, 2 cores", precision="fp32", epochs=planned)]
    for epoch in range(1, epochs + 1):
        reached = top * (1 - 0.6 ** (epoch + 1))
        events.append(
            EpochFinished(
                epoch=epoch,
                train_loss=2.3 * 0.75**epoch,
                train_accuracy=min(1.0, reached + 0.02),
                validation_loss=2.3 * 0.8**epoch + 0.1,
                validation_accuracy=reached,
                learning_rate=1e-3,
                pictures_per_second=180.0,
                seconds=3.4,
                best=True,
            )
        )
    for event in events:
        run.append(event)


def finish(run: Run, report: Mapping[str, Any] | None, *, reason: FinishReason = "completed") -> None:
    """The end of a training, with its ``report`` if it has test pictures."""
    if report is not None:
        run.write_json("report.json", report)
    state = run.state()
    assert state.best is not None
    run.append(
        Finished(
            reason=reason,
            epochs_run=len(state.epochs),
            best_epoch=state.best.epoch,
            validation_accuracy=state.best.validation_accuracy,
            test_accuracy=None if report is None else report["accuracy"],
            train_seconds=sum(epoch.seconds for epoch in state.epochs),
        )
    )


def report_of(run: Run, *, wrong: Mapping[int, int] | None = None, seed: int = 0) -> dict[str, Any]:
    """The report on the run's test pictures; ``wrong`` names for some of them (by position) the class said instead."""
    import numpy as np

    from resnet_studio.evaluation.report import make_report

    split = Split.from_json(run.split)
    rng = np.random.default_rng(seed)
    classes = len(split.classes)
    said = np.array([(wrong or {}).get(i, sample.label) for i, sample in enumerate(split.test)])
    scores = rng.random((len(said), classes)) * 0.3 / classes
    scores[np.arange(len(said)), said] += rng.uniform(0.4, 1, len(said))
    scores /= scores.sum(1, keepdims=True)
    report = make_report(split.classes, split.test, scores).to_json()
    return {**report, "interval": list(report["interval"])}


class NoJobs:
    """A queue in which nothing ever runs, for pages that only show what is there."""

    closed = False

    def close(self, timeout: float = 0) -> None:
        self.closed = True

    def running(self) -> list[str]:
        return []

    def queued(self) -> list[str]:
        return []

    def place(self, run: str) -> None:
        return None

    def check_room(self, owner: str = "") -> None:
        pass

    def submit(self, *runs: Any) -> None:
        pass
