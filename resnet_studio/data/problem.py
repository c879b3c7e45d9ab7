"""Files that were left out of a data set, or used with a reserve."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """Files that were left out, or used with a reserve, for one reason; see ``finding.<kind>`` for the kinds.

    ``about`` are the classes concerned, or whatever else the finding names.
    """

    kind: str
    files: tuple[str, ...]
    about: tuple[str, ...] = ()
