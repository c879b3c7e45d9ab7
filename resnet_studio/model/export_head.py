"""Lines of exported code that build the head, and what it sees."""

from __future__ import annotations

from resnet_studio.model.card import Card
from resnet_studio.text import Language, say


def head_lines(card: Card, kind: str, language: Language) -> list[str]:
    """Lines that change the blocks and the head of the library's own network ``model`` into those of ``card``."""
    return _narrowed(card, language) + _joined(card, language) + _head(card, kind)


def _narrowed(card: Card, language: Language) -> list[str]:
    """Lines that leave the blocks the inner channels of the ``card``, see :mod:`resnet_studio.model.widths`."""
    if not card.widths:
        return []
    pairs = '(("conv1", "bn1", "conv2"), ("conv2", "bn2", "conv3"))' if card.network.bottleneck else ""
    inner = [f"    for before, norm, behind in {pairs}:"] if pairs else []
    space = "        " if pairs else "    "
    names = ("before", "norm", "behind") if pairs else ('"conv1"', '"bn1"', '"conv2"')
    return [
        "",
        "",
        "def convolution(like, inputs, outputs):",
        "    return torch.nn.Conv2d(inputs, outputs, like.kernel_size, like.stride, like.padding, bias=False)",
        "",
        "",
        f"widths = iter({list(card.widths)})  # {say('export.fewer_channels', language)}",
        "for block in [*model.layer1, *model.layer2, *model.layer3, *model.layer4]:",
        *inner,
        f"{space}width, first, second = next(widths), getattr(block, {names[0]}), getattr(block, {names[2]})",
        f"{space}setattr(block, {names[0]}, convolution(first, first.in_channels, width))",
        f"{space}setattr(block, {names[1]}, torch.nn.BatchNorm2d(width))",
        f"{space}setattr(block, {names[2]}, convolution(second, width, second.out_channels))",
    ]


def _joined(card: Card, language: Language) -> list[str]:
    """Lines that let the head see layer3 too, see :mod:`resnet_studio.model.joined`."""
    if card.features == "layer4":
        return []
    inputs, pooling = card.network.head_inputs(card.features), card.network.modules("layer4")[1]
    return [
        "",
        "",
        "class Joined(torch.nn.Sequential):",
        f'    """{say("export.joined", language)}"""',
        "",
        "    def forward(self, maps):",
        "        last = super().forward(maps)",
        "        means = maps.mean((2, 3), keepdim=True).expand(-1, -1, *last.shape[2:])",
        "        return torch.cat([last, means], 1)",
        "",
        "",
        "model.layer4 = Joined(*model.layer4)",
        f"model.{pooling} = torch.nn.Sequential(",
        f"    torch.nn.AdaptiveAvgPool2d(1), torch.nn.BatchNorm2d({inputs}, affine=False), torch.nn.Flatten(1)",
        ")",
        f"model.fc = torch.nn.Linear({inputs}, len(CLASSES))",
    ]


def _head(card: Card, kind: str) -> list[str]:
    if card.head == "hidden":
        return [
            "model.fc = torch.nn.Sequential(",
            f"    torch.nn.Linear({card.network.head_inputs(card.features)}, {card.hidden_units}),",
            "    torch.nn.ReLU(),",
            f"    torch.nn.Dropout({card.dropout}),",
            f"    torch.nn.Linear({card.hidden_units}, len(CLASSES)),",
            ")",
        ]
    if card.dropout > 0 and kind == "safetensors":
        return [f"model.fc = torch.nn.Sequential(torch.nn.Dropout({card.dropout}), model.fc)"]
    return []
