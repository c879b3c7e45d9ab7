"""Whether somebody sits at the machine of the server: real connections, real programs that pass them on."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from waiting import wait_for

from resnet_studio.ui.page import peers
from resnet_studio.ui.page.access import Access, is_local, resolved

knows_owners = pytest.mark.skipif(
    not all(table.exists() for table in peers.TABLES[:1]), reason="this system has no list of the owners of sockets"
)
PROXY = """
import http.client, http.server, sys
studio, keeps_host = int(sys.argv[1]), sys.argv[2] == "keeps"
class Proxy(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        behind = http.client.HTTPConnection("127.0.0.1", studio)
        behind.request("GET", self.path, headers={"Host": self.headers["host"]} if keeps_host else {})
        body = behind.getresponse().read()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *values): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
print(server.server_port, flush=True)
server.serve_forever()
"""
VISITOR = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=30).read().decode())"


async def says_whether_local(scope: Scope, receive: Receive, send: Send) -> None:
    """A server that answers with what the studio would make of the request."""
    answer = str(is_local(resolved(scope, Access()), Access())).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": answer})


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    config = uvicorn.Config(says_whether_local, port=0, log_level="error", lifespan="off", proxy_headers=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_for(lambda: server.started)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join(10)


@contextmanager
def passed_on(port: int, host: str) -> Iterator[int]:
    """A proxy of the same user on this machine, which adds no header; gives its port."""
    command = [sys.executable, "-c", PROXY, str(port), host]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


def ask(port: int) -> str:
    """What the server says to a program of its own, as a browser is."""
    command = [sys.executable, "-c", VISITOR, f"http://127.0.0.1:{port}/"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.strip()


def test_a_program_that_asks_for_itself_is_local(port: int) -> None:
    assert ask(port) == "True"


@knows_owners
@pytest.mark.parametrize("host", ["keeps", "sets"])
def test_one_that_passes_on_what_others_ask_is_not(port: int, host: str) -> None:
    with passed_on(port, host) as front:
        assert ask(front) == "False"


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1:7860", True), ("localhost:7860", True), ("[::1]:7860", True), ("localhost:8000", False),
        ("localhost", False), ("[::1]", False), ("127.0.0.1:80", False),
    ],
)  # fmt: skip
def test_behind_another_port_lies_a_tunnel(host: str, local: bool) -> None:
    asked = [(b"host", host.encode())]
    scope = {"type": "http", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 7860), "headers": asked}
    assert is_local(scope, Access()) is local


def test_the_usual_port_need_not_be_named() -> None:
    for scheme, port in (("http", 80), ("https", 443)):
        scope = {"type": "http", "scheme": scheme, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", port)}
        assert is_local({**scope, "headers": [(b"host", b"localhost")]}, Access())
