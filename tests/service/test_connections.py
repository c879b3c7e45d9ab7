"""Requests that are never finished are closed; whoever finishes one is served, whatever others do."""

import asyncio
import http.client
import os
import socket
import threading

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from waiting import wait_for

from resnet_studio.service.http import connections
from resnet_studio.service.http.connections import PatientProtocol, PendingRequests, allow_many_files


class Serving:
    """A server in a thread of its own, whose clock can be put forward."""

    def __init__(self):
        self.arrived, self.entered, self.released = [], threading.Event(), threading.Event()
        self.ahead, self.loop = 0.0, asyncio.SelectorEventLoop()
        real = self.loop.time
        self.loop.time = lambda: real() + self.ahead
        routes = [Route("/", self.echo, methods=["GET", "POST"]), Route("/slow", self.slow)]
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
        self.port = self.listener.getsockname()[1]
        config = uvicorn.Config(Starlette(routes=routes), http=PatientProtocol, log_level="critical", lifespan="off")
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self.server.serve(sockets=[self.listener]))

    def close(self):
        self.server.should_exit = True
        self.loop.call_soon_threadsafe(self.pass_by, 10)  # nobody waits for that: the loop may have ended already
        self.thread.join(60)
        assert not self.thread.is_alive()
        self.listener.close()
        self.loop.close()

    async def echo(self, request):
        self.arrived.append(b"")
        count = 0
        async for piece in request.stream():
            self.arrived += [piece] if piece else []
            count += len(piece)
        return PlainTextResponse(str(count))

    async def slow(self, request):
        self.entered.set()
        while not self.released.is_set():
            await asyncio.sleep(1)
        return PlainTextResponse("slow")

    def pass_by(self, seconds):
        self.ahead += seconds

    def forward(self, seconds):
        """Let that much time pass for the server, which has done by then what is due."""

        async def passed():
            self.pass_by(seconds)
            for _ in range(4):
                await asyncio.sleep(0)

        asyncio.run_coroutine_threadsafe(passed(), self.loop).result(60)

    def until(self, condition):
        wait_for(lambda: condition() or self.forward(0))

    @property
    def waiting(self):
        return len(PatientProtocol.unfinished.all)


@pytest.fixture
def serving(monkeypatch):
    monkeypatch.setattr(PatientProtocol, "unfinished", PendingRequests())
    started = Serving()
    yield started
    started.released.set()
    started.close()


def open_connection(serving, text=b""):
    connection = socket.create_connection(("127.0.0.1", serving.port))
    connection.sendall(text)
    return connection


def is_closed(connection):
    """Whether the other side closes; waits for that."""
    try:
        while connection.recv(4096):
            pass
    except ConnectionError:
        pass
    return True


def fetch(serving, path="/", body=None):
    client = http.client.HTTPConnection("127.0.0.1", serving.port)
    client.request("POST" if body else "GET", path, body=body)
    return client.getresponse().read()


HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n"
ONE = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def test_half_a_request_is_closed_after_a_while_and_the_next_is_answered(serving):
    for text, allowed in ((b"", 15), (b"GET", 15), (HEAD, 15), (HEAD + b"\r\n", 30), (HEAD + b"\r\nhalf of it", 30)):
        connection = open_connection(serving, text)
        serving.until(lambda: serving.waiting == 1)
        body = [b"", b"half of it"] if text.endswith(b"it") else [b""] * text.endswith(b"\r\n\r\n")
        serving.until(lambda body=body: serving.arrived == body)
        serving.forward(allowed - 1)
        assert serving.waiting == 1, text
        serving.forward(4)
        assert serving.waiting == 0 and is_closed(connection), text
        serving.arrived.clear()
        assert fetch(serving) == b"0"
        serving.arrived.clear()


def test_half_of_a_second_request_is_closed_too(serving):
    connection = open_connection(serving, ONE)
    assert b"200" in connection.recv(4096)
    connection.sendall(HEAD + b"\r\nhalf of it")
    serving.until(lambda: serving.arrived[-1] == b"half of it")
    serving.forward(29)
    assert serving.waiting == 1
    serving.forward(4)
    assert serving.waiting == 0 and is_closed(connection)


def test_a_head_that_drips_is_closed(serving):
    connection, lines = open_connection(serving, b"GET / HTTP/1.1\r\n"), 0
    serving.until(lambda: serving.waiting == 1)
    while serving.waiting:
        connection.sendall(b"X: y\r\n")
        serving.forward(1)
        lines += 1
    assert 14 <= lines <= 20 and is_closed(connection)


def test_a_body_that_keeps_coming_and_an_answer_that_takes_long_are_left_alone(serving):
    connection = open_connection(serving, HEAD + b"\r\n")
    for count in range(20):  # fifty seconds, of which no pause is as long as what is allowed
        connection.sendall(b"12345")
        serving.until(lambda count=count: len(b"".join(serving.arrived)) == 5 * (count + 1))
        serving.forward(2.5)
    answer = b""
    while not answer.endswith(b"100"):  # head and body may come apart
        piece = connection.recv(4096)
        assert piece, answer
        answer += piece
    connection.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
    serving.until(serving.entered.is_set)
    serving.forward(500)
    serving.released.set()
    serving.forward(1)
    assert b"200 OK" in connection.recv(4096)


def test_a_body_that_drips_for_long_is_closed(serving):
    connection, sent = open_connection(serving, HEAD + b"\r\n"), 0
    serving.until(lambda: serving.waiting == 1)
    while serving.waiting:
        connection.sendall(b"1")
        sent += 1
        serving.until(lambda sent=sent: len(b"".join(serving.arrived)) == sent)
        serving.forward(5)
    assert 11 <= sent <= 15 and is_closed(connection)


def test_eleven_hundred_half_requests_do_not_take_the_page_away(serving):
    allow_many_files()
    half = [open_connection(serving, HEAD) for _ in range(1100)]
    for _ in range(20):
        assert fetch(serving) == b"0" and fetch(serving, body=b"x" * 1000) == b"1000"
    assert serving.waiting <= connections.MOST_OF_ONE
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
