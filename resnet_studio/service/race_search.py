"""The race of the page, in the background; pages poll its status."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from resnet_studio.api import studies
from resnet_studio.service.alone import Alone

if TYPE_CHECKING:
    from resnet_studio.config import TrainConfig
    from resnet_studio.data.dataset import Dataset
    from resnet_studio.errors import StudioError
    from resnet_studio.studies.race import Candidate, Race
    from resnet_studio.studies.racing import RaceStep
    from resnet_studio.training.control import Control
    from resnet_studio.training.jobs import Jobs
    from resnet_studio.workspace import Workspace


@dataclass(frozen=True)
class RaceStatus:
    """The status of the race on the data set ``dataset``: what is known so far, and why it ended where it failed."""

    dataset: str = ""
    working: bool = False
    done: int = 0
    total: int = 0
    candidate: Candidate | None = None
    race: Race | None = None
    problem: StudioError | None = None


class RaceSearch(Alone[RaceStatus]):
    """Compares while nothing trains."""

    def __init__(self, workspace: Workspace, jobs: Jobs) -> None:
        super().__init__(workspace, jobs, RaceStatus(), training="error.race.training", busy="error.race.running")

    def start(self, dataset: Dataset, config: TrainConfig, *, download: bool = False) -> None:
        """Start, or go on. Raises :class:`RunError` while a training or another race is running."""

        def on_step(step: RaceStep) -> None:
            self.status = replace(
                self.status, done=step.done, total=step.total, candidate=step.candidate, race=step.race
            )
            self.give_way()

        def work(control: Control) -> RaceStatus:
            found = studies.race(
                dataset, config, download=download, workspace=self.workspace, on_step=on_step, control=control
            )
            return RaceStatus(dataset.id, race=found)

        failed = lambda error: RaceStatus(dataset.id, problem=error)  # noqa: E731
        self.begin(RaceStatus(dataset.id, working=True), work, failed)
