"""Tests call what everybody may call: a test of private names breaks with every change inside, and holds nothing."""

import ast
from functools import cache
from pathlib import Path

import pytest

TESTS = sorted(Path(__file__).parent.rglob("*.py"))
OF_LIBRARIES = {
    "_dynamo", "_C", "_foreach_lerp_",  # torch
    "_forward_hooks", "_forward_pre_hooks",  # torch: which hooks a module has is said nowhere else
    "_id", "_queue", "_check_allowed",  # Gradio, whose inside the studio relies on: see ui/test_doors.py
    "_exit", "_urlretrieve",
    "_fused_sgd_", "_local_scalar_dense", "_subclasses", "_python_dispatch", "_pytree", "_nn", "_parse_to",  # torch:
    "_parameters", "_buffers", "_unique2",  # the card that is not there, in fake_cuda.py
}  # fmt: skip


@cache
def parsed(path):
    return ast.parse(path.read_text("utf-8"))


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


@pytest.mark.slow
def test_no_test_reaches_into_private_names():
    found = {
        f"{path.name}: {name} in line {line}"
        for path in TESTS
        for name, line in private_uses(parsed(path))
        if str(name).startswith("_") and not str(name).startswith("__") and name not in OF_LIBRARIES
    }
    assert not found


def endless_waits(tree):
    """Loops that do nothing but wait, in lines of the test itself: where what they wait for never comes, they go on."""
    for node in ast.walk(tree):
        if isinstance(node, ast.While) and all(map(only_waits, node.body)) and not steps(node.test):
            yield node.lineno


def steps(condition):
    """Whether what is asked is what goes on by being asked, such as an iterator."""
    called = (each.func for each in ast.walk(condition) if isinstance(each, ast.Call))
    return any(getattr(each, "id", getattr(each, "attr", "")) in ("next", "recv") for each in called)


def only_waits(statement):
    called = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(statement, ast.Pass | ast.Assert) or (
        isinstance(called, ast.Call) and getattr(called.func, "attr", "") in ("sleep", "wait")
    )


@pytest.mark.slow
def test_whoever_waits_does_so_with_an_end():
    found = [
        f"{path.name}: line {line} waits, as waiting.wait_for does with an end"
        for path in TESTS
        if path.name != "waiting.py"
        for line in endless_waits(parsed(path))
    ]
    assert not found
