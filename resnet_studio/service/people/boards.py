"""Leaderboards on sealed test sets: the teacher keeps the labels, pupils see scores.

A set that is sealed leaves ``datasets/`` of the workspace: it lies in ``sealed/BOARD/``, which no look-up of a data
set, a run, an upload or a model reaches. Only :meth:`Board.opened` reads it, for scoring, and asks who acts.

SEALED/BOARD/
  board.json      what it is called, how many tries each has, whether it is open
  datasets/ID/    the data set, whole
  submissions/N   a run that somebody submitted, and what it scored
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from resnet_studio import acting, belonging, labels
from resnet_studio.data import editing, library
from resnet_studio.durable import make_folder, remove_folder, renamed, sync_folder, write_json
from resnet_studio.errors import RunError, StudioError
from resnet_studio.locks import Lock
from resnet_studio.service.people.secrecy import check_secret
from resnet_studio.text import Language, say_recorded
from resnet_studio.workspace import Run, Workspace, safe_name

if TYPE_CHECKING:
    from resnet_studio.data.dataset import Dataset

FOLDER, FILE, SUBMISSIONS, CHANGED = "sealed", "board.json", "submissions", ".changed"
TRIES, MOST_TRIES, LONGEST = 3, 100, 60
Status = Literal["waiting", "scored", "failed"]


@dataclass(frozen=True, kw_only=True)
class Submission:
    """A ``run`` that ``who`` submitted (``person:ID``, or ``name:NAME`` from a command line without accounts).

    ``accuracy`` has its 95 % interval from ``low`` to ``high``; ``seen`` of the pictures the run was trained on or
    chosen by, None where that is not known. ``right`` has a 1 for each picture of the set that it named correctly, a 0
    for the others: it says something of the labels, and is for ranking alone. ``problem`` is the text of
    why it has no score, with ``values``.
    """

    number: int
    who: str
    run: str
    name: str
    time: float
    status: Status = "waiting"
    accuracy: float | None = None
    low: float | None = None
    high: float | None = None
    seen: int | None = None
    right: str = ""
    problem: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """Whether it could not be scored."""
        return self.status == "failed"

    def with_problem(self, error: StudioError) -> Submission:
        """As one that could not be scored, because of ``error``."""
        values = {key: _plain(value) for key, value in error.values.items()}
        return replace(self, status="failed", problem=error.key, values=values)

    def why(self, language: Language) -> str:
        """Why it has no score; empty where it has one."""
        return say_recorded(self.problem, language, self.values) if self.problem else ""

    def to_json(self) -> dict[str, Any]:
        """What may be shown of it: all but ``right``."""
        values = asdict(self)
        del values["right"], values["values"]
        return {**values, "problem": self.why("en")}


@dataclass(frozen=True, kw_only=True)
class Board:
    """One leaderboard; ``root`` is its folder. Each person has so many ``tries``."""

    root: Path
    name: str
    dataset: str
    classes: tuple[str, ...]
    pictures: int
    tries: int
    created: float
    open: bool = True
    revealed: bool = False

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.root.name

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
        found = [each for path in (self.root / SUBMISSIONS).glob("*.json") if (each := _submission(path)) is not None]
        return sorted(found, key=lambda each: each.number)

    def write(self, submission: Submission) -> None:
        """Write ``submission`` down, durably."""
        make_folder(self.root / SUBMISSIONS)
        write_json(self.root / SUBMISSIONS / f"{submission.number:05}.json", asdict(submission))
        (self.root.parent / CHANGED).touch()

    def scored(self, submission: Submission) -> None:
        """Write down how ``submission`` ended, unless it is gone: its board, or the account of whoever made it."""
        if (self.root / SUBMISSIONS / f"{submission.number:05}.json").is_file():
            self.write(submission)

    def left(self, who: str) -> int:
        """How many tries ``who`` has left; those that could not be scored do not count."""
        used = sum(each.who == who and not each.failed for each in self.submissions())
        return max(0, self.tries - used)


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

    def create(self, dataset: str, name: str, tries: int = TRIES) -> Board:
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
            created=time.time(),
        )  # fmt: skip
        make_folder(root / "datasets")
        renamed(source, root / "datasets" / source.name)
        sync_folder(root / "datasets")
        return self._written(board)

    def set_open(self, board: Board, *, open: bool) -> Board:
        """Take submissions, or no more."""
        acting.check("manage", acting.STUDIO)
        if board.revealed and open:
            raise StudioError("error.boards.revealed")
        return self._written(replace(board, open=open))

    def reveal(self, board: Board) -> Board:
        """Close ``board`` for good and hand its pictures and labels out to the class."""
        acting.check("manage", acting.STUDIO)
        closed = self._written(replace(board, open=False, revealed=True))
        belonging.share(self._unsealed(board), shared=True)
        return closed

    def delete(self, board: Board) -> None:
        """Remove ``board`` and its scores; its data set goes back to the teachers'."""
        acting.check("manage", acting.STUDIO)
        if not board.revealed:
            self._unsealed(board)
        remove_folder(board.root)

    def submit(self, board: Board, run: Run, who: str) -> Submission:
        """A submission that waits for its score. Raises :class:`StudioError` where that cannot be."""
        acting.check("change", belonging.of_run(run.folder))
        if not run.best.is_file():
            raise RunError("error.run.no_model", run=run.id)
        if not board.open:
            raise StudioError("error.boards.closed")
        lock = board.lock().acquire(10)
        try:
            if not board.left(who):
                raise StudioError("error.boards.no_tries", tries=board.tries)
            number = max((each.number for each in board.submissions()), default=0) + 1
            name = str(run.about.get("name", run.id))
            made = Submission(number=number, who=who, run=run.id, name=name, time=time.time())
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
        base = editing.base_of(board.dataset)
        target, sealed = self.workspace.datasets / base, board.root / "datasets" / base
        if sealed.is_dir() and not (target / "dataset.json").exists():
            remove_folder(target) if target.is_dir() else None
            renamed(sealed, target)
            sync_folder(target.parent)
        return target

    def _written(self, board: Board) -> Board:
        values = board.to_json()
        del values["id"]
        write_json(board.root / FILE, values)
        (self.folder / CHANGED).touch()
        return board


def stamp(root: Path) -> int:
    """A number that changes when anything about the leaderboards of the workspace at ``root`` does; 0 before that."""
    try:
        return (root / FOLDER / CHANGED).stat().st_mtime_ns
    except OSError:
        return 0


def _plain(value: object) -> Any:
    if isinstance(value, list | tuple):
        return [str(each) for each in value]
    return value if isinstance(value, int | float) else str(value)


def _count(dataset: Dataset) -> int:
    from resnet_studio.evaluation.kept_together import evaluated_samples

    return len(evaluated_samples(dataset))


def _board(root: Path) -> Board | None:
    values = _values(root / FILE)
    try:
        values["classes"] = tuple(map(str, values["classes"]))
        return Board(root=root, **{each.name: values[each.name] for each in fields(Board) if each.name in values})
    except (LookupError, TypeError):
        return None


def _submission(path: Path) -> Submission | None:
    values = _values(path)
    try:
        return Submission(**{each.name: values[each.name] for each in fields(Submission) if each.name in values})
    except TypeError:
        return None


def _values(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return dict(found) if isinstance(found, Mapping) else {}
