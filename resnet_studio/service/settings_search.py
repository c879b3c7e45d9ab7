"""The search for settings of the page, in the background; pages poll its status."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from resnet_studio.api import studies
from resnet_studio.service.alone import Alone

if TYPE_CHECKING:
    from resnet_studio.config import TrainConfig
    from resnet_studio.data.dataset import Dataset
    from resnet_studio.errors import StudioError
    from resnet_studio.events import Event
    from resnet_studio.studies.search import Method, Search
    from resnet_studio.training.control import Control
    from resnet_studio.training.jobs import Jobs
    from resnet_studio.workspace import Workspace


@dataclass(frozen=True)
class SettingsStatus:
    """The status of the search on the data set ``dataset``."""

    dataset: str = ""
    working: bool = False
    search: Search | None = None
    problem: StudioError | None = None


class SettingsSearch(Alone[SettingsStatus]):
    """Searches while nothing else trains; ``room`` is called with whoever searches before each trial, which is a run of
    theirs, and raises :class:`StudioError` where they may have no more.
    """

    def __init__(self, workspace: Workspace, jobs: Jobs, room: Callable[[str], None] = lambda _: None) -> None:
        self._room = room
        super().__init__(
            workspace, jobs, SettingsStatus(), training="error.search.training", busy="error.search.running"
        )

    def start(self, dataset: Dataset, config: TrainConfig, trials: int, method: Method, *, started_by: str) -> None:
        """Start, or go on. Raises :class:`RunError` while a training or another search is running."""
        from resnet_studio.studies.search import SEARCHED, check

        check(trials, method, SEARCHED)
        self._room(started_by)

        def on_trial(found: Search) -> None:
            self.status = replace(self.status, search=found)
            if not found.complete:
                self._room(started_by)

        def on_event(_: Event) -> None:
            self.give_way()

        def work(control: Control) -> SettingsStatus:
            found = studies.search(
                dataset, config, trials=trials, method=method, workspace=self.workspace, on_trial=on_trial,
                on_event=on_event, control=control, started_by=started_by,
            )  # fmt: skip
            return SettingsStatus(dataset.id, search=found)

        failed = lambda error: SettingsStatus(dataset.id, problem=error)  # noqa: E731
        self.begin(SettingsStatus(dataset.id, working=True), work, failed)
