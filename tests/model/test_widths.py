"""Channels are taken out of the blocks, the least important ones, and what is left is a network like any other."""

import pytest
import torch

from resnet_studio.errors import ConfigError
from resnet_studio.model import anatomy, architecture
from resnet_studio.model.resnet import build, skeleton
from resnet_studio.model.transfer import network_of, widths_in
from resnet_studio.model.widths import prune, widths_of

STAGES = ("layer1", "layer2", "layer3", "layer4")


@pytest.mark.parametrize("depth", [18, 50])
@pytest.mark.parametrize("by", ["batchnorm", "l1"])
@pytest.mark.slow
def test_channels_that_do_nothing_go_first_and_take_nothing_along(depth, by):
    model = build(depth, 3, seed=0).eval()
    draw = torch.Generator().manual_seed(0)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.weight.data = torch.rand(module.num_features, generator=draw) + 0.5
            module.bias.data = torch.rand(module.num_features, generator=draw)
    silent = 0
    for name, module in model.named_modules():
        if name.endswith(("conv1", "conv2")) and "layer" in name and not (depth == 18 and name.endswith("conv2")):
            norm = model.get_submodule(name.replace("conv", "bn"))
            off = torch.arange(norm.num_features) % 4 == 0
            module.weight.data[off] *= 1e-3
            norm.weight.data[off], norm.bias.data[off], norm.running_mean[off] = 1e-9, 0.3, 0.0
            silent += int(off.sum())
    pictures = torch.rand(2, 3, 64, 64, generator=draw)
    with torch.inference_mode():
        before = model(pictures)
    whole = sum(widths_of(model))
    widths = prune(model, 0.75, by, STAGES)
    assert whole - sum(widths) == silent
    with torch.inference_mode():  # what they added, the same everywhere, is in BatchNorm's means; but for edges
        assert torch.allclose(model(pictures), before, rtol=0.1, atol=0.1 * float(before.abs().max()))
    rebuilt = skeleton(depth, 3, widths=widths)
    assert {name: value.shape for name, value in rebuilt.state_dict().items()} == {
        name: value.shape for name, value in model.state_dict().items()
    }
    counted = anatomy.parameters(depth, classes=3, widths=widths)
    assert sum(counted.values()) == sum(value.numel() for value in model.parameters())
    assert sum(anatomy.gflops(depth, 64, widths=widths).values()) < 0.9 * sum(anatomy.gflops(depth, 64).values())
    assert network_of(model.state_dict()) == architecture.get(depth)
    assert widths_in(model.state_dict(), architecture.get(depth)) == widths
    assert widths_in(build(depth, 3, seed=0).state_dict(), architecture.get(depth)) == ()


def test_only_the_stages_that_are_named_lose_channels_and_each_keeps_a_quarter():
    model = build(18, 3, seed=0)
    widths = prune(model, 0.1, "l1", ("layer3", "layer4"))
    assert widths == (64, 64, 128, 128, 64, 64, 128, 128)


def test_networks_with_groups_are_refused():
    with pytest.raises(ConfigError, match="groups"):
        prune(skeleton("resnext50", 3), 0.5, "l1", STAGES)
