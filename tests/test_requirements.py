"""Requirements that mean what they say: bounded, used, and locked at versions within their bounds."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parent.parent
REQUIRED = [
    Requirement(line.partition("#")[0].strip())
    for line in (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    if line.partition("#")[0].strip()
]
PINNED = dict(re.findall(r"^([\w.-]+)==([\w.+!]+)", (ROOT / "requirements.lock").read_text("utf-8"), re.MULTILINE))
SAFE_SINCE = {
    "gradio": "6.31", "pillow": "12.1.1", "filelock": "3.20.3", "starlette": "0.49.1", "torch": "2.10",
    "scikit-learn": "1.5.0",
}  # fmt: skip
"""The first release without a known hole that could concern the studio."""


@pytest.mark.parametrize("required", REQUIRED, ids=str)
def test_a_requirement_has_a_floor_and_a_bound_below_the_next_major_release(required: Requirement) -> None:
    assert {each.operator for each in required.specifier} == {">=", "<"}


@pytest.mark.parametrize("name", SAFE_SINCE)
def test_no_release_with_a_known_hole_is_let_in(name: str) -> None:
    (required,) = (each for each in REQUIRED if each.name == name)
    (floor,) = (each.version for each in required.specifier if each.operator == ">=")
    assert Version(floor) >= Version(SAFE_SINCE[name])


@pytest.mark.parametrize("required", REQUIRED, ids=str)
def test_the_lock_file_pins_each_requirement_within_its_bounds(required: Requirement) -> None:
    assert required.specifier.contains(PINNED[required.name.lower()])


def test_every_pin_has_a_hash() -> None:
    text = (ROOT / "requirements.lock").read_text("utf-8")
    pins = re.split(r"^(?=[\w.-]+==)", text, flags=re.MULTILINE)[1:]
    assert len(pins) > 50
    assert all("--hash=sha256:" in pin for pin in pins)
    assert "://" not in text


IMPORTED_AS = {"argon2-cffi": "argon2", "pillow": "PIL", "scikit-learn": "sklearn", "pillow-heif": "pillow_heif"}
EXTRAS = [
    Requirement(line)
    for lines in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"][
        "optional-dependencies"
    ].values()
    for line in lines
]
BY_NAME = {"pyarrow", "tensorboard"}
"""Optional ones that a library of ours imports: pandas writes Parquet by pyarrow, torch its logs by tensorboard."""


@cache
def imported() -> set[str]:
    """The top names of all modules that the package imports, at the top of a file or inside of a function."""
    found = set()
    for path in (ROOT / "resnet_studio").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.split(".")[0])
    return found - set(sys.stdlib_module_names) - {"resnet_studio"}


def module_of(required: Requirement) -> str:
    return IMPORTED_AS.get(required.name, required.name.replace("-", "_"))


@pytest.mark.parametrize("required", [*REQUIRED, *EXTRAS], ids=str)
def test_what_is_required_is_imported(required: Requirement) -> None:
    assert module_of(required) in imported() | BY_NAME


def test_what_is_imported_is_required_or_a_declared_extra() -> None:
    assert imported() - {module_of(each) for each in [*REQUIRED, *EXTRAS]} == set()
