"""Fonts for plots: class names may be written in any script, and no character may silently become a box."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from resnet_studio.data.names import shown

LATIN = "DejaVu Sans"  # comes with matplotlib
CHINESE = (
    "Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Hiragino Sans GB", "Heiti SC", "Microsoft YaHei",
    "SimHei", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Droid Sans Fallback", "Noto Sans CJK JP",
    "Arial Unicode MS",
)  # fmt: skip
LONGEST = 30
"""Characters of a name in a plot."""


def families(texts: Iterable[str]) -> tuple[list[str], frozenset[str]]:
    """The installed families that show ``texts`` together, the first first, and the characters that none of them has.

    Where the usual ones do not suffice, every installed family is checked.
    """
    missing = {character for text in texts for character in text if not character.isspace()}
    chosen = [LATIN]
    missing -= _characters(LATIN)
    installed = installed_families()
    for family in [*(name for name in CHINESE if name in installed), *installed]:
        if not missing:
            break
        found = missing & _characters(family)
        if found:
            chosen.append(family)
            missing -= found
    return chosen, frozenset(missing)


def shown_names(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """``names`` as they can be drawn, and those that cannot: these stand as ``#`` and their place, from 1 on.

    The middle of a long name is left out, as it would leave no room for the plot; where two look the same then, their
    places follow. Signs that are not seen, or that turn the direction of writing, are escaped.
    """
    short = [shown(name, LONGEST) for name in names]
    _, missing = families(short)
    drawn = [
        f"#{place}" if set(cut) & missing else f"{cut} #{place}" if short.count(cut) > 1 and cut != name else cut
        for place, (name, cut) in enumerate(zip(names, short, strict=True), 1)
    ]
    return drawn, [name for name, cut in zip(names, short, strict=True) if set(cut) & missing]


@lru_cache(maxsize=1)
def installed_families() -> list[str]:
    """The font families that matplotlib finds on this machine."""
    from matplotlib.font_manager import fontManager

    return sorted({entry.name for entry in fontManager.ttflist})


@lru_cache(maxsize=512)
def _characters(family: str) -> frozenset[str]:
    """The characters that a family has in its upright face."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    try:
        font = get_font(findfont(FontProperties(family=[family]), fallback_to_default=False))
    except (OSError, RuntimeError, ValueError):
        return frozenset()
    return frozenset(map(chr, font.get_charmap()))
