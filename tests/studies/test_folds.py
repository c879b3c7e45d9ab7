"""A cross-validation is one job of several runs: every picture is tested once, whatever happens in between."""

import json

import hand_made
import pytest
from made import encoded, scene, write
from PIL import ImageOps

import resnet_studio
from resnet_studio import api
from resnet_studio.cli import main
from resnet_studio.commands import reports
from resnet_studio.config import TrainConfig
from resnet_studio.data.opening import open_data
from resnet_studio.data.run_split import split_of
from resnet_studio.errors import ConfigError, DataError
from resnet_studio.evaluation import html_report, tables
from resnet_studio.evaluation.compare import compare
from resnet_studio.evaluation.report import wilson_interval
from resnet_studio.events import EpochFinished, Finished
from resnet_studio.service.run_data import RunData
from resnet_studio.studies.folds import cross_validation, is_cross_validation, new_folds
from resnet_studio.studies.repeats import new_repeats, summary
from resnet_studio.training.control import Control
from resnet_studio.training.driving import Job, carry_out, drive
from resnet_studio.training.waiting import left_of_job, study_of

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("narrow")]

QUICK = TrainConfig(
    weights="scratch", epochs=1, batch_size=16, picture_size=16, precision="fp32", average_weights=False, device="cpu"
)


@pytest.fixture
def dataset(class_folders, workspace):
    return open_data(class_folders({"crimson": 12, "seagreen": 12}), workspace)


@pytest.fixture
def mirrored(tmp_path, workspace):
    """Twenty scenes in two classes, each of them twice: as it is and mirrored."""
    files = {}
    for number in range(20):
        kind = "ab"[number % 2]
        files[f"{kind}/{number}.png"] = encoded(scene(number, 64))
        files[f"{kind}/{number}-again.png"] = encoded(ImageOps.mirror(scene(number, 64)))
    return open_data(write(tmp_path / "set", files), workspace)


def test_a_script_can_tell_which_part_of_which_study_a_run_is(dataset, workspace, capsys):
    """The name of a part for readers ends in (2/3), whatever the study; what it is stands beside it."""
    runs = new_folds(dataset, QUICK.replace(seed=7), workspace, 3, facts={"name": "mine"})
    for run in runs:
        hand_made.train(run, epochs=1)
    part = {"kind": "folds", "group": runs[1].about["group"], "part": 2, "of": 3}
    found = html_report.to_json(runs[1])
    assert found["name"] == "mine (2/3)" and found["study"] == part
    assert "--folds 3" in found["reproduce"]  # alone it would be tested on other pictures
    alone = new_repeats(dataset, QUICK, workspace, 2)[0]
    hand_made.train(alone, epochs=1)
    assert html_report.to_json(alone)["study"] == {**part, "kind": "seeds", "group": alone.about["group"], "part": 1,
                                                   "of": 2}  # fmt: skip
    assert [side.study for side in compare(runs[1:]).sides] == [{**part, "part": 2}, {**part, "part": 3}]
    assert main(["runs", "--json", "--workspace", str(workspace.root)]) == 0
    rows = json.loads(capsys.readouterr().out.splitlines()[-1])["runs"]
    assert next(row for row in rows if row["run"] == runs[1].id)["study"] == part
    assert tables.encoded(reports.runs_table(RunData(workspace).listed()), "csv").count(b"folds 2 of 3") == 1


def all_tested(runs):
    return sorted(sample.name for run in runs for sample in split_of(run).test)


def test_the_parts_are_runs_of_a_group_with_equal_settings_each_tested_on_another_fold(dataset, workspace):
    runs = new_folds(dataset, QUICK.replace(seed=7), workspace, 3, facts={"name": "mine"})
    assert [run.config.seed for run in runs] == [7, 7, 7] and len({run.about["group"] for run in runs}) == 1
    assert [run.about["study"]["part"] for run in runs] == [1, 2, 3]
    assert all(
        run.about["study"] == {"kind": "folds", "part": p, "of": 3, "new_split": True} for p, run in enumerate(runs, 1)
    )
    assert [run.about["name"] for run in runs] == [f"mine (fold {part})" for part in (1, 2, 3)]
    assert all_tested(runs) == sorted(sample.name for sample in dataset.samples)
    assert study_of(runs[2]) == list(runs) and is_cross_validation(runs)
    assert [run.about["counts"]["test"] for run in runs] == [8, 8, 8]


@pytest.mark.parametrize("folds", [1, 0, -3, 21, True])
def test_a_number_of_folds_that_makes_no_sense_is_refused(dataset, workspace, folds):
    with pytest.raises(ConfigError, match="from 2 to 20"):
        new_folds(dataset, QUICK, workspace, folds)
    assert workspace.runs() == []


def test_too_many_folds_for_the_pictures_leave_no_half_a_study(dataset, workspace):
    with pytest.raises(DataError, match="Use fewer folds"):
        new_folds(dataset, QUICK, workspace, 13)
    assert workspace.runs() == []


def test_all_pictures_count_as_one_test(dataset, workspace):
    found = resnet_studio.cross_validate(dataset, QUICK.replace(groups="none"), folds=3, workspace=workspace)
    reports = [part.run.read_json("report.json") for part in found.study.parts]
    assert found.complete and sum(each["count"] for each in reports) == found.report.count == 24
    correct = sum(row["correct"] for each in reports for row in each["per_class"])
    assert found.report.accuracy == pytest.approx(correct / 24)
    assert found.report.interval == pytest.approx(wilson_interval(correct, 24))
    names = [picture.name for picture in found.report.pictures]
    assert sorted(names) == sorted(sample.name for sample in dataset.samples)
    values = found.to_json()
    assert [row["support"] for row in values["per_class"]] == [12, 12]
    for row, cells in zip(values["per_class"], values["confusion"], strict=True):
        assert sum(cells) == 12 and row["interval"][0] <= row["correct"] / 12 <= row["interval"][1]


def test_near_duplicates_are_in_one_fold_of_all_and_the_interval_counts_them_once(mirrored, workspace):
    config = TrainConfig(epochs=1, picture_size=32, batch_size=8, device="cpu")
    found = resnet_studio.cross_validate(mirrored, config, folds=3, workspace=workspace)
    runs = [part.run for part in found.study.parts]
    assert all_tested(runs) == sorted(sample.name for sample in mirrored.samples)
    scenes = [{sample.name.split("/")[1].split(".")[0].split("-")[0] for sample in split_of(run).test} for run in runs]
    assert sum(map(len, scenes)) == 20  # no scene in two folds
    assert found.report.count == 40
    assert found.report.interval == pytest.approx(wilson_interval(found.report.accuracy * 20, 20))


def test_stopped_in_the_second_fold_it_goes_on_there_with_the_same_folds(mirrored, workspace):
    runs, control = new_folds(mirrored, QUICK, workspace, 3), Control()

    def on_event(event, run):
        if run == runs[1] and isinstance(event, EpochFinished):
            control.stop()

    end = carry_out(Job(runs, control), lambda run, c: drive(run, c, lambda event: on_event(event, run)))
    assert isinstance(end, Finished)
    assert runs[0].state().status == "finished" and runs[2].state().status == "interrupted"
    found = cross_validation(runs)
    assert found.report.count == len(split_of(runs[0]).test) < 40 and not found.complete
    before = [split_of(run).test for run in runs]
    assert all_tested(runs) == sorted(sample.name for sample in mirrored.samples)
    assert runs[2] in left_of_job(runs[0])
    api.resume(runs[2])
    assert [split_of(run).test for run in runs] == before
    after = cross_validation(runs)
    assert after.complete and after.report.count == 40
    assert len({picture.name for picture in after.report.pictures}) == 40


def test_paused_before_the_pictures_are_looked_at_the_folds_are_made_when_it_goes_on(mirrored, workspace):
    runs, control = new_folds(mirrored, QUICK, workspace, 2), Control()
    control.pause()
    carry_out(Job(runs, control), drive)
    assert [run.split["together"]["near"] for run in runs] == [None, None]
    api.resume(runs[1])
    assert [run.split["together"]["near"] for run in runs] == [20, 20]
    assert all_tested(runs) == sorted(sample.name for sample in mirrored.samples)


def test_the_command_line_reports_all_pictures_and_resumes_by_the_name_of_the_study(class_folders, workspace, capsys):
    def command(*words, status=0):
        assert main([*words, "--workspace", str(workspace.root), "--json"]) == status
        return json.loads(capsys.readouterr().out.splitlines()[-1])

    pictures = str(class_folders({"crimson": 12, "seagreen": 12}))
    settings = ["--weights=scratch", "--batch-size=16", "--picture-size=16", "--device=cpu", "--epochs=1"]
    values = command("train", pictures, *settings, "--folds=3")
    assert (values["study"], values["done"], values["folds"]) == ("folds", 3, 3)
    assert [row["fold"] for row in values["runs"]] == [1, 2, 3]
    assert values["test"]["pictures"] == 24 and len(values["test"]["values"]) == 3
    low, high = values["test"]["interval"]
    assert low <= values["test"]["mean"] <= high
    assert [row["name"] for row in values["per_class"]] == ["crimson", "seagreen"]
    assert {"group", "new_split_each", "validation"} <= set(values)
    first, second = (workspace.find_run(row["run"]) for row in values["runs"][:2])
    for left in (second.report_file, second.folder / "events.jsonl"):  # as if it had never been trained
        left.unlink()
    assert second.state().status != "finished" and first.state().status == "finished"
    again = command("resume", values["group"])
    assert (again["study"], again["done"], again["test"]["pictures"]) == ("folds", 3, 24)
    for wrong in (["--folds=1"], ["--folds=40"], ["--folds=x"], ["--folds=3", "--seeds=3"]):
        assert command("train", pictures, *settings, *wrong, status=2)["error"]


def test_studies_of_seeds_are_read_as_before(dataset, workspace):
    runs = new_repeats(dataset, QUICK, workspace, 2)
    assert not is_cross_validation(runs) and summary(runs).redrawn
    assert "fold" not in runs[0].split["together"]
