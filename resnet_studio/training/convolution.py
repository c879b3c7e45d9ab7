"""Convolutions as matrix products, where that is faster on a CPU.

oneDNN's bf16 kernels reach a fifth of the processor's speed, or less, on the small maps at a ResNet's end: most of all
in the gradient of the weights. The same arithmetic as one product of the unfolded input (im2col, Chellapilla et al.
2006) keeps the matrix units busy. Each of the three passes of each layer takes the way that measured faster for its
shape; ``benchmarks/convolutions.py`` prints both. A model keeps its weights, names and results up to rounding.

Measured on an Intel Xeon with matrix units (AMX), torch 2.11, one thread, the convolutions of a ResNet-18 forward and
backward, both ways in turn: 1.57 times as fast at 64 px, 1.14 at 128 px, 1.08 at 224 px. On an AMD EPYC without such
units, torch 2.14: 0.99 at 64 px, 0.94 at 128 px; there each machine measures which of the two it uses
(:func:`resnet_studio.training.hardware.measure_ways`). ``RESNET_STUDIO_MATRIX_PRODUCTS=0`` in the environment leaves
all convolutions to the library.
"""

from __future__ import annotations

import os
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

# Up to so many positions of the output map, a picture, the product is faster; measured on 3 x 3 kernels. The last
# stage has 7 x 7 at 224 px, 4 x 4 at 128 px and 2 x 2 at 64 px.
FORWARD, FORWARD_WIDE, TO_PICTURES, TO_PICTURES_STRIDED, TO_WEIGHT = 16, 49, 9, 100, 100


SWITCH = "RESNET_STUDIO_MATRIX_PRODUCTS"


class MatrixConv2d(nn.Conv2d):
    """A convolution that is computed as matrix products under bf16 autocast on a CPU, and as always otherwise."""

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        if input.device.type != "cpu" or not torch.is_autocast_enabled("cpu"):
            usual: Tensor = super()._conv_forward(input, weight, bias)
            return usual
        low = torch.get_autocast_dtype("cpu")
        return convolve(input.to(low), weight.to(low), int(self.stride[0]), int(self.padding[0]))


def use_matrix_products(module: nn.Module) -> None:
    """Compute the convolutions of ``module`` by :func:`convolve`: all but those on few channels, as the stem's."""
    if os.environ.get(SWITCH) == "0":
        return
    for layer in module.modules():
        if type(layer) is nn.Conv2d and fits(layer):
            layer.__class__ = MatrixConv2d


def fits(layer: nn.Conv2d) -> bool:
    """Whether :func:`convolve` can take the place of ``layer``: square, without groups, dilation or bias."""
    plain = layer.groups == 1 and layer.bias is None and layer.dilation == (1, 1) and layer.padding_mode == "zeros"
    square = len({*layer.kernel_size}) == len({*layer.stride}) == 1
    return plain and square and layer.padding == (layer.kernel_size[0] // 2,) * 2 and layer.in_channels >= 64


def convolve(pictures: Tensor, weight: Tensor, stride: int, padding: int) -> Tensor:
    """What ``F.conv2d`` gives, [B, C, H, W] by [K, C, k, k] -> [B, K, H', W'], channels last."""
    result: Tensor = _Convolution.apply(pictures, weight, stride, padding)
    return result


class _Convolution(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, pictures: Tensor, weight: Tensor, stride: int, padding: int) -> Tensor:
        ctx.save_for_backward(pictures, weight)
        ctx.stride, ctx.padding = stride, padding
        kernel, channels = weight.shape[2], weight.shape[1]
        height, width = (_output_side(side, kernel, stride, padding) for side in pictures.shape[2:])
        ctx.positions = height * width
        wide = stride > 1 or channels >= 512
        if kernel == 1 or ctx.positions <= (FORWARD_WIDE if wide else FORWARD):
            product = unfold(pictures, kernel, stride, padding) @ _rows(weight).t()
            return product.view(len(pictures), height, width, -1).permute(0, 3, 1, 2)
        return F.conv2d(pictures, weight, None, stride, padding)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        pictures, weight = ctx.saved_tensors
        stride, padding, kernel = ctx.stride, ctx.padding, weight.shape[2]
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        of_pictures = of_weight = None
        if ctx.needs_input_grad[0]:
            if kernel == 1 or (stride > 1 and ctx.positions <= TO_PICTURES_STRIDED):
                of_pictures = _fold(_flat(gradient) @ _rows(weight), pictures.shape, kernel, stride, padding, gradient)
            elif stride == 1 and ctx.positions <= TO_PICTURES:
                mirrored = weight.flip(2, 3).transpose(0, 1)
                product = unfold(gradient, kernel, 1, padding) @ _rows(mirrored).t()
                of_pictures = product.view(len(pictures), *pictures.shape[2:], -1).permute(0, 3, 1, 2)
            else:
                of_pictures = _by_library(gradient, pictures, weight, stride, padding, (True, False))[0]
        if ctx.needs_input_grad[1]:
            if kernel == 1 or ctx.positions <= TO_WEIGHT:
                product = _flat(gradient).t() @ unfold(pictures, kernel, stride, padding)
                of_weight = product.view(len(weight), kernel, kernel, -1).permute(0, 3, 1, 2)
            else:
                of_weight = _by_library(gradient, pictures, weight, stride, padding, (False, True))[1]
        return of_pictures, of_weight, None, None


def unfold(pictures: Tensor, kernel: int, stride: int, padding: int) -> Tensor:
    """What each output position sees of [B, C, H, W]: [B * H' * W', kernel * kernel * C]."""
    last = pictures.permute(0, 2, 3, 1)
    if kernel == 1:
        return last[:, ::stride, ::stride].reshape(-1, last.shape[3])
    padded = F.pad(last, (0, 0, padding, padding, padding, padding))
    seen = torch.stack([padded[:, down, right] for down, right in _windows(pictures.shape, kernel, stride, padding)], 3)
    return seen.view(-1, kernel * kernel * last.shape[3])


def _fold(seen: Tensor, shape: torch.Size, kernel: int, stride: int, padding: int, gradient: Tensor) -> Tensor:
    """The sum of ``seen`` [B * H' * W', kernel * kernel * C] at the places of ``shape`` that it was unfolded from."""
    count, channels, height, width = shape
    parts = seen.view(count, *gradient.shape[2:], kernel * kernel, channels)
    if kernel == 1 and stride == 1:
        return parts.view(count, height, width, channels).permute(0, 3, 1, 2)
    padded = seen.new_zeros(count, height + 2 * padding, width + 2 * padding, channels)
    for index, (down, right) in enumerate(_windows(shape, kernel, stride, padding)):
        padded[:, down, right] += parts[:, :, :, index]
    return padded[:, padding : padding + height, padding : padding + width].permute(0, 3, 1, 2)


def _windows(shape: torch.Size, kernel: int, stride: int, padding: int) -> list[tuple[slice, slice]]:
    """For each place in the kernel, which rows and columns of the padded pictures it meets."""
    reach = [stride * (_output_side(side, kernel, stride, padding) - 1) + 1 for side in shape[2:]]
    return [
        (slice(down, down + reach[0], stride), slice(right, right + reach[1], stride))
        for down in range(kernel)
        for right in range(kernel)
    ]


def _output_side(side: int, kernel: int, stride: int, padding: int) -> int:
    return (side + 2 * padding - kernel) // stride + 1


def _rows(weight: Tensor) -> Tensor:
    """[K, C, k, k] as [K, k * k * C]."""
    return weight.permute(0, 2, 3, 1).reshape(len(weight), -1)


def _flat(maps: Tensor) -> Tensor:
    """[B, K, H, W] as [B * H * W, K]."""
    return maps.permute(0, 2, 3, 1).reshape(-1, maps.shape[1])


def _by_library(
    gradient: Tensor, pictures: Tensor, weight: Tensor, stride: int, padding: int, wanted: tuple[bool, bool]
) -> tuple[Tensor, Tensor]:
    one, none = [1, 1], [0, 0]
    found = torch.ops.aten.convolution_backward(
        gradient, pictures, weight, None, [stride] * 2, [padding] * 2, one, False, none, 1, [*wanted, False]
    )
    return found[0], found[1]
