"""The Python API: open a data set, train, predict.

>>> import resnet_studio as studio
>>> run = studio.train(studio.open_data("photos.zip"), epochs=5)
>>> studio.predict(run, "new.jpg")[0].label
'cat'

Start at ``training``; ``data``, ``results`` and ``reports`` are what most need besides. All public names are in
:mod:`resnet_studio` itself.
"""

from resnet_studio.api.data import edit_data, open_data, redo_edit, save_data, undo_edit
from resnet_studio.api.results import checkpoint_path, evaluate, predict, report
from resnet_studio.api.training import OnEvent, find_learning_rate, repeat, resume, train, train_all

__all__ = [
    "OnEvent",
    "checkpoint_path",
    "edit_data",
    "evaluate",
    "find_learning_rate",
    "open_data",
    "predict",
    "redo_edit",
    "repeat",
    "report",
    "resume",
    "save_data",
    "train",
    "train_all",
    "undo_edit",
]
