"""The network as a drawing: six stages whose length hints at depth and whose height hints at width.

Frozen stages are cool and carry a lock, trained ones are warm; a labelled bar over each part says it in words.
``data-stage`` lets the page react to a click on a stage.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING

from resnet_studio.config import Depth, Freeze, Head, Stem, Tuned
from resnet_studio.model.anatomy import STAGES, Stage, blocks, frozen_stages, parameters
from resnet_studio.text import Language, say
from resnet_studio.ui.drawn.axes import place

if TYPE_CHECKING:
    from resnet_studio.service.outlook import Outlook

WIDTH, HEIGHT, FLOOR = 400, 146, 112
LOCK = "M-3.4 -.6h6.8v5h-6.8zM-2.2 -.6v-1.6a2.2 2.2 0 0 1 4.4 0v1.6"


@dataclass(frozen=True)
class Drawn:
    """One stage on the paper: its left edge, its size, its residual blocks, its parameters and those that learn.

    ``frozen`` is None where that is open; all parameters count as trained then.
    """

    stage: Stage
    x: float
    width: float
    height: float
    blocks: int
    parameters: int
    trained: int
    frozen: bool | None


def drawing(
    depth: Depth,
    freeze: Freeze,
    tuned: Tuned = "all",
    *,
    classes: int = 0,
    head: Head = "linear",
    hidden_units: int = 1024,
    stem: Stem = "standard",
    language: Language = "en",
) -> str:
    """The figure: drawing and, below it, the totals in words.

    ``classes`` 0 says that they are not known yet; with ``freeze`` auto no stage is said to be frozen or trained.
    """
    count = partial(parameters, depth, classes=max(classes, 1), head=head, hidden_units=hidden_units, stem=stem)
    counts = count()
    trained = counts if freeze == "auto" else count(freeze=freeze, tuned=tuned)
    stages = _laid_out(depth, freeze, counts, trained)
    words = summary(depth, counts, None if freeze == "auto" else trained, stem=stem, language=language)
    name = say("network.title", language, depth=depth)
    return (
        f'<figure class="rs-network"><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(name)}">'
        f"<title>{escape(name)}</title><desc>{escape(_described(stages, language))}</desc>"
        f"{_bars(stages, language)}{_links(stages)}{''.join(_block(one, language, classes) for one in stages)}</svg>"
        f"<figcaption>{words}</figcaption></figure>"
    )


def summary(
    depth: Depth, counts: dict[Stage, int], trained: dict[Stage, int] | None, *, stem: Stem, language: Language = "en"
) -> str:
    """Total and trained parameters as a sentence, and the small stem where there is one; ``trained`` None if open."""
    total = sum(counts.values())
    if trained is None:
        said = say("network.total.open", language, depth=depth, total=amount(total, language))
    else:
        learning = sum(trained.values())
        share = _share(learning / total)
        said = say(
            "network.total", language, total=amount(total, language), trained=amount(learning, language), share=share
        )
    if stem == "small":
        said = f"{said} {say('network.small_stem', language)}"
    return escape(said)


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


def _laid_out(depth: Depth, freeze: Freeze, counts: dict[Stage, int], trained: dict[Stage, int]) -> list[Drawn]:
    """The stages from left to right, centred on the paper; all stand on the same floor."""
    frozen = () if freeze == "auto" else frozen_stages(freeze)
    inside = blocks(depth)
    counted = (1, *inside, 1)
    widths = [24.0, *(22 + 11.5 * math.sqrt(count) for count in inside), 24.0]
    deep = 12 if depth >= 50 else 0
    heights = [34.0, 34.0 + deep, 44.0 + deep, 54.0 + deep, 64.0 + deep, 26.0]
    gap = min(24.0, (WIDTH - 8 - sum(widths)) / 5)
    x, stages = (WIDTH - sum(widths) - 5 * gap) / 2, []
    for index, stage in enumerate(STAGES):
        state = None if freeze == "auto" and stage != "head" else stage in frozen
        amounts = counts[stage], trained[stage]
        stages.append(Drawn(stage, x, widths[index], heights[index], counted[index], *amounts, state))
        x += widths[index] + gap
    return stages


def _bars(stages: list[Drawn], language: Language) -> str:
    """A bar over the frozen part and one over the trained part, each with its name."""
    parts = []
    for frozen in (True, False, None):
        part = [one for one in stages if one.frozen is frozen]
        if not part:
            continue
        left, right = part[0].x, part[-1].x + part[-1].width
        look = _look(frozen)
        text = say(f"network.{look}", language) if len(part) > 1 or frozen is not False else ""
        middle = (left + right) / 2
        parts.append(f'<path class="bar {look}" d="M{place(left)} 20H{place(right)}"/>')
        if not text:
            text = say("network.trained", language)
            middle = min(middle, WIDTH - 22)
        lock = f'<path class="lock" d="{LOCK}" transform="translate({place(middle - 32)} 9)"/>' if frozen else ""
        parts.append(f'{lock}<text class="part {look}" x="{place(middle)}" y="13" text-anchor="middle">{text}</text>')
    return "".join(parts)


def _links(stages: list[Drawn]) -> str:
    middle = FLOOR - 13
    return "".join(
        f'<path class="link" d="M{place(one.x + one.width)} {middle}H{place(other.x)}"/>'
        for one, other in pairwise(stages)
    )


def _block(one: Drawn, language: Language, classes: int) -> str:
    """One stage: a block with a seam between its residual blocks, its name and its parameters underneath."""
    top, middle = FLOOR - one.height, one.x + one.width / 2
    seams = "".join(
        f"M{place(one.x + one.width * index / one.blocks)} {place(top + 5)}V{FLOOR - 5}"
        for index in range(1, one.blocks)
    )
    known = one.stage != "head" or classes
    count = amount(one.parameters, language) if known else "–"
    at = f'x="{place(middle)}" text-anchor="middle"'
    return (
        f'<g class="stage {_look(one.frozen)}" data-stage="{one.stage}">'
        f'<rect x="{place(one.x)}" y="{place(top)}" width="{place(one.width)}" height="{place(one.height)}" rx="5"/>'
        f'<path class="seam" d="{seams}"/>'
        f'<text class="name" {at} y="{FLOOR + 15}">{_name(one.stage, language)}</text>'
        f'<text class="count" {at} y="{FLOOR + 29}">{count}</text></g>'
    )


def _look(frozen: bool | None) -> str:
    return "open" if frozen is None else "frozen" if frozen else "trained"


def _name(stage: Stage, language: Language) -> str:
    return say(f"network.{stage}", language) if stage in ("stem", "head") else stage


def _described(stages: list[Drawn], language: Language) -> str:
    """The drawing in words, stage by stage."""
    told = [
        say(
            "network.stage.part" if 0 < one.trained < one.parameters else "network.stage", language,
            stage=_name(one.stage, language), count=one.parameters, trained=one.trained,
            state=say(f"network.{_look(one.frozen)}", language),
        )
        for one in stages
    ]  # fmt: skip
    return ("；" if language == "zh" else "; ").join(told)


def planned(look: Outlook, language: Language) -> str:
    """The network that a training with this outlook would train."""
    shown = look.settled or look.config
    return drawing(
        shown.depth,
        look.frozen_to_the_end,
        shown.tuned_parameters,
        classes=len(look.dataset.classes) if look.dataset else 0,
        head=shown.head,
        hidden_units=shown.hidden_units,
        stem="small" if shown.stem == "small" else "standard",
        language=language,
    )
