import pytest
import torch
from sweeps import few
from torch import nn
from torch.optim.swa_utils import AveragedModel

from resnet_studio.config import TrainConfig
from resnet_studio.training.optim import (
    MovingAverage,
    make_average,
    make_optimizer,
    make_schedule,
    rate_factor,
    share_zeros,
    soft_threshold,
)


def stages():
    network = nn.ModuleDict({"head": nn.Linear(4, 2), "layer4": nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4))})
    return network, [(name, list(module.parameters())) for name, module in network.items()]


def test_each_earlier_stage_learns_slower_and_biases_and_batchnorm_do_not_decay():
    _, parts = stages()
    optimizer = make_optimizer(parts, TrainConfig(learning_rate=1e-2, stage_factor=0.5, weight_decay=0.1), fused=False)
    found = {(group["stage"], group["weight_decay"]): group for group in optimizer.param_groups}
    assert found["head", 0.1]["lr"] == 1e-2 and found["layer4", 0.1]["lr"] == 5e-3
    assert all(parameter.ndim == 1 for parameter in found["layer4", 0.0]["params"])
    assert len(found["layer4", 0.0]["params"]) == 3


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw"])
def test_every_optimiser_lowers_the_loss(name):
    torch.manual_seed(0)
    network, parts = stages()
    config = TrainConfig(optimizer=name, learning_rate=0.05)
    optimizer = make_optimizer(parts, config, fused=False)
    inputs, labels = torch.randn(32, 4), torch.randint(2, (32,))

    def loss():
        return nn.functional.cross_entropy(network["head"](network["layer4"](inputs)), labels)

    before = loss().item()
    for _ in range(30):
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()
    assert loss().item() < before - 0.03


@pytest.mark.parametrize(("nesterov", "moved"), [(True, 0.1 * (1.9 + 2.71)), (False, 0.1 * (1 + 1.9))])
def test_sgd_has_nesterovs_momentum_or_the_textbooks_plain_one(nesterov, moved):
    weight = nn.Parameter(torch.zeros(1))
    config = TrainConfig(optimizer="sgd", learning_rate=0.1, momentum=0.9, nesterov=nesterov)
    optimizer = make_optimizer([("head", [weight])], config, fused=False)
    for _ in range(2):
        weight.grad = torch.ones(1)
        optimizer.step()
    assert weight.item() == pytest.approx(-moved)


def test_nesterov_means_nothing_without_momentum_or_without_sgd():
    for changes in ({"optimizer": "sgd", "momentum": 0.0}, {"optimizer": "adamw"}, {"optimizer": "adam"}):
        optimizer = make_optimizer(stages()[1], TrainConfig(learning_rate=0.1, nesterov=True, **changes), fused=False)
        assert not any(group.get("nesterov") for group in optimizer.param_groups)


@pytest.mark.slow
@few("name", ["sgd", "adam", "adamw"])
def test_the_l1_penalty_zeroes_the_weights_that_explain_nothing_and_keeps_the_others(name):
    torch.manual_seed(0)
    inputs = torch.randn(256, 20)
    truth = torch.zeros(1, 20)
    truth[0, :4] = torch.tensor([2.0, -2.0, 1.5, -1.5])
    answers = inputs @ truth.T

    def learned(penalty):
        torch.manual_seed(1)
        line = nn.Linear(20, 1)
        config = TrainConfig(optimizer=name, learning_rate=0.02, weight_decay=0, l1_penalty=penalty)
        optimizer = make_optimizer([("head", list(line.parameters()))], config, fused=False)
        for step in range(600):
            chosen = torch.arange(32) + 32 * (step % 8)
            optimizer.zero_grad()
            nn.functional.mse_loss(line(inputs[chosen]), answers[chosen]).backward()
            optimizer.step()
            soft_threshold(optimizer)
        return line.weight[0]

    assert (learned(0.0) != 0).all()
    sparse = learned(0.1)
    assert (sparse[4:] == 0).sum() >= 12 and (sparse[:4].sign() == truth[0, :4].sign()).all()


def test_the_threshold_is_rate_times_penalty_and_spares_biases_and_what_takes_no_gradient():
    network, parts = stages()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(0.3)
    network["layer4"].requires_grad_(False)
    soft_threshold(make_optimizer(parts, TrainConfig(learning_rate=1.0, l1_penalty=0.1), fused=False))
    assert torch.allclose(network["head"].weight, torch.tensor(0.2)) and (network["head"].bias == 0.3).all()
    assert all((parameter == 0.3).all() for parameter in network["layer4"].parameters())


def test_the_average_is_zero_where_the_weight_is():
    layer = nn.Linear(3, 1)
    average = make_average(layer, steps=100)
    with torch.no_grad():
        layer.weight[0, 1] = 0
    average.update_parameters(layer)
    share_zeros(average, layer)
    assert (average.module.weight[0] != 0).tolist() == [True, False, True]


def factors(**changes):
    config = TrainConfig(**changes)
    return [rate_factor(config, step, 100, 10) for step in range(100)]


def test_one_cycle_rises_to_the_peak_and_falls_to_almost_nothing():
    found = factors(schedule="one_cycle", warmup_fraction=0.25)
    assert found[0] < 0.06 and max(found) == pytest.approx(1, abs=0.01) and found[-1] < 0.01
    peak = found.index(max(found))
    assert 22 <= peak <= 26
    assert found[:peak] == sorted(found[:peak]) and found[peak:] == sorted(found[peak:], reverse=True)


def test_cosine_falls_after_its_warm_up():
    found = factors(schedule="cosine", warmup_fraction=0.1)
    assert found[0] == pytest.approx(0.1) and found[9] == 1 and found[-1] < 0.01


def test_steps_drop_after_so_many_epochs():
    found = factors(schedule="step", warmup_fraction=0.0, step_epochs=4, step_factor=0.1)
    assert found[39] == 1 and found[40] == pytest.approx(0.1) and found[80] == pytest.approx(0.01)


def test_constant_stays():
    assert set(factors(schedule="constant", warmup_fraction=0.0)) == {1.0}


def test_the_schedule_moves_all_groups_in_proportion():
    _, parts = stages()
    config = TrainConfig(learning_rate=1.0, stage_factor=0.5, schedule="step", step_epochs=1, warmup_fraction=0.0)
    optimizer = make_optimizer(parts, config.replace(epochs=2), fused=False)
    schedule = make_schedule(optimizer, config.replace(epochs=2), 2)
    for _ in range(2):
        optimizer.step()
        schedule.step()
    rates = {group["stage"]: group["lr"] for group in optimizer.param_groups}
    assert rates["head"] == pytest.approx(0.1) and rates["layer4"] == pytest.approx(0.05)


def test_the_average_follows_the_weights_at_first_and_lags_later():
    layer = nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        layer.weight.fill_(0.0)
    average = make_average(layer, steps=2_000)
    with torch.no_grad():
        layer.weight.fill_(1.0)
    for _ in range(30):
        average.update_parameters(layer)
    assert average.module.weight.item() > 0.9
    with torch.no_grad():
        layer.weight.fill_(2.0)
    for _ in range(200):
        average.update_parameters(layer)
    with torch.no_grad():
        layer.weight.fill_(100.0)
    average.update_parameters(layer)
    assert average.module.weight.item() < 20


def test_batchnorm_statistics_are_averaged_and_counters_copied():
    norm = nn.BatchNorm1d(2)
    average = make_average(norm, steps=100)
    norm(torch.randn(8, 2) + 5)
    norm(torch.randn(8, 2) + 5)
    average.update_parameters(norm)
    assert average.module.num_batches_tracked == 2 and average.module.running_mean.mean() > 0.3


def test_the_average_is_that_of_torchs_own_loop_to_the_bit():
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4))

    def blend(averaged, current, updates):
        decay = min(0.9, (1 + int(updates)) / (10 + int(updates)))
        if averaged[0].is_floating_point():
            torch._foreach_lerp_(averaged, current, 1 - decay)
        else:
            for mine, theirs in zip(averaged, current, strict=True):
                mine.copy_(theirs)

    mine, theirs = MovingAverage(network, 0.9), AveragedModel(network, multi_avg_fn=blend, use_buffers=True)
    for _ in range(30):
        network(torch.randn(2, 3, 8, 8))
        with torch.no_grad():
            for weight in network.parameters():
                weight.add_(torch.randn_like(weight), alpha=0.1)
        mine.update_parameters(network)
        theirs.update_parameters(network)
    expected = theirs.state_dict()
    assert mine.state_dict().keys() == expected.keys()
    assert all(torch.equal(value, expected[name]) for name, value in mine.state_dict().items())
