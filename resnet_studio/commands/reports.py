"""Commands that make what others read: comparisons, reports, tables and plots as files."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from resnet_studio.api import reports as report_api
from resnet_studio.commands.data import Result
from resnet_studio.commands.runs import row
from resnet_studio.durable import replacing
from resnet_studio.errors import RunError
from resnet_studio.evaluation import compare as comparing
from resnet_studio.evaluation import html_report, plots, tables
from resnet_studio.service.run_data import Damaged, Overview, RunData
from resnet_studio.workspace import Run, Workspace

if TYPE_CHECKING:
    from pandas import DataFrame

    from resnet_studio.terminal import Terminal

Command = Callable[[str, str], argparse.ArgumentParser]
SHOWN = 5
RUN = "a run's id, or 'last'"
PARTS = "the slow parts to compute: all (default), none, or names with commas between; stored ones are in it anyway"
COST = "the threshold for a class where missing one costs 5 and a false alarm 1; chosen on validation pictures"
TABLES = ("classes", "confusion", "predictions", "epochs")


def add(command: Command) -> None:
    """The commands ``compare``, ``report``, ``card``, ``tables`` and ``plots``."""
    compared = command("compare", "compare runs: settings, scores, and whether their test pictures tell them apart")
    compared.add_argument("runs", metavar="RUN", nargs="+", help=f"two or more: {RUN}")

    report = command("report", "write a report on a run to hand in, as one HTML file")
    report.add_argument("run", metavar="RUN", help=RUN)
    report.add_argument("--out", type=Path, metavar="FILE", help="the HTML file (default: RUN-report.html)")
    report.add_argument("--card", type=Path, metavar="FILE", help="also write the model card there; see `card`")
    report.add_argument("--parts", default="all", help=PARTS)
    report.add_argument("--cost", action="append", default=[], metavar="CLASS=5:1", help=COST)
    report.add_argument("--language", choices=("en", "zh"), default="en", help="its language (default en)")

    card = command("card", "write a model card in the form of the Hugging Face Hub: Markdown with YAML in front")
    card.add_argument("run", metavar="RUN", help=RUN)
    card.add_argument("--out", type=Path, metavar="FILE", help="the Markdown file, or a folder (default: RUN-card.md)")
    card.add_argument("--language", choices=("en", "zh"), default="en", help="its language (default en)")

    table = command("tables", "write a run's scores, predictions and epochs, or the list of all runs, as tables")
    table.add_argument("run", metavar="RUN", nargs="?", help=f"{RUN}; without one, the list of all runs")
    table.add_argument("--out", type=Path, default=Path(), metavar="DIR", help="folder for the files (default: here)")
    table.add_argument("--format", choices=tables.FORMATS, default="csv", help="default csv; parquet needs pyarrow")

    plot = command("plots", "draw the plots of a run, or the curves of several runs beside each other")
    plot.add_argument("runs", metavar="RUN", nargs="+", help=RUN)
    plot.add_argument("--out", type=Path, default=Path(), metavar="DIR", help="folder for the files (default: here)")
    plot.add_argument("--format", choices=plots.FORMATS, default="png", help="default png")
    plot.add_argument("--for", dest="look", choices=tuple(plots.STYLES), default="paper", help="default paper")
    plot.add_argument("--width", type=float, metavar="MM", help="width in millimetres, instead of what --for says")
    plot.add_argument("--dpi", type=int, metavar="N", help="dots an inch of a PNG, instead of what --for says")
    plot.add_argument("--language", choices=("en", "zh"), default="en", help="language of the labels (default en)")


def compare(options: argparse.Namespace, workspace: Workspace) -> Result:
    """What two or more runs were set to and scored, and whether their test pictures can tell them apart."""
    found = comparing.compare([workspace.find_run(name) for name in options.runs])
    names, lines = found.names, []
    for side in found.sides:
        said = f"{names[side.run]}: "
        if side.accuracy is not None and side.interval is not None:
            low, high = side.interval
            said += f"test accuracy {side.accuracy:.1%} (95% confidence interval {low:.1%} to {high:.1%})"
        elif side.validation_accuracy is not None:
            said += f"validation accuracy {side.validation_accuracy:.1%}, not tested"
        else:
            said += "no score yet"
        lines.append(said)
    for name, values in found.settings.items():
        lines.append(f"  {name}: {', '.join(f'{names[run]} {value}' for run, value in values.items())}")
    for pair in found.pairs:
        lines.append(pair.sentence(names))
        lines += [
            f"  {each.picture}: {each.true}; {names[pair.first]}: {each.first}; {names[pair.second]}: {each.second}"
            for each in pair.disagreements[:SHOWN]
        ]
        if (more := pair.only_first + pair.only_second - SHOWN) > 0:
            lines.append(f"  and {more} more that only one of them names correctly")
    return Result("\n".join(lines), found.to_json())


def report(options: argparse.Namespace, workspace: Workspace, terminal: Terminal) -> Result:
    """Write the report on a run to hand in."""
    run = workspace.find_run(options.run)
    out = options.out or Path(f"{run.id}-report.html")
    if out.is_dir():
        raise RunError("error.report.exists", path=str(out))
    cheapest = report_api.cheapest_thresholds(run, options.cost)
    report_api.compute_parts(run, options.parts, on_step=terminal.progress)
    report_api.save_report(run, out, language=options.language)
    card = report_api.save_card(run, options.card, language=options.language) if options.card else None
    lines = [
        f"{name}: predict from {each.threshold:.2f} on (--threshold {name}={each.threshold:.2f}): in the test "
        f"recall {each.recall:.1%}, precision {each.precision:.1%}, cost {each.cost:.3f} a picture "
        f"({each.usual_cost:.3f} at 0.5)"
        for name, each in cheapest.items()
    ]
    values = html_report.to_json(run, report_api.further_parts())
    if values.get("unknown") and not values["unknown"]["usable"]:
        lines.append(values["unknown"]["verdict"])
    costs = {name: asdict(each) for name, each in cheapest.items()}
    text = "\n".join([str(out), *([str(card)] if card else []), *lines])
    return Result(text, {**values, "file": str(out), "card": card and str(card), "costs": costs})


def card(options: argparse.Namespace, workspace: Workspace) -> Result:
    """Write the model card of a run."""
    run = workspace.find_run(options.run)
    path = report_api.save_card(run, options.out or Path(f"{run.id}-card.md"), language=options.language)
    return Result(str(path), {"run": run.id, "file": str(path)})


def write_tables(options: argparse.Namespace, workspace: Workspace) -> Result:
    """Write the tables of a run, or the table of all runs."""
    if options.run is None:
        found = {"runs": runs_table(RunData(workspace).listed())}
        stem = ""
    else:
        run = workspace.find_run(options.run)
        found, stem = run_tables(run), f"{run.id}-"
    files = {}
    for name, table in found.items():
        path = options.out / f"{stem}{name}.{options.format}"
        _write(path, tables.encoded(table, options.format))
        files[name] = str(path)
    return Result("\n".join(files.values()), {"run": options.run and run.id, "files": files})


def run_tables(run: Run) -> dict[str, DataFrame]:
    """The tables that there are of ``run``. Raises :class:`RunError` where there is none yet."""
    from resnet_studio.evaluation.parts import RunReport

    scores, epochs = RunReport(run).report, run.state().epochs
    found = {"epochs": tables.epochs(epochs)} if epochs else {}
    if scores is not None:
        values = scores.to_json()
        found = {
            "classes": tables.classes(values),
            "confusion": tables.confusion(values),
            "predictions": tables.predictions(values),
            **found,
        }
    if not found:
        raise RunError("error.plots.none", run=run.id)
    return found


def runs_table(listed: Sequence[Overview | Damaged]) -> DataFrame:
    """The table of all runs; those that cannot be read have a problem and no settings."""
    return tables.runs([(row(each), each.config if isinstance(each, Overview) else None) for each in listed])


def write_plots(options: argparse.Namespace, workspace: Workspace) -> Result:
    """Draw the plots of one run, or the curves of several."""
    style = plots.plot_style(options.look, width=options.width, dpi=options.dpi)
    runs = [workspace.find_run(name) for name in options.runs]
    if len(runs) == 1:
        names = html_report.plot_names(runs[0])
        drawn = {name: html_report.plot(runs[0], name, style, options.language) for name in names}
        stem = f"{runs[0].id}-"
    else:
        drawn, stem = {"comparison": html_report.compared_curves(runs, style, options.language)}, ""
    if not drawn:
        raise RunError("error.plots.none", run=runs[0].id)
    files = {}
    for name, figure in drawn.items():
        path = options.out / f"{stem}{name}.{options.format}"
        _write(path, plots.encoded(figure, options.format, style))
        files[name] = str(path)
    return Result("\n".join(files.values()), {"runs": [run.id for run in runs], "files": files})


def _write(path: Path, content: bytes) -> None:
    with replacing(path) as temporary:
        temporary.write_bytes(content)
