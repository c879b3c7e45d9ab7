"""Sweeps of which ``make test`` tries a few cases and ``make long`` all others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def few(names: str | tuple[str, ...], cases: Iterable[Any], *, keep: int = 1, ids: Any = None) -> pytest.MarkDecorator:
    """As ``pytest.mark.parametrize``; cases after the first ``keep`` are long."""
    several = not isinstance(names, str) or "," in names
    return pytest.mark.parametrize(
        names, [case if at < keep else _long(case, several) for at, case in enumerate(cases)], ids=ids
    )


def _long(case: Any, several: bool) -> Any:
    known = case if hasattr(case, "marks") and hasattr(case, "values") else None
    if known is not None:
        return pytest.param(*known.values, id=known.id, marks=[*known.marks, pytest.mark.long])
    return pytest.param(*(case if several else (case,)), marks=pytest.mark.long)
