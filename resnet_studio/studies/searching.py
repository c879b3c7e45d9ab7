"""A search is carried out: trial after trial, each a run in the workspace, pruned by what its log says."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from filelock import Timeout

from resnet_studio.durable import make_folder
from resnet_studio.errors import RunError, StudioError
from resnet_studio.events import EpochFinished, Event, Failed, Finished, Interrupted
from resnet_studio.locks import Lock
from resnet_studio.stepwise import result_of
from resnet_studio.studies import search as searches
from resnet_studio.studies.search import KIND, Method, Search, Searched
from resnet_studio.studies.untested import untested_split

if TYPE_CHECKING:
    import optuna

    from resnet_studio.config import TrainConfig
    from resnet_studio.data.dataset import Dataset, Split
    from resnet_studio.training.control import Control
    from resnet_studio.workspace import Run, Workspace

STEPS = 10
"""A trial is compared with others at so many shares of its epochs: they have different numbers of them."""
LEFT = ("queued", "interrupted")
"""A run of these states can be gone on with."""
OnTrial = Callable[[Search], None]
OnEvent = Callable[[Event], None]


@dataclass(frozen=True)
class Plan:
    """What a search is to be."""

    trials: int
    method: Method = "tpe"
    over: Sequence[Searched] = searches.SEARCHED


def run_search(
    dataset: Dataset,
    config: TrainConfig,
    workspace: Workspace,
    control: Control,
    plan: Plan,
    *,
    on_trial: OnTrial | None = None,
    on_event: OnEvent | None = None,
    started_by: str = "program",
) -> Search:
    """Search for settings of a training of ``config`` on ``dataset``, or go on with that.

    ``on_trial`` is called before and after each trial, ``on_event`` with what the logs of the runs get. Where
    ``control`` asks for the end, the run at work is saved, and resumed when the search goes on. Raises
    :class:`StudioError` as a training would, and where another program is at the same search.
    """
    from resnet_studio.training.lineage import with_weights_of_run

    searches.check(plan.trials, plan.method, plan.over)
    with_weights_of_run(config, workspace, dataset)  # what no trial could be is refused before the first one
    split = result_of(untested_split(dataset, config, workspace, control), on_event)
    if split is None:
        raise RunError("error.search.stopped")
    id = searches.search_id(split, config, plan.method, plan.over)
    make_folder(searches.folder_of(workspace, id))
    try:
        with Lock(searches.folder_of(workspace, id) / "lock").acquire(timeout=0):
            work = _Work(dataset, config, workspace, control, plan, split, id, on_trial, on_event, started_by)
            return work.run()
    except Timeout as error:
        raise RunError("error.search.busy") from error


@dataclass
class _Work:
    dataset: Dataset
    config: TrainConfig
    workspace: Workspace
    control: Control
    plan: Plan
    split: Split
    id: str
    on_trial: OnTrial | None
    on_event: OnEvent | None
    started_by: str

    def run(self) -> Search:
        self.study = searches.open_study(self.workspace, self.id, self.plan.method, self.config.seed)
        self.base = self._resolved(self.config)
        self._take_up_what_was_left()
        if self.plan.method == "grid" and not self.study.get_trials(deepcopy=False):
            self._queue_grid()
        while not (found := self.found).complete and not self.control.request:
            if self.plan.method == "grid" and not self._waiting():
                break  # the grid has no more points
            self._say(found)
            self._trial()
        self._say(self.found)
        return self.found

    @property
    def found(self) -> Search:
        trials = searches.trials_of(self.study)
        return Search(self.id, self.dataset.id, self.plan.method, self._wanted, self.config, trials)

    @property
    def _wanted(self) -> int:
        if self.plan.method != "grid":
            return self.plan.trials
        return min(self.plan.trials, len(searches.grid(self.base, self.plan.over)))

    def _say(self, found: Search) -> None:
        if self.on_trial is not None:
            self.on_trial(found)

    def _resolved(self, config: TrainConfig) -> TrainConfig:
        from resnet_studio.data.splitting import whole
        from resnet_studio.training import plan

        known = plan.facts(whole(self.split), config, len(self.split.train), on_gpu=plan.on_gpu(config))
        return plan.resolve(config, known)

    def _waiting(self) -> list[optuna.trial.FrozenTrial]:
        return [each for each in self.study.get_trials(deepcopy=False) if each.state.name == "WAITING"]

    def _queue_grid(self) -> None:
        import numpy as np

        points = searches.grid(self.base, self.plan.over)
        for place in np.random.default_rng(self.config.seed).permutation(len(points)):
            self.study.enqueue_trial(points[int(place)])

    def _take_up_what_was_left(self) -> None:
        """A trial whose program ended is tried again, with its run; it counts where that was resumed to its end."""
        from optuna.trial import TrialState, create_trial

        for each in self.study.get_trials(deepcopy=False):
            if each.state.name != "RUNNING":
                continue
            self.study.tell(each.number, state=TrialState.FAIL)
            run = self._run(str(each.user_attrs.get("run", "")))
            if run is None:
                continue
            if (scores := _scores(run)) is not None and run.state().status == "finished":
                value, loss = scores
                self.study.add_trial(
                    create_trial(params=each.params, distributions=each.distributions, value=value,
                                 user_attrs={**each.user_attrs, "loss": loss})
                )  # fmt: skip
            elif run.state().status in LEFT:
                self.study.enqueue_trial(each.params, user_attrs={"run": run.id})

    def _run(self, id: str) -> Run | None:
        try:
            return self.workspace.run(id)
        except RunError:
            return None

    def _left(self, id: str) -> Run | None:
        run = self._run(id)
        return run if run is not None and run.state().status in LEFT else None

    def _trial(self) -> None:
        from optuna.trial import TrialState

        trial = self.study.ask()
        settings = searches.propose(trial, self.base, self.plan.over)
        run = self._left(str(trial.user_attrs.get("run", ""))) or self._new_run(trial.number, settings)
        trial.set_user_attr("run", run.id)
        watched = _Watched(trial, self.control, self.on_event, run.config.epochs or 1)
        status = watched.train(run)
        if status == "left":
            return  # it stays in the journal as running, and is taken up when the search goes on
        if status == "pruned" and _best(run) is not None:
            for path in run.needed_to_resume:
                path.unlink(missing_ok=True)
            self.study.tell(trial, state=TrialState.PRUNED)
            return
        if (scores := _scores(run)) is None:
            self.study.tell(trial, state=TrialState.FAIL)
            return
        value, loss = scores
        trial.set_user_attr("loss", loss)
        self.study.tell(trial, value)

    def _new_run(self, number: int, settings: dict[str, Any]) -> Run:
        from resnet_studio.model import architecture
        from resnet_studio.training.lineage import parents_of, with_copied_teachers, with_weights_of_run

        config = with_weights_of_run(self.config.replace(**settings, final_fit=False, test_data="none"), self.workspace)
        name = f"{self.split.dataset_name}-{architecture.of(config).name}-trial-{number + 1}"
        about = {
            "name": name, "asked": time.time(), "started_by": self.started_by, "owner": "", "group": self.id,
            "parents": parents_of(config), "note": "", "dataset": self.dataset.id,
            "dataset_name": self.dataset.name, "classes": list(self.dataset.classes),
            "counts": {"train": len(self.split.train), "validation": len(self.split.validation), "test": 0},
            "study": {"kind": KIND, "part": number + 1, "of": self.plan.trials, "settings": settings},
        }  # fmt: skip
        given: dict[str, Any] = {"requested": config, "resolved": self._resolved(config), "about": about}
        return with_copied_teachers(self.workspace.new_run(name, **given, split=self.split.to_json()))


def _best(run: Run) -> EpochFinished | None:
    state = run.state()
    return state.best or max(state.epochs, key=lambda epoch: epoch.score, default=None)


def _scores(run: Run) -> tuple[float, float] | None:
    """Validation accuracy and loss of a run that is over; None of one that has failed."""
    finished, best = run.state().finished, _best(run)
    return None if finished is None or best is None else (finished.validation_accuracy, best.validation_loss)


class _Watched:
    """One trial: its run is trained, its epochs are reported, and it is ended where Optuna or the user says so."""

    def __init__(self, trial: optuna.Trial, outer: Control, on_event: OnEvent | None, epochs: int) -> None:
        from resnet_studio.training.control import Control

        self._trial, self._outer, self._on_event, self._epochs = trial, outer, on_event, epochs
        self._control, self._pruned, self._step = Control(), False, 0

    def train(self, run: Run) -> str:
        """``finished``, ``pruned``, ``failed``, or ``left`` where it was asked to end before that.

        Raises what ended the run where the disk, and not the settings, was to blame.
        """
        from resnet_studio.training.driving import Job, carry_out, drive

        last = carry_out(Job((run,), self._control), lambda run, control: drive(run, control, self._hear))
        if self._pruned:
            return "pruned"
        if self._control.request:  # from here or, through the run's folder, from another program
            self._outer.stop()
        if isinstance(last, Interrupted) and last.key:
            raise StudioError(last.key, **last.values)
        if isinstance(last, Failed) and last.key != "error.diverged":
            raise StudioError(last.key, **last.values)
        return "left" if isinstance(last, Interrupted) else "finished" if isinstance(last, Finished) else "failed"

    def _hear(self, event: Event) -> None:
        if self._on_event is not None:
            self._on_event(event)
        if self._outer.request and not self._pruned:
            self._control.pause()
        if isinstance(event, EpochFinished):
            self._report(event)

    def _report(self, event: EpochFinished) -> None:
        step = STEPS * event.epoch // self._epochs
        if step <= self._step or step >= STEPS:
            return
        self._step = step
        self._trial.report(event.score[0], step)
        if self._trial.should_prune() and not self._control.request:
            self._pruned = True
            self._control.stop()
