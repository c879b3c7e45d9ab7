"""Names of folders that are made from what users call things, and names that come from outside."""

from __future__ import annotations

import re

LONGEST_NAME_BYTES = 255


def slug(name: str) -> str:
    """``name`` as a folder name: letters, digits, ``-`` and ``_``; at most 60 characters.

    >>> slug("My cats & dogs.zip")
    'My-cats-dogs-zip'
    """
    cleaned = re.sub(r"[^\w]+", "-", name, flags=re.UNICODE).strip("-_")[:60]
    return cleaned or "unnamed"


def safe_name(name: str) -> bool:
    """Whether ``name`` can be one folder of ours (no separator, no dots-only name, none that systems find too long)."""
    return bool(re.fullmatch(r"[\w][\w.-]*", name)) and len(name.encode()) <= LONGEST_NAME_BYTES
