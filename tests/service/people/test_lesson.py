"""A class at a glance, training switched off for a moment, a class cleared for the next year."""

from __future__ import annotations

import json
import threading
import zipfile
from pathlib import Path

import hand_made
import made
import pytest

from resnet_studio import belonging, cli
from resnet_studio.acting import NotAllowedError, acting_as
from resnet_studio.config import TrainConfig
from resnet_studio.data import intake, library
from resnet_studio.data.dataset import split
from resnet_studio.errors import StudioError
from resnet_studio.service.alone import Alone
from resnet_studio.service.people import clearing, collecting
from resnet_studio.service.people.accounts import Accounts
from resnet_studio.service.people.lesson import Lessons
from resnet_studio.service.people.rules import Person
from resnet_studio.service.people.store import People
from resnet_studio.service.race_search import RaceSearch
from resnet_studio.service.rate_search import RateSearch
from resnet_studio.service.run_data import RunData
from resnet_studio.studies.search import search_id
from resnet_studio.training import hold
from resnet_studio.training.control import Control
from resnet_studio.training.jobs import Jobs
from resnet_studio.upkeep.bin import Bin
from resnet_studio.workspace import Run, Workspace


class School:
    def __init__(self, folder: Path) -> None:
        self.workspace = Workspace.open(folder / "workspace")
        self.accounts = Accounts(People(self.workspace.root))
        self.accounts.open_class("7 b")
        add = self.accounts.people.add
        self.teacher, self.ada, self.bob = add("T", "teacher", ""), add("Ada", "pupil", ""), add("Bob", "pupil", "")
        self.run = self.trained(self.ada)
        files = {f"{name}/{n}.png": made.picture(n) for name in "ab" for n in range(3)}
        with acting_as(self.ada):
            self.dataset = intake.from_zip(made.zipped(folder / "set.zip", files), self.workspace).id
        folder = self.workspace.datasets / self.dataset
        belonging.append(folder / belonging.BROUGHT, f"{belonging.PERSON}{self.ada.id}")

    def trained(self, person: Person) -> Run:
        with acting_as(person):
            run = hand_made.new_run(self.workspace)
        hand_made.train(run, epochs=3)
        hand_made.finish(run, None)
        return run


@pytest.fixture
def school(tmp_path: Path) -> School:
    return School(tmp_path)


def test_the_class_shows_what_each_has_and_how_far_they_are(school: School) -> None:
    school.accounts.people.begin_session(school.ada)
    look = Lessons(school.workspace, school.accounts.people, RunData(school.workspace)).look()
    ada, bob = (next(each for each in look.pupils if each.person == person) for person in (school.ada, school.bob))
    assert [run.run.id for run in ada.runs] == [school.run.id] and len(ada.curve) == 3
    assert ada.seen and bob.seen is None and not bob.runs and not bob.curve
    assert [thing.id for thing in ada.holdings] == [school.dataset]
    assert look.bytes > ada.bytes > ada.holdings[0].bytes > 0 == bob.bytes


def test_who_was_seen_is_known_after_signing_out_and_gone_with_the_account(school: School) -> None:
    people = school.accounts.people
    people.end_session(people.begin_session(school.ada))
    assert set(people.last_seen()) == {school.ada.id}
    people.remove(school.ada)
    assert people.last_seen() == {}


def test_while_training_is_switched_off_nothing_is_taken_into_the_queue(school: School) -> None:
    jobs = Jobs(school.workspace)
    hold.hold(school.workspace, "Look at  the board")
    assert (found := hold.held(school.workspace.root)) and found.text == "Look at the board"
    with pytest.raises(StudioError, match="switched off"):
        jobs.check_room()
    dataset = library.find_dataset(school.workspace, school.dataset)
    with pytest.raises(StudioError, match="switched off"):
        RateSearch(school.workspace, jobs).start(dataset, TrainConfig())
    with pytest.raises(StudioError, match="switched off"):
        RaceSearch(school.workspace, jobs).start(dataset, TrainConfig())
    hold.release(school.workspace)
    jobs.check_room()
    (school.workspace.root / hold.FILE).write_text("{")
    assert hold.held(school.workspace.root) == hold.Hold()


def test_a_search_at_work_gives_way_where_training_is_switched_off(school: School) -> None:
    alone = Alone(school.workspace, Jobs(school.workspace), "idle", training="error.race.training", busy="")
    asked, over = list[object](), threading.Event()

    def work(control: Control) -> str:
        alone.give_way()
        asked.append(control.request)
        hold.hold(school.workspace)
        alone.give_way()
        asked.append(control.request)
        over.set()
        return "over"

    alone.begin("working", work, str)
    assert over.wait(10) and asked == [None, "stop"]


def test_the_same_search_of_two_people_is_two_searches(school: School) -> None:
    parts = split(library.find_dataset(school.workspace, school.dataset), validation=0.3, test=0.3, seed=1)

    def id_for(person: Person | None) -> str:
        with acting_as(person):
            return search_id(parts, TrainConfig(depth=18), "tpe", ("learning_rate",))

    assert len({id_for(each) for each in (None, school.ada, school.bob)}) == 3
    assert id_for(school.ada) == id_for(school.ada)


def test_what_waits_begins_only_when_training_is_switched_on_again(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    from resnet_studio.training import jobs as queue

    monkeypatch.setattr(queue, "LOOK_SECONDS", 0.01)
    begun = threading.Event()
    monkeypatch.setattr(queue, "carry_out", lambda *_: begun.set())
    run = hand_made.new_run(school.workspace)
    hold.hold(school.workspace)
    jobs = Jobs(school.workspace, device_of=lambda _: "cpu")
    looked = threading.Event()
    real = hold.held
    monkeypatch.setattr(hold, "held", lambda root: (looked.set(), real(root))[1])
    jobs.submit(run)
    assert looked.wait(10) and not begun.is_set() and jobs.queued() == [run.id]
    hold.release(school.workspace)
    assert begun.wait(10)
    jobs.close()


def test_clearing_a_class_keeps_what_teachers_made_and_can_be_undone_from_the_bin(school: School) -> None:
    kept = school.trained(school.teacher)
    with pytest.raises(StudioError, match="7 b"):
        clearing.clear(school.workspace, school.accounts, "7b")
    with acting_as(school.ada), pytest.raises(NotAllowedError):
        clearing.clear(school.workspace, school.accounts, "7 b")
    before = clearing.preview(school.workspace, school.accounts)
    assert (before.pupils, before.runs, before.datasets) == (("Ada", "Bob"), 1, 1)
    assert clearing.clear(school.workspace, school.accounts, " 7 b") == before
    assert [run.id for run in school.workspace.runs()] == [kept.id]
    assert [person.name for person in school.accounts.people.all()] == ["T"] and not school.accounts.joining
    binned = Bin(school.workspace)
    assert {each.id for each in binned.listed()} == {school.run.id, school.dataset}
    binned.take_back(next(each.entry for each in binned.listed() if each.kind == "run"), "program")
    assert school.workspace.run(school.run.id).best


def test_a_class_is_not_cleared_while_somebody_trains(school: School) -> None:
    asked: list[str] = []
    with school.run.lock().acquire(), pytest.raises(StudioError, match="still being trained"):
        clearing.clear(school.workspace, school.accounts, "7 b", stop=asked.append)
    assert asked == [school.run.id]
    assert {"Ada", "Bob"} <= {person.name for person in school.accounts.people.all()}
    assert clearing.clear(school.workspace, school.accounts, "7 b").pupils == ("Ada", "Bob")


@pytest.mark.slow
def test_what_pupils_hand_in_is_collected_else_their_newest_run_and_nothing_of_teachers(
    school: School, tmp_path: Path
) -> None:
    first, newest, bobs = school.run, school.trained(school.ada), school.trained(school.bob)
    for run in (first, newest, bobs, school.trained(school.teacher)):
        run.best.write_bytes(b"weights of " + run.id.encode())
    look = Lessons(school.workspace, school.accounts.people, RunData(school.workspace)).look
    assert [each.run.id for each in collecting.chosen(look().pupils)] == [newest.id, bobs.id]
    with acting_as(school.bob), pytest.raises(NotAllowedError):
        collecting.hand_in(first, on=True)
    with acting_as(school.ada):
        collecting.hand_in(first, on=True)
        with pytest.raises(NotAllowedError):
            list(collecting.zipped([], checkpoints=False))
    found = collecting.chosen(look().pupils)
    assert [each.run.id for each in found] == [first.id, bobs.id]
    collecting.write(found, tmp_path / "all.zip", checkpoints=True)
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert archive.testzip() is None
        table = archive.read("scores.csv").decode("utf-8-sig").splitlines()
        assert [line.split(",")[0] for line in table] == ["pupil", "Ada", "Bob"]
        assert archive.read(f"Bob/{bobs.id}/model.safetensors") == bobs.best.read_bytes()
        assert b"<html" in archive.read(f"Ada/{first.id}/report.html")


def test_the_command_line_does_the_same(school: School, capsys: pytest.CaptureFixture[str]) -> None:
    def run(*arguments: str) -> dict[str, object]:
        assert cli.main(["lesson", *arguments, "--workspace", str(school.workspace.root), "--json"]) == 0
        found: dict[str, object] = json.loads(capsys.readouterr().out.splitlines()[-1])
        return found

    assert run("hold", "Look up")["text"] == "Look up"
    shown = run()
    assert shown["held"] and {row["name"] for row in shown["people"]} == {"T", "Ada", "Bob"}  # type: ignore[attr-defined]
    assert run("release") == {"held": False, "text": ""}
    assert run("clear")["cleared"] is False and len(school.accounts.people.all()) == 3
    assert run("clear", "7 b")["cleared"] is True and len(school.accounts.people.all()) == 1
