"""The commands that serve models to programs, and keep the tokens of these."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from resnet_studio.commands.data import Result
from resnet_studio.errors import ConfigError
from resnet_studio.workspace import Workspace

if TYPE_CHECKING:
    from resnet_studio.terminal import Terminal

Command = Callable[[str, str], argparse.ArgumentParser]
MODELS = (
    "[NAME[@VERSION]=]MODEL: a run, 'last', a checkpoint or an exported ONNX file; the first of a NAME is its default"
)
SHADOW = "[NAME[@VERSION]=]MODEL: is asked whatever NAME is asked; its answers are compared and never returned"
ENGINE = "auto, torch, onnx or onnx-int8 (default auto: ONNX Runtime on a CPU, torch on a graphics card)"
OPEN = "ask for no token, off this machine too: whoever reaches the address may send pictures"
TOKENS = "where tokens are kept (default: tokens.json in the workspace)"


def add(command: Command) -> None:
    """The commands ``serve`` and ``tokens``."""
    serve = command("serve", "answer programs over HTTP: /v1/models/NAME/predict")
    serve.add_argument("models", metavar="MODEL", nargs="*", default=[], help=MODELS)
    serve.add_argument("--models", dest="list", type=Path, metavar="FILE", help="also the models in it, one a line")
    serve.add_argument("--shadow", action="append", default=[], metavar="MODEL", help=SHADOW)
    serve.add_argument("--engine", default="auto", help=ENGINE)
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    serve.add_argument("--port", type=int, default=8000, help="port to listen on (default 8000)")
    serve.add_argument("--open", action="store_true", help=OPEN)
    serve.add_argument("--tokens", type=Path, metavar="FILE", help=TOKENS)
    serve.add_argument("--allowed-host", action="append", default=[], metavar="NAME", help="also answer to this name")
    limits = serve.add_argument_group("limits; 0 is none for the rate")
    limits.add_argument("--most-pictures", type=int, default=64, metavar="N", help="pictures a request (default 64)")
    limits.add_argument("--most-mb", type=float, default=20.0, metavar="MB", help="size of a picture (default 20)")
    limits.add_argument("--request-mb", type=float, default=64.0, metavar="MB", help="size of a request (default 64)")
    limits.add_argument(
        "--rate", type=float, default=100.0, metavar="N", help="requests a second from one sender (default 100)"
    )
    limits.add_argument("--waiting", type=int, default=512, metavar="N", help="pictures that may wait (default 512)")

    tokens = command("tokens", "list, add or remove tokens for programs; a token is shown once, when it is made")
    tokens.add_argument("action", choices=("add", "list", "remove"), help="what to do")
    tokens.add_argument("name", nargs="?", default="", help="whose token it is, to remove it later")
    tokens.add_argument("--tokens", type=Path, metavar="FILE", help=TOKENS)


def serve(options: argparse.Namespace, workspace: Workspace, terminal: Terminal) -> Result:
    """Serve models; returns when the server ends."""
    from resnet_studio.service.serving.catalogue import ServedModels
    from resnet_studio.service.serving.limits import MB, Limits
    from resnet_studio.service.serving.models import ENGINES
    from resnet_studio.service.serving.server import Endpoint
    from resnet_studio.service.serving.server import serve as serve_models

    if options.engine not in ENGINES:
        raise ConfigError("error.serve.engine", engine=options.engine, known=list(ENGINES))
    if not 0 < options.port < 65536:
        raise ConfigError("error.serve.port", port=str(options.port))
    numbers = (options.most_pictures, options.most_mb, options.request_mb, options.waiting)
    if not all(0 < each < 1e6 for each in numbers) or not 0 <= options.rate < 1e6:
        raise ConfigError("error.serve.limits")
    if not options.models and not options.list:
        raise ConfigError("error.serve.nothing")
    rate = float(options.rate)
    limits = Limits(
        int(options.most_mb * MB), int(options.request_mb * MB), options.most_pictures, rate, max(1, int(2 * rate)),
        options.waiting, int(max(8 * options.request_mb, 256) * MB),
    )  # fmt: skip
    choice = ServedModels(tuple(options.models), tuple(options.shadow), options.list, options.engine)
    endpoint = Endpoint(options.host, options.port, options.open, options.tokens, tuple(options.allowed_host))
    answered = serve_models(choice, endpoint, limits, workspace, terminal.line)
    return Result("", {"served": True, "answered": answered})


def tokens(options: argparse.Namespace, workspace: Workspace, terminal: Terminal) -> Result:  # noqa: ARG001
    """List, add or remove tokens."""
    from resnet_studio.service.serving.server import tokens_file
    from resnet_studio.service.serving.tokens import Tokens

    kept = Tokens(options.tokens or tokens_file(workspace))
    if options.action == "add":
        token = kept.add(options.name)
        return Result(token, {"name": options.name, "token": token})
    if options.action == "remove":
        kept.remove(options.name)
        return Result(f"removed {options.name}", {"removed": options.name})
    listed = [{"name": each.name, "created": each.created} for each in kept.all()]
    lines = [f"{each['created']}  {each['name']}" for each in listed]
    return Result("\n".join(lines) or "there are no tokens", {"tokens": listed})
