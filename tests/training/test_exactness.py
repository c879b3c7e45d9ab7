"""The same numbers, however a training is cut: paused anywhere, accumulated, in pieces, beside busy threads."""

import math
import random
import threading

import pytest
import torch
import torch.nn.functional as F
from made import prepared
from sweeps import few
from trained import same, weights_of

from resnet_studio.config import TrainConfig
from resnet_studio.data import augment
from resnet_studio.data.dataset import Split
from resnet_studio.data.opening import open_data
from resnet_studio.errors import ConfigError
from resnet_studio.events import Failed, Finished, Interrupted
from resnet_studio.model import resnet
from resnet_studio.training import batches, features, hardware, plan, session, starting
from resnet_studio.training.control import Control
from resnet_studio.training.jobs import drive

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("narrow")]

QUICK = TrainConfig(
    weights="scratch", epochs=2, batch_size=4, picture_size=16, precision="fp32", device="cpu", test_fraction=0.1
)


@pytest.fixture
def dataset(class_folders, workspace):
    return open_data(class_folders({"crimson": 18, "seagreen": 8, "royalblue": 8}), workspace)


@pytest.fixture
def new_run(dataset, workspace):
    return lambda **changes: plan.new_run(dataset, QUICK.replace(**changes), workspace)


# resuming


def drawn(case):
    """Settings that have little to do with each other, drawn anew for each case."""
    draw = random.Random(case)
    freeze = draw.choice(("none", "layer3", "layer4"))
    attacked = draw.random() < 0.3
    return {
        "accumulate_steps": draw.choice((1, 2, 3)),
        "mix": draw.choice(("none", "none", "mixup", "cutmix", "both")),
        "average_weights": draw.random() < 0.6,
        "adversarial": 0.02 if attacked else 0.0,
        "freeze": freeze,
        "gradual_unfreezing": draw.choice((0, 1)),
        "class_weighting": draw.choice(("none", "balanced", "adjusted")),
        "augmentation": draw.choice(("none", "light", "standard", "strong")),
        "optimizer": draw.choice(("adamw", "sgd")),
        "learning_rate": 0.003,
        "schedule": draw.choice(("one_cycle", "step")),
        "l1_penalty": draw.choice((0.0, 0.2)),
        "dropout": draw.choice((0.0, 0.3)),
        "clip_gradient": draw.choice((0.0, 1.0)),
        "batch_size": draw.choice((3, 4, 5)),
        # features are kept where there are more epochs than views
        "epochs": 5 if freeze == "layer4" else 2,
    }


def train_to_end(run, monkeypatch, pauses=()):
    """Train ``run``, pausing after so many steps of each start; the places (epoch, batch) where it paused."""
    places, step = [], session.Session.step
    for after in (*pauses, None):
        control, left = Control(), [after]

        def counted(self, indices, left=left, control=control):
            step(self, indices)
            if left[0] is not None:
                left[0] -= 1
                if left[0] == 0:
                    places.append((self.epoch, self.batch))
                    control.pause()

        with monkeypatch.context() as patched:
            patched.setattr(session.Session, "step", counted)
            end = drive(run, control)
        assert isinstance(end, Interrupted if len(places) and after else Finished), end
    return places


def short_of_memory(monkeypatch, at):
    """Memory runs out once at each of the batches ``at``, after some work has been done."""
    real = session.Session.forward_backward

    def passing(self, targets, inputs, factor):
        result = real(self, targets, inputs, factor)
        if (self.epoch, self.batch) in at and len(inputs) > 2:
            raise torch.OutOfMemoryError("made for a test")
        return result

    monkeypatch.setattr(session.Session, "forward_backward", passing)


@pytest.mark.parametrize("case", [*range(2), *(pytest.param(case, marks=pytest.mark.long) for case in range(2, 8))])
def test_a_training_paused_anywhere_ends_like_one_that_never_was(new_run, monkeypatch, case):
    settings, draw = drawn(case), random.Random(f"pauses of {case}")
    straight, broken = new_run(**settings), new_run(**settings)
    if case % 2:
        short_of_memory(monkeypatch, {(0, 1), (1, 3)})
    assert train_to_end(straight, monkeypatch) == []
    pauses = (draw.randint(1, 4), draw.randint(2, 7))
    places = train_to_end(broken, monkeypatch, pauses)
    assert len(places) == 2, settings
    assert same(weights_of(straight), weights_of(broken)), (settings, places)
    first, second = straight.state(), broken.state()
    assert [(e.train_loss, e.train_accuracy, e.validation_loss, e.best) for e in first.epochs] == [
        (e.train_loss, e.train_accuracy, e.validation_loss, e.best) for e in second.epochs
    ], (settings, places)
    assert first.finished.best_epoch == second.finished.best_epoch


@few("pauses", [(2,), (5,)])
def test_a_training_paused_within_a_group_of_batches_keeps_what_was_gathered(new_run, monkeypatch, pauses):
    settings = {"accumulate_steps": 3, "freeze": "layer4", "augmentation": "none", "epochs": 3}
    straight, broken = new_run(**settings), new_run(**settings)
    train_to_end(straight, monkeypatch)
    ((_, batch),) = train_to_end(broken, monkeypatch, pauses)
    assert batch % 3
    assert same(weights_of(straight), weights_of(broken))


# accumulation


def gradients_of_groups(training, monkeypatch):
    """The gradients that each update of an epoch finds, and which pictures were in its group."""
    found, group, groups = [], [], []

    def update(self):
        found.append(torch.cat([p.grad.flatten() for p in self.optimizer.param_groups[0]["params"]]))
        self.optimizer.zero_grad(set_to_none=True)
        groups.append(torch.cat(group))
        group.clear()

    monkeypatch.setattr(session.Session, "update_weights", update)
    for batch in training.batches_left():
        group.append(torch.from_numpy(batch))
        training.step(batch)
    return found, groups


@pytest.mark.parametrize("memory", ["enough", "short"])
@few("weighting", ["adjusted", "none", "balanced"])
@few("smoothing", [0.0, 0.1])
def test_a_group_of_batches_has_the_gradient_of_one_large_batch(new_run, monkeypatch, weighting, smoothing, memory):
    run = new_run(
        accumulate_steps=3, freeze="layer4", augmentation="none", class_weighting=weighting, label_smoothing=smoothing
    )
    training, _ = prepared(run)
    m = training.materials
    assert training.batches_per_epoch % 3, "the last group should be smaller"
    if memory == "short":
        short_of_memory(monkeypatch, {(0, 1), (0, training.batches_per_epoch - 1)})
    found, groups = gradients_of_groups(training, monkeypatch)
    assert len(found) == training.updates_per_epoch
    for gradient, group in zip(found, groups, strict=True):
        inputs, labels = m.batches.plain(group), m.batches.training.labels[group]
        of_classes = torch.bincount(m.batches.training.labels).float()
        weight = len(m.batches.training) / (len(of_classes) * of_classes) if weighting == "balanced" else None
        shift = (of_classes / of_classes.sum()).log() if weighting == "adjusted" else 0.0
        F.cross_entropy(m.suffix(inputs) + shift, labels, weight=weight, label_smoothing=smoothing).backward()
        whole = torch.cat([p.grad.flatten() for p in training.optimizer.param_groups[0]["params"]])
        m.suffix.zero_grad()
        assert torch.allclose(gradient, whole, atol=1e-6), float((gradient - whole).abs().max())


def test_a_batch_that_did_not_fit_leaves_no_trace(new_run, monkeypatch):
    """Gradients, BatchNorm's statistics and dropout are those of a batch that was cut smaller from the start."""
    states = []
    for short in (False, True):
        training, _ = prepared(new_run(accumulate_steps=2, dropout=0.5, freeze="layer3", augmentation="none"))
        steps = iter(training.batches_left())
        training.step(next(steps))
        with monkeypatch.context() as patched:
            if short:
                short_of_memory(patched, {(0, 1)})
            else:
                training.micro_batch = 2
            batch = next(steps)
            patched.setattr(session.Session, "update_weights", lambda _: None)
            training.step(batch)
        assert training.micro_batch == 2 and bool(training.notes) == short
        states.append(
            [*(p.grad for _, group in training.materials.stages for p in group), *training.materials.suffix.buffers()]
        )
    assert all(torch.equal(one, other) for one, other in zip(*states, strict=True))


def test_memory_that_does_not_suffice_for_the_smallest_piece_is_a_sentence(new_run, monkeypatch):
    def never(self, *_):
        raise torch.OutOfMemoryError("made for a test")

    monkeypatch.setattr(session.Session, "forward_backward", never)
    end = drive(new_run(), Control())
    assert isinstance(end, Failed) and end.key == "error.out_of_memory" and end.values["size"] == 1


# batches of one


def test_the_last_two_batches_are_joined_where_one_picture_would_be_left_for_batchnorm(new_run):
    run = new_run(batch_size=2, epochs=1, stem="standard")
    assert len(run.split["train"]["name"]) % 2
    assert isinstance(drive(run, Control()), Finished)
    sizes = [len(batch) for batch in batches.epoch_batches(7, 2, 0, 0, fewest=2)]
    assert sorted(sizes) == [2, 2, 3]
    assert [len(batch) for batch in batches.epoch_batches(7, 2, 0, 0)] == [2, 2, 2, 1]
    assert [len(batch) for batch in batches.epoch_batches(1, 4, 0, 0, fewest=2)] == [1]


def test_pieces_of_a_batch_are_never_one_picture_where_batchnorm_needs_two(new_run, monkeypatch):
    training, _ = prepared(new_run(batch_size=16, stem="standard"))
    seen, real = [], session.Session.forward_backward

    def counted(self, targets, inputs, factor):
        seen.append(len(inputs))
        return real(self, targets, inputs, factor)

    monkeypatch.setattr(session.Session, "forward_backward", counted)
    training.micro_batch = 5
    batch = next(training.batches_left())
    training.step(batch)
    assert sum(seen) == len(batch) and min(seen) >= 2 and max(seen) <= 5


@pytest.mark.parametrize(("stem", "side", "needed"), [("standard", 32, 33), ("small", 8, 9)])
def test_batches_of_one_picture_are_refused_where_batchnorm_meets_single_pixels(new_run, stem, side, needed):
    with pytest.raises(ConfigError, match=f"batch size to 2 or more, or the picture size to {needed} px"):
        new_run(batch_size=1, stem=stem, picture_size=side)
    new_run(batch_size=1, stem=stem, picture_size=side, freeze="layer4")
    resolved = new_run(batch_size=1, stem=stem, picture_size=needed, epochs=1).config
    assert plan.fewest_in_a_batch(resolved) == 1


def test_batches_of_one_picture_train_where_maps_are_larger(new_run):
    assert isinstance(drive(new_run(batch_size=1, epochs=1, stem="small"), Control()), Finished)


def test_pictures_that_start_small_decide_too(new_run):
    with pytest.raises(ConfigError, match="33 px"):
        new_run(batch_size=1, stem="standard", picture_size=64, early_picture_size=32, epochs=8)


# a validation loss that is no number


@pytest.mark.parametrize("asked", ["nothing", "stop"])
def test_a_validation_loss_that_is_no_number_in_the_only_epoch_is_a_sentence(new_run, monkeypatch, asked):
    monkeypatch.setattr(session.Session, "validation_scores", lambda _: (math.nan, 0.3))
    run, control = new_run(epochs=1), Control()
    step = session.Session.step

    def stepping(self, indices):
        step(self, indices)
        if asked == "stop":
            control.stop()

    monkeypatch.setattr(session.Session, "step", stepping)
    end = drive(run, control)
    assert isinstance(end, Failed) and end.key == "error.diverged" and run.state().status == "failed"


# random numbers beside busy threads


class Busy:
    """Threads that do things as long as the block lasts."""

    def __init__(self, *work):
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._repeat, args=(one,)) for one in work]

    def _repeat(self, work):
        while not self._over.is_set():
            work()

    def __enter__(self):
        for thread in self._threads:
            thread.start()

    def __exit__(self, *_):
        self._over.set()
        for thread in self._threads:
            thread.join()


def test_a_network_follows_from_its_seed_while_others_draw_random_numbers(new_run):
    config = new_run(stem="small", head="hidden", hidden_units=16, seed=5).config
    torch.manual_seed(5)
    usual = resnet.build(18, 3, stem="small", head="hidden", hidden_units=16).state_dict()
    before = torch.get_rng_state()
    assert same(usual, starting.build_network(config, 3).state_dict())
    assert torch.equal(before, torch.get_rng_state())
    with Busy(lambda: torch.rand(100), lambda: torch.manual_seed(1)):
        assert all(same(usual, starting.build_network(config, 3).state_dict()) for _ in range(4))


def test_a_training_follows_from_its_seed_while_the_studio_does_other_things(new_run, workspace):
    alone, beside = (new_run(epochs=2, augmentation="standard", dropout=0.2, freeze="layer3") for _ in range(2))
    other = new_run(seed=9)
    parts = Split.from_json(other.split)
    drive(alone, Control())
    threads = torch.get_num_threads()
    with Busy(
        lambda: augment.preview(parts, other.config),
        lambda: starting.build_network(other.config, 3),
        lambda: hardware.fastest([hardware.Compute("fp32", threads), hardware.Compute("bf16", threads)]),
    ):
        drive(beside, Control())
    assert same(weights_of(alone), weights_of(beside))


# how the machine computes


def test_one_seed_gives_one_model_whatever_a_timing_says_and_the_run_says_how_to_make_it_again(new_run, monkeypatch):
    monkeypatch.setattr(hardware, "has_matrix_units", lambda: False)
    speeds = [("bf16", "fp32"), ("fp32", "bf16")]
    found, measured = [], hardware.measure_ways

    def measuring():
        order = speeds[len(found)]
        found.append(order)
        monkeypatch.setattr(hardware, "seconds_for", lambda compute, *_: 1.0 + 0.1 * order.index(compute.precision))
        return measured()

    monkeypatch.setattr(hardware, "measure_ways", measuring)
    first, second = (new_run(precision="auto", epochs=1) for _ in range(2))
    assert first.config.precision == "auto", "nothing is known before it trains"
    for run in (first, second):
        assert isinstance(drive(run, Control()), Finished)
    assert len(found) == 1 and same(weights_of(first), weights_of(second))
    assert first.config.precision == first.state().started.precision == "bf16" and first.requested.precision == "auto"
    again = new_run(precision=first.config.precision, epochs=1)
    drive(again, Control())
    assert same(weights_of(first), weights_of(again))
    assert not same(weights_of(first), trained(new_run(precision="fp32", epochs=1)))


def trained(run):
    drive(run, Control())
    return weights_of(run)


def test_a_run_that_goes_on_computes_as_it_began_whatever_the_machine_file_says(new_run, monkeypatch):
    straight, broken = (new_run(precision="auto") for _ in range(2))
    train_to_end(straight, monkeypatch)
    control = Control()
    with monkeypatch.context() as patched:
        step = session.Session.step
        patched.setattr(session.Session, "step", lambda self, indices: (step(self, indices), control.pause()))
        drive(broken, control)
    broken.machine_file.unlink()
    monkeypatch.setattr(hardware, "measure_ways", lambda: pytest.fail("measured again"))
    assert isinstance(drive(broken, Control()), Finished)
    assert same(weights_of(straight), weights_of(broken))


# room for kept features


def test_a_run_that_goes_on_has_as_many_views_as_it_began_with(new_run, monkeypatch):
    settings = {"freeze": "layer4", "epochs": 6, "augmentation": "standard"}
    straight, broken = new_run(**settings), new_run(**settings)
    train_to_end(straight, monkeypatch)
    control = Control()
    with monkeypatch.context() as patched:
        step = session.Session.step
        patched.setattr(session.Session, "step", lambda self, indices: (step(self, indices), control.pause()))
        drive(broken, control)
    monkeypatch.setattr(features, "views_with_room", lambda *_: 0)
    assert isinstance(drive(broken, Control()), Finished)
    assert same(weights_of(straight), weights_of(broken))
