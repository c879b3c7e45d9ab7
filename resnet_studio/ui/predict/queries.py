"""Classifies one picture or a drawing, and renders the answer as HTML."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from resnet_studio.errors import DataError, StudioError
from resnet_studio.evaluation.calibration import UNTESTED, Calibration
from resnet_studio.model.onnx_card import is_onnx
from resnet_studio.predicting.engine import Answering
from resnet_studio.service.album import Album
from resnet_studio.service.asking import ModelSelection, asked
from resnet_studio.service.predictors import Model, Models, Predictors
from resnet_studio.service.run_data import RunData
from resnet_studio.service.thumbnails import thumbnail
from resnet_studio.text import Language, say
from resnet_studio.ui.predict import view as predict_view
from resnet_studio.ui.predict.drawing import Paper, centred, decoded, paper_of
from resnet_studio.ui.predict.tries import copy_test_picture, panel, tries_of
from resnet_studio.workspace import Workspace

if TYPE_CHECKING:
    from PIL import Image

ENLARGED_SIDE = 640


class ModelQueries:
    """What the handlers of the Predict tab share: the models, the loaded predictors."""

    def __init__(
        self,
        workspace: Workspace,
        album: Album | None = None,
        runs: RunData | None = None,
        predictors: Predictors | None = None,
    ) -> None:
        self._data = runs or RunData(workspace)
        self._album = album or Album()
        self._workspace = workspace
        self._papers: dict[str, Paper] = {}
        self._lock = Lock()
        self.models = Models(self._data)
        self.predictors = predictors or Predictors()

    def default(self, run: str | None) -> Model | None:
        """The model of ``run`` where that is finished, else the newest finished one, else any; None without models."""
        models = self.models.all()
        own = (model for model in models if model.key == f"run:{run}" and model.run and model.run.state.finished)
        return next(own, models[0] if models else None)

    def answer_picture(
        self, key: str | None, file: str | None, language: Language, more: object = None
    ) -> Iterator[str]:
        """The answer for the picture ``file``; first that the model is being loaded, where it is not in memory.

        ``more`` is what was chosen beside the model, see :func:`resnet_studio.service.asking.asked`.
        """
        found = asked(self.models, key, more)
        if not file:
            yield predict_view.waiting("one", partial(_word, language), found.classes)
            return
        yield from self._answer(found, Path(file), language)

    def answer_drawing(self, key: str | None, drawing: str, language: Language, more: object = None) -> Iterator[str]:
        """The answer for a ``drawing`` as the pad sends it."""
        found = asked(self.models, key, more)
        picture = centred(decoded(drawing), self.paper(found.model)) if drawing else None
        if picture is None:
            yield predict_view.waiting("draw", partial(_word, language), found.classes)
            return
        yield from self._answer(found, picture, language)

    def paper(self, model: Model) -> Paper:
        """What the training pictures of ``model`` are drawn on."""
        with self._lock:
            if model.key not in self._papers:
                split = self._data.split(model.run.run) if model.run else None
                files = [split.path(sample) for sample in split.train] if split else []
                self._papers[model.key] = paper_of(files)
            return self._papers[model.key]

    def tries(self, model: Model, first: int, language: Language) -> str:
        """Test pictures of ``model`` to try, from the ``first`` on; nothing where there are none."""
        if model.run is None:
            return ""
        found, total = tries_of(self._data, model.run.run, first)
        return panel(found, first, total, language, drawn=self.paper(model).drawn)

    def copy_test_picture(self, model: Model, index: object) -> Path:
        """A copy of test picture ``index`` of ``model`` where the page may show it. Raises :class:`DataError`."""
        if model.run is None or not isinstance(index, int):
            raise DataError("error.predict.try_gone")
        return copy_test_picture(self._data, model.run.run, index, self._workspace)

    def _answer(self, found: ModelSelection, picture: Path | Image.Image, language: Language) -> Iterator[str]:
        if not all(self.predictors.has(model.file) for model in found.models):
            yield predict_view.loading(language)
        drawing = not isinstance(picture, Path)
        tool = found.tool(self._workspace, self.predictors.of, drawings=drawing)
        (prediction,) = tool.answer([picture])
        if isinstance(prediction, StudioError):
            raise prediction
        # accuracy on test pictures does not apply to drawings
        calibration = self._calibration(found, tool) if not drawing else UNTESTED
        shows = not any(is_onnx(model.file) for model in found.models)
        large = thumbnail(picture, ENLARGED_SIDE) if shows else None
        address = f"studio/asked/{self._album.keep(large)}" if large else ""
        looked = predict_view.Looked(address, found.keys, found.classes, drawing) if large else None
        yield predict_view.answer(
            prediction, calibration, language, looked=looked, models=len(found.models), thresholds=found.thresholds
        )

    def _calibration(self, found: ModelSelection, tool: Answering) -> Calibration:
        return self.models.calibration(found.model) if found.alone else tool.calibration


def _word(language: Language, key: str) -> str:
    return say(key, language)
