"""The command that serves the page."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from resnet_studio.commands import people
from resnet_studio.commands.data import Result
from resnet_studio.workspace import Workspace


def add(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """The command ``ui``."""
    ui = command("ui", "open the page in the browser")
    ui.add_argument("--host", default=None, help="address to listen on (default 127.0.0.1)")
    ui.add_argument("--port", type=int, default=None, help="port to listen on (default 7860)")
    ui.add_argument(
        "--allowed-host", action="append", default=[], metavar="NAME",
        help="also answer to this name, such as studio.example.org; may be given several times",
    )  # fmt: skip
    ui.add_argument(
        "--trusted-proxy", action="append", default=[], metavar="ADDRESS",
        help="believe X-Forwarded-Host, -Proto and -For from this address or network; may be given several times",
    )  # fmt: skip
    ui.add_argument(
        "--root-path", default="", metavar="PATH", help="path that a proxy serves the page below: /lab/studio"
    )
    ui.add_argument(
        "--local-folders", action="store_true", help="folders of this machine for all visitors; with accounts, teachers"
    )
    ui.add_argument(
        "--metrics", action="append", default=[], metavar="ADDRESS",
        help="let this address or network read /metrics and the figures of /healthz, besides whoever is at this "
        "machine; for Prometheus beside it: 127.0.0.1; may be given several times",
    )  # fmt: skip
    ui.add_argument(
        "--limits", type=Path, metavar="FILE",
        help="how much one person may take, as `limits` shows it; by default limits.json of the workspace",
    )  # fmt: skip
    ui.add_argument(
        "--api", action="store_true",
        help="answer programs of this machine under /v1/models; those with a token from `tokens add` always are",
    )  # fmt: skip
    ui.add_argument(
        "--https", action="store_true",
        help="serve over https with a certificate made here, so that cameras of phones and other computers work; "
        "listens on all addresses of this machine unless --host is given",
    )  # fmt: skip
    people.add_ui(ui)
    ui.add_argument("--ssl-certfile", type=Path, help="certificate, for webcams over a network")
    ui.add_argument("--ssl-keyfile", type=Path, help="key of the certificate")


def ui(options: argparse.Namespace, workspace: Workspace) -> Result:
    """Open the page; returns when the server ends."""
    from resnet_studio.ui.app import serve
    from resnet_studio.ui.page.starting import SigningIn

    serve(
        host=options.host or ("0.0.0.0" if options.https else "127.0.0.1"),
        port=options.port,
        workspace=workspace.root,
        https=options.https,
        ssl_certfile=options.ssl_certfile,
        ssl_keyfile=options.ssl_keyfile,
        allowed_hosts=options.allowed_host,
        trusted_proxies=options.trusted_proxy,
        root_path=options.root_path,
        local_folders=options.local_folders,
        operators=options.metrics,
        limits=options.limits,
        api=options.api,
        signing_in=SigningIn(options.accounts, options.school_class, options.auth_header, options.auth_huggingface),
    )
    return Result("", {"served": True})
