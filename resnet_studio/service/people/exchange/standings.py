"""The board of the exchange: which models were fooled how often, and who fooled how many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from resnet_studio.service.people.exchange import STICKERS
from resnet_studio.service.people.exchange.attacks import StoredAttacks
from resnet_studio.service.people.exchange.entries import Entry


@dataclass(frozen=True)
class Standing:
    """A model: how many ``attacks`` on it counted, how many wait to be judged, and its stickers with their numbers."""

    entry: Entry
    attacks: int
    waiting: int
    stickers: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Attacker:
    """Somebody (``person:ID``) with ``points``, one for each attack that counted, and attacks that wait."""

    who: str
    points: int
    waiting: int


def models(found: Sequence[tuple[Entry, StoredAttacks]]) -> list[Standing]:
    """The models in their order."""
    rows = []
    for entry, now in found:
        put = Counter(name for names in now.stickers.values() for name in names)
        stickers = tuple((name, put[name]) for name in STICKERS)
        rows.append(Standing(entry, now.count("counted"), now.count("waiting"), stickers))
    return rows


def attackers(found: Sequence[tuple[Entry, StoredAttacks]]) -> list[Attacker]:
    """Everybody who attacked, the most points first; of equals in the order of names that nobody chose: by id."""
    points, waiting = Counter[str](), Counter[str]()
    for _, now in found:
        for each in now.attacks:
            points[each.who] += each.status == "counted"
            waiting[each.who] += each.status == "waiting"
    rows = [Attacker(who, points[who], waiting[who]) for who in points]
    return sorted(rows, key=lambda row: (-row.points, row.who))
