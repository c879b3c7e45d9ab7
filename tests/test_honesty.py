"""Tests call what everybody may call: a test of private names breaks with every change inside, and holds nothing."""

import ast
from pathlib import Path

TESTS = sorted(Path(__file__).parent.rglob("*.py"))
OF_LIBRARIES = {
    "_dynamo", "_C", "_foreach_lerp_",  # torch
    "_forward_hooks", "_forward_pre_hooks",  # torch: which hooks a module has is said nowhere else
    "_id", "_queue", "_check_allowed",  # Gradio, whose inside the studio relies on: see ui/test_doors.py
    "_exit", "_urlretrieve",
    "_fused_sgd_", "_local_scalar_dense", "_subclasses", "_python_dispatch", "_pytree", "_nn", "_parse_to",  # torch:
    "_parameters", "_buffers", "_unique2",  # the card that is not there, in fake_cuda.py
}  # fmt: skip


def private_uses(tree):
    """Names with one underscore that are taken from something other than ``self``, imported or replaced."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            if not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")):
                yield node.attr, node.lineno
        elif isinstance(node, ast.ImportFrom):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "setattr":
            yield from ((each.value, node.lineno) for each in node.args[1:2] if isinstance(each, ast.Constant))


def test_no_test_reaches_into_private_names():
    found = {
        f"{path.name}: {name} in line {line}"
        for path in TESTS
        for name, line in private_uses(ast.parse(path.read_text("utf-8")))
        if str(name).startswith("_") and not str(name).startswith("__") and name not in OF_LIBRARIES
    }
    assert not found
