"""Convolutions as matrix products."""

import pytest
import torch
from torch import nn

from resnet_studio.model import resnet
from resnet_studio.training import convolution
from resnet_studio.training.convolution import MatrixConv2d, convolve, fits, use_matrix_products

SHAPES = [
    (64, 64, 3, 1, 8), (64, 128, 3, 2, 8), (64, 128, 1, 2, 9), (64, 128, 1, 1, 5), (128, 64, 3, 2, 5),
    (64, 64, 3, 1, 2), (64, 64, 3, 1, 3), (64, 64, 3, 1, 5), (512, 64, 3, 1, 6), (64, 64, 3, 2, 30), (64, 64, 3, 1, 12),
]  # fmt: skip


@pytest.mark.parametrize(("channels", "kernels", "kernel", "stride", "side"), SHAPES)
def test_results_and_gradients_are_those_of_the_library(channels, kernels, kernel, stride, side):
    torch.manual_seed(0)
    layer = nn.Conv2d(channels, kernels, kernel, stride, kernel // 2, bias=False)
    pictures = torch.randn(3, channels, side, side).contiguous(memory_format=torch.channels_last)
    found = []
    for compute in (
        lambda x, w: convolve(x, w, stride, kernel // 2),
        lambda x, w: torch.func.functional_call(layer, {"weight": w}, (x,)),
    ):
        x, w = pictures.clone().requires_grad_(), layer.weight.detach().clone().requires_grad_()
        result = compute(x, w)
        (result * torch.linspace(-1, 1, result.numel()).view_as(result)).sum().backward()
        found.append((result.detach(), x.grad, w.grad))
    for mine, theirs in zip(*found, strict=True):
        assert mine.shape == theirs.shape
        assert torch.allclose(mine, theirs, rtol=1e-4, atol=1e-4 * float(theirs.abs().max()))


def test_frozen_inputs_or_weights_get_no_gradient():
    pictures, weight = torch.randn(2, 64, 4, 4), torch.randn(64, 64, 3, 3, requires_grad=True)
    convolve(pictures, weight, 1, 1).sum().backward()
    assert pictures.grad is None and weight.grad is not None


@pytest.mark.slow
def test_every_convolution_but_the_stem_is_replaced_and_nothing_else_changes():
    for depth in (18, 50):
        model = resnet.build(depth, 3)
        before = {name: value.clone() for name, value in model.state_dict().items()}
        use_matrix_products(model)
        kinds = {name: type(layer) for name, layer in model.named_modules() if isinstance(layer, nn.Conv2d)}
        assert [name for name, kind in kinds.items() if kind is not MatrixConv2d] == ["conv1"]
        after = model.state_dict()
        assert list(before) == list(after) and all(torch.equal(before[name], after[name]) for name in before)


def test_the_products_can_be_switched_off(monkeypatch):
    monkeypatch.setenv("RESNET_STUDIO_MATRIX_PRODUCTS", "0")
    model = resnet.build(18, 3)
    use_matrix_products(model)
    assert not any(isinstance(layer, MatrixConv2d) for layer in model.modules())


def test_a_network_gives_the_same_under_autocast_and_bit_for_bit_the_same_without():
    torch.manual_seed(0)
    model, pictures = resnet.build(18, 5).eval(), torch.randn(4, 3, 64, 64)
    with torch.no_grad():
        plain = model(pictures)
        with torch.autocast("cpu", torch.bfloat16):
            low = model(pictures).float()
        use_matrix_products(model)
        assert torch.equal(model(pictures), plain)
        with torch.autocast("cpu", torch.bfloat16):
            mine = model(pictures).float()
    error = (low - plain).abs().max()
    assert (mine - plain).abs().max() <= 2 * error + 1e-3


def test_under_autocast_the_products_are_used(monkeypatch):
    run_name = []
    monkeypatch.setattr(
        convolution, "unfold", lambda *given, real=convolution.unfold: run_name.append(1) or real(*given)
    )
    model, pictures = resnet.build(18, 5), torch.randn(2, 3, 64, 64)
    use_matrix_products(model)
    with torch.autocast("cpu", torch.bfloat16):
        model(pictures).sum().backward()
    assert len(run_name) > 10


@pytest.mark.parametrize(
    "layer",
    [nn.Conv2d(64, 64, 3, padding=1), nn.Conv2d(64, 64, 3, padding=1, groups=2, bias=False), nn.Conv2d(3, 64, 3, 1, 1)],
)
def test_other_kinds_are_left_alone(layer):
    assert not fits(layer)
