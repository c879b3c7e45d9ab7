"""From the keys of models to what names pictures: one network or several together, and how sure to sound."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from resnet_studio import belonging
from resnet_studio.errors import CheckpointError, RunError, StudioError
from resnet_studio.evaluation import together
from resnet_studio.evaluation.calibration import CALIBRATION, UNTESTED, Calibration
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.folder_names import safe_name
from resnet_studio.predicting.engine import Answering
from resnet_studio.service.ensembles import reports_of
from resnet_studio.service.predictors import level, record_of
from resnet_studio.workspace import Run, Workspace

if TYPE_CHECKING:
    from PIL.Image import Image

    from resnet_studio.batching import BatchedModel
    from resnet_studio.ensemble import Ensemble
    from resnet_studio.prediction import Prediction


def key_of(file: Path, workspace: Workspace) -> str:
    """The key of the checkpoint ``file``: one of a run or of the imports of ``workspace`` moves with it."""
    file = file.resolve()
    if file.parent.parent == workspace.root / "runs" and file.name == "best.safetensors":
        return f"run:{file.parent.name}"
    return f"import:{file.name}" if file.parent == workspace.imports else f"file:{file}"


def file_of(key: str, workspace: Workspace) -> Path:
    """The checkpoint behind ``key``. Raises :class:`CheckpointError` where it is gone."""
    kind, _, name = key.partition(":")
    file = Path(name)
    if kind in ("run", "import"):
        if not safe_name(name):
            raise CheckpointError("error.predict.gone")
        file = workspace.imports / name if kind == "import" else workspace.root / "runs" / name / "best.safetensors"
    if not file.is_file():
        raise CheckpointError("error.predict.gone")
    return file


def check_models(keys: Sequence[str], workspace: Workspace) -> None:
    """Raise :class:`CheckpointError` where whoever acts here may not use one of the models ``keys`` any more."""
    for key in keys:
        kind, _, name = key.partition(":")
        sees = (
            belonging.sees_run(workspace.root / "runs" / name)
            if kind == "run"
            else kind != "import" or belonging.sees_file("model", workspace.imports / name)
        )
        if not sees:
            raise CheckpointError("error.predictions.taken_back")


def calibration_of(file: Path) -> Calibration:
    """How often the checkpoint ``file`` of a run was right in its test; :data:`UNTESTED` where that is not known."""
    if not (file.parent / "config.json").is_file():
        return UNTESTED
    try:
        return RunReport(Run(file.parent)).get(CALIBRATION) or UNTESTED
    except RunError:
        return UNTESTED


def answering(
    keys: Sequence[str], workspace: Workspace, load: Callable[[Path], BatchedModel], *, drawings: bool = False,
    thresholds: Mapping[str, float] | None = None,
) -> Answering:  # fmt: skip
    """What names pictures with the models ``keys``, loaded by ``load``; several answer together. A class that is in
    ``thresholds`` is answered from that probability on.

    Raises :class:`StudioError`.
    """
    files = [file_of(key, workspace) for key in keys]
    predictors = [load(file) for file in files]
    tool: BatchedModel | Ensemble = predictors[0]
    calibration = calibration_of(files[0])
    if len(files) > 1:
        from resnet_studio.ensemble import Ensemble

        tool = Ensemble(predictors, [key.partition(":")[2] for key in keys])
        reports = reports_of(files)
        calibration = (together.calibration_of(reports) if reports else None) or UNTESTED

    def answer(pictures: Sequence[Path | Image]) -> Sequence[Prediction | StudioError]:
        return tool(pictures, drawings=drawings, thresholds=thresholds)

    def judge(prediction: Prediction) -> str:
        return level(prediction, record_of(prediction, calibration))

    return Answering(answer, judge, calibration)
