"""What the Predict tab answers, as HTML."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from resnet_studio.evaluation.calibration import Calibration
from resnet_studio.service.predictors import level, record_of
from resnet_studio.text import Language
from resnet_studio.ui.page.notes import alert
from resnet_studio.ui.page.templates import render

if TYPE_CHECKING:
    from resnet_studio.prediction import Prediction

BARS = 5
MISLEADING = 0.1
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


def about(network: str, classes: Sequence[str], language: Language, *, answers_only: bool = False) -> str:
    """What the chosen model is, in one line: its ``network``, how many classes it tells apart, whether that is all."""
    shown = {"network": network, "classes": len(classes), "answers_only": answers_only}
    return render("predict/about.html", language, **shown)


def problem(sentence: str) -> str:
    """Why there is no answer."""
    return render("predict/problem.html", note=alert(sentence))


def answer(
    prediction: Prediction, calibration: Calibration, language: Language, *, looked: Looked | None = None,
    models: int = 1, thresholds: Mapping[str, float] = MappingProxyType({}),
) -> str:  # fmt: skip
    """The verdict in words, the bars of the best classes, how far the percentages can be trusted, where it looked.

    So many ``models`` have answered, by these ``thresholds``.
    """
    record = record_of(prediction, calibration)
    bars = BARS + 1 if len(prediction.scores) <= BARS + 1 else BARS
    return render(
        "predict/answer.html",
        language,
        prediction=prediction,
        level=level(prediction, record),
        bars=bars,
        rest=prediction.scores[bars:],
        record=record,
        looked=looked,
        models=models,
        second=next((name for name, _ in prediction.scores if name != prediction.label), ""),
        threshold=thresholds.get(prediction.label) if prediction.label != prediction.scores[0][0] else None,
        warning=_warning(prediction, calibration, models),
    )


def _warning(prediction: Prediction, calibration: Calibration, models: int) -> str:
    """The key of the sentence that says why the percentages should not be taken as odds; empty where they may be."""
    record = record_of(prediction, calibration)
    if record is not None and abs(record.share - prediction.probability) <= MISLEADING:
        return ""
    if calibration.temperature == 1 and models == 1:  # what several answer is the mean of calibrated ones
        return "predict.uncalibrated"
    return "" if record is None else "predict.misleading"


@dataclass(frozen=True)
class Looked:
    """A picture in the album at ``address``, and the ``models`` that were asked, which know ``classes``."""

    address: str
    models: tuple[str, ...]
    classes: Sequence[str]
    drawing: bool = False

    def heat_of(self, prediction: Prediction) -> str:
        """The address of its heat map, for the class that the ``prediction`` names."""
        asked = [("model", key) for key in self.models] + ([("drawing", "true")] if self.drawing else [])
        if prediction.label != prediction.scores[0][0] or len(self.models) > 1:
            asked.append(("label", str(self.label(prediction.label))))
        return f"{self.address}/heat?{urlencode(asked)}"

    @property
    def nearest(self) -> str:
        """The address of the training pictures that it resembles; empty where the model is of no run, or not alone."""
        asked = {"model": self.models[0]} | ({"drawing": "true"} if self.drawing else {})
        alone = len(self.models) == 1 and self.models[0].startswith("run:")
        return f"{self.address}/nearest?{urlencode(asked)}" if alone else ""

    def label(self, name: str) -> int:
        """The index of a class."""
        return self.classes.index(name)
