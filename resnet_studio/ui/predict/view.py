"""What the Predict tab answers, as HTML."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from resnet_studio.errors import StudioError
from resnet_studio.evaluation.calibration import Calibration
from resnet_studio.evaluation.tables import csv_text
from resnet_studio.service.predictors import Level, level
from resnet_studio.text import Language, say
from resnet_studio.ui.page.notes import alert
from resnet_studio.ui.page.templates import render

if TYPE_CHECKING:
    from resnet_studio.prediction import Prediction

BARS = 5
ROWS_SHOWN = 200
MISLEADING = 0.1
COUNTS_SHOWN = 12
CLASSES_SHOWN = 24


def waiting(kind: str, word: Callable[[str], str], classes: Sequence[str] = ()) -> str:
    """Before the first answer: what to do, and what the model knows. ``word`` gives the text of a key."""
    key = {"draw": "predict.waiting.draw", "many": "predict.waiting.many"}.get(kind, "predict.waiting.text")
    return render("predict/waiting.html", word=word, key=key, classes=classes, most=CLASSES_SHOWN)


def loading(language: Language) -> str:
    """While the model is being read."""
    return render("predict/loading.html", language)


def no_model(language: Language) -> str:
    """What the tab shows while there is no model at all."""
    return render("predict/no_model.html", language)


def about(network: str, classes: Sequence[str], language: Language) -> str:
    """What the chosen model is, in one line: its ``network`` and how many classes it tells apart."""
    return render("predict/about.html", language, network=network, classes=len(classes))


def problem(sentence: str) -> str:
    """Why there is no answer."""
    return render("predict/problem.html", note=alert(sentence))


def answer(
    prediction: Prediction, calibration: Calibration, language: Language, *, looked: Looked | None = None
) -> str:
    """The verdict in words, the bars of the best classes, how far the percentages can be trusted, where it looked."""
    record = calibration.near(prediction.probability)
    bars = BARS + 1 if len(prediction.scores) <= BARS + 1 else BARS
    return render(
        "predict/answer.html",
        language,
        prediction=prediction,
        level=level(prediction, record),
        bars=bars,
        rest=prediction.scores[bars:],
        record=record,
        uncalibrated=record is None or abs(record.share - prediction.probability) > MISLEADING,
        looked=looked,
    )


@dataclass(frozen=True)
class Looked:
    """A picture in the album at ``address``, and the ``model`` that was asked, which knows ``classes``."""

    address: str
    model: str
    classes: Sequence[str]
    drawing: bool = False

    @property
    def heat(self) -> str:
        """The address of its heat map, for the class that the model names."""
        asked = {"model": self.model} | ({"drawing": "true"} if self.drawing else {})
        return f"{self.address}/heat?{urlencode(asked)}"

    def label(self, name: str) -> int:
        """The index of a class."""
        return self.classes.index(name)


@dataclass(frozen=True)
class Named:
    """One of many pictures: its name, the addresses of a small and a large version, what the model said or why not."""

    name: str
    picture: str
    large: str
    said: Prediction | StudioError

    @property
    def problem(self) -> StudioError | None:
        """Why the model gave no answer, where it gave none."""
        return self.said if isinstance(self.said, StudioError) else None


def many(
    named: Sequence[Named],
    total: int,
    seconds: str,
    calibration: Calibration,
    language: Language,
    *,
    classes: Sequence[str],
    stopped: bool = False,
    model: str = "",
) -> str:
    """The table of the answers so far, of ``total``; with the CSV once all are there, or it was stopped."""
    done = len(named) == total or stopped
    good = [one for one in named if not one.problem]
    levels = [_level(one, calibration) for one in named]
    facts = [say("predict.table.done", language, count=len(good), time=seconds)]
    if unsure := levels.count("unsure"):
        facts.append(say("predict.table.unsure", language, count=unsure))
    if failed := len(named) - len(good):
        facts.append(say("predict.table.failed", language, count=failed))
    labels = Counter(one.said.label for one in good if not isinstance(one.said, StudioError))
    return render(
        "predict/many.html",
        language,
        answers=named,
        total=max(1, total),
        done=done,
        stopped=stopped,
        facts=facts,
        csv=_csv_address(named, classes) if done else "",
        counts=labels.most_common(COUNTS_SHOWN),
        rows=list(zip(named, levels, strict=True))[:ROWS_SHOWN],
        heat=f"/heat?{urlencode({'model': model})}",
    )


def _level(one: Named, calibration: Calibration) -> Level | None:
    return None if isinstance(one.said, StudioError) else level(one.said, calibration.near(one.said.probability))


def answers_csv(named: Sequence[Named], classes: Sequence[str]) -> str:
    """All answers: picture, answer, its probability, the probability of every class; a problem in the last column."""
    rows: list[list[object]] = []
    for one in named:
        if isinstance(one.said, StudioError):
            rows.append([one.name, "", "", *("" for _ in classes), one.said.sentence()])
            continue
        scores = dict(one.said.scores)
        values = [round(scores[name], 6) for name in classes]
        rows.append([one.name, one.said.label, round(one.said.probability, 6), *values, ""])
    return csv_text(["picture", "answer", "probability", *classes, "problem"], rows)


def _csv_address(named: Sequence[Named], classes: Sequence[str]) -> str:
    """The CSV inside the page itself, as the last part of a ``data:`` address: nobody else can fetch it."""
    return quote("\ufeff" + answers_csv(named, classes))
