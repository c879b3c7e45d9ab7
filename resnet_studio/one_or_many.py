"""Where a list is asked for, one thing by itself is a list of one: a text is not the list of its letters."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any


def is_one(given: Any) -> bool:
    """Whether ``given`` is one thing: a text, a path, an open file, a mapping, or what cannot be iterated over."""
    one = isinstance(given, str | bytes | os.PathLike | Mapping) or hasattr(given, "read")
    return one or not isinstance(given, Iterable)


def as_list(given: Any) -> list[Any]:
    """All that is in ``given``, or ``given`` itself where it is one thing.

    >>> as_list("a.jpg"), as_list(("a.jpg", "b.jpg"))
    (['a.jpg'], ['a.jpg', 'b.jpg'])
    """
    return [given] if is_one(given) else list(given)
