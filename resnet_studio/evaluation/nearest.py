"""Which training pictures a picture resembles, as the network sees them: by the features that its head gets."""

from __future__ import annotations

import base64
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from resnet_studio.durable import replacing
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.evaluation.slow_parts import PartProgress, SlowPart, Step

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

    from resnet_studio.prediction import Predictor

MOST = 20_000
"""Training pictures that are kept; of more, every second, third, and so on."""
CHUNK = 128
FILE = "training-features.safetensors"


@dataclass(frozen=True, eq=False)
class Bank:
    """Unit-length ``features`` fp16 [N, C] of training pictures, with their ``labels`` [N] and ``places`` [N] among
    the training pictures of the split.
    """

    features: NDArray[np.float16]
    labels: NDArray[np.int64]
    places: NDArray[np.int64]

    def nearest(self, features: NDArray[Any], count: int) -> list[tuple[int, float]]:
        """The rows with the highest cosine similarity to ``features`` [C], the nearest first, with that similarity."""
        found = self.features.astype(np.float32) @ unit(features[None])[0]
        order = np.argsort(-found, kind="stable")[:count]
        return [(int(row), float(found[row])) for row in order]


def unit(features: NDArray[Any]) -> NDArray[np.float32]:
    """``features`` [N, C] as fp32 rows of length 1."""
    rows = np.asarray(features, np.float32)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Neighbour:
    """A training picture: its ``place`` among them, its name and class, the cosine ``similarity`` of its features."""

    place: int
    picture: str
    label: str
    similarity: float


class NearestPart(SlowPart[Bank]):
    """The features of the training pictures; the arrays stand in a file of their own in the folder of the run."""

    name = "nearest"

    def steps(self, report: RunReport, progress: PartProgress) -> Generator[Step, None, Bank | None]:
        """See :class:`SlowPart`."""
        split = report.split
        places = list(range(0, len(split.train), -(-len(split.train) // MOST) or 1))
        rows: list[NDArray[np.float16]] = []
        used: list[int] = []
        for start in range(0, len(places), CHUNK):
            yield Step(start, len(places))
            chunk = places[start : start + CHUNK]
            kept = progress.load(str(start))
            if kept is None:
                found = report.predictor.activations([split.path(split.train[place]) for place in chunk])
                features = unit(found.features.numpy()).astype(np.float16)
                content = base64.b64encode(features.tobytes()).decode()
                kept = {"used": [chunk[place] for place in found.places], "rows": content}
                progress.save(str(start), kept)
            used += kept["used"]
            rows.append(np.frombuffer(base64.b64decode(kept["rows"]), np.float16).reshape(len(kept["used"]), -1))
        if not used:
            return None
        labels = [split.train[place].label for place in used]
        kept_rows = [each for each in rows if len(each)]
        return Bank(np.concatenate(kept_rows), np.array(labels, np.int64), np.array(used, np.int64))

    def to_json(self, value: Bank) -> dict[str, int]:
        """See :class:`Part`: only how many there are."""
        return {"pictures": len(value.labels)}

    def from_json(self, stored: Any) -> Bank:  # noqa: ARG002 - see load
        """See :class:`Part`."""
        raise ValueError("the arrays are in a file of their own")

    def store(self, report: RunReport, value: Bank) -> None:
        """See :class:`Part`."""
        from safetensors.numpy import save

        arrays: dict[str, NDArray[Any]] = {"features": value.features, "labels": value.labels, "places": value.places}
        with replacing(report.run.folder / FILE) as temporary:
            temporary.write_bytes(save(arrays, {"of": self._model(report), "version": str(self.version)}))

    def load(self, report: RunReport) -> Bank | None:
        """See :class:`Part`; None where the model was replaced since."""
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(report.run.folder / FILE, framework="numpy") as opened:
                about = opened.metadata() or {}
                if about.get("of") != self._model(report) or about.get("version") != str(self.version):
                    return None
                return Bank(*(opened.get_tensor(name) for name in ("features", "labels", "places")))
        except (SafetensorError, OSError, ValueError):
            return None

    @staticmethod
    def _model(report: RunReport) -> str:
        from resnet_studio.model.card import read_card

        return read_card(report.run.best).sha256


NEAREST = NearestPart()


def neighbours(
    report: RunReport, bank: Bank, predictor: Predictor, pictures: Sequence[Path | Image.Image], count: int = 6,
    *, drawings: bool = False,
) -> list[list[Neighbour]]:  # fmt: skip
    """For each of ``pictures`` the ``count`` nearest training pictures; none for one that cannot be read."""
    split = report.split
    found = predictor.activations(pictures, drawings=drawings)
    answers: list[list[Neighbour]] = [[] for _ in pictures]
    for row, place in enumerate(found.places):
        for near, similarity in bank.nearest(found.features[row].numpy(), count):
            at = int(bank.places[near])
            name, label = split.train[at].name, split.classes[int(bank.labels[near])]
            answers[place].append(Neighbour(at, name, label, similarity))
    return answers
