"""Thresholds of a class: counts, the choice on validation pictures, and what is answered with them."""

import json

import numpy as np
import pytest
from sklearn import metrics

from resnet_studio import cli, thresholds
from resnet_studio.errors import ConfigError
from resnet_studio.evaluation import operating_points as points
from resnet_studio.evaluation.outputs import Outputs

pytestmark = pytest.mark.usefixtures("narrow")


def outputs(count=300, seed=0, shift=1.5, classes=3):
    draw = np.random.default_rng(seed)
    labels = draw.integers(0, classes, count)
    logits = draw.normal(0, 1, (count, classes)).astype(np.float32)
    logits[np.arange(count), labels] += shift
    names = tuple(map(str, range(count)))
    return Outputs(logits, labels, names, names)


def test_precision_and_recall_are_those_of_scikit_learn_at_every_threshold():
    given = outputs()
    for label, counts in enumerate(points.counts_of(given, 3)):
        for place in range(0, 101, 7):
            said = given.probabilities[:, label] >= points.THRESHOLDS[place]
            true = given.labels == label
            assert counts.recall(place) == pytest.approx(metrics.recall_score(true, said))
            assert counts.precision(place) == pytest.approx(metrics.precision_score(true, said, zero_division=1))


def test_the_cheapest_threshold_is_chosen_on_validation_and_scored_on_test_pictures():
    validation, test = outputs(seed=1), outputs(seed=2)
    one, two = points.counts_of(validation, 3)[0], points.counts_of(test, 3)[0]
    of_class = points.ClassPoints("cat", one, two, ())
    found = of_class.cheapest(5, 1)

    def cost(given, threshold):
        said, true = given.probabilities[:, 0] >= threshold, given.labels == 0
        return (5 * (true & ~said).sum() + (said & ~true).sum()) / len(true)

    assert cost(validation, found.threshold) == pytest.approx(min(cost(validation, each) for each in points.THRESHOLDS))
    assert found.cost == pytest.approx(cost(test, found.threshold))
    assert found.usual_cost == pytest.approx(cost(test, 0.5))
    assert found.threshold < of_class.cheapest(1, 1).threshold < of_class.cheapest(1, 5).threshold
    every = of_class.finding(0.95)
    said = validation.probabilities[:, 0] >= every.threshold
    assert said[validation.labels == 0].mean() >= 0.95
    assert every.recall == pytest.approx((test.probabilities[:, 0] >= every.threshold)[test.labels == 0].mean())


def test_what_is_answered_follows_the_thresholds_and_agrees_with_the_counts():
    given = outputs()
    rows = [dict(zip("abc", row, strict=True)) for row in given.probabilities.tolist()]
    answers = [thresholds.decide(row, {"a": 0.3}) for row in rows]
    found = sum(answer == "a" and label == 0 for answer, label in zip(answers, given.labels, strict=True))
    assert found == points.counts_of(given, 3)[0].found[30]
    assert thresholds.decide({"a": 0.4, "b": 0.35, "c": 0.25}, {"b": 0.3, "c": 0.1}) == "c"


@pytest.mark.parametrize("given", ["cat", "cow=0.3", "cat=2", "cat=x", "=0.3", "cat=nan"])
def test_a_threshold_that_makes_no_sense_is_refused(given):
    with pytest.raises(ConfigError):
        thresholds.parse([given], ["cat", "dog"])
    assert thresholds.parse(["cat=0.3"], ["cat", "dog"]) == {"cat": 0.3}


@pytest.mark.parametrize("given", ["cat=5", "cat=-1:1", "cat=0:0", "cow=1:1", "cat=nan:1", "cat=inf:1"])
def test_costs_that_make_no_sense_are_refused(given):
    with pytest.raises(ConfigError):
        points.parse_costs([given], ["cat", "dog"])
    assert points.parse_costs(["a=b=5:1"], ["a=b"]) == {"a=b": (5.0, 1.0)}


def test_they_survive_their_file():
    one, two = points.counts_of(outputs(seed=1), 3)[0], points.counts_of(outputs(seed=2), 3)[0]
    made = points.ClassPoints("cat", one, two, ())
    made = points.ClassPoints("cat", one, two, (made.finding(), made.cheapest(1, 1)))
    stored = json.loads(json.dumps(points.OPERATING_POINTS.to_json((made,))))
    assert points.OPERATING_POINTS.from_json(stored) == (made,)


@pytest.mark.slow
def test_the_command_line_answers_by_thresholds_and_reports_costs(tmp_path, class_folders, capsys):
    folder, home = class_folders({"cat": 24, "dog": 24}), ["--workspace", str(tmp_path / "ws"), "--json"]

    def command(*words):
        status = cli.main([*words, *home])
        return status, json.loads(capsys.readouterr().out.splitlines()[-1])

    assert (
        command(
            "train", str(folder), "--epochs", "1", "--weights", "scratch", "--picture-size", "32", "--device", "cpu"
        )[0]
        == 0
    )
    status, found = command("report", "last", "--parts", "none", "--cost", "cat=9:1", "--out", str(tmp_path / "r.html"))
    assert status == 0 and found["costs"]["cat"]["missing"] == 9
    assert {each["name"] for each in found["operating_points"]["classes"]} == {"cat", "dog"}
    assert found["groups"] == []
    always = command("predict", "last", str(folder), "--threshold", "cat=0")[1]["predictions"]
    never = command("predict", "last", str(folder), "--threshold", "cat=1")[1]["predictions"]
    assert {row["label"] for row in always} == {"cat"} and {row["label"] for row in never} == {"dog"}
    assert always[0]["probability"] == pytest.approx(always[0]["scores"]["cat"])
    for words in (["predict", "last", str(folder), "--threshold", "cow=1"], ["report", "last", "--cost", "cow=1:1"]):
        assert command(*words)[0] == 2
