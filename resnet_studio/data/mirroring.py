"""Classes that are mirror images of each other, by their names: left and right arrows, the letters b and d."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

WORDS = (
    ("left", "right"), ("links", "rechts"), ("gauche", "droite"), ("izquierda", "derecha"), ("izquierdo", "derecho"),
    ("esquerda", "direita"), ("esquerdo", "direito"), ("sinistra", "destra"), ("лев", "прав"),
    ("左", "右"), ("왼", "오른"), ("clockwise", "anticlockwise"), ("clockwise", "counterclockwise"),
    ("east", "west"), ("←", "→"), ("⇐", "⇒"), ("↖", "↗"), ("↙", "↘"), ("(", ")"), ("[", "]"), ("{", "}"),
    ("slash", "backslash"),
)  # fmt: skip
"""Parts of names; replacing one by the other makes the name of the mirror image."""
LETTERS = (("b", "d"), ("p", "q"))
"""Whole names, as they are written: capitals look otherwise."""
SIDES = (("l", "r"),)
"""One part of a name of several, as in ``hand_l`` and ``hand_r``; or all the classes there are."""
_AROUND = re.compile(r"[\W_]+|(?<=[a-z])(?=[A-Z])")


def mirrored_pairs(classes: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """The pairs among ``classes`` whose names say that each is the mirror image of the other, in their order.

    >>> mirrored_pairs(["left_hand", "right_hand", "foot"])
    (('left_hand', 'right_hand'),)
    """
    by_parts = {_parts(name): name for name in classes}
    found = [pair for pair in LETTERS if set(pair) <= set(classes)]
    for name in classes:
        for other in _mirrored(_parts(name), alone=len(classes) == 2):
            partner = by_parts.get(other)
            if (
                partner is not None
                and partner != name
                and (partner, name) not in found
                and (name, partner) not in found
            ):
                found.append((name, partner))
    return tuple(found)


def _parts(name: str) -> tuple[str, ...]:
    """``name`` in lower case, in parts; signs alone are one part."""
    normal = unicodedata.normalize("NFKC", name).strip()
    parts = tuple(part.lower() for part in _AROUND.split(normal) if part)
    return parts or (normal,)


def _mirrored(parts: tuple[str, ...], *, alone: bool) -> list[tuple[str, ...]]:
    """What a mirror may make of a name in ``parts``; ``alone`` where there are but two classes."""
    found = []
    for at, part in enumerate(parts):
        pairs = [(one, other, False) for one, other in WORDS]
        if len(parts) > 1 or alone:
            pairs += [(one, other, True) for one, other in SIDES]
        for one, other, whole in pairs:
            for old, new in ((one, other), (other, one)):
                if part == old or (not whole and old in part):
                    found.append((*parts[:at], part.replace(old, new), *parts[at + 1 :]))
    return found
