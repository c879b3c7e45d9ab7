"""A race compares by cross-validation on what a training may see, goes on where it was left, and picks the smallest."""

import json

import pytest

import resnet_studio as studio
from resnet_studio import cli
from resnet_studio.config import TrainConfig
from resnet_studio.data.opening import open_data
from resnet_studio.errors import RunError, WeightsError
from resnet_studio.locks import Lock
from resnet_studio.model import architecture
from resnet_studio.stepwise import result_of
from resnet_studio.studies import race as races
from resnet_studio.studies import race_cells, racing
from resnet_studio.studies.race import Candidate, Cell, Race
from resnet_studio.studies.race_scores import Scoring
from resnet_studio.training.control import Control
from resnet_studio.training.plan import resolve_for

pytestmark = pytest.mark.usefixtures("narrow")

CONFIG = TrainConfig(groups="none", device="cpu", precision="fp32")


def cell(answers, *, size=96, freeze="layer4", depth=18, megabytes=45.0):
    return Cell(Candidate(depth, "starter", freeze, size), answers, apart(len(answers)).interval(answers), 1.0, 1.0,
                megabytes, 1.0, 0)  # fmt: skip


def apart(count, **of_classes):
    """Every picture on its own."""
    return Scoring([str(place) for place in range(count)], **of_classes)


def race_of(*cells, **of_classes):
    count = len(cells[0].answers)
    return Race("id", "set", 2, count, apart(count, **of_classes), cells=cells)


def test_the_smallest_of_those_that_cannot_be_told_apart_is_taken():
    best, near, far = (
        cell("1" * 95 + "0" * 5, size=160),
        cell("0" + "1" * 93 + "0" * 4 + "11"),
        cell("1" * 70 + "0" * 30, size=64),
    )
    found = race_of(far, near, best)
    assert (near.accuracy > 0.9 and found.best is near) or found.best is best
    assert found.pick is near
    assert far not in found.alike()
    assert "96 px" in found.sentence("en") and "96" in found.sentence("zh")


def test_a_larger_file_is_taken_only_where_it_is_better():
    small, large = cell("1" * 90 + "0" * 10), cell("1" * 91 + "0" * 9, depth=50, megabytes=98)
    assert race_of(small, large).pick is small
    better = cell("1" * 100, depth=50, megabytes=98)
    assert race_of(small, better).pick is better and race_of(small, better).alike() == (better,)


def test_a_single_cell_is_not_said_to_be_better_than_others():
    assert "Nothing else" in race_of(cell("1" * 90 + "0" * 10)).sentence("en")
    two = race_of(cell("1" * 90 + "0" * 10), cell("0" * 100, size=64))
    assert "Everything else" in two.sentence("en") and "Nothing else" not in two.sentence("en")


def test_pictures_of_one_group_count_as_one():
    one, other = "1" * 40 + "0" * 60, "0" * 100
    together = Scoring(["a"] * 40 + [str(place) for place in range(60)])
    assert together.gains(one, other)[1] > 2 * apart(100).gains(one, other)[1]
    (low, high), (lower, higher) = apart(100).interval(one), together.interval(one)
    assert higher - lower > high - low


def test_only_pictures_that_both_answered_are_compared():
    assert apart(6).gains("11--00", "1-1-00")[0] == 0
    assert apart(4).gains("1111", "00--")[0] == 1


NINE_TO_ONE = [0] * 90 + [1] * 10


def test_where_a_training_balances_classes_the_cell_that_finds_the_small_one_is_taken():
    large_only, both = cell("1" * 90 + "0" * 10), cell("1" * 72 + "0" * 18 + "1" * 8 + "0" * 2, size=128, megabytes=98)
    plain, even = (race_of(large_only, both, labels=NINE_TO_ONE, even=even) for even in (False, True))
    assert plain.best is large_only and even.best is even.pick is both
    values = even.to_json()
    assert values["measure"] == "balanced_accuracy" and values["guess"] == 0.5 and values["better_than_guessing"]
    assert [row["score"] for row in values["cells"]] == [0.5, pytest.approx(0.8)]
    assert [row["accuracy"] for row in values["cells"]] == [0.9, 0.8] and plain.to_json()["measure"] == "accuracy"
    assert "balanced accuracy 80.0%" in even.sentence("en") and "平衡准确率为 80.0%" in even.sentence("zh")


def test_the_interval_of_a_balanced_accuracy_is_about_as_wide_as_that_of_its_small_class():
    scoring, right = apart(100, labels=NINE_TO_ONE, even=True), "1" * 72 + "0" * 18 + "1" * 8 + "0" * 2
    low, high = scoring.interval(right)
    assert low < 0.8 < high and 0.2 < high - low < 0.35
    assert apart(100, labels=[0, 1] * 50, even=True).interval("1100" * 25) == pytest.approx(
        apart(100).interval("1100" * 25)
    )


def test_one_picture_of_a_small_class_does_not_tell_cells_apart():
    scoring = apart(100, labels=NINE_TO_ONE, even=True)
    assert scoring.within_error("1" * 90 + "1" * 5 + "0" * 5, "1" * 90 + "1" * 4 + "0" * 6)
    assert not scoring.within_error("1" * 100, "1" * 90 + "0" * 10)


@pytest.mark.parametrize(("labels", "even", "answers"), [
    (NINE_TO_ONE, False, "1" * 90 + "0" * 10), (NINE_TO_ONE, True, "1" * 50 + "0" * 40 + "1" * 5 + "0" * 5),
    ([0, 1] * 14, False, "1" * 17 + "0" * 11),
])  # fmt: skip
def test_nothing_is_taken_that_is_no_better_than_guessing(labels, even, answers):
    found = race_of(cell(answers), cell("0" * len(answers), size=64), labels=labels, even=even)
    assert found.pick is None and found.to_json()["pick"] is None and not found.to_json()["better_than_guessing"]
    assert "None of these is clearly better than" in found.sentence("en") and "没有任何组合" in found.sentence("zh")
    assert "90" in found.sentence("en") if labels is NINE_TO_ONE and not even else "50" in found.sentence("en")


def test_folds_keep_groups_whole_and_classes_trainable():
    labels, groups = [0] * 12 + [1] * 12 + [2], [f"g{place // 2}" for place in range(24)] + ["alone"]
    folds = race_cells.fold_places(labels, groups, 0)
    assert folds[-1] == -1
    assert all(len({folds[place] for place in range(24) if groups[place] == name}) == 1 for name in set(groups[:24]))
    assert sorted(set(folds[:24].tolist())) == [0, 1, 2]


def test_sizes_rise_to_that_of_the_pictures_and_the_starter_is_not_asked_for_more_than_it_knows():
    assert races.sizes(32, "starter") == (64, 96, 128)
    assert races.sizes(130, "imagenet-v1") == (64, 96, 128, 160)
    assert races.sizes(900, "starter") == (64, 96, 128, 160)
    assert races.sizes(900, "imagenet-v1")[-1] == 224
    assert races.sizes(900, "starter", [96, 64, 96]) == (64, 96)


def test_what_is_left_out_says_why(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    found, left = races.networks()
    assert found == [(18, "starter")]
    assert {each.reason for each in left} == {"race.skipped.scratch", "race.skipped.download"}
    every, left = races.networks(download=True)
    assert (50, "imagenet-v2") in every and [each.weights for each in left] == ["scratch"]
    assert [depth for depth, _ in every] == sorted(depth for depth, _ in every)


def test_more_memory_is_held_where_more_is_trained():
    files = [races.memory(Candidate(18, "starter", level, 96), 2, 32) for level in ("layer4", "layer3", "none")]
    assert files[0][0] == files[2][0] == pytest.approx(44.7, abs=0.1)
    assert files[0][1] < files[1][1] < files[2][1]
    assert races.memory(Candidate(18, "starter", "none", 192), 2, 32)[1] > 2 * files[2][1]
    assert architecture.get(18).title in races.said(Candidate(18, "starter", "none", 96))


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    import made

    folder = made.write(tmp_path_factory.mktemp("set"), made.class_files({"crimson": 14, "seagreen": 14}, side=32))
    workspace = studio.Workspace.open(tmp_path_factory.mktemp("home"))
    return open_data(folder, workspace), workspace


def run(ground, **options):
    dataset, workspace = ground
    return studio.race(dataset, CONFIG, workspace=workspace, **{"sizes": [32, 64], "levels": ["layer4"], **options})


@pytest.mark.slow
def test_test_pictures_are_never_looked_at(ground):
    dataset, _ = ground
    split = resolve_for(dataset, CONFIG)[1]
    kept = {split.path(sample): split.path(sample).read_bytes() for sample in split.test}
    for path in kept:
        path.unlink()
    try:
        found = run(ground)
    finally:
        for path, content in kept.items():
            path.write_bytes(content)
    assert split.test and found.pictures == len(split.train) + len(split.validation)
    assert found.complete and all("-" not in each.answers for each in found.cells)


@pytest.mark.slow
def test_a_race_goes_on_where_it_was_left(ground, monkeypatch):
    computed, control = [], Control()
    original = race_cells.compute

    def compute(candidate, *rest):
        computed.append(candidate.size)
        if len(computed) == 2:
            control.stop()
        return original(candidate, *rest)

    monkeypatch.setattr(race_cells, "compute", compute)
    dataset, workspace = ground
    config = CONFIG.replace(seed=5)
    options = {"sizes": [32, 48], "levels": ["layer4"], "workspace": workspace}
    stopped = studio.race(dataset, config, control=control, **options)
    assert not stopped.complete and [each.candidate.size for each in stopped.cells] == [32]
    whole = studio.race(dataset, config, **options)
    assert whole.complete and computed == [32, 48, 48]
    assert whole.cells[0] == stopped.cells[0]
    assert not list(workspace.temporary.glob("study*"))


@pytest.mark.slow
def test_settings_that_one_kind_of_cell_does_not_know_do_not_end_a_race(ground):
    """The form may ask for fewer channels, which a head alone cannot take out, or for a head on two stages."""
    dataset, workspace = ground
    assert studio.race(dataset, CONFIG.replace(keep_channels=0.5), sizes=32, levels="layer4", workspace=workspace).cells
    two_stages, tuned = CONFIG.replace(features="layer3+layer4"), Candidate(18, "starter", "layer3", 32)
    pool = result_of(race_cells.pool(dataset, two_stages, workspace, Control()))
    assert "1" in result_of(race_cells.compute(tuned, pool, workspace, Control())).answers


@pytest.mark.slow
def test_levels_are_fine_tuned_briefly_on_held_out_pictures(ground):
    found = run(ground, sizes=[32], levels=["layer4", "layer3"])
    levels = {each.candidate.freeze: each for each in found.cells}
    if "layer3" in levels:
        assert levels["layer3"].epochs == races.SHORT_EPOCHS and levels["layer4"].epochs == 0
        assert "-" not in levels["layer3"].answers and levels["layer3"].memory_megabytes > 50
    else:
        assert [each.reason for each in found.skipped if each.freeze == "layer3"] == ["race.skipped.nothing_left"]


def test_whether_classes_count_alike_is_settled_as_for_the_training(tmp_path):
    import made

    workspace = studio.Workspace.open(tmp_path / "home")
    for counts, config, even in [
        ({"a": 24, "b": 4}, CONFIG, True), ({"a": 24, "b": 4}, CONFIG.replace(class_weighting="none"), False),
        ({"a": 12, "b": 4}, CONFIG, False), ({"a": 12, "b": 4}, CONFIG.replace(class_weighting="balanced"), True),
    ]:  # fmt: skip
        folder = made.write(tmp_path / f"{counts['a']}", made.class_files(counts, side=16))
        dataset = open_data(folder, workspace)
        pool = result_of(race_cells.pool(dataset, config, workspace, Control()))
        assert pool.scoring.even is even
        assert pool.config.class_weighting == resolve_for(dataset, config)[0].class_weighting


@pytest.mark.slow
def test_the_command_answers_with_cells_and_a_pick(ground, capsys):
    dataset, workspace = ground
    arguments = ["race", f"dataset:{dataset.id}", "--workspace", str(workspace.root), "--sizes", "32", "64", "--freeze",
                 "layer4", "--groups", "none", "--device", "cpu", "--json"]  # fmt: skip
    assert cli.main(arguments) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    keys = {"depth", "weights", "freeze", "size", "accuracy", "interval", "seconds", "megabytes"}
    assert found["cells"] and all(keys <= set(each) for each in found["cells"])
    assert found["pick"]["size"] in (32, 64) and found["pick"]["weights"] == "starter"


@pytest.mark.slow
def test_two_programs_do_not_run_one_race_and_without_weights_there_is_none(ground):
    _, workspace = ground
    found = run(ground)
    with (
        Lock(workspace.root / racing.FOLDER / found.id / "lock").acquire(),
        pytest.raises(RunError, match="Another program"),
    ):
        run(ground)
    with pytest.raises(WeightsError, match="no pretrained weights"):
        run(ground, depths=[152])


def test_a_damaged_file_is_as_none(tmp_path):
    file = tmp_path / "race.json"
    assert racing.read_cells(file) == {}
    for text in ("", "[]", '{"version": 1, "cells": [{}]}', '{"version": 99, "cells": []}'):
        file.write_text(text)
        assert racing.read_cells(file) == {}


def test_larger_sizes_are_left_out_once_one_clearly_gained_nothing():
    answers, better = "1" * 900 + "0" * 100, "1" * 950 + "0" * 50
    assert apart(1000).no_use(answers, answers) and not apart(1000).no_use(better, answers)


def test_too_few_pictures_are_refused_in_a_sentence(tmp_path, capsys):
    import made

    folder = made.write(tmp_path / "few", made.class_files({"a": 2, "b": 3}))
    assert cli.main(["race", str(folder), "--workspace", str(tmp_path / "home"), "--groups", "none", "--json"]) == 2
    assert "too few pictures" in json.loads(capsys.readouterr().out.splitlines()[-1])["error"]
