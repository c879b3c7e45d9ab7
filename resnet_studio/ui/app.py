"""Starts the server of the page: settings that must stand before Gradio is imported, port, Ctrl-C.

Gradio itself is imported by :mod:`resnet_studio.ui.shell`, and only once :func:`prepare_environment` has run.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resnet_studio import cleaning
from resnet_studio.errors import StudioError
from resnet_studio.limits import ALONE, FILE, LimitError, Limits
from resnet_studio.service import memory
from resnet_studio.service.http.metrics import Metrics
from resnet_studio.service.logfile import logging_to
from resnet_studio.text import say
from resnet_studio.ui.page import encrypted, starting
from resnet_studio.ui.page.access import Access
from resnet_studio.upkeep import audit
from resnet_studio.workspace import Workspace

if TYPE_CHECKING:
    import uvicorn
    from fastapi import FastAPI

    from resnet_studio.service.people.accounts import Accounts
    from resnet_studio.service.people.hugging_face import HuggingFace
    from resnet_studio.training.jobs import Jobs

FIRST_PORT = 7860
PORTS_TRIED = 20


def serve(
    host: str = "127.0.0.1",
    port: int | None = None,
    workspace: Path | None = None,
    *,
    https: bool = False,
    ssl_certfile: Path | None = None,
    ssl_keyfile: Path | None = None,
    allowed_hosts: Iterable[str] = (),
    trusted_proxies: Iterable[str] = (),
    root_path: str = "",
    local_folders: bool = False,
    operators: Iterable[str] = (),
    limits: Path | None = None,
    api: bool = False,
    signing_in: starting.SigningIn = starting.NOBODY_SIGNS_IN,
) -> None:
    """Serve the page until Ctrl-C or SIGTERM.

    ``port`` None takes 7860 or the next free one. A Hugging Face Space listens on all addresses at 7860. ``https``
    makes a certificate where none is given. From ``allowed_hosts`` on they say who may reach the page, and how; see
    :meth:`Access.of_server`. ``limits`` is a file (:mod:`resnet_studio.limits`); ``signing_in`` says whether people
    have accounts. Raises :class:`StudioError`.
    """
    if os.environ.get("SPACE_ID"):
        host, port = "0.0.0.0", port or FIRST_PORT
    access = Access.of_server(
        host, allowed_hosts=allowed_hosts, trusted_proxies=trusted_proxies, root_path=root_path,
        local_folders=local_folders, operators=operators, api=api,
    )  # fmt: skip
    port, opened = free_port(host, port), prepared(Workspace.open(workspace))
    if https and not ssl_certfile:
        access, ssl_certfile, ssl_keyfile = encrypted.own_certificate(opened, access, host, port)
    scheme, key = "https" if ssl_certfile else "http", ssl_keyfile and str(ssl_keyfile)
    app = _app_on(opened, access, limits, signing_in)
    _announce(access, host, port, scheme)
    starting.announce(app.state.accounts, signing_in, access, (scheme, host, port))
    server = _server(app, host=host, port=port, ssl_certfile=ssl_certfile, ssl_keyfile=key)
    app.state.closing = lambda: server.should_exit
    _run(server, opened, f"{host}:{port}")


def _run(server: uvicorn.Server, workspace: Workspace, address: str) -> None:
    """Serve until the end, with a log file in the workspace."""
    audit.record(workspace, audit.user_here(), "server.start", address)
    with logging_to(workspace.root):
        server.run()
    audit.record(workspace, audit.user_here(), "server.stop", address)


def _announce(access: Access, host: str, port: int, scheme: str) -> None:
    """Write where the page is to the terminal."""
    shown = "localhost" if host in {"0.0.0.0", "::"} else f"[{host}]" if ":" in host else host
    serving = say("shell.serving", address=f"{scheme}://{shown}:{port}{access.root_path}")
    print(serving, flush=True)  # noqa: T201 - the one line that a user waits for
    if access.phone_address:
        encrypted.announce(access.phone_address)


def _server(app: FastAPI, **where: Any) -> uvicorn.Server:
    """The web server in front of ``app``; ``where`` are options of uvicorn."""
    import uvicorn

    from resnet_studio.service.http.connections import PatientProtocol, allow_many_files

    allow_many_files()
    logging.getLogger("uvicorn.error").addFilter(_not_a_cancellation)
    config = uvicorn.Config(
        app,
        http=PatientProtocol,
        log_level="warning",
        timeout_graceful_shutdown=3,
        proxy_headers=False,  # Access decides whom to trust
        **where,
    )
    return uvicorn.Server(config)


def _app_on(workspace: Workspace, access: Access, limits: Path | None, signing_in: starting.SigningIn) -> FastAPI:
    """The app for the visitors that ``access`` lets in; jobs that waited for an earlier server wait here again."""
    from resnet_studio.training.jobs import Jobs

    cleaning.keep_clean(workspace, threading.Event())
    memory.keep_small(threading.Event())
    metrics = Metrics()
    held = limits_for(workspace, access, limits)
    jobs = Jobs(workspace, on_event=metrics.training, limits=held, met=metrics.limited)
    accounts = signing_in.accounts_of(workspace, access)
    app = build_app(
        workspace, jobs, access=access, metrics=metrics, limits=held, warm=True, accounts=accounts,
        auth_header=signing_in.auth_header, hugging_face=signing_in.application(),
    )  # fmt: skip
    app.state.accounts = accounts
    jobs.adopt()  # before the first run can be queued
    return app


def limits_for(workspace: Workspace, access: Access, file: Path | None = None) -> Limits:
    """The limits in ``file``, or in the workspace's own; without one, those for a server that is reached as
    ``access`` says: who is alone at their machine has none for each person.

    Raises :class:`LimitError` where the file makes no sense.
    """
    if file is not None and not file.is_file():
        raise LimitError("settings", "error.limits.unreadable", file=str(file))
    own = workspace.root / FILE
    if file is not None or own.is_file():
        return Limits.read(file or own)
    return ALONE if access.may_be_local else Limits()


def _not_a_cancellation(record: logging.LogRecord) -> bool:
    """Whether ``record`` is worth a look: Gradio's streams that end with the server are not."""
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))


def build_app(
    workspace: Workspace,
    jobs: Jobs,
    *,
    access: Access | None = None,
    metrics: Metrics | None = None,
    limits: Limits = ALONE,
    warm: bool = False,
    accounts: Accounts | None = None,
    auth_header: str = "",
    hugging_face: HuggingFace | None = None,
) -> FastAPI:
    """The whole app.

    ``access`` says by which names and through which proxies it is reached; by default only from this machine. What
    happens is counted in ``metrics``, and held within ``limits``. ``warm`` imports torch in the background once the
    first page is out. With ``accounts`` people sign in first, are named by a trusted proxy in the ``auth_header``, or
    sign in with ``hugging_face``.
    """
    prepare_environment(workspace)
    from resnet_studio.ui import shell
    from resnet_studio.ui.page.context import Studio

    studio = Studio(workspace, jobs, access or Access(), metrics=metrics or Metrics(), limits=limits, accounts=accounts)
    return shell.mount(studio, warm=warm, auth_header=auth_header, hugging_face=hugging_face)


def prepared(workspace: Workspace) -> Workspace:
    """``workspace``, after :func:`prepare_environment`."""
    prepare_environment(workspace)
    return workspace


def prepare_environment(workspace: Workspace) -> None:
    """Keep Gradio offline and its uploads in the workspace; it reads these variables when it is imported."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["GRADIO_TEMP_DIR"] = str(workspace.temporary)
    os.environ["GRADIO_MCP_SERVER"] = "False"
    os.environ["GRADIO_SHARE"] = "False"
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    # threads of torch that spin while they wait take the cores from others: beside a training on two cores one picture
    # took 350 ms of CPU and takes 31 so, and 4 ms more on a machine that does nothing else
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def free_port(host: str, port: int | None) -> int:
    """``port`` if nobody listens there; without one, the first free port from 7860."""
    if port is not None:
        if not _can_listen(host, port):
            raise StudioError("error.shell.port_busy", port=str(port))
        return port
    candidates = range(FIRST_PORT, FIRST_PORT + PORTS_TRIED)
    for candidate in candidates:
        if _can_listen(host, candidate):
            return candidate
    raise StudioError("error.shell.no_port", first=str(candidates[0]), last=str(candidates[-1]))


def _can_listen(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        if os.name != "nt":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
