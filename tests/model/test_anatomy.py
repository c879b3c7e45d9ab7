import itertools
import subprocess
import sys

import pytest
import torch
from sweeps import few
from torch.utils.flop_counter import FlopCounterMode

from resnet_studio.config import choices
from resnet_studio.model.adapters import learning
from resnet_studio.model.anatomy import frozen_stages, gflops, parameters, trained_stages
from resnet_studio.model.architecture import STAGES
from resnet_studio.model.resnet import build, parameter_groups, stage_modules

DEPTHS = choices("depth")


def counted(model, stage):
    return sum(weight.numel() for module in stage_modules(model, stage) for weight in module.parameters())


def meta_model(depth, **settings):
    with torch.device("meta"):
        return build(depth, 7, **settings).eval()


@pytest.mark.parametrize("depth", DEPTHS)
def test_parameters_are_those_of_the_built_model(depth):
    model = meta_model(depth)
    assert parameters(depth, classes=7) == {stage: counted(model, stage) for stage in STAGES}
    assert sum(parameters(depth, classes=7).values()) == sum(weight.numel() for weight in model.parameters())


@pytest.mark.parametrize("settings", [{"head": "hidden", "hidden_units": 33}, {"stem": "small"}])
@pytest.mark.parametrize("depth", [18, 50])
def test_parameters_follow_head_and_stem(depth, settings):
    model = meta_model(depth, **settings)
    assert parameters(depth, classes=7, **settings) == {stage: counted(model, stage) for stage in STAGES}


@pytest.mark.parametrize("head", ["linear", "hidden"])
@pytest.mark.parametrize("depth", DEPTHS)
def test_parameters_that_learn_are_those_that_the_engine_trains(depth, head):
    model = meta_model(depth, head=head)
    for freeze, tuned in itertools.product(
        ("none", "stem", "layer2", "layer4"), ("all", "batchnorm", "bias", "adapters")
    ):
        trained = {
            stage: sum(learning(p) if tuned == "adapters" else p.numel() for p in group)
            for stage, group in parameter_groups(model, freeze, tuned)
        }
        found = parameters(depth, classes=7, head=head, freeze=freeze, tuned=tuned)
        assert found == {**dict.fromkeys(STAGES, 0), **trained}


def test_parameters_at_1000_classes_are_the_published_ones():
    totals = [sum(parameters(depth, classes=1000).values()) for depth in DEPTHS]
    assert totals == [11_689_512, 21_797_672, 25_557_032, 44_549_160, 60_192_808]


@pytest.mark.slow
@few(
    ("depth", "size", "stem"),
    [(depth, 97, "standard") for depth in DEPTHS] + [(18, 8, "standard"), (50, 64, "standard"), (50, 33, "small")],
    keep=2,
)
def test_gflops_are_what_torch_counts(depth, size, stem):
    model = meta_model(depth, stem=stem)
    with FlopCounterMode(display=False) as counter:
        model(torch.empty(1, 3, size, size, device="meta"))
    assert sum(gflops(depth, size, stem, classes=7).values()) * 1e9 == pytest.approx(
        counter.get_total_flops(), rel=1e-9
    )


def test_gflops_of_each_stage_are_what_torch_counts():
    model = meta_model(50, head="hidden", hidden_units=64)
    with FlopCounterMode(display=False) as counter:
        model(torch.empty(1, 3, 224, 224, device="meta"))
    expected = gflops(50, 224, classes=7, head="hidden", hidden_units=64)
    modules = {"stem": "conv1", "head": "fc"} | {stage: stage for stage in STAGES[1:-1]}
    for stage, name in modules.items():
        assert expected[stage] * 1e9 == pytest.approx(sum(counter.get_flop_counts()[f"ResNet.{name}"].values()))


@pytest.mark.parametrize(
    ("size", "published"),
    [(224, [3.63, 7.33, 8.18, 15.6, 23.0]), (128, [1.19, 2.39, 2.67, 5.1, 7.5]), (64, [0.30, 0.60, 0.67, 1.28, 1.88])],
)
def test_gflops_are_near_the_published_ones(size, published):
    assert [sum(gflops(depth, size).values()) for depth in DEPTHS] == pytest.approx(published, rel=0.02)


def test_freezing_through_a_stage_freezes_everything_up_to_it():
    assert frozen_stages("none") == ()
    assert frozen_stages("layer2") == ("stem", "layer1", "layer2")
    assert trained_stages("layer2") == ("layer3", "layer4", "head")
    assert trained_stages("layer4") == ("head",)
    assert trained_stages("none") == STAGES


@pytest.mark.parametrize("freeze", ["auto", "head", "layer5"])
def test_what_is_no_freeze_level_is_refused(freeze):
    with pytest.raises(ValueError, match=freeze):
        frozen_stages(freeze)


def test_an_automatic_stem_has_to_be_resolved_first():
    with pytest.raises(ValueError, match="stem"):
        gflops(18, 64, "auto")


FIRST_PAGE = """
import sys
from resnet_studio.model import weights
from resnet_studio.model.anatomy import parameters
from resnet_studio.model.checkpoint import Card, Preprocessing, read_card
from resnet_studio.model.export import export_code
import resnet_studio.prediction
parameters(18, classes=2), weights.available(50), weights.explain("auto", 18)
export_code(Card(classes=("a", "b"), depth=18, preprocessing=Preprocessing(64, 64)), kind="pt", file_name="a.pt")
print(sorted({"torch", "torchvision", "safetensors"} & sys.modules.keys()))
"""


@pytest.mark.slow
def test_what_the_first_page_needs_does_not_import_torch():
    said = subprocess.run([sys.executable, "-c", FIRST_PAGE], check=True, capture_output=True, text=True).stdout
    assert said == "[]\n"
