"""The server of the command ``serve``: models alone, without the page.

SIGHUP, or a changed file, exchanges models while requests run; at SIGTERM and Ctrl-C no new ones are taken and those
that are there are answered. A process keeps no state that another would need: behind a proxy there may be many.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from starlette.exceptions import HTTPException

from resnet_studio.errors import ConfigError
from resnet_studio.service.http.counted import Counted
from resnet_studio.service.http.metrics import CONTENT_TYPE, Metrics
from resnet_studio.service.http.routes import FRESH, HEALTH, METRICS
from resnet_studio.service.serving.api import Service, refusal, routes
from resnet_studio.service.serving.catalogue import Catalogue, Current, ServedModels
from resnet_studio.service.serving.figures import Figures
from resnet_studio.service.serving.guard import Guard, from_this_site
from resnet_studio.service.serving.limits import Limits
from resnet_studio.service.serving.models import Talk
from resnet_studio.service.serving.pictures import Refused
from resnet_studio.service.serving.tokens import Tokens
from resnet_studio.workspace import Workspace

if TYPE_CHECKING:
    import uvicorn

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
LOOK_SECONDS = 2.0
STOP_SECONDS = 30
"""How long requests may take once the server is to end; Kubernetes gives as much by default."""


@dataclass(frozen=True)
class Endpoint:
    """Where to listen, and who may ask: off this machine a token is needed, unless it is said to be ``open``.

    ``hosts`` are further names that requests without a token may ask for.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    open: bool = False
    tokens: Path | None = None
    hosts: tuple[str, ...] = ()

    @property
    def here(self) -> bool:
        """Whether only this machine can connect."""
        return self.host in LOOPBACK or self.host.startswith("127.")

    def guard(self, tokens: Tokens) -> Guard:
        """Who may ask. Raises :class:`ConfigError` where nobody could."""
        if not self.here and not self.open and not tokens.all():
            raise ConfigError("error.serve.needs_token", host=self.host)
        names = LOOPBACK | {self.host} | set(self.hosts)

        def admitted(request: Request) -> bool:
            if not from_this_site(request):
                return False
            if self.open and not self.here:
                return True
            # a site may lead a name of its own to this address, and its pages would count as ours
            known = (request.url.hostname or "").lower() in names
            return self.here and known and (self.open or not tokens.all())

        return Guard(tokens, admitted)


@dataclass
class Serving:
    """A server that is to answer by ``current`` models."""

    current: Catalogue
    endpoint: Endpoint
    limits: Limits
    workspace: Workspace
    talk: Talk
    metrics: Metrics = field(default_factory=Metrics)
    closing: Callable[[], bool] = lambda: False

    def app(self) -> FastAPI:
        """The application. Raises :class:`ConfigError`."""
        guard = self.endpoint.guard(Tokens(self.endpoint.tokens or tokens_file(self.workspace)))
        figures = Figures(self.metrics.registry, self.current.all)
        app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        app.include_router(routes(Service(self.current, guard, figures, self.limits)))
        app.add_exception_handler(HTTPException, _elsewhere)
        app.add_middleware(Counted, answered=self.metrics.answered)

        @app.api_route(HEALTH, methods=["GET", "HEAD"])  # some balancers ask for the head alone
        def healthz() -> JSONResponse:
            """Whether this server should get requests."""
            closing = self.closing()
            found = {"status": "failing" if closing else "ok", "models": len(self.current.all())}
            return JSONResponse(found, 503 if closing else 200, headers=FRESH)

        @app.get(METRICS)
        def figures_of(request: Request) -> Response:
            try:
                guard.sender(request)
            except Refused as refused:
                return refusal(request, refused)
            return Response(self.metrics.text(), media_type=CONTENT_TYPE, headers=FRESH)

        @app.get("/")
        def root() -> PlainTextResponse:
            return PlainTextResponse("ResNet Studio: /v1/models, /v1/openapi.json\n")

        return app

    def run(self) -> int:
        """Serve until SIGTERM or Ctrl-C. Returns how many requests were answered well."""
        server = self._server()
        self.closing = lambda: server.should_exit
        address = f"http://{'localhost' if self.endpoint.here else self.endpoint.host}:{self.endpoint.port}"
        names = ", ".join(f"{each.key} ({each.engine})" for each in self.current.all())
        self.talk(f"{names}: {address}/v1/models")
        with self._reloading():
            server.run()
        return sum(
            int(sample.value)
            for metric in self.metrics.registry.collect()
            for sample in metric.samples
            if sample.name.endswith("http_requests_total") and sample.labels["status"] == "2xx"
        )

    def _server(self) -> uvicorn.Server:
        import uvicorn

        from resnet_studio.service.http.connections import PatientProtocol, allow_many_files

        allow_many_files()
        return uvicorn.Server(
            uvicorn.Config(
                self.app(), host=self.endpoint.host, port=self.endpoint.port, http=PatientProtocol, log_level="warning",
                timeout_graceful_shutdown=STOP_SECONDS, proxy_headers=False, server_header=False, access_log=False,
            )
        )  # fmt: skip

    @contextmanager
    def _reloading(self) -> Iterator[None]:
        """Within the block, exchange models at SIGHUP and where files have changed."""
        current = self.current
        assert isinstance(current, Current)
        asked, ended = threading.Event(), threading.Event()

        def look() -> None:
            while not ended.is_set():
                if asked.wait(LOOK_SECONDS) or current.changed():
                    asked.clear()
                    if ended.is_set():
                        return
                    try:
                        current.reload()
                    except Exception:
                        logging.getLogger(__name__).exception("reloading failed")

        thread = threading.Thread(target=look, name="reload", daemon=True)
        # uvicorn raises the signal that it ended by once more, when all is answered
        handlers: dict[str, Callable[..., None]] = {"SIGTERM": lambda *_: None, "SIGINT": lambda *_: None}
        handlers["SIGHUP"] = lambda *_: asked.set()
        there = {getattr(signal, name): handler for name, handler in handlers.items() if hasattr(signal, name)}
        before = {number: signal.signal(number, handler) for number, handler in there.items()}
        thread.start()
        try:
            yield
        finally:
            ended.set()
            asked.set()
            for number, handler in before.items():
                signal.signal(number, handler)


def _elsewhere(request: Request, error: Exception) -> Response:
    """What requests get that no route answers."""
    assert isinstance(error, HTTPException)
    key = "error.serve.method" if error.status_code == 405 else "error.serve.no_route"
    answered = refusal(request, Refused(error.status_code, key, method=request.method))
    answered.headers.update(error.headers or {})
    return answered


def tokens_file(workspace: Workspace) -> Path:
    """Where the tokens of ``workspace`` are kept."""
    return workspace.root / "tokens.json"


def serve(choice: ServedModels, endpoint: Endpoint, limits: Limits, workspace: Workspace, talk: Talk) -> int:
    """Load models and serve them; returns how many requests were answered well. Raises :class:`StudioError`."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch is imported: threads that spin starve decoding
    endpoint.guard(Tokens(endpoint.tokens or tokens_file(workspace)))  # before minutes go into loading
    return Serving(Current(choice, workspace, talk), endpoint, limits, workspace, talk).run()
