"""What waits in the workspace: which runs are left by programs that have ended, and what belongs together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resnet_studio.errors import RunError
from resnet_studio.events import EpochFinished, Failed, Finished, Interrupted, Progress, Queued, Started, Testing
from resnet_studio.folder_names import slug
from resnet_studio.locks import Lock
from resnet_studio.workspace import Workspace

if TYPE_CHECKING:
    from resnet_studio.workspace import Run


SEARCH = "search"


def check_resumable(run: Run) -> None:
    """Raise :class:`RunError` where there is nothing left to train in ``run``, or someone trains it now."""
    if run.held():
        raise RunError("error.run.busy", run=run.id)
    if run.state().status == "finished":
        raise RunError("error.run.complete", run=run.id)


def left_waiting(workspace: Workspace) -> list[Run]:
    """The runs that wait for a program that has ended, the next first."""
    found = []
    present: dict[str, bool] = {}
    for run in workspace.runs():
        try:
            last = next((event for event in run.log.backwards() if isinstance(event, _DECIDING)), None)
        except RunError:  # damaged: the page says so
            continue
        if not isinstance(last, Queued):
            continue
        if last.owner not in present:
            present[last.owner] = bool(last.owner) and presence(workspace, last.owner).held()
        if not present[last.owner]:
            found.append((last.place, last.time, run.id, run))
    return [run for *_, run in sorted(found, key=lambda each: each[:3])]


_DECIDING = (Queued, Started, Progress, EpochFinished, Testing, Finished, Interrupted, Failed)
"""The last event of these kinds says whether a run waits."""


def presence(workspace: Workspace, owner: str) -> Lock:
    """The lock that the program ``owner`` holds for as long as it has a queue."""
    return Lock(workspace.root / "runs" / ".programs" / slug(owner))


def parts_of(workspace: Workspace, group: str) -> list[Run]:
    """The runs of the study called ``group`` that can be read, in their order."""
    found = []
    for run in workspace.runs():
        try:
            about = run.about
        except RunError:
            continue
        if group and about.get("group") == group:
            found.append((part_number(about.get("study")), run.id, run))
    return [run for *_, run in sorted(found, key=lambda each: each[:2])]


def find(workspace: Workspace, name: str) -> Run:
    """The run that a user names, or of the study of that name the part that is trained next, or the last one."""
    try:
        return workspace.find_run(name)
    except RunError:
        parts = parts_of(workspace, name)
        if not parts:
            raise
    return next((part for part in parts if part.state().status != "finished"), parts[-1])


def study_of(run: Run) -> list[Run]:
    """All parts of the study that ``run`` is a part of; ``run`` alone where it is none, or a trial of a search, which
    stands for itself.
    """
    group, study = run.about.get("group"), run.about.get("study")
    if isinstance(study, dict) and study.get("kind") == SEARCH:
        return [run]
    parts = parts_of(Workspace(run.folder.parent.parent), group) if isinstance(group, str) and group else []
    return parts if len(parts) > 1 and run in parts else [run]


def part_number(study: object) -> int:
    """Which part of its study a run is, from what its ``about`` says; 0 where that makes no sense."""
    number = study.get("part") if isinstance(study, dict) else None
    return number if type(number) is int else 0


def left_of_job(run: Run) -> tuple[Run, ...]:
    """What is left to train of the job that ``run`` is a part of, in order; ``run`` alone where it is no study.

    Raises :class:`RunError` where nothing is left of it, or where someone works on it now.
    """
    parts = study_of(run)
    if len(parts) == 1:
        check_resumable(run)
        return (run,)
    for part in parts:
        if part.held():
            raise RunError("error.run.busy", run=part.id)
    left = tuple(part for part in parts if part.state().status != "finished")
    if not left:
        raise RunError("error.run.complete", run=run.id)
    return left
