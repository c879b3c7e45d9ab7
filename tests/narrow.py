"""ResNet-18 with an eighth of its channels, for trainings where any network shows the same in a seventh of the time.

``pytestmark = pytest.mark.usefixtures("narrow")`` has all of a file build it wherever ResNet-18 is asked for, with a
built-in starter to match. It is no use where other processes read what was trained, where costs, sizes and shapes of
the published networks are compared, and where something has to be learned well.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

SHARE = 8


def resnet18(num_classes: int = 1000, zero_init_residual: bool = False) -> Any:
    """As torchvision's function of that name."""
    from torch import nn
    from torchvision.models.resnet import BasicBlock, ResNet

    class Narrow(ResNet):
        def __init__(self) -> None:
            nn.Module.__init__(self)
            self._norm_layer, self.groups, self.base_width, self.dilation = nn.BatchNorm2d, 1, 64, 1
            self.inplanes = 64 // SHARE
            self.conv1 = nn.Conv2d(3, self.inplanes, kernel_size=7, stride=2, padding=3, bias=False)
            self.bn1 = nn.BatchNorm2d(self.inplanes)
            self.relu = nn.ReLU(inplace=True)
            self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
            for stage in range(4):
                layer = self._make_layer(BasicBlock, 64 // SHARE << stage, 2, stride=2 if stage else 1)
                setattr(self, f"layer{stage + 1}", layer)
            self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
            self.fc = nn.Linear(512 // SHARE, num_classes)

    model = Narrow()
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        if isinstance(module, BasicBlock) and zero_init_residual:
            nn.init.constant_(module.bn2.weight, 0)
    return model


def write_starter(folder: Path) -> Path:
    """The built-in starter's first channels, as its file in ``folder``."""
    from safetensors.torch import load_file, save_file

    from resnet_studio.assets import asset

    def part(value: Any) -> Any:
        for dimension in range(min(value.dim(), 2)):
            if value.shape[dimension] % 64 == 0:
                value = value.narrow(dimension, 0, value.shape[dimension] // SHARE)
        return value.contiguous()

    state = load_file(asset("starter", "resnet18.safetensors"))
    save_file({name: part(value) for name, value in state.items()}, folder / "resnet18.safetensors")
    return folder


@contextmanager
def networks(starters: Path) -> Iterator[None]:
    """Within, ResNet-18 is the narrow one; ``starters`` is a folder with what :func:`write_starter` wrote.

    The searches that look at pictures with the starter network itself do so as where there is none.
    """
    from resnet_studio.errors import StudioError

    def no_starter() -> Any:
        raise StudioError("error.weights.missing_file", file="starter")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("torchvision.models.resnet18", resnet18)
        patch.setattr("resnet_studio.model.weights.asset", lambda *parts: starters.joinpath(*parts[1:]))
        patch.setattr("resnet_studio.model.starter_features.starter_file", lambda: None)
        patch.setattr("resnet_studio.training.mirrored.load_body", no_starter)
        yield
