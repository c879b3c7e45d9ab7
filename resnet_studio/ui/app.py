"""Starts the server of the page: settings that must stand before Gradio is imported, port, Ctrl-C.

Gradio itself is imported by :mod:`resnet_studio.ui.shell`, and only once :func:`prepare_environment` has run.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import socket
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from resnet_studio.errors import StudioError
from resnet_studio.text import say
from resnet_studio.workspace import Workspace

if TYPE_CHECKING:
    from fastapi import FastAPI

    from resnet_studio.training.jobs import Jobs

FIRST_PORT = 7860
PORTS_TRIED = 20
KEPT_SECONDS = 24 * 3600
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def serve(
    host: str = "127.0.0.1",
    port: int | None = None,
    workspace: Path | None = None,
    *,
    ssl_certfile: Path | None = None,
    ssl_keyfile: Path | None = None,
) -> None:
    """Serve the page until Ctrl-C or SIGTERM.

    ``port`` None takes 7860 or the next free one. A Hugging Face Space listens on all addresses at 7860. Raises
    :class:`StudioError` when the port is taken.
    """
    if os.environ.get("SPACE_ID"):
        host, port = "0.0.0.0", port or FIRST_PORT
    port = free_port(host, port)
    opened = Workspace.open(workspace)
    prepare_environment(opened)

    import uvicorn

    app = _app_on(opened, host)
    scheme = "https" if ssl_certfile else "http"
    shown = "localhost" if host in {"0.0.0.0", "::"} else f"[{host}]" if ":" in host else host
    told = say("shell.serving", address=f"{scheme}://{shown}:{port}")
    print(told, flush=True)  # noqa: T201 - the one line that a user waits for
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level="warning",
        timeout_graceful_shutdown=3,
        ssl_certfile=ssl_certfile,
        ssl_keyfile=None if ssl_keyfile is None else str(ssl_keyfile),
    )
    logging.getLogger("uvicorn.error").addFilter(_not_a_cancellation)
    server = uvicorn.Server(config)
    app.state.closing = lambda: server.should_exit
    server.run()


def _app_on(workspace: Workspace, host: str) -> FastAPI:
    """The app for visitors of ``host``, once what an earlier server left behind is tidied up."""
    from resnet_studio.training.jobs import Jobs, recover

    def tidy() -> None:
        recover(workspace)
        forget_old_uploads(workspace)

    # before the first run can be queued, and beside the import of Gradio
    recovering = threading.Thread(target=tidy, name="recover")
    recovering.start()
    local = is_loopback(host)
    app = build_app(workspace, Jobs(workspace), local=local, hosts=LOOPBACK | {host} if local else None, warm=True)
    recovering.join()
    return app


def _not_a_cancellation(record: logging.LogRecord) -> bool:
    """Whether ``record`` is worth a look: Gradio's streams that end with the server are not."""
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))


def build_app(
    workspace: Workspace,
    jobs: Jobs,
    *,
    local: bool = True,
    hosts: frozenset[str] | None = None,
    warm: bool = False,
) -> FastAPI:
    """The whole app.

    ``local`` says that only this machine can connect, which opens its folders to the page. ``hosts`` are the names
    that the page may be reached by: a loopback server answers to no other one, or a web site could lead its own name
    here and read along. ``warm`` imports torch in the background once the first page is out.
    """
    prepare_environment(workspace)
    from resnet_studio.ui import shell
    from resnet_studio.ui.context import Studio

    return shell.mount(Studio(workspace, jobs, local), hosts=hosts, warm=warm)


def prepare_environment(workspace: Workspace) -> None:
    """Keep Gradio offline and its uploads in the workspace; it reads these variables when it is imported."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["GRADIO_TEMP_DIR"] = str(workspace.temporary)
    os.environ["GRADIO_MCP_SERVER"] = "False"
    os.environ["GRADIO_SHARE"] = "False"
    os.environ.setdefault("HF_HUB_OFFLINE", "1")


def forget_old_uploads(workspace: Workspace) -> None:
    """Remove what was uploaded more than a day ago: whatever was of use has been moved out by then."""
    for path in workspace.temporary.iterdir():
        try:
            if time.time() - path.stat().st_mtime < KEPT_SECONDS:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()
        except OSError:  # someone else was faster, or is still reading
            continue


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


def is_loopback(host: str) -> bool:
    """Whether ``host`` is reached from this machine alone."""
    return host in {"localhost", "::1"} or host.startswith("127.")


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
