"""Pictures that are scored, but no news to a model: resized, cropped or encoded again, they have other bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from resnet_studio.data import near
from resnet_studio.data.cache import ArrayCache
from resnet_studio.data.run_split import split_of
from resnet_studio.errors import ConfigError, RunError
from resnet_studio.evaluation.seen import SeenPictures, ancestors, key
from resnet_studio.grouping import parse
from resnet_studio.stepwise import result_of

if TYPE_CHECKING:
    from resnet_studio.data.dataset import Sample
    from resnet_studio.workspace import Run, Workspace

MOST = 20_000
"""Of more pictures, those that a model has seen and the scored ones together, no near-duplicates are looked for: so
many that are new take about a minute on two cores.
"""


def with_near(
    seen: SeenPictures | None, run: Run | None, pictures: Mapping[Sample, Path], workspace: Workspace
) -> SeenPictures | None:
    """``seen`` by the model of ``run`` with those of ``pictures``, each with its file, that are near-duplicates of it;
    as it is where there are too many to look for any, or where the settings of ``run`` do not.
    """
    if seen is None or run is None or not _looks_for_any(run):
        return seen
    others = [(sample, file) for sample, file in pictures.items() if not seen.itself(sample)]
    known = _pictures_of(run, workspace)
    if len(known) + len(others) > MOST:
        return seen
    if not known or not others:
        return replace(seen, near=frozenset())
    search = near.near_to(_columns(known), _columns(others), ArrayCache(workspace.cache))
    return replace(seen, near=frozenset(key(others[place][0]) for place in result_of(search)))


def _looks_for_any(run: Run) -> bool:
    try:
        return parse(run.config.groups).near
    except (RunError, ConfigError):
        return True


def _pictures_of(run: Run, workspace: Workspace) -> list[tuple[Sample, Path]]:
    """What ``run`` and those that it starts from were trained on or chosen by, as far as it is still there."""
    found: dict[str, tuple[Sample, Path]] = {}
    for each in (run, *ancestors(run, workspace, taught=False)):
        with suppress(RunError):
            split = split_of(each)
            for sample in (*split.train, *split.validation):
                if (path := split.path(sample)).is_file():
                    found[key(sample)] = sample, path
    return list(found.values())


def _columns(pictures: Sequence[tuple[Sample, Path]]) -> near.Samples:
    return [sample for sample, _ in pictures], [path for _, path in pictures]
