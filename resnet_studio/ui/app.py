"""The page: tabs in the order of the work."""

from __future__ import annotations


def serve() -> None:
    """Open the app."""
    raise NotImplementedError
