from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import made
import pytest
from hand_made import new_run
from predicting.conftest import CLASSES, ByColour

from resnet_studio import belonging
from resnet_studio.limits import LimitError
from resnet_studio.predicting import engine
from resnet_studio.predicting.jobs import Job, Request, Source
from resnet_studio.service import predicting
from resnet_studio.service.people.rules import Person
from resnet_studio.service.predicting import PredictionJobs
from resnet_studio.service.prediction_table import PredictionTable, Query
from resnet_studio.service.predictors import Predictors
from resnet_studio.upkeep.bin import Bin
from resnet_studio.workspace import Workspace


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> ByColour:
    tool = ByColour()
    monkeypatch.setattr(predicting, "answering", lambda *_, **__: tool.answering())
    return tool


@pytest.fixture
def server(workspace: Workspace) -> Iterator[PredictionJobs]:
    jobs = PredictionJobs(workspace, Predictors())
    yield jobs
    jobs.close()


@pytest.fixture
def request_on(tmp_path: Path) -> Callable[[int], Request]:
    def make(count: int, by: str = "browser:me") -> Request:
        folder = made.write(tmp_path / "mine", {f"{n}.png": made.picture(3) for n in range(count)})
        source = Source("folder", str(folder), "mine")
        return Request(
            models=("run:x",), model_name="x", classes=CLASSES, title="mine", sources=(source,), started_by=by
        )

    return make


def until(jobs: PredictionJobs, job: Job, status: str) -> None:
    for _ in range(500):
        if jobs.state(job).status == status:
            return
        time.sleep(0.01)
    raise AssertionError(jobs.state(job))


def test_a_job_is_done_in_the_background(
    server: PredictionJobs, tool: ByColour, request_on: Callable[[int], Request]
) -> None:
    job = server.begin(request_on(5))
    until(server, job, "done")
    assert server.state(job).done == server.state(job).total == len(tool.asked) == 5


def test_the_next_server_goes_on_with_what_a_page_asked_for_and_with_nothing_else(
    workspace: Workspace, tool: ByColour, request_on: Callable[..., Request], server: PredictionJobs
) -> None:
    page, program, stopped = (server.jobs.new(request_on(4, by)) for by in ("browser:me", "", "browser:me"))
    stopped.stop()
    again = PredictionJobs(workspace, Predictors())
    again.adopt()
    until(again, page, "done")
    again.close()
    assert server.state(program).status == "waiting" and server.state(stopped).status == "stopped"


def test_a_job_that_is_stopped_goes_on_when_it_is_asked_to_and_can_be_deleted(
    server: PredictionJobs,
    tool: ByColour,
    request_on: Callable[[int], Request],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine, "AT_ONCE", 2)
    at_work, go_on = threading.Event(), threading.Event()

    def slow(pictures: object) -> object:
        at_work.set()
        go_on.wait(5)
        return tool(pictures)  # type: ignore[arg-type]

    monkeypatch.setattr(predicting, "answering", lambda *_, **__: engine.Answering(slow, lambda _: "sure"))  # type: ignore[arg-type]
    job = server.begin(request_on(6))
    at_work.wait(5)
    server.stop(job)
    go_on.set()
    until(server, job, "stopped")
    assert server.state(job).done == 2
    server.resume(job)
    until(server, job, "done")
    assert len(tool.asked) == 6
    binned = server.delete(job, "browser:me")
    assert not job.folder.exists() and server.jobs.all() == [] and binned.concerns("browser:me")
    Bin(server.jobs.workspace).take_back(binned.entry, "browser:me")
    assert server.state(job).status == "done" and server.state(job).done == 6


def test_a_model_that_is_gone_fails_with_a_sentence(
    server: PredictionJobs, request_on: Callable[[int], Request]
) -> None:
    job = server.begin(request_on(2))
    until(server, job, "failed")
    assert "no longer there" in str(server.state(job).error)


def test_the_table_sorts_filters_and_gives_one_page_at_a_time(
    server: PredictionJobs, tool: ByColour, tmp_path: Path
) -> None:
    names = [*(f"{n}.png" for n in range(11)), "b-doubt.png", "a-doubt.png"]
    folder = made.write(tmp_path / "mine", {name: made.picture(3) for name in names})
    made.write(folder, {"zz.png": b"\x89PNG\r\n\x1a\n"})
    source = Source("folder", str(folder), "mine")
    job = server.begin(Request(models=("run:x",), model_name="x", classes=CLASSES, title="t", sources=(source,)))
    until(server, job, "done")
    table = PredictionTable(server)

    def shown(query: Query) -> list[str]:
        return [entry.picture.name for entry in table.page(job, query).entries]

    assert shown(Query("name"))[:3] == ["0.png", "1.png", "2.png"] and shown(Query("name"))[10] == "10.png"
    assert shown(Query("name", reverse=True))[0] == "zz.png"
    assert set(shown(Query("doubt"))[:2]) == {"a-doubt.png", "b-doubt.png"} and shown(Query("doubt"))[-1] == "zz.png"
    assert set(shown(Query(only_unsure=True))) == {"a-doubt.png", "b-doubt.png"}
    assert shown(Query(failed=True)) == ["zz.png"]
    by_class = [entry.row.best for entry in table.page(job, Query("class")).entries]
    assert by_class == [*sorted(by_class[:-1], key=lambda best: CLASSES[best]), -1]
    assert {entry.row.best for entry in table.page(job, Query(label=1)).entries} == {1}
    page = table.page(job, Query("name", first=5, count=5))
    assert (page.fitting, page.first) == (14, 5) and len(page.entries) == 5
    assert table.page(job, Query("name", first=900, count=5)).first == 10


def test_one_person_has_so_many_at_once_and_people_take_turns(
    workspace: Workspace, request_on: Callable[..., Request], monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, order, met = threading.Event(), list[str](), list[str]()

    def carry_out(job: Job, _: object) -> Iterator[engine.PredictionProgress]:
        order.append(job.request.started_by)
        go_on.wait(20)
        yield engine.PredictionProgress(0, 0)

    monkeypatch.setattr(predicting, "carry_out", carry_out)
    server = PredictionJobs(workspace, Predictors(), each=3, met=met.append)
    for _ in range(3):
        job = server.begin(request_on(1, "person:ada"))
    with pytest.raises(LimitError):
        server.begin(request_on(1, "person:ada"))
    with pytest.raises(LimitError):
        server.resume(server.jobs.new(request_on(1, "person:ada")))
    server.resume(job)  # it waits already
    server.begin(request_on(1, "person:bob"))
    go_on.set()
    for _ in range(500):
        if len(order) == 4:
            break
        time.sleep(0.01)
    assert [name[-3:] for name in order] == ["ada", "bob", "ada", "ada"] and met == ["predictions_each"] * 2
    server.close()


def test_a_large_job_makes_room_for_those_of_others_and_goes_on_where_it_was(
    workspace: Workspace, request_on: Callable[..., Request], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "AT_ONCE", 2)
    monkeypatch.setattr(predicting, "TURN_SECONDS", 0.0)
    others_asked, tool, order = threading.Event(), ByColour(), list[str]()

    def answering(models: tuple[str, ...], *_: object, **__: object) -> engine.Answering:
        def answer(pictures: object) -> object:
            order.extend(models)
            others_asked.wait(20)
            return tool(pictures)  # type: ignore[arg-type]

        return engine.Answering(answer, lambda _: "sure")  # type: ignore[arg-type]

    monkeypatch.setattr(predicting, "answering", answering)
    monkeypatch.setattr(predicting, "check_models", lambda *_: None)
    server = PredictionJobs(workspace, Predictors())
    folder = request_on(10, "person:ada")
    large = server.begin(replace(folder, models=("large",)))
    until(server, large, "working")
    own = server.begin(replace(folder, models=("own",), title="own"))
    small = server.begin(replace(folder, models=("small",), started_by="person:bob"))
    others_asked.set()
    for job in (large, own, small):
        until(server, job, "done")
    server.close()
    assert order.index("small") < 3 and order[-1] != "small"  # after the batch at work, as soon as it is Bob's turn
    assert sorted(order) == ["large"] * 5 + ["own"] * 5 + ["small"] * 5
    assert [row.best for row in large.rows] == [row.best for row in small.rows] and server.state(large).done == 10


def test_a_job_does_not_go_on_with_a_model_that_is_shared_no_more(
    workspace: Workspace, tool: ByColour, request_on: Callable[..., Request], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = new_run(workspace)
    belonging.share(run.folder, shared=True)
    monkeypatch.setattr(engine, "AT_ONCE", 2)

    def answer(pictures: object) -> object:
        belonging.share(run.folder, shared=False)  # while the first two are at work
        return tool(pictures)  # type: ignore[arg-type]

    monkeypatch.setattr(predicting, "answering", lambda *_, **__: engine.Answering(answer, lambda _: "sure"))  # type: ignore[arg-type]
    server = PredictionJobs(workspace, Predictors(), acts=lambda _: Person("ada", "Ada", "pupil"))
    job = server.begin(replace(request_on(6, "person:ada"), models=(f"run:{run.id}",)))
    until(server, job, "failed")
    assert server.state(job).done == 2 and "not shared with you any more" in str(server.state(job).error)
    server.close()
