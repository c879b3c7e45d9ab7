"""Whatever is being written when the program dies or the disk fails, while something is deleted, taken back, sealed,
revealed, shared, backed up or restored, or accounts change: there is what was before or what was to be, never half.
"""

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import hand_made
import made
import pytest
from faults import Points, die, disk_broken, disk_full, moves_watched, of_every_kind, run_in_child

from resnet_studio import belonging, cleaning
from resnet_studio.acting import acting_as
from resnet_studio.data import intake, library
from resnet_studio.errors import StudioError
from resnet_studio.service.people import schema, sharing
from resnet_studio.service.people.boards import Boards
from resnet_studio.service.people.rules import Person
from resnet_studio.service.people.store import People
from resnet_studio.upkeep.backup import back_up
from resnet_studio.upkeep.bin import Bin
from resnet_studio.upkeep.restore import check, restore
from resnet_studio.workspace import Workspace

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
FAULTS = {"dies": die, "full": disk_full, "broken": disk_broken}


@dataclass(frozen=True)
class Scene:
    """A workspace that is changed; ``outside`` is a folder beside it."""

    root: Path
    outside: Path

    @property
    def workspace(self) -> Workspace:
        return Workspace(self.root)

    @property
    def boards(self) -> Boards:
        return Boards(self.workspace)

    @property
    def dataset(self) -> str:
        return next(item.id for item in library.list_datasets(self.workspace) if item.pictures == 4)

    def state(self) -> dict[str, object]:
        """What somebody finds there, once the next server has begun."""
        workspace = self.workspace
        self.boards.finish()
        cleaning.sweep(workspace)
        found: dict[str, object] = {
            "runs": sorted((run.id, belonging.is_shared(run.folder), run.best.is_file()) for run in workspace.runs()),
            "sets": sorted(
                (item.id, item.pictures, belonging.is_shared(workspace.datasets / item.id))
                for item in library.list_datasets(workspace)
            ),
            "bin": sorted((each.kind, each.id) for each in Bin(workspace).listed()),
            "boards": sorted((board.name, board.open, board.revealed) for board in self.boards.all()),
            "tries": sorted(len(board.submissions()) for board in self.boards.all()),
            "sealed": sorted(len(board.opened().samples) for board in self.boards.all() if not board.revealed),
            "shown": [_readable(run) for run in workspace.runs()],
        }
        for item in library.list_datasets(workspace):
            loaded = library.find_dataset(workspace, item.id)
            assert all(loaded.path(sample).is_file() for sample in loaded.samples)
        return found


def _readable(run) -> bool:
    """Whether the test pictures of ``run`` are there."""
    from resnet_studio.data.dataset import Split

    split = Split.from_json(run.split)
    return all((split.root / sample.file).is_file() for sample in split.test)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a data set that a run was made with, another one, and a leaderboard."""
    folder = tmp_path_factory.mktemp("points")
    workspace = Workspace.open(folder / "workspace")
    boards = Boards(workspace)
    sealed = made.zipped(folder / "sealed.zip", made.class_files({"cat": 3, "dog": 3}))
    boards.create(intake.from_zip(sealed, workspace).id, "Animals")
    intake.from_zip(made.zipped(folder / "own.zip", made.class_files({"red": 2, "blue": 2})), workspace)
    run = hand_made.new_run(workspace, name="one", count=3)
    hand_made.train(run, epochs=2)
    hand_made.finish(run, None)
    run.best.write_bytes(b"weights")
    back_up(workspace, folder / "backup.zip")
    return folder


def bin_set(scene: Scene) -> None:
    Bin(scene.workspace).put_dataset(scene.dataset, "anna")


def take_back(scene: Scene) -> None:
    bin = Bin(scene.workspace)
    bin.take_back(bin.listed()[0].entry, "anna")


def remove(scene: Scene) -> None:
    bin = Bin(scene.workspace)
    bin.remove(bin.listed()[0].entry, "anna")


def reveal(scene: Scene) -> None:
    scene.boards.reveal(scene.boards.all()[0])


def unseal(scene: Scene) -> None:
    scene.boards.delete(scene.boards.all()[0])


def submit(scene: Scene) -> None:
    scene.boards.submit(scene.boards.all()[0], scene.workspace.runs()[0], "person:anna")


ACTS: dict[str, tuple[Callable[[Scene], None] | None, Callable[[Scene], None]]] = {
    "a run is deleted": (None, lambda scene: Bin(scene.workspace).put_run(scene.workspace.runs()[0], "anna")),
    "a set is deleted": (None, bin_set),
    "a set comes back": (bin_set, take_back),
    "a set is removed": (bin_set, remove),
    "a set is sealed": (None, lambda scene: scene.boards.create(scene.dataset, "Colours")),
    "a board is closed": (None, lambda scene: scene.boards.set_open(scene.boards.all()[0], open=False)),
    "a board is revealed": (None, reveal),
    "a board is deleted": (None, unseal),
    "a run is submitted": (None, submit),
    "a set is shared": (None, lambda scene: sharing.share(scene.workspace, "dataset", scene.dataset, shared=True)),
    "a run is shared": (
        None, lambda scene: sharing.share(scene.workspace, "run", scene.workspace.runs()[0].id, shared=True)
    ),
    "a set is unshared": (
        lambda scene: sharing.share(scene.workspace, "dataset", scene.dataset, shared=True),
        lambda scene: sharing.share(scene.workspace, "dataset", scene.dataset, shared=False),
    ),
}  # fmt: skip


def of_the(template: Path, folder: Path, before: Callable[[Scene], None] | None) -> Scene:
    """A copy of the scene in ``folder``."""
    if folder.exists():
        shutil.rmtree(folder)
    shutil.copytree(template / "workspace", folder / "workspace")
    scene = Scene(folder / "workspace", folder)
    if before is not None:
        before(scene)
    return scene


def with_a_fault(scene: Scene, points: Points, act: Callable[[Scene], None]) -> None:
    """``act``, with the fault of ``points``; one that kills happens in a process of its own."""

    def work() -> None:
        with suppress(OSError, StudioError), moves_watched(points):
            act(scene)

    if points.fault is die:
        os.waitpid(run_in_child(work), 0)
    else:
        work()


def chosen(names: list[str], share: int) -> list[int]:
    """The points of a ``share``: 0 is a few of them, and 1 to 3 are thirds of all."""
    return of_every_kind(names)[::4] if not share else of_every_kind(names)[share - 1 :: 3]


SHARES = [pytest.param(0, id="some"), *(pytest.param(n, marks=pytest.mark.long, id=f"third {n}") for n in (1, 2, 3))]


@pytest.mark.slow
@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("name", ACTS)
def test_there_is_what_was_or_what_was_to_be(template: Path, tmp_path: Path, name: str, share: int) -> None:
    before, act = ACTS[name]
    old = of_the(template, tmp_path / "old", before).state()
    scene = of_the(template, tmp_path / "new", before)
    with moves_watched(Points(scene.root)) as points:
        act(scene)
    new = scene.state()
    assert old != new and len(points.passed) >= 1
    for at in chosen(points.passed, share):
        for fault in FAULTS:
            scene = of_the(template, tmp_path / "tried", before)
            with_a_fault(scene, Points(scene.root, at, FAULTS[fault], lasting=fault == "full"), act)
            found = scene.state()
            assert found in (old, new), (fault, points.passed[at - 1], found)


@pytest.mark.slow
@pytest.mark.parametrize("share", SHARES)
def test_a_backup_is_there_in_full_or_is_the_one_before(template: Path, tmp_path: Path, share: int) -> None:
    scene = of_the(template, tmp_path / "scene", None)
    target = tmp_path / "backups" / "backup.zip"
    target.parent.mkdir()
    with moves_watched(Points(tmp_path)) as points:
        back_up(scene.workspace, target)
    for at in chosen(points.passed, share):
        for fault in FAULTS:
            shutil.copy(template / "backup.zip", target)
            old, inside = target.read_bytes(), made.fingerprint(scene.root)
            with_a_fault(
                scene, Points(tmp_path, at, FAULTS[fault], lasting=fault == "full"),
                lambda scene: back_up(scene.workspace, target, overwrite=True),
            )  # fmt: skip
            if target.read_bytes() != old:
                assert check(target).files == check(template / "backup.zip").files
            lost = {
                name: content for name, content in inside.items() if name.startswith(("runs", "datasets", "sealed"))
            }
            assert lost.items() <= made.fingerprint(scene.root).items()


@pytest.mark.slow
@pytest.mark.parametrize("share", SHARES)
def test_a_workspace_is_restored_in_full_or_not_at_all(template: Path, tmp_path: Path, share: int) -> None:
    target = tmp_path / "place" / "restored"
    with moves_watched(Points(tmp_path)) as points:
        restore(template / "backup.zip", target)
    whole = made.fingerprint(target)
    for at in chosen(points.passed, share):
        for fault in FAULTS:
            shutil.rmtree(tmp_path / "place")
            with_a_fault(
                Scene(target, tmp_path), Points(tmp_path, at, FAULTS[fault], lasting=fault == "full"),
                lambda scene: restore(template / "backup.zip", scene.root),
            )  # fmt: skip
            if target.exists() and any(target.iterdir()):
                assert made.fingerprint(target) == whole
            (tmp_path / "place").mkdir(exist_ok=True)


def accounts_of(root: Path) -> dict[str, list[tuple[object, ...]]]:
    """All rows, and that the file is sound."""
    with closing(sqlite3.connect(root / schema.FILE)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        tables = ("people", "sessions", "facts")
        return {name: sorted(database.execute(f"SELECT * FROM {name}")) for name in tables}


PEOPLE: dict[str, Callable[[People], object]] = {
    "added": lambda people: people.add("Ben", "pupil", "x"),
    "another secret": lambda people: people.set_secret(people.all()[0], "y", "password"),
    "another role": lambda people: people.set_role(people.all()[0], "teacher"),
    "removed": lambda people: people.remove(people.all()[0]),
    "signed in": lambda people: people.begin_session(people.all()[0]),
    "signed out": lambda people: people.end_sessions(people.all()[0]),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", PEOPLE)
def test_accounts_change_in_full_or_not_at_all(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every statement is one at which the server dies."""
    monkeypatch.setattr("secrets.token_hex", lambda _: "0badcafe")
    monkeypatch.setattr("secrets.token_urlsafe", lambda _: "t")
    first = People(tmp_path, clock=lambda: 1.0)
    anna = first.add("Anna", "pupil", "x")
    first.begin_session(anna)
    monkeypatch.setattr("secrets.token_hex", lambda _: "1badcafe")
    monkeypatch.setattr("secrets.token_urlsafe", lambda _: "u")
    first.close()
    template, at, ended = tmp_path.with_name("template"), 0, False
    shutil.copytree(tmp_path, template)
    with closing(People(tmp_path, clock=lambda: 2.0)) as people:
        PEOPLE[name](people)
    new, real = accounts_of(tmp_path), sqlite3.connect
    while not ended:
        at += 1
        scene = tmp_path.with_name(f"at-{at}")
        shutil.copytree(template, scene)
        old, points = accounts_of(scene), Points(scene, at, die)

        def work(scene=scene, points=points) -> None:
            def connected(*given, **options):
                database = real(*given, **options)
                database.set_trace_callback(points.reach)
                return database

            sqlite3.connect = connected
            PEOPLE[name](People(scene, clock=lambda: 2.0))

        _, status = os.waitpid(run_in_child(work), 0)
        ended = not os.WIFSIGNALED(status)
        assert os.WIFSIGNALED(status) or os.waitstatus_to_exitcode(status) == 0
        assert accounts_of(scene) in (old, new), at
        shutil.rmtree(scene)
    assert at > 5 and old != new
    shutil.rmtree(template)


def test_a_set_that_is_brought_in_is_somebodys_from_the_first_moment(tmp_path: Path) -> None:
    """A server that dies before anything else is written down leaves none that is nobody's."""
    zipped = made.zipped(tmp_path / "own.zip", made.class_files({"red": 2, "blue": 2}))
    workspace = Workspace.open(tmp_path / "workspace")
    with acting_as(Person("anna", "Anna", "pupil")):
        brought_in = intake.from_zip(zipped, workspace)
    assert belonging.of_dataset(brought_in.root).owners == {"anna"}
    assert not belonging.of_dataset(intake.from_zip(zipped, workspace).root).owners
