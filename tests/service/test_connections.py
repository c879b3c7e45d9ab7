"""Requests that are never finished are closed; whoever finishes one is served, whatever others do."""

import http.client
import os
import socket
import threading
import time

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from resnet_studio.service.http import connections
from resnet_studio.service.http.connections import PatientProtocol, PendingRequests, allow_many_files


async def echo(request):
    return PlainTextResponse(str(len(await request.body())))


async def slow(request):
    import asyncio

    await asyncio.sleep(1.5)
    return PlainTextResponse("slow")


@pytest.fixture
def port(monkeypatch):
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.8)
    monkeypatch.setattr(connections, "BODY_SECONDS", 0.8)
    monkeypatch.setattr(connections, "CHECK_SECONDS", 0.1)
    monkeypatch.setattr(PatientProtocol, "unfinished", PendingRequests())
    app = Starlette(routes=[Route("/", echo, methods=["GET", "POST"]), Route("/slow", slow)])
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    server = uvicorn.Server(uvicorn.Config(app, http=PatientProtocol, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    until = time.monotonic() + 10
    while not server.started and time.monotonic() < until:
        time.sleep(0.01)
    yield listener.getsockname()[1]
    server.should_exit = True
    thread.join(10)
    listener.close()


def open_connection(port, text=b""):
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    connection.sendall(text)
    return connection


def closed_after(connection, most=5.0):
    """Seconds until the other side closes."""
    begin = time.monotonic()
    connection.settimeout(most)
    try:
        while connection.recv(4096):
            pass
    except ConnectionError:
        pass
    return time.monotonic() - begin


def fetch(port, path="/", body=None):
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    client.request("POST" if body else "GET", path, body=body)
    return client.getresponse().read()


HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n"
ONE = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize("text", [b"", b"GET", HEAD, HEAD + b"\r\n", HEAD + b"\r\nhalf of the body"])
def test_half_a_request_is_closed_after_a_while_and_the_next_is_answered(port, text):
    connection = open_connection(port, text)
    assert 0.4 < closed_after(connection) < 4
    assert fetch(port) == b"0"


def test_half_of_a_second_request_is_closed_too(port):
    connection = open_connection(port, ONE)
    assert b"200" in connection.recv(4096)
    connection.sendall(HEAD)
    assert 0.4 < closed_after(connection) < 4


def test_a_head_that_drips_is_closed(port):
    connection = open_connection(port)
    begin = time.monotonic()
    with pytest.raises(OSError):
        while time.monotonic() - begin < 6:
            connection.sendall(b"GET / HTTP/1.1\r\n" if time.monotonic() - begin < 0.1 else b"X: y\r\n")
            time.sleep(0.1)
    assert time.monotonic() - begin < 4


def test_a_body_that_keeps_coming_and_an_answer_that_takes_long_are_left_alone(port):
    connection = open_connection(port, HEAD + b"\r\n")
    for _ in range(20):
        time.sleep(0.1)
        connection.sendall(b"12345")
    answer = b""
    while not answer.endswith(b"100"):  # head and body may come apart
        piece = connection.recv(4096)
        assert piece, answer
        answer += piece
    assert fetch(port, "/slow") == b"slow"


def test_a_body_that_drips_for_long_is_closed(port, monkeypatch):
    monkeypatch.setattr(connections, "GRACE_SECONDS", 0.5)
    connection = open_connection(port, HEAD + b"\r\n")
    begin = time.monotonic()
    with pytest.raises(OSError):
        while time.monotonic() - begin < 6:
            connection.sendall(b"1")
            time.sleep(0.1)
    assert time.monotonic() - begin < 4


def test_eleven_hundred_half_requests_do_not_take_the_page_away(port, monkeypatch):
    monkeypatch.setattr(connections, "HEAD_SECONDS", 60.0)
    allow_many_files()
    half = [open_connection(port, HEAD) for _ in range(1100)]
    for _ in range(20):
        begin = time.monotonic()
        assert fetch(port) == b"0" and fetch(port, body=b"x" * 1000) == b"1000"
        assert time.monotonic() - begin < 5
    assert len(PatientProtocol.unfinished.all) <= connections.MOST_OF_ONE
    for connection in half:
        connection.close()


def test_as_many_files_as_the_system_allows_may_be_open():
    if os.name == "nt":
        pytest.skip("Windows has no such limit")
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
        allow_many_files()
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= min(hard, 1024)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_uvicorns_protocols_still_have_what_is_relied_on():
    import inspect

    from uvicorn.protocols.http import flow_control, h11_impl

    for name in ("more_body", "response_complete"):
        assert name in inspect.getsource(h11_impl.RequestResponseCycle), f"uvicorn no longer has {name!r}"
    assert "read_paused" in inspect.getsource(flow_control), "uvicorn no longer has 'read_paused'"
    assert "self.cycle" in inspect.getsource(h11_impl.H11Protocol), "uvicorn no longer has 'cycle'"
