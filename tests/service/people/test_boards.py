"""Leaderboards on sealed test sets: scores, ranks with ties, tries; and nobody reads the labels."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import hand_made
import made
import pytest

from resnet_studio import belonging, cli
from resnet_studio.acting import NotAllowedError, acting_as
from resnet_studio.data import intake, library
from resnet_studio.errors import StudioError
from resnet_studio.evaluation.paired_tests import mcnemar
from resnet_studio.model import checkpoint, resnet
from resnet_studio.model.card import Card
from resnet_studio.model.preprocess import Preprocessing
from resnet_studio.service.people.accounts import Accounts
from resnet_studio.service.people.boards import Board, Boards, Submission
from resnet_studio.service.people.ranking import counting, ranked
from resnet_studio.service.people.rules import Person
from resnet_studio.service.people.scoring import score
from resnet_studio.service.people.store import People
from resnet_studio.service.people.submissions import weights_of
from resnet_studio.upkeep.bin import Bin
from resnet_studio.workspace import Run, Workspace

pytestmark = pytest.mark.usefixtures("narrow")

CLASSES = ("cat", "dog")


class Contest:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.workspace = Workspace.open(folder / "workspace")
        self.boards = Boards(self.workspace)
        self.people = Accounts(People(self.workspace.root)).people
        self.ada, self.bob = (self.people.add(name, "pupil", "") for name in ("Ada", "Bob"))
        self.dataset = self.set("test", dict.fromkeys(CLASSES, 6))

    def set(self, name: str, counts: dict[str, int]) -> str:
        zipped = made.zipped(self.folder / f"{name}.zip", made.class_files(counts))
        return intake.from_zip(zipped, self.workspace).id

    def board(self, tries: int = 3) -> Board:
        return self.boards.create(self.dataset, "Animals", tries)

    def trained(self, person: Person, seed: int, trained_on: str = "") -> Run:
        with acting_as(person):
            run = hand_made.new_run(self.workspace, classes=CLASSES, dataset=f"set{seed}")
        if trained_on:
            split = run.split
            split["train"]["content"] = [trained_on for _ in split["train"]["content"]]
            run.write_json("split.json", split)
        card = Card(classes=CLASSES, depth=18, preprocessing=Preprocessing(resize=36, crop=32), run=run.id)
        checkpoint.save(run.best, resnet.build(18, 2, seed=seed).state_dict(), card)
        return run

    def submitted(self, board: Board, person: Person, run: Run) -> Submission:
        with acting_as(person):
            made = self.boards.submit(board, run, f"{belonging.PERSON}{person.id}")
        return score(self.boards, board, made, "cpu")


@pytest.fixture
def contest(tmp_path: Path) -> Contest:
    return Contest(tmp_path)


def given(number: int, who: str, right: str, **more: Any) -> Submission:
    accuracy = right.count("1") / len(right)
    facts = {"status": "scored", "accuracy": accuracy, "right": right, **more}
    return Submission(number=number, who=who, run="r", name="n", time=number, **facts)


def test_ranks_are_shared_where_the_pictures_cannot_tell() -> None:
    best, close, far = "1" * 40, "1" * 38 + "00", "0" * 30 + "1" * 10
    places = ranked([given(1, "far", far), given(2, "close", close), given(3, "best", best)])
    assert [(place.rank, place.submission.who, place.tied) for place in places] == [
        (1, "best", True), (1, "close", True), (3, "far", False),
    ]  # fmt: skip
    assert places[0].p_value is None and places[1].p_value == 0.5 and (places[2].p_value or 1) < 0.001


def test_small_steps_do_not_carry_a_rank_from_the_first_to_the_last() -> None:
    rights = ["1" * (40 - 3 * step) + "0" * 3 * step for step in range(10)]  # each step is no difference by itself
    ranks = [place.rank for place in ranked([given(n, f"p{n}", right) for n, right in enumerate(rights)])]
    assert ranks == [1, 1, 3, 3, 5, 5, 7, 7, 9, 9]


def test_the_last_scored_run_counts_not_the_best() -> None:
    tries = [given(1, "a", "1111"), given(2, "a", "1100"), given(3, "a", "1110", status="failed")]
    assert [each.number for each in counting(tries)] == [2]


@pytest.mark.slow
def test_a_run_is_scored_as_evaluate_does_and_what_it_has_seen_is_counted(contest: Contest) -> None:
    from resnet_studio import api

    dataset = library.find_dataset(contest.workspace, contest.dataset)
    first = dataset.samples[0].content
    board = contest.board()
    run = contest.trained(contest.ada, 1, trained_on=first)
    done = contest.submitted(board, contest.ada, run)
    report = api.evaluate(run, board.opened(), workspace=contest.workspace, device="cpu")
    assert (done.accuracy, done.low, done.high) == (report.accuracy, *report.interval)
    assert len(done.right) == 12 and done.right.count("1") == round(12 * report.accuracy)
    assert done.seen == 1
    assert contest.boards.find(board.id).submissions() == [done]


@pytest.mark.slow
def test_tries_are_limited_and_failed_ones_do_not_count(contest: Contest) -> None:
    board = contest.board(tries=1)
    with acting_as(contest.ada):
        odd = hand_made.new_run(contest.workspace, classes=("cat", "cow"), dataset="odd")
    checkpoint.save(odd.best, resnet.build(18, 2, seed=1).state_dict(), Card(
        classes=("cat", "cow"), depth=18, preprocessing=Preprocessing(resize=36, crop=32), run=odd.id))  # fmt: skip
    failed = contest.submitted(board, contest.ada, odd)
    assert failed.failed and "dog" in failed.why("en") and failed.why("zh") != failed.why("en")
    contest.submitted(board, contest.ada, contest.trained(contest.ada, 1))
    with pytest.raises(StudioError, match="used"):
        contest.submitted(board, contest.ada, contest.trained(contest.ada, 2))
    contest.boards.set_open(board, open=False)
    with pytest.raises(StudioError, match="closed"):
        contest.submitted(contest.boards.find(board.id), contest.bob, contest.trained(contest.bob, 3))


def test_nobody_submits_the_run_of_somebody_else(contest: Contest) -> None:
    board, run = contest.board(), contest.trained(contest.bob, 1)
    with pytest.raises(NotAllowedError):
        contest.submitted(board, contest.ada, run)
    belonging.share(run.folder, shared=True)
    with pytest.raises(NotAllowedError):
        contest.submitted(board, contest.ada, run)


def test_only_a_set_whose_labels_nobody_knows_can_be_sealed(contest: Contest) -> None:
    folder = contest.workspace.datasets / contest.dataset
    belonging.share(folder, shared=True)
    with pytest.raises(StudioError, match="already see"):
        contest.board()
    belonging.share(folder, shared=False)
    run = hand_made.new_run(contest.workspace, classes=CLASSES, dataset="other")
    settings = run.read_json("config.json")
    settings["about"]["dataset"] = contest.dataset
    run.write_json("config.json", settings)
    hand_made.train(run, epochs=1)
    hand_made.finish(run, None)
    with pytest.raises(StudioError, match="was made with"):
        contest.board()
    with acting_as(contest.ada), pytest.raises(NotAllowedError):
        contest.board()


def test_a_run_in_the_bin_may_come_back_with_the_labels(contest: Contest) -> None:
    with acting_as(contest.ada):
        run = hand_made.new_run(contest.workspace, classes=CLASSES, dataset=contest.dataset)
    binned = Bin(contest.workspace).put_run(run, "user:teacher")
    with pytest.raises(StudioError, match="in the bin"):
        contest.board()
    Bin(contest.workspace).remove(binned.entry, "user:teacher")
    contest.board()


def test_what_a_pupil_brought_in_and_a_copy_that_pupils_have_are_no_secret(contest: Contest) -> None:
    with acting_as(contest.ada):
        brought = contest.set("test", dict.fromkeys(CLASSES, 6))
    folder = contest.workspace.datasets / brought
    belonging.append(folder / belonging.BROUGHT, f"{belonging.PERSON}{contest.ada.id}")
    with pytest.raises(StudioError, match="A pupil brought"):
        contest.boards.create(brought, "Animals")
    with pytest.raises(StudioError, match="in another data set"):
        contest.board()
    Bin(contest.workspace).put_dataset(brought, "user:teacher")
    contest.board()


def test_a_score_brings_nothing_back_that_is_gone(contest: Contest) -> None:
    board, run = contest.board(), contest.trained(contest.ada, seed=1)
    with acting_as(contest.ada):
        made = contest.boards.submit(board, run, f"{belonging.PERSON}{contest.ada.id}")
    contest.boards.forget(frozenset({contest.ada.id}))
    score(contest.boards, board, made, "cpu")
    assert board.submissions() == []
    contest.boards.delete(board)
    score(contest.boards, board, made, "cpu")
    assert not board.root.exists()


def test_a_sealed_set_is_no_data_set_until_it_is_revealed_and_then_the_class_has_it(contest: Contest) -> None:
    board = contest.board()
    assert library.list_datasets(contest.workspace) == []
    for id in (contest.dataset, f"../sealed/{board.id}/datasets/{contest.dataset}", board.id):
        with pytest.raises(StudioError):
            library.find_dataset(contest.workspace, id)
    with acting_as(contest.ada), pytest.raises(NotAllowedError):
        board.opened()
    with acting_as(contest.ada), pytest.raises(NotAllowedError):
        contest.boards.reveal(board)
    contest.boards.reveal(board)
    with acting_as(contest.ada):
        assert len(library.find_dataset(contest.workspace, contest.dataset).samples) == 12
    with pytest.raises(StudioError, match="known to the class"):
        contest.boards.set_open(contest.boards.find(board.id), open=True)
    contest.boards.delete(contest.boards.find(board.id))
    assert contest.boards.all() == [] and library.list_datasets(contest.workspace)


def test_a_board_that_is_deleted_gives_its_set_back_to_the_teachers_alone(contest: Contest) -> None:
    board = contest.board()
    with acting_as(contest.ada), pytest.raises(StudioError):
        contest.boards.delete(board)
    contest.boards.delete(board)
    assert library.find_dataset(contest.workspace, contest.dataset)
    with acting_as(contest.ada), pytest.raises(StudioError):
        library.find_dataset(contest.workspace, contest.dataset)


@pytest.mark.slow
def test_the_command_line_does_the_same(contest: Contest, capsys: pytest.CaptureFixture[str]) -> None:
    def run(*arguments: str, status: int = 0) -> dict[str, Any]:
        given = ["leaderboard", *arguments, "--workspace", str(contest.workspace.root), "--json"]
        assert cli.main(given) == status
        found: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
        return found

    board = run("create", f"dataset:{contest.dataset}", "--name", "Animals", "--tries", "1")
    assert (board["name"], board["pictures"], board["open"]) == ("Animals", 12, True)
    trained = contest.trained(contest.ada, 1)
    done = run("submit", board["id"], trained.id, "--device", "cpu")
    assert done["who"] == f"person:{contest.ada.id}" and done["left"] == 0 and "right" not in done
    assert set(run("submit", board["id"], trained.id, status=2)) == {"error"}
    shown = run("show", board["id"])
    assert [(row["rank"], row["person"]) for row in shown["places"]] == [(1, "Ada")]
    assert not run("close", board["id"])["open"]
    assert [each["id"] for each in run("list")["leaderboards"]] == [board["id"]]
    assert run("show", "nothing", status=2)["error"]


def test_pictures_that_nobody_has_labelled_count_for_nothing(
    contest: Contest, capsys: pytest.CaptureFixture[str]
) -> None:
    """Beside a single class such a folder is one too where a set is read: what the model knows tells which it is."""
    board = contest.boards.create(contest.set("one", {"cat": 6, "unlabelled": 4}), "One")
    done = contest.submitted(board, contest.ada, contest.trained(contest.ada, 1))
    assert len(done.right) == 10 and done.right.count("-") == 4 and done.pictures == 6
    assert done.accuracy == pytest.approx(done.right.count("1") / 6) and done.to_json()["pictures"] == 6
    other = contest.submitted(board, contest.bob, contest.trained(contest.bob, 2))
    both = [pair for pair in zip(done.right, other.right, strict=True) if "-" not in pair]
    assert ranked(board.submissions())[1].p_value == mcnemar(both.count(("1", "0")), both.count(("0", "1")))
    run = contest.trained(contest.ada, 3)
    given = ["leaderboard", "submit", board.id, run.id, "--device", "cpu", "--workspace", str(contest.workspace.root)]
    assert cli.main(given) == 0 and "on 6 sealed pictures" in capsys.readouterr().out


def test_of_many_submissions_at_once_no_more_count_than_there_are_tries(tmp_path: Path) -> None:
    contest = Contest(tmp_path)
    board, run = contest.board(tries=2), contest.trained(contest.ada, 1)
    ended: list[object] = []

    def submit() -> None:
        try:
            ended.append(Boards(contest.workspace).submit(board, run, f"person:{contest.ada.id}").number)
        except StudioError as error:
            ended.append(error.key)

    threads = [threading.Thread(target=submit) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, ended)) == ["1", "2", *["error.boards.no_tries"] * 6]


@pytest.mark.slow
def test_another_name_on_the_same_device_is_seen_and_gets_no_tries_where_the_teacher_says_so(contest: Contest) -> None:
    for by_device in (False, True):
        board = contest.boards.create(
            contest.set(f"sealed{by_device}", {"cat": 4, "dog": 5 + by_device}), "B", 2, by_device=by_device
        )
        for seed, person in ((1, contest.ada), (2, contest.ada)):
            with acting_as(person):
                run = contest.trained(person, seed + 10 * by_device)
                contest.boards.submit(board, run, f"person:{person.id}", "a browser")
        own = contest.trained(contest.bob, 3 + 10 * by_device)
        with acting_as(contest.bob):
            if not by_device:
                contest.boards.submit(board, own, f"person:{contest.bob.id}", "a browser")
                continue
            with pytest.raises(StudioError, match="under whatever name"):
                contest.boards.submit(board, own, f"person:{contest.bob.id}", "a browser")
            assert contest.boards.submit(board, own, f"person:{contest.bob.id}", "another browser")
    shown = contest.boards.all()[-1].submissions()
    assert {each.device for each in shown} == {"a browser"} and "device" not in shown[0].to_json()


@pytest.mark.slow
def test_the_very_model_of_somebody_else_is_known_whatever_its_file_says_besides(contest: Contest) -> None:
    first, again, other = (
        contest.trained(contest.ada, 1),
        contest.trained(contest.bob, 1),
        contest.trained(contest.bob, 2),
    )
    assert first.best.read_bytes() != again.best.read_bytes()  # the card names another run
    assert weights_of(first.best) == weights_of(again.best) != weights_of(other.best)
