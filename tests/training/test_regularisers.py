"""Each regulariser and recipe does what it says in a real training, and does nothing where it is off."""

import itertools

import pytest
import torch
import torch.nn.functional as F
from made import prepared
from sweeps import few
from trained import same

from resnet_studio.config import TrainConfig
from resnet_studio.data.opening import open_data
from resnet_studio.events import Finished, Interrupted, Noted, Preparing, Started
from resnet_studio.model import checkpoint, resnet
from resnet_studio.text import say
from resnet_studio.training import plan
from resnet_studio.training.control import Control
from resnet_studio.training.jobs import drive
from resnet_studio.training.optim import make_optimizer, take_step

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("narrow")]

QUICK = TrainConfig(
    weights="scratch", epochs=2, batch_size=16, picture_size=16, precision="fp32", average_weights=False, device="cpu"
)


@pytest.fixture
def dataset(class_folders, workspace):
    return open_data(class_folders({"crimson": 16, "seagreen": 16, "royalblue": 16}), workspace)


@pytest.fixture
def new_run(dataset, workspace):
    return lambda **changes: plan.new_run(dataset, QUICK.replace(**changes), workspace)


def trained(run):
    """The parts of the network before and after a training."""
    torch.manual_seed(run.config.seed)
    config = run.config
    before = resnet.build(config.depth, 3, head=config.head, hidden_units=config.hidden_units, stem=config.stem)
    assert isinstance(drive(run, Control()), Finished)
    return before.state_dict(), checkpoint.load(run.best).model.state_dict()


def changed(before, after):
    return {name for name in before if not torch.equal(before[name], after[name])}


class PausedAfter(Control):
    """Asks for a pause after so many looks, once."""

    def __init__(self, looks):
        super().__init__()
        self._left = looks

    @property
    def request(self):
        self._left -= 1
        if self._left < 0 and not super().request:
            self.pause()
        return super().request


def resumes_to_the_same_bits(new_run, **changes):
    straight, broken = new_run(**changes), new_run(**changes)
    drive(straight, Control())
    for looks in (9, 4):
        assert isinstance(drive(broken, PausedAfter(looks)), Interrupted)
    assert isinstance(drive(broken, Control()), Finished)
    assert any(event.epoch >= 1 for event in broken.events() if isinstance(event, Started))
    first, second = (checkpoint.load(run.best).model.state_dict() for run in (straight, broken))
    assert [epoch.validation_loss for epoch in straight.state().epochs] == [
        epoch.validation_loss for epoch in broken.state().epochs
    ]
    return same(first, second)


# the L1 penalty


@few("average", [False, True])
def test_an_l1_penalty_leaves_many_weights_at_exactly_zero(new_run, average):
    def zeros(penalty):
        _, after = trained(new_run(l1_penalty=penalty, average_weights=average, freeze="layer3", weight_decay=0.0))
        weights = torch.cat([after[name].flatten() for name in after if name.startswith("layer4") and "conv" in name])
        assert (after["layer4.1.bn2.weight"] != 0).any() and (after["layer3.0.conv1.weight"] != 0).all()
        return float((weights == 0).float().mean())

    assert zeros(0.0) == 0 and zeros(1.0) > 0.1


# gradual unfreezing


def epochs_of(run):
    """The network's weights and statistics before the first epoch and after each."""
    (session, _), states = prepared(run), []
    while True:
        states.append({name: value.clone() for name, value in session.materials.model.state_dict().items()})
        if session.complete:
            return states
        for batch in session.batches_left():
            session.step(batch)
        session.next_epoch(session.score_epoch())


@few("optimizer", ["adamw", "sgd"])
def test_gradual_unfreezing_wakes_one_stage_after_the_other(new_run, optimizer):
    run = new_run(epochs=4, gradual_unfreezing=1, freeze="layer2", average_weights=True, optimizer=optimizer)
    states = epochs_of(run)
    stages = [{name.split(".")[0] for name in changed(before, after)} for before, after in itertools.pairwise(states)]
    assert stages == [{"fc"}, {"fc", "layer4"}, {"fc", "layer4", "layer3"}, {"fc", "layer4", "layer3"}]


def test_without_gradual_unfreezing_all_unfrozen_stages_learn_at_once(new_run):
    before, after = epochs_of(new_run(epochs=1, freeze="layer2"))
    assert {name.split(".")[0] for name in changed(before, after)} == {"fc", "layer4", "layer3"}


def test_only_stages_that_are_ever_unfrozen_count_as_trained(new_run):
    short, long = (prepared(new_run(epochs=epochs, gradual_unfreezing=2, freeze="layer2"))[0] for epochs in (3, 30))
    sizes = {stage: sum(p.numel() for p in group) for stage, group in long.materials.stages}
    assert short.started().trained_parameters == sizes["head"] + sizes["layer4"]
    assert long.started().trained_parameters == sum(sizes.values())


def test_a_training_says_first_and_once_what_it_will_not_do(new_run):
    run = new_run(epochs=2, gradual_unfreezing=1, freeze="layer1", tuned_parameters="bias")
    assert isinstance(drive(run, PausedAfter(9)), Interrupted) and run.state_file.exists()
    assert isinstance(drive(run, Control()), Finished)
    first, second, *rest = (event for event in run.events() if not isinstance(event, Preparing))
    assert [first.key, second.key] == ["note.plan.random_convolutions", "note.plan.never_unfrozen"]
    assert "：layer2、layer3。" in say(second.key, "zh", **second.values)
    assert not any(isinstance(event, Noted) for event in rest)


@pytest.mark.slow
@few("changes", [{"optimizer": "sgd"}, {"tuned_parameters": "batchnorm", "l1_penalty": 0.5}])
def test_gradual_unfreezing_resumes_to_the_same_bits(new_run, changes):
    assert resumes_to_the_same_bits(
        new_run, gradual_unfreezing=1, freeze="layer2", epochs=4, average_weights=True, **changes
    )


# adversarial training


def one_batch(session):
    """A batch of normalised pictures, whatever is frozen."""
    chosen = next(session.batches_left())
    inputs, _, labels = session.materials.batches.train(chosen, 16)
    return inputs, labels


def gradients(session):
    found = torch.cat([p.grad.flatten() for _, group in session.materials.stages for p in group])
    session.optimizer.zero_grad()
    return found


@few("freeze", ["none", "layer2", "layer4"])
def test_attacked_pictures_are_nearby_valid_and_harder(new_run, freeze):
    session, _ = prepared(new_run(adversarial=0.02, freeze=freeze))
    pictures, labels = one_batch(session)
    with torch.no_grad():
        session.materials.model.fc.weight.mul_(5)  # a random head hardly looks at the pictures
    session.materials.model.eval()
    pictures = pictures.detach().requires_grad_()
    loss, _ = session.forward_backward(labels, pictures, 1.0)
    attacked = session.attack.attacked(pictures)
    harder, _ = session.forward_backward(labels, attacked, 1.0)
    assert harder > loss
    view = session.materials.card.preprocessing
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (view.mean, view.std))
    before, after = (each.detach() * std + mean for each in (pictures, attacked))
    assert (before - after).abs().max() == pytest.approx(0.02, abs=1e-5)
    assert after.min() >= -1e-6 and after.max() <= 1 + 1e-6


@few("freeze", ["layer2", "layer4"])
def test_the_gradient_is_half_of_the_pictures_and_half_of_their_attacked_twins(new_run, freeze):
    session, _ = prepared(new_run(adversarial=0.02, freeze=freeze))
    inputs, labels = one_batch(session)
    session.materials.model.eval()  # each piece would have BatchNorm statistics of its own
    session.micro_batch = 5
    loss, _ = session.compute_gradients(inputs, labels, labels)
    both = gradients(session)
    pictures = inputs.detach().requires_grad_()
    clean_loss, _ = session.forward_backward(labels, pictures, 1.0)
    clean = gradients(session)
    attacked_loss, _ = session.forward_backward(labels, session.attack.attacked(pictures), 1.0)
    attacked = gradients(session)
    assert torch.allclose(both, (clean + attacked) / 2, atol=1e-5)
    assert not torch.allclose(both, clean, atol=1e-4)
    assert float(loss) == pytest.approx(float(clean_loss + attacked_loss) / 2, rel=1e-5)


def test_frozen_stages_pass_the_gradient_to_the_pictures_and_stay_as_they_are(new_run):
    run = new_run(adversarial=0.02, freeze="layer3", average_weights=True, augmentation="none")
    before, after = trained(run)
    assert {name.split(".")[0] for name in changed(before, after)} == {"layer4", "fc"}
    started = next(event for event in run.events() if isinstance(event, Started))
    counted = {name for name in before if name.startswith(("layer4", "fc")) and name.endswith(("weight", "bias"))}
    assert started.trained_parameters == sum(before[name].numel() for name in counted)


@pytest.mark.slow
@few("changes", [{"freeze": "layer3"}, {"freeze": "none", "mix": "mixup", "gradual_unfreezing": 1}])
def test_adversarial_training_resumes_to_the_same_bits(new_run, changes):
    assert resumes_to_the_same_bits(new_run, adversarial=0.02, epochs=3, average_weights=True, **changes)


# parameter-efficient tuning


def is_norm(name):
    return "bn" in name or "downsample.1" in name


@few("freeze", ["none", "layer2", "layer4"])
@pytest.mark.parametrize(
    ("tuned", "learning"),
    [("all", ("weight", "bias")), ("batchnorm", ("weight", "bias")), ("bias", ("bias",))],
)
def test_only_the_chosen_parameters_of_unfrozen_stages_and_the_head_learn(new_run, freeze, tuned, learning):
    run = new_run(freeze=freeze, tuned_parameters=tuned, average_weights=True, epochs=1)
    before, after = trained(run)
    parameters = {name for name in before if name.endswith(("weight", "bias"))}
    frozen = {"none": (), "layer2": ("conv1", "bn1", "layer1", "layer2")}.get(freeze, ("conv1", "bn1", "layer"))
    expected = {
        name
        for name in parameters
        if name.startswith("fc")
        or (not name.startswith(tuple(frozen)) and (tuned == "all" or is_norm(name)) and name.endswith(learning))
    }
    learned = changed(before, after) & parameters
    assert learned <= expected and {"fc.weight", "fc.bias"} <= learned
    norms = {name for name in expected if is_norm(name) and name.endswith("bias")}
    assert len(learned & norms) >= 0.3 * len(norms)  # the others start in a residual branch whose scale is zero
    started = next(event for event in run.events() if isinstance(event, Started))
    assert started.trained_parameters == sum(before[name].numel() for name in expected)


def test_batchnorm_statistics_follow_the_pictures_where_only_batchnorm_is_trained(new_run):
    before, after = trained(new_run(freeze="layer2", tuned_parameters="batchnorm"))
    means = {name for name in changed(before, after) if name.endswith("running_mean")}
    assert means and all(name.startswith(("layer3", "layer4")) for name in means)


class Adapted(torch.nn.Module):
    """A convolution with a 1x1 convolution beside it."""

    def __init__(self, kernel):
        super().__init__()
        self.register_buffer("kernel", kernel)
        self.beside = torch.nn.Parameter(torch.zeros(*kernel.shape[:2], 1, 1))

    def forward(self, pictures):
        return F.conv2d(pictures, self.kernel, padding=1) + F.conv2d(pictures, self.beside)


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_adapters_learn_what_1x1_convolutions_beside_the_3x3_ones_learn(optimizer):
    config = TrainConfig(tuned_parameters="adapters", optimizer=optimizer, learning_rate=0.01, weight_decay=0.1)
    draw = torch.Generator().manual_seed(0)
    kernel = torch.randn(4, 3, 3, 3, generator=draw)
    plain = torch.nn.Conv2d(3, 4, 3, padding=1, bias=False)
    plain.weight.data.copy_(kernel)
    apart = Adapted(kernel)
    for step in range(5):
        pictures, wanted = (torch.randn(2, each, 5, 5, generator=draw) for each in (3, 4))
        if not step:
            optimizers = [make_optimizer([("layer4", list(each.parameters()))], config, fused=False)
                          for each in (plain, apart)]  # fmt: skip
        for network, optimiser in zip((plain, apart), optimizers, strict=True):
            optimiser.param_groups[0]["lr"] = 0.01
            (network(pictures) - wanted).square().mean().backward()
            schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda _: 1.0)
            optimiser.param_groups[0]["lr"] = 0.01
            take_step(config, network, list(network.parameters()), optimiser, schedule, None)
    merged = kernel.clone()
    merged[:, :, 1, 1] += apart.beside[:, :, 0, 0].detach()
    assert torch.allclose(plain.weight, merged, atol=1e-6) and not torch.allclose(merged, kernel, atol=1e-3)


@pytest.mark.slow
@few("tuned", ["adapters", "batchnorm", "bias"])
def test_tuning_few_parameters_resumes_to_the_same_bits(new_run, tuned):
    assert resumes_to_the_same_bits(new_run, tuned_parameters=tuned, freeze="layer3", epochs=3, average_weights=True)
