"""Accuracy by what came with the pictures, with a test of whether the gap can be chance."""

import json

import hand_made
import numpy as np
import pytest
from scipy import stats

from resnet_studio.evaluation import groups, run_report
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.workspace import Run

pytestmark = pytest.mark.usefixtures("narrow")


def run_with(workspace, wrong, *, facts=None, names=None):
    """A run of two classes with 40 test pictures each."""
    run = hand_made.new_run(workspace, count=120)
    split = json.loads((run.folder / "split.json").read_text())
    if facts:
        split["test"]["facts"] = [json.dumps(facts(at)) for at in range(80)]
    (run.folder / "split.json").write_text(json.dumps(split))
    hand_made.train(run, epochs=1)
    report = hand_made.report_of(Run(run.folder), wrong=wrong)
    if names:
        for at, row in enumerate(report["pictures"]):
            row["name"] = split["test"]["name"][at] = names(at, row["name"])
        (run.folder / "split.json").write_text(json.dumps(split))
    hand_made.finish(run, report)
    return Run(run.folder)


def wrong_at(chosen):
    return {at: 1 - at // 40 for at in chosen}


def test_a_gap_by_a_column_of_a_table_is_called_and_equals_fishers_test(workspace):
    chosen = [at for at in range(80) if at % 2 and at % 5 < 3]
    run = run_with(
        workspace, wrong_at(chosen), facts=lambda at: {"camera": "night" if at % 2 else "day", "lens": str(at % 3)}
    )
    camera, lens = groups.GROUPS.compute(RunReport(run))
    assert (camera.name, camera.verdict, lens.name, lens.verdict) == ("camera", "real", "lens", "chance")
    assert [(each.value, each.count, each.correct) for each in camera.groups] == [
        ("night", 40, 40 - len(chosen)),
        ("day", 40, 40),
    ]
    table = [[40 - len(chosen), 40], [len(chosen), 0]]
    assert camera.p_value == pytest.approx(stats.fisher_exact(table).pvalue)
    assert camera.p_adjusted == pytest.approx(2 * camera.p_value)
    assert "“night” is named correctly in 40.0%" in camera.sentence() and "night" in camera.sentence("zh")
    lens_table = np.array([[each.correct, each.count - each.correct] for each in lens.groups])
    assert lens.p_value == pytest.approx(stats.chi2_contingency(lens_table, correction=False).pvalue)


def test_groups_that_do_not_differ_are_said_to_be_the_same_and_not_to_differ_by_chance(workspace):
    run = run_with(workspace, {}, facts=lambda at: {"camera": "night" if at % 2 else "day"})
    (camera,) = groups.GROUPS.compute(RunReport(run))
    assert camera.verdict == "chance"
    assert camera.sentence() == "camera: 100.0% in each of the 2 groups."
    assert camera.sentence("zh") == "camera：2 组的准确率都是 100.0%。"


def test_groups_that_differ_because_they_hold_other_classes_are_said_to(workspace):
    run = run_with(
        workspace,
        wrong_at(range(0, 40, 2)),
        facts=lambda at: {"place": "wood" if at // 40 == (at % 5 == 0) else "farm"},
    )
    (place,) = groups.GROUPS.compute(RunReport(run))
    assert place.p_adjusted < 0.05 < place.p_within and place.verdict == "classes"
    assert "other classes" in place.sentence()


def test_folders_inside_and_above_the_classes_are_groups(workspace):
    def name(at, given):
        kind, file = given.split("/")
        return f"camera {at % 2}/{kind}/{'night' if at % 4 < 2 else 'day'}/{at}-{file}"

    run = run_with(workspace, wrong_at(range(0, 80, 4)), names=name)
    found = {each.kind: each for each in groups.GROUPS.compute(RunReport(run))}
    assert found.keys() == {"inside", "above"}
    assert [each.value for each in found["above"].groups] == ["camera 0", "camera 1"]
    assert [each.value for each in found["inside"].groups] == ["night", "day"]


def test_without_anything_known_of_the_pictures_there_are_no_groups(workspace):
    run = run_with(workspace, wrong_at([1]))
    assert groups.GROUPS.compute(RunReport(run)) == ()


def test_small_groups_are_counted_and_not_shown(workspace):
    run = run_with(workspace, wrong_at([1]), facts=lambda at: {"place": f"p{min(at // 20, 3)}" if at < 77 else "rare"})
    (place,) = groups.GROUPS.compute(RunReport(run))
    assert len(place.groups) == 4 and place.others == 3


def test_they_are_in_the_report_and_survive_their_file(workspace):
    run = run_with(workspace, wrong_at(range(0, 40, 2)), facts=lambda at: {"camera": "ab"[at % 2]})
    run_report.complete(run)
    values = run_report.to_json(RunReport(run))["groups"]
    assert values[0]["name"] == "camera" and values[0]["groups"][0]["interval"] and values[0]["sentence"]
    stored = groups.GROUPS.load(RunReport(run))
    assert stored is not None and stored == groups.GROUPS.compute(RunReport(run))


@pytest.mark.slow
def test_chance_is_called_chance_as_often_as_it_should():
    draw, found = np.random.default_rng(0), 0
    for _ in range(60):
        right, labels = draw.random(120) < 0.8, draw.integers(0, 3, 120)
        values = [str(each) for each in draw.integers(0, 4, 120)]
        found += groups.grouped("column", "x", values, right, labels).p_value < 0.05
    assert found <= 8
