"""The Python API of pruning.

>>> import resnet_studio as studio
>>> smaller = studio.prune("last", keep=0.6)  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from resnet_studio import labels
from resnet_studio.api.training import OnEvent, train_all
from resnet_studio.workspace import Run, Workspace

if TYPE_CHECKING:
    from resnet_studio.config import PruneBy
    from resnet_studio.training.control import Control


def prune(
    run: Run | str,
    *,
    keep: float = 0.7,
    by: PruneBy = "batchnorm",
    epochs: int | None = None,
    workspace: Workspace | None = None,
    on_event: OnEvent | None = None,
    control: Control | None = None,
    name: str | None = None,
    note: str | None = None,
) -> Run:
    """Take channels out of the model of ``run`` so that a share of ``keep`` remains, train it on, and return that run.

    The new run has the same pictures in the same parts; see :mod:`resnet_studio.model.widths` for what is taken out.
    :func:`resnet_studio.studies.pruned.compare` measures both. Raises :class:`StudioError` where it cannot be done.
    """
    from resnet_studio.studies.pruned import new_pruned_run

    home = workspace or Workspace.open()
    found = run if isinstance(run, Run) else home.find_run(run)
    made = new_pruned_run(found, keep, home, by=by, epochs=epochs, facts=labels.facts(name, note, ""))
    train_all((made,), on_event, control)
    return made
