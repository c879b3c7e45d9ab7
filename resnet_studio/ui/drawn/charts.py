"""Curves as SVG made on the server: colours are variables of the page, so that light and dark need no second drawing.

Series are told apart by dash and weight as well as by colour.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from resnet_studio.events import EpochFinished
from resnet_studio.text import Language, say
from resnet_studio.ui.drawn.axes import Scale, loss_range, path, percent, place, share_range, short, thinned
from resnet_studio.ui.drawn.plot import BOTTOM, FRAME, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Line, Panel, figure, path_in
from resnet_studio.ui.page.templates import render

COLOURS = 8
"""How many runs :func:`overlay` can tell apart; ``train.css`` holds their colours and dashes."""

CURVES_CACHED = 64
Measure = Literal["loss", "accuracy"]


@dataclass(frozen=True)
class RunCurves:
    """What there is to draw of one run.

    ``planned`` epochs make the width; ``probe`` is the linear probe's validation accuracy; ``trail`` are points
    (epochs done, training loss) from within the epochs.
    """

    epochs: Sequence[EpochFinished] = ()
    planned: int = 1
    probe: float | None = None
    trail: Sequence[tuple[float, float]] = ()

    @property
    def best(self) -> EpochFinished | None:
        """The epoch with the best model."""
        return next((epoch for epoch in reversed(self.epochs) if epoch.best), None)

    @property
    def width(self) -> int:
        """How many epochs the axis holds."""
        return max(self.planned, self.epochs[-1].epoch if self.epochs else 1, 1)


def curves(history: RunCurves, language: Language = "en", *, look: str = "") -> str:
    """Loss and accuracy of one run, side by side; ``look`` is an additional CSS class."""
    fixed = replace(history, epochs=tuple(history.epochs), trail=())
    return _curves(fixed, _loss_axis(history), language, look)


@lru_cache(maxsize=CURVES_CACHED)
def _curves(history: RunCurves, losses: Scale, language: Language, look: str) -> str:
    """Within an epoch nothing changes but the trail, which at most moves the axis of the ``losses``."""
    shown = thinned(history.epochs, lambda epoch: epoch.validation_loss)
    if history.best is not None and history.best not in shown:
        shown = sorted([*shown, history.best], key=lambda epoch: epoch.epoch)
    rows = [_row(epoch) for epoch in shown]
    loss = replace(_panel("loss", history, shown, language), y=losses)
    panels = [loss, _panel("accuracy", history, shown, language)]
    return figure(panels, rows, say("charts.epoch", language), look=look)


def _loss_axis(history: RunCurves) -> Scale:
    shown = thinned(history.epochs, lambda epoch: epoch.validation_loss)
    losses = [loss for epoch in shown for loss in (epoch.train_loss, epoch.validation_loss)]
    return _upright(*loss_range([*losses, *(loss for _, loss in history.trail)]))


def _upright(low: float, high: float) -> Scale:
    return Scale(low, high, HEIGHT - BOTTOM, TOP)


def _along(history: RunCurves) -> Scale:
    return Scale(0, history.width, LEFT, WIDTH - RIGHT)


def trail(history: RunCurves) -> str:
    """What happened within the epochs, drawn over the loss panel of :func:`curves` and on the same scales."""
    if not history.trail:
        return ""
    along, losses = _along(history), _loss_axis(history)
    points = thinned(history.trail, lambda point: point[1])
    x, y = points[-1]
    dot = None
    if math.isfinite(y):
        dot = place(along(x)), place(min(max(losses(y), TOP - 6), HEIGHT - BOTTOM))
    return render("drawn/trail.html", path=path_in(points, along, losses), dot=dot, **FRAME)


def learning_rate(history: RunCurves, language: Language = "en") -> str:
    """The learning rate of the head over the epochs, as one low strip; empty before the first epoch is done."""
    if not history.epochs:
        return ""
    height = 70
    shown = thinned(history.epochs, lambda epoch: epoch.learning_rate)
    rates = [epoch.learning_rate for epoch in shown if math.isfinite(epoch.learning_rate)]
    high = max(rates, default=0.0)
    x = Scale(0, history.width, LEFT, WIDTH - RIGHT)
    y = Scale(0, high or 1, height - 8, 26)
    points = tuple((epoch.epoch, epoch.learning_rate) for epoch in shown)
    return render(
        "drawn/learning_rate.html",
        language,
        path=path_in(points, x, y),
        now=f"{points[-1][1]:.2g}",
        high=f"{high:.2g}",
        **{**FRAME, "height": height},
    )


def overlay(runs: Sequence[tuple[str, Sequence[EpochFinished]]], language: Language = "en") -> str:
    """Validation loss and accuracy of several named runs over each other, with a key of :func:`overlay_key` above."""
    longest = max((epochs[-1].epoch for _, epochs in runs if epochs), default=1)
    panels = []
    for measure in ("loss", "accuracy"):
        lines = tuple(
            Line(name, f"run-{index % COLOURS}", _points(epochs, f"validation_{measure}"))
            for index, (name, epochs) in enumerate(runs)
        )
        blank = RunCurves(planned=longest)
        bare = _axes(measure, blank, [value for line in lines for _, value in line.points], language)
        title = say(f"charts.validation_{measure}", language)
        panels.append(
            replace(bare, title=title, lines=lines, columns=_overlay_columns(measure, len(runs)), keyed=False)
        )
    return figure(panels, _overlay_rows(runs), say("charts.epoch", language))


def example(language: Language = "en") -> str:
    """What the curves will look like, on a made-up run that begins to overfit."""
    epochs = [_made_up(number) for number in range(1, 13)]
    return curves(RunCurves(epochs, planned=12, probe=0.78), language, look="example")


def _made_up(number: int) -> EpochFinished:
    fall = math.exp(-number / 2.6)
    extra = max(0, number - 7) * 0.035
    return EpochFinished(
        epoch=number, train_loss=0.1 + 1.7 * fall, validation_loss=0.3 + 1.25 * fall + extra,
        train_accuracy=0.985 - 0.6 * fall, validation_accuracy=0.93 - 0.5 * fall - extra / 4,
        learning_rate=0.001, pictures_per_second=0, seconds=1, best=number == 8,
    )  # fmt: skip


def key(look: str) -> str:
    """A swatch of the line that looks like ``look``: train, validation, probe, best or run-N."""
    return render("drawn/swatch.html", look=look)


def overlay_key(index: int) -> str:
    """A swatch of the ``index``-th run's line, for a table beside :func:`overlay`."""
    return key(f"run-{index % COLOURS}")


def sparkline(
    values: Sequence[float], label: str = "", *, width: int = 96, height: int = 26, shares: bool = False
) -> str:
    """``values`` as one small line with a dot at its end; ``label`` says in words what it shows.

    It fills the height, unless they are ``shares``: then the height is 0 to 1, so that several can be compared.
    """
    points = list(enumerate(thinned(list(values), lambda value: value, most=width)))
    known = [value for _, value in points if math.isfinite(value)]
    if not known:
        return ""
    low, high = (0.0, 1.0) if shares else (min(known), max(known))
    pad = (high - low) * 0.05 or 0.5
    x, y = Scale(0, max(len(points) - 1, 1), 3, width - 5), Scale(low - pad, high + pad, height - 3, 3)
    placed = [(x(at), y(value)) for at, value in points]
    last = next(point for point in reversed(placed) if math.isfinite(point[1]))
    end = place(last[0]), place(last[1])
    return render("drawn/sparkline.html", width=width, height=height, label=label, path=path(placed), end=end)


def _panel(measure: Measure, history: RunCurves, shown: Sequence[EpochFinished], language: Language) -> Panel:
    parts = ("train", "validation")
    lines = tuple(Line(say(f"charts.{part}", language), part, _points(shown, f"{part}_{measure}")) for part in parts)
    values = [value for line in lines for _, value in line.points]
    if measure == "accuracy" and history.probe is not None:
        values.extend([history.probe] if values else [0.0, history.probe, 1.0])
    bare = _axes(measure, history, values, language)
    best, level = history.best, None
    if measure == "accuracy" and history.probe is not None and math.isfinite(history.probe):
        level = (say("charts.probe", language), history.probe)
    mark = None
    if best is not None:
        height = best.validation_loss if measure == "loss" else best.validation_accuracy
        mark = (float(best.epoch), height, say("charts.best", language, epoch=best.epoch))
    columns = (1, 2) if measure == "loss" else (3, 4)
    about = _about(measure, history, language)
    return replace(bare, lines=lines, level=level, mark=mark, columns=columns, about=about)


def _axes(measure: Measure, history: RunCurves, values: Iterable[float], language: Language) -> Panel:
    low, high = loss_range(values) if measure == "loss" else share_range(values)
    return Panel(
        title=say(f"charts.{measure}", language),
        lines=(),
        x=_along(history),
        y=_upright(low, high),
        share=measure == "accuracy",
        x_title=say("charts.epoch", language),
    )


def _about(measure: Measure, history: RunCurves, language: Language) -> str:
    """The panel in words: the last and the best scores."""
    if not history.epochs:
        return say("charts.about.empty", language)
    last, best = history.epochs[-1], history.best or history.epochs[-1]

    def spell(epoch: EpochFinished, part: str) -> str:
        value = getattr(epoch, f"{part}_{measure}")
        return percent(value, 1) if measure == "accuracy" else short(value)

    return say(
        f"charts.about.{measure}", language, epoch=last.epoch, train=spell(last, "train"),
        validation=spell(last, "validation"), best=best.epoch, best_validation=spell(best, "validation"),
    )  # fmt: skip


def _points(epochs: Sequence[EpochFinished], name: str) -> tuple[tuple[float, float], ...]:
    shown = thinned(epochs, lambda epoch: epoch.validation_loss)
    return tuple((float(epoch.epoch), float(getattr(epoch, name))) for epoch in shown)


def _row(epoch: EpochFinished) -> list[float | None]:
    values = (epoch.train_loss, epoch.validation_loss, epoch.train_accuracy, epoch.validation_accuracy)
    return [epoch.epoch, *(rounded(value) for value in values)]


def rounded(value: float) -> float | None:
    """``value`` with four digits that matter, None where it is no number: what JSON can carry."""
    return float(f"{value:.4g}") if math.isfinite(value) else None


def _overlay_rows(runs: Sequence[tuple[str, Sequence[EpochFinished]]]) -> list[list[float | None]]:
    """One row an epoch that any run's curve shows: the epoch, all losses, all accuracies."""
    scores = [{epoch.epoch: epoch for epoch in epochs} for _, epochs in runs]
    numbers = sorted({epoch for scored in scores for epoch in scored})
    kept = thinned(numbers, float)
    return [
        [number, *(_score(s, number, "validation_loss") for s in scores),
         *(_score(s, number, "validation_accuracy") for s in scores)]
        for number in kept
    ]  # fmt: skip


def _score(scored: dict[int, EpochFinished], number: int, name: str) -> float | None:
    return rounded(float(getattr(scored[number], name))) if number in scored else None


def _overlay_columns(measure: str, count: int) -> tuple[int, ...]:
    first = 1 if measure == "loss" else 1 + count
    return tuple(range(first, first + count))
