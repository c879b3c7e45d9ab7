"""The report on a run: its parts as JSON values, and one self-contained HTML file."""

from __future__ import annotations

import base64
import io
import shlex
from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

from resnet_studio import labels
from resnet_studio.config import as_options
from resnet_studio.data.names import undirected
from resnet_studio.data.run_split import split_of
from resnet_studio.errors import CheckpointError, RunError, StudioError
from resnet_studio.evaluation import handin, part_plots, plots, run_report, sections
from resnet_studio.evaluation.calibration import CALIBRATION
from resnet_studio.evaluation.final_fit import FINAL_FIT
from resnet_studio.evaluation.parts import Part, RunReport
from resnet_studio.text import Language, gap, keys, pair, say, say_recorded
from resnet_studio.version import __version__
from resnet_studio.workspace import Run

PROMISED = (
    "interval", "calibration", "unknown", "shortcut", "robustness", "forecast", "groups", "suspects", "next_steps",
)  # fmt: skip
"""Keys that scripts can rely on: None where there is nothing of the kind."""
MISTAKES = 24
SIDE = 160
STYLES = {
    "curves": plots.PlotStyle(185, 8, 96),
    "confusion": plots.PlotStyle(130, 8, 96),
    "reliability": plots.PlotStyle(115, 8, 96),
    "robustness": plots.PlotStyle(150, 8, 96),
    "forecast": plots.PlotStyle(185, 8, 96),
    "groups": plots.PlotStyle(150, 8, 96),
    "map": plots.PlotStyle(170, 8, 96),
}
"""Each plot as large as the page shows it, so that its letters are, too."""


def to_json(run: Run, further: Sequence[Part[Any]] = ()) -> dict[str, Any]:
    """What is known of ``run`` as plain JSON values: the report and its parts, and the run around them.

    ``further`` are parts of layers above. The keys :data:`PROMISED` are there whatever could be computed.
    Raises :class:`RunError` where the run cannot be read or has no epoch yet.
    """
    state, settings, report = run.state(), run.settings, RunReport(run)
    if not state.epochs and report.report is None:
        raise RunError("error.plots.none", run=run.id)
    scores = {**dict.fromkeys(PROMISED), **run_report.to_json(report)}
    for part in further:
        stored = part.load(report)
        scores[part.name] = None if stored is None else part.to_json(stored)
    best = state.finished or state.best
    epochs = [
        {"epoch": each.epoch, "train_loss": each.train_loss, "validation_loss": each.validation_loss,
         "train_accuracy": each.train_accuracy, "validation_accuracy": each.validation_accuracy,
         "learning_rate": each.learning_rate, "best": each.best}
        for each in state.epochs
    ]  # fmt: skip
    return {
        **scores,
        "run": run.id,
        "name": labels.shown(settings.about, run.id),
        "note": str(settings.about.get("note", "")),
        "study": labels.study_part(settings.about),
        "dataset": str(settings.about["dataset_name"]),
        "status": state.status,
        "accuracy": scores.get("accuracy"),
        "interval": list(scores["interval"]) if scores["interval"] is not None else None,
        "validation_accuracy": best.validation_accuracy if best else None,
        "epochs": epochs,
        "settings": settings.resolved.to_json(),
        "changed": settings.requested.changed(),
        "mistakes": _mistakes(report),
        "reproduce": reproduction(run),
    }


def reproduction(run: Run) -> str:
    """The line of the command line that trains ``run`` again."""
    from resnet_studio.data import library
    from resnet_studio.workspace import Workspace

    settings = run.settings
    data = f"{settings.about['dataset_name']}.zip"
    try:
        source = library.find_dataset(Workspace(run.folder.parent.parent), str(settings.about["dataset"])).source
        data = source if source.startswith(("sample:", "public:")) else data
    except (StudioError, LookupError):
        pass  # the set is gone; its name is known
    named = str(settings.about.get("tested_on") or "")
    beside: dict[str, Any] = {"test_data": f"{named}.zip"} if named else {}
    study = labels.study_part(settings.about)
    if study is not None and study["kind"] == "folds":  # its pictures are cut otherwise than those of a run alone
        beside["folds"] = study["of"]
    words = as_options({**settings.requested.changed(), **beside, "seed": settings.resolved.seed})
    return shlex.join(["resnet-studio", "train", data, *words])


def html(run: Run, language: Language = "en", further: Sequence[Part[Any]] = ()) -> str:
    """The report as one HTML file: plots as SVG and thumbnails lie inside. Parameters and errors: :func:`to_json`."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("resnet_studio.evaluation"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        finalize=_visible,
    )
    values, report = to_json(run, further), RunReport(run)
    mean = run.state().mean_note
    words = partial(_say, language)

    def fill(name: str, given: Mapping[str, Any]) -> str:
        return environment.get_template(name).render(say=words, gap=gap(language), language=language, **given)

    return environment.get_template("report.html").render(
        report=values, say=words, gap=gap(language), colon=pair("", "", language),
        language={"en": "en", "zh": "zh-Hans"}[language], version=__version__,
        today=date.today().isoformat(), plots=_plots(run, language), mistakes=_with_thumbnails(run, values),
        settings=settings_rows(values, language), looks=STYLES, data=handin.data_of(run, language),
        sections=sections.sections(report, (*run_report.PARTS, *further), fill),
        kept=say_recorded(mean.key, language, mean.values) if mean else "",
        again=again.sentence(language) if (again := report.get(FINAL_FIT)) else "",
        limits=handin.limits(report, language), software=handin.software(run), weights=handin.weights(run, language),
    )  # fmt: skip


def _visible(value: Any) -> Any:
    """``value`` with signs that turn the direction of writing as escapes, in attributes too."""
    return undirected(value) if type(value) is str else value  # and not Markup, which is a subclass


def _say(language: Language, key: str, /, **given: Any) -> str:
    return say(key, language, **given)


def plot(run: Run, name: str, style: plots.PlotStyle, language: Language = "en") -> Any:
    """The figure ``name`` of ``run``: curves, confusion or reliability. :class:`RunError` where there is none."""
    report, epochs = RunReport(run), run.state().epochs
    if name == "curves" and epochs:
        return plots.curves(epochs, style, language)
    if name == "confusion" and report.report is not None:
        return plots.confusion_matrix(report.report.to_json(), style, language)
    if name == "reliability" and (calibration := report.get(CALIBRATION)) is not None:
        return plots.reliability(calibration, style, language)
    if (drawn := part_plots.figure_of(report, name, style, language)) is not None:
        return drawn
    raise RunError("error.plots.none", run=run.id)


def compared_curves(runs: Sequence[Run], style: plots.PlotStyle, language: Language = "en") -> Any:
    """The curves of ``runs`` in one figure. Raises :class:`RunError` where none has an epoch yet."""
    named = [(labels.shown(run.about, run.id), run.state().epochs) for run in runs]
    if not any(epochs for _, epochs in named):
        raise RunError("error.plots.none", run=runs[0].id)
    names = [name for name, _ in named]
    unique = [name if names.count(name) == 1 else f"{name} ({run.id})" for run, name in zip(runs, names, strict=True)]
    return plots.comparison([(name, epochs) for name, (_, epochs) in zip(unique, named, strict=True)], style, language)


def plot_names(run: Run) -> tuple[str, ...]:
    """The plots that there are of ``run``."""
    curves = ("curves",) if run.state().epochs else ()
    report = RunReport(run)
    return (*curves, "confusion", "reliability", *part_plots.names_of(report)) if report.report else curves


def _plots(run: Run, language: Language) -> dict[str, str]:
    """Each plot as a ``data:`` address: inside of an image the SVGs cannot clash with each other."""
    found = {}
    for name in plot_names(run):
        written = plots.encoded(plot(run, name, STYLES[name], language), "svg", STYLES[name])
        found[name] = f"data:image/svg+xml;base64,{base64.b64encode(written).decode()}"
    return found


def _mistakes(report: RunReport) -> list[dict[str, Any]]:
    """All test pictures that were named wrongly, the most confident first."""
    if report.report is None:
        return []
    classes = report.report.classes
    wrong = [picture for picture in report.report.pictures if picture.true != picture.predicted]
    return [
        {"picture": each.name, "file": each.file, "true": classes[each.true], "predicted": classes[each.predicted],
         "probability": each.probability}
        for each in sorted(wrong, key=lambda each: -each.probability)
    ]  # fmt: skip


def _with_thumbnails(run: Run, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The first mistakes, each with a small picture where its file is still there."""
    try:
        split = split_of(run)
        places = {(sample.name, sample.file): split.path(sample) for sample in split.test}
    except RunError:
        places = {}
    shown = values["mistakes"][:MISTAKES]
    files = [places.get((each["picture"], each["file"])) for each in shown]
    heats = handin.heat_images(run, files, SIDE)
    return [
        {**each, "image": _thumbnail(file), "heat": heat} for each, file, heat in zip(shown, files, heats, strict=True)
    ]


def _thumbnail(file: Any) -> str | None:
    from resnet_studio.data.pictures import read_picture
    from resnet_studio.data.reading import AS_SEEN

    if file is None:
        return None
    try:
        picture = read_picture(file, draft_side=SIDE, reading=AS_SEEN).convert("RGB")
    except (StudioError, CheckpointError, OSError):
        return None
    picture.thumbnail((SIDE, SIDE))
    written = io.BytesIO()
    picture.save(written, "JPEG", quality=85)
    return f"data:image/jpeg;base64,{base64.b64encode(written.getvalue()).decode()}"


def settings_rows(values: Mapping[str, Any], language: Language) -> list[tuple[str, str, str, bool]]:
    """Each setting as trained: its name, what it is called, its value, whether the user changed it."""
    rows = []
    for name, value in values["settings"].items():
        shown = str(value)
        if value is None:
            shown = say("runs.auto", language)
        elif isinstance(value, bool):
            shown = say("runs.yes" if value else "runs.no", language)
        elif name == "test_data" and values["outside_test"]:
            shown = values["outside_test"]["name"]
        elif isinstance(value, str) and (key := f"config.{name}.{value}") in keys():
            shown = say(key, language)
        elif value == "auto":
            shown = say("runs.auto", language)
        rows.append((name, say(f"config.{name}", language), shown, name in values["changed"]))
    return rows
