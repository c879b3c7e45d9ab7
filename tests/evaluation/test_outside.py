"""A model is also tested on other pictures: which of them count, what is refused, where it is said, what survives."""

import json
import shutil
import unicodedata

import numpy as np
import pytest
from PIL import Image

from resnet_studio import api, cli
from resnet_studio.config import TrainConfig
from resnet_studio.data import library
from resnet_studio.data.dataset import Sample
from resnet_studio.data.needed import needed_by_runs
from resnet_studio.data.opening import open_data
from resnet_studio.errors import DataError
from resnet_studio.evaluation import html_report, model_card
from resnet_studio.evaluation.outside import OUTSIDE_TEST, OutsideSet, OutsideTest
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.evaluation.report import make_report
from resnet_studio.studies import pruned
from resnet_studio.training import loop, plan
from resnet_studio.training.control import Control
from resnet_studio.training.driving import drive
from resnet_studio.workspace import Workspace

pytestmark = pytest.mark.usefixtures("narrow")
QUICK = TrainConfig(epochs=1, picture_size=32, groups="none", weights="scratch", device="cpu")


def write(folder, **classes):
    """A folder of class folders: each class has pictures of these numbers, which look different."""
    for name, numbers in classes.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in numbers:
            Image.new("RGB", (32, 32), (number, 255 - number, 40 + number % 7)).save(folder / name / f"{number}.png")
    return folder


@pytest.fixture
def workspace(tmp_path):
    return Workspace.open(tmp_path / "workspace")


@pytest.fixture
def own(tmp_path, workspace):
    return open_data(write(tmp_path / "own", cat=range(0, 40, 2), dog=range(100, 140, 2)), workspace)


def other(tmp_path, workspace, name="other", **classes):
    return open_data(write(tmp_path / name, **classes), workspace, purpose="score")


def scores_of(run):
    found = RunReport(run).get(OUTSIDE_TEST)
    assert found is not None
    return found


def test_pictures_that_the_set_has_too_are_left_out_whatever_they_are_called(tmp_path, workspace, own):
    found = other(tmp_path, workspace, cat=[1, 3], dog=[101, 102, 104])  # 102 and 104 are in the set to train on
    seen = OutsideSet.of(found, own, "none", workspace)
    assert [sample.name for sample in seen.samples] == ["cat/1.png", "cat/3.png", "dog/101.png"] and seen.shared == 2
    assert "3 pictures of “other”" in seen.sentence("en") and "2 pictures there that your set has too" in seen.sentence(
        "en"
    )
    assert "“other”中的 3 张图片" in seen.sentence("zh") and "。 " not in seen.sentence("zh")


def test_a_set_that_is_all_the_same_is_refused(tmp_path, workspace, own):
    with pytest.raises(DataError, match="also in the set to train on"):
        OutsideSet.of(other(tmp_path, workspace, cat=[2], dog=[102]), own, "none", workspace)


def test_classes_that_do_not_match_are_refused_by_name_before_anything_is_trained(tmp_path, workspace, own):
    bird = other(tmp_path, workspace, cat=[1], bird=[201])
    with pytest.raises(DataError, match="“other” cannot be used for testing: its class 'bird'"):
        plan.new_run(own, QUICK.replace(test_data=f"dataset:{bird.id}"), workspace)
    with pytest.raises(DataError, match="'Cat' and 'cat'"):
        OutsideSet.of(other(tmp_path, workspace, "case", Cat=[1], dog=[101]), own, "none", workspace)
    assert not workspace.runs()


def test_a_name_in_the_other_unicode_form_is_the_same_class(tmp_path, workspace):
    name = "Löwe"
    trained = open_data(write(tmp_path / "own", **{name: range(10), "dog": range(100, 110)}), workspace)
    decomposed = unicodedata.normalize("NFD", name)
    found = other(tmp_path, workspace, **{decomposed: [51], "dog": [151]})
    seen = OutsideSet.of(found, trained, "none", workspace)
    assert sorted(trained.classes[sample.label] for sample in seen.samples) == sorted([name, "dog"])


def test_folders_that_nobody_has_labelled_are_set_aside_also_beside_a_single_class(tmp_path, workspace, own):
    for given in ({"cat": [1], "dog": [101], "unlabelled": [201]}, {"cat": [1], "unlabelled": [201]}):
        found = other(tmp_path, workspace, f"set{len(given)}", **given)
        seen = OutsideSet.of(found, own, "none", workspace)
        assert len(seen.samples) == len(given) - 1
        assert "unlabelled" in seen.sentence("en") and "未标注" in seen.sentence("zh")
    with pytest.raises(DataError, match="nobody has labelled"):
        OutsideSet.of(other(tmp_path, workspace, "none", to_label=[1]), own, "none", workspace)


@pytest.mark.slow
def test_a_run_is_scored_on_them_and_says_so_wherever_it_reports(tmp_path, workspace, own):
    found = other(tmp_path, workspace, cat=[1, 3, 5], dog=[101, 103])
    run = api.train(own, QUICK.replace(test_data=str(found.root)), workspace=workspace)
    value = scores_of(run)
    again = api.evaluate(run, found, workspace=workspace)
    assert (value.name, value.report.count, value.report.accuracy) == ("other", 5, again.accuracy)
    assert value.own == (RunReport(run).report.accuracy, *RunReport(run).report.interval)
    for name in ("trained_on", "chosen_by", "unseen"):
        assert getattr(value.report, name) == getattr(again, name) and getattr(again, name) is not None
    assert run.requested.test_data == f"dataset:{found.id}" and "--test-data other.zip" in html_report.reproduction(run)
    for language, words in (("en", "Tested on 5 pictures of “other”"), ("zh", "用“other”中的 5 张图片测试")):
        assert words in html_report.html(run, language) and words in model_card.model_card(run, language)
    assert html_report.to_json(run)["outside_test"]["count"] == 5


@pytest.mark.slow
def test_a_training_that_dies_while_it_is_tested_on_them_is_resumed_to_the_same_end(
    tmp_path, workspace, own, monkeypatch
):
    found = other(tmp_path, workspace, cat=[1, 3, 5], dog=[101, 103])
    run = plan.new_run(own, QUICK.replace(test_data=f"dataset:{found.id}"), workspace)

    def killed(_run):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(loop, "score_outside", killed)
        drive(run, Control())
    assert RunReport(run).get(OUTSIDE_TEST) is None and run.state().finished is None
    api.resume(run, workspace=workspace)
    assert scores_of(run).report.count == 5 and run.state().status == "finished"


@pytest.mark.slow
def test_pictures_that_are_gone_by_then_are_said_and_the_model_is_kept(tmp_path, workspace, own):
    found = other(tmp_path, workspace, cat=[1], dog=[101])
    run = plan.new_run(own, QUICK.replace(test_data=f"dataset:{found.id}"), workspace)
    for file in found.root.rglob("*.png"):
        file.unlink()
    drive(run, Control())
    (note,) = [note for note in run.state().notes if note.key == "note.outside_gone"]
    assert note.values == {"count": 2, "name": "other"} and run.state().status == "finished"


@pytest.mark.slow
def test_a_set_that_waits_to_be_tested_on_is_not_deleted_and_its_pictures_stay_for_the_run(
    tmp_path, workspace, own, class_zip
):
    found = open_data(class_zip({"cat": 1, "dog": 1}), workspace, purpose="score")
    run = plan.new_run(own, QUICK.replace(test_data=f"dataset:{found.id}"), workspace)
    with pytest.raises(DataError):
        library.delete(workspace, found.id)  # the run waits
    drive(run, Control())
    assert len(needed_by_runs(workspace, found.id)) == 2
    assert library.delete(workspace, found.id) == 2
    assert scores_of(run).report.count == 2


@pytest.mark.slow
def test_a_pruned_model_is_tested_on_what_the_model_before_was(tmp_path, workspace, own):
    found = other(tmp_path, workspace, cat=[1], dog=[101])
    run = api.train(own, QUICK.replace(test_data=f"dataset:{found.id}", freeze="none"), workspace=workspace)
    smaller = pruned.new_pruned_run(run, 0.6, workspace, epochs=1)
    drive(smaller, Control())
    assert scores_of(smaller).report.count == 2


@pytest.mark.slow
def test_runs_without_them_have_no_such_part(workspace, own):
    run = api.train(own, QUICK, workspace=workspace)
    assert RunReport(run).get(OUTSIDE_TEST) is None and html_report.to_json(run)["outside_test"] is None


def scored(right, count):
    """The report of a model that has so many of these pictures right."""
    samples = [Sample(f"{at}.png", f"{at}.png", 0) for at in range(count)]
    return make_report(
        ("cat", "dog"), samples, np.array([[1.0, 0.0] if at < right else [0.0, 1.0] for at in range(count)])
    )


@pytest.mark.parametrize(
    ("there", "lower"), [((60, 100), True), ((7, 10), False), ((88, 100), False), ((99, 100), False)]
)
def test_a_score_is_called_lower_only_where_it_surely_is(there, lower):
    own = scored(90, 100)
    found = OutsideTest("other", 0, scored(*there), (own.accuracy, *own.interval), {})
    assert found.surely_lower is lower
    assert ("less than the 90.0%" in found.sentence("en")) is lower
    assert OUTSIDE_TEST.from_json(json.loads(json.dumps(OUTSIDE_TEST.to_json(found)))) == found


@pytest.mark.slow
def test_the_command_line_names_what_it_scored_and_refuses_before_training(tmp_path, workspace, own, capsys):
    given = [str(own.root), "--epochs", "1", "--size", "32", "--weights", "scratch", "--json"]
    where = ["--workspace", str(workspace.root)]
    write(tmp_path / "other", cat=[1, 3], dog=[101, 102])
    assert cli.main(["train", *given, "--test-data", str(tmp_path / "other"), *where]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert found["outside_test"]["pictures"] == 3 and found["outside_test"]["shared"] == 1
    assert found["outside_test"]["name"] == "other" and found["test_accuracy"] is not None
    write(tmp_path / "bird", cat=[1], bird=[3])
    assert cli.main(["train", *given, "--test-data", str(tmp_path / "bird"), *where]) == 2
    assert len(workspace.runs()) == 1


def drawn(number, **resized):
    """A picture full of detail, as photographs are."""
    spots = np.random.default_rng(number).integers(0, 255, (9, 9, 3), np.uint8)
    return Image.fromarray(spots).resize((96, 96), Image.Resampling.BICUBIC).resize((resized.get("side", 96),) * 2)


@pytest.mark.slow
def test_resized_and_encoded_again_pictures_of_its_own_are_left_out_of_the_test_and_said(tmp_path, workspace):
    for folder, numbers, side in (("own", range(20), 96), ("other", range(16, 24), 60)):
        for number in numbers:
            at = tmp_path / folder / ("cat" if number % 2 else "dog") / f"{folder}{number}.jpg"
            at.parent.mkdir(parents=True, exist_ok=True)
            drawn(number, side=side).save(at, quality=60)
    config = QUICK.replace(groups="auto", test_data=str(tmp_path / "other"))
    value = scores_of(api.train(tmp_path / "own", config, workspace=workspace))
    assert value.report.count == 4 and {p.name for p in value.report.pictures} == {
        f"{'cat' if number % 2 else 'dog'}/other{number}.jpg" for number in range(20, 24)
    }
    assert value.shared == 4 and "near-duplicates of pictures in your set" in value.sentence("en")
    assert "4 张与训练用的数据集里的图片近似重复" in value.sentence("zh")
    shutil.rmtree(tmp_path / "other")
    for number in range(4):
        at = tmp_path / "other" / ("cat" if number % 2 else "dog") / f"again{number}.png"
        at.parent.mkdir(parents=True, exist_ok=True)
        drawn(number, side=60).save(at)
    run = api.train(tmp_path / "own", config, workspace=workspace)
    assert RunReport(run).get(OUTSIDE_TEST) is None and run.state().status == "finished"
    assert any(getattr(event, "key", "") == "note.outside_near" for event in run.events())
