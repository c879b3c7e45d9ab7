"""One cache of what was read of the runs: for all tabs, all routes and the command line."""

import json
import threading

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hand_made import finish, new_run, report_of, train

from resnet_studio import cli, labels, run_log
from resnet_studio.events import Queued
from resnet_studio.run_settings import RunSettings
from resnet_studio.service.bounded import Bounded
from resnet_studio.service.folded_runs import FoldedRuns
from resnet_studio.service.quick import QuickTime
from resnet_studio.service.run_data import RunData
from resnet_studio.service.watch import RunWatch
from resnet_studio.training.jobs import Jobs
from resnet_studio.ui.page.context import Studio
from resnet_studio.ui.predict.queries import ModelQueries
from resnet_studio.ui.results import tab as results_tab
from resnet_studio.ui.runs import tab as runs_tab
from resnet_studio.ui.train import live
from resnet_studio.ui.train.handlers import Forecaster


def trained(workspace, name, epochs=6):
    run = new_run(workspace, name=name)
    train(run, epochs=epochs)
    finish(run, report_of(run))
    return run


@pytest.fixture
def reads(monkeypatch):
    """The (path, offset) of each time that a log was read."""
    found = []
    read = run_log.read_lines
    monkeypatch.setattr(
        run_log, "read_lines", lambda path, offset: (found.append((path, offset)), read(path, offset))[1]
    )
    return found


def test_a_log_is_folded_once_for_everything_that_a_server_shows(workspace, reads):
    runs = [trained(workspace, "first"), trained(workspace, "second")]
    reads.clear()
    studio = Studio(workspace, Jobs(workspace))
    app = FastAPI()
    for module in (live, results_tab, runs_tab):
        app.include_router(module.routes(studio))
    client = TestClient(app)
    compared = client.get("/studio/compare", params={"run": [run.id for run in runs]}).text
    followed = client.get("/studio/live", params={"run": runs[0].id}).json()
    assert runs[0].about["name"] in compared and followed["run"] == runs[0].id
    assert client.get(f"/studio/runs/{runs[0].id}/report.json").json()["accuracy"]
    handlers = runs_tab.Handlers(studio)
    assert handlers.show("")[0]
    assert len(Forecaster(workspace, studio.runs).models(18)) == 0
    QuickTime(workspace, studio.runs).measured()
    ModelQueries(workspace, studio.album, studio.runs).default(runs[0].id)
    assert results_tab.choose(studio.runs.overviews(), runs[1].id).run.id == runs[1].id
    assert sorted(reads) == sorted((run.log.path, 0) for run in runs)
    size = runs[0].log.path.stat().st_size
    runs[0].append(Queued())
    reads.clear()
    assert studio.runs.of(runs[0]).state.status == "queued"
    RunWatch(workspace, studio.jobs, studio.runs).snapshot(runs[0].id)
    assert reads == [(runs[0].log.path, size)]


def test_the_page_the_command_line_and_python_see_the_same(workspace, capsys):
    runs = [trained(workspace, "first"), trained(workspace, "second", 9)]
    train(new_run(workspace, name="half"), epochs=3, planned=8)
    data = RunData(workspace)
    watch = RunWatch(workspace, Jobs(workspace), data)
    assert cli.main(["runs", "--json", "--workspace", str(workspace.root)]) == 0
    rows = {row["run"]: row for row in json.loads(capsys.readouterr().out)["runs"]}
    for run in workspace.runs():
        page, row, state = data.of(run), rows[run.id], run.state()
        assert page.state == state and watch.snapshot(run.id).state.epochs == state.epochs
        assert row["status"] == state.status and row["epochs_run"] == len(state.epochs)
        assert row["validation_accuracy"] == page.validation_accuracy and row["test_accuracy"] == page.test_accuracy
        assert row["seconds"] == page.seconds == state.seconds(page.requested_at)
        assert row["name"] == page.name == run.about["name"]
    assert len(rows) == len(runs) + 1


def test_settings_that_a_training_fills_in_later_are_seen(workspace):
    run, data = new_run(workspace), RunData(workspace)
    assert data.of(run).config.batch_size == 32
    run.write_resolved(run.config.replace(batch_size=16))
    assert data.of(run).config.batch_size == 16


def test_settings_are_read_once(workspace, monkeypatch):
    run, data, calls = new_run(workspace), RunData(workspace), []
    read = RunSettings.from_json
    monkeypatch.setattr(RunSettings, "from_json", lambda *given: (calls.append(given), read(*given))[1])
    for _ in range(5):
        assert data.of(run).name == "digits-resnet18"
    assert len(calls) == 1
    labels.write(run.folder, name="mine")
    assert data.of(run).name == "mine" and len(calls) == 2


def test_no_more_runs_are_held_than_there_is_room_for_and_a_list_pushes_nothing_out(workspace, reads):
    runs = [trained(workspace, f"run {number}", 2) for number in range(5)]
    folded = FoldedRuns(most=2)
    for run in runs:
        folded.of(run, transient=True)
    assert len(folded) == 2
    folded.of(runs[4])
    reads.clear()
    for run in runs:
        assert folded.of(run, transient=True).state.status == "finished"
    folded.of(runs[4])
    assert len(folded) == 2 and (runs[4].log.path, 0) not in reads
    folded.keep_only(set())
    assert len(folded) == 0


def test_runs_that_are_gone_are_forgotten(workspace):
    runs, data = [trained(workspace, name) for name in ("a", "b")], RunData(workspace)
    assert len(data.listed()) == 2
    workspace.delete_run(runs[0])
    assert [each.run.id for each in data.listed()] == [runs[1].id] and len(data.folded_runs) == 1


def test_what_is_large_pushes_out_what_was_not_asked_for_longest():
    cache, made = Bounded(10), []

    def ask(key, weight=4, stamp=1):
        return cache.get(key, stamp, weight, lambda: (made.append(key), key.upper())[1])

    assert [ask("a"), ask("b"), ask("a"), ask("c"), ask("a")] == ["A", "B", "A", "C", "A"]
    assert made == ["a", "b", "c"]
    ask("b")
    assert made == ["a", "b", "c", "b"]
    ask("a", stamp=2)
    assert made[-1] == "a"
    ask("huge", weight=99)
    assert len(cache) == 1 and ask("huge", weight=99) == "HUGE" and made.count("huge") == 1


def test_what_cannot_be_made_is_not_kept():
    cache = Bounded(10)

    def broken():
        raise OSError

    with pytest.raises(OSError):
        cache.get("a", 1, 1, broken)
    assert len(cache) == 0 and cache.get("a", 1, 1, lambda: 3) == 3


def test_a_report_is_read_again_when_it_was_written_again(workspace):
    run, data = trained(workspace, "a"), RunData(workspace)
    assert data.report(run) is data.report(run)
    run.write_json("report.json", {**data.report(run), "accuracy": 0.25})
    assert data.report(run)["accuracy"] == 0.25


def test_threads_that_look_at_the_same_runs_read_each_once(workspace, reads):
    runs = [trained(workspace, f"run {number}", 3) for number in range(4)]
    reads.clear()
    data = RunData(workspace)
    threads = [threading.Thread(target=data.overviews) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(reads) == sorted((run.log.path, 0) for run in runs)
