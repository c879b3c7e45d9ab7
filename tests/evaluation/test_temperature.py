"""The temperature that is fitted to validation pictures, and what it does to the probabilities of other pictures."""

import numpy as np
import pytest
import torch
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from resnet_studio.data.dataset import Sample
from resnet_studio.evaluation import temperature
from resnet_studio.evaluation.calibration import calibrated
from resnet_studio.evaluation.outputs import Outputs
from resnet_studio.evaluation.report import report_of

CLASSES = tuple("abcdef")


def outputs(logits, labels):
    samples = [Sample(f"{at}.png", f"{at}.png", int(label)) for at, label in enumerate(labels)]
    return Outputs.of(samples, np.asarray(logits, np.float32))


def drawn(count, true_temperature, seed=0):
    """Logits of a network whose probabilities are right at ``true_temperature``, and are too sure where that is > 1."""
    draw = np.random.default_rng(seed)
    logits = draw.normal(0, 2, (count, len(CLASSES)))
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    labels = [draw.choice(len(CLASSES), p=row) for row in shares]
    return outputs(logits * true_temperature, labels)


def error(found, at):
    shares = found.at(at)
    return calibrated(list(zip(shares.max(1).tolist(), (shares.argmax(1) == found.labels).tolist(), strict=True))).error


@pytest.mark.parametrize("true", [0.4, 1.0, 2.5, 6.0])
def test_many_pictures_give_the_temperature_that_an_independent_fit_finds(true):
    seen = drawn(4000, true)
    log = torch.zeros(1, dtype=torch.double, requires_grad=True)
    optimizer = torch.optim.LBFGS([log], max_iter=100, line_search_fn="strong_wolfe")
    logits, labels = torch.from_numpy(seen.logits).double(), torch.from_numpy(seen.labels)

    def closure():
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(logits / log.exp(), labels)
        loss.backward()
        return loss

    optimizer.step(closure)
    assert temperature.fit(seen) == pytest.approx(log.detach().exp().item(), rel=0.02)
    assert temperature.fit(seen) == pytest.approx(true, rel=0.1)


@pytest.mark.parametrize("count, true", [(5, 3.0), (26, 0.4), (300, 1.0), (300, 18.0)])
def test_it_is_the_one_at_which_scipy_finds_the_guarded_cost_lowest(count, true):
    seen = drawn(count, true)
    doubt = 0.5 / (count + 1)
    rows = np.arange(count)
    others = np.where(np.eye(len(CLASSES))[seen.labels] > 0, -np.inf, seen.logits).argmax(1)

    def cost(log):
        likely = log_softmax(seen.logits.astype(float) / np.exp(log), axis=1)
        said = (1 - doubt) * likely[rows, seen.labels] + doubt * likely[rows, others]
        return -said.sum() + log**2 / (2 * temperature.SPREAD**2)

    best = minimize_scalar(cost, bounds=(-3, 3), method="bounded", options={"xatol": 1e-8}).x
    assert np.log(temperature.fit(seen)) == pytest.approx(best, abs=2e-4)


def test_where_all_classes_count_alike_a_rare_one_counts_as_if_it_were_as_frequent():
    draw = np.random.default_rng(0)
    labels = np.array([0] * 400 + [1] * 80)
    right = np.where(labels == 0, draw.random(480) < 0.95, draw.random(480) < 0.6)
    logits = np.where((right == (labels == 0))[:, None], [3.0, 0.0], [0.0, 3.0])
    repeated = [*range(400), *[at for at in range(400, 480) for _ in range(5)]]
    plain, even = (temperature.fit(outputs(logits, labels), even=each) for each in (False, True))
    assert even == pytest.approx(temperature.fit(outputs(logits[repeated], labels[repeated])), rel=0.02)
    assert even > 1.3 * plain


@pytest.mark.parametrize("true", [0.4, 2.5, 6.0])
@pytest.mark.parametrize("count", [60, 300])
def test_other_pictures_are_calibrated_better_than_before(true, count):
    found = temperature.fit(drawn(count, true, seed=1))
    unseen = drawn(2000, true, seed=2)
    assert error(unseen, found) < 0.5 * error(unseen, 1.0)


@pytest.mark.parametrize("count", [5, 10, 30, 200])
def test_a_perfect_score_does_not_make_the_answers_endlessly_sure(count):
    labels = np.arange(count) % 3
    seen = outputs(4 * np.eye(3)[labels], labels)
    found = temperature.fit(seen)
    assert 0.3 < found < 1.5
    assert seen.at(found).max() < 1 - 0.1 / (count + 1)


def test_a_few_pictures_move_the_temperature_less_than_many():
    few, many = (temperature.fit(drawn(count, 5.0)) for count in (8, 800))
    assert 1 < few < many


@pytest.mark.parametrize("seen", [None, outputs(np.eye(3)[:2], [0, 1]), outputs(np.ones((9, 1)), [0] * 9)])
def test_without_enough_to_go_by_nothing_is_fitted(seen):
    assert temperature.fit(seen) == 1


@pytest.mark.parametrize("true", [0.2, 5.0])
def test_a_report_keeps_classes_and_loss_and_calibrates_the_probabilities(true):
    seen = drawn(200, true)
    raw, found = report_of(CLASSES, seen), report_of(CLASSES, seen, temperature.fit(seen))
    assert found.loss == raw.loss and found.accuracy == raw.accuracy and found.confusion == raw.confusion
    assert [each.predicted for each in found.pictures] == [each.predicted for each in raw.pictures]
    assert found.temperature != 1 and found.pictures[0].scores == pytest.approx(seen.at(found.temperature)[0], abs=1e-6)


def test_logits_without_any_sense_still_give_a_temperature_that_a_card_may_have():
    for logits in (np.zeros((20, 3)), np.full((20, 3), 1e30), 1e-30 * np.eye(3)[np.arange(20) % 3]):
        assert temperature.LOWEST <= temperature.fit(outputs(logits, np.arange(20) % 3)) <= temperature.HIGHEST
