"""A run names the runs that it comes from, and what people said of it."""

import html
import json
import shutil

import made
import pytest

import resnet_studio as studio
from resnet_studio import cli
from resnet_studio.config import TrainConfig
from resnet_studio.errors import RunError
from resnet_studio.evaluation import handin
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.service.run_data import RunData
from resnet_studio.text import say_recorded
from resnet_studio.training.lineage import parents_of, with_weights_of_run
from resnet_studio.ui.results import view
from resnet_studio.workspace import Workspace

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("narrow")]

SETTINGS = {
    "weights": "starter", "epochs": 1, "picture_size": 32, "batch_size": 16, "precision": "fp32", "freeze": "layer4",
}  # fmt: skip


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lineage")
    workspace = Workspace.open(folder / "workspace")
    data = studio.open_data(made.write(folder / "data", made.class_files({"cat": 12, "dog": 12})), workspace)
    first = studio.train(
        data, workspace=workspace, name=" The\nfirst ", note="by\u202ehand\n", owner=" Ann  Lee ", **SETTINGS
    )
    return workspace, folder / "data", data, first


def test_a_run_says_what_it_was_called_and_whose_it_is(world):
    *_, first = world
    about = first.about
    assert (about["name"], about["note"], about["owner"]) == ("The first", "byhand", "Ann Lee")
    assert about["parents"] == [] and about["group"] == ""
    assert json.loads((first.folder / "config.json").read_text())["about"]["owner"] == "Ann Lee"


def test_a_training_from_the_weights_of_a_run_names_it_in_python_and_on_the_command_line(world, capsys):
    workspace, folder, _, first = world
    settings = ["--epochs", "1", "--picture-size", "32", "--freeze", "layer4", "--batch-size", "16"]
    status = cli.main(
        ["train", str(folder), "--weights", f"run:{first.id}", *settings, "--name", "second", "--note", "goes on",
         "--owner", "Ben", "--json", "--workspace", str(workspace.root)]
    )  # fmt: skip
    trained = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert status == 0, trained
    second = workspace.run(trained["run"])
    assert second.about["parents"] == [first.id] and second.requested.weights == str(first.best)
    assert cli.main(["runs", "--json", "--workspace", str(workspace.root)]) == 0
    rows = {row["run"]: row for row in json.loads(capsys.readouterr().out)["runs"]}
    row = rows[second.id]
    assert (row["name"], row["note"], row["owner"], row["parents"]) == ("second", "goes on", "Ben", [first.id])
    assert rows[first.id]["parents"] == [] and rows[first.id]["group"] == ""


def test_the_parent_is_the_run_that_the_model_itself_names(world, tmp_path):
    *_, first = world
    moved = shutil.copy(first.best, tmp_path / "somewhere.safetensors")
    assert parents_of(TrainConfig(weights=str(moved))) == [first.id]
    (tmp_path / "not.safetensors").write_bytes(b"no model")
    assert parents_of(TrainConfig(weights=str(tmp_path / "not.safetensors"))) == []
    assert parents_of(TrainConfig(weights="starter")) == parents_of(TrainConfig(weights="./gone.pt")) == []


def test_a_run_to_start_from_must_be_there_and_have_a_model(world, tmp_path):
    workspace, _, data, _ = world
    assert with_weights_of_run(TrainConfig(weights="run:last"), workspace).weights == str(workspace.runs()[0].best)
    with pytest.raises(RunError):
        studio.train(data, workspace=workspace, **{**SETTINGS, "weights": "run:nothing"})
    empty = workspace.new_run("empty", requested=TrainConfig(), resolved=TrainConfig(), about={}, split={})
    with pytest.raises(RunError, match=empty.id):
        studio.train(data, workspace=workspace, **{**SETTINGS, "weights": f"run:{empty.id}"})
    workspace.delete_run(empty)
    assert len(workspace.runs()) <= 2  # nothing was made for what was refused


@pytest.mark.parametrize("given", [{"name": "  "}, {"name": "x" * 121}, {"note": "x" * 2001}])
def test_a_name_that_cannot_be_is_refused_before_anything_is_made(world, given):
    workspace, _, data, _ = world
    before = workspace.runs()
    with pytest.raises(RunError):
        studio.train(data, workspace=workspace, **given, **SETTINGS)
    assert workspace.runs() == before


def test_the_parts_of_a_study_have_the_facts_too(world):
    from resnet_studio.studies.repeats import new_repeats

    workspace, _, data, first = world
    config = TrainConfig(**{**SETTINGS, "weights": f"run:{first.id}"})
    parts = new_repeats(data, config, workspace, 2, facts={"name": "twice", "owner": "Ann"})
    assert len({part.about["group"] for part in parts}) == 1 and parts[0].about["group"]
    for part, seed in zip(parts, (0, 1), strict=True):
        assert (part.about["name"], part.about["owner"]) == (f"twice (seed {seed})", "Ann")
        assert part.about["parents"] == [first.id]
        workspace.delete_run(part)


def known(run):
    return {note.key: note.values for note in run.state().notes if note.key.startswith("note.seen_before")}


def contents(run, *parts):
    return {content for part in parts for content in run.split[part]["content"]}


@pytest.mark.parametrize("how", ["weights", "teacher"])
def test_test_pictures_that_the_run_before_has_seen_are_counted(world, how):
    """Another seed cuts another split: what it was trained on lies in the test part then, and the score flatters."""
    workspace, _, data, first = world
    own = {**SETTINGS, how: f"run:{first.id}"}
    again = studio.train(data, workspace=workspace, **own)
    assert again.split == first.split and known(again) == {}
    other = studio.train(data, workspace=workspace, **own, seed=5)
    seen = contents(first, "train", "validation") & contents(other, "test")
    said = known(other)["note.seen_before.test"]
    assert seen and said == {"count": len(seen), "total": len(other.split["test"]["file"]), "names": [first.id]}
    trained = contents(first, "train") & contents(other, "validation")
    assert known(other)["note.seen_before.validation"]["count"] == len(trained) > 0
    assert f" {first.id}，" in say_recorded("note.seen_before.test", "zh", said)
    for language in ("en", "zh"):  # beside the score, wherever that is shown
        sentence = say_recorded("note.seen_before.test", language, said)
        assert sentence in handin.limits(RunReport(other), language)
        shown = view.cards(RunData(workspace).find(other.id), other.read_json("report.json"), language)
        assert html.escape(sentence) in shown
    third = studio.train(data, workspace=workspace, **{**SETTINGS, "weights": f"run:{other.id}"}, seed=5)
    assert known(third)["note.seen_before.test"]["count"] == len(seen)  # whoever comes from it has seen them too


def test_what_the_weights_have_seen_before_is_not_unseen(world):
    workspace, _, data, first = world
    own = {**SETTINGS, "seed": 5}
    started = studio.train(data, workspace=workspace, **{**own, "weights": f"run:{first.id}"})
    taught = studio.train(data, workspace=workspace, **own, teacher=f"run:{first.id}")
    for run, comes_from in ((started, [first, started]), (taught, [taught])):
        found = studio.evaluate(run, data, workspace=workspace)
        trained = set().union(*(contents(each, "train") for each in comes_from))
        chosen = set().union(*(contents(each, "validation") for each in comes_from))
        assert (found.trained_on, found.chosen_by) == (len(trained), len(chosen - trained))
