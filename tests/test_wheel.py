"""A wheel that is installed somewhere else works there: it carries styles, samples and starter weights."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=300)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path) -> Path:
    """A folder with nothing but the installed wheel in it."""
    site = wheel.parent / "site"
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--no-deps", "--target", str(site), str(wheel)], check=True, timeout=300)
    return site


@pytest.fixture
def studio(installed: Path, tmp_path: Path) -> Callable[..., list[str]]:
    """The command line of the installed wheel, run in an empty folder."""

    def command(*arguments: object) -> list[str]:
        return [sys.executable, "-m", "resnet_studio", *map(str, arguments), "--workspace", str(tmp_path / "workspace")]

    return command


def environment(installed: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(installed), "OMP_NUM_THREADS": "1"}


def test_it_holds_every_module_template_style_script_sample_and_starter(wheel: Path) -> None:
    """What is in it without being installed; that it works from there is seen by the two tests below."""
    sources = {path.relative_to(ROOT).as_posix() for path in (ROOT / "resnet_studio").rglob("*")
               if path.is_file() and path.suffix != ".pyc"}  # fmt: skip
    assets = {f"resnet_studio/_assets/{path.relative_to(ROOT / 'assets').as_posix()}"
              for path in (ROOT / "assets").rglob("*") if path.is_file() and path.suffix != ".pyc"}  # fmt: skip
    assert len(sources) > 200 and len(assets) > 30
    with zipfile.ZipFile(wheel) as opened:
        assert (sources | assets) - set(opened.namelist()) == set()


@pytest.mark.long
def test_it_trains_on_the_sample_from_the_starter_weights_and_predicts(
    installed: Path, studio: Callable[..., list[str]], tmp_path: Path
) -> None:
    def run(*arguments: object) -> dict[str, object]:
        done = subprocess.run(
            studio(*arguments, "--json"), cwd=tmp_path, env=environment(installed), capture_output=True, timeout=300
        )
        assert done.returncode == 0, done.stderr.decode()[-2000:]
        return json.loads(done.stdout.splitlines()[-1])

    where = [sys.executable, "-c", "import resnet_studio; print(resnet_studio.__file__)"]
    found = subprocess.run(where, cwd=tmp_path, env=environment(installed), capture_output=True, text=True).stdout
    checked = run("check", "sample:things")
    options = ["--epochs", 1, "--size", 32, "--weights", "starter", "--freeze", "layer4"]
    trained = run("train", "sample:things", *options)

    assert found.startswith(str(installed))
    assert checked["pictures"] > 100
    assert trained["weights"] == "starter" and trained["test_accuracy"] is not None


@pytest.mark.long
def test_it_serves_the_page_with_its_styles(installed: Path, studio: Callable[..., list[str]], tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(
            studio("ui", "--port", port), cwd=tmp_path, env=environment(installed), stdout=log, stderr=log
        )
    try:
        page = fetched(f"http://127.0.0.1:{port}/", 90)
        assert "studio/studio.css" in page
        assert "--rs-accent" in fetched(f"http://127.0.0.1:{port}/studio/studio.css", 10)
        assert "studioPicker" in fetched(f"http://127.0.0.1:{port}/studio/studio.js", 10)
        assert "<svg" in fetched(f"http://127.0.0.1:{port}/studio/logo.svg", 10)
    finally:
        server.terminate()
        server.wait(40)


def fetched(address: str, seconds: float) -> str:
    until = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                return str(answer.read().decode())
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.3)
