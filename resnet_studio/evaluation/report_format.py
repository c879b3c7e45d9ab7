"""Whether a ``report.json`` is one that everything which shows reports can rely on; without torch."""

from __future__ import annotations

import math
from typing import Any

SCORES = ("precision", "recall", "f1")


def is_report(values: Any) -> bool:
    """Whether ``values`` have the form that :meth:`Report.to_json` gives a report."""
    try:
        return _is_report(values)
    except (TypeError, LookupError, AttributeError, ValueError):
        return False


def _is_report(values: Any) -> bool:
    classes = values["classes"]
    count = len(classes)
    low, high = values["interval"]
    return (
        count > 0
        and all(isinstance(name, str) for name in classes)
        and all(map(_is_share, (values["accuracy"], values["macro_f1"], low, high)))
        and len(values["per_class"]) == count
        and all(_is_row(row) for row in values["per_class"])
        and len(values["confusion"]) == count
        and all(len(row) == count and all(map(_is_count, row)) for row in values["confusion"])
        and all(_is_picture(picture, count) for picture in values["pictures"])
    )


def _is_row(row: Any) -> bool:
    counts = _is_count(row["support"]) and _is_count(row["correct"])
    return isinstance(row["name"], str) and counts and all(_is_share(row[score]) for score in SCORES)


def _is_picture(picture: Any, classes: int) -> bool:
    known = all(_is_count(picture[key]) and picture[key] < classes for key in ("true", "predicted"))
    named = isinstance(picture["name"], str) and isinstance(picture["file"], str)
    return known and named and _is_share(picture["probability"]) and all(map(_is_share, picture["scores"]))


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_share(value: Any) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value) and -1e-9 <= value <= 1 + 1e-9
