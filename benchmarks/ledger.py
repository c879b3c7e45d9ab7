"""What a benchmark has measured, one JSON object a line: it can be interrupted, and nothing is measured twice."""

from __future__ import annotations

import datetime
import json
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from machine import DEVICE

RESULTS = Path(__file__).resolve().parent / "results"


@dataclass(frozen=True)
class Ledger:
    """The results of the benchmark ``name``, in ``results/NAME.jsonl``."""

    name: str

    @property
    def path(self) -> Path:
        return RESULTS / f"{self.name}.jsonl"

    def results(self) -> list[dict[str, Any]]:
        """All results, the oldest first."""
        return [json.loads(line) for line in self.path.read_text().splitlines()] if self.path.exists() else []

    def knows(self, **values: object) -> bool:
        """Whether a result with all these ``values`` is there."""
        return any(values.items() <= result.items() for result in self.results())

    def append(self, result: dict[str, Any]) -> None:
        """Add ``result`` at the end with the machine and the date, and print it."""
        line = json.dumps({**result, "machine": machine(), "date": datetime.date.today().isoformat()})
        RESULTS.mkdir(exist_ok=True)
        with self.path.open("a") as file:
            file.write(line + "\n")
        print(line, flush=True)


def machine() -> str:
    """The processor and its cores, or the GPU that computes."""
    if DEVICE.startswith("cuda"):
        import torch

        return torch.cuda.get_device_name(DEVICE)
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]}, {len(names)} cores" if names else platform.processor()


def mean_and_spread(values: Sequence[float]) -> str:
    """The mean of ``values`` and, where there are several, their standard deviation."""
    spread = f" ± {statistics.stdev(values):.3f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.3f}{spread}"
