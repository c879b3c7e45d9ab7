"""One race at a time, in a thread of its own; pages poll its status."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from resnet_studio.api import studies
from resnet_studio.errors import RunError, StudioError
from resnet_studio.training.control import Control

if TYPE_CHECKING:
    from resnet_studio.config import TrainConfig
    from resnet_studio.data.dataset import Dataset
    from resnet_studio.studies.race import Candidate, Race
    from resnet_studio.studies.racing import Step
    from resnet_studio.training.jobs import Jobs
    from resnet_studio.workspace import Workspace

STOP_SECONDS = 5.0


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


class RaceSearch:
    """Compares while nothing trains: on one device, each would only slow the other down."""

    def __init__(self, workspace: Workspace, jobs: Jobs) -> None:
        self.workspace, self._jobs = workspace, jobs
        self._lock = threading.Lock()
        self._status = RaceStatus()
        self._control = Control()
        self._thread: threading.Thread | None = None

    @property
    def status(self) -> RaceStatus:
        """The current status."""
        return self._status

    def start(self, dataset: Dataset, config: TrainConfig, *, download: bool = False) -> None:
        """Start, or go on. Raises :class:`RunError` while a training or another race is running."""
        with self._lock:
            if self._jobs.running() or self._jobs.queued():
                raise RunError("error.race.training")
            if self._status.working:
                raise RunError("error.race.running")
            self._status, self._control = RaceStatus(dataset.id, working=True), Control()
            self._thread = threading.Thread(
                target=self._work, args=(dataset, config, download, self._control), name="race", daemon=True
            )
            self._thread.start()

    def stop(self) -> None:
        """End the race, if there is one, and wait a little until it has."""
        self._control.stop()
        if self._thread is not None:
            self._thread.join(STOP_SECONDS)

    def _work(self, dataset: Dataset, config: TrainConfig, download: bool, control: Control) -> None:
        from resnet_studio.training.hardware import lower_priority

        lower_priority()

        def on_step(step: Step) -> None:
            self._status = replace(
                self._status, done=step.done, total=step.total, candidate=step.candidate, race=step.race
            )
            if self._jobs.running():
                control.stop()

        try:
            found = studies.race(
                dataset, config, download=download, workspace=self.workspace, on_step=on_step, control=control
            )
            self._status = RaceStatus(dataset.id, race=found)
        except StudioError as error:
            self._status = RaceStatus(dataset.id, problem=error)
        except Exception as error:  # the outer boundary of the thread: the page says that something went wrong
            logging.getLogger(__name__).exception("the race failed")
            self._status = RaceStatus(dataset.id, problem=StudioError("error.unexpected", kind=type(error).__name__))
