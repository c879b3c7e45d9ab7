"""The real page, served by the real command, in a real browser."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
CLASSES = {"blue <b>": (30, 60, 200), "green": (40, 180, 60), "rot": (200, 40, 40)}
PICTURES = 14
START_SECONDS = 300  # a machine that is busy with other tests is slow, and not wrong
AXE = "axe-core@4.14.1"


@dataclass(frozen=True)
class Server:
    """A running studio: its address and the folder that it keeps everything in."""

    address: str
    workspace: Path


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="the browser tests need the package playwright")
    with playwright.sync_playwright() as started:
        found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
        if found is None and not Path(started.chromium.executable_path).exists():
            pytest.skip("no browser here: install chromium, or run `playwright install chromium`")
        opened = started.chromium.launch(executable_path=found, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def server(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Started after the browser was found, so that nobody waits for a server that nothing can look at."""
    with serving(tmp_path_factory.mktemp("studio")) as started:
        yield started


@contextmanager
def serving(folder: Path, *options: str, port: int | None = None) -> Iterator[Server]:
    """A server of the workspace in ``folder``, at a free port unless one is given; ``options`` are those of ``ui``."""
    if port is None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
    command = [sys.executable, "-m", "resnet_studio", "ui", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workspace", str(folder / "workspace"), *options]
    environment = {**os.environ, "TORCH_HOME": str(folder / "torch"), "NO_PROXY": "127.0.0.1,localhost"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
    address = f"http://127.0.0.1:{port}/"
    try:
        _wait_for(address, process, folder / "log")
        yield Server(address, folder / "workspace")
    finally:
        process.terminate()
        process.wait(40)


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    pytest.fail(f"the server did not start:\n{log.read_text(errors='replace')}")


@pytest.fixture(scope="module")
def open_page(browser: Any, server: Server) -> Iterator[Callable[..., Any]]:
    """``open_page(language="zh-CN")`` is a fresh visitor's page, open until the tests of the file are done: pages that
    nobody looks at any more go on asking the server for news.

    None of them may have asked another host for anything, or have stopped at an error of its scripts.
    """
    with visitors(browser, server) as open_:
        yield open_


@pytest.fixture
def fresh_page(browser: Any, tmp_path: Path) -> Iterator[Any]:
    """A visitor's page of a studio of its own in which nothing was ever done."""
    with serving(tmp_path) as server, visitors(browser, server) as open_:
        yield open_()


@contextmanager
def visitors(browser: Any, server: Server) -> Iterator[Callable[..., Any]]:
    """See :func:`open_page`."""
    contexts, problems = [], []

    def watch(page: Any) -> None:
        def note(problem: str) -> None:
            # Gradio complains of requests that are cut off because the page is being left: nobody sees that.
            if not page.leaving:
                problems.append(problem)

        def check_request(request: Any) -> None:
            if not request.url.startswith((server.address, "data:", "blob:")):
                problems.append(f"external request: {request.url}")

        page.leaving = False
        page.problems = problems
        page.on("request", check_request)
        page.on("pageerror", lambda error: note(f"page error: {error}"))
        page.on("console", lambda said: note(f"console: {said.text}") if said.type == "error" else None)

    def open_(language: str = "en-US", width: int = 1280, height: int = 720, script: str = "") -> Any:
        context = browser.new_context(locale=language, viewport={"width": width, "height": height})
        context.add_init_script(script)
        context.set_default_timeout(90_000)  # a machine that is busy with other tests is slow, and not wrong
        contexts.append(context)
        page = context.new_page()
        watch(page)
        page.goto(server.address)
        page.locator("#tabs").wait_for()
        return page

    try:
        yield open_
    finally:
        for context in contexts:
            context.close()
    assert [each for each in problems if each.startswith(("external request", "page error"))] == []


@pytest.fixture(scope="session")
def axe(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The script of axe-core, from the npm registry; it is no part of this project."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("axe-core cannot be had: npm is not installed here")
    cache = getattr(request.config, "cache", None)
    folder = Path(cache.mkdir("axe-core")) if cache else tmp_path_factory.mktemp("axe-core")
    script = folder / "node_modules" / "axe-core" / "axe.min.js"
    if not script.is_file():
        install = [npm, "install", "--no-save", "--no-audit", "--no-fund", "--prefix", str(folder), AXE]
        try:
            subprocess.run(install, check=True, capture_output=True, timeout=120)
        except (OSError, subprocess.SubprocessError) as error:
            pytest.skip(f"axe-core cannot be had from the npm registry: {error}")
    return script.read_text("utf-8")


def violations(page: Any, axe: str) -> list[str]:
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
    return [f"{one['id']}: {node['target']} {node['html'][:200]}" for one in found for node in one["nodes"]]


@pytest.fixture(scope="session")
def class_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of classes whose pictures differ in colour and share their file names."""
    root = tmp_path_factory.mktemp("pictures") / "colours"
    for name, colour in CLASSES.items():
        (root / name).mkdir(parents=True)
        for number in range(PICTURES):
            picture = Image.new("RGB", (24, 24), colour)
            picture.paste((255 - 9 * number, 128, 9 * number), (number, number, number + 6, number + 6))
            picture.save(root / name / f"{number}.png")
    return root


@pytest.fixture(scope="session")
def class_zip_file(class_folder: Path) -> Path:
    archive = class_folder.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w") as opened:
        for file in sorted(class_folder.rglob("*.png")):
            opened.write(file, file.relative_to(class_folder.parent).as_posix())
    return archive
