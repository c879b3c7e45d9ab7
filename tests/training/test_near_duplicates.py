"""A training looks for near-duplicates before it begins, and its split keeps them on one side."""

import json

import pytest
from made import encoded, scene, write
from PIL import ImageOps
from sweeps import few

from resnet_studio import api
from resnet_studio.config import TrainConfig
from resnet_studio.data.dataset import PARTS
from resnet_studio.data.opening import open_data
from resnet_studio.data.run_split import split_of
from resnet_studio.events import Noted, Preparing
from resnet_studio.training.control import Control
from resnet_studio.training.near_duplicates import group_near_duplicates
from resnet_studio.training.plan import new_run
from resnet_studio.workspace import Workspace

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("narrow")]


@pytest.fixture
def mirrored(tmp_path):
    """Twenty scenes in two classes, each of them twice: as it is and mirrored."""
    files = {}
    for number in range(20):
        kind = "ab"[number % 2]
        files[f"{kind}/{number}.png"] = encoded(scene(number, 64))
        files[f"{kind}/{number}-again.png"] = encoded(ImageOps.mirror(scene(number, 64)))
    workspace = Workspace.open(tmp_path / "workspace")
    return open_data(write(tmp_path / "set", files), workspace), workspace


def split_pairs(run):
    """The scenes of ``run`` that lie in more than one part."""
    cut = split_of(run)
    where = {}
    for part in PARTS:
        for sample in getattr(cut, part):
            where.setdefault(sample.name.split("/")[1].split(".")[0].split("-")[0], set()).add(part)
    return [name for name, parts in where.items() if len(parts) > 1]


def kept(run, control=None):
    return list(group_near_duplicates(run, control or Control()))


def test_near_duplicates_are_never_split(mirrored):
    dataset, workspace = mirrored
    run = new_run(dataset, TrainConfig(depth=18, epochs=1), workspace)
    assert split_pairs(run)
    events = kept(run)
    assert not split_pairs(run)
    assert any(isinstance(event, Preparing) and event.stage == "near-duplicates" for event in events)
    (note,) = [event for event in events if isinstance(event, Noted)]
    assert note.key == "note.groups.near" and note.values["groups"] == 20
    assert run.about["counts"] == {str(part): count for part, count in split_of(run).counts.items()}
    assert split_of(run).together["near"] == 20


def test_it_is_done_once(mirrored):
    dataset, workspace = mirrored
    run = new_run(dataset, TrainConfig(epochs=1), workspace)
    kept(run)
    before = run.split
    assert kept(run) == [] and run.split == before


def test_groups_none_splits_them_as_before(mirrored):
    dataset, workspace = mirrored
    run = new_run(dataset, TrainConfig(epochs=1, groups="none"), workspace)
    assert kept(run) == [] and split_pairs(run)


def test_a_stop_while_pictures_are_looked_at_leaves_the_split_for_the_next_time(mirrored):
    dataset, workspace = mirrored
    run = new_run(dataset, TrainConfig(epochs=1), workspace)
    control = Control()
    control.stop()
    kept(run, control)
    assert run.split["together"]["near"] is None
    kept(run)
    assert run.split["together"]["near"] == 20


def test_a_run_of_an_earlier_version_keeps_its_split(mirrored):
    dataset, workspace = mirrored
    run = new_run(dataset, TrainConfig(epochs=1), workspace)
    split = run.split
    del split["together"]
    run.write_json("split.json", split)
    config = json.loads((run.folder / "config.json").read_text("utf-8"))
    config["version"] = 2
    del config["resolved"]["groups"], config["requested"]["groups"]
    run.write_json("config.json", config)
    assert run.config.groups == "none"
    assert kept(run) == [] and run.split == split


def test_a_class_of_nothing_but_near_duplicates_is_split_all_the_same_and_named(tmp_path):
    files = {f"a/{number}.png": encoded(scene(number, 64)) for number in range(12)}
    files |= {f"b/{side}.png": encoded(scene(99, 64).resize((side, side))) for side in range(56, 64)}
    workspace = Workspace.open(tmp_path / "workspace")
    run = new_run(open_data(write(tmp_path / "set", files), workspace), TrainConfig(epochs=1), workspace)
    events = kept(run)
    (note,) = [event for event in events if isinstance(event, Noted) and event.key == "note.groups.whole_class"]
    assert note.values["classes"] == ["b"]
    assert all({sample.label for sample in getattr(split_of(run), part)} == {0, 1} for part in PARTS)


def test_a_whole_training_keeps_them_together(mirrored):
    dataset, workspace = mirrored
    run = api.train(dataset, TrainConfig(epochs=1, picture_size=32, batch_size=8), workspace=workspace)
    assert run.state().status == "finished" and not split_pairs(run)
    assert len(run.read_json("report.json")) > 0


def series(tmp_path):
    files = {
        f"{'ab'[kind]}/thing{thing}_{frame}.png": encoded(scene(100 * kind + 10 * thing + frame, 48))
        for kind in range(2)
        for thing in range(5)
        for frame in range(4)
    }
    return open_data(write(tmp_path / "set", files), Workspace.open(tmp_path / "workspace"))


def test_series_on_both_sides_of_a_split_are_called_out_and_kept_ones_are_not(tmp_path):
    from resnet_studio.data.splitting import cut
    from resnet_studio.training.near_duplicates import series_cautions

    dataset = series(tmp_path)
    (note,) = series_cautions(cut(dataset, TrainConfig()))
    assert note.key == "note.groups.series" and note.values == {"groups": 10, "by": "name"}
    assert list(series_cautions(cut(dataset, TrainConfig(groups="name")))) == []


def test_series_are_a_finding_that_says_what_to_choose(tmp_path):
    from resnet_studio.data.checkup import inspect

    (finding,) = [finding for finding in inspect(series(tmp_path)) if finding.kind == "series"]
    assert "--groups name" in finding.sentence("en") and "10 groups" in finding.sentence("en")


def test_a_separate_set_is_scored_after_a_training(tmp_path, capsys):
    from resnet_studio.cli import main

    train = {f"{'ab'[n % 2]}/{n}.png": encoded(scene(n, 32)) for n in range(16)}
    apart = {f"{'ab'[n % 2]}/{n}.png": encoded(scene(500 + n, 32)) for n in range(6)}
    given = [str(write(tmp_path / "train", train)), "--test-data", str(write(tmp_path / "apart", apart))]
    options = ["--epochs", "1", "--size", "32", "--json", "--workspace", str(tmp_path / "workspace")]
    assert main(["train", *given, *options]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert found["outside_test"]["pictures"] == 6 and 0 <= found["outside_test"]["accuracy"] <= 1
    assert main(["train", given[0], "--test-data", str(tmp_path / "nothing"), *options]) == 2


@pytest.mark.slow
@few(("study", "runs"), [(["--seeds", "2"], 2), (["--folds", "2"], 2)])
def test_a_separate_set_is_scored_by_every_run_of_a_study(tmp_path, capsys, study, runs):
    from resnet_studio.cli import main

    train = {f"{'ab'[n % 2]}/{n}.png": encoded(scene(n, 32)) for n in range(16)}
    apart = {f"{'ab'[n % 2]}/{n}.png": encoded(scene(500 + n, 32)) for n in range(6)}
    given = [str(write(tmp_path / "train", train)), "--test-data", str(write(tmp_path / "apart", apart)), *study]
    options = ["--epochs", "1", "--size", "32", "--groups", "none", "--workspace", str(tmp_path / "workspace")]
    assert main(["train", *given, *options, "--json"]) == 0
    outside = json.loads(capsys.readouterr().out.splitlines()[-1])["outside_test"]
    assert [row["pictures"] for row in outside["runs"]] == [6] * runs
    assert outside["mean"] == pytest.approx(sum(row["accuracy"] for row in outside["runs"]) / runs)


def test_the_interval_of_a_test_score_counts_groups_not_their_frames(tmp_path):
    from resnet_studio.evaluation.report import wilson_interval

    dataset = series(tmp_path)
    workspace = Workspace.open(tmp_path / "workspace")
    run = api.train(dataset, TrainConfig(epochs=1, picture_size=32, groups="name"), workspace=workspace)
    groups = {sample.group for sample in split_of(run).test}
    report = run.read_json("report.json")
    assert 1 < len(groups) < report["count"]
    assert report["interval"] == pytest.approx(wilson_interval(report["accuracy"] * len(groups), len(groups)))
    scored = api.evaluate(run, dataset, workspace=workspace)  # all of it, seen or not
    assert scored.interval == pytest.approx(wilson_interval(scored.accuracy * 10, 10)) and scored.count == 40
    assert scored.unseen is not None
    unseen = wilson_interval(scored.unseen.accuracy * len(groups), len(groups))
    assert scored.unseen.interval == pytest.approx(unseen)
