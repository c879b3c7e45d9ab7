from dataclasses import replace

import numpy as np
import pytest

from resnet_studio.data.dataset import Sample
from resnet_studio.errors import DataError
from resnet_studio.evaluation import missed
from resnet_studio.evaluation.report import counted_by_group, make_report, remap_labels, wilson_interval

CLASSES = ("cat", "dog", "owl")


def samples(*labels):
    return [Sample(f"{CLASSES[label]}/{index}.png", f"{index}.png", label) for index, label in enumerate(labels)]


def answers(*guesses, sure=0.8):
    rest = (1 - sure) / 2
    return np.array([[sure if place == guess else rest for place in range(3)] for guess in guesses])


def test_the_numbers_are_those_of_the_textbook():
    report = make_report(CLASSES, samples(0, 0, 0, 1, 1, 2), answers(0, 0, 1, 1, 1, 0))
    assert report.accuracy == pytest.approx(4 / 6) and report.count == 6
    assert report.confusion == ((2, 1, 0), (0, 2, 0), (1, 0, 0))
    cat, dog, owl = report.per_class
    assert (cat.precision, cat.recall, cat.support, cat.correct) == (pytest.approx(2 / 3), pytest.approx(2 / 3), 3, 2)
    assert (dog.precision, dog.recall) == (pytest.approx(2 / 3), 1.0)
    assert (owl.precision, owl.recall, owl.f1) == (0, 0, 0)
    assert report.macro_f1 == pytest.approx((2 / 3 + 0.8 + 0) / 3)
    assert report.loss == pytest.approx(-(4 * np.log(0.8) + 2 * np.log(0.1)) / 6)


def test_the_numbers_are_those_of_scikit_learn_and_scipy():
    from scipy.stats import binomtest
    from sklearn.metrics import (
        accuracy_score,
        confusion_matrix,
        f1_score,
        log_loss,
        precision_recall_fscore_support,
    )

    draw = np.random.default_rng(0)
    true, guesses = draw.integers(0, 2, 40), draw.integers(0, 3, 40)  # no owl among the pictures
    report = make_report(CLASSES, samples(*true), answers(*guesses))
    kinds = [0, 1, 2]
    wanted = precision_recall_fscore_support(true, guesses, labels=kinds, zero_division=0)
    found = [[getattr(score, name) for score in report.per_class] for name in ("precision", "recall", "f1", "support")]
    assert np.allclose(found, wanted)
    assert report.macro_f1 == pytest.approx(f1_score(true, guesses, labels=[0, 1], average="macro"))
    assert report.loss == pytest.approx(log_loss(true, answers(*guesses), labels=kinds))
    assert report.accuracy == accuracy_score(true, guesses)
    assert np.array_equal(report.confusion, confusion_matrix(true, guesses, labels=kinds))
    for correct in (0, 7, 40):
        interval = binomtest(correct, 40).proportion_ci(0.95, method="wilson")
        assert wilson_interval(correct, 40) == pytest.approx((interval.low, interval.high), abs=1e-9)


def test_few_pictures_give_a_wide_interval_and_many_a_narrow_one():
    few = make_report(CLASSES, samples(*[0] * 20), answers(*[0] * 18, 1, 1))
    many = make_report(CLASSES, samples(*[0] * 2000), answers(*[0] * 1800, *[1] * 200))
    assert few.accuracy == many.accuracy == 0.9
    assert few.interval == (pytest.approx(0.699, abs=0.001), pytest.approx(0.972, abs=0.001))  # Wilson
    assert many.interval[1] - many.interval[0] < 0.03


def test_an_interval_holds_the_share_that_was_seen_whatever_the_rounding():
    for count in range(1, 200):
        for correct in {0, 1, count // 2, count - 1, count}:
            low, high = wilson_interval(correct, count)
            assert 0 <= low <= correct / count <= high <= 1


def test_of_pictures_kept_together_groups_are_counted_as_the_score_test_has_it():
    """Its ends are the shares that lie 1.96 standard errors from the seen one, with an answer a group."""
    from scipy.optimize import brentq
    from scipy.stats import norm

    tested = [replace(each, group=f"object {at // 4}") for at, each in enumerate(samples(*[0] * 40))]
    report = counted_by_group(make_report(CLASSES, tested, answers(*[0] * 33, *[1] * 7)), tested)
    z, share = norm.ppf(0.975), 33 / 40

    def beyond(truth):
        return abs(truth - share) - z * (truth * (1 - truth) / 10) ** 0.5

    assert report.interval == pytest.approx((brentq(beyond, 0, share), brentq(beyond, share, 1)))
    alone = make_report(CLASSES, tested, answers(*[0] * 33, *[1] * 7))
    assert report.interval[0] < alone.interval[0] < alone.interval[1] < report.interval[1]


def test_all_right_is_not_certainty():
    report = make_report(CLASSES, samples(0, 1, 2), answers(0, 1, 2))
    assert report.accuracy == 1 and report.interval[0] < 0.5 and report.interval[1] == 1


def test_a_class_without_test_pictures_does_not_spoil_the_mean():
    report = make_report(CLASSES, samples(0, 1), answers(0, 1))
    assert report.macro_f1 == 1 and report.per_class[2].support == 0


def test_every_picture_is_told_with_its_scores():
    report = make_report(CLASSES, samples(2), answers(1))
    (picture,) = report.pictures
    assert (picture.name, picture.true, picture.predicted) == ("owl/0.png", 2, 1)
    assert picture.probability == pytest.approx(0.8) and sum(picture.scores) == pytest.approx(1)


def test_labels_are_matched_by_name_and_an_unknown_class_is_refused():
    moved = remap_labels(samples(0, 1), ("dog", "owl"), CLASSES)
    assert [sample.label for sample in moved] == [1, 2]
    with pytest.raises(DataError, match="fish"):
        remap_labels(samples(0), ("fish",), CLASSES)


def test_folders_that_nobody_has_labelled_are_left_out_unless_the_model_knows_such_a_class():
    moved = remap_labels(samples(0, 1, 1), ("dog", "unlabelled"), CLASSES)
    assert [sample.label for sample in moved] == [1]
    bottles = remap_labels(samples(0, 1), ("labelled", "Unlabelled"), ("labelled", "Unlabelled"))
    assert [sample.label for sample in bottles] == [0, 1]
    with pytest.raises(DataError, match="nobody has labelled"):
        remap_labels(samples(0), ("未标注",), CLASSES)


def test_a_class_that_is_never_predicted_is_named_and_one_without_pictures_is_not():
    classes, confusion = ("cat", "dog", "eel", "fox"), ((5, 0, 0, 0), (2, 0, 0, 1), (0, 0, 0, 0), (0, 0, 0, 3))
    assert missed.never_predicted(classes, confusion) == ("dog",)
    assert "1 class is never predicted: dog." in missed.sentence(("dog",))
    assert "从未被预测到：dog、eel" in missed.sentence(("dog", "eel"), "zh") and missed.sentence(()) == ""
