"""An exported ONNX file as a model that answers: by ONNX Runtime on the CPU, without the checkpoint.

Measured on two cores of a Xeon with AVX512-VNNI that others used too, ResNet-18, milliseconds of CPU a picture
(``benchmarks/serve.py engines``): at 128 px one at a time 31 by torch, 17 by ONNX Runtime, 6 by it with 8 bits; eight
at a time 16, 15 and 4. At 224 px 56, 41 and 12; 42, 43 and 14.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resnet_studio.batching import BatchedModel
from resnet_studio.errors import CheckpointError
from resnet_studio.model.activations import Activations
from resnet_studio.model.exports.onnx_files import INPUT, LOGITS, UNLIKE
from resnet_studio.model.preprocess import Preprocessing

if TYPE_CHECKING:
    from torch import Tensor

    from resnet_studio.model.architecture import Stage


class OnnxModel(BatchedModel):
    """Answers as the run did that the ``file`` was exported from: its classes, preprocessing, temperature and what it
    takes for none of these stand in the file.

    ``threads`` are those of one batch, by default one for each core. Raises :class:`CheckpointError` for a file that
    is not sound or not one of ours.
    """

    def __init__(self, file: Path, *, threads: int | None = None, batch_size: int = 32) -> None:
        self._session = _opened(file, threads)
        try:
            facts = _facts(self._session)
            prepared = {key: value for key, value in facts["preprocessing"].items() if key != "scale"}
            threshold = facts["unlike_threshold"]
            super().__init__(
                facts["classes"], Preprocessing(**prepared), batch_size=batch_size,
                accepted=math.inf if threshold is None else float(threshold),
            )  # fmt: skip
            self.temperature, self.sha256, self.run = float(facts["temperature"]), facts["sha256"], facts["run"]
            self.network = str(facts["network"])
            given = self._session.get_inputs()[0]
            if given.type != "tensor(float)" or given.name != INPUT:
                raise CheckpointError("error.onnx.prepared", file=file.name)
        except (LookupError, TypeError, ValueError) as error:
            raise CheckpointError("error.onnx.foreign", file=file.name) from error
        names = {each.name for each in self._session.get_outputs()}
        self._outputs = [LOGITS, *([UNLIKE] if UNLIKE in names else [])]
        self._warm()

    @property
    def tells_unlike(self) -> bool:
        """Whether the file says how unlike all training pictures a picture is."""
        return UNLIKE in self._outputs

    def compute(self, batch: Tensor, stages: Sequence[Stage] = ()) -> Activations:
        """As :meth:`BatchedModel.compute`; an exported file gives no features, and none of the ``stages``."""
        import torch

        if stages:
            raise ValueError("an exported file has no stages")
        found = [torch.from_numpy(each) for each in self._session.run(self._outputs, {INPUT: batch.numpy()})]
        unlike = found[1].double() if self.tells_unlike else None
        nothing = torch.zeros(len(batch), 0)
        return Activations(found[0], nothing, temperature=self.temperature, unlike=unlike)

    def _warm(self) -> None:
        import torch

        side = self.preprocessing.crop
        self.compute(torch.zeros(1, 3, side, side))


def _opened(file: Path, threads: int | None) -> Any:
    """A session for ``file``; its threads do not spin while they wait, which would take the cores from decoding."""
    import onnxruntime
    from onnxruntime.capi.onnxruntime_pybind11_state import (
        Fail,
        InvalidArgument,
        InvalidGraph,
        InvalidProtobuf,
        NoSuchFile,
        NotImplemented,
    )

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads or os.cpu_count() or 1, 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(file.read_bytes(), options, providers=["CPUExecutionProvider"])
    except (OSError, Fail, InvalidArgument, InvalidGraph, InvalidProtobuf, NoSuchFile, NotImplemented) as error:
        raise CheckpointError("error.onnx.damaged", file=file.name) from error


def _facts(session: Any) -> dict[str, Any]:
    """What :func:`resnet_studio.model.exports.source.facts` wrote; texts stand as they are, all else as JSON."""
    written = session.get_modelmeta().custom_metadata_map
    plain = {"network", "sha256", "run", "studio_version"}
    return {key: value if key in plain else json.loads(value) for key, value in written.items()}
