"""What a network computed for labelled pictures: its logits, from which every figure of a report follows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from resnet_studio.durable import replacing
from resnet_studio.errors import RunError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from resnet_studio.data.dataset import Sample

VERSION = 1


@dataclass(frozen=True, eq=False)
class Outputs:
    """``logits`` float32 [N, classes] for N pictures with true ``labels`` int64 [N].

    ``names`` and ``files`` [N] are those of :class:`~resnet_studio.data.dataset.Sample`; ``skipped`` are the names of
    pictures that could not be decoded and have no row.
    """

    logits: NDArray[np.float32]
    labels: NDArray[np.int64]
    names: tuple[str, ...]
    files: tuple[str, ...]
    skipped: tuple[str, ...] = ()

    @classmethod
    def of(cls, samples: Sequence[Sample], logits: NDArray[np.float32], skipped: tuple[str, ...] = ()) -> Outputs:
        """The ``logits`` [N, classes] for ``samples`` [N]."""
        return cls(
            np.ascontiguousarray(logits, dtype=np.float32),
            np.array([sample.label for sample in samples], dtype=np.int64),
            tuple(sample.name for sample in samples),
            tuple(sample.file for sample in samples),
            skipped,
        )

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """The softmax of the logits, float64 [N, classes]."""
        return self.at(1.0)

    def at(self, temperature: float) -> NDArray[np.float64]:
        """The softmax of the logits divided by ``temperature``, float64 [N, classes]."""
        import torch

        found: NDArray[np.float64] = torch.softmax(torch.from_numpy(self.logits).double() / temperature, 1).numpy()
        return found


def write(path: Path, outputs: Mapping[str, Outputs]) -> None:
    """Write the ``outputs`` of each part ("validation", "test") of a split to ``path``, durably."""
    from safetensors.numpy import save

    tensors: dict[str, NDArray[Any]] = {}
    pictures = {}
    for part, of_part in outputs.items():
        tensors[f"{part}.logits"], tensors[f"{part}.labels"] = of_part.logits, of_part.labels
        pictures[part] = {"names": of_part.names, "files": of_part.files, "skipped": of_part.skipped}
    content = save(tensors, {"version": str(VERSION), "pictures": json.dumps(pictures)})
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def read(path: Path) -> dict[str, Outputs]:
    """What :func:`write` wrote; nothing where there is no such file, as in the runs of older versions.

    Raises :class:`RunError` where the file is damaged or of a newer version.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        return {}
    damaged = RunError("error.run.damaged", file=path.name, run=path.parent.name)
    try:
        with safe_open(path, framework="numpy") as opened:
            about = opened.metadata() or {}
            if int(about["version"]) > VERSION:
                raise RunError("error.run.newer", run=path.parent.name)
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118 - it is no mapping
            pictures = json.loads(about["pictures"])
        return {part: _checked(tensors, part, of_part) for part, of_part in pictures.items()}
    except (SafetensorError, OSError, LookupError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise damaged from error


def _checked(tensors: Mapping[str, Any], part: str, pictures: Mapping[str, Any]) -> Outputs:
    names, files, skipped = (tuple(map(str, pictures[key])) for key in ("names", "files", "skipped"))
    logits, labels = tensors[f"{part}.logits"], tensors[f"{part}.labels"]
    if logits.dtype != np.float32 or labels.dtype != np.int64 or logits.ndim != 2:
        raise ValueError("other kinds of tensors")
    if not len(logits) == len(labels) == len(names) == len(files):
        raise ValueError("other numbers of pictures")
    if len(labels) and not (labels.min() >= 0 and labels.max() < logits.shape[1]):
        raise ValueError("labels of no class")
    return Outputs(logits, labels, names, files, skipped)
