import pytest
import torch
from torch import nn

from resnet_studio.model.resnet import build, cut, parameter_groups, stage_modules, train_mode

FREEZES = ["none", "stem", "layer1", "layer2", "layer3", "layer4"]
EVERY_CUT = [(depth, freeze) for depth in (18, 50) for freeze in FREEZES] + [
    (34, "layer2"), (101, "layer3"), (152, "layer4"),
]  # fmt: skip


def pictures(count=2, side=32):
    return torch.rand(count, 3, side, side)


@pytest.fixture(scope="module")
def built():
    """Models in eval mode with BatchNorm statistics that are not those of a new model; one a depth."""
    models = {}

    def of(depth):
        if depth not in models:
            torch.manual_seed(depth)
            models[depth] = build(depth, 5)
            for module in models[depth].modules():
                if isinstance(module, nn.BatchNorm2d):
                    nn.init.uniform_(module.weight, 0.1, 0.6)
                    nn.init.normal_(module.running_mean, std=0.1)
                    nn.init.uniform_(module.running_var, 0.5, 1.5)
        return models[depth].eval().requires_grad_(True)

    return of


@pytest.mark.slow
@pytest.mark.parametrize(("depth", "freeze"), EVERY_CUT)
def test_prefix_then_suffix_is_the_model_exactly(built, depth, freeze):
    model, batch = built(depth), pictures()
    with torch.no_grad():
        expected = model(batch)
        parts = cut(model, freeze)
        features = parts.prefix(batch)
        kept = features.clone()
        assert torch.equal(parts.suffix(features), expected)
        assert torch.equal(features, kept), "the suffix changed the kept features"


@pytest.mark.parametrize("freeze", FREEZES)
def test_prefix_and_suffix_share_all_modules_with_the_model(built, freeze):
    model = built(18)
    parts = cut(model, freeze)
    shared = [*parts.prefix.parameters(), *parts.suffix.parameters()]
    assert [id(weight) for weight in shared] == [id(weight) for weight in model.parameters()]


def test_freezing_through_layer4_gives_pooled_features(built):
    assert cut(built(50), "layer4").prefix(pictures()).shape == (2, 2048)


def test_freezing_nothing_leaves_an_empty_prefix(built):
    batch = pictures()
    assert cut(built(18), "none").prefix(batch) is batch


@pytest.mark.parametrize("freeze", FREEZES)
def test_frozen_stages_take_no_gradient_and_keep_their_statistics(built, freeze):
    model = built(18)
    cut(model, freeze)
    train_mode(model, freeze)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    model(pictures(4)).sum().backward()
    frozen = ["stem", "layer1", "layer2", "layer3", "layer4"][: FREEZES.index(freeze)]
    prefixes = tuple({"stem": ("conv1", "bn1")}.get(stage, (stage,)) for stage in frozen)
    flat = tuple(name for names in prefixes for name in names)
    for name, weight in model.named_parameters():
        assert (weight.grad is None) == name.startswith(flat), name
        weight.grad = None
    for name, value in model.state_dict().items():
        if name.endswith("running_mean"):
            assert torch.equal(value, before[name]) == name.startswith(flat), name


def test_cutting_again_at_an_earlier_stage_thaws(built):
    model = built(18)
    cut(model, "layer4")
    cut(model, "layer1")
    assert model.layer2[0].conv1.weight.requires_grad
    assert not model.layer1[0].conv1.weight.requires_grad


def test_parameter_groups_go_from_the_head_back_and_hold_what_is_trained(built):
    model = built(18)
    cut(model, "layer2")
    groups = parameter_groups(model, "layer2")
    assert [stage for stage, _ in groups] == ["head", "layer4", "layer3"]
    grouped = {id(weight) for _, weights in groups for weight in weights}
    assert grouped == {id(weight) for weight in model.parameters() if weight.requires_grad}


def test_parameter_groups_of_an_unfrozen_model_hold_every_parameter_once(built):
    model = built(50)
    grouped = [id(weight) for _, weights in parameter_groups(model, "none") for weight in weights]
    assert sorted(grouped) == sorted(id(weight) for weight in model.parameters())


@pytest.mark.slow
def test_the_same_seed_builds_the_same_model():
    def weights(seed):
        torch.manual_seed(seed)
        return build(18, 3, head="hidden", hidden_units=8, stem="small").state_dict()

    first, again, other = weights(1), weights(1), weights(2)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["conv1.weight"], other["conv1.weight"])


def test_a_new_model_is_initialised_for_training_from_scratch():
    torch.manual_seed(0)
    model = build(18, 3, stem="small")
    assert all(not block.bn2.weight.any() for block in model.layer3)
    # He et al.: standard deviation sqrt(2 / fan out), fan out 64 x 3 x 3
    assert float(model.conv1.weight.detach().std()) == pytest.approx((2 / (64 * 9)) ** 0.5, rel=0.1)


def test_heads_are_what_was_asked_for():
    assert isinstance(build(18, 4).fc, nn.Linear)
    dropped = build(18, 4, dropout=0.3).fc
    assert [type(layer) for layer in dropped] == [nn.Dropout, nn.Linear]
    hidden = build(18, 4, head="hidden", dropout=0.3).fc
    assert [type(layer) for layer in hidden] == [nn.Linear, nn.ReLU, nn.Dropout, nn.Linear]
    assert hidden[0].out_features == 1024 and hidden[2].p == dropped[0].p == 0.3
    assert hidden[3].out_features == 4


def test_the_small_stem_keeps_the_size_of_small_pictures():
    model = build(18, 4, stem="small").eval()
    assert cut(model, "stem").prefix(pictures(1, 16)).shape == (1, 64, 16, 16)
    assert cut(build(18, 4).eval(), "stem").prefix(pictures(1, 16)).shape == (1, 64, 4, 4)


def test_stages_cover_the_model_once(built):
    model = built(18)
    listed = [id(module) for stage in ["stem", *FREEZES[2:], "head"] for module in stage_modules(model, stage)]
    assert listed == [id(module) for module in model.children()]
