"""Pictures whose label a model gave: marked wherever they go, for training alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resnet_studio.data.dataset import Sample

MODEL = "model"
"""What ``labelled_by`` says of them."""
TEACHER = "teacher"
"""What it says of pictures without a label that came along for distillation: the label is what the teachers see."""


def unlike(by_model: Sequence[Sample], scored: Sequence[Sample]) -> list[Sample]:
    """Those of ``by_model`` that do not belong together with a picture that is ``scored``."""
    held = {key for sample in scored for key in (sample.content, sample.group) if key}
    return [sample for sample in by_model if not held & {sample.content, sample.group}]
