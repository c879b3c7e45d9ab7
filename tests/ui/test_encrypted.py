"""``ui --https``: the real command, its certificate and the address for phones."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from resnet_studio.service.certificate import FOLDER
from resnet_studio.ui.page import encrypted
from resnet_studio.ui.page.access import Access
from resnet_studio.workspace import Workspace

START_SECONDS = 90


@pytest.mark.slow
def test_the_page_is_served_with_a_certificate_of_its_own_and_shows_the_address(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "resnet_studio", "ui", "--https", "--port", str(port)]
    command += ["--workspace", str(tmp_path), "--allowed-host", "studio.test"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "NO_PROXY": "*"})
    try:
        page = fetched(port, tmp_path / FOLDER / "certificate.pem", process)
    finally:
        process.terminate()
        printed, _ = process.communicate(timeout=40)
    address = f"https://studio.test:{port}/"
    assert f"https://localhost:{port}" in printed and address in printed and "warn" in printed
    assert address in page and "segno" in page and "<svg" in page.replace("\\u003c", "<")


def fetched(port: int, certificate: Path, process: subprocess.Popen[str]) -> str:
    """The page, from a client that trusts ``certificate`` and nothing else."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            trusting = ssl.create_default_context(cafile=str(certificate))
            return str(urlopen(f"https://127.0.0.1:{port}/", context=trusting, timeout=20).read().decode())
        except (URLError, OSError):
            time.sleep(0.3)
    pytest.fail("the server did not start")


def test_only_a_server_that_others_reach_has_an_address_for_phones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace.open(tmp_path)
    monkeypatch.setattr(encrypted, "own_addresses", lambda: ["192.168.7.20", "fd00::7"])

    def address(host: str, root_path: str = "") -> str:
        access = Access.of_server(host, root_path=root_path)
        return encrypted.own_certificate(workspace, access, host, 7860)[0].phone_address

    assert address("127.0.0.1") == ""
    assert address("0.0.0.0", "/lab") == "https://192.168.7.20:7860/lab/"
    assert address("192.168.7.9") == "https://192.168.7.9:7860/"
    monkeypatch.setattr(encrypted, "own_addresses", lambda: ["fd00::7"])
    assert address("::") == "https://[fd00::7]:7860/"
    monkeypatch.setattr(encrypted, "own_addresses", list)
    assert address("0.0.0.0") == ""
