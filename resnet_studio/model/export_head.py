"""Lines of exported code that build the head, and what it sees."""

from __future__ import annotations

from resnet_studio.model.card import Card
from resnet_studio.text import Language, say


def head_lines(card: Card, kind: str, language: Language) -> list[str]:
    """Lines that change the head of the library's own network ``model`` into that of ``card``."""
    return _joined(card, language) + _head(card, kind)


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
