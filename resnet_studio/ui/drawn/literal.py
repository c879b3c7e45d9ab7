"""Text that a user chose, ready for HTML and shown as it is."""

from __future__ import annotations

import re
from html import escape

HIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def literal(text: str) -> str:
    """``text`` escaped; control and direction signs, which would hide or turn what follows, become visible."""
    return escape(HIDDEN.sub(lambda sign: ascii(sign[0])[1:-1], text))


def name_of(text: str) -> str:
    """A user's name for something: literal, and kept from turning the text around it."""
    return f"<bdi>{literal(text)}</bdi>"
