"""The network as a drawing: six stages whose length hints at depth and whose height hints at width.

A seam stands between two residual blocks, or convolutions of the stem; lanes are grouped convolutions, dots on the
blocks their squeeze-and-excitation.

Frozen stages are cool and carry a lock, trained ones are warm; a labelled bar over each part says it in words.
``data-stage`` lets the page react to a click on a stage.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from resnet_studio.config import Features, Freeze, Head, Stem, Tuned
from resnet_studio.model.anatomy import frozen_stages, parameters
from resnet_studio.model.architecture import STAGES, Architecture, Network, Stage, get, of
from resnet_studio.text import Language, joined, say
from resnet_studio.ui.page.templates import render

if TYPE_CHECKING:
    from resnet_studio.service.forecast import CostForecast

WIDTH, HEIGHT, FLOOR = 400, 146, 112


@dataclass(frozen=True)
class Drawn:
    """One stage on the paper: its left edge, its size, its residual blocks, its parameters and those that learn.

    ``frozen`` is None where that is open; all parameters count as trained then. ``lanes`` and ``dots`` are drawn where
    its convolutions have groups, and where its blocks have squeeze-and-excitation.
    """

    stage: Stage
    x: float
    width: float
    height: float
    blocks: int
    parameters: int
    trained: int
    frozen: bool | None
    lanes: bool
    dots: bool

    @property
    def look(self) -> str:
        """The CSS class, which is also the last part of the text's key."""
        return "open" if self.frozen is None else "frozen" if self.frozen else "trained"

    @property
    def top(self) -> float:
        """The upper edge."""
        return FLOOR - self.height

    @property
    def middle(self) -> float:
        """The horizontal centre."""
        return self.x + self.width / 2

    @property
    def seams(self) -> list[float]:
        """Where the residual blocks meet, from left to right."""
        return [self.x + self.width * index / self.blocks for index in range(1, self.blocks)]

    @property
    def rows(self) -> list[float]:
        """Where the lanes of grouped convolutions meet, from the top down; none without groups."""
        return [self.top + self.height * part / 4 for part in (1, 2, 3)] if self.lanes else []

    @property
    def squeezes(self) -> list[float]:
        """The middles of the residual blocks that have squeeze-and-excitation, from left to right."""
        return [self.x + self.width * (index + 0.5) / self.blocks for index in range(self.blocks)] if self.dots else []

    @property
    def radius(self) -> float:
        """That of the dots: small enough that they do not touch."""
        return min(2.4, self.width / self.blocks / 2.6)

    def name(self, language: Language) -> str:
        """What it is called: layer1 to layer4 as in torchvision, stem and head in words."""
        return say(f"network.{self.stage}", language) if self.stage in ("stem", "head") else self.stage


class Bar(NamedTuple):
    """The labelled bar over neighbouring stages that are alike."""

    look: str
    left: float
    right: float
    middle: float
    text: str


def drawing(
    network: Network,
    freeze: Freeze,
    tuned: Tuned = "all",
    *,
    classes: int = 0,
    head: Head = "linear",
    hidden_units: int = 1024,
    stem: Stem = "standard",
    features: Features = "layer4",
    language: Language = "en",
) -> str:
    """The figure: drawing and, below it, the totals in words.

    ``classes`` 0 says that they are not known yet; with ``freeze`` auto no stage is said to be frozen or trained.
    """
    architecture = get(network)
    shape = {"head": head, "hidden_units": hidden_units, "stem": stem, "features": features}
    count: Any = partial(parameters, architecture, classes=max(classes, 1), **shape)  # type: ignore[arg-type]
    counts = count()
    trained = counts if freeze == "auto" else count(freeze=freeze, tuned=tuned)
    stages = _laid_out(architecture, freeze, counts, trained, stem)
    return render(
        "drawn/network.html",
        language,
        title=architecture.title,
        classes=classes,
        description=_described(stages, language),
        bars=_bars(stages, language),
        stages=stages,
        summary=summary(
            architecture, counts, None if freeze == "auto" else trained, stem=stem, features=features, language=language
        ),
        joined=features == "layer3+layer4",
        amount=amount,
        width=WIDTH,
        height=HEIGHT,
        floor=FLOOR,
    )


def summary(
    network: Architecture,
    counts: dict[Stage, int],
    trained: dict[Stage, int] | None,
    *,
    stem: Stem,
    features: Features = "layer4",
    language: Language = "en",
) -> str:
    """Total and trained parameters as a sentence, and what is not as in a plain ResNet; ``trained`` None if open."""
    total = sum(counts.values())
    if trained is None:
        said = say("network.total.open", language, total=amount(total, language))
    else:
        learning = sum(trained.values())
        share = _share(learning / total)
        said = say(
            "network.total", language, total=amount(total, language), trained=amount(learning, language), share=share
        )
    return joined([said, *_peculiar(network, stem, features, language)], language)


def _peculiar(network: Architecture, stem: Stem, features: Features, language: Language) -> list[str]:
    """What ``network`` has that a plain ResNet has not, a sentence each."""
    found = {
        "network.groups": network.groups > 1,
        "network.wide": network.groups == 1 and network.group_width > 64,
        "network.squeezes": network.squeezes,
        "network.deep_stem": network.deep_stem and stem != "small",
        "network.small_stem": stem == "small",
        "network.joined": features == "layer3+layer4",
    }
    return [say(key, language, groups=network.groups) for key, there in found.items() if there]


def amount(count: int, language: Language = "en") -> str:
    """A number of parameters, short: ``513``, ``148 k``, ``23.5 M``; in Chinese by ten thousands."""
    if language == "zh":
        return f"{count:,}" if count < 10_000 else f"{_three(count / 10_000)} 万"
    if count < 1_000:
        return str(count)
    return f"{_three(count / 1_000)} k" if count < 999_500 else f"{_three(count / 1_000_000)} M"


def _three(value: float) -> str:
    return f"{value:.1f}" if value < 99.95 else f"{value:,.0f}"


def _share(value: float) -> str:
    return f"{100 * value:.0f}%" if value >= 0.01 else f"{100 * value:.1g}%"


def _laid_out(
    network: Architecture, freeze: Freeze, counts: dict[Stage, int], trained: dict[Stage, int], stem: Stem
) -> list[Drawn]:
    """The stages from left to right, centred on the paper; all stand on the same floor."""
    frozen = () if freeze == "auto" else frozen_stages(freeze)
    inside = network.blocks
    counted = (3 if network.deep_stem and stem != "small" else 1, *inside, 1)
    widths = [24.0, *(22 + 11.5 * math.sqrt(count) for count in inside), 24.0]
    more = (12 if network.bottleneck else 0) + (8 if network.group_width * network.groups > 64 else 0)
    heights = [34.0, 34.0 + more, 44.0 + more, 54.0 + more, 64.0 + more, 26.0]
    gap = min(24.0, (WIDTH - 8 - sum(widths)) / 5)
    x, stages = (WIDTH - sum(widths) - 5 * gap) / 2, []
    for index, stage in enumerate(STAGES):
        state = None if freeze == "auto" and stage != "head" else stage in frozen
        amounts = counts[stage], trained[stage]
        residual = stage not in ("stem", "head")
        signs = residual and network.groups > 1, residual and network.squeezes
        stages.append(Drawn(stage, x, widths[index], heights[index], counted[index], *amounts, state, *signs))
        x += widths[index] + gap
    return stages


def _bars(stages: list[Drawn], language: Language) -> list[Bar]:
    """A bar over the frozen part and one over the trained part; a single trained stage has its name further left."""
    bars = []
    for frozen in (True, False, None):
        part = [one for one in stages if one.frozen is frozen]
        if not part:
            continue
        left, right, look = part[0].x, part[-1].x + part[-1].width, part[0].look
        middle = (left + right) / 2
        if len(part) == 1 and frozen is False:
            middle = min(middle, WIDTH - 22)
        bars.append(Bar(look, left, right, middle, say(f"network.{look}", language)))
    return bars


def _described(stages: list[Drawn], language: Language) -> str:
    """The drawing in words, stage by stage."""
    described = [
        say(
            "network.stage.part" if 0 < one.trained < one.parameters else "network.stage", language,
            stage=one.name(language), count=one.parameters, trained=one.trained,
            state=say(f"network.{one.look}", language),
        )
        for one in stages
    ]  # fmt: skip
    return ("；" if language == "zh" else "; ").join(described)


def planned(forecast: CostForecast, language: Language) -> str:
    """The network that a training with this forecast would train."""
    shown = forecast.resolved or forecast.config
    return drawing(
        of(shown),
        forecast.frozen_to_the_end,
        shown.tuned_parameters,
        classes=len(forecast.dataset.classes) if forecast.dataset else 0,
        head=shown.head,
        hidden_units=shown.hidden_units,
        features=shown.features,
        stem="small" if shown.stem == "small" else "standard",
        language=language,
    )
