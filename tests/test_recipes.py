"""Recipes: settings that go together, each explained, each of which trains."""

from __future__ import annotations

import json
import re

import pytest

from resnet_studio import api, cli, text
from resnet_studio.config import TrainConfig
from resnet_studio.data.opening import open_data
from resnet_studio.errors import ConfigError
from resnet_studio.recipes import RECIPES, find
from resnet_studio.training.optim import rate_factor

pytestmark = pytest.mark.usefixtures("narrow")

EACH = pytest.mark.parametrize("recipe", RECIPES.values(), ids=list(RECIPES))
SMALL = {"weights": "scratch", "depth": 18, "epochs": 1, "picture_size": 32, "early_picture_size": 32, "device": "cpu"}


@EACH
def test_a_recipe_is_a_valid_config_and_says_why_in_both_languages(recipe):
    assert recipe.config() == TrainConfig(**recipe.changes)
    for language in text.LANGUAGES:
        assert recipe.title(language) and recipe.why(language)
    assert recipe.why("en").endswith(".") and ". " not in recipe.why("en")
    assert recipe.why("zh").endswith("。") and recipe.why("zh").count("。") == 1


def test_no_two_recipes_are_the_same_and_balanced_is_the_default():
    assert len({recipe.config() for recipe in RECIPES.values()}) == len(RECIPES)
    assert find("balanced").config() == TrainConfig()


def test_recipes_leave_split_seed_and_machine_alone():
    own = TrainConfig(validation_fraction=0.3, test_fraction=0.1, seed=7, device="cpu", precision="fp32")
    for recipe in RECIPES.values():
        changed = recipe.config(own)
        for name in ("validation_fraction", "test_fraction", "seed", "device", "precision"):
            assert getattr(changed, name) == getattr(own, name)


def test_the_textbooks_recipes_have_plain_momentum_and_the_fast_one_nesterovs():
    assert [RECIPES[name].config().nesterov for name in ("textbook", "cifar10-textbook", "cifar10-fast")] == [
        False,
        False,
        True,
    ]


def test_the_cifar_textbook_cuts_its_rate_when_its_sentence_says_so():
    recipe = find("cifar10-textbook")
    config = recipe.config()
    factors = [rate_factor(config, epoch, config.epochs, 1) for epoch in range(config.epochs)]
    drops = [epoch for epoch in range(1, config.epochs) if factors[epoch] < factors[epoch - 1]]
    assert factors[0] == 1 and factors[-1] == pytest.approx(0.01) and len(drops) == 2
    for language in text.LANGUAGES:
        assert [int(number) for number in re.findall(r"\d+", recipe.why(language))] == [100, *drops]


def test_an_unknown_recipe_is_refused_with_the_names_that_there_are():
    with pytest.raises(ConfigError, match=r"no recipe 'magic'.*quick-probe, balanced"):
        find("magic")


@pytest.mark.slow
@EACH
def test_a_recipe_trains_an_epoch(recipe, class_folders, workspace):
    dataset = open_data(class_folders({"cat": 12, "dog": 12}), workspace)
    run = api.train(dataset, recipe=recipe.name, workspace=workspace, **SMALL)
    assert run.best.is_file() and run.state().status == "finished"
    assert run.requested == recipe.config().replace(**SMALL)


@pytest.mark.slow
def test_the_command_line_takes_a_recipe_and_explicit_options_change_it(class_zip, workspace, capsys):
    given = ["train", str(class_zip({"cat": 12, "dog": 12})), "--epochs", "1", "--picture-size", "16"]
    given += ["--weights", "scratch", "--recipe", "hidden-head", "--hidden-units", "8", "--no-nesterov", "--json"]
    assert cli.main([*given, "--workspace", str(workspace.root)]) == 0
    found = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    config = workspace.run(found["run"]).requested
    assert found["recipe"] == "hidden-head" and found["freeze"] == "layer4" and found["epochs_run"] == 1
    assert (config.head, config.hidden_units, config.optimizer, config.nesterov) == ("hidden", 8, "adam", False)


def test_the_command_line_refuses_an_unknown_recipe_and_lists_the_recipes_in_its_help(workspace, capsys):
    assert cli.main(["train", "x", "--recipe", "magic", "--workspace", str(workspace.root)]) == 2
    err = capsys.readouterr().err
    assert "no recipe 'magic'" in err and "Traceback" not in err and len(err.strip().splitlines()) == 1
    with pytest.raises(SystemExit):
        cli.main(["train", "--help"])
    shown = capsys.readouterr().out
    assert all(name in shown for name in RECIPES)
