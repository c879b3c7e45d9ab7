"""Clearing a class for the next year: what its pupils made goes into the bin, and their accounts go."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from resnet_studio import acting, belonging
from resnet_studio.data import editing, library
from resnet_studio.errors import RunError, StudioError
from resnet_studio.predicting.jobs import Job
from resnet_studio.predicting.jobs import Jobs as Predictions
from resnet_studio.service.people.accounts import Accounts
from resnet_studio.service.people.boards import Boards
from resnet_studio.service.people.exchange import attacks
from resnet_studio.service.people.exchange.entries import Exchange
from resnet_studio.service.people.rules import Person
from resnet_studio.upkeep.bin import Bin
from resnet_studio.workspace import Run, Workspace


@dataclass(frozen=True)
class ClearingPreview:
    """What clearing the class ``name`` takes: ``pupils``, and how many things of theirs.

    Runs and data sets lie in the bin afterwards; models and predictions are removed for good.
    """

    name: str
    pupils: tuple[str, ...]
    runs: int
    datasets: int
    models: int
    predictions: int

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {**asdict(self), "pupils": list(self.pupils)}


def called(accounts: Accounts) -> str:
    """What the class is called; without a name its code, and empty where there never was a class."""
    return accounts.class_name or accounts.join_code


def preview(workspace: Workspace, accounts: Accounts) -> ClearingPreview:
    """What :func:`clear` would take; changes nothing."""
    pupils, ids = _pupils(accounts), _ids(accounts)
    return ClearingPreview(
        called(accounts),
        tuple(person.name for person in pupils),
        len(_runs(workspace, ids)),
        len(_datasets(workspace, ids)),
        len(_models(workspace, ids)),
        len(_predictions(workspace, ids)),
    )


def clear(
    workspace: Workspace,
    accounts: Accounts,
    typed: str,
    *,
    stop: Callable[[str], object] = lambda _: None,
    stop_predicting: Callable[[Job], None] = lambda job: job.stop(),
    by: str = "program",
) -> ClearingPreview:
    """Clear the class; ``typed`` has to be its name. ``stop`` ends the training of a run, ``by`` is who does this.

    Nobody joins any more from here on. Raises :class:`StudioError` where the name is another one, and where something
    is still being trained: then everybody keeps their account, and it can be called again.
    """
    acting.check("manage", acting.STUDIO)
    if not called(accounts):
        raise StudioError("error.lesson.no_class")
    if " ".join(typed.split()) != called(accounts):
        raise StudioError("error.lesson.other_name", name=called(accounts))
    found, pupils, ids = preview(workspace, accounts), _pupils(accounts), _ids(accounts)
    accounts.close_class()
    for person in pupils:
        accounts.people.end_sessions(person)  # nobody begins anything new meanwhile
    if busy := _bin_runs(workspace, ids, stop, by):
        raise StudioError("error.lesson.busy", count=busy)
    bin = Bin(workspace)
    for id in _datasets(workspace, ids):
        bin.put_dataset(id, by)
    for file in _models(workspace, ids):
        belonging.forget(file)
        file.unlink(missing_ok=True)
    for job in _predictions(workspace, ids):
        stop_predicting(job)
        with suppress(StudioError):
            Predictions(workspace).delete(job)
    _forget(workspace, ids)
    for person in pupils:
        accounts.people.remove(person)
    accounts.renew_code()
    return found


def _forget(workspace: Workspace, ids: frozenset[str]) -> None:
    """Remove what ``ids`` have in leaderboards and in the exchange."""
    Boards(workspace).forget(ids)
    exchange = Exchange(workspace)
    exchange.forget(ids)
    attacks.forget(exchange, ids)


def _bin_runs(workspace: Workspace, ids: frozenset[str], stop: Callable[[str], object], by: str) -> int:
    """Put the runs of ``ids`` into the bin; returns how many are still being trained, and are asked to stop."""
    bin, busy = Bin(workspace), 0
    for run in _runs(workspace, ids):
        with suppress(RunError):
            stop(run.id)
        try:
            bin.put_run(run, by)
        except RunError:
            busy += 1
    return busy


def _pupils(accounts: Accounts) -> list[Person]:
    return [person for person in accounts.people.all() if person.role == "pupil"]


def _ids(accounts: Accounts) -> frozenset[str]:
    return frozenset(person.id for person in _pupils(accounts))


def _runs(workspace: Workspace, ids: frozenset[str]) -> list[Run]:
    return [run for run in workspace.runs() if belonging.of_run(run.folder).owners & ids]


def _datasets(workspace: Workspace, ids: frozenset[str]) -> list[str]:
    """Those that belong to pupils alone."""
    found = []
    for item in library.list_datasets(workspace):
        id = editing.base_of(item.id)
        owners = belonging.of_dataset(workspace.datasets / id).owners
        if owners and owners <= ids:
            found.append(id)
    return found


def _models(workspace: Workspace, ids: frozenset[str]) -> list[Path]:
    files = [file for file in sorted(workspace.imports.glob("[!.]*")) if file.is_file()]
    owners = {file: belonging.of_file("model", file).owners for file in files}
    return [file for file in files if owners[file] and owners[file] <= ids]


def _predictions(workspace: Workspace, ids: frozenset[str]) -> list[Job]:
    found = []
    for job in Predictions(workspace).all():
        with suppress(RunError):
            if belonging.of_job(job.id, job.request.started_by).owners & ids:
                found.append(job)
    return found
