"""Requirements that mean what they say: bounded, used, and locked at versions within their bounds."""

from __future__ import annotations

import ast
import re
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


def test_the_server_libraries_that_are_imported_are_required() -> None:
    imported = set()
    for path in (ROOT / "resnet_studio").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.add(node.module.split(".")[0])
    assert {"fastapi", "starlette", "uvicorn"} <= imported & {each.name for each in REQUIRED}
