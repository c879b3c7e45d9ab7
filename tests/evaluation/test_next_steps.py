"""At most three steps, ordered by what they promise, from whatever is known by now."""

import json

import hand_made
import pytest

from resnet_studio.config import TrainConfig
from resnet_studio.evaluation import run_report
from resnet_studio.evaluation.next_steps import NEXT_STEPS, NextStep
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.events import Noted
from resnet_studio.text import LANGUAGES
from resnet_studio.workspace import Run

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("narrow")]


def made_run(workspace, *, wrong=None, count=120, classes=("cat", "cup", "dog"), note=None, epochs=3, **settings):
    run = hand_made.new_run(workspace, classes=classes, count=count, **settings)
    hand_made.train(run, epochs=epochs, top=0.97)
    if note:
        run.append(note)
    hand_made.finish(run, hand_made.report_of(run, wrong=wrong))
    return Run(run.folder)


def steps(run):
    return {step.kind: step for step in NEXT_STEPS.compute(RunReport(run))}


def store(run, name, value, version=2):
    run.write_json(f"report-{name}.json", {"version": version, "of": RunReport(run).fingerprint, "value": value})


def test_a_class_that_is_never_predicted_comes_first(workspace):
    run = made_run(workspace, wrong=dict.fromkeys(range(40, 80), 0))
    first = NEXT_STEPS.compute(RunReport(run))[0]
    assert first.kind == "never_predicted" and "“cup” is never predicted" in first.text()


def test_a_weak_class_asks_for_the_forecast_and_then_for_pictures(workspace):
    run = made_run(workspace, wrong=dict.fromkeys(range(40, 64), 0))
    weak = steps(run)["weak_class"]
    assert weak.values["name"] == "cup" and "16 of 40" in weak.text()
    assert weak.command.endswith("--parts forecast")
    advice = {"extra": 40, "gain": 0.03, "gain_band": [0.01, 0.05], "score": 0.8, "score_band": [0.7, 0.9]}
    curve = {"name": "cup", "verdict": "gain", "advice": advice}
    store(run, "forecast", {"overall": {**curve, "name": "", "verdict": "unclear"}, "weakest": [curve]})
    found = steps(run)
    assert "weak_class" not in found
    assert found["more_of_class"].text().startswith("Label about 40 more pictures of “cup”")
    store(run, "forecast", {"overall": {**curve, "name": "", "verdict": "unclear"}, "weakest": []})
    assert not {"weak_class", "more_of_class", "more_pictures"} & steps(run).keys()


def test_parts_of_other_scores_or_damaged_ones_say_nothing(workspace):
    run = made_run(workspace)
    run.write_json("report-shortcut.json", {"version": 1, "of": "other", "value": {"called": ["corner"]}})
    run.write_json("report-suspects.json", {"version": 1, "of": RunReport(run).fingerprint, "value": [1]})
    assert not {"shortcut", "suspects"} & steps(run).keys()


def test_shortcuts_suspects_and_weak_robustness_are_read_from_their_parts(workspace):
    run = made_run(workspace, epochs=1)
    store(run, "shortcut", {"called": ["bottom_right"]}, version=1)
    assert "shortcut" not in steps(run)
    store(run, "shortcut", {"called": ["bottom_right"]})
    store(run, "suspects", {"estimate": 30})
    store(run, "robustness", {"count": 36, "fragile": {"kind": "noise", "drop": 4 / 36}})
    assert "fragile" not in steps(run)  # by chance in one of eight
    store(run, "robustness", {"count": 36, "fragile": {"kind": "noise", "drop": 0.3}})
    found = steps(run)
    assert next(iter(found)) == "shortcut" and len(found) == 3
    assert "30 labels" in found["suspects"].text() and "(noise) cost 30 points" in found["fragile"].text()
    assert "(The bottom right corner)" in found["shortcut"].text() and "右下角" in found["shortcut"].text("zh")


def test_a_small_test_says_how_many_more_pictures_it_takes(workspace):
    found = steps(made_run(workspace, count=9, wrong={0: 1, 4: 2}))
    assert found["small_test"].values["extra"] > 100 and "--folds 5" in found["small_test"].command
    assert "small_test" not in steps(made_run(workspace, count=400))


def test_cross_validation_is_not_suggested_where_it_cannot_be_or_has_been_done(workspace):
    run = made_run(workspace, count=12)
    every = sum(run.about["counts"].values())
    assert f"Test all {every} instead: five trainings" in steps(run)["small_test"].text()
    run.write_json("split.json", {**run.split, "preset": True})
    assert "small_test" not in steps(run) and "more test pictures would settle it" in steps(run)["few_tested"].text()
    fold, settings = made_run(workspace, count=12), run.settings
    about = {**settings.about, "study": {"kind": "folds", "part": 1, "of": 5}}
    fold.write_settings(type(settings)(about, settings.requested, settings.resolved))
    assert "small_test" not in steps(fold)


def test_so_many_more_pictures_are_enough_by_scipys_interval(workspace):
    from scipy.stats import binomtest

    wrong = {at: (at // 20 + 1) % 3 for at in range(0, 60, 4)}
    scores = RunReport(run := made_run(workspace, count=60, wrong=wrong)).report
    extra = steps(run)["small_test"].values["extra"]

    def half_width(count):
        low, high = binomtest(round(scores.accuracy * count), count).proportion_ci(0.95, method="wilson")
        return (high - low) / 2

    assert half_width(scores.count) > 0.07 and scores.accuracy == 0.75
    assert half_width(scores.count + extra) == pytest.approx(0.05, abs=0.001)


def test_a_smaller_network_is_taken_where_the_test_cannot_tell_them_apart(workspace):
    small = made_run(workspace, name="small", wrong={0: 1})
    large = made_run(workspace, name="large", wrong={1: 2}, resolved=TrainConfig(depth=50, epochs=3))
    step = steps(large)["smaller"]
    assert step.values["small"] == "ResNet-18" and step.command.endswith(f"compare {small.id} {large.id}")
    assert "smaller" not in steps(small)
    worse = made_run(workspace, name="worse", wrong=dict.fromkeys(range(30), 1), dataset="digits")
    (small.folder / "report.json").unlink()
    assert worse.id and "smaller" not in steps(large)


def test_series_on_several_sides_ask_to_keep_them_together(workspace):
    note = Noted(key="note.groups.series", values={"groups": 12, "by": "name"})
    step = steps(made_run(workspace, note=note))["together"]
    assert step.command.endswith("--groups name") and "12 series" in step.text()


def test_they_are_in_the_report_and_never_stored(workspace):
    run = made_run(workspace, count=9, wrong={0: 1})
    run_report.complete(run)
    rows = run_report.to_json(RunReport(run))["next_steps"]
    assert 1 <= len(rows) <= 3 and rows[0].keys() == {"kind", "text", "command", "values", "settings"}
    assert json.dumps(rows) and not (run.folder / "report-next_steps.json").exists()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_step_has_a_text_and_a_place_to_go(language):
    from resnet_studio.text import keys
    from resnet_studio.ui.results.next_steps import PANELS, TABS

    kinds = {key.removeprefix("next.") for key in keys() if key.startswith("next.") and key.count(".") == 1} - {
        "command"
    }
    assert kinds == PANELS.keys() | TABS.keys()
    values = dict.fromkeys(("name", "place", "change", "column", "small", "large", "by", "drop", "gain", "rise"), "x")
    numbers = dict.fromkeys(("count", "extra", "all", "correct", "groups", "epochs", "more"), 3)
    shares = dict.fromkeys(("low", "high", "share", "other", "train", "validation"), 0.5)
    for kind in kinds:
        assert NextStep(kind, {**values, **numbers, **shares}, "").text(language)
