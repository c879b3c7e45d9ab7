"""Which features a head sees is decided by cross-validation on the training pictures alone."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from resnet_studio.config import TrainConfig
from resnet_studio.data.opening import open_data
from resnet_studio.errors import ConfigError
from resnet_studio.events import Noted
from resnet_studio.model import checkpoint
from resnet_studio.training import choosing, plan
from resnet_studio.training.control import Control
from resnet_studio.training.jobs import drive

LAST = 8


def returned(work):
    """What a generator returns, and what it yielded."""
    said = []
    while True:
        try:
            said.append(next(work))
        except StopIteration as stop:
            return stop.value, said


def batches(telling):
    """Sixty training pictures whose features of layer4 (the first eight) or of layer3 tell two classes apart."""
    draw = torch.Generator().manual_seed(0)
    labels = torch.arange(60) % 2
    features = torch.randn(60, 2 * LAST, generator=draw)
    features[:, telling] += 3.0 * labels[:, None]
    names = [SimpleNamespace(group="", content="", name=str(at)) for at in range(60)]
    part = type("Part", (), {"labels": labels, "samples": names, "__len__": lambda _: 60})()
    return SimpleNamespace(training=part, plain=lambda chosen: features[chosen])


@pytest.mark.parametrize(("telling", "features"), [(slice(LAST, None), "layer3+layer4"), (slice(0, LAST), "layer4")])
def test_the_stage_that_tells_the_classes_apart_is_taken(telling, features):
    choice, said = returned(choosing.choose_features(batches(telling), LAST, TrainConfig()))
    assert choice.features == features and choice.pictures == 60
    (note,) = [event for event in said if isinstance(event, Noted)]
    assert (note.values["both"], note.values["layer4"]) == (choice.both, choice.layer4)


def test_pictures_of_a_group_are_never_on_both_sides():
    groups = [f"series {at // 4}" for at in range(60)]
    places = choosing.folds(groups, np.arange(60) % 2, 0)
    assert len(set(places.tolist())) == choosing.FOLDS
    for series in range(15):
        assert len(set(places[4 * series : 4 * series + 4].tolist())) == 1


@pytest.mark.slow
def test_a_training_takes_what_was_found_and_its_settings_say_so(class_folders, workspace, monkeypatch):
    dataset = open_data(class_folders({"crimson": 12, "seagreen": 12}), workspace)
    config = TrainConfig(
        features="auto", freeze="layer4", epochs=2, picture_size=32, precision="fp32", device="cpu", groups="none"
    )
    run = plan.new_run(dataset, config, workspace)
    assert run.config.features == "auto"
    monkeypatch.setattr(choosing.FeaturesChoice, "features", "layer3+layer4")
    assert drive(run, Control()).reason == "completed"
    assert run.config.features == checkpoint.read_card(run.best).features == "layer3+layer4"
    assert run.requested.features == "auto"
    assert sum(note.key.startswith("note.features.") for note in run.state().notes) == 1
    assert plan.new_run(dataset, config.replace(freeze="layer3"), workspace).config.features == "layer4"
    with pytest.raises(ConfigError):
        config.replace(features="layer3+layer4", freeze="layer3")
