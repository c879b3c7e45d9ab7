"""Handing out: a teacher lets the class see and use a data set, a run with its model, or an imported model.

What is shared can be trained on, predicted with and downloaded; only its owner changes it. A shared run shows what its
report shows, the pictures too that it was trained and tested on.
"""

from __future__ import annotations

from resnet_studio import acting, belonging
from resnet_studio.data import editing
from resnet_studio.errors import StudioError
from resnet_studio.folder_names import safe_name
from resnet_studio.workspace import Workspace


def share(workspace: Workspace, kind: str, id: str, *, shared: bool) -> None:
    """Let the class see and use the ``run``, ``dataset`` or ``model`` with that ``id``, or no more.

    Raises :class:`StudioError` where there is none, or whoever acts here may not share it.
    """
    if kind == "run":
        path, thing = (folder := workspace.run(id).folder), belonging.of_run(folder)
    elif kind == "dataset":
        path, thing = (folder := editing.folder_of(workspace, id)), belonging.of_dataset(folder)
    elif kind == "model" and safe_name(id) and (file := workspace.imports / id).is_file():
        path, thing = file, belonging.of_file("model", file)
    else:
        raise StudioError("error.people.nothing_to_share")
    acting.check("share", thing)
    belonging.share(path, shared=shared)
