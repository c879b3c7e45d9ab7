"""What the benchmarks compute with: ``BENCHMARK_DEVICE=cuda python benchmarks/grid.py ...``, otherwise the processor.

A GPU only makes them quicker: settings are chosen as they are without one, and arithmetic is in single precision.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

DEVICE = os.environ.get("BENCHMARK_DEVICE", "cpu")
SETTINGS: dict[str, Any] = {"device": DEVICE, "precision": "fp32"} if DEVICE != "cpu" else {"device": "cpu"}


@contextmanager
def as_on_a_laptop() -> Iterator[None]:
    """Settings are chosen as they are without a GPU, whatever computes."""
    from unittest import mock

    from resnet_studio.training import plan

    with mock.patch.object(plan, "on_gpu", lambda _: False):
        yield
