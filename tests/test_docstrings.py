"""What docstrings show is what happens."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import made
import pytest

import resnet_studio

PACKAGE = Path(resnet_studio.__file__).parent
MODULES = sorted(
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
    for path in PACKAGE.rglob("*.py")
    if ">>> " in path.read_text("utf-8")
)


def test_the_ways_in_have_examples():
    assert {"resnet_studio.api", "resnet_studio.config", "resnet_studio.text"} <= set(MODULES)


TRAINS = "resnet_studio.api"


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name == TRAINS else name for name in MODULES]
)
def test_examples_in_docstrings_give_what_they_show(name, tmp_path, monkeypatch):
    """They run in a folder with ``photos.zip``, pictures of cats and dogs, and ``new.jpg``, another cat."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RESNET_STUDIO_WORKSPACE", str(tmp_path / "workspace"))
    made.zipped(tmp_path / "photos.zip", made.class_files({"cat": 20, "dog": 20}))
    (tmp_path / "new.jpg").write_bytes(made.picture(100, label=0, format="JPEG", quality=95))
    found = doctest.testmod(importlib.import_module(name))
    assert found.attempted and not found.failed
