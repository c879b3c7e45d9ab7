"""The commands that show where a network looked, and what goes on inside of it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from resnet_studio.api import explanations as explain_api
from resnet_studio.api import inside as inside_api
from resnet_studio.api.explanations import Explanation
from resnet_studio.commands.data import Result
from resnet_studio.data import adding
from resnet_studio.data.names import shown
from resnet_studio.durable import replacing
from resnet_studio.errors import ConfigError, DataError, StudioError
from resnet_studio.terminal import Terminal
from resnet_studio.workspace import Workspace

MODEL = "a run, 'last', or a checkpoint file"
DEVICE = "auto, cpu, cuda, cuda:N or mps"
MOST_ROWS = 50


def add_parsers(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """The commands ``explain`` and ``inside``."""
    explained = command("explain", "show where a model looked in pictures, as heat maps over them")
    explained.add_argument("model", metavar="RUN_OR_CHECKPOINT", help=MODEL)
    explained.add_argument("pictures", metavar="PICTURE", nargs="+", type=Path, help="pictures, or folders of them")
    explained.add_argument(
        "--out", type=Path, metavar="FILE", help="PNG with a row for each picture: itself, the heat map, the answer"
    )
    explained.add_argument(
        "--class", dest="class_name", metavar="NAME", help="the class to explain (default: the answer)"
    )
    explained.add_argument(
        "--layer", default="layer4", metavar="STAGE",
        help="stem, layer1, layer2, layer3 or layer4 (default): earlier ones are finer and say less about the class",
    )  # fmt: skip
    explained.add_argument("--language", choices=("en", "zh"), default="en", help="language in the file (default en)")
    explained.add_argument("--device", default="auto", help=DEVICE)
    inner = command(
        "inside", "show what goes on inside a model for a picture: feature maps stage by stage, and filters"
    )
    inner.add_argument("model", metavar="RUN_OR_CHECKPOINT", help=MODEL)
    inner.add_argument("picture", metavar="PICTURE", type=Path)
    inner.add_argument(
        "--out", type=Path, metavar="DIR", help="folder for a PNG a stage (stem.png, layer1.png, ...) and filters.png"
    )
    inner.add_argument(
        "--channels", type=int, default=12, metavar="N",
        help=f"the strongest channels of each stage to show, up to {inside_api.MOST} (default 12)",
    )  # fmt: skip
    inner.add_argument("--language", choices=("en", "zh"), default="en", help="language in the files (default en)")
    inner.add_argument("--device", default="auto", help=DEVICE)


def explain(options: argparse.Namespace, workspace: Workspace, terminal: Terminal) -> Result:
    """Say where a model looked in pictures, and draw it where there is a file to write to."""
    del terminal
    named = adding.files_in(options.pictures)
    if options.out is not None and len(named) > MOST_ROWS:
        raise ConfigError("error.explain.too_many", count=len(named), most=MOST_ROWS)
    answers = explain_api.explain_all(
        options.model, [file for _, file in named], class_name=options.class_name, layer=options.layer,
        workspace=workspace, device=options.device,
    )  # fmt: skip
    rows: list[dict[str, Any]] = []
    found: list[tuple[str, Explanation]] = []
    for (name, file), answer in zip(named, answers, strict=True):
        if isinstance(answer, StudioError):
            rows.append({"picture": str(file), "error": str(answer)})
            continue
        rows.append({"picture": str(file), **answer.to_json()})
        if options.out is not None:
            found.append((name, answer))
    if all("error" in row for row in rows):
        raise _why(rows)
    if options.out is not None:
        _write(options, found)
    written = [] if options.out is None else [str(options.out)]
    first = next(row for row in rows if "error" not in row) if len(rows) == 1 else {}
    out = written[0] if written else None
    return Result("\n".join([*map(_line, rows), *written]), {**first, "file": out, "pictures": rows})


def _why(rows: list[dict[str, Any]]) -> StudioError:
    """Why nothing could be explained: the one reason where there is one picture, else that none could."""
    if len(rows) != 1:
        return DataError("error.cli.no_pictures")
    return DataError("error.cli.one_picture", file=rows[0]["picture"], error=rows[0]["error"])


def _write(options: argparse.Namespace, found: list[tuple[str, Explanation]]) -> None:
    from resnet_studio.evaluation import overlay

    rows = [overlay.SheetRow(shown(name, 40), each.picture, each.found) for name, each in found]
    content = overlay.sheet(rows, found[0][1].classes, options.language)
    with replacing(options.out) as temporary:
        temporary.write_bytes(content)


def _line(row: dict[str, Any]) -> str:
    if "error" in row:
        return f"{row['picture']}: {row['error']}"
    across, down = row["peak"]
    return (
        f"{row['picture']}: {row['label']} {row['probability']:.1%}; what speaks for {row['class']} lies around "
        f"{across:.0%} from the left, {down:.0%} from the top ({row['method']}, {row['layer']})"
    )


def inside(options: argparse.Namespace, workspace: Workspace, terminal: Terminal) -> Result:
    """Say which channels of each stage a picture excites most, and draw their maps where there is a folder for them."""
    del terminal
    if not options.picture.is_file():
        raise DataError("error.inside.picture", path=shown(str(options.picture)))
    if options.out is not None and options.out.is_file():
        raise ConfigError("error.inside.out", path=shown(str(options.out)))
    found = inside_api.look_inside(
        options.model, options.picture, channels=options.channels, workspace=workspace, device=options.device
    )
    files: dict[str, str] = {}
    if options.out is not None:
        from resnet_studio.evaluation import inside_sheets

        for name, content in inside_sheets.files(found, options.language):
            with replacing(options.out / name) as temporary:
                temporary.write_bytes(content)
            files[Path(name).stem] = str(options.out / name)
    stages = [{**stage.to_json(), "file": files.get(stage.stage)} for stage in found.stages]
    count, height, width = found.filters.shape[:3]
    filters = {"count": count, "size": [height, width], "file": files.get("filters")}
    lines = [_stage_line(stage) for stage in stages]
    said = found.prediction
    answer = {"label": said.label, "probability": round(said.probability, 6), "unknown": said.unknown}
    values = {
        "picture": str(options.picture),
        **answer,
        "stages": stages,
        "filters": filters,
        "files": list(files.values()),
    }
    return Result("\n".join([*lines, *files.values()]), values)


def _stage_line(stage: dict[str, Any]) -> str:
    strongest = ", ".join(f"{each['channel']} ({each['mean']:#.3g})" for each in stage["channels"])
    return f"{stage['stage']}, {stage['total']} channels, by mean activation: {strongest}"
