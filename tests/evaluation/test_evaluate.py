"""A score says what the model had seen before: pictures are recognised by their contents, under whatever name."""

import json
import shutil

import made
import pytest
from sweeps import few

import resnet_studio as studio
from resnet_studio import cli
from resnet_studio.errors import DataError
from resnet_studio.workspace import Workspace

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("narrow")]

SETTINGS = {"weights": "scratch", "epochs": 1, "picture_size": 16, "batch_size": 16, "precision": "fp32"}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run on twenty pictures of each of two classes, and its workspace."""
    folder = tmp_path_factory.mktemp("trained")
    workspace = Workspace.open(folder / "workspace")
    data = studio.open_data(made.write(folder / "data", made.class_files({"cat": 20, "dog": 20})), workspace)
    return studio.train(data, workspace=workspace, **SETTINGS), workspace, folder / "data"


@pytest.fixture
def evaluate(trained, capsys):
    def call(*arguments, model=None, workspace=None):
        where = workspace or trained[1]
        status = cli.main(
            ["evaluate", str(model or trained[0].id), *map(str, arguments), "--json", "--workspace", str(where.root)]
        )
        out, _ = capsys.readouterr()
        return status, json.loads(out.strip().splitlines()[-1])

    return call


def test_a_score_on_training_pictures_says_so_and_gives_that_on_the_others(trained, evaluate):
    run, _, data = trained
    status, found = evaluate(data)
    assert status == 0 and found["pictures"] == 40
    counts = run.about["counts"]
    assert (found["trained_on"], found["chosen_by"]) == (counts["train"], counts["validation"])
    assert found["unseen"]["count"] == counts["test"]
    report = json.loads(run.report_file.read_text())
    assert found["unseen"]["accuracy"] == pytest.approx(report["accuracy"])
    assert found["unseen"]["interval"] == pytest.approx(report["interval"])
    (note,) = found["notes"]
    assert f"trained on {counts['train']} of these 40 pictures" in note


def test_pictures_are_recognised_under_other_names_in_other_folders(trained, evaluate, tmp_path):
    _, _, data = trained
    files = {
        f"x/{kind}/{n}.jpeg": (data / kind / f"{n}.png").read_bytes() for kind in ("cat", "dog") for n in range(20)
    }
    more = {f"x/{kind}/new{n}.png": made.picture(500 + n, label=n) for kind in ("cat", "dog") for n in range(4)}
    before = evaluate(data)[1]["trained_on"]
    _, found = evaluate(made.zipped(tmp_path / "again.zip", files | more))
    assert found["trained_on"] == before and found["pictures"] == 48
    _, unseen = evaluate(tmp_path / "again.zip", "--only-unseen")
    assert unseen["trained_on"] == unseen["chosen_by"] == 0 and unseen["notes"] == []
    assert unseen["pictures"] == found["unseen"]["count"] == unseen["unseen"]["count"]
    assert unseen["accuracy"] == pytest.approx(found["unseen"]["accuracy"])


def test_a_score_on_nothing_but_training_pictures_says_that(trained, evaluate, tmp_path):
    run, _, data = trained
    seen = [name for part in ("train", "validation") for name in run.split[part]["name"]]
    folder = made.write(tmp_path / "seen", {name: (data / name).read_bytes() for name in seen})
    _, found = evaluate(folder)
    assert found["unseen"] is None and "all of these pictures" in found["notes"][0]
    status, refused = evaluate(folder, "--only-unseen")
    assert status == 2 and "all of these pictures" in refused["error"]


def test_new_pictures_need_no_word(trained, evaluate, tmp_path):
    files = {
        f"{kind}/{n}.png": made.picture(700 + n, label=label)
        for label, kind in enumerate(("cat", "dog"))
        for n in range(5)
    }
    _, found = evaluate(made.write(tmp_path / "new", files))
    assert (found["trained_on"], found["chosen_by"], found["notes"]) == (0, 0, [])
    assert found["unseen"]["accuracy"] == found["accuracy"]


def test_what_people_read_says_trained_on_beside_every_figure(trained, capsys):
    run, workspace, data = trained
    assert cli.main(["evaluate", run.id, str(data), "--workspace", str(workspace.root)]) == 0
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert "that the model has not seen" in first and "of which it was trained on" in second


def test_a_checkpoint_is_known_by_the_run_that_made_it_wherever_it_lies(trained, evaluate, tmp_path):
    run, _, data = trained
    moved = shutil.copy(run.best, tmp_path / "model.safetensors")
    assert evaluate(data, model=run.best)[1]["trained_on"] == evaluate(data, model=moved)[1]["trained_on"] == 28
    elsewhere = Workspace.open(tmp_path / "elsewhere")
    _, found = evaluate(data, model=moved, workspace=elsewhere)
    assert found["trained_on"] is None and "not known" in found["notes"][0]
    status, refused = evaluate(data, "--only-unseen", model=moved, workspace=elsewhere)
    assert status == 2 and "not known" in refused["error"]
    assert evaluate(data, model=run.best, workspace=elsewhere)[1]["trained_on"] == 28


@few("counts", [{"cat": 5}, {"cat": 1, "dog": 1}, {"dog": 1}, {"wrapped/cat": 3}], keep=2)
def test_one_class_and_one_picture_of_a_class_are_enough_to_score(evaluate, tmp_path, counts):
    files = {f"{kind}/{n}.png": made.picture(800 + n) for kind, count in counts.items() for n in range(count)}
    status, found = evaluate(made.write(tmp_path / "few", files))
    assert status == 0 and found["pictures"] == sum(counts.values())
    scored = {name for name, score in found["per_class"].items() if score["support"]}
    assert scored == {kind.rpartition("/")[2] for kind in counts}


def test_a_set_to_score_on_is_not_one_to_train_on(trained, tmp_path, capsys):
    _, workspace, _ = trained
    folder = made.write(tmp_path / "one", {f"cat/{n}.png": made.picture(800 + n) for n in range(5)})
    data = studio.open_data(folder, workspace, to_score=True)
    from resnet_studio.data.checkup import inspect

    assert "one_class" in {finding.kind for finding in inspect(data)}
    with pytest.raises(DataError, match="only one class"):
        studio.train(data, workspace=workspace, **SETTINGS)
    assert cli.main(["train", str(folder), "--workspace", str(workspace.root)]) == 2
    assert "only one class" in capsys.readouterr().err


def test_the_test_part_is_scored_and_a_set_without_one_as_a_whole(evaluate, tmp_path):
    for part, count in (("test", 6), ("val", 12)):
        files = made.class_files({"train/cat": 3, "train/dog": 3, f"{part}/cat": 3, f"{part}/dog": 3})
        _, found = evaluate(made.write(tmp_path / part, files))
        assert (found["pictures"], found["part"]) == (count, "test" if part == "test" else "all")


def test_pictures_of_a_class_that_only_the_test_part_has_are_left_out_and_said(evaluate, tmp_path):
    files = made.class_files({"train/cat": 3, "train/dog": 3, "test/cat": 3, "test/unknown": 2})
    status, found = evaluate(made.write(tmp_path / "data", files))
    assert status == 0 and found["pictures"] == 3
    assert "no training pictures of unknown" in found["notes"][-1]


def test_classes_that_hardly_differ_are_joined_where_that_is_asked_for(evaluate, tmp_path):
    path = made.zipped(
        tmp_path / "a.zip", made.class_files({"train/CAT": 3, "train/dog ": 3, "val/Cat": 3, "val/dog": 3})
    )
    status, found = evaluate(path, "--join-alike")
    assert status == 0 and found["pictures"] == 12
    assert {name: score["support"] for name, score in found["per_class"].items()} == {"cat": 6, "dog": 6}


def test_classes_are_compared_as_unicode_means_them(tmp_path, workspace):
    import unicodedata

    files = {
        f"{kind}/{n}.png": made.picture(n, label=label)
        for label, kind in enumerate(("Äpfel", "Café"))
        for n in range(8)
    }
    run = studio.train(
        studio.open_data(made.write(tmp_path / "nfc", files), workspace), workspace=workspace, **SETTINGS
    )
    other = {unicodedata.normalize("NFD", name): data for name, data in files.items()}
    data = studio.open_data(made.zipped(tmp_path / "nfd.zip", other), workspace)
    assert studio.evaluate(run, data, workspace=workspace).trained_on == run.about["counts"]["train"]


@few("name", ["Cat", "cat ", "CAT"])
def test_a_class_that_differs_hardly_is_named_with_its_pair(evaluate, tmp_path, name):
    path = made.zipped(tmp_path / "a.zip", {f"{name}/{n}.png": made.picture(n) for n in range(3)})
    status, found = evaluate(path)
    assert status == 2 and f"{name!r}, but 'cat'" in found["error"]


@few(
    "content",
    ["[]", "{}", '{"train": 3, "validation": []}', '{"train": [1], "validation": [2]}', "x"],
    keep=2,
)
def test_a_damaged_split_means_that_nothing_is_known(trained, evaluate, tmp_path, content):
    run, _, data = trained
    moved = Workspace.open(tmp_path / "moved")
    shutil.copytree(run.folder, moved.root / "runs" / run.id)
    (moved.root / "runs" / run.id / "split.json").write_text(content)
    status, found = evaluate(data, workspace=moved)
    assert status == 0 and found["trained_on"] is None and "not known" in found["notes"][0]


def test_classes_without_a_picture_to_score_are_named(evaluate, tmp_path):
    files = made.class_files({"train/cat": 3, "train/dog": 3, "test/cat": 3})
    status, found = evaluate(made.write(tmp_path / "data", files))
    assert status == 0 and found["per_class"]["dog"]["support"] == 0
    assert "No pictures of dog (1 of 2 classes) to score: the figures say nothing about them." in found["notes"]
    _, whole = evaluate(made.write(tmp_path / "whole", made.class_files({"cat": 3, "dog": 3})))
    assert not any(note.startswith("No pictures of") for note in whole["notes"])
