"""Waits for what other threads, processes and pages do, and never without an end."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

PATIENCE = 120.0  # seconds; a machine that is busy with other tests is slow, and not wrong


def wait_for(
    condition: Callable[[], Any], *, unless: Callable[[], Any] = lambda: None, seconds: float = PATIENCE
) -> Any:
    """What ``condition`` answers as soon as that is true.

    The test fails with what ``unless`` answers once that is true, and where neither comes in two minutes.
    """
    until = time.monotonic() + PATIENCE
    while not (answer := condition()):
        if problem := unless():
            pytest.fail(f"what is waited for will not come: {problem}")
        if time.monotonic() > until:
            pytest.fail(f"what is waited for did not come within {PATIENCE:g} seconds")
        time.sleep(0.01)
    return answer
