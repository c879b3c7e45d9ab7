"""What the lines of code that go with an exported file need to run: for people who have only that file."""

from __future__ import annotations

import ast
import sys

PIP = {
    "PIL": "pillow", "pillow_heif": "pillow-heif", "ai_edge_litert": "ai-edge-litert", "litert_torch": "litert-torch",
}  # fmt: skip
"""What pip calls a package where Python imports it by another name."""


def packages(code: str) -> tuple[str, ...]:
    """The arguments of ``pip install`` for ``code``, without what it can do without (imports within ``try``)."""
    found: dict[str, None] = {}
    for statement in ast.parse(code).body:
        if isinstance(statement, ast.Import):
            names = [each.name for each in statement.names]
        elif isinstance(statement, ast.ImportFrom) and statement.module:
            names = [statement.module]
        else:
            continue
        for name in names:
            top = name.partition(".")[0]
            if top not in sys.stdlib_module_names:
                found[PIP.get(top, top)] = None
    return tuple(found)
