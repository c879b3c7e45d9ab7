import math

import pytest

from resnet_studio import config
from resnet_studio.config import TrainConfig
from resnet_studio.errors import ConfigError


@pytest.mark.parametrize(
    ("field", "value", "allowed"),
    [
        ("depth", 19, "18, 34, 50, 101, 152"),
        ("depth", True, "18, 34, 50, 101, 152"),
        ("freeze", "layer5", "layer4"),
        ("epochs", 0, "1 to 10000"),
        ("epochs", 2.5, "whole number"),
        ("dropout", math.nan, "0 to 0.95"),
        ("learning_rate", -1.0, "from 1e-08"),
        ("average_weights", "yes", "true, false"),
        ("weights", "  ", "name or a path"),
    ],
)
def test_a_bad_value_is_refused_with_the_field_the_value_and_what_is_allowed(field, value, allowed):
    with pytest.raises(ConfigError) as error:
        TrainConfig(**{field: value})
    assert field in str(error.value)
    assert str(value).strip() in str(error.value)
    assert allowed in str(error.value)


def test_settings_survive_the_way_through_json():
    chosen = TrainConfig(depth=50, epochs=3, learning_rate=0.1, mix="cutmix", weights="scratch")
    assert TrainConfig.from_json(chosen.to_json()) == chosen


def test_settings_saved_before_nesterov_could_be_chosen_load_as_they_were_trained():
    saved = TrainConfig(optimizer="sgd", learning_rate=0.01).to_json()
    del saved["nesterov"]
    assert TrainConfig.from_json(saved) == TrainConfig(optimizer="sgd", learning_rate=0.01, nesterov=True)


def test_an_unknown_setting_from_a_newer_version_is_refused_by_name():
    with pytest.raises(ConfigError, match="quantum_mode"):
        TrainConfig.from_json({**TrainConfig().to_json(), "quantum_mode": True})


def test_settings_cannot_be_changed_after_they_are_made():
    with pytest.raises(AttributeError):
        TrainConfig().depth = 34


def test_validation_and_test_cannot_take_all_pictures():
    with pytest.raises(ConfigError, match="95"):
        TrainConfig(validation_fraction=0.6, test_fraction=0.35)


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("epochs", "auto", None),
        ("epochs", "", None),
        ("epochs", "7", 7),
        ("depth", "34", 34),
        ("learning_rate", "1e-3", 0.001),
        ("average_weights", "off", False),
        ("nesterov", "no", False),
        ("mix", "both", "both"),
    ],
)
def test_text_from_a_form_or_a_command_line_becomes_the_fields_type(field, text, value):
    assert config.parse(field, text) == value
    assert getattr(TrainConfig(**{field: config.parse(field, text)}), field) == value


def test_text_that_is_no_number_is_refused_with_the_text_in_the_sentence():
    with pytest.raises(ConfigError, match="many"):
        TrainConfig(epochs=config.parse("epochs", "many"))


def test_what_was_changed_is_told_apart_from_the_defaults():
    assert TrainConfig(depth=50, seed=3).changed() == {"depth": 50, "seed": 3}
