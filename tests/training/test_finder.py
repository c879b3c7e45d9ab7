"""The search for a learning rate: on a copy, through the real preparation, with a suggestion that trains."""

from __future__ import annotations

import json
from itertools import pairwise

import made
import pytest
import torch
from made import ended, prepared
from sweeps import few

from resnet_studio import api, cli
from resnet_studio.config import TrainConfig
from resnet_studio.data.opening import open_data
from resnet_studio.errors import StudioError
from resnet_studio.events import Preparing
from resnet_studio.training import plan
from resnet_studio.training.control import Control
from resnet_studio.training.finder import HIGHEST, LOWEST, UPDATES, Rates, copy_session, rate_at, sweep

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("narrow")]

QUICK = TrainConfig(
    weights="scratch", freeze="layer3", augmentation="none", epochs=8, batch_size=16, picture_size=16,
    precision="fp32", device="cpu",
)  # fmt: skip


@pytest.fixture
def dataset(class_folders, workspace):
    return open_data(class_folders({"crimson": 20, "seagreen": 20, "royalblue": 20}), workspace)


def test_the_rates_rise_evenly_on_a_logarithmic_scale():
    rates = [rate_at(update) for update in range(UPDATES)]
    assert rates[0] == pytest.approx(LOWEST) and rates[-1] == pytest.approx(HIGHEST)
    ratios = [after / before for before, after in pairwise(rates)]
    assert max(ratios) == pytest.approx(min(ratios))


def test_a_tenth_of_the_rate_with_the_lowest_loss_is_suggested_and_nothing_where_the_loss_never_falls():
    rates = (1e-4, 1e-3, 1e-2, 1e-1)
    found = Rates(rates=rates, losses=(1.0, 0.8, 0.5, 1.7))
    assert found.suggested == 1e-3 and "0.001" in found.sentence("en") and "0.001" in found.sentence("zh")
    flat = Rates(rates=rates, losses=(1.0, 1.0, 0.99, 1.7))
    assert flat.suggested is None and "nothing to suggest" in flat.sentence("en")
    assert Rates(rates=(), losses=()).suggested is None


@pytest.mark.slow
@few("changes", [{}, {"optimizer": "sgd"}], ids=["adamw", "sgd"])
def test_the_suggestion_is_a_rate_with_which_training_works(dataset, workspace, changes):
    config = QUICK.replace(**changes)
    found = api.find_learning_rate(dataset, config, updates=50, workspace=workspace)
    assert len(found.rates) == len(found.losses) > 20 and min(found.losses) < 0.8 * found.losses[0]
    assert found.suggested is not None and 1e-5 < found.suggested < 1
    run = api.train(dataset, config, workspace=workspace, learning_rate=found.suggested)
    epochs = run.state().epochs
    assert epochs[-1].train_loss < 0.8 * epochs[0].train_loss and run.state().finished.validation_accuracy >= 0.6


@pytest.mark.slow
def test_the_search_leaves_network_and_run_as_they_were(dataset, workspace):
    run = plan.new_run(dataset, QUICK, workspace)
    session, _ = prepared(run)
    before = {name: value.clone() for name, value in session.materials.model.state_dict().items()}
    files = made.fingerprint(run.folder)
    found, events = ended(sweep(session.materials, Control(), updates=12))
    assert found is not None and [event.done for event in events] == list(range(1, len(found.rates) + 1))
    after = session.materials.model.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert made.fingerprint(run.folder) == files
    assert all(weight.grad is None for weight in session.materials.model.parameters())
    assert session.materials.config == run.config and session.epoch == session.batch == 0


def test_the_copy_is_trained_as_the_network_would_be(dataset, workspace):
    session, _ = prepared(plan.new_run(dataset, QUICK.replace(freeze="layer2"), workspace))
    session.materials.model.eval()
    copied = copy_session(session.materials, 5)
    next(copied.batches_left())
    m = copied.materials
    stages = {name: {layer.training for layer in getattr(m.model, name).modules()} for name in ("layer2", "layer3")}
    assert stages == {"layer2": {False}, "layer3": {True}}
    assert {id(weight) for weight in m.suffix.parameters()} <= {id(weight) for weight in m.model.parameters()}
    assert not any(layer.training for layer in session.materials.model.modules())


@pytest.mark.slow
def test_a_search_makes_no_run_and_can_be_stopped(dataset, workspace):
    control = Control()

    def on_event(event):
        if isinstance(event, Preparing) and event.stage == "rates" and event.done == 3:
            control.stop()

    with pytest.raises(StudioError, match="stopped"):
        api.find_learning_rate(dataset, QUICK, workspace=workspace, on_event=on_event, control=control)
    assert workspace.runs() == [] and list(workspace.temporary.iterdir()) == []


@pytest.mark.slow
def test_accumulated_batches_and_frozen_stages_are_searched_as_they_would_be_trained(dataset, workspace):
    config = QUICK.replace(accumulate_steps=2, mix="mixup", class_weighting="balanced")
    found = api.find_learning_rate(dataset, config, updates=12, workspace=workspace)
    assert len(found.rates) > 5


@pytest.mark.slow
def test_the_command_line_prints_rates_and_trains_nothing(class_zip, workspace, capsys):
    given = ["train", str(class_zip({"cat": 12, "dog": 12})), "--find-learning-rate", "--weights", "scratch"]
    given += ["--picture-size", "16", "--freeze", "layer4", "--workspace", str(workspace.root)]
    assert cli.main([*given, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found) == {"rates", "losses", "suggested"} and len(found["rates"]) == len(found["losses"])
    assert workspace.runs() == []
    assert cli.main(given) == 0
    assert "learning rate      loss" in capsys.readouterr().out
