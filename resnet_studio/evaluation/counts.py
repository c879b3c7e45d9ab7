"""Precision, recall and F1 from counted predictions.

As scikit-learn defines them, to the bit (``tests/evaluation/test_report.py`` compares them). They are a few lines of
numpy, since importing scikit-learn, which brings scipy.stats and pandas along, would take a second of every training,
evaluation and prediction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def confusion_matrix(true: NDArray[np.int64], predicted: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    """``[classes, classes]``: how many pictures of each class (rows) were predicted as each (columns)."""
    return np.bincount(true * classes + predicted, minlength=classes**2).reshape(classes, classes)


def precision_recall_f1(
    confusion: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The three of each class ``[classes]``; 0 where a class was never predicted or has no pictures."""
    right, predicted, support = confusion.diagonal(), confusion.sum(0), confusion.sum(1)
    return _share(right, predicted), _share(right, support), _share(2 * right, predicted + support)


def _share(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.divide(part, whole, out=np.zeros(len(whole)), where=whole > 0)
