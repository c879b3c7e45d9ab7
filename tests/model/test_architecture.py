"""Every architecture in the table is what its library builds, and goes through all that the studio does with one."""

import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from resnet_studio.config import DEPTHS, TrainConfig, choices
from resnet_studio.errors import ConfigError
from resnet_studio.model import architecture
from resnet_studio.model.adapters import learning
from resnet_studio.model.anatomy import gflops, last_side, parameters, trained_stages
from resnet_studio.model.architecture import ARCHITECTURES, STAGES, find, get
from resnet_studio.model.checkpoint import Card, Preprocessing, load, save
from resnet_studio.model.export import export_code, export_pt
from resnet_studio.model.libraries import TIMM, is_installed
from resnet_studio.model.resnet import (
    build,
    cut,
    parameter_groups,
    skeleton,
    stage_modules,
    train_mode,
    uninitialised,
)
from resnet_studio.model.wrapping import resnet_in
from resnet_studio.prediction import TAPPED, Predictor
from resnet_studio.training.convolution import use_matrix_products

WIDTHS = (64, 128, 256, 512)
LEVELS = ("none", "stem", "layer1", "layer2", "layer3", "layer4")
SMALL = ("resnet18", "resnext50_32x4d", "wide_resnet50_2", "seresnet18", "seresnext50_32x4d", "resnet18d", "resnet50d")
"""One of each family, and both kinds of block with a deep stem: what takes real weights is done with these, and of
what is done with every one these are the cases that ``make test`` has."""


def named(names):
    """The architectures called ``names``; those of a library that is missing are skipped."""
    missing = pytest.mark.skipif(not is_installed(TIMM), reason="timm is not installed: pip install timm")
    return [pytest.param(get(name), id=name, marks=[missing] * (get(name).library is TIMM)) for name in names]


def few(names, quick):
    """The architectures called ``names``, of which those that are not ``quick`` wait for ``make thorough``."""
    return [
        each if each.id in quick else pytest.param(*each.values, id=each.id, marks=[*each.marks, pytest.mark.long])
        for each in named(names)
    ]


every = pytest.mark.parametrize("network", few([entry.name for entry in ARCHITECTURES], SMALL))
KINDS = {"resnet18", "resnet18d", "seresnext50_32x4d"}
"""Both libraries, both kinds of block, groups, squeezes and a deep stem."""
each_family = pytest.mark.parametrize("network", few(SMALL, KINDS))


def trained_like(network, **settings):
    """A built model whose weights and statistics are as far from new ones as training makes them."""
    model = build(network, 3, seed=1, **settings)
    chance = torch.Generator().manual_seed(2)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.2, 0.5, generator=chance)
            nn.init.normal_(module.running_mean, std=0.1, generator=chance)
            nn.init.uniform_(module.running_var, 0.5, 1.5, generator=chance)
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=0.2, generator=chance)
    return model.eval()


def counted(model, stage):
    return sum(weight.numel() for module in stage_modules(model, stage) for weight in module.parameters())


def test_every_family_and_depth_of_the_settings_has_one_architecture():
    listed = sorted((entry.family, entry.depth) for entry in ARCHITECTURES)
    assert listed == sorted((family, depth) for family, depths in DEPTHS.items() for depth in depths)
    assert set(DEPTHS) == set(choices("family"))
    assert len({entry.name for entry in ARCHITECTURES} | {entry.title for entry in ARCHITECTURES}) == 2 * len(listed)
    for entry in ARCHITECTURES:
        assert architecture.of(TrainConfig(family=entry.family, depth=entry.depth)) is entry


@pytest.mark.slow
@every
@pytest.mark.parametrize("stem", ["standard", "small"])
def test_costs_are_those_of_the_built_network(network, stem):
    model = skeleton(network, 7, stem=stem).eval()
    assert parameters(network, classes=7, stem=stem) == {stage: counted(model, stage) for stage in STAGES}
    assert sum(parameters(network, classes=7, stem=stem).values()) == sum(w.numel() for w in model.parameters())
    with FlopCounterMode(display=False) as counter:
        model(torch.empty(1, 3, 97, 97, device="meta"))
    total = sum(gflops(network, 97, stem, classes=7).values()) * 1e9
    assert total == pytest.approx(counter.get_total_flops(), rel=1e-9)
    features = cut(model, "layer3").prefix(torch.empty(1, 3, 97, 97, device="meta"))
    assert model.layer4(features).shape[1:] == (network.features, last_side(97, stem), last_side(97, stem))


@pytest.mark.slow
@every
def test_each_freeze_level_trains_what_it_says_and_no_other(network):
    model = skeleton(network, 5)
    assert [id(part) for stage in STAGES for part in stage_modules(model, stage)] == [
        id(part) for part in model.children()
    ]
    for level in LEVELS:
        for tuned in choices("tuned_parameters"):
            cut(model, level, tuned)
            wanted = parameters(network, classes=5, freeze=level, tuned=tuned)
            found = {
                stage: sum(
                    learning(w) if tuned == "adapters" else w.numel()
                    for part in stage_modules(model, stage)
                    for w in part.parameters()
                    if w.requires_grad
                )
                for stage in STAGES
            }
            assert found == wanted, (level, tuned)
            kinds = {
                (type(layer), name)
                for stage in trained_stages(level)[:-1]
                for part in stage_modules(model, stage)
                for layer in part.modules()
                for name, weight in layer.named_parameters(recurse=False)
                if weight.requires_grad
            }
            if tuned == "batchnorm":
                assert {kind for kind, _ in kinds} <= {nn.BatchNorm2d}
            elif tuned == "bias":
                assert {name for _, name in kinds} <= {"bias"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("network", "stem"),
    [
        pytest.param(*param.values, stem, id=f"{param.id}-{stem}", marks=param.marks)
        for param in few(SMALL, KINDS)
        for stem in ("standard", "small")
        if stem == "standard" or not param.values[0].bottleneck
    ],
)
def test_prefix_then_suffix_is_the_network_exactly(network, stem):
    model = trained_like(network, stem=stem)
    pictures = torch.rand(2, 3, 33, 33)
    with torch.no_grad():
        expected = model(pictures)
        for level in LEVELS:
            parts = cut(model, level)
            features = parts.prefix(pictures)
            kept = features.clone()
            assert torch.equal(parts.suffix(features), expected), level
            assert torch.equal(features, kept), "the suffix changed the kept features"


@pytest.mark.slow
@each_family
def test_one_step_changes_what_is_trained_alone(network):
    model = trained_like(network)
    parts = cut(model, "layer2")
    train_mode(model, "layer2")
    before = {name: value.clone() for name, value in model.state_dict().items()}
    groups = parameter_groups(model, "layer2")
    optimizer = torch.optim.SGD([{"params": weights} for _, weights in groups], lr=0.1)
    logits = parts.suffix(parts.prefix(torch.rand(4, 3, 64, 64)))
    nn.functional.cross_entropy(logits, torch.tensor([0, 1, 2, 0])).backward()
    optimizer.step()
    changed = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    frozen = ("conv1.", "bn1.", "layer1.", "layer2.")
    assert changed and not any(name.startswith(frozen) for name in changed)
    assert {name for name, _ in model.named_parameters() if not name.startswith(frozen)} <= changed


@pytest.mark.slow
@each_family
def test_the_same_seed_builds_the_same_network_whatever_others_draw(network):
    first = build(network, 3, seed=5).state_dict()
    torch.rand(100)
    second, other = build(network, 3, seed=5).state_dict(), build(network, 3, seed=6).state_dict()
    assert all(torch.equal(value, second[name]) for name, value in first.items())
    assert not torch.equal(first["layer1.0.conv1.weight"], other["layer1.0.conv1.weight"])


@pytest.mark.slow
@each_family
def test_residual_branches_of_a_new_network_begin_at_zero(network):
    for block in build(network, 3, seed=0).layer3:
        assert not (block.bn3 if network.bottleneck else block.bn2).weight.any()


@pytest.mark.slow
@each_family
def test_a_predictor_gives_the_features_of_every_stage(network, tmp_path):
    model = trained_like(network)
    save(tmp_path / "best.safetensors", model.state_dict(), card(network))
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8))
    found = Predictor(tmp_path / "best.safetensors", device="cpu").activations([picture], stages=TAPPED)
    assert [found.stages[stage].shape[1] for stage in TAPPED[1:]] == [width * network.expansion for width in WIDTHS]
    assert torch.allclose(found.stages["layer4"], found.features, atol=1e-5)
    with torch.no_grad():
        assert torch.allclose(model.fc(found.features), found.logits, atol=1e-4)


@pytest.mark.slow
@each_family
def test_matrix_products_give_the_answers_of_the_library(network):
    model, pictures = trained_like(network), torch.rand(2, 3, 64, 64)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        expected = model(pictures).float()
        use_matrix_products(model)
        found = model(pictures).float()
    assert float((found - expected).abs().max()) <= 0.05 * float(expected.abs().max())


def card(network, **settings):
    how = Preprocessing(resize=40, crop=32)
    return Card(classes=("a", "b", "c"), family=network.family, depth=network.depth, preprocessing=how, **settings)


ALONE = """
import json, runpy, sys
from pathlib import Path
import torch
torch.nn.init.kaiming_normal_ = lambda weight, **_: weight  # drawn for nothing, as the file's weights come after
pictures = torch.load("pictures.pt")
answers = {}
for script in sorted(Path.cwd().glob("*.py")):
    with torch.inference_mode():
        answers[script.stem] = runpy.run_path(str(script))["model"](pictures).tolist()
assert not any(name.startswith("resnet_studio") for name in sys.modules)
print(json.dumps(answers))
"""
EXPORTED = {"pt": {"dropout": 0.2}, "safetensors": {"stem": "small", "head": "hidden", "hidden_units": 9}}


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("kind", ["pt", "safetensors"])
def test_the_library_alone_gives_the_answers_of_the_exported_networks(kind, tmp_path):
    names = SMALL if kind == "pt" else ("resnet18", "resnext50_32x4d", "seresnet18", "resnet18d")
    networks = [get(name) for name in names if is_installed(get(name).library)]
    pictures, expected = torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(3)), {}
    torch.save(pictures, tmp_path / "pictures.pt")
    for network in networks:
        name, written = network.name, card(network, **EXPORTED[kind])
        save(tmp_path / f"{name}.safetensors", trained_like(network, **EXPORTED[kind]).state_dict(), written)
        export_pt(tmp_path / f"{name}.safetensors", tmp_path)
        with torch.inference_mode():
            expected[name] = load(tmp_path / f"{name}.safetensors").model(pictures)
        code = export_code(written, kind=kind, file_name=f"{name}.{kind}")
        (tmp_path / f"{name}.py").write_text(code, "utf-8")
    done = subprocess.run([sys.executable, "-I", "-c", ALONE], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout)
    assert answers.keys() == expected.keys()
    for name, scores in expected.items():
        assert torch.allclose(torch.tensor(answers[name]), scores, atol=1e-5), name
        assert scores.std() > 1e-3, name


@pytest.mark.slow
@every
def test_the_state_dict_of_a_standard_network_is_the_library_s(network):
    if network.library is TIMM:
        import timm

        with torch.device("meta"):
            theirs = timm.create_model(network.name, num_classes=3)
    else:
        import torchvision

        with torch.device("meta"):
            theirs = getattr(torchvision.models, network.name)(num_classes=3)
    ours = skeleton(network, 3).state_dict()
    assert {name: value.shape for name, value in ours.items()} == {
        name: value.shape for name, value in theirs.state_dict().items()
    }


@each_family
def test_the_body_is_found_inside_of_another_network(network):
    state = skeleton(network, 3).state_dict()
    wrapped = {f"model.backbone.{name}": value for name, value in state.items()} | {"model.neck.weight": None}
    assert resnet_in(wrapped).keys() == state.keys()


@each_family
def test_a_card_says_which_network_it_is_and_older_studios_refuse_it(network):
    content = card(network).to_json()
    assert Card.from_json(content).network is network
    assert (content["version"] == 3) == (network.family != "resnet")


def test_a_card_from_before_there_were_families_is_a_plain_resnet():
    content = card(get("resnet50")).to_json()
    del content["family"]
    assert Card.from_json(content).network is get("resnet50")


@pytest.mark.parametrize("wrong", [{"family": "resnext", "depth": 18}, {"family": "vit"}, {"family": ["resnet"]}])
def test_a_card_of_no_network_of_ours_is_refused(wrong):
    with pytest.raises(ValueError, match=r"depth|known"):
        Card.from_json({**card(get("resnet50")).to_json(), **wrong})


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("resnext50", "resnext50_32x4d"), ("ResNeXt-50 32x4d", "resnext50_32x4d"), ("wide_resnet50", "wide_resnet50_2"),
        ("resnext101_64x4d", "resnext101_64x4d"), ("wide-resnet-101-2", "wide_resnet101_2"),
        ("se_resnet50", "seresnet50"), ("SEResNet18", "seresnet18"), ("resnet50d", "resnet50d"),
        ("resnet-50-d", "resnet50d"), ("resnet18", "resnet18"),
    ],
)  # fmt: skip
def test_networks_are_found_by_the_names_that_people_have_for_them(name, found):
    assert find(name).name == found


@pytest.mark.parametrize("name", ["", "resnet", "resnet19", "vit_b_16", "resnext18"])
def test_an_unknown_name_is_refused_with_those_that_there_are(name):
    with pytest.raises(ConfigError, match="resnext50_32x4d") as caught:
        find(name)
    assert "seresnet18" in caught.value.sentence("zh")


def test_a_family_without_that_depth_is_refused_with_those_it_has():
    with pytest.raises(ConfigError, match="There is no ResNeXt of depth 18; choose its depth from 50, 101"):
        TrainConfig(family="resnext")


def test_without_its_library_a_network_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    assert [entry for entry in architecture.available() if entry.library is TIMM] == []
    for asked in (get("seresnet18").check_installed, lambda: build("seresnet18", 2)):
        with pytest.raises(ConfigError, match=r'pip install "resnet-studio\[timm\]"') as caught:
            asked()
        assert "timm" in caught.value.sentence("zh")
    get("resnext50").check_installed()


@pytest.mark.parametrize("make", [skeleton, uninitialised])
def test_a_network_for_weights_that_are_loaded_draws_no_random_numbers(make):
    """Others may be drawing: a training follows from its seed while models are loaded beside it."""
    before = torch.get_rng_state()
    for network in ("resnet18", "resnext50"):
        make(network, 3, head="hidden", dropout=0.2)
    assert torch.equal(before, torch.get_rng_state())
