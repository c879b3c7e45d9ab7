from __future__ import annotations

import json
import math
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import hand_made
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from resnet_studio import belonging, labels
from resnet_studio.events import (
    Event,
    Failed,
    Finished,
    Interrupted,
    Noted,
    PicturesSkipped,
    Preparing,
    Probed,
    Progress,
    Queued,
    Started,
)
from resnet_studio.events import Testing as Scoring
from resnet_studio.run_state import replay
from resnet_studio.service.watch import RunWatch
from resnet_studio.ui.page import ownership
from resnet_studio.ui.page.context import Studio
from resnet_studio.ui.train import live, live_view
from resnet_studio.workspace import Run, Workspace


class Queue:
    """What the watch asks of the jobs."""

    def __init__(self) -> None:
        self.now: list[str] = []
        self.later: list[str] = []

    def running(self) -> list[str]:
        return list(self.now)

    def queued(self) -> list[str]:
        return list(self.later)


@pytest.fixture
def queue() -> Queue:
    return Queue()


@pytest.fixture
def watch(workspace: Workspace, queue: Queue, monkeypatch: pytest.MonkeyPatch) -> RunWatch:
    for name in ("LOOK_SECONDS", "LIST_SECONDS"):
        monkeypatch.setattr(f"resnet_studio.service.watch.{name}", 0.0)
    return RunWatch(workspace, cast(Any, queue))


@pytest.fixture
def client(workspace: Workspace, queue: Queue, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    for name in ("LOOK_SECONDS", "LIST_SECONDS"):
        monkeypatch.setattr(f"resnet_studio.service.watch.{name}", 0.0)
    monkeypatch.setattr(live, "WAIT_SECONDS", 0.25)
    monkeypatch.setattr(live, "CHECK_SECONDS", 0.02)
    monkeypatch.setattr(live, "QUIET_SECONDS", 0.02)
    app = FastAPI()
    app.include_router(live.routes(Studio(workspace, cast(Any, queue))))
    with TestClient(app) as opened:
        yield opened


def ask(client: TestClient, **query: str) -> dict[str, Any]:
    answer = client.get("/studio/live", params=query)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def record(run: Run, *events: Event) -> None:
    for event in events:
        run.append(event)


def started(epochs: int = 12, epoch: int = 0) -> Started:
    return Started(device="CPU, 2 cores", precision="bf16", epochs=epochs, epoch=epoch, validation_pictures=30)


def progress(epoch: int, batch: int = 5, loss: float = 1.0) -> Progress:
    return Progress(
        epoch=epoch, batch=batch, batches=10, train_loss=loss, train_accuracy=0.5, learning_rate=1e-3,
        pictures_per_second=842.4, remaining_seconds=75, memory_mb=512,
    )  # fmt: skip


def test_an_empty_workspace_shows_an_example_and_is_idle(client: TestClient) -> None:
    news = ask(client)
    assert (news["run"], news["phase"], news["share"]) == ("", "idle", None)
    assert "What you will see here" in news["parts"]["curves"]
    assert "训练时这里会显示什么" in ask(client, lang="zh")["parts"]["curves"]


def test_nothing_new_is_answered_with_nothing_after_a_while(client: TestClient) -> None:
    seen = ask(client)["seen"]
    looks: list[None] = []
    cast(FastAPI, client.app).state.closing = lambda: looks.append(None)
    assert client.get("/studio/live", params={"seen": seen}).status_code == 204
    assert len(looks) > 1


def test_only_what_changed_is_sent_again(client: TestClient, workspace: Workspace, queue: Queue) -> None:
    run = hand_made.new_run(workspace)
    queue.now = [run.id]
    hand_made.train(run, epochs=3, planned=12)
    first = ask(client)
    assert first["phase"] == "running" and "Epoch 4 of 12" in first["parts"]["status"]
    record(run, progress(4))
    second = ask(client, seen=first["seen"])
    assert set(second["parts"]) == {"status", "trail"}
    assert "1 min 15 s left" in second["parts"]["status"] and "842 pictures/s" in second["parts"]["status"]
    assert second["share"] == pytest.approx(3.5 / 12)


def test_an_event_that_comes_while_a_page_waits_answers_it(
    client: TestClient, workspace: Workspace, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "WAIT_SECONDS", 600.0)
    run = hand_made.new_run(workspace)
    queue.now = [run.id]
    record(run, Queued(), started())
    seen = ask(client)["seen"]
    looks: list[None] = []

    def event_after_three_looks() -> None:
        looks.append(None)
        if len(looks) == 3:
            record(run, progress(1))

    cast(FastAPI, client.app).state.closing = event_after_three_looks
    assert "status" in ask(client, seen=seen)["parts"]
    assert len(looks) == 3


def test_a_server_that_is_asked_to_end_lets_waiting_pages_go(client: TestClient, monkeypatch: Any) -> None:
    monkeypatch.setattr(live, "WAIT_SECONDS", 600.0)
    seen = ask(client)["seen"]
    looks = [False, False, True]
    cast(FastAPI, client.app).state.closing = lambda: looks.pop(0)  # looking a fourth time would be an error
    assert client.get("/studio/live", params={"seen": seen}).status_code == 204
    assert looks == []


def test_the_run_at_work_is_shown_before_a_newer_one(client: TestClient, workspace: Workspace, queue: Queue) -> None:
    older, newer = hand_made.new_run(workspace, name="a"), hand_made.new_run(workspace, name="b")
    record(older, Queued(), started())
    record(newer, Queued())
    queue.now, queue.later = [older.id], [newer.id]
    news = ask(client)
    assert news["run"] == older.id and news["queued"] == [newer.id]
    assert "waiting, place 1" in news["parts"]["queue"]
    assert ">Training digits" in news["parts"]["now"] and "+1 waiting" in news["parts"]["now"]
    waiting = ask(client, run=newer.id)
    assert waiting["phase"] == "queued" and "place 1 in the queue" in waiting["parts"]["status"]


def test_the_line_in_the_header_leads_to_the_training_that_it_names(
    client: TestClient, workspace: Workspace, queue: Queue
) -> None:
    run = hand_made.new_run(workspace)
    record(run, Queued(), started())
    queue.now = [run.id]
    now = ask(client)["parts"]["now"]
    assert 'href="#train"' in now and f'data-follow="{run.id}"' in now


def test_a_restarted_server_answers_at_once_under_another_name(workspace: Workspace, queue: Queue) -> None:
    from resnet_studio.service.watch import RunWatch

    before, after = (live.Renderer(RunWatch(workspace, cast(Any, queue))) for _ in range(2))
    first = before.answer("", "", "en")
    assert first is not None and before.answer("", first["seen"], "en") is None
    second = after.answer("", first["seen"], "en")
    assert second is not None and second["server"] != first["server"]


def test_a_run_that_is_gone_gives_way_to_the_usual_one(client: TestClient, workspace: Workspace) -> None:
    run = hand_made.new_run(workspace)
    assert ask(client, run="deleted")["run"] == run.id
    assert ask(client, run="../../etc")["run"] == run.id


def test_a_run_of_another_program_is_shown_and_can_be_ended_from_here(client: TestClient, workspace: Workspace) -> None:
    run = hand_made.new_run(workspace)
    record(run, Queued(), started())
    with run.lock():
        news = ask(client)
    assert (news["phase"], news["running"], news["ahead"]) == ("running", [run.id], 0)
    assert "can be stopped and paused from here" in news["parts"]["notes"]


def test_a_run_whose_program_died_is_interrupted(client: TestClient, workspace: Workspace) -> None:
    run = hand_made.new_run(workspace)
    with run.lock():
        record(run, Queued(), started())
        seen = ask(client)["seen"]
    news = ask(client, seen=seen)
    assert news["phase"] == "interrupted" and "Interrupted before the end of its first" in news["parts"]["status"]


def test_names_of_users_cannot_become_html(client: TestClient, workspace: Workspace, queue: Queue) -> None:
    name = "<img src=x onerror=alert(1)>"
    run = hand_made.new_run(workspace, name=name, classes=("<b>", "&"))
    record(run, PicturesSkipped(files=("<svg onload=x>.jpg",)), Failed(key="<i>", detail="<script>x</script>"))
    html = "".join(ask(client)["parts"].values())
    assert "<img" not in html and "<svg onload" not in html and "<script" not in html and "<i></i>" not in html


@pytest.mark.parametrize(
    ("events", "phase", "said"),
    [
        ([Queued()], "queued", "Waiting"),
        ([Queued(), started(), Interrupted()], "interrupted", "Interrupted"),
        ([Queued(), started(), Interrupted(paused=True)], "interrupted", "Paused before the end of its first epoch"),
        ([Failed(key="error.disk_full")], "failed", "Failed"),
        ([started(), Failed(key="unheard.of")], "failed", "Failed"),
    ],
)
def test_each_end_has_its_phase_and_its_words(
    watch: RunWatch, workspace: Workspace, events: list[Event], phase: str, said: str
) -> None:
    run = hand_made.new_run(workspace)
    record(run, *events)
    seen = watch.snapshot(run.id)
    assert seen is not None and seen.phase == phase
    assert said in live_view.pieces(seen, "en")["status"]


def test_a_finished_run_says_what_it_came_to(watch: RunWatch, workspace: Workspace) -> None:
    run = hand_made.new_run(workspace)
    hand_made.train(run, epochs=12)
    record(run, Finished(reason="completed", epochs_run=12, best_epoch=12, validation_accuracy=0.9,
                         test_accuracy=0.913, train_seconds=38))  # fmt: skip
    seen = watch.snapshot(run.id)
    assert seen is not None
    pieces = live_view.pieces(seen, "zh")
    assert "训练完成" in pieces["status"] and "测试：91.3%" in pieces["status"]
    assert pieces["trail"] == "" and live_view.share_done(seen) == 1


def test_what_comes_before_the_first_batch_is_told(watch: RunWatch, workspace: Workspace, queue: Queue) -> None:
    run = hand_made.new_run(workspace)
    queue.now = [run.id]
    message = []
    for stage, done, total in (("weights", 0, 1), ("weights", 20, 40), ("pictures", 320, 1797), ("other", 1, 2)):
        record(run, Preparing(stage=stage, done=done, total=total))
        seen = watch.snapshot(run.id)
        assert seen is not None and seen.phase == "running"
        message.append(live_view.status(seen, "en"))
    assert "Fetching the starting weights<" in message[0] and "50.0%" in message[1]
    assert "Reading pictures: 320 of 1,797" in message[2] and "Getting ready" in message[3]


def test_testing_is_a_phase_of_its_own(watch: RunWatch, workspace: Workspace, queue: Queue) -> None:
    run = hand_made.new_run(workspace)
    queue.now = [run.id]
    hand_made.train(run, epochs=2)
    record(run, Scoring())
    seen = watch.snapshot(run.id)
    assert seen is not None and seen.phase == "testing" and live_view.share_done(seen) == 1


def test_the_probe_is_judged_against_the_best_epoch(watch: RunWatch, workspace: Workspace, queue: Queue) -> None:
    run = hand_made.new_run(workspace)
    queue.now = [run.id]
    record(run, Probed(validation_accuracy=0.5, seconds=2.3), started())
    before = watch.snapshot(run.id)
    hand_made.train(run, epochs=8)
    after = watch.snapshot(run.id)
    assert before is not None and after is not None
    assert "should beat" in live_view.probe(before, "en")
    assert "has beaten" in live_view.probe(after, "en")


def test_a_probe_that_is_always_right_is_not_to_be_beaten(watch: RunWatch, workspace: Workspace, queue: Queue) -> None:
    run = hand_made.new_run(workspace)
    queue.now = [run.id]
    record(run, Probed(validation_accuracy=1.0, seconds=2.3), started())
    seen = watch.snapshot(run.id)
    assert seen is not None and "Nothing is left to beat" in live_view.probe(seen, "en")


def test_notes_are_told_once_and_skipped_pictures_are_named(watch: RunWatch, workspace: Workspace) -> None:
    run = hand_made.new_run(workspace)
    note = Noted(key="note.out_of_memory", values={"size": 8})
    record(run, note, note, PicturesSkipped(files=tuple(f"cat/{i}.jpg" for i in range(25))))
    seen = watch.snapshot(run.id)
    assert seen is not None
    html = live_view.notes(seen, "en")
    assert html.count("Memory ran out") == 1
    assert "25 pictures could not be read" in html and "cat/0.jpg" in html and "and 5 more" in html


def test_a_resumed_run_drops_what_it_will_train_again(watch: RunWatch, workspace: Workspace) -> None:
    trail = replay([progress(1), progress(1, 10), progress(2), started(epoch=1), progress(2, 2)]).trail
    assert [x for x, _ in trail] == [0.5, 1.0, 1.2]


def test_the_trail_stays_short() -> None:
    events = [progress(e, b) for e in range(1, 200) for b in range(1, 11)]
    assert len(replay(events).trail) <= 400


def test_a_log_is_read_on_and_not_again(watch: RunWatch, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    from resnet_studio import run_log

    run = hand_made.new_run(workspace)
    hand_made.train(run, epochs=4)
    offsets: list[int] = []
    read = run_log.read_lines
    monkeypatch.setattr(run_log, "read_lines", lambda path, offset: (offsets.append(offset), read(path, offset))[1])
    watch.snapshot(run.id)
    watch.snapshot(run.id)
    run.log.append(progress(5), 99, durable=False)
    seen = watch.snapshot(run.id)
    assert len(offsets) == 2 and offsets[0] == 0 < offsets[1]
    assert seen is not None and seen.state.progress is not None and len(seen.state.epochs) == 4


def test_a_torn_line_and_a_loss_that_is_no_number_break_nothing(watch: RunWatch, workspace: Workspace) -> None:
    run = hand_made.new_run(workspace)
    record(run, started(), progress(1, loss=math.nan))
    with run.log.path.open("ab") as file:
        file.write(b'{"event": "Prog')
    seen = watch.snapshot(run.id)
    assert seen is not None
    assert json.dumps(live_view.pieces(seen, "en"))


def test_a_deleted_run_is_forgotten(watch: RunWatch, workspace: Workspace) -> None:
    run = hand_made.new_run(workspace)
    assert watch.snapshot(run.id) is not None
    workspace.delete_run(run)
    assert watch.snapshot(run.id) is None
    assert watch.board().latest is None


def test_the_page_says_whose_the_run_is_that_it_shows(client: TestClient, workspace: Workspace, queue: Queue) -> None:
    run = hand_made.new_run(workspace)
    mine = ownership.browser_of(SimpleNamespace(cookies={ownership.COOKIE: "mine"}))
    content = run.read_json("config.json")
    by = {"started_by": ownership.started_by(mine)}
    run.write_json("config.json", {**content, "about": {**content["about"], **by}})
    record(run, Queued(), started())
    queue.now = [run.id]
    other = hand_made.new_run(workspace)
    record(other, Queued())
    queue.later = [other.id]
    seen = ask(client)
    assert "started in another browser" in seen["parts"]["whose"] and seen["mine"] is False
    client.cookies.set(ownership.COOKIE, "mine")
    seen = ask(client)
    assert "started in this browser" in seen["parts"]["whose"] and seen["mine"] is True
    assert "started in this browser" in seen["parts"]["queue"]


def test_a_renamed_run_has_its_new_name_on_open_pages(client: TestClient, workspace: Workspace, queue: Queue) -> None:
    run = hand_made.new_run(workspace, name="before")
    record(run, Queued(), started())
    queue.now = [run.id]
    seen = ask(client)
    assert "before" in seen["parts"]["status"]
    labels.write(run.folder, name="after")
    news = ask(client, seen=seen["seen"])
    assert "after" in news["parts"]["status"]


@pytest.mark.parametrize(
    ("ahead", "said"), [(-1, "at a lower loss"), (0, "did not beat"), (1, "means nothing"), (2, "has beaten")]
)
def test_one_picture_more_than_the_probe_is_no_gain(
    watch: RunWatch, workspace: Workspace, ahead: int, said: str
) -> None:
    run = hand_made.new_run(workspace)
    hand_made.train(run, epochs=3)
    best = run.state().best
    assert best is not None
    probed = best.validation_accuracy - ahead / 30 - 2e-8  # as a share computed in single precision may differ
    record(run, started(), Probed(validation_accuracy=probed if ahead else best.validation_accuracy, seconds=1))
    hand_made.train(run, epochs=3)
    record(run, started(epochs=3, epoch=3))
    hand_made.finish(run, None)
    seen = watch.snapshot(run.id)
    assert seen is not None
    assert said in live_view.probe(seen, "en")


def test_a_queue_is_read_once_for_all_pages_that_look_at_it(
    watch: RunWatch, workspace: Workspace, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thirty pupils who wait look at thirty runs; each page read them all, and the server did little else."""
    runs = [hand_made.new_run(workspace, name=f"r{number}") for number in range(12)]
    for run in runs:
        run.append(Queued())
    queue.now, queue.later = [runs[0].id], [run.id for run in runs[1:]]
    for name in ("LOOK_SECONDS", "LIST_SECONDS"):  # all pages ask about one moment
        monkeypatch.setattr(f"resnet_studio.service.watch.{name}", 60.0)
    renderer, asked = live.Renderer(watch), []
    real = RunWatch.snapshot
    monkeypatch.setattr(RunWatch, "snapshot", lambda self, name: asked.append(name) or real(self, name))
    for run in runs:
        answer = renderer.answer(run.id, "", "en")
        assert answer is not None and answer["queued"] == queue.later and answer["running"] == queue.now
    assert len(asked) == 2 * len(runs)  # all of them once, and each page the one that it follows


def test_whoever_sees_no_run_of_others_sees_none_in_the_queue(
    watch: RunWatch, workspace: Workspace, queue: Queue
) -> None:
    from resnet_studio.acting import acting_as
    from resnet_studio.service.people.rules import Person

    anna, ben = Person("anna", "Anna", "pupil"), Person("ben", "Ben", "pupil")
    runs = []
    for person in (anna, ben, anna):
        with acting_as(person):
            runs.append(hand_made.new_run(workspace, name=f"{person.id}s"))
        file = runs[-1].folder / "config.json"
        values = json.loads(file.read_text())
        values["about"]["owner"] = f"person:{person.id}"
        file.write_text(json.dumps(values))
        runs[-1].append(Queued())
    queue.now, queue.later = [runs[0].id], [run.id for run in runs[1:]]
    renderer = live.Renderer(watch)
    seen = {}
    for person in (anna, ben):
        with acting_as(person):
            seen[person.id] = renderer.answer("", "", "en", f"person:{person.id}")
    assert seen["anna"]["running"] == [runs[0].id] and seen["anna"]["queued"] == [runs[2].id]
    assert seen["ben"]["running"] == [] and seen["ben"]["queued"] == [runs[1].id]
    assert runs[1].id not in json.dumps(seen["anna"]) and runs[0].id not in json.dumps(seen["ben"])
    belonging.share(runs[0].folder, shared=True)
    with acting_as(ben):
        assert renderer.answer("", "", "en", "person:ben")["running"] == [runs[0].id]
