"""Optuna's own plots of a search, by matplotlib: history, importances, slices, parallel coordinates."""

from __future__ import annotations

import io
import threading
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resnet_studio.durable import make_folder, replacing
from resnet_studio.errors import RunError

if TYPE_CHECKING:
    import optuna

PLOTS = ("history", "importances", "slice", "parallel")
DPI = 120
_ONE_AT_A_TIME = threading.Lock()
"""Optuna draws with pyplot, whose state belongs to the whole process."""


def draw(study: optuna.Study, name: str) -> bytes:
    """The plot called ``name``, one of :data:`PLOTS`, as PNG. Raises :class:`RunError` where trials are too few."""
    finished = [trial for trial in study.get_trials(deepcopy=False) if trial.state.name == "COMPLETE"]
    if len(finished) < 2:
        raise RunError("error.search.no_plots")
    import matplotlib as mpl

    with _ONE_AT_A_TIME, warnings.catch_warnings(), mpl.rc_context():
        warnings.simplefilter("ignore")  # Optuna calls its plots experimental
        mpl.use("Agg", force=False)
        from matplotlib import pyplot
        from optuna.visualization import matplotlib as drawn

        work: dict[str, Any] = {
            "history": drawn.plot_optimization_history, "importances": drawn.plot_param_importances,
            "slice": drawn.plot_slice, "parallel": drawn.plot_parallel_coordinate,
        }  # fmt: skip
        try:
            work[name](study)
            buffer = io.BytesIO()
            pyplot.gcf().savefig(buffer, format="png", dpi=DPI, bbox_inches="tight")
        finally:
            pyplot.close("all")
    return buffer.getvalue()


def write(study: optuna.Study, folder: Path) -> list[Path]:
    """All plots into ``folder``; importances only where more than one accuracy was reached."""
    make_folder(folder)
    written = []
    values = {trial.value for trial in study.get_trials(deepcopy=False) if trial.state.name == "COMPLETE"}
    for name in PLOTS:
        if name == "importances" and len(values) < 2:
            continue
        picture = draw(study, name)
        with replacing(folder / f"search-{name}.png") as path:
            path.write_bytes(picture)
        written.append(folder / f"search-{name}.png")
    return written
