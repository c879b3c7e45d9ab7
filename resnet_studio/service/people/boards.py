"""Leaderboards on sealed test sets: the teacher keeps the labels, pupils see scores.

A set that is sealed leaves ``datasets/`` of the workspace: it lies in ``sealed/BOARD/``, which no look-up of a data
set, a run, an upload or a model reaches. Only :meth:`Board.opened` reads it, for scoring, and asks who acts.

SEALED/BOARD/
  board.json      what it is called, how many tries each has, whether it is open
  datasets/ID/    the data set, whole
  submissions/N   a run that somebody submitted, and what it scored
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resnet_studio import acting, belonging, labels
from resnet_studio.data import editing, library
from resnet_studio.durable import make_folder, remove_folder, renamed, sync_folder, write_json
from resnet_studio.errors import RunError, StudioError
from resnet_studio.folder_names import safe_name
from resnet_studio.locks import Lock
from resnet_studio.service.people.secrecy import check_secret
from resnet_studio.service.people.submissions import Submission as Submission
from resnet_studio.service.people.submissions import is_sound, submission_at, values_at, weights_of
from resnet_studio.workspace import Run, Workspace

if TYPE_CHECKING:
    from resnet_studio.data.dataset import Dataset

FOLDER, FILE, SUBMISSIONS, CHANGED = "sealed", "board.json", "submissions", ".changed"
TRIES, MOST_TRIES, LONGEST = 3, 100, 60


@dataclass(frozen=True, kw_only=True)
class Board:
    """One leaderboard; ``root`` is its folder. Each person has so many ``tries``; with ``by_device`` all who use one
    browser have them together.
    """

    root: Path
    name: str
    dataset: str
    classes: tuple[str, ...]
    pictures: int
    tries: int
    created: float
    open: bool = True
    revealed: bool = False
    by_device: bool = False

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.root.name

    @property
    def sealed(self) -> Path:
        """The folder of its data set while that is sealed."""
        return self.root / "datasets" / editing.base_of(self.dataset)

    def to_json(self) -> dict[str, Any]:
        """What everybody may know of it."""
        values = asdict(self)
        del values["root"]
        return {"id": self.id, **values, "classes": list(self.classes)}

    def lock(self) -> Lock:
        """Held while tries are counted."""
        return Lock(self.root / "lock")

    def opened(self) -> Dataset:
        """The pictures with their labels, while they are sealed. For scoring, and for teachers.

        Raises :class:`acting.NotAllowedError` for pupils.
        """
        acting.check("see", acting.Thing("sealed", self.id))
        return library.find_dataset(Workspace(self.root), self.dataset)

    def submissions(self) -> list[Submission]:
        """All that were submitted, the first one first."""
        found = [each for path in (self.root / SUBMISSIONS).glob("*.json") if (each := submission_at(path)) is not None]
        return sorted(found, key=lambda each: each.number)

    def write(self, submission: Submission) -> None:
        """Write ``submission`` down, durably."""
        make_folder(self.root / SUBMISSIONS)
        write_json(self.root / SUBMISSIONS / f"{submission.number:05}.json", asdict(submission))
        _tell(self.root.parent)

    def scored(self, submission: Submission) -> None:
        """Write down how ``submission`` ended, unless it is gone: its board, or the account of whoever made it."""
        if (self.root / SUBMISSIONS / f"{submission.number:05}.json").is_file():
            self.write(submission)

    def left(self, who: str, device: str = "") -> int:
        """How many tries ``who`` has left at the ``device``; those that could not be scored do not count."""
        known = device if self.by_device else ""
        counted = [each for each in self.submissions() if not each.failed]
        return max(0, self.tries - sum(each.who == who or bool(known and each.device == known) for each in counted))


class Boards:
    """The leaderboards of a workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.folder = workspace.root / FOLDER

    def all(self) -> list[Board]:
        """The newest first."""
        found = [board for path in self.folder.glob(f"*/{FILE}") if (board := _board(path.parent)) is not None]
        return sorted(found, key=lambda board: (-board.created, board.id))

    def find(self, id: object) -> Board:
        """The board called ``id``, which may come from anywhere. Raises :class:`StudioError` where there is none."""
        name = str(id or "")
        board = _board(self.folder / name) if safe_name(name) else None
        if board is None:
            raise StudioError("error.boards.missing")
        return board

    def create(self, dataset: str, name: str, tries: int = TRIES, *, by_device: bool = False) -> Board:
        """Seal the data set with the id ``dataset`` and make a board of it.

        Raises :class:`StudioError` where there is none, or others have or could have seen its labels.
        """
        acting.check("manage", acting.STUDIO)
        said = labels.on_one_line(name)
        if not said or len(said) > LONGEST:
            raise StudioError("error.boards.name", most=LONGEST)
        if not 1 <= tries <= MOST_TRIES:
            raise StudioError("error.boards.tries", most=MOST_TRIES)
        found = library.find_dataset(self.workspace, dataset)
        source = library.deletable(self.workspace, dataset)
        check_secret(self.workspace, source, found)
        root = self.workspace.new_folder(FOLDER, said)
        board = Board(
            root=root, name=said, dataset=found.id, classes=tuple(found.classes), pictures=_count(found), tries=tries,
            created=time.time(), by_device=by_device,
        )  # fmt: skip
        make_folder(board.sealed.parent)
        self._written(board)
        renamed(source, board.sealed)  # from here on it is one: before, its folder is that of no board
        sync_folder(board.sealed.parent)
        sync_folder(source.parent)
        _tell(self.folder)
        return board

    def set_open(self, board: Board, *, open: bool) -> Board:
        """Take submissions, or no more."""
        acting.check("manage", acting.STUDIO)
        if board.revealed and open:
            raise StudioError("error.boards.revealed")
        return self._written(replace(board, open=open))

    def reveal(self, board: Board) -> Board:
        """Close ``board`` for good and hand its pictures and labels out to the class."""
        acting.check("manage", acting.STUDIO)
        if board.sealed.is_dir():
            belonging.share(board.sealed, shared=True)  # nothing finds it there yet
        closed = self._written(replace(board, open=False, revealed=True))
        belonging.share(self._unsealed(board), shared=True)
        return closed

    def finish(self) -> None:
        """Bring the sets of revealed boards out where a program died before that."""
        for board in self.all():
            if board.revealed and board.sealed.is_dir():
                self._unsealed(board)

    def delete(self, board: Board) -> None:
        """Remove ``board`` and its scores; its data set goes back to the teachers'."""
        acting.check("manage", acting.STUDIO)
        if not board.revealed and board.sealed.is_dir():
            belonging.share(board.sealed, shared=False)
        self._unsealed(board)
        remove_folder(board.root)

    def submit(self, board: Board, run: Run, who: str, device: str = "") -> Submission:
        """A submission that waits for its score; ``device`` is the mark of the browser.

        Raises :class:`StudioError` where that cannot be.
        """
        acting.check("change", belonging.of_run(run.folder))
        if not run.best.is_file():
            raise RunError("error.run.no_model", run=run.id)
        if not board.open:
            raise StudioError("error.boards.closed")
        lock = board.lock().acquire(10)
        try:
            there = board.submissions()
            if not board.left(who, device):
                key = "error.boards.no_tries" if not board.left(who) else "error.boards.no_tries_here"
                raise StudioError(key, tries=board.tries)
            number = max((each.number for each in there), default=0) + 1
            name, weights = str(run.about.get("name", run.id)), weights_of(run.best)
            made = Submission(
                number=number, who=who, run=run.id, name=name, time=time.time(), weights=weights, device=device
            )  # fmt: skip
            board.write(made)
        finally:
            lock.release()
        return made

    def forget(self, people: frozenset[str]) -> None:
        """Remove what ``people``, by id, have submitted: their accounts go."""
        gone = {f"{belonging.PERSON}{id}" for id in people}
        for board in self.all():
            for each in board.submissions():
                if each.who in gone:
                    (board.root / SUBMISSIONS / f"{each.number:05}.json").unlink(missing_ok=True)

    def _unsealed(self, board: Board) -> Path:
        """The folder of the data set of ``board``, back among the others."""
        target = self.workspace.datasets / board.sealed.name
        if board.sealed.is_dir() and not (target / "dataset.json").exists():
            remove_folder(target) if target.is_dir() else None
            renamed(board.sealed, target)
            sync_folder(target.parent)
        return target

    def _written(self, board: Board) -> Board:
        values = board.to_json()
        del values["id"]
        write_json(board.root / FILE, values)
        _tell(self.folder)
        return board


def stamp(root: Path) -> int:
    """A number that changes when anything about the leaderboards of the workspace at ``root`` does; 0 before that."""
    try:
        return (root / FOLDER / CHANGED).stat().st_mtime_ns
    except OSError:
        return 0


def _tell(folder: Path) -> None:
    """Have pages look again; what was to be done is done, whether that can be written down or not."""
    with suppress(OSError):
        (folder / CHANGED).touch()


def _count(dataset: Dataset) -> int:
    from resnet_studio.evaluation.kept_together import evaluated_samples

    return len(evaluated_samples(dataset))


def _board(root: Path) -> Board | None:
    values = values_at(root / FILE)
    try:
        values["classes"] = tuple(map(str, values["classes"]))
        found = Board(root=root, **{each.name: values[each.name] for each in fields(Board) if each.name in values})
        if not is_sound(found) or not safe_name(found.dataset):
            return None
        return found if found.revealed or found.sealed.is_dir() else None  # its making, or its end, was cut short
    except (LookupError, TypeError, AttributeError, ValueError, OSError):
        return None
