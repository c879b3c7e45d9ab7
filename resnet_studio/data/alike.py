"""An order of pictures in which those that look alike are beside each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Indices = NDArray[np.int64]

LEAF, ROUNDS = 512, 6


def order_of(rows: Floats) -> Indices:
    """The places of ``rows`` [N, F] so that neighbours are alike; equal rows give an equal order.

    They are halved along the direction in which they differ most (the first principal component, by power iteration),
    each half again, and so on; halves are turned the way that their whole was. In pieces of at most :data:`LEAF` rows,
    each is followed by the one that is most like it of those left. Time grows with N log N.
    """
    centred = rows - rows.mean(0) if len(rows) else rows
    length = np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-9)
    unit = (centred / length).astype(np.float32)
    found: list[Indices] = []
    left: list[tuple[Indices, Floats]] = [(np.arange(len(rows)), np.ones(rows.shape[1], np.float32))]
    while left:
        places, along = left.pop()
        if len(places) < 3:
            found.append(places)
            continue
        direction = _widest(unit[places] - unit[places].mean(0), along)
        places = places[np.argsort(unit[places] @ direction, kind="stable")]
        if len(places) <= LEAF:
            found.append(places[_chain(unit[places])])
            continue
        half = len(places) // 2
        left += [(places[half:], direction), (places[:half], direction)]
    return np.concatenate(found)


def _widest(centred: Floats, along: Floats) -> Floats:
    """The unit vector along which the rows spread most, as near as a few rounds come; not against ``along``."""
    direction = centred[np.argmax(np.einsum("nf,nf->n", centred, centred))]
    for _ in range(ROUNDS):
        direction = centred.T @ (centred @ direction)
        direction = direction / max(1e-12, float(np.linalg.norm(direction)))
    turned: Floats = -direction if float(direction @ along) < 0 else direction
    return turned


def _chain(unit: Floats) -> list[int]:
    """The rows from the first on, each followed by the one most like it of those left."""
    alike = unit @ unit.T
    order = [0]
    while len(order) < len(unit):
        alike[:, order[-1]] = -np.inf
        order.append(int(alike[order[-1]].argmax()))
    return order
