"""Commands that take a model elsewhere: exports with their certificates."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resnet_studio.api import exports as model_export_api
from resnet_studio.commands.data import Result
from resnet_studio.errors import ExportError
from resnet_studio.model.exports import hub
from resnet_studio.workspace import Workspace

if TYPE_CHECKING:
    from resnet_studio.evaluation.certificate import Certificate
    from resnet_studio.terminal import Terminal

Command = Callable[[str, str], argparse.ArgumentParser]
FORMATS = "safetensors, safetensors-half, pt, pt2, onnx, onnx-int8, html, huggingface, coreml or litert (default onnx)"


def add(command: Command) -> None:
    """The commands ``export`` and ``verify``."""
    export = command("export", "write a run's model for other programs, and check that the file answers as it should")
    export.add_argument("run", metavar="RUN", help="a run's id, or 'last'")
    export.add_argument("--format", default="onnx", help=FORMATS)
    export.add_argument("--out", type=Path, metavar="PATH", help="the file, or a folder for it (default: here)")
    export.add_argument("--prepared", action="store_true", help="an ONNX file takes plain pixels, uint8 [N, H, W, 3]")
    export.add_argument(
        "--runtime", type=Path, metavar="DIR",
        help="for html: a folder with ONNX Runtime Web, which is otherwise downloaded once (by npm 33 MB, else 14 MB)",
    )  # fmt: skip
    export.add_argument("--code", action="store_true", help="also write FILE.py, a program that predicts with the file")
    export.add_argument(
        "--push", metavar="YOU/NAME", help="for huggingface: also put the folder on the Hub, under your own token"
    )
    export.add_argument("--public", action="store_true", help="with --push: a new repository is public (else private)")
    export.add_argument("--no-check", action="store_true", help="do not run the file on validation and test pictures")
    verify = command("verify", "whether an exported file is still the one that its certificate was made for")
    verify.add_argument("file", type=Path, metavar="FILE", help="the exported file or folder")


def export(options: argparse.Namespace, workspace: Workspace, terminal: Terminal) -> Result:
    """Export a run's model."""
    run = workspace.find_run(options.run)
    if options.push and options.format != hub.FORMAT:
        raise ExportError("error.export.push_format")
    token = hub.token_of() if options.push else None
    with redirect_stdout(sys.stderr):  # converters talk
        exported = model_export_api.export(
            run, options.format, options.out, prepared=options.prepared, check=not options.no_check,
            runtime=options.runtime,
            on_stage=lambda stage: terminal.line(f"{stage} {options.format}"),
        )  # fmt: skip
    found = exported.certificate
    values, said = {**found.to_json(), "file": str(exported.file)}, [str(exported.file), *lines(found)]
    if options.push:
        values["pushed"] = hub.push(exported.file, options.push, public=options.public, token=token)
        said.append(values["pushed"])
    if options.code:
        program = model_export_api.save_program(run, options.format, exported.file)
        values["code"], said = str(program), [*said, f"python {program} PICTURE..."]
    return Result("\n".join(said), values)


def verify(options: argparse.Namespace, workspace: Workspace, terminal: Terminal) -> Result:  # noqa: ARG001
    """Check a file against the certificate beside it."""
    from resnet_studio.evaluation import certificate

    found = certificate.read(options.file)
    return Result("\n".join(["unchanged", *lines(found)]), {**found.to_json(), "file": str(options.file)})


def lines(found: Certificate) -> list[str]:
    """A certificate for people."""
    if not found.checked:
        return [f"{found.megabytes:.1f} MB; not run, so not certified"]
    said: list[Any] = [f"{found.megabytes:.1f} MB"]
    if found.agreement is not None:
        said.append(f"agrees with the studio on {found.agreement:.1%} of {found.pictures} pictures")
        said.append(f"probabilities differ by {found.largest_difference:.1g} at most")
    if found.accuracy is not None and found.app_accuracy is not None:
        said.append(f"{found.scored_on} accuracy {found.accuracy:.1%}, the studio's {found.app_accuracy:.1%}")
    if found.milliseconds is not None and found.app_milliseconds is not None:
        said.append(f"{found.milliseconds:.0f} ms a picture, the studio {found.app_milliseconds:.0f} ms")
    return ["; ".join(map(str, said))]
