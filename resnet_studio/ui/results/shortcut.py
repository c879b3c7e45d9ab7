"""The panel that says whether the model goes by the things themselves or by a mark."""

from __future__ import annotations

from markupsafe import Markup

from resnet_studio.evaluation.shortcut import REMOVALS, Shortcut, sentences
from resnet_studio.service.run_data import Overview
from resnet_studio.text import Language, say
from resnet_studio.ui.drawn import intervals
from resnet_studio.ui.page.context import Studio
from resnet_studio.ui.page.templates import render


def draw(studio: Studio, run: Overview, value: Shortcut, language: Language) -> Markup:
    """What was found in one sentence; the score without each part; what each place convinces of."""
    del studio
    called = {each.place for each in value.called}
    lines = []
    for name in REMOVALS:
        found = value.removal(name)
        low, high = (value.accuracy - each for each in reversed(found.drop_interval))
        look = "bad" if found.costs else "plain"
        mark = intervals.Mark(found.accuracy, max(0.0, low), min(1.0, high), look, f"{100 * found.accuracy:.1f}%")
        lines.append(intervals.Line(say(f"shortcut.without.{name}", language), (mark,), called=name in called))
    chart = intervals.chart(
        lines, reference=value.accuracy, caption=say("shortcut.caption", language), language=language,
        columns=[say("shortcut.without", language), say("shortcut.accuracy", language)],
        key=[
            ("plain", say("shortcut.key.plain", language)), ("bad", say("shortcut.key.bad", language)),
            ("reference", say("robustness.clean", language)),
        ],
    )  # fmt: skip
    return render(
        "results/shortcut.html", language, value=value, chart=chart, classes=run.classes,
        sentences=sentences(value, run.classes, language),
    )  # fmt: skip
