from pathlib import Path

import pytest

from resnet_studio.config import TrainConfig
from resnet_studio.data.opening import open_data
from resnet_studio.errors import ConfigError
from resnet_studio.model.weights import WeightsChoice
from resnet_studio.text import say
from resnet_studio.training import caching, cost, plan
from resnet_studio.training.cautions import cautions, choices
from resnet_studio.training.plan import Facts

SCRATCH = WeightsChoice("scratch", "scratch", True, "", stem=None)
IMAGENET = WeightsChoice("imagenet-v2", "imagenet-v2", True, "")
STARTER = WeightsChoice("starter", "starter", True, "")


def resolved(config=None, **facts):
    given = {"train_pictures": 300, "classes": 3, "median_side": 400, "start": IMAGENET, "on_gpu": False}
    return plan.resolve(config or TrainConfig(), Facts(**{**given, **facts}))


def test_nothing_is_left_open_but_what_the_machine_and_the_pictures_decide():
    found = resolved()
    assert None not in found.to_json().values()
    assert [key for key, value in found.to_json().items() if value == "auto"] == ["precision", "device", "groups"]


def test_what_the_user_chose_is_kept():
    config = TrainConfig(
        freeze="layer1", epochs=3, batch_size=7, picture_size=100, learning_rate=0.5, augmentation="none"
    )
    found = resolved(config)
    for name in ("freeze", "epochs", "batch_size", "picture_size", "learning_rate", "augmentation"):
        assert getattr(found, name) == getattr(config, name)


def test_more_pictures_train_more_of_the_network_for_fewer_epochs():
    few, some, many = (resolved(train_pictures=count) for count in (100, 2_000, 50_000))
    assert [each.freeze for each in (few, some, many)] == ["layer3", "layer2", "none"]
    assert few.epochs > many.epochs and few.batch_size < many.batch_size


def test_where_stages_of_a_pretrained_network_are_trained_on_many_pictures_seven_epochs_are_enough():
    for pictures, short in ((999, False), (1_000, True), (4_999, True), (5_000, False)):
        found = resolved(TrainConfig(freeze="layer2"), train_pictures=pictures)
        assert ((found.epochs, found.batch_size) == (7, 32)) is short
    for freeze in ("none", "layer4"):
        assert resolved(TrainConfig(freeze=freeze), train_pictures=2_000).epochs == 17
    assert resolved(TrainConfig(freeze="layer2"), train_pictures=2_000, start=SCRATCH).epochs == 13
    for asked, hinted in ((19, None), (None, 19)):  # who says how long trains in the batches of before
        found = resolved(TrainConfig(freeze="layer2", epochs=asked), train_pictures=2_000, epochs=hinted)
        assert (found.epochs, found.batch_size) == (19, 64)


@pytest.mark.parametrize(
    ("asked", "facts", "again"),
    [
        ({}, {"validation_pictures": 10}, True),
        ({}, {"validation_pictures": 11}, False),
        ({}, {"validation_pictures": 0}, False),
        ({}, {}, False),
        ({"final_fit": False}, {"validation_pictures": 4}, False),
        ({"final_fit": True}, {"validation_pictures": 400}, True),
        ({"epochs": 5}, {"validation_pictures": 4}, False),  # what somebody asks for is not doubled
        ({}, {"validation_pictures": 4, "epochs": 5}, False),
        ({}, {"validation_pictures": 4, "start": SCRATCH}, False),
        ({}, {"validation_pictures": 4, "recorded": True}, False),  # somebody waits to try it
    ],
)
def test_validation_pictures_too_few_to_choose_by_are_trained_on_too(asked, facts, again):
    config = TrainConfig(**asked)
    found = resolved(config, **{"train_pictures": 24, **facts})
    assert found.final_fit is again
    said = [note.key for note in choices(found, config)]
    assert said == (["note.plan.few_to_choose_by"] if again and config.final_fit is None else [])
    assert "note.plan.few_to_choose_by" not in [note.key for note in cautions(found, config)]  # above the button


@pytest.mark.parametrize(
    ("asked", "facts", "mean"),
    [
        ({}, {"validation_pictures": 1}, True),
        ({}, {"validation_pictures": 59}, True),
        ({}, {"validation_pictures": 0}, False),
        ({}, {"validation_pictures": 60}, False),
        ({}, {}, False),
        ({"mean_with_start": False}, {"validation_pictures": 30}, False),
        ({"mean_with_start": True}, {"validation_pictures": 400}, True),
        ({"epochs": 5}, {"validation_pictures": 30}, False),  # who says how long chooses an epoch
        ({"early_stopping_patience": 3}, {"validation_pictures": 30}, False),  # nor who says when to stop
        ({"freeze": "layer4"}, {"validation_pictures": 30}, False),  # nothing is fine-tuned
        ({"head": "hidden"}, {"validation_pictures": 30}, False),  # there is no probe to take the mean with
        ({"adversarial": 0.01}, {"validation_pictures": 30}, False),
        ({}, {"validation_pictures": 30, "start": SCRATCH}, False),
        ({}, {"validation_pictures": 30, "recorded": True}, False),
    ],
)
def test_where_validation_pictures_choose_by_chance_the_mean_with_the_start_is_taken(asked, facts, mean):
    assert resolved(TrainConfig(**asked), **{"train_pictures": 160, **facts}).mean_with_start is mean


def test_from_scratch_everything_is_trained_at_one_rate():
    found = resolved(start=SCRATCH)
    assert found.freeze == "none" and found.stage_factor == 1


@pytest.mark.parametrize(
    ("side", "stem", "size"), [(8, "small", 16), (32, "small", 32), (64, "small", 64), (65, "standard", 96)]
)
def test_small_pictures_from_scratch_get_the_small_stem_at_their_own_size(side, stem, size):
    found = resolved(start=SCRATCH, median_side=side)
    assert (found.stem, found.picture_size) == (stem, size)


def test_pretrained_networks_get_the_sizes_that_they_know_and_their_own_stem():
    assert resolved(median_side=32).picture_size == 128
    assert resolved().picture_size == 160 and resolved(on_gpu=True).picture_size == 224
    assert resolved(start=STARTER, median_side=28).picture_size == 96
    assert resolved(start=STARTER).picture_size == 128
    assert [resolved(start=STARTER, median_side=side).picture_size for side in (65, 80, 100, 112)] == [96, 96, 96, 128]
    assert resolved().stem == "standard"
    with pytest.raises(ConfigError, match="set the stem to auto"):
        resolved(TrainConfig(stem="small"))


def test_a_data_set_in_which_left_and_right_matter_is_not_mirrored():
    assert resolved().horizontal_flip and not resolved(flip=False).horizontal_flip


def test_a_new_run_holds_its_split_its_settings_and_what_was_asked_for(class_folders, workspace):
    dataset = open_data(class_folders({"cat": 10, "dog": 10}), workspace)
    asked = TrainConfig(weights="scratch", device="cpu")
    run = plan.new_run(dataset, asked, workspace)
    assert run.requested == asked and run.config.epochs is not None
    assert run.about["classes"] == ["cat", "dog"] and run.about["dataset"] == dataset.id
    assert sum(run.about["counts"].values()) == 20
    assert run.state().status == "queued"


def test_gradual_unfreezing_starts_with_the_head_and_ends_at_the_freeze_level():
    config = TrainConfig(freeze="layer1", gradual_unfreezing=2)
    levels = [plan.freeze_in(config, epoch) for epoch in range(10)]
    assert levels == ["layer4"] * 2 + ["layer3"] * 2 + ["layer2"] * 2 + ["layer1"] * 4
    assert plan.freeze_in(config.replace(freeze="none"), 100) == "none"
    assert {plan.freeze_in(config.replace(gradual_unfreezing=0), epoch) for epoch in range(10)} == {"layer1"}
    assert {plan.freeze_in(config.replace(freeze="layer4"), epoch) for epoch in range(10)} == {"layer4"}


def keys(config):
    return [note.key for note in cautions(config)]


@pytest.mark.parametrize("tuned", ["batchnorm", "bias"])
def test_tuning_few_parameters_from_scratch_is_cautioned_against_and_not_refused(tuned):
    few = TrainConfig(tuned_parameters=tuned)
    assert keys(resolved(few, start=SCRATCH)) == ["note.plan.random_convolutions"]
    assert keys(resolved(few)) == keys(resolved(few, start=STARTER)) == keys(resolved(start=SCRATCH)) == []


@pytest.mark.parametrize("tuned", ["batchnorm", "bias", "adapters"])
def test_tuning_few_parameters_of_no_stage_is_said_to_do_nothing(tuned):
    few = TrainConfig(tuned_parameters=tuned, freeze="layer4")
    assert keys(resolved(few)) == ["note.plan.head_alone_tuned"]
    assert keys(resolved(few.replace(freeze="layer3"))) == []


@pytest.mark.parametrize("freeze", ["stem", "layer4"])
def test_freezing_random_stages_is_cautioned_against_and_not_refused(freeze):
    frozen = TrainConfig(freeze=freeze)
    assert keys(resolved(frozen, start=SCRATCH)) == ["note.plan.random_frozen"]
    assert keys(resolved(frozen)) == keys(resolved(frozen, start=STARTER)) == []


def test_stages_that_gradual_unfreezing_never_reaches_are_named():
    config = resolved(TrainConfig(freeze="stem", gradual_unfreezing=3, epochs=9))
    (note,) = cautions(config)
    assert note.key == "note.plan.never_unfrozen" and note.values["stages"] == ("layer1", "layer2")
    assert keys(config.replace(epochs=12)) == ["note.plan.never_unfrozen"]
    assert note.values["needed"] == 13 and keys(config.replace(epochs=13)) == []
    assert keys(config.replace(freeze="layer2")) == keys(config.replace(freeze="layer4", epochs=1)) == []
    assert "With 9 epochs, these stages are never trained: layer1, layer2. " in say(note.key, "en", **note.values)
    assert "：layer1、layer2。每 3 轮" in say(note.key, "zh", **note.values)


def test_learning_less_of_the_network_costs_less():
    counts = {"train": 100, "validation": 20, "test": 0}
    base = resolved(TrainConfig(epochs=10, freeze="none"))
    whole = cost.gflop(base, counts)
    for less in ({"gradual_unfreezing": 1}, {"tuned_parameters": "bias"}):
        assert 0.3 * whole < cost.gflop(base.replace(**less), counts) < 0.9 * whole


def test_adversarial_training_costs_twice_as_much_and_keeps_no_features():
    counts = {"train": 100, "validation": 0, "test": 0}
    base = resolved(TrainConfig(epochs=10, freeze="none"))
    costs = [cost.gflop(base.replace(adversarial=epsilon), counts) for epsilon in (0.0, 0.01)]
    assert costs[1] == pytest.approx(2 * costs[0])
    frozen = base.replace(freeze="layer3")
    assert caching.caches_features(frozen) and not caching.caches_features(frozen.replace(adversarial=0.01))


def test_views_are_as_many_as_the_training_can_use():
    base = resolved(TrainConfig(epochs=25, freeze="layer4", augmentation="standard"))
    assert caching.cached_views(base) == caching.CACHED_VIEWS
    assert [caching.cached_views(base.replace(freeze="layer3", epochs=epochs)) for epochs in (4, 10, 25, 60)] == [
        4,
        6,
        13,
        13,
    ]
    assert caching.cached_views(base.replace(freeze="layer3", augmentation="none")) == 1


def test_freezing_more_costs_less_and_twice_the_epochs_twice_as_much():
    counts = {"train": 100, "validation": 20, "test": 0}
    base = resolved(TrainConfig(epochs=10, freeze="none"))
    costs = [
        cost.gflop(base.replace(freeze=level), counts) for level in ("none", "layer1", "layer2", "layer3", "layer4")
    ]
    assert costs == sorted(costs, reverse=True)
    assert cost.gflop(base.replace(epochs=20), counts) == pytest.approx(2 * costs[0])


def test_early_pictures_are_smaller_and_grow_to_the_full_size():
    config = resolved(TrainConfig(freeze="none", picture_size=96, early_picture_size=56, epochs=8))
    sizes = [plan.picture_size_in(config, epoch) for epoch in range(8)]
    assert sizes[0] == 56 and sizes == sorted(sizes) and sizes[-2:] == [96, 96] and all(size % 8 == 0 for size in sizes)


def test_kept_views_have_one_size_and_an_early_size_above_the_full_one_means_nothing():
    kept = resolved(TrainConfig(freeze="layer4", picture_size=160, epochs=20))
    assert {plan.picture_size_in(kept, epoch) for epoch in range(20)} == {128}
    same = resolved(TrainConfig(freeze="none", picture_size=96, early_picture_size=200, epochs=4))
    assert {plan.picture_size_in(same, epoch) for epoch in range(4)} == {96}


@pytest.mark.parametrize("freeze", ["layer1", "layer2", "layer3"])
@pytest.mark.parametrize("asked", [None, 64, 80])
@pytest.mark.parametrize("size", [96, 100, 128, 160, 224])
def test_stages_trained_behind_kept_features_see_pictures_of_the_size_of_the_end(freeze, asked, size):
    config = resolved(TrainConfig(freeze=freeze, picture_size=size, early_picture_size=asked, epochs=20))
    assert caching.caches_features(config)
    assert {plan.picture_size_in(config, epoch) for epoch in range(20)} == {size}


def test_a_run_from_before_keeps_the_views_that_it_began_with():
    config = resolved(TrainConfig(freeze="layer2", picture_size=100, epochs=20)).replace(early_picture_size=80)
    assert {plan.picture_size_in(config, epoch) for epoch in range(20)} == {80}


@pytest.mark.parametrize("freeze", ["none", "stem", "layer4"])
def test_pictures_that_grow_and_those_that_only_a_head_learns_from_begin_at_four_fifths(freeze):
    sizes = [resolved(TrainConfig(freeze=freeze, picture_size=size)).early_picture_size for size in (128, 160, 224)]
    assert sizes == [96, 128, 192]


@pytest.mark.parametrize("side", [65, 80, 100, 111, 127, 128, 400])
@pytest.mark.parametrize("start", [IMAGENET, STARTER, SCRATCH])
@pytest.mark.parametrize("pictures", [100, 1_655, 20_000])
def test_chosen_sizes_are_multiples_of_32_from_the_first_epoch_to_the_last(side, start, pictures):
    found = resolved(start=start, median_side=side, train_pictures=pictures)
    sizes = [found.picture_size, *(plan.picture_size_in(found, epoch) for epoch in range(found.epochs))]
    assert {size % 32 for size in sizes} == {0} and sizes[1:] == sorted(sizes[1:]) and sizes[-1] <= sizes[0]


@pytest.mark.parametrize(("aspect", "fit"), [(1.0, "crop"), (1.6, "crop"), (1.61, "pad"), (4.0, "pad")])
def test_auto_shows_all_of_long_pictures_and_what_the_user_chose_is_kept(aspect, fit):
    assert resolved(TrainConfig(fit="auto"), median_aspect=aspect).fit == fit
    assert [resolved(TrainConfig(fit=chosen), median_aspect=aspect).fit for chosen in ("crop", "pad", "squeeze")] == [
        "crop", "pad", "squeeze",
    ]  # fmt: skip
    assert resolved(median_aspect=aspect).fit == "crop"


def test_without_crops_or_from_scratch_pictures_have_their_full_size_from_the_start():
    assert resolved(TrainConfig(augmentation="none")).early_picture_size == resolved().picture_size
    scratch = resolved(start=SCRATCH)
    assert scratch.early_picture_size == scratch.picture_size


def test_smaller_early_pictures_are_counted_as_less_arithmetic():
    counts = {"train": 100, "validation": 20, "test": 20}
    full = resolved(TrainConfig(freeze="none", picture_size=160, early_picture_size=160, epochs=8))
    assert cost.gflop(full.replace(early_picture_size=96), counts) < 0.8 * cost.gflop(full, counts)


def test_random_weights_that_nobody_asked_for_are_warned_of(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    asked = TrainConfig(depth=50, epochs=5)
    resolved = asked.replace(weights="scratch", freeze="none")
    (note,) = cautions(resolved, asked)
    assert "ResNet-50" in say(note.key, "en", **note.values) and "ResNet-50" in say(note.key, "zh", **note.values)
    assert not cautions(resolved, asked.replace(weights="scratch"))
    assert not cautions(resolved.replace(weights="starter"), asked)


def test_a_first_cycle_is_chosen_up_to_the_number_of_pictures_that_it_was_measured_with():
    few, many = (resolved(train_pictures=count, start=STARTER) for count in (999, 1_000))
    assert few.first_epochs == round(few.epochs / 3) and many.first_epochs == 0
    assert resolved(TrainConfig(first_epochs=4), train_pictures=1_000).first_epochs == 4


def test_classes_are_adjusted_past_five_to_one_unless_the_user_says_otherwise():
    assert TrainConfig().class_weighting == "auto"
    found = {ratio: resolved(imbalance=ratio).class_weighting for ratio in (1.0, 5.0, 5.1, 20.0)}
    assert found == {1.0: "none", 5.0: "none", 5.1: "adjusted", 20.0: "adjusted"}
    for chosen in ("none", "balanced", "adjusted"):
        assert resolved(TrainConfig(class_weighting=chosen), imbalance=20.0).class_weighting == chosen


def test_balancing_is_said_where_the_studio_chose_it(class_folders, workspace):
    dataset = open_data(class_folders({"cat": 40, "dog": 5}), workspace)
    asked = TrainConfig(weights="scratch", device="cpu")
    run = plan.new_run(dataset, asked, workspace)
    assert run.config.class_weighting == "adjusted" and run.requested.class_weighting == "auto"
    (note,) = cautions(run.config, run.requested, 8.0)
    assert note.key == "note.plan.adjusted" and "8 times the pictures" in say(note.key, "en", **note.values)
    assert cautions(run.config, run.config) == ()
    assert plan.new_run(dataset, asked.replace(class_weighting="none"), workspace).config.class_weighting == "none"


def test_only_pictures_to_train_on_decide_whether_classes_are_balanced(class_folders, workspace, tmp_path):
    files = class_folders({"train/cat": 8, "train/dog": 8, "test/cat": 60, "test/dog": 1})
    assert plan.new_run(open_data(files, workspace), TrainConfig(), workspace).config.class_weighting == "none"


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_a_gpu_of_either_kind_is_planned_for_and_the_chosen_device_counts(monkeypatch, device):
    from resnet_studio.model import device as devices

    monkeypatch.setattr(devices, "cuda_works", lambda: device == "cuda")
    monkeypatch.setattr("torch.cuda.is_available", lambda: device == "cuda")
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: device == "mps")
    assert plan.on_gpu(TrainConfig()) and not plan.on_gpu(TrainConfig(device="cpu"))
