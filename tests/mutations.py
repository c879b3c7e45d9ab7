"""Inputs that are a little wrong: bytes flipped, cut and repeated, values of JSON replaced by odd ones. Counted."""

from __future__ import annotations

import copy
import json
import os
import random
from collections.abc import Callable, Iterator
from typing import Any

TIMES = int(os.environ.get("STUDIO_MUTATIONS", "1"))
"""How many times as many as in ``make test``; ``make night`` sets it."""
ODD: tuple[Any, ...] = (
    None, True, 0, -1, 1, 2**63, 1e308, -0.5, "", "x", "\ud800", "a" * 300, "../../etc/passwd", "\0", "/", [], {},
    [None], {"": None}, [[[[]]]], "1", "nan",
)  # fmt: skip
COUNTS: dict[str, int] = {
    "headers of pictures": 5_000, "cards of models": 2_000, "logs of runs": 2_500, "settings of runs": 2_500,
    "splits of runs": 1_500, "data sets": 2_000, "zips": 300, "tables": 2_000, "manifests of backups": 2_000,
    "bin and boards": 1_500, "values of handlers": 3_000,
}  # fmt: skip
"""So many of each kind in ``make test``, beside those of tests that are about one kind alone."""


def seeds(kind: str) -> Iterator[random.Random]:
    """One source of randomness for each input of the ``kind``; another one each night."""
    begin = 0 if TIMES == 1 else int.from_bytes(os.urandom(6), "big")
    for number in range(COUNTS[kind] * TIMES):
        yield random.Random(begin + number)


def of_bytes(rng: random.Random, whole: bytes) -> bytes:
    """``whole`` with a few bytes changed, and sometimes cut, or with a stretch twice."""
    content = bytearray(whole)
    for _ in range(rng.choice((1, 1, 2, 6))):
        content[rng.randrange(len(content))] = rng.choice((0, 0x22, 0x7B, 0x7F, 0xFF, rng.randrange(256)))
    act = rng.randrange(6)
    at, to = sorted((rng.randrange(len(content)), rng.randrange(len(content))))
    if act == 0:
        del content[at:]
    elif act == 1:
        content[to:to] = content[at:to]
    return bytes(content)


def of_json(rng: random.Random, whole: Any) -> Any:
    """``whole``, plain JSON, with one to three of its values replaced, left out or doubled."""
    changed = json.loads(json.dumps(whole))
    for _ in range(rng.choice((1, 1, 2, 3))):
        inside, key = rng.choice(list(_places(changed)) or [(None, None)])
        if inside is None:
            return copy.deepcopy(rng.choice(ODD))
        if rng.random() < 0.2:
            del inside[key]
        else:
            inside[key] = copy.deepcopy(rng.choice(ODD))  # a shared list would come to hold itself
    return changed


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inside in pairs:
        yield value, key
        yield from _places(inside)


def text_of(rng: random.Random, whole: bytes) -> bytes:
    """The JSON in ``whole`` mutated, as values or as bytes."""
    if rng.random() < 0.7:
        return json.dumps(of_json(rng, json.loads(whole))).encode()
    return of_bytes(rng, whole)


def complaints(
    kind: str, tried: Callable[[random.Random], object], expected: tuple[type[BaseException], ...]
) -> list[str]:
    """What ``tried`` raises for inputs of the ``kind`` that is not ``expected``, each only once."""
    found: dict[str, str] = {}
    count = 0
    for number, rng in enumerate(seeds(kind)):
        count += 1
        try:
            tried(rng)
        except expected as error:
            sentence = getattr(error, "sentence", None)
            if sentence is not None and not sentence("zh"):
                found["no sentence"] = f"{number}: {error!r}"
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            place = error.__traceback__
            while place is not None and place.tb_next is not None:
                place = place.tb_next
            where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else ""
            found.setdefault(where, f"{number}: {error!r} at {where}")
    assert count == COUNTS[kind] * TIMES
    return list(found.values())
