"""Measurements made once a machine and stored in the workspace, so that timing never decides what a seed leads to."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from resnet_studio.durable import write_json

VERSION = 1

Values = Mapping[str, Any]


def measure_once(
    file: Path | None, machine: str, measure: Callable[[], Values], valid: Callable[[Values], bool]
) -> Values:
    """What ``file`` holds for ``machine``, where that is ``valid``; else what ``measure`` finds, which it then holds.

    Other machines that share the workspace keep theirs. Without a ``file``, it is measured.
    """
    if (found := stored(file, machine, valid)) is not None:
        return found
    measured = measure()
    if file is None:
        return measured
    if (found := stored(file, machine, valid)) is not None:
        return found  # another process was quicker
    with suppress(OSError):  # a training that cannot write will say so itself
        write_json(file, {"version": VERSION, "machines": {**_machines(file), machine: dict(measured)}})
    return measured


def processor() -> str:
    """What the processor is called, and with how many cores."""
    name = platform.processor() or platform.machine()
    with suppress(OSError, StopIteration):  # not Linux, or a processor that has no such line
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        name = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return f"{name}, {os.cpu_count() or 1} cores"


def stored(file: Path | None, machine: str, valid: Callable[[Values], bool]) -> Values | None:
    """What ``file`` holds for ``machine``; None where there is nothing, or nothing that is ``valid``."""
    found = _machines(file).get(machine) if file else None
    try:
        return found if isinstance(found, dict) and valid(found) else None
    except (LookupError, TypeError, ValueError):
        return None


def _machines(file: Path) -> dict[str, Any]:
    """What ``file`` holds of each machine; nothing where it is missing or damaged."""
    try:
        return dict(json.loads(file.read_text(encoding="utf-8"))["machines"])
    except (OSError, ValueError, LookupError, TypeError):
        return {}
