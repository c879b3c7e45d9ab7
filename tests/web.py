"""A web server on this machine, with what a download can meet."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import BaseServer

BODY = bytes(range(256)) * 4096
FIRST = 100_000


class Site:
    """``files`` are served under their names; other addresses behave as they are called.

    ``asked`` lists the path and the ``Range`` of each request.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.files: dict[str, bytes] = {}
        self.asked: list[tuple[str, str | None]] = []
        self.quiet = threading.Event()


class Handler(BaseHTTPRequestHandler):
    """/gone, /busy, /cut, /silent, /slow, /other (wrong bytes), /endless, /moved, /moved-to-file; else a file."""

    site: Site

    def do_GET(self) -> None:
        name = self.path.lstrip("/")
        self.site.asked.append((name, self.headers.get("Range")))
        answer = getattr(self, f"_{name.replace('-', '_')}", None)
        if answer:
            answer()
        elif name in self.site.files:
            self._ranged(self.site.files[name])
        else:
            self.send_error(404)

    def _begin(self, length: int | None, status: int = 200, **more: str) -> None:
        self.send_response(status)
        if length is not None:
            self.send_header("Content-Length", str(length))
        for key, value in more.items():
            self.send_header(key.replace("_", "-"), value)
        self.end_headers()

    def _ranged(self, body: bytes) -> None:
        start = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").rstrip("-"))
        if start >= len(body) and start:
            self.send_error(416)
        elif start:
            self._begin(len(body) - start, 206, Content_Range=f"bytes {start}-{len(body) - 1}/{len(body)}")
        else:
            self._begin(len(body))
        self.wfile.write(body[start:])

    def _gone(self) -> None:
        self.send_error(404)

    def _busy(self) -> None:
        self.send_error(503)

    def _moved(self) -> None:
        self._begin(0, 302, Location=f"{self.site.address}/whole")

    def _circle(self) -> None:
        self._begin(0, 302, Location=f"{self.site.address}/circle")

    def _moved_to_file(self) -> None:
        self._begin(0, 302, Location="file:///etc/hostname")

    def _cut(self) -> None:
        self._begin(len(BODY))
        self.wfile.write(BODY[:FIRST])

    def _silent(self) -> None:
        self._cut()
        self.wfile.flush()
        self.site.quiet.wait(5)

    def _slow(self) -> None:
        self._begin(len(BODY))
        for start in range(0, len(BODY), len(BODY) // 8):
            self.wfile.write(BODY[start : start + len(BODY) // 8])
            self.wfile.flush()
            self.site.quiet.wait(0.05)

    def _other(self) -> None:
        self._begin(len(BODY))
        self.wfile.write(BODY[::-1])

    def _endless(self) -> None:
        self._begin(None)
        for _ in range(1000):
            self.wfile.write(BODY)

    def _no_ranges(self) -> None:
        self._begin(len(BODY))
        self.wfile.write(BODY)

    def _lying(self) -> None:
        """Another place of the file than what was asked for."""
        if self.headers.get("Range"):
            self._begin(len(BODY), 206, Content_Range=f"bytes 7-{len(BODY) + 6}/{len(BODY)}")
        else:
            self._begin(len(BODY))
        self.wfile.write(BODY)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def answering(server: BaseServer) -> Iterator[None]:
    """``server`` answers within; its end takes 10 ms, not the half second after which it would look."""
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def served() -> Iterator[Site]:
    """A server on a free port."""
    handler = type("Bound", (Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    site = handler.site = Site(f"http://127.0.0.1:{server.server_port}")  # type: ignore[attr-defined]
    site.files["whole"] = BODY
    with answering(server):
        yield site
        site.quiet.set()
