from __future__ import annotations

import ast
import html
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import gradio as gr
import hand_made
import pytest

from resnet_studio.config import TrainConfig
from resnet_studio.data import intake, library, opening
from resnet_studio.errors import ConfigError, RunError
from resnet_studio.events import Finished
from resnet_studio.model import resnet
from resnet_studio.recipes import RECIPES
from resnet_studio.service import forecast
from resnet_studio.service.forecast import Forecaster
from resnet_studio.training import hardware, plan, speed, unfreezing
from resnet_studio.ui.drawn import network
from resnet_studio.ui.page import ownership, repeated
from resnet_studio.ui.page.context import Studio
from resnet_studio.ui.train import form as train_form
from resnet_studio.ui.train import recipe as train_recipe
from resnet_studio.ui.train.form import NAMES, NEEDS, changed_values, config_of, restored
from resnet_studio.ui.train.handlers import Handlers, level_after_click, parse_phase
from resnet_studio.ui.train.suggested import Suggestions
from resnet_studio.workspace import Run, Workspace

DEPENDENTS = (
    "recipe",
    "reason",
    "weights",
    "teacher",
    "test_data",
    "tested",
    *NEEDS,
    "data",
    "why",
    "network",
    "forecast",
    "problem",
    "train",
)


class Queue:
    """Notes what it is asked to do, and trains nothing."""

    def __init__(self) -> None:
        self.submitted: list[Run] = []
        self.stopped: list[str] = []
        self.paused: list[str] = []
        self.now: list[str] = []

    def running(self) -> list[str]:
        return list(self.now)

    def queued(self) -> list[str]:
        return []

    def check_room(self, owner: str = "") -> None:
        pass

    def submit(self, *runs: Run) -> None:
        self.submitted += runs

    def stop(self, run: str) -> None:
        self.stopped.append(run)

    def pause(self, run: str) -> None:
        self.paused.append(run)

    def resume(self, run: str) -> None:
        raise RunError("error.run.complete", run=run)


@pytest.fixture
def queue() -> Queue:
    return Queue()


@pytest.fixture
def handlers(workspace: Workspace, queue: Queue) -> Handlers:
    return Handlers(Studio(workspace, cast(Any, queue)))


@pytest.fixture
def dataset(workspace: Workspace, class_folders: Callable[..., Path]) -> str:
    return intake.from_folder(class_folders({"cat": 20, "dog": 20}), workspace, name="pets").id


@pytest.fixture
def in_chinese() -> Iterator[None]:
    from gradio.context import LocalContext

    token = LocalContext.request.set(cast(Any, SimpleNamespace(cookies={"studio_language": "zh"}, headers={})))
    yield
    LocalContext.request.reset(token)


@pytest.fixture(autouse=True)
def _no_cached_weights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "hub"))


def values(**changes: Any) -> list[Any]:
    return [{**train_form.defaults(), **changes}[name] for name in NAMES]


def shown(updates: list[Any]) -> dict[str, Any]:
    return dict(zip(DEPENDENTS, updates[-len(DEPENDENTS) :], strict=True))


# the form


def test_the_form_has_a_component_for_every_field_of_the_schema() -> None:
    with gr.Blocks():
        made: dict[str, Any] = {name: train_form.field(name) for name in train_form.FIRST}
        train_form.advanced(made)
    assert set(made) == {spec.name for spec in fields(TrainConfig)} == set(NAMES)
    assert all(component.elem_id == f"train-{name}" for name, component in made.items())
    assert isinstance(made["epochs"], gr.Number) and made["epochs"].value is None
    assert isinstance(made["average_weights"], gr.Checkbox) and made["average_weights"].value is True


def test_the_untouched_form_is_the_default_config() -> None:
    assert config_of(values()) == TrainConfig()


def test_an_emptied_number_means_its_default() -> None:
    assert config_of(values(epochs=None, seed=None, momentum=None)) == TrainConfig()


def test_a_whole_number_is_not_rounded_behind_the_users_back() -> None:
    with pytest.raises(ConfigError):
        config_of(values(epochs=2.5))


def test_what_was_chosen_survives_a_reload() -> None:
    given = values(depth=50, freeze="layer3", learning_rate=0.002, mix="cutmix", average_weights=False)
    stored = json.loads(json.dumps(changed_values(given)))
    assert set(stored) == {"depth", "freeze", "learning_rate", "mix", "average_weights"}
    assert config_of([restored(stored, [0.2, 0.1])[name] for name in NAMES]) == config_of(given).replace(
        validation_fraction=0.2, test_fraction=0.1
    )


@pytest.mark.parametrize(
    "stored",
    [None, 7, "x", [1], {"depth": 19, "gone": 1, "epochs": "many", "seed": -4, "freeze": None}, {"depth": [18]}],
)
def test_settings_of_another_version_are_taken_as_far_as_they_fit(stored: Any) -> None:
    assert restored(stored, None) == train_form.defaults()
    mixed = restored({"depth": 19, "gone": 1, "epochs": 5}, "nonsense")
    assert mixed["epochs"] == 5 and mixed["depth"] == 18


def test_a_late_answer_does_not_overwrite_what_was_typed_meanwhile(handlers: Handlers) -> None:
    updates = dict(zip(NAMES, handlers.restore({"epochs": 5}, None, None), strict=False))
    assert updates["epochs"]["value"] == 5
    assert "value" not in updates["momentum"] and "value" not in updates["depth"]
    assert updates["learning_rate"]["value"] is None  # else Gradio 6.31 shows 0


def test_back_to_the_defaults_empties_what_the_browser_keeps(handlers: Handlers) -> None:
    stored, *updates = handlers.reset([0.2, 0.1], None)
    form = dict(zip(NAMES, updates, strict=False))
    assert stored == {} and form["depth"]["value"] == 18 and form["validation_fraction"]["value"] == 0.2


def test_fields_that_mean_nothing_are_hidden() -> None:
    hidden = train_form.hidden(train_form.defaults())
    assert hidden["hidden_units"] and hidden["step_epochs"]
    assert not train_form.hidden({**train_form.defaults(), "head": "hidden"})["hidden_units"]
    assert hidden["nesterov"] and not train_form.hidden({**train_form.defaults(), "optimizer": "sgd"})["nesterov"]


# recipes


@pytest.mark.parametrize("name", list(RECIPES))
def test_a_recipe_fills_the_form_and_a_reload_shows_the_same_one(handlers: Handlers, name: str) -> None:
    before = values(validation_fraction=0.3, seed=5, momentum=0.5, mix="cutmix")
    stored, *updates = handlers.choose(name, None, *before)
    form = dict(zip(NAMES, updates, strict=False))
    seen = shown(updates)
    asked = RECIPES[name].config(TrainConfig(validation_fraction=0.3, seed=5))
    assert {each: form[each]["value"] for each in NAMES if each not in train_form.LISTED} == {
        each: train_form.shown_as(each, getattr(asked, each)) for each in NAMES if each not in train_form.LISTED
    }
    assert seen["weights"]["value"] == asked.weights
    assert seen["recipe"] == name and RECIPES[name].why("en")[:30] in html.unescape(seen["reason"])
    again = shown(handlers.restore(json.loads(json.dumps(stored)), [0.3, 0.15], None))
    assert again["recipe"] == name


def test_what_is_left_to_the_studio_is_called_auto_and_nothing_else(handlers: Handlers) -> None:
    place = NAMES.index("final_fit")
    (auto, yes, no) = [train_form.config_of(values(final_fit=value)).final_fit for value in ("auto", True, False)]
    assert (auto, yes, no) == (None, True, False)
    assert "final_fit" not in changed_values(values(final_fit="auto"))
    for value in (True, False):
        assert train_form.restored(changed_values(values(final_fit=value)), None)["final_fit"] is value
    assert train_form.updates(train_form.defaults(), ())[place]["value"] == "auto"
    assert shown(handlers.changed(None, *values(final_fit="auto")))["recipe"] == "balanced"
    assert shown(handlers.changed(None, *values(final_fit=False)))["recipe"] == "own"


def test_a_field_changed_after_a_recipe_makes_the_settings_the_users_own(handlers: Handlers, in_chinese: None) -> None:
    filled = train_recipe.filled("tiny-data", values())
    seen = shown(handlers.changed(None, *[{**filled, "dropout": 0.4}[name] for name in NAMES]))
    assert seen["recipe"] == "own" and "不属于任何方案" in seen["reason"]
    assert shown(handlers.changed(None, *[filled[name] for name in NAMES]))["recipe"] == "tiny-data"


def test_other_pictures_change_the_dependents_and_nothing_that_the_browser_keeps(
    handlers: Handlers, dataset: str
) -> None:
    seen = handlers.pictures(
        changed_values([train_recipe.filled("tiny-data", values())[name] for name in NAMES]), None, dataset
    )
    assert len(seen) == len(DEPENDENTS) and shown(seen)["recipe"] == "tiny-data"
    assert "40 pictures" in shown(seen)["data"]


def test_own_settings_cannot_be_chosen_only_made(handlers: Handlers) -> None:
    assert shown(handlers.choose("own", None, *values(epochs=3)))["recipe"] == "own"
    assert shown(handlers.choose("own", None, *values()))["recipe"] == "balanced"


# what the settings come to


def test_without_pictures_training_is_disabled_and_the_page_says_why(handlers: Handlers) -> None:
    seen = shown(handlers.changed(None, *values()))
    assert seen["train"]["interactive"] is False
    assert "Training needs pictures" in seen["forecast"] and "data-tab" in seen["data"]
    assert "decided from your pictures" in seen["network"]


def test_a_data_set_that_was_deleted_is_missed(handlers: Handlers) -> None:
    seen = shown(handlers.changed("deleted", *values()))
    assert "not there any more" in seen["data"] and seen["train"]["interactive"] is False
    assert shown(handlers.changed("../..", *values()))["train"]["interactive"] is False


def test_with_pictures_training_is_offered_with_a_forecast(handlers: Handlers, dataset: str) -> None:
    seen = shown(handlers.changed(dataset, *values(epochs=3, picture_size=32)))
    assert seen["train"]["interactive"] is True and seen["problem"] == ""
    assert "40 pictures in 2 classes" in seen["data"]
    assert "3 epochs at 32 px" in seen["forecast"] and "on this machine" in seen["forecast"]


@pytest.mark.parametrize("head", ["linear", "hidden"])
@pytest.mark.parametrize(
    "chosen",
    [
        {"tuned_parameters": "batchnorm", "freeze": "stem"},
        {"tuned_parameters": "bias", "freeze": "none"},
        {"tuned_parameters": "bias", "freeze": "none", "gradual_unfreezing": 2, "epochs": 5},
        {"gradual_unfreezing": 1, "epochs": 2, "freeze": "none"},
    ],
)
def test_the_page_counts_as_trained_what_a_training_counts(
    handlers: Handlers, workspace: Workspace, dataset: str, chosen: dict[str, Any], head: str
) -> None:
    given = values(**chosen, head=head, weights="scratch", depth=34)
    config = plan.resolve_for(library.find_dataset(workspace, dataset), config_of(given))[0]
    model = resnet.build(34, 2, head=config.head, stem=config.stem)
    groups = resnet.parameter_groups(model, config.freeze, config.tuned_parameters)
    materials = cast(Any, SimpleNamespace(config=config, stages=groups))
    trained = network.amount(unfreezing.count_trained(materials, config.epochs or 0))
    assert f"parameters, {trained} of them trained" in shown(handlers.changed(dataset, *given))["network"]


def test_what_a_training_will_hardly_do_is_said_before_it_starts(handlers: Handlers, dataset: str) -> None:
    chosen = {"tuned_parameters": "bias", "gradual_unfreezing": 3, "epochs": 3, "freeze": "layer2", "picture_size": 32}
    seen = shown(handlers.changed(dataset, *values(**chosen, weights="scratch")))
    assert "The convolutions start at random and are not trained" in seen["forecast"]
    assert "never trained: layer3, layer4. Unfreezing one" in seen["forecast"]
    assert "3 epochs at 32 px" in seen["forecast"] and seen["train"]["interactive"] is True
    assert "rs-note" not in shown(handlers.changed(dataset, *values(weights="scratch")))["forecast"]


def test_a_refused_setting_is_a_sentence_with_the_fields_name(handlers: Handlers, dataset: str) -> None:
    seen = shown(handlers.changed(dataset, *values(learning_rate=500)))
    assert "“Learning rate” cannot be 500" in seen["problem"] and seen["train"]["interactive"] is False


def test_the_page_speaks_chinese(handlers: Handlers, dataset: str, in_chinese: None) -> None:
    seen = shown(handlers.changed(dataset, *values(learning_rate=500)))
    assert "“学习率”" in seen["problem"] and "40 张图片" in seen["data"]


def test_the_default_weights_work_here_and_the_page_says_which_and_why(handlers: Handlers, dataset: str) -> None:
    seen = shown(handlers.changed(dataset, *values(depth=34)))
    labels = {value: label for label, value in seen["weights"]["choices"]}
    assert labels["auto"] == "Auto (From scratch (random))" and "imagenet-v1" in labels
    assert "no pretrained weights for ResNet-34" in seen["why"]
    assert "rs-warn" in seen["why"] and "ImageNet" in seen["why"]


def test_weights_that_the_depth_does_not_have_become_auto(handlers: Handlers) -> None:
    assert shown(handlers.changed(None, *values(depth=18, weights="imagenet-v2")))["weights"]["value"] == "auto"
    assert shown(handlers.changed(None, *values(depth=50, weights="imagenet-v2")))["weights"]["value"] == "imagenet-v2"
    assert shown(handlers.changed(None, *values(weights="/etc/passwd.pt")))["weights"]["value"] == "auto"


def test_another_family_brings_its_depths_and_keeps_the_depth_where_it_can(handlers: Handlers) -> None:
    *answers, depth = handlers.family(None, *values(family="resnext"))
    assert depth["choices"] == [("50", 50), ("101", 101)] and depth["value"] == 50
    assert answers[0] == {"family": "resnext", "depth": 50}
    seen = shown(answers)
    assert seen["problem"] == "" and "ResNeXt-50 32x4d" in seen["network"] and "32 groups" in seen["network"]
    assert [value for _, value in seen["weights"]["choices"]] == ["auto", "imagenet-v2", "imagenet-v1", "scratch"]
    assert handlers.family(None, *values(family="wide_resnet", depth=152))[-1]["value"] == 101
    assert handlers.family(None, *values(family="resnet", depth=101))[-1]["value"] == 101
    assert "problem" in shown(handlers.family(None, *values(family="vit"))[:-1])


def test_a_suggested_setting_is_taken_over_and_all_others_stay(handlers: Handlers, dataset: str) -> None:
    take = Suggestions(handlers).take
    seeds, stored, *rest = take({"settings": {"epochs": 24}}, {"depth": 34}, None, dataset)
    form = dict(zip(NAMES, rest, strict=False))
    assert stored == {"depth": 34, "epochs": 24} and form["epochs"]["value"] == 24
    assert "value" not in form["depth"] and "value" not in seeds and shown(rest)["train"]["interactive"]
    seeds, stored, *_ = take({"settings": {"folds": 5}}, None, None, dataset)
    assert seeds["value"] == "folds" and stored == {}
    assert seeds["choices"] == handlers.repetitions(dataset, 1)["choices"]  # else the page refuses what was just set
    assert take({"settings": {"epochs": "many", "nothing": 1}}, None, None, dataset)[1] == {}
    assert take(None, {"depth": 34}, None, dataset)[1] == {"depth": 34}


def test_a_family_survives_a_reload_with_its_depths(handlers: Handlers) -> None:
    stored = json.loads(json.dumps(changed_values(values(family="wide_resnet", depth=101))))
    form = dict(zip(NAMES, handlers.restore(stored, None, None), strict=False))
    assert form["family"]["value"] == "wide_resnet" and form["depth"]["value"] == 101
    assert form["depth"]["choices"] == [("50", 50), ("101", 101)]
    assert restored({"family": "resnext", "depth": 18}, None)["family"] == "resnet"
    assert "value" not in dict(zip(NAMES, handlers.restore({"epochs": 3}, None, None), strict=False))["depth"]


def test_without_its_library_a_family_says_what_to_install(
    handlers: Handlers, dataset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert train_form.option("family", "se_resnet") == "SE-ResNet (timm)"
    assert train_form.option("family", "wide_resnet") == "Wide ResNet"
    monkeypatch.setitem(sys.modules, "timm", None)
    seen = shown(handlers.changed(dataset, *values(family="se_resnet")))
    assert "pip install" in seen["problem"] and "resnet-studio[timm]" in seen["problem"]
    assert seen["train"]["interactive"] is False
    run, problem = handlers.start(dataset, *values(family="se_resnet"))
    assert "timm" in problem and "value" not in run


def test_only_runs_of_the_same_network_can_be_trained_on(handlers: Handlers, workspace: Workspace) -> None:
    run = hand_made.new_run(workspace, name="wide", requested=TrainConfig(depth=50, family="wide_resnet"))
    hand_made.train(run, epochs=3)
    hand_made.finish(run, None)
    run.best.write_bytes(b"x")
    for family, there in (("wide_resnet", True), ("resnet", False)):
        offered = shown(handlers.changed(None, *values(depth=50, family=family)))["weights"]["choices"]
        assert (f"run:{run.id}" in [value for _, value in offered]) is there


def test_a_trained_model_can_be_trained_on(handlers: Handlers, workspace: Workspace) -> None:
    run = hand_made.new_run(workspace, name="mine")
    hand_made.train(run, epochs=3)
    hand_made.finish(run, None)
    run.best.write_bytes(b"x")
    choices = [value for _, value in shown(handlers.changed(None, *values()))["weights"]["choices"]]
    assert f"run:{run.id}" in choices
    assert str(run.best) not in [v for _, v in shown(handlers.changed(None, *values(depth=34)))["weights"]["choices"]]


def test_the_forecast_learns_from_the_last_trainings(workspace: Workspace, dataset: str) -> None:
    config = TrainConfig(epochs=12, picture_size=32, freeze="none", weights="scratch")
    forecaster = Forecaster(workspace)
    guess = forecaster.forecast(config, forecaster.find_dataset(dataset))
    run = hand_made.new_run(workspace, resolved=config.replace(stem="small", batch_size=32, learning_rate=1e-3))
    hand_made.train(run)
    run.append(Finished(reason="completed", epochs_run=12, best_epoch=12, validation_accuracy=0.9,
                        test_accuracy=None, train_seconds=3600))  # fmt: skip
    learnt = forecaster.forecast(config, forecaster.find_dataset(dataset))
    assert guess.seconds is not None and learnt.seconds is not None
    assert learnt.seconds >= 3600 > guess.seconds
    assert "No training has been timed here yet" in guess.sentence("en") and "timed" not in learnt.sentence("en")
    assert "本机还没有训练过" in guess.sentence("zh") and "本机还没有训练过" not in learnt.sentence("zh")


@pytest.mark.parametrize(("pictures", "seconds"), [
    ({"train": 1257, "validation": 270, "test": 270}, 56), ({"train": 144, "validation": 26, "test": 70}, 15),
    ({"train": 595, "validation": 105, "test": 200}, 30), ({"train": 1402, "validation": 248, "test": 200}, 60),
])  # fmt: skip
def test_the_first_guess_is_near_what_trainings_took_on_two_idle_cores(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, pictures: dict[str, int], seconds: float
) -> None:
    """Of bf16: the sample of digits, 170 photographs, and 700 and 1,650 small pictures."""
    usual = {144: (128, "layer3", 11), 595: (96, "layer2", 8), 1257: (96, "layer2", 8), 1402: (96, "layer2", 7)}
    size, freeze, epochs = usual[pictures["train"]]
    monkeypatch.setattr(hardware, "known_compute", lambda *_: hardware.Compute("bf16", 2))
    config = TrainConfig(device="cpu", picture_size=size, epochs=epochs, stem="standard", batch_size=64,
                         learning_rate=1e-3, freeze=freeze, augmentation="standard",
                         class_weighting="none")  # fmt: skip
    assert 0.75 < Forecaster(workspace).seconds(config, pictures) / seconds < 1.25


def test_a_machine_without_bf16_is_not_taken_for_as_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "most_threads", lambda: 4)
    monkeypatch.setattr("torch.backends.cpu.get_cpu_capability", lambda: "AVX2")
    monkeypatch.setattr(hardware, "has_bf16_units", lambda: False)
    assert speed.assumed("auto", on_gpu=False) == speed.assumed("bf16", on_gpu=False) == 4 * 40
    monkeypatch.setattr("torch.backends.cpu.get_cpu_capability", lambda: "AVX512")
    assert speed.assumed("auto", on_gpu=False) == 4 * 80
    monkeypatch.setattr(hardware, "has_bf16_units", lambda: True)
    assert speed.assumed("auto", on_gpu=False) == 4 * 110 and speed.assumed("fp32", on_gpu=False) == 4 * 80
    monkeypatch.setattr(hardware, "known_compute", lambda *_: hardware.Compute("fp32", 2))
    assert speed.assumed("auto", on_gpu=False) == 2 * 80


def test_short_trainings_do_not_make_a_long_one_seem_longer(workspace: Workspace) -> None:
    """What a training of a few pictures takes for starting, testing and reporting says nothing about a long one."""
    config = TrainConfig(device="cpu", epochs=13, picture_size=96, stem="standard", batch_size=32, learning_rate=1e-3,
                         freeze="layer3", augmentation="standard", class_weighting="none")  # fmt: skip
    long, few = {"train": 1257, "validation": 270, "test": 270}, {"train": 8, "validation": 2, "test": 2}
    before = Forecaster(workspace).seconds(config, long)
    for _ in range(3):
        run = hand_made.new_run(workspace, resolved=config)
        run.write_json("config.json", {**run.read_json("config.json"), "about": {**run.about, "counts": few}})
        hand_made.train(run)
        took = Forecaster(workspace).seconds(config, few)
        run.append(Finished(reason="completed", epochs_run=13, best_epoch=12, validation_accuracy=0.9,
                            test_accuracy=None, train_seconds=took))  # fmt: skip
    assert Forecaster(workspace).seconds(config, long) == pytest.approx(before, rel=0.2)


def test_a_run_that_was_trained_twice_is_not_taken_for_one_of_half_the_speed(
    workspace: Workspace, dataset: str
) -> None:
    config = TrainConfig(epochs=12, picture_size=1024, depth=152, freeze="none", weights="scratch", final_fit=False)
    found = []
    for twice in (False, True):
        run = hand_made.new_run(
            workspace, resolved=config.replace(stem="small", batch_size=32, learning_rate=1e-3, final_fit=twice)
        )
        hand_made.train(run)
        run.append(Finished(reason="completed", epochs_run=12, best_epoch=12, validation_accuracy=0.9,
                            test_accuracy=None, train_seconds=3600))  # fmt: skip
        forecaster = Forecaster(workspace)
        found.append(forecaster.forecast(config, forecaster.find_dataset(dataset)).seconds)
        shutil.rmtree(run.folder)
    assert found[0] and found[1] and found[1] < 0.6 * found[0]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.3, "10 s"), (47, "45 s"), (94, "1 min 35 s"), (301, "5 min"), (3601, "1 hour"), (5_000, "1 h 20 min")],
)
def test_a_guess_is_round(seconds: float, said: str) -> None:
    config = TrainConfig(epochs=3, picture_size=64)
    assert f"About {said} on" in forecast.CostForecast(config, config, None, seconds).sentence("en")


def test_a_second_cycle_that_takes_as_long_in_round_numbers_is_not_said_with_the_same_number_twice():
    config = TrainConfig(epochs=40, first_epochs=13, picture_size=96)
    said = forecast.CostForecast(config, config, None, 60, 120).sentence("en")
    assert said == (
        "Mostly about 1 min on this machine for 13 epochs at 96 px; about 2 min where these still gain and it goes on "
        "to 40."
    )
    said = forecast.CostForecast(config, config, None, 8, 9).sentence("en")
    assert said == (
        "Mostly about 10 s on this machine for 13 epochs at 96 px; not much longer where these still gain and it "
        "goes on to 40."
    )
    assert forecast.CostForecast(config, config, None, 8, 9).sentence("zh").count("10 秒") == 1


def test_preset_parts_are_counted_as_they_are() -> None:
    def made(**parts: int) -> Any:
        samples = [
            SimpleNamespace(part=None if part == "free" else part) for part, n in parts.items() for _ in range(n)
        ]
        return SimpleNamespace(samples=samples)

    config = TrainConfig(validation_fraction=0.2, test_fraction=0.1)
    assert forecast.part_sizes(made(free=100), config) == {"train": 70, "validation": 20, "test": 10}
    assert forecast.part_sizes(made(train=100, test=30), config) == {"train": 80, "validation": 20, "test": 30}
    assert forecast.part_sizes(made(train=80, validation=20), config) == {"train": 80, "validation": 20, "test": 0}


# training


def test_train_puts_a_run_into_the_queue_each_time(handlers: Handlers, queue: Queue, dataset: str) -> None:
    first, problem = handlers.start(dataset, *values(epochs=2, depth=34))
    second, _ = handlers.start(dataset, *values(epochs=2))
    assert problem == "" and [run.id for run in queue.submitted] == [first, second] and first != second
    assert queue.submitted[0].requested == TrainConfig(epochs=2, depth=34)


@pytest.mark.slow
def test_a_training_on_a_sample_is_called_in_chinese_by_a_chinese_reader_and_its_folder_is_not(
    handlers: Handlers, queue: Queue, workspace: Workspace, in_chinese: None
) -> None:
    digits = opening.open_data("sample:digits", workspace).id
    name, _ = handlers.start(digits, *values())
    (run,) = queue.submitted
    assert (run.about["name"], run.about["dataset_name"]) == ("手写数字-resnet18", "手写数字")
    assert name == run.id and name.isascii() and name.endswith("Handwritten-digits-resnet18")
    assert "手写数字" in shown(handlers.changed(digits, *values()))["data"]


def test_pictures_of_ones_own_keep_their_name_in_every_language(
    handlers: Handlers, queue: Queue, dataset: str, in_chinese: None
) -> None:
    handlers.start(dataset, *values())
    assert queue.submitted[0].about["name"] == "pets-resnet18"


def test_train_refuses_a_bad_setting_with_a_sentence_and_makes_no_run(
    handlers: Handlers, queue: Queue, dataset: str, workspace: Workspace
) -> None:
    _, problem = handlers.start(dataset, *values(epochs=0))
    assert "“Epochs” cannot be 0" in problem and 'role="alert"' in problem
    _, problem = handlers.start(None, *values())
    assert "choose some under Data first" in problem
    assert queue.submitted == [] and workspace.runs() == []


def test_an_unexpected_error_is_a_sentence_too(handlers: Handlers, dataset: str, monkeypatch: Any) -> None:
    monkeypatch.setattr("resnet_studio.training.plan.new_run", lambda *_, **__: 1 / 0)
    assert "unexpected" in handlers.start(dataset, *values())[1]


def test_stop_and_resume_act_on_the_run_that_is_shown(handlers: Handlers, queue: Queue, workspace: Workspace) -> None:
    run = hand_made.new_run(workspace).id
    phase = json.dumps({"run": run, "phase": "running", "agreed": run})
    assert handlers.stop(phase)["interactive"] is False
    assert queue.stopped == [run]
    assert handlers.pause(phase)["value"] == "Pausing…"
    assert queue.paused == [run]
    with pytest.raises(gr.Error, match="has trained all its epochs"):
        handlers.resume(phase)


@pytest.mark.parametrize(
    ("phase", "visible"),
    [
        ("idle", (False, False, False, False)),
        ("queued", (False, True, False, False)),
        ("running", (True, True, False, False)),
        ("testing", (False, False, False, False)),
        ("finished", (False, False, False, True)),
        ("stopped", (False, False, True, True)),
        ("interrupted", (False, False, True, False)),
        ("failed", (False, False, True, False)),
    ],
)
def test_buttons_follow_the_job(handlers: Handlers, phase: str, visible: tuple[bool, ...]) -> None:
    *buttons, ahead, _ = handlers.buttons(json.dumps({"run": "r", "phase": phase, "ahead": 2}))
    assert tuple(button["visible"] for button in buttons) == visible
    assert "2 runs are ahead" in ahead


def test_several_seeds_are_one_job_and_a_second_click_means_no_other_one(
    handlers: Handlers, queue: Queue, dataset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repeated, "SECONDS", 3600.0)  # however slow the machine is
    with as_browser("mine"):
        run, problem = handlers.start(dataset, *values(seed=4), 3)
        queue.now = [run]
        assert handlers.start(dataset, *values(seed=4), 3)[0] == run
        assert problem == "" and [each.config.seed for each in queue.submitted] == [4, 5, 6]
        assert handlers.start(dataset, *values(seed=4), 1)[0] != run  # another wish
    assert len(queue.submitted) == 4


@pytest.mark.parametrize("seeds", [2, 99, "3", None, [3], True])
def test_a_choice_of_seeds_that_is_not_offered_is_one_training(
    handlers: Handlers, queue: Queue, dataset: str, seeds: Any
) -> None:
    handlers.start(dataset, *values(), seeds)
    assert len(queue.submitted) == 1


@contextmanager
def as_browser(number: str) -> Iterator[None]:
    from gradio.context import LocalContext

    cookies = {ownership.COOKIE: number} if number else {}
    token = LocalContext.request.set(cast(Any, SimpleNamespace(cookies=cookies, headers={})))
    yield
    LocalContext.request.reset(token)


def test_stopping_a_run_that_another_browser_started_has_to_be_agreed_to(
    handlers: Handlers, queue: Queue, dataset: str
) -> None:
    with as_browser("the pupil's"):
        run, _ = handlers.start(dataset, *values())
    phase = {"run": run, "phase": "running"}
    for other in ("the teacher's", ""):
        with as_browser(other), pytest.raises(gr.Error, match="not started in this browser"):
            handlers.stop(json.dumps(phase))
        with as_browser(other), pytest.raises(gr.Error, match="not started in this browser"):
            handlers.pause(json.dumps(phase))
    assert queue.paused == []
    with as_browser("the teacher's"), pytest.raises(gr.Error):
        handlers.stop(json.dumps({**phase, "agreed": "another-run"}))
    assert queue.stopped == []
    with as_browser("the teacher's"):
        handlers.stop(json.dumps({**phase, "agreed": run}))
    with as_browser("the pupil's"):
        handlers.stop(json.dumps(phase))
    assert queue.stopped == [run, run]
    with as_browser("the teacher's"):
        handlers.stop("")
    assert queue.stopped == [run, run]


def test_a_run_keeps_whose_it_is_but_not_the_number_that_would_prove_it(
    handlers: Handlers, queue: Queue, dataset: str
) -> None:
    with as_browser("a secret number"):
        handlers.start(dataset, *values())
        mine = ownership.this_browser()
    (run,) = queue.submitted
    assert "a secret number" not in (run.folder / "config.json").read_text("utf-8")
    assert ownership.owner_label(run.about, mine, "en") == "started in this browser"
    assert ownership.owner_label(run.about, "", "en") == "started in another browser"
    assert ownership.owner_label(run.about, "x", "zh") == "由其他浏览器启动"
    assert ownership.owner_label({**run.about, "started_by": "program"}, mine, "en") == "started outside the page"
    assert ownership.owner_label({"name": "of an older version"}, mine, "en") == ""


def test_every_way_to_train_on_the_page_says_whose_the_run_is() -> None:
    pages = Path(train_form.__file__).parent.parent
    calls = [
        (file.name, call)
        for file in pages.rglob("*.py")
        for call in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(call, ast.Call) and getattr(call.func, "attr", getattr(call.func, "id", "")) == "new_run"
    ]
    assert calls
    assert [name for name, call in calls if "started_by" not in {given.arg for given in call.keywords}] == []


def test_after_a_stop_the_results_come_first_and_while_training_another_can_be_queued(
    handlers: Handlers, queue: Queue
) -> None:
    def look(phase: str, ahead: int) -> tuple[str, str, str, str]:
        _, _, resume, results, _, train = handlers.buttons(json.dumps({"run": "r", "phase": phase, "ahead": ahead}))
        return resume["variant"], results["variant"], train["value"], train["variant"]

    assert look("stopped", 0) == ("secondary", "primary", "Train", "primary")
    assert look("running", 1)[2:] == ("Queue another", "secondary")
    assert look("failed", 0)[0] == look("interrupted", 0)[0] == "primary"
    queue.now = ["r"]
    assert handlers.ready(None)["value"] == "Queue another"
    queue.now = []
    assert handlers.ready(None)["value"] == "Train"


def test_a_queued_run_is_taken_out_rather_than_stopped(handlers: Handlers) -> None:
    assert handlers.buttons(json.dumps({"phase": "queued"}))[1]["value"] == "Remove from the queue"


@pytest.mark.parametrize("phase", ["", "nonsense", "[1]", None])
def test_before_the_page_knows_anything_nothing_runs(phase: Any) -> None:
    assert parse_phase(phase)["phase"] == "idle"


# the network, the split, the examples


@pytest.mark.parametrize(
    ("stage", "level", "after"),
    [
        ("layer2", "none", "layer2"),
        ("layer2", "layer2", "layer1"),
        ("stem", "layer3", "none"),
        ("layer4", "layer2", "layer4"),
        ("head", "none", "layer4"),
        ("layer1", "auto", "layer1"),
        ("nonsense", "layer1", "layer1"),
    ],
)
def test_a_click_on_a_stage_freezes_through_it_or_thaws_it(stage: str, level: str, after: str) -> None:
    assert level_after_click(stage, level) == after


def test_shares_in_the_form_become_the_split_of_the_browser(handlers: Handlers) -> None:
    assert handlers.share(0.2, 0.1) == [0.2, 0.1]
    assert "__type__" in handlers.share(0.8, 0.8)
    assert handlers.take_split([0.25, 0.05]) == [0.25, 0.05]
    assert handlers.take_split([7, None]) == [0.15, 0.15]


@pytest.mark.slow
def test_examples_are_pictures_inside_the_page(handlers: Handlers, dataset: str) -> None:
    found = handlers.examples(dataset, *values(picture_size=16))
    assert found.count('src="data:image/jpeg;base64,') == 8
    assert "choose" in handlers.examples(None, *values()).lower()


# the forecast and the run


@pytest.mark.parametrize("machine", ["cuda", "mps", "cpu"])
@pytest.mark.parametrize("chosen", ["auto", "cpu"])
def test_the_forecast_decides_as_the_run_does_on_every_machine(
    workspace: Workspace, class_folders: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, machine: str, chosen: str
) -> None:
    from resnet_studio.model import device

    photos = intake.from_folder(class_folders({"cat": 3, "dog": 3}, side=300), workspace, name="photos")
    monkeypatch.setattr(device, "cuda_works", lambda: machine == "cuda")
    monkeypatch.setattr("torch.cuda.is_available", lambda: machine == "cuda")
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: machine == "mps")
    config = TrainConfig(device=chosen, depth=50, weights="imagenet-v2")
    forecast = Forecaster(workspace).forecast(config, photos)
    run = plan.new_run(photos, config, workspace)
    assert forecast.resolved == run.config
    assert run.config.picture_size == (224 if machine != "cpu" and chosen == "auto" else 160)


def test_the_forecast_says_when_the_machine_has_no_such_device(handlers: Handlers, dataset: str) -> None:
    seen = shown(handlers.changed(dataset, *values(device="cuda:99")))
    assert "no" in seen["problem"] and "cuda:99" in seen["problem"] and seen["train"]["interactive"] is False


def test_the_forecast_learns_only_from_trainings_on_such_a_device(workspace: Workspace, dataset: str) -> None:
    config = TrainConfig(epochs=12, picture_size=32, freeze="none", weights="scratch", device="cpu")
    forecaster = Forecaster(workspace)
    guess = forecaster.forecast(config, forecaster.find_dataset(dataset)).seconds
    run = hand_made.new_run(workspace, resolved=config.replace(stem="small", batch_size=32, learning_rate=1e-3))
    hand_made.train(run)
    run.log.path.write_text(run.log.path.read_text().replace("CPU, 2 cores", "NVIDIA H100"))
    run.append(Finished(reason="completed", epochs_run=12, best_epoch=12, validation_accuracy=0.9,
                        test_accuracy=None, train_seconds=3600))  # fmt: skip
    assert forecaster.forecast(config, forecaster.find_dataset(dataset)).seconds == guess


def test_a_field_is_hidden_only_where_it_does_nothing() -> None:
    from resnet_studio.training.optim import rate_factor

    for schedule in ("one_cycle", "cosine", "step", "constant"):
        hidden = train_form.hidden({**train_form.defaults(), "schedule": schedule})
        first = [rate_factor(TrainConfig(schedule=schedule, warmup_fraction=share), 0, 100, 10) for share in (0, 0.5)]
        assert hidden.get("warmup_fraction", False) == (first[0] == first[1]), schedule


def test_a_cross_validation_is_one_job_and_a_second_click_means_no_other_one(
    handlers: Handlers, queue: Queue, dataset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repeated, "SECONDS", 3600.0)  # however slow the machine is
    with as_browser("mine"):
        run, problem = handlers.start(dataset, *values(), "folds")
        queue.now = [run]
        assert handlers.start(dataset, *values(), "folds")[0] == run
        assert problem == "" and [each.about["study"]["part"] for each in queue.submitted] == [1, 2, 3, 4, 5]
        assert handlers.start(dataset, *values(), 5)[0] != run  # another wish
    assert len(queue.submitted) == 10


def test_a_cross_validation_is_offered_for_a_small_set_without_parts_of_its_own(
    handlers: Handlers, dataset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from resnet_studio.ui.train import repetitions as module

    offered = [value for _, value in handlers.repetitions(dataset, "folds")["choices"]]
    assert offered == [1, 3, 5, 10, "folds"] and "value" not in handlers.repetitions(dataset, "folds")
    monkeypatch.setattr(module, "FEW", 3)
    left = handlers.repetitions(dataset, "folds")
    assert [value for _, value in left["choices"]] == [1, 3, 5, 10] and left["value"] == 1
    assert "value" not in handlers.repetitions(None, 3)
