"""The same training with several seeds is one job: trained in turn, stopped and paused as one, resumed where it was."""

import json
import math
import signal
import statistics
import subprocess
import sys

import pytest
from scipy import stats
from waiting import wait_for

from resnet_studio import api
from resnet_studio.config import TrainConfig
from resnet_studio.data.opening import open_data
from resnet_studio.errors import ConfigError, RunError
from resnet_studio.events import EpochFinished, Finished, Started
from resnet_studio.studies.repeats import figure, new_repeats, summary
from resnet_studio.training import driving
from resnet_studio.training import jobs as jobs_module
from resnet_studio.training.control import Control
from resnet_studio.training.driving import Job, ask, carry_out, drive
from resnet_studio.training.jobs import Jobs
from resnet_studio.training.waiting import left_of_job, study_of

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("narrow")]

QUICK = TrainConfig(
    weights="scratch", epochs=2, batch_size=16, picture_size=16, precision="fp32", average_weights=False, device="cpu"
)


@pytest.fixture
def dataset(class_folders, workspace):
    return open_data(class_folders({"crimson": 20, "seagreen": 20}), workspace)


@pytest.fixture
def study(dataset, workspace):
    return lambda seeds=3, **changes: new_repeats(dataset, QUICK.replace(**changes), workspace, seeds)


def statuses(runs):
    return [run.state().status for run in runs]


def test_the_parts_are_runs_of_a_group_each_with_a_seed_and_a_split_of_its_own(study):
    runs = study(3, seed=7)
    assert [run.config.seed for run in runs] == [7, 8, 9]
    assert len({run.about["group"] for run in runs}) == 1
    parts = [run.about["study"] for run in runs]
    assert parts == [{"kind": "seeds", "part": part, "of": 3, "new_split": True} for part in (1, 2, 3)]
    assert [run.about["name"].rpartition("-")[2] for run in runs] == ["7", "8", "9"]
    assert len({json.dumps(run.split["train"], sort_keys=True) for run in runs}) == 3
    assert study_of(runs[1]) == list(runs)


@pytest.mark.parametrize("seeds", [1, 0, -3, 51, True])
def test_a_number_of_seeds_that_makes_no_sense_is_refused(study, seeds, workspace):
    with pytest.raises(ConfigError, match="from 2 to 50"):
        study(seeds)
    assert workspace.runs() == []


def test_seeds_beyond_the_largest_leave_no_half_a_study(study, workspace):
    with pytest.raises(ConfigError):
        study(3, seed=2**31 - 2)
    assert workspace.runs() == []


def test_trained_in_turn_they_end_like_runs_trained_one_by_one_and_their_mean_is_told(study, dataset, workspace):
    from resnet_studio.training.plan import new_run

    alone = [new_run(dataset, QUICK.replace(seed=seed), workspace) for seed in (0, 1)]
    for run in alone:
        drive(run, Control())
    found = api.repeat(dataset, QUICK, seeds=2, workspace=workspace)
    single = [run.state().finished for run in alone]
    parts = [part.finished for part in found.parts]
    assert found.done == 2 and found.redrawn
    assert [each.test_accuracy for each in parts] == [each.test_accuracy for each in single]
    assert found.test.mean == pytest.approx(statistics.fmean(each.test_accuracy for each in single))
    losses = [[event.train_loss for event in run.events() if isinstance(event, EpochFinished)] for run in alone]
    again = [
        [event.train_loss for event in run.events() if isinstance(event, EpochFinished)]
        for run in (part.run for part in found.parts)
    ]
    assert losses == again
    with pytest.raises(RunError, match="all its epochs"):
        left_of_job(found.parts[0].run)


def test_the_interval_is_students_and_wider_where_runs_share_pictures():
    values = [0.8, 0.9, 0.85, 0.95]
    plain, shared = figure(values), figure(values, overlap=0.25)
    low, high = stats.t.interval(0.95, 3, loc=statistics.fmean(values), scale=stats.sem(values))
    assert plain.interval == (pytest.approx(low), pytest.approx(min(1.0, high)))
    spread = statistics.stdev(values) * math.sqrt(1 / 4 + 0.25)
    assert shared.interval[0] == pytest.approx(plain.mean - stats.t.ppf(0.975, 3) * spread)
    assert figure([]) is None and figure([0.5]).interval is None
    assert figure([1.0, 1.0]).interval == (1.0, 1.0)


def test_a_data_set_with_parts_of_its_own_is_split_alike_for_every_seed(class_folders, workspace):
    import shutil

    root = class_folders({"crimson": 20, "seagreen": 20}, name="both")
    for part in ("train", "val", "test"):
        for folder in ("crimson", "seagreen"):
            shutil.copytree(root / folder, root.parent / "parts" / part / folder)
    runs = new_repeats(open_data(root.parent / "parts", workspace), QUICK, workspace, 2)
    assert not summary(runs).redrawn and runs[0].split["train"] == runs[1].split["train"]


def test_a_study_that_is_stopped_in_its_second_part_keeps_what_is_done_and_goes_on_there(study):
    runs, control = study(3), Control()

    def on_event(event, run):
        if run == runs[1] and isinstance(event, EpochFinished):
            control.stop()

    end = carry_out(Job(runs, control), lambda run, c: drive(run, c, lambda event: on_event(event, run)))
    assert isinstance(end, Finished) and statuses(runs) == ["finished", "stopped", "interrupted"]
    found = summary(runs)
    assert found.done == 1 and found.stopped and found.test.interval is None
    before = runs[0].events()
    assert left_of_job(runs[2]) == runs[1:]  # whichever part is named
    api.resume(runs[2])
    assert statuses(runs) == ["finished"] * 3 and runs[0].events() == before
    first = next(event for event in runs[2].events() if isinstance(event, Started))
    assert first.time >= runs[1].state().finished.time
    assert len(summary(runs).test.values) == 3


def test_a_request_for_any_part_pauses_the_whole_study_and_resuming_ends_to_the_bit(study):
    straight, runs = study(2), study(2)
    carry_out(Job(straight), drive)
    asked = []

    def on_event(event, run):
        if isinstance(event, EpochFinished) and run == runs[0] and not asked:
            asked.append(ask(runs[1], "pause"))  # a part that has not begun
            wait_for(lambda: job.control.request)

    job = Job(runs)
    carry_out(job, lambda run, control: drive(run, control, lambda event: on_event(event, run)))
    assert statuses(runs) == ["interrupted", "interrupted"] and asked == [job.session]
    api.resume(runs[0])
    for one, two in zip(straight, runs, strict=True):
        assert [e.validation_loss for e in one.state().epochs] == [e.validation_loss for e in two.state().epochs]


def test_a_part_that_fails_does_not_hold_up_the_next_and_is_tried_again(study):
    runs = study(3)
    whole = (runs[0].folder / "split.json").read_bytes()
    (runs[0].folder / "split.json").write_text("{")
    carry_out(Job(runs), drive)
    assert statuses(runs) == ["failed", "finished", "finished"]
    (runs[0].folder / "split.json").write_bytes(whole)
    api.resume(runs[1])
    assert statuses(runs) == ["finished"] * 3


def test_in_the_queue_a_study_is_one_line(study, workspace, monkeypatch):
    begun, go = [], set()

    def train(run, control):
        begun.append(run.id)
        wait_for(lambda: run.id in go or control.request)

    monkeypatch.setattr(jobs_module, "drive", train)
    queue = Jobs(workspace)
    first, second = study(3), study(2)
    queue.submit(*first)
    queue.submit(*second)
    queue.submit(*first)  # twice is once
    queue.submit(first[1])
    wait_for(lambda: begun)
    assert queue.running() == [first[0].id] and queue.queued() == [second[0].id]
    assert [queue.place(run.id) for run in (*first, *second)] == [0, 0, 0, 1, 1]
    go.add(first[0].id)
    wait_for(lambda: len(begun) == 2)
    assert queue.running() == [first[1].id]
    queue.stop(second[1].id)
    assert queue.queued() == [] and statuses(second) == ["interrupted"] * 2
    queue.stop(first[2].id)
    wait_for(lambda: not queue.running())
    assert begun == [first[0].id, first[1].id] and first[2].state().status == "interrupted"
    queue.close()


def test_a_study_that_waits_for_a_program_that_ended_is_taken_over_as_one(study, workspace, monkeypatch):
    begun = []
    runs = study(3)
    queue = Jobs(workspace)
    monkeypatch.setattr(Jobs, "start_thread", lambda *_: None)
    queue.submit(*runs)
    queue.close()
    assert statuses(runs) == ["queued"] * 3
    monkeypatch.undo()
    monkeypatch.setattr(jobs_module, "drive", lambda run, control: begun.append(run.id))
    after = Jobs(workspace)
    assert after.adopt() == [runs[0]]
    wait_for(lambda: len(begun) == 3)
    assert begun == [run.id for run in runs]
    after.close()


@pytest.mark.long
@pytest.mark.slow
def test_a_study_killed_in_its_second_part_resumes_there_and_reports_all(class_folders, workspace):
    def command(*words):
        return [sys.executable, "-m", "resnet_studio", *words, "--workspace", str(workspace.root), "--json"]

    pictures = class_folders({"crimson": 20, "seagreen": 20})
    settings = ["--weights=scratch", "--batch-size=16", "--picture-size=16", "--device=cpu", "--epochs=12"]
    child = subprocess.Popen(command("train", str(pictures), *settings, "--seeds=3"), stdout=subprocess.PIPE)
    wait_for(lambda: len(workspace.runs()) == 3 and workspace.runs()[0].about.get("group"))
    runs = study_of(workspace.runs()[0])
    wait_for(lambda: len(runs[1].state().epochs) >= 1)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert statuses(runs) == ["finished", "interrupted", "interrupted"]
    done = subprocess.run(command("resume", runs[0].about["group"]), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    on_event = json.loads(done.stdout.splitlines()[-1])
    assert (on_event["done"], on_event["study"], on_event["new_split_each"]) == (3, "seeds", True)
    assert [row["seed"] for row in on_event["runs"]] == [0, 1, 2]
    assert on_event["test"]["mean"] == pytest.approx(statistics.fmean(row["test_accuracy"] for row in on_event["runs"]))
    assert on_event["test"]["interval"][0] <= on_event["test"]["mean"] <= on_event["test"]["interval"][1]


def test_what_is_no_study_is_told_from_one(study, workspace):
    runs = study(2)
    for broken in ({"group": 7}, {"group": ""}, {"group": "another"}, {"group": None}):
        content = runs[0].read_json("config.json")
        content["about"] = {**content["about"], **broken}
        runs[0].write_json("config.json", content)
        assert study_of(runs[0]) == [runs[0]] and left_of_job(runs[0]) == (runs[0],)
    content["about"] = {**content["about"], "group": runs[1].about["group"], "study": "nonsense"}
    runs[0].write_json("config.json", content)
    assert study_of(runs[0]) == list(runs)


def test_driving_is_imported_without_torch():
    code = f"import sys, {driving.__name__}, resnet_studio.studies.repeats; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
