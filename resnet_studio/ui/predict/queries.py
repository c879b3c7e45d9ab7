"""Classifies one picture or a drawing, and renders the answer as HTML."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from threading import Lock

from resnet_studio.errors import DataError, StudioError
from resnet_studio.evaluation.calibration import UNTESTED
from resnet_studio.service.album import Album
from resnet_studio.service.predictors import Model, Models, Predictors, card_of
from resnet_studio.service.run_data import RunData
from resnet_studio.service.thumbnails import thumbnail
from resnet_studio.text import Language, say
from resnet_studio.ui.predict import view as predict_view
from resnet_studio.ui.predict.drawing import Paper, centred, decoded, paper_of
from resnet_studio.ui.predict.tries import copy_test_picture, panel, tries_of
from resnet_studio.workspace import Workspace

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

    def answer_picture(self, key: str | None, file: str | None, language: Language) -> Iterator[str]:
        """The answer for the picture ``file``; first that the model is being loaded, where it is not in memory."""
        model, classes = self._model(key)
        if not file:
            yield predict_view.waiting("one", partial(_word, language), classes)
            return
        yield from self._answer(model, Path(file), language)

    def answer_drawing(self, key: str | None, drawing: str, language: Language) -> Iterator[str]:
        """The answer for a ``drawing`` as the pad sends it."""
        model, classes = self._model(key)
        picture = centred(decoded(drawing), self.paper(model)) if drawing else None
        if picture is None:
            yield predict_view.waiting("draw", partial(_word, language), classes)
            return
        yield from self._answer(model, picture, language)

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

    def _model(self, key: str | None) -> tuple[Model, Sequence[str]]:
        model = self.models.find(key)
        return model, card_of(model).classes

    def _answer(self, model: Model, picture: Path | object, language: Language) -> Iterator[str]:
        from PIL import Image

        assert isinstance(picture, (Path, Image.Image))
        if not self.predictors.has(model.file):
            yield predict_view.loading(language)
        predictor, drawing = self.predictors.of(model.file), not isinstance(picture, Path)
        prediction = predictor([picture], drawings=drawing)[0]
        if isinstance(prediction, StudioError):
            raise prediction
        # accuracy on test pictures does not apply to drawings
        calibration = self.models.calibration(model) if isinstance(picture, Path) else UNTESTED
        large = thumbnail(picture, ENLARGED_SIDE)
        address = f"studio/asked/{self._album.keep(large)}" if large else ""
        looked = predict_view.Looked(address, model.key, predictor.card.classes, drawing) if large else None
        yield predict_view.answer(prediction, calibration, language, looked=looked)


def _word(language: Language, key: str) -> str:
    return say(key, language)
