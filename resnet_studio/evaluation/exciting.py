"""The most exciting test pictures of every channel: those in which it reaches its highest values, and where."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from resnet_studio.errors import CheckpointError
from resnet_studio.evaluation import probing
from resnet_studio.evaluation.heatmaps import feature_maps
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.evaluation.slow_parts import PartProgress, SlowPart, Step
from resnet_studio.model.architecture import Stage
from resnet_studio.prediction import TAPPED

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

MOST = 500
BATCH = 8
"""Pictures at once: the maps of all stages of a ResNet-50 take 7 MB a picture."""
CHUNK = 48
PICTURES = 6
STRONGEST = 8


@dataclass(frozen=True)
class StageExcitement:
    """The channels of a stage, whose maps have ``size`` (height, width) cells.

    ``means`` [C] are the mean activations over all pictures. ``pictures`` has for each channel the places, among the
    test pictures, of those with the highest maximum, and the cell of it, counted row by row; the most exciting first.
    A channel that nothing excites has none.
    """

    stage: Stage
    size: tuple[int, int]
    means: tuple[float, ...]
    pictures: tuple[tuple[tuple[int, int], ...], ...]

    @property
    def strongest(self) -> tuple[int, ...]:
        """The channels with the highest means."""
        return tuple(np.argsort(-np.array(self.means), kind="stable")[:STRONGEST].tolist())

    def spots(self, channel: int) -> list[tuple[int, float, float]]:
        """The pictures of a channel, and where in the view its maximum lies, in shares from the left and the top."""
        height, width = self.size
        return [
            (place, round((cell % width + 0.5) / width, 4), round((cell // width + 0.5) / height, 4))
            for place, cell in self.pictures[channel]
        ]


@dataclass(frozen=True)
class Excitement:
    """What excites each channel of each stage, of a sample of ``count`` test pictures."""

    count: int
    stages: tuple[StageExcitement, ...]

    def of(self, stage: Stage) -> StageExcitement | None:
        """Of one stage."""
        return next((each for each in self.stages if each.stage == stage), None)


class InsidePart(SlowPart[Excitement]):
    """See the module; computed some pictures at a time, of which the best so far are kept."""

    name = "inside"

    def steps(self, report: RunReport, progress: PartProgress) -> Generator[Step, None, Excitement | None]:
        """See :class:`SlowPart`."""
        if report.report is None or not report.run.best.is_file() or not report.split.test:
            return None
        places = probing.sampled_places(report, MOST)
        yield Step(0, len(places))
        done, best = _stored(progress)
        for start in range(done, len(places), CHUNK):
            yield Step(start, len(places))
            for found in _excited(report, places[start : start + CHUNK]):
                best = {stage: each.joined(best.get(stage)) for stage, each in found.items()}
            done = min(start + CHUNK, len(places))
            progress.save("best", {"done": done, "stages": {name: each.to_json() for name, each in best.items()}})
        if not best:
            return None
        return Excitement(best["stem"].count, tuple(each.finished(stage) for stage, each in best.items()))

    def to_json(self, value: Excitement) -> dict[str, Any]:
        """See :class:`Part`; ``strongest`` are the channels with the highest means."""
        stages = [
            {"stage": each.stage, "size": list(each.size), "strongest": list(each.strongest),
             "means": list(each.means), "pictures": [[list(one) for one in row] for row in each.pictures]}
            for each in value.stages
        ]  # fmt: skip
        return {"count": value.count, "stages": stages}

    def from_json(self, stored: Any) -> Excitement:
        """See :class:`Part`."""
        stages = tuple(
            StageExcitement(
                each["stage"], (int(each["size"][0]), int(each["size"][1])), tuple(map(float, each["means"])),
                tuple(tuple((int(place), int(cell)) for place, cell in row) for row in each["pictures"]),
            )
            for each in stored["stages"]
        )  # fmt: skip
        return Excitement(int(stored["count"]), stages)


INSIDE = InsidePart()


@dataclass(frozen=True, eq=False)
class _Best:
    """Of the ``count`` pictures so far: ``sums`` [C] of the mean activations, and the highest maxima [C, up to 6] with
    the ``places`` of their pictures and the ``cells`` in which they lie.
    """

    count: int
    size: tuple[int, int]
    sums: NDArray[np.float64]
    peaks: NDArray[np.float32]
    places: NDArray[np.int64]
    cells: NDArray[np.int64]

    @classmethod
    def of(cls, maps: Tensor, places: list[int]) -> _Best:
        """Of the ``maps`` [N, C, h, w] of pictures at ``places``."""
        flat = maps.flatten(2)
        peaks, cells = (each.T.cpu().numpy() for each in flat.max(2))
        order = np.argsort(-peaks, axis=1, kind="stable")[:, :PICTURES]
        sums = flat.mean(2).double().sum(0).cpu().numpy()
        size = (int(maps.shape[2]), int(maps.shape[3]))
        own = np.array(places, np.int64)[order]
        return cls(len(maps), size, sums, np.take_along_axis(peaks, order, 1), own, np.take_along_axis(cells, order, 1))

    def joined(self, earlier: _Best | None) -> _Best:
        """Of these pictures and ``earlier`` ones; of equal ones the earlier."""
        if earlier is None:
            return self
        peaks = np.concatenate([earlier.peaks, self.peaks], 1)
        places, cells = (
            np.concatenate(pair, 1) for pair in ((earlier.places, self.places), (earlier.cells, self.cells))
        )
        order = np.argsort(-peaks, axis=1, kind="stable")[:, :PICTURES]
        return _Best(
            earlier.count + self.count, self.size, earlier.sums + self.sums, np.take_along_axis(peaks, order, 1),
            np.take_along_axis(places, order, 1), np.take_along_axis(cells, order, 1),
        )  # fmt: skip

    def finished(self, stage: Stage) -> StageExcitement:
        """What is worth keeping of it."""
        rows = zip(self.peaks.tolist(), self.places.tolist(), self.cells.tolist(), strict=True)
        pictures = tuple(
            tuple((place, cell) for peak, place, cell in zip(*row, strict=True) if peak > 0) for row in rows
        )
        return StageExcitement(stage, self.size, tuple((self.sums / self.count).round(6).tolist()), pictures)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        arrays = {name: getattr(self, name).tolist() for name in ("sums", "peaks", "places", "cells")}
        return {"count": self.count, "size": list(self.size), **arrays}

    @classmethod
    def from_json(cls, stored: Any) -> _Best:
        """What :meth:`to_json` wrote."""
        height, width = stored["size"]
        return cls(
            stored["count"], (height, width), np.array(stored["sums"]), np.array(stored["peaks"], np.float32),
            np.array(stored["places"], np.int64), np.array(stored["cells"], np.int64),
        )  # fmt: skip


def _stored(progress: PartProgress) -> tuple[int, dict[Stage, _Best]]:
    """How many pictures an earlier try got through, and what it found."""
    stored = progress.load("best")
    try:
        return (0, {}) if stored is None else (
            int(stored["done"]), {stage: _Best.from_json(stored["stages"][stage]) for stage in TAPPED}
        )  # fmt: skip
    except (LookupError, TypeError, ValueError):
        return 0, {}


def _excited(report: RunReport, places: list[int]) -> Generator[Mapping[Stage, _Best]]:
    """What the pictures at ``places`` excite, a batch at a time. Raises :class:`CheckpointError` for no numbers."""
    import torch

    from resnet_studio.model.checkpoint import preprocess

    how = report.predictor.card.preprocessing
    inputs = [(place, preprocess(picture, how)) for place, picture in probing.uprights(report, places)]
    for start in range(0, len(inputs), BATCH):
        batch = inputs[start : start + BATCH]
        logits, maps = feature_maps(report.predictor, torch.stack([each for _, each in batch]), TAPPED)
        if not bool(logits.isfinite().all()):
            raise CheckpointError("error.prediction.not_finite")
        yield {stage: _Best.of(maps[stage], [place for place, _ in batch]) for stage in TAPPED}
