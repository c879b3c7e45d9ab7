"""Class weights do what they say, also where labels are smoothed and one class is very rare."""

import pytest
import torch
import torch.nn.functional as F

from resnet_studio.training.loss import summed


def some(classes, seed=0):
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(12, classes, generator=draw), torch.randint(classes, (12,), generator=draw)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("weights", [None, torch.tensor([0.6, 1.0, 3.0])])
def test_it_is_that_of_torch_where_classes_are_not_far_apart(weights, smoothing):
    logits, labels = some(3)
    ours, theirs = (
        summed(logits, labels, weights, smoothing),
        F.cross_entropy(logits, labels, weight=weights, label_smoothing=smoothing, reduction="sum"),
    )
    assert float(ours) == pytest.approx(float(theirs), rel=1e-5)
    shares = F.one_hot(labels, 3).float().roll(1, 0) * 0.3 + F.one_hot(labels, 3) * 0.7
    mixed = F.cross_entropy(logits, shares, weight=weights, label_smoothing=smoothing, reduction="sum")
    assert float(summed(logits, shares, weights, smoothing)) == pytest.approx(float(mixed), rel=1e-5)


def best_answer(label, weights, smoothing):
    """The probabilities that the loss of one picture asks for."""
    logits = torch.zeros(1, len(weights), requires_grad=True)
    for _ in range(600):
        summed(logits, torch.tensor([label]), weights / weights[label], smoothing).backward()
        with torch.no_grad():
            logits -= 2 * logits.grad
        logits.grad = None
    return torch.softmax(logits.detach()[0], 0)


@pytest.mark.parametrize("ratio", [1.0, 8.0, 20.0, 200.0])
def test_a_picture_of_a_common_class_is_never_asked_to_be_of_the_rare_one(ratio):
    weights = torch.tensor([1.0, ratio])
    assert best_answer(0, weights, 0.1)[0] > 0.6
    assert best_answer(1, weights, 0.1)[1] > 0.9


def test_torchs_own_would_ask_for_it():
    logits = torch.zeros(1, 2, requires_grad=True)
    F.cross_entropy(logits, torch.tensor([0]), weight=torch.tensor([1.0, 25.0]), label_smoothing=0.1).backward()
    assert logits.grad[0, 0] > 0, "even the picture's own class loses"
