"""Models for predictions: a list of them, a cache of loaded ones, and how often each was right in its test."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING, Literal

from resnet_studio import belonging
from resnet_studio.errors import CheckpointError, StudioError
from resnet_studio.evaluation.calibration import CALIBRATION, UNTESTED, Calibration, Record
from resnet_studio.folder_names import safe_name
from resnet_studio.service.run_data import Overview, RunData, format_timestamp
from resnet_studio.text import Language, say

if TYPE_CHECKING:
    from resnet_studio.imported_onnx import ImportedOnnx
    from resnet_studio.model.onnx_card import AnyCard
    from resnet_studio.prediction import Prediction, Predictor

KEPT = 6
"""Models in memory: more than answer together, which would else be loaded for each picture."""
TOGETHER = 5
"""Models that may be chosen to answer together on a page."""
SURE, LIKELY = 0.95, 0.7
"""How often similar answers must have been right in the test for an answer to be called sure, or likely."""
ENOUGH_TO_BE_SURE = 20
"""So many similar answers it takes to call one sure."""

Level = Literal["sure", "likely", "unsure", "unrated", "unknown"]


@dataclass(frozen=True)
class Model:
    """A model that can predict. ``key`` is ``run:ID`` or ``import:FILE``; ``run`` is set where it was trained here."""

    key: str
    file: Path
    run: Overview | None = None

    @property
    def name(self) -> str:
        """What the run, or the imported file, is called."""
        return self.file.stem if self.run is None else self.run.name

    def label(self, language: Language) -> str:
        """The model in one line of the chooser."""
        if self.run is None:
            return say("predict.model.import", language, name=self.file.stem)
        if self.run.state.finished is None:
            score = say(f"runs.status.{self.run.state.status_name}", language)
        else:
            tested = self.run.test_accuracy
            shown = self.run.validation_accuracy if tested is None else tested
            score = say("results.share", language, share=shown or 0.0)
        when = format_timestamp(self.run.about.get("created"), language)
        return say("predict.model.run", language, name=self.run.name, score=score, when=when)


class Models:
    """The models of a workspace."""

    def __init__(self, data: RunData) -> None:
        self._data = data
        self._imports = data.workspace.imports

    def all(self) -> list[Model]:
        """Finished runs first, the newest first; then unfinished ones that have a checkpoint, then imports."""
        runs = [Model(f"run:{o.run.id}", o.run.best, o) for o in self._data.overviews() if o.run.best.is_file()]
        runs.sort(key=lambda model: model.run is None or model.run.state.finished is None)
        kept = [*self._imports.glob("*.safetensors"), *self._imports.glob("*.onnx")]
        found = [file for file in kept if belonging.sees_file("model", file)]
        files = sorted(found, key=lambda path: -path.stat().st_mtime)
        return [*runs, *(Model(f"import:{file.name}", file) for file in files)]

    def find(self, key: object) -> Model:
        """The model called ``key``, which may come from anywhere. Raises :class:`StudioError` where there is none."""
        kind, _, name = str(key or "").partition(":")
        if not name or not safe_name(name):
            raise StudioError("error.predict.no_model")
        if kind == "run" and (run := self._data.find(name)) is not None and run.run.best.is_file():
            return Model(f"run:{name}", run.run.best, run)
        file = self._imports / name
        if kind == "import" and file.is_file() and belonging.sees_file("model", file):
            return Model(f"import:{name}", file)
        raise CheckpointError("error.predict.gone")

    def calibration(self, model: Model) -> Calibration:
        """How often ``model`` was right on its test pictures; :data:`UNTESTED` where that is not known."""
        found = self._data.part(model.run.run, CALIBRATION) if model.run else None
        return found or replace(UNTESTED, temperature=card_of(model).temperature)


class Predictors:
    """Caches the models used last; a file that was replaced is loaded again."""

    def __init__(self) -> None:
        self._cached: OrderedDict[tuple[Path, int], Predictor | ImportedOnnx] = OrderedDict()
        self._lock = Lock()
        self._loading: dict[Path, Lock] = {}

    def has(self, file: Path) -> bool:
        """Whether ``file`` is in memory, so that an answer comes at once."""
        try:
            return (file, file.stat().st_mtime_ns) in self._cached
        except OSError:
            return False

    def preload(self, file: Path) -> None:
        """Begin to load ``file`` in the background, while its user still looks for a picture."""

        def load() -> None:
            # What is wrong with the file is reported when it is used.
            with suppress(StudioError):
                self.of(file)

        if not self.has(file):
            Thread(target=load, name="load model", daemon=True).start()

    def network_of(self, file: Path) -> Predictor:
        """As :meth:`of`, with a network to look into. Raises :class:`CheckpointError` for an ONNX file, too."""
        from resnet_studio.prediction import Predictor

        found = self.of(file)
        if not isinstance(found, Predictor):
            raise CheckpointError("error.onnx.answers_only", file=file.name)
        return found

    def of(self, file: Path) -> Predictor | ImportedOnnx:
        """What answers with the model in ``file``. Raises :class:`CheckpointError` where it is not sound."""
        from resnet_studio.imported_onnx import load_model

        try:
            key = (file, file.stat().st_mtime_ns)
        except OSError as error:
            raise CheckpointError("error.predict.gone") from error
        with self._lock:
            loading = self._loading.setdefault(file, Lock())
        with loading:  # a file that takes long to open makes nobody wait who asks another one
            found = self._found(key)
            return self._kept(key, load_model(file)) if found is None else found

    def _found(self, key: tuple[Path, int]) -> Predictor | ImportedOnnx | None:
        with self._lock:
            if key in self._cached:
                self._cached.move_to_end(key)
            return self._cached.get(key)

    def _kept(self, key: tuple[Path, int], made: Predictor | ImportedOnnx) -> Predictor | ImportedOnnx:
        with self._lock:
            for stale in [other for other in self._cached if other[0] == key[0]]:
                del self._cached[stale]
            while len(self._cached) >= KEPT:
                self._cached.popitem(last=False)
            self._cached[key] = made
        return made


def card_of(model: Model) -> AnyCard:
    """What the model's file says of itself, without loading torch."""
    from resnet_studio.model.onnx_card import card_at

    return card_at(model.file)


def record_of(prediction: Prediction, calibration: Calibration) -> Record | None:
    """How often answers like ``prediction`` were right; unknown where a threshold named another class than the
    likeliest: the record is of likeliest classes.
    """
    likeliest = prediction.label == prediction.scores[0][0]
    return calibration.near(prediction.probability) if likeliest else None


def level(prediction: Prediction, known: Record | None) -> Level:
    """How sure to sound: by how often answers with a similar calibrated probability were right in the test, alone.

    Of 20 answers, at least 19 must have been right for "sure", 14 for "likely". Without a record, as there were too few
    such answers, nothing is promised: the answer is unrated, or unsure where the network itself doubts it. A picture
    unlike all training pictures is of none of the classes, whatever the probabilities are.
    """
    if prediction.unknown:
        return "unknown"
    if known is None:
        return "unrated" if prediction.probability >= 0.5 else "unsure"
    if known.share >= SURE and known.count >= ENOUGH_TO_BE_SURE:
        return "sure"
    return "likely" if known.share >= LIKELY else "unsure"
