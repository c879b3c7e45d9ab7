"""Text and tables as Markdown in which names are only names."""

from __future__ import annotations

import re
from collections.abc import Sequence

from markupsafe import escape

from resnet_studio.text import Language, say

_MARKED = re.compile(r"([\\`*_{}\[\]()#+\-!|~$])")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def heading(key: str, language: Language) -> list[str]:
    """The text ``key`` as a heading."""
    return [f"## {say(key, language)}", ""]


def row(cells: Sequence[object]) -> str:
    """A row of a table; names in it have to be :func:`plain` already."""
    return f"| {' | '.join(map(str, cells))} |"


def clean(text: str) -> str:
    """``text`` in one line, without signs that hide or turn what stands around them."""
    return _CONTROL.sub(lambda sign: " " if sign[0] in "\t\r\n" else "\ufffd", str(text)).strip() or "-"


def plain(text: str) -> str:
    """``text`` as Markdown that shows it as it is: a name is no heading, link or HTML."""
    return str(escape(_MARKED.sub(r"\\\1", clean(text))))


def code(text: str) -> str:
    """``text`` within a block of code."""
    return clean(text).replace("```", "'''")


def fenced(program: str) -> list[str]:
    """``program`` between fences that are longer than any in it: a class may be called like one."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", program)), default=0))
    return [f"{fence}python", program.strip(), fence, ""]
