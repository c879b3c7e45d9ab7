"""One search for a learning rate at a time, in a thread of its own; pages poll its status."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from resnet_studio import acting, api, belonging
from resnet_studio.errors import RunError, StudioError
from resnet_studio.events import Event, Preparing
from resnet_studio.training import hold
from resnet_studio.training.control import Control

if TYPE_CHECKING:
    from resnet_studio.config import TrainConfig
    from resnet_studio.data.dataset import Dataset
    from resnet_studio.training.finder import Rates
    from resnet_studio.training.jobs import Jobs
    from resnet_studio.workspace import Workspace

STOP_SECONDS = 5.0


@dataclass(frozen=True)
class SearchStatus:
    """The status of the search for the data set ``dataset``; it is over where there are ``rates`` or a ``problem``."""

    dataset: str = ""
    working: bool = False
    stage: str = ""
    done: int = 0
    total: int = 0
    rates: Rates | None = None
    problem: StudioError | None = None
    owner: str = ""


class RateSearch:
    """Searches while nothing trains: on one device, each would only slow the other down."""

    beside: Callable[[], bool] = staticmethod(lambda: False)
    """Whether work of another kind is going on, beside which this may not begin."""

    def __init__(self, workspace: Workspace, jobs: Jobs) -> None:
        self.workspace, self._jobs = workspace, jobs
        self._lock = threading.Lock()
        self._status = SearchStatus()
        self._control = Control()
        self._thread: threading.Thread | None = None

    @property
    def status(self) -> SearchStatus:
        """The current status; nothing where somebody else searches."""
        known = self._status
        return known if acting.allowed("see", belonging.of_one("dataset", known.owner)) else SearchStatus()

    @property
    def working(self) -> bool:
        """Whether anybody's search is going on."""
        return self._status.working

    @property
    def stopping(self) -> bool:
        """Whether the search was asked to end and has not yet."""
        return self.working and self._control.request is not None

    def start(self, dataset: Dataset, config: TrainConfig) -> None:
        """Start. Raises :class:`RunError` while a training or another search is running, or training is off."""
        hold.check(self.workspace)
        with self._lock:
            if self._jobs.queued() or self._jobs.running():
                raise RunError("error.rates.training")
            if self._status.working:
                raise RunError("error.rates.searching")
            if self.beside():
                raise RunError("error.search.beside")
            self._status, self._control = SearchStatus(dataset.id, working=True, owner=acting.owner()), Control()
            self._thread = threading.Thread(
                target=self._work, args=(dataset, config, self._control), name="learning-rate", daemon=True
            )
            self._thread.start()

    def stop(self) -> None:
        """End the search, if there is one, and wait a little until it has."""
        self._control.stop()
        if self._thread is not None:
            self._thread.join(STOP_SECONDS)

    def _work(self, dataset: Dataset, config: TrainConfig, control: Control) -> None:
        from resnet_studio.training.hardware import lower_priority

        lower_priority()

        def on_event(event: Event) -> None:
            if isinstance(event, Preparing):
                self._status = replace(self._status, stage=event.stage, done=event.done, total=event.total)
            if self._jobs.running():
                control.stop()

        try:
            rates = api.find_learning_rate(
                dataset, config, workspace=self.workspace, on_event=on_event, control=control
            )
            self._end(rates=rates)
        except StudioError as error:
            self._end(problem=error)
        except Exception as error:  # the outer boundary of the thread: the page says that something went wrong
            logging.getLogger(__name__).exception("the search for a learning rate failed")
            self._end(problem=StudioError("error.unexpected", kind=type(error).__name__))

    def _end(self, *, rates: Rates | None = None, problem: StudioError | None = None) -> None:
        known = self._status
        self._status = SearchStatus(known.dataset, rates=rates, problem=problem, owner=known.owner)
