"""ResNet Studio: fine-tune an image classifier without writing code."""

from resnet_studio.api import (
    edit_data,
    evaluate,
    open_data,
    predict,
    redo_edit,
    report,
    resume,
    save_data,
    train,
    undo_edit,
)
from resnet_studio.api.ensembles import evaluate_together, predict_together
from resnet_studio.api.explanations import Explanation, explain
from resnet_studio.api.exports import Exported, export
from resnet_studio.api.inside import look_inside
from resnet_studio.api.pruning import prune
from resnet_studio.api.reports import compare, save_card, save_report
from resnet_studio.api.studies import cross_validate, race, save_search_plots, search
from resnet_studio.config import TrainConfig
from resnet_studio.data.edits import Edit
from resnet_studio.errors import (
    CheckpointError,
    ConfigError,
    DataError,
    ExportError,
    RunError,
    StudioError,
    WeightsError,
)
from resnet_studio.model.activations import Activations
from resnet_studio.prediction import Prediction, Predictor
from resnet_studio.version import __version__
from resnet_studio.workspace import Run, Workspace

__all__ = [
    "Activations",
    "CheckpointError",
    "ConfigError",
    "DataError",
    "Edit",
    "Explanation",
    "ExportError",
    "Exported",
    "Prediction",
    "Predictor",
    "Run",
    "RunError",
    "StudioError",
    "TrainConfig",
    "WeightsError",
    "Workspace",
    "__version__",
    "compare",
    "cross_validate",
    "edit_data",
    "evaluate",
    "evaluate_together",
    "explain",
    "export",
    "look_inside",
    "open_data",
    "predict",
    "predict_together",
    "prune",
    "race",
    "redo_edit",
    "report",
    "resume",
    "save_card",
    "save_data",
    "save_report",
    "save_search_plots",
    "search",
    "train",
    "undo_edit",
]
