"""What a benchmark has measured, one JSON object a line: it can be interrupted, and nothing is measured twice.

Several processes may append to one file: ``--share I N`` gives each its part of the work (:func:`shared`).
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from machine import DEVICE

RESULTS = Path(__file__).resolve().parent / "results"


@dataclass(frozen=True)
class Ledger:
    """The results of the benchmark ``name``, in ``file``, else in ``results/NAME.jsonl``."""

    name: str
    file: Path | None = None

    @property
    def path(self) -> Path:
        return self.file or RESULTS / f"{self.name}.jsonl"

    def results(self) -> list[dict[str, Any]]:
        """All results, the oldest first, without a line that a killed process left unfinished."""
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]

    def knows(self, **values: object) -> bool:
        """Whether a result with all these ``values`` is there."""
        return any(values.items() <= result.items() for result in self.results())

    def append(self, result: dict[str, Any]) -> None:
        """Add ``result`` at the end with the machine and the date, and print it."""
        line = json.dumps({**result, "machine": machine(), "date": datetime.date.today().isoformat()})
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab+", buffering=0) as file:  # one write each: other processes append too
            end = file.seek(0, os.SEEK_END)
            unfinished = end and os.pread(file.fileno(), 1, end - 1) != b"\n"
            file.write(f"{chr(10) if unfinished else ''}{line}\n".encode())
        print(line, flush=True)


def add_options(parser: argparse.ArgumentParser) -> None:
    """``--out``, ``--share`` and ``--report``, as the benchmarks of many small parts have them."""
    parser.add_argument("--out", type=Path, help="append to this file instead of results/")
    parser.add_argument("--share", type=int, nargs=2, default=[0, 1], metavar=("I", "N"), help="the I-th of N shares")
    parser.add_argument("--report", action="store_true", help="sum up what is there")


def add_archives(parser: argparse.ArgumentParser) -> None:
    """The zips of pictures as the first arguments, see :func:`archives`."""
    parser.add_argument("archives", nargs="*", type=Path, help="the zips of CIFAR-10, Tiny ImageNet, photographs")


def archives(options: argparse.Namespace) -> dict[str, Path]:
    """Those that were given, by name."""
    return dict(zip(("cifar", "tiny", "photos"), options.archives, strict=False))


Part = TypeVar("Part")


def shared(parts: Iterable[Part], options: argparse.Namespace) -> Iterator[Part]:
    """Those of ``parts`` that are this process's."""
    share, shares = options.share
    return islice(parts, share, None, shares)


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
