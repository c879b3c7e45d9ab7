"""An ONNX file from elsewhere as a model that answers, by ONNX Runtime in a process of its own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from resnet_studio.batching import BatchedModel
from resnet_studio.errors import CheckpointError
from resnet_studio.model.activations import Activations
from resnet_studio.model.onnx_card import content_of, is_onnx, onnx_card
from resnet_studio.model.onnx_process import OnnxProcess
from resnet_studio.prediction import Predictor

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from resnet_studio.model.architecture import Stage


class ImportedOnnx(BatchedModel):
    """Answers as the imported ONNX ``file`` does; it has no features, and no stages to look at.

    ``accept`` 1 takes every picture for one of the classes; None: as the file says. Raises :class:`CheckpointError`
    for a file that is damaged or was not imported, and for another ``accept``.
    """

    def __init__(self, file: Path, *, batch_size: int = 32, accept: float | None = None) -> None:
        self.card = card = onnx_card(file)
        if accept not in (None, 1):
            raise CheckpointError("error.onnx.accept", file=file.name)
        accepted = math.inf if card.accepted is None or accept == 1 else card.accepted
        super().__init__(card.classes, card.preprocessing, accepted=accepted, batch_size=batch_size)
        self._file = file
        self._process = OnnxProcess(content_of(file), file.name)

    def compute(self, batch: Tensor, stages: Sequence[Stage] = ()) -> Activations:
        """As :meth:`BatchedModel.compute`. Raises :class:`CheckpointError` where the file's process was stopped."""
        import numpy as np
        import torch

        if stages:
            raise ValueError("an ONNX file has no stages")
        outputs = [self.card.output, *filter(None, [self.card.unlike])]
        found = [self._answers(rows, outputs) for rows in self._in_turn(self._input_of(batch))]
        values = [torch.from_numpy(np.concatenate(each)[: len(batch)]) for each in zip(*found, strict=True)]
        logits = values[0].clamp_min(torch.finfo(torch.float32).tiny).log() if self.card.probabilities else values[0]
        if logits.shape != (len(batch), len(self.classes)):
            raise CheckpointError("error.onnx.damaged", file=self._file.name)
        unlike = values[1].double() if self.card.unlike else None
        return Activations(logits, torch.zeros(len(batch), 0), temperature=self.card.temperature, unlike=unlike)

    def _answers(self, rows: NDArray[np.generic], outputs: Sequence[str]) -> list[NDArray[np.float32]]:
        if not self._process.alive:
            self._process = OnnxProcess(content_of(self._file), self._file.name)
        return self._process(rows, outputs)

    def _input_of(self, batch: Tensor) -> NDArray[np.generic]:
        """``batch`` [N, 3, crop, crop], normalised, as the file takes it."""
        given = batch.permute(0, 2, 3, 1) if self.card.layout == "nhwc" else batch
        if self.card.pixels == "uint8":
            given = given.mul(255).round()
        values: NDArray[np.generic] = given.numpy().astype(self.card.pixels)
        return values

    def _in_turn(self, rows: NDArray[np.generic]) -> list[NDArray[np.generic]]:
        """``rows`` in batches of the size that the file takes, the last one filled up."""
        import numpy as np

        size = self.card.batch or self._batch_size
        missing = -len(rows) % size if self.card.batch else 0
        filled = np.concatenate([rows, np.zeros_like(rows[:1]).repeat(missing, 0)]) if missing else rows
        return [filled[start : start + size] for start in range(0, len(filled), size)]


def load_model(file: Path, device: str = "auto", accept: float | None = None) -> ImportedOnnx | Predictor:
    """The model in ``file``, a checkpoint or an imported ONNX file; the latter computes on the CPU whatever ``device``.

    ``accept`` as for :class:`Predictor`. Raises :class:`CheckpointError`.
    """
    if is_onnx(file):
        return ImportedOnnx(file, accept=accept)
    return Predictor(file, device=device, accept=accept)
