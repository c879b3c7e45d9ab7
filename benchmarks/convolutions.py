"""A ResNet's convolutions, forward and backward under bf16 autocast: the library's kernels beside matrix products.

    python benchmarks/convolutions.py --depth 18 --size 64 --batch 256

Each distinct layer is timed alone, both ways in turn, in CPU seconds of one thread, which hardly change with what else
the machine does; the sums count how often it occurs.
"""

from __future__ import annotations

import argparse
import copy
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch
from torch import nn

from resnet_studio.model import resnet
from resnet_studio.training.convolution import fits, use_matrix_products
from resnet_studio.training.hardware import keep_freed_memory


def seconds(layer: nn.Module, pictures: torch.Tensor) -> float:
    begun = time.process_time()
    with torch.autocast("cpu", torch.bfloat16):
        layer(pictures).sum().backward()
    return time.process_time() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--depth", type=int, default=18)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    keep_freed_memory()
    torch.set_num_threads(1)
    model = resnet.build(given.depth, 10).to(memory_format=torch.channels_last)
    found: dict[tuple[object, ...], list[tuple[str, nn.Conv2d, torch.Size]]] = {}
    for name, layer in model.named_modules():
        if isinstance(layer, nn.Conv2d) and fits(layer):

            def seen(one: nn.Conv2d, inputs: tuple[torch.Tensor], _: torch.Tensor, name: str = name) -> None:
                shape = inputs[0].shape
                found.setdefault((shape, one.weight.shape, one.stride), []).append((name, one, shape))

            layer.register_forward_hook(seen)
    with torch.no_grad():
        model(torch.zeros(1, 3, given.size, given.size))
    sums = [0.0, 0.0]
    for alike in found.values():
        name, layer, shape = alike[0]
        layer._forward_hooks.clear()
        ways = [nn.Sequential(copy.deepcopy(layer)) for _ in range(2)]
        use_matrix_products(ways[1])
        pictures = torch.randn(given.batch, *shape[1:]).contiguous(memory_format=torch.channels_last).requires_grad_()
        times = [[seconds(way, pictures) for way in ways] for _ in range(given.rounds + 1)][1:]
        medians = [statistics.median(turn[way] for turn in times) for way in (0, 1)]
        sums = [total + len(alike) * median for total, median in zip(sums, medians, strict=True)]
        print(
            f"{name:24s} x {len(alike):2d}  library {medians[0] * 1e3:7.1f} ms  products {medians[1] * 1e3:7.1f} ms  "
            f"{medians[0] / medians[1]:.2f} x"
        )
    print(f"all: library {sums[0] * 1e3:.0f} ms, products {sums[1] * 1e3:.0f} ms, {sums[0] / sums[1]:.2f} x")


if __name__ == "__main__":
    main()
