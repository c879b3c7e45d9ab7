"""What walking a picture file finds out about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Container:
    """A file that is whole. ``animated``: there is a second frame, which will not be used.

    ``repaired`` holds the bytes that a decoder should be given in place of the file, where it would stumble over what
    is no part of the picture; ``profile`` an ICC profile that is too long for the decoder. ``in_rows``: it can be
    decoded row by row at reduced size, in memory that does not grow with it.
    """

    animated: bool = False
    repaired: bytes | None = None
    profile: bytes | None = None
    in_rows: bool = False
