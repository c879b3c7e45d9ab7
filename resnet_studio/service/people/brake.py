"""A brake on guesses: after a few wrong ones, each further one has to wait longer; kept in the file of the people.

An attempt is counted before it is looked at, so that a hundred at once are a hundred. A name waits up to a quarter of
an hour, so that four pictures of twelve (20,736 codes) stand for months of guesses; an address gets many more attempts,
since a class sits behind one.

Attempts at a name are counted for each address, and more patiently for all addresses together, so that whoever guesses
does not lock out its owner elsewhere. A device that its owner has signed in with before has an allowance of its own and
waits for nobody else's guesses, those from its own address and from everywhere included.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

FORGET_SECONDS = 3600.0
MOST_PLACES = 10_000


@dataclass(frozen=True)
class Limit:
    """``free`` attempts, then ``first`` seconds of waiting, twice as long each time, at ``most`` so many."""

    free: int
    first: float
    most: float

    def wait(self, count: int) -> float:
        """Seconds to wait after ``count`` attempts."""
        over = count - self.free
        return 0.0 if over < 0 else min(self.most, self.first * 2.0 ** min(over, 30))


NAME = Limit(free=5, first=5.0, most=900.0)
NAME_EVERYWHERE = Limit(free=30, first=5.0, most=900.0)
ADDRESS = Limit(free=60, first=2.0, most=300.0)


class Brake:
    """Counts attempts by place: a name, or an address."""

    def __init__(self, database: sqlite3.Connection, clock: Callable[[], float] = time.time) -> None:
        self._database, self._clock = database, clock

    def attempt(self, places: Sequence[tuple[str, Limit]]) -> float:
        """Count an attempt at each of ``places``; seconds to wait where one is braked, and then nothing is counted.

        To be called inside of a transaction that writes.
        """
        now = self._clock()
        known = {place: self._known(place, now) for place, _ in places}
        wait = max((until - now for _, until in known.values()), default=0.0)
        if wait > 0:
            return wait
        for place, limit in places:
            count = known[place][0] + 1
            row = (place, count, now, now + limit.wait(count))
            self._database.execute("INSERT OR REPLACE INTO guesses VALUES (?, ?, ?, ?)", row)
        self._forget(now)
        return 0.0

    def release(self, places: Sequence[tuple[str, Limit]]) -> None:
        """The last attempt was right: forget those at the first of ``places``, and this one at the others."""
        for at, (place, _) in enumerate(places):
            if at:
                taken = "UPDATE guesses SET count = max(0, count - 1), until = 0 WHERE place = ?"
                self._database.execute(taken, (place,))
            else:
                self._database.execute("DELETE FROM guesses WHERE place = ?", (place,))

    def forget(self, name: str) -> None:
        """Forget all attempts at ``name``, from wherever."""
        self._database.execute(
            "DELETE FROM guesses WHERE place = ? OR substr(place, 1, ?) = ?", (name, len(name) + 1, f"{name}\n")
        )

    def _known(self, place: str, now: float) -> tuple[int, float]:
        row = self._database.execute("SELECT count, last, until FROM guesses WHERE place = ?", (place,)).fetchone()
        if row is None or (now > row[2] and now - row[1] > FORGET_SECONDS):
            return 0, 0.0
        return int(row[0]), float(row[2])

    def _forget(self, now: float) -> None:
        self._database.execute("DELETE FROM guesses WHERE last < ? AND until < ?", (now - FORGET_SECONDS, now))
        self._database.execute(
            "DELETE FROM guesses WHERE place IN (SELECT place FROM guesses ORDER BY last DESC LIMIT -1 OFFSET ?)",
            (MOST_PLACES,),
        )


def at_name(name: str, address: str, device: str = "") -> tuple[tuple[str, Limit], ...]:
    """The places of an attempt at ``name``; ``device`` is what is kept of one that has signed in so before."""
    if device:
        return ((f"{name}\ndevice:{device}", NAME),)
    from_there = at_address(address)
    return ((f"{name}\n{from_there}", NAME), (name, NAME_EVERYWHERE), (from_there, ADDRESS))


def at_address(address: str) -> str:
    """The place of an ``address``: a network of one subscriber, for IPv6."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return f"address:{address[:100]}"
    if isinstance(found, IPv6Address) and not found.ipv4_mapped:
        return f"address:{found.exploded[:19]}"
    return f"address:{getattr(found, 'ipv4_mapped', None) or found}"
