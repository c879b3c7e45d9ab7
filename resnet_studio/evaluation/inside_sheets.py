"""What goes on inside of a network as files: a sheet for each stage, and one with the first filters."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import numpy as np

from resnet_studio.errors import StudioError
from resnet_studio.evaluation import plots
from resnet_studio.evaluation.inside import COLOURS, Inside, StageMaps, encoded, filter_sheet, look_inside
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.text import Language, say

WIDTH_MM, ROW_MM = 190.0, 29.0
IN_A_ROW = 6
FILTER_SCALE = 8


def stage_sheet(found: Inside, stage: StageMaps, language: Language = "en") -> bytes:
    """PNG with the picture as the network sees it, and the maps of ``stage`` with their channels and means."""
    from matplotlib.figure import Figure

    style = plots.plot_style("paper", width=WIDTH_MM, dpi=150)
    rows = max(2, -(-len(stage.channels) // IN_A_ROW))
    size = (WIDTH_MM / plots.INCH, (ROW_MM * rows + 10) / plots.INCH)
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.add_gridspec(rows, IN_A_ROW + 2)
    height, width = stage.shape
    figure.suptitle(
        say("inside.sheet", language, stage=say(f"inside.stage.{stage.stage}", language), total=stage.total,
            height=height, width=width, shown=len(stage.channels)),
        fontsize=style.points + 1, color=plots.INK,
    )  # fmt: skip
    picture = figure.add_subplot(grid[:2, :2])
    picture.imshow(found.view)
    picture.set_title(say("inside.view", language), fontsize=style.points - 1, color=plots.INK)
    picture.set_axis_off()
    for at, (channel, mean, values) in enumerate(zip(stage.channels, stage.means, stage.values, strict=True)):
        axis = figure.add_subplot(grid[at // IN_A_ROW, 2 + at % IN_A_ROW])
        low = min(0.0, float(values.min()))
        axis.imshow(values, cmap=COLOURS, vmin=low, vmax=max(float(values.max()), low + 1e-12))
        axis.set_title(f"{channel}: {mean:#.3g}", fontsize=style.points - 1, color=plots.INK)
        axis.set_axis_off()
    return plots.encoded(figure, "png", style)


def files(found: Inside, language: Language = "en") -> Sequence[tuple[str, bytes]]:
    """The names and contents of all sheets: one for each stage, in their order, then the filters."""
    sheets = [(f"{stage.stage}.png", stage_sheet(found, stage, language)) for stage in found.stages]
    filters = filter_sheet(np.asarray(found.filters), FILTER_SCALE)
    return [*sheets, ("filters.png", encoded(filters))]


def addresses(report: RunReport, language: Language = "en") -> list[str]:
    """The sheets of the first and the last stage for the test picture that was named wrongly most confidently, else for
    the first, as ``data:`` addresses of PNGs; none where picture or network are gone.
    """
    if report.report is None or not report.run.best.is_file():
        return []
    rows = sorted(report.report.pictures, key=lambda each: (each.true == each.predicted, -each.probability))
    try:
        files = {(each.name, each.file): report.split.path(each) for each in report.split.test}
        file = next(files[row.name, row.file] for row in rows if (row.name, row.file) in files)
        found = look_inside(report.predictor, file)
    except (StudioError, OSError, StopIteration):
        return []
    sheets = [stage_sheet(found, stage, language) for stage in (found.stages[0], found.stages[-1])]
    return [f"data:image/png;base64,{base64.b64encode(sheet).decode()}" for sheet in sheets]
