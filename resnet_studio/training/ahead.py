"""What a training with the usual settings will need, computed before anybody asks for it."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from typing import TYPE_CHECKING

from resnet_studio.config import TrainConfig
from resnet_studio.data.decode import content
from resnet_studio.evaluation.stage_outputs import Looker
from resnet_studio.evaluation.strangers import named, strangers
from resnet_studio.evaluation.unlikeness import contents_of, some
from resnet_studio.events import Preparing
from resnet_studio.model.device import choose_device
from resnet_studio.run_settings import RunSettings
from resnet_studio.training import hardware
from resnet_studio.training.finishing import cache_of_stages
from resnet_studio.training.near_duplicates import group_near_duplicates
from resnet_studio.training.plan import resolve_for
from resnet_studio.training.setup import prepare
from resnet_studio.workspace import Run

AT_ONCE = 32

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resnet_studio.batching import Picture
    from resnet_studio.data.dataset import Dataset
    from resnet_studio.events import Event
    from resnet_studio.training.control import Control
    from resnet_studio.training.materials import Materials
    from resnet_studio.workspace import Workspace


def prepare_ahead(dataset: Dataset, workspace: Workspace, control: Control) -> Generator[Event, None, None]:
    """Look for near-duplicates in ``dataset``, decode its pictures and compute what the network makes of them, into
    the cache.

    A training finds there what its settings have in common with the usual ones; of a set that has grown, all but the
    new pictures. The temporary folder is removed: no run is made. Raises :class:`StudioError` as a training would.
    """
    config = TrainConfig()
    resolved, parts = resolve_for(dataset, config)
    run = Run(workspace.new_folder("temporary", "ahead"))
    try:
        run.write_json("split.json", parts.to_json())
        run.write_settings(RunSettings({"counts": {}}, config, resolved))
        if (yield from group_near_duplicates(run, control)):
            session = yield from prepare(run, control)
            if session is not None:
                yield from _look_at(session.materials, control)
    finally:
        shutil.rmtree(run.folder, ignore_errors=True)


def _look_at(m: Materials, control: Control) -> Generator[Event, None, None]:
    """What the end of a training will ask the network, where only its head is trained: about the pictures, and about
    others that are like none of them.
    """
    if (cache := cache_of_stages(m.run)) is None:
        return
    looker = Looker.of(m.model, m.card, m.device, cache)
    samples = [sample for part in (m.split.train, m.split.validation, m.split.test) for sample in some(part)]
    files = [m.split.path(sample) for sample in samples]
    contents = [content(sample, file) for sample, file in zip(samples, files, strict=True)]
    parts: list[tuple[Sequence[Picture], Sequence[str]]] = [
        (kind, named(kind)) for kind in strangers(contents_of(m.split))
    ]
    parts += [(files[at : at + AT_ONCE], contents[at : at + AT_ONCE]) for at in range(0, len(files), AT_ONCE)]
    for done, (pictures, known_by) in enumerate(parts):
        if control.request:
            return
        looker.outputs(pictures, known_by)
        yield Preparing(stage="features", done=done + 1, total=len(parts))


def measure_machine(workspace: Workspace) -> None:
    """Find out how this machine computes fastest, where that is not known yet."""
    hardware.choose_compute("auto", choose_device("auto"), Run(workspace.temporary / "ahead").machine_file)
