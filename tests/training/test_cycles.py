"""A short cycle first: it is whole in itself, the second follows where it pays, and both resume to the bit."""

import pytest
from trained import same, weights_of

from resnet_studio.config import TrainConfig
from resnet_studio.data.opening import open_data
from resnet_studio.events import EpochFinished, Finished, Interrupted, Noted, Preparing, Started
from resnet_studio.training import cycles, plan
from resnet_studio.training.control import Control
from resnet_studio.training.jobs import drive
from resnet_studio.training.validation import BestNetwork

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("narrow")]

SHORT, ALL = 2, 5
QUICK = TrainConfig(
    epochs=ALL, first_epochs=SHORT, freeze="layer3", batch_size=8, picture_size=16, precision="fp32", device="cpu",
    augmentation="light", groups="none",
)  # fmt: skip


@pytest.fixture
def new_run(class_folders, workspace):
    dataset = open_data(class_folders({"crimson": 14, "seagreen": 14}), workspace)
    return lambda **changes: plan.new_run(dataset, QUICK.replace(**changes), workspace)


@pytest.fixture
def enough(monkeypatch):
    """Sets how many validation pictures the first cycle has to gain, so that it does so in any case or never."""
    return lambda pictures: monkeypatch.setattr(cycles, "ENOUGH_PICTURES", pictures)


def of(kind, run):
    return [event for event in run.events() if isinstance(event, kind)]


def test_a_first_cycle_that_gains_nothing_is_a_whole_training_of_its_length(new_run, enough):
    enough(1_000)
    run, short = new_run(freeze="none"), new_run(freeze="none", epochs=SHORT, first_epochs=0)
    end = drive(run, Control())
    assert (end.reason, end.epochs_run) == ("nothing_more", SHORT) and drive(short, Control()).reason == "completed"
    assert same(weights_of(run), weights_of(short))
    (note,) = [note for note in of(Noted, run) if note.key == cycles.NOTHING_MORE]
    assert (note.values["epochs"], note.values["planned"]) == (SHORT, ALL)
    assert run.state().planned == SHORT and run.state().started.epochs == ALL


def test_the_second_cycle_warms_up_anew_on_other_views_and_resumes_to_the_bit(new_run, enough):
    enough(-1_000)
    whole = new_run()
    planned = []
    end = drive(whole, Control(), lambda event: planned.append(whole.state().planned))
    assert (end.reason, end.epochs_run) == ("completed", ALL)
    assert sorted(set(planned)) == [0, SHORT, ALL] and planned == sorted(planned)
    rates = [epoch.learning_rate for epoch in of(EpochFinished, whole)]
    assert rates[SHORT - 1] == pytest.approx(1e-4 * whole.config.learning_rate)
    assert rates[SHORT - 1] < rates[0] and rates[SHORT - 1] < rates[SHORT] and rates[-1] < rates[SHORT]
    begun = [event.number for event in of(Started, whole)]
    assert len(begun) == 2
    again = [event for event in of(Preparing, whole) if begun[0] < event.number < begun[1]]
    assert "features" in {event.stage for event in again}

    parts = new_run()
    for at in range(1, ALL + 1):  # it ends after every epoch, between both cycles too
        control = Control()

        def ask(event, control=control, at=at):
            if isinstance(event, EpochFinished) and event.epoch == at:
                control.pause()

        assert isinstance(drive(parts, control, ask), Interrupted)
    assert drive(parts, Control()).reason == "completed"
    assert [epoch.epoch for epoch in parts.state().epochs] == [*range(1, ALL + 1)]
    assert same(weights_of(parts), weights_of(whole))


def test_a_stop_while_the_second_cycle_is_prepared_keeps_the_best_of_the_first_and_tests_it(new_run, enough):
    enough(-1_000)
    run, control = new_run(test_fraction=0.2), Control()

    def ask(event):
        if isinstance(event, Noted) and event.key == cycles.GOES_ON:
            control.stop()

    end = drive(run, control, ask)
    assert isinstance(end, Finished) and (end.reason, end.epochs_run) == ("stopped", SHORT)
    assert end.test_accuracy is not None and end.best_epoch == run.state().best.epoch
    assert drive(run, Control()).epochs_run == ALL  # as any stopped one, it can go on


def test_only_what_the_studio_has_chosen_is_cut_short(new_run):
    chosen = new_run(epochs=None, first_epochs=None).config
    assert chosen.first_epochs == round(chosen.epochs / 3)
    for own in ({"epochs": 31}, {"first_epochs": 0}, {"early_stopping_patience": 5}, {"freeze": "layer4"},
                {"schedule": "constant"}, {"weights": "scratch"}):  # fmt: skip
        assert new_run(**{"epochs": None, "first_epochs": None, **own}).config.first_epochs == 0


@pytest.mark.parametrize(("highest", "kept"), [(0.9, "lower loss"), (0.95, "higher accuracy")])
def test_one_validation_picture_is_chance_and_two_are_not(highest, kept):
    """Of twenty pictures: one with 18 right and the other with as many as the highest so far, or one less."""
    of = {name: epoch_of(accuracy, loss) for name, accuracy, loss in
          (("lower loss", 0.85, 0.3), ("higher accuracy", 0.9, 0.5))}  # fmt: skip
    for first, second in (("lower loss", "higher accuracy"), ("higher accuracy", "lower loss")):
        best = BestNetwork(epoch=of[first])
        assert best.beaten_by(of[second], highest, 1 / 20) == (second == kept)


@pytest.mark.parametrize(("pictures", "kept"), [(225, False), (20, True)])
def test_with_many_validation_pictures_no_epoch_with_fewer_right_beats_the_probe(pictures, kept):
    """Of a hundred classes: an epoch that lacked one picture of 225, its loss lower, cost four points on the test."""
    start, epoch = epoch_of(0.6, 1.9), epoch_of(0.6 - 1 / pictures, 1.5)
    assert BestNetwork(epoch=start).beaten_by(epoch, 0.6, 1 / pictures, start) is kept
    equal = epoch_of(0.6, 1.6)
    assert BestNetwork(epoch=start).beaten_by(equal, 0.6, 1 / pictures, start)
    assert BestNetwork(epoch=equal).beaten_by(epoch, 0.6, 1 / pictures, start) is kept


def epoch_of(accuracy, loss):
    return EpochFinished(epoch=1, train_loss=1.0, train_accuracy=1.0, validation_loss=loss, seconds=1.0, best=False,
                         validation_accuracy=accuracy, learning_rate=1e-3, pictures_per_second=1.0)  # fmt: skip


def test_the_second_half_has_to_gain_more_than_a_picture_on_the_first_and_on_the_probe():
    flat, rising = (
        [epoch_of(value, 1.0) for value in values] for values in ((0.5, 0.6, 0.6, 0.6), (0.5, 0.6, 0.6, 0.7))
    )
    assert cycles.gained(None, flat, 20) == 0
    assert cycles.gained(None, rising, 20) == pytest.approx(2)
    assert cycles.gained(epoch_of(0.7, 1.0), rising, 20) == pytest.approx(0)
