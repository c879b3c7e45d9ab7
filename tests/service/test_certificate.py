"""The certificate that the studio makes for itself."""

from __future__ import annotations

import os
import ssl
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.request import urlopen

import pytest
import web

from resnet_studio.service.certificate import DAYS, certificate_for, own_addresses
from resnet_studio.workspace import Workspace

NAMES = ["localhost", "127.0.0.1", "::1", "192.168.7.20", "Studio.local."]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.open(tmp_path / "workspace")


def test_a_client_that_trusts_it_reaches_the_server_by_name_and_by_address(workspace: Workspace) -> None:
    pair = certificate_for(workspace, NAMES)
    server = HTTPServer(("127.0.0.1", 0), Hello)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    trusting = ssl.create_default_context(cafile=str(pair.certificate))
    with web.answering(server):
        for host in ("127.0.0.1", "localhost"):
            assert urlopen(f"https://{host}:{server.server_port}/", context=trusting, timeout=10).read() == b"hello"


class Hello(BaseHTTPRequestHandler):
    """Says hello."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_: object) -> None:
        pass


def test_it_stays_the_same_until_an_address_changes_or_it_nears_its_end(workspace: Workspace) -> None:
    now = datetime(2026, 5, 1, tzinfo=UTC)
    first = certificate_for(workspace, NAMES, now)
    assert certificate_for(workspace, [*reversed(NAMES), "STUDIO.local"], now + timedelta(days=300)) == first
    assert certificate_for(workspace, [*NAMES, "192.168.7.21"], now) != first
    again = certificate_for(workspace, NAMES, now)
    assert certificate_for(workspace, NAMES, now + timedelta(days=DAYS - 20)) != again
    assert certificate_for(workspace, NAMES, now - timedelta(days=9)) != again  # the clock was wrong when it was made


@pytest.mark.parametrize("damaged", [b"", b"nonsense", b"-----BEGIN CERTIFICATE-----\n"])
def test_damaged_files_are_made_anew(workspace: Workspace, damaged: bytes) -> None:
    first = certificate_for(workspace, NAMES)
    first.certificate.write_bytes(damaged)
    second = certificate_for(workspace, NAMES)
    assert second != first
    second.key.write_bytes(damaged)
    assert certificate_for(workspace, NAMES) != second


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_nobody_else_may_read_its_key(workspace: Workspace) -> None:
    assert certificate_for(workspace, NAMES).key.stat().st_mode & 0o077 == 0


def test_addresses_are_those_that_others_reach() -> None:
    assert all(not address.startswith(("127.", "::1", "fe80")) for address in own_addresses())
