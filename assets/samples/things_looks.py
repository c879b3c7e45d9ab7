"""Colours, patterns, materials, backdrops and light for render_things.py (numpy only)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Rng = np.random.Generator
Paint = Callable[[Array], Array]  # (n, 3) points of one part -> (n, 3) linear RGB

# One palette for every class, every clutter object and every second colour.
PALETTE = [
    *("e9e6df", "d8c7a3", "b3382c", "b9603a", "d98a2b", "d9b23c", "8fa67a", "35663f"),
    *("2f7f7d", "7fb0cf", "2c3f72", "6b4678", "d99aa5", "8b8c8c", "2b2a2c", "6f4a30"),
]
MATERIALS = ["ceramic"] * 8 + ["plastic"] * 5 + ["wood"] * 5 + ["metal"] * 6 + ["glass"] * 3 + ["matte"] * 3


def hex_rgb(code: str) -> Array:
    """A sRGB hex code as linear RGB."""
    return to_linear(np.array([int(code[i : i + 2], 16) for i in (0, 2, 4)]) / 255)


def to_linear(srgb: Array) -> Array:
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def to_srgb(linear: Array) -> Array:
    x = np.clip(linear, 0, None)
    return np.where(x <= 0.0031308, x * 12.92, 1.055 * x ** (1 / 2.4) - 0.055)


def some_colour(rng: Rng, keep: float = 1.0) -> Array:
    """A palette colour, a little off; keep < 1 greys it."""
    return muted(jitter(hex_rgb(PALETTE[rng.integers(len(PALETTE))]), rng), keep)


def jitter(rgb: Array, rng: Rng, amount: float = 0.12) -> Array:
    rgb = muted(rgb, rng.uniform(0.7, 1.0))
    return np.clip(rgb * np.exp(rng.normal(0, amount, 3) * 0.5 + rng.normal(0, amount)), 0.015, 0.85)


def muted(rgb: Array, keep: float) -> Array:
    """Closer to grey: keep = 1 leaves the colour alone."""
    out: Array = rgb * keep + rgb.mean() * (1 - keep)
    return out


class Noise:
    """Smooth 3-D value noise, about 0..1."""

    def __init__(self, rng: Rng) -> None:
        self.grid = rng.random((32, 32, 32))

    def once(self, p: Array) -> Array:
        base = np.floor(p).astype(int)
        f = p - base
        f = f * f * (3 - 2 * f)
        total = np.zeros(len(p))
        for corner in range(8):
            bit = np.array([corner & 1, corner >> 1 & 1, corner >> 2 & 1])
            i = (base + bit) % 32
            weight = np.where(bit, f, 1 - f).prod(axis=1)
            total += weight * self.grid[i[:, 0], i[:, 1], i[:, 2]]
        return total

    def __call__(self, p: Array, octaves: int = 4) -> Array:
        total, size = np.zeros(len(p)), 0.0
        for k in range(octaves):
            total += self.once(p * 2.0**k + 7.3 * k) / 2**k
            size += 1 / 2**k
        return total / size


def blend(a: Array, b: Array, t: Array) -> Array:
    """Per-point mix of two colours."""
    return a * (1 - t[:, None]) + b * t[:, None]


def edge(x: Array, width: float) -> Array:
    """A soft step at 0."""
    return np.clip(x / width + 0.5, 0, 1)


# ---------------------------------------------------------------- patterns on the things


def plain(a: Array, rng: Rng, spread: float = 0.08) -> Paint:
    noise = Noise(rng)
    return lambda p: a * (1 + spread * (noise(p * 6) - 0.5) * 2)[:, None]


def wood(a: Array, rng: Rng) -> Paint:
    """Solid wood: rings around a far axis that runs along the longest side of each part."""
    noise, rings, off = Noise(rng), rng.uniform(10, 26), rng.uniform(0.1, 0.5, 2)
    dark = a * rng.uniform(0.4, 0.62)

    def paint(p: Array) -> Array:
        axis = int(np.argmax(np.ptp(p, axis=0)))
        q = np.roll(p, 2 - axis, axis=1)
        warp = noise(q * np.array([5, 5, 1.2]), 3)
        radius = np.hypot(q[:, 0] + off[0], q[:, 1] + off[1]) + 0.10 * warp
        ring = (radius * rings) % 1
        fibre = noise(q * np.array([90, 90, 4]), 2)
        return blend(a, dark, np.clip(ring**2 * 0.75 + (fibre - 0.5) * 0.55, 0, 1))

    return paint


def pattern(a: Array, b: Array, rng: Rng) -> Paint:
    """A decoration in two colours: plain half of the time."""
    noise = Noise(rng)
    kind = rng.choice(
        ["plain", "dip", "bands", "pinstripes", "dots", "speckle", "glaze", "checks"],
        p=[0.42, 0.12, 0.1, 0.06, 0.08, 0.1, 0.08, 0.04],
    )
    base = plain(a, rng)
    level, turn = rng.uniform(0.3, 0.7), rng.uniform(0, 6.3)
    count = int(rng.integers(3, 8))
    if kind == "dip":
        return lambda p: blend(base(p), b, edge(level + 0.08 * (noise(p * 4) - 0.5) - p[:, 2], 0.012))
    if kind == "bands":
        marks = rng.uniform(0.1, 0.9, rng.integers(2, 5))
        wide = rng.uniform(0.012, 0.04)
        return lambda p: blend(base(p), b, np.max([edge(wide - np.abs(p[:, 2] - m), 0.01) for m in marks], axis=0))
    if kind == "pinstripes":
        n = count * 3
        return lambda p: blend(base(p), b, edge(np.sin(np.arctan2(p[:, 1], p[:, 0]) * n + turn), 0.3))
    if kind in ("dots", "checks"):
        step = rng.uniform(0.1, 0.2)
        if kind == "checks":
            return lambda p: blend(base(p), b, edge(np.sin(p / step * np.pi + 0.4).prod(axis=1), 0.15) * 0.9)

        def dots(p: Array) -> Array:
            q = p / step + 0.25
            d = np.linalg.norm(q - np.round(q), axis=1)
            return blend(base(p), b, edge(0.3 - d, 0.1))

        return dots
    if kind == "speckle":
        share = rng.uniform(0.3, 0.36)
        return lambda p: blend(base(p), b, edge(share - noise(p * 34, 1), 0.06) * 0.8)
    if kind == "glaze":
        return lambda p: blend(a, b, np.clip((noise(p * 3.5) - 0.38) * 4, 0, 1) * 0.8)
    return base


def label(ground: Array, ink: Array, rng: Rng) -> Paint:
    """A paper label: lines of grey words and an emblem, in cylinder coordinates."""
    rows = rng.uniform(0.2, 1, (64, 64)) > 0.45
    accent, emblem = some_colour(rng), rng.uniform(0.06, 0.16)

    def paint(p: Array) -> Array:
        angle = np.arctan2(p[:, 1], p[:, 0])
        z = (p[:, 2] - p[:, 2].min()) / max(np.ptp(p[:, 2]), 1e-6)
        word = rows[(z * 11).astype(int) % 64, (np.abs(angle) * 9).astype(int) % 64]
        line = ((z * 11) % 1 < 0.45) & (np.abs(angle) < 1.0) & (z < 0.5) & (z > 0.08) & word
        round_mark = (angle / 4) ** 2 + (z - 0.7) ** 2 * 0.5 < emblem**2
        border = (z < 0.04) | (z > 0.96)
        out = np.where(line[:, None], ink, np.broadcast_to(ground, p.shape))
        return np.where((round_mark | border)[:, None], accent, out)

    return paint


# ---------------------------------------------------------------- materials


@dataclass
class Coat:
    """What a part is made of: a kind of surface, its roughness, and paint over its points."""

    kind: str
    paint: Paint
    rough: float = 0.6
    tint: Array = field(default_factory=lambda: np.ones(3))

    def clear(self) -> dict[str, Any] | None:
        """The Mitsuba description of what light passes through; None for all other kinds."""
        if self.kind == "glass":
            tint = {"type": "rgb", "value": self.tint.tolist()}
            return {"type": "dielectric", "int_ior": 1.47, "specular_transmittance": tint}
        if self.kind == "shade":
            thin = {"roughness": 0.8, "diff_trans": 1.0, "eta": 1.3}
            return {"type": "principledthin", "base_color": vertex("color"), **thin}
        return None


def vertex(what: str) -> dict[str, Any]:
    return {"type": "mesh_attribute", "name": f"vertex_{what}"}


def opaque(colour: dict[str, Any], rough: Any, metallic: Any = 0.001) -> dict[str, Any]:
    """One kind of surface for all that is not clear: few kinds compile faster."""
    return {"type": "principled", "base_color": colour, "roughness": rough, "metallic": metallic, "specular": 0.45}


def coat(material: str, a: Array, b: Array, rng: Rng, decorated: bool = True) -> Coat:
    """A coat of one of MATERIALS in colour a, perhaps decorated with b."""
    if material == "glass":
        tint = np.clip(a / a.max(), 0.02, 1) ** rng.uniform(0.12, 0.4)
        return Coat("glass", plain(a, rng), tint=tint * 0.98)
    if material == "metal":
        if rng.random() < 0.5:
            names = ["8f8d89", "c9c9c8", "c9a45c", "c98763"]
            a = np.clip(hex_rgb(names[rng.integers(4)]) * 1.15, 0, 0.92)
        else:
            a = np.clip(a * 1.5 + 0.04, 0, 0.9)
        return Coat("metal", plain(a, rng, 0.05), rough=rng.uniform(0.08, 0.32))
    if material == "wood":
        stained = rng.random() < 0.5
        tone = a if stained else jitter(hex_rgb(["b98a58", "8a5a34", "d0ab78", "6b4327"][rng.integers(4)]), rng)
        return Coat("wood", wood(tone, rng), rough=rng.uniform(0.15, 0.4))
    rough = {"ceramic": rng.uniform(0.03, 0.12), "plastic": rng.uniform(0.1, 0.3)}.get(material, 0.6)
    paint = pattern(a, b, rng) if decorated else plain(a, rng)
    return Coat(material, paint, rough=rough)


# ---------------------------------------------------------------- flat pictures for floors and walls

SIDE = 512


def field2(rng: Rng, steep: float = 1.6, ax: float = 1.0, ay: float = 1.0, size: int = SIDE) -> Array:
    """Tiling fractal noise, zero mean, unit deviation; ax > ay stretches it along y."""
    fy, fx = np.meshgrid(np.fft.fftfreq(size), np.fft.rfftfreq(size), indexing="ij")
    power = np.hypot(fx / ax, fy / ay) + 1e-9
    power[0, 0] = np.inf
    spectrum = np.fft.rfft2(rng.standard_normal((size, size))) / power**steep
    out: Array = np.fft.irfft2(spectrum, s=(size, size))
    out /= out.std()
    return out


def grid() -> tuple[Array, Array]:
    """(y, x) over the tile, both 0..1."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    return y, x


def shade_by(colour: Array, amount: Array) -> Array:
    return np.clip(colour * np.clip(1 + amount, 0.05, 2.2)[..., None], 0.005, 0.9)


def boards(rng: Rng, colour: Array, count: int) -> Array:
    """Planks along y, each with its own tone and grain."""
    y, x = grid()
    plank = np.floor(x * count).astype(int)
    tone, slide = rng.normal(0, 0.16, count), rng.integers(0, SIDE, count)
    warp, fibre = field2(rng, 1.5, 4, 0.5), field2(rng, 0.8, 6, 0.12)
    rows = (np.arange(SIDE)[:, None] + slide[plank]) % SIDE
    cols = np.broadcast_to(np.arange(SIDE), (SIDE, SIDE))
    warp, fibre = warp[rows, cols], fibre[rows, cols]
    ring = np.sin(((x * count) % 1 - 0.5) * 9 + warp * 2.2 + slide[plank]) * 0.5
    seam = np.minimum((x * count) % 1, 1 - (x * count) % 1) < 0.012 * max(1, count / 5)
    joint = (np.abs((y + slide[plank] / SIDE) % 1 - 0.5) < 0.0025) & (count > 2)
    out = shade_by(colour, tone[plank] + 0.13 * ring + 0.10 * fibre)
    return np.where((seam | joint)[..., None], out * 0.35, out)


def tiles(rng: Rng, colour: Array, count: int, brick: bool = False) -> Array:
    """Square tiles or running bricks with joints."""
    y, x = grid()
    rows = count * (2 if brick else 1)
    row = np.floor(y * rows).astype(int)
    shifted = (x + (row % 2) * 0.5 / count * brick) % 1
    col = np.floor(shifted * count).astype(int)
    v = np.minimum((y * rows) % 1, 1 - (y * rows) % 1) * (1 if not brick else 0.5)
    u = np.minimum((shifted * count) % 1, 1 - (shifted * count) % 1)
    joint = np.minimum(u, v) < rng.uniform(0.015, 0.035)
    spread = rng.uniform(0.02, 0.18) + 0.1 * brick
    tone = rng.normal(0, spread, (rows, count))[row % rows, col % count]
    other = some_colour(rng)
    face = np.broadcast_to(colour, (SIDE, SIDE, 3))
    if not brick and rng.random() < 0.4:
        face = np.where(((row + col) % 2 == 0)[..., None], face, muted(other, 0.6))
    face = np.clip(face * (1 + tone + 0.05 * field2(rng))[..., None], 0.01, 0.85)
    grout = np.full(3, rng.uniform(0.08, 0.5))
    return np.where(joint[..., None], grout * (1 + 0.1 * field2(rng, 0.5))[..., None], face)


def cloth(rng: Rng, colour: Array, count: int) -> Array:
    """Plain, striped, checked or dotted weave."""
    y, x = grid()
    other = some_colour(rng)
    kind = rng.choice(["plain", "stripe", "gingham", "dots"], p=[0.4, 0.2, 0.25, 0.15])
    share = np.zeros((SIDE, SIDE))
    if kind == "stripe":
        share = ((x * count) % 1 < rng.uniform(0.1, 0.5)).astype(float)
    elif kind == "gingham":
        share = (((x * count) % 1 < 0.5) * 0.5 + ((y * count) % 1 < 0.5) * 0.5).astype(float)
    elif kind == "dots":
        share = (np.hypot((x * count) % 1 - 0.5, (y * count) % 1 - 0.5) < 0.22).astype(float)
    out = colour * (1 - share[..., None]) + other * share[..., None]
    weave = np.sin(x * 402) * np.sin(y * 402) * 0.12 + 0.05 * field2(rng, 0.3) + 0.05 * field2(rng)
    return np.clip(out * (1 + weave)[..., None], 0.01, 0.85)


def stone(rng: Rng, colour: Array) -> Array:
    """Marble, granite or concrete."""
    kind = rng.choice(["marble", "granite", "concrete"])
    colour = muted(colour, 0.35)
    if kind == "marble":
        vein = np.exp(-np.abs(field2(rng, 1.9)) * 14) * np.clip(field2(rng) + 0.5, 0, 1)
        return shade_by(np.clip(colour * 1.4, 0, 0.8), -0.6 * vein + 0.06 * field2(rng))
    if kind == "granite":
        return shade_by(colour, 0.35 * np.tanh(field2(rng, 0.5)) + 0.1 * field2(rng, 1.2))
    return shade_by(colour, 0.12 * field2(rng, 1.5) + 0.05 * field2(rng, 0.2))


def shelf(rng: Rng) -> Array:
    """Rows of book-like spines on boards, a busy wall."""
    rows = int(rng.integers(2, 4))
    out = np.zeros((SIDE, SIDE, 3)) + 0.03
    high = SIDE // rows
    board = muted(some_colour(rng), 0.5)
    for r in range(rows):
        x = 0
        while x < SIDE:
            wide = int(rng.integers(8, 30))
            top = int(high * rng.uniform(0.15, 0.45))
            if rng.random() > 0.12:
                spine = muted(some_colour(rng), rng.uniform(0.4, 1)) * rng.uniform(0.5, 1)
                out[r * high + top : (r + 1) * high - 14, x : x + wide - 2] = spine
            x += wide
        out[(r + 1) * high - 14 : (r + 1) * high] = board
    return out[::-1].copy()


def ground_picture(rng: Rng) -> tuple[Array, float, str]:
    """(tile, roughness, name) of a table top or a floor."""
    name = str(rng.choice(["boards", "plain", "tiles", "cloth", "stone"], p=[0.36, 0.12, 0.14, 0.24, 0.14]))
    colour = some_colour(rng, 0.75)
    brown = jitter(hex_rgb(["b98a58", "8a5a34", "d0ab78", "6b4327", "9c7a5b"][rng.integers(5)]), rng)
    if name == "boards":
        tone = brown if rng.random() < 0.8 else muted(colour, 0.5)
        return boards(rng, tone, int(rng.choice([1, 3, 4, 6]))), rng.uniform(0.15, 0.45), name
    if name == "tiles":
        return tiles(rng, muted(colour, 0.7), int(rng.integers(3, 6))), rng.uniform(0.08, 0.3), name
    if name == "cloth":
        return cloth(rng, colour, int(rng.integers(5, 14))), 0.8, name
    if name == "stone":
        return stone(rng, colour), rng.uniform(0.08, 0.35), name
    return shade_by(muted(colour, 0.7), 0.03 * field2(rng) + 0.02 * field2(rng, 0.3)), rng.uniform(0.1, 0.4), name


def wall_picture(rng: Rng) -> Array:
    """The tile of a wall: paint, paper, bricks, tiles, panels or shelves."""
    name = rng.choice(["paint", "paper", "bricks", "tiles", "panels", "shelf"], p=[0.4, 0.16, 0.1, 0.12, 0.08, 0.14])
    colour = some_colour(rng, rng.uniform(0.15, 0.6))
    if name == "paper":
        return cloth(rng, np.clip(colour * 1.2, 0, 0.8), int(rng.integers(8, 20)))
    if name == "bricks":
        return tiles(rng, colour, 6, brick=True)
    if name == "tiles":
        return tiles(rng, colour, 8)
    if name == "panels":
        return boards(rng, colour, 7)
    if name == "shelf":
        return shelf(rng)
    return shade_by(np.clip(colour * 1.2, 0, 0.8), 0.04 * field2(rng))


def framed_picture(rng: Rng) -> Array:
    """An abstract painting: fields of palette colours."""
    out = np.broadcast_to(some_colour(rng), (SIDE, SIDE, 3)).copy()
    for _ in range(int(rng.integers(2, 6))):
        out[field2(rng, 2.2) > rng.uniform(0.2, 1.2)] = some_colour(rng)
    return out


# ---------------------------------------------------------------- light from all around


def warmth(kelvin_like: float) -> Array:
    """A light colour: 0 = daylight white, +1 = bulb, -1 = blue sky."""
    t = kelvin_like
    return np.array(
        [1 + 0.25 * max(t, 0) + 0.18 * min(t, 0), 1 - 0.08 * abs(t), 1 - 0.55 * max(t, 0) - 0.3 * min(t, 0)]
    )


def surroundings(rng: Rng, open_back: bool) -> Array:
    """A panorama (256 x 512 linear RGB). Column 0 is behind the thing, the middle is behind the camera."""
    high, wide = 256, 512
    el = (0.5 - (np.arange(high)[:, None] + 0.5) / high) * 180
    az = (np.arange(wide)[None, :] + 0.5) / wide * 360
    kind = str(rng.choice(["window", "outdoors", "studio", "evening"], p=[0.44, 0.24, 0.15, 0.17]))
    pano = np.zeros((high, wide, 3))

    def side() -> float:
        """Where a light stands: mostly left or right, seldom behind the camera; behind the thing if open."""
        spread = rng.uniform(25, 165 if open_back else 115)
        return float((180 + rng.choice([-1, 1]) * spread) % 360)

    def patch(a: float, e: float, wa: float, we: float, colour: Array, soft: float = 1.5) -> Array:
        da = np.abs((az - a + 180) % 360 - 180)
        mask = edge(wa / 2 - da, soft) * edge(we / 2 - np.abs(el - e), soft)
        pano[...] = pano * (1 - mask[..., None]) + colour * mask[..., None]
        return mask

    if kind == "outdoors":
        overcast = rng.random() < 0.45
        sky = warmth(-rng.uniform(0.1, 0.9 if not overcast else 0.2)) * rng.uniform(0.8, 1.3)
        up = np.clip(el / 90, 0, 1)[..., None]
        clouds = np.clip(0.3 * field2(rng, 1.7)[:high], -0.35, 0.8)[..., None] * (0.6 if overcast else 1)
        pano += sky * (1.15 - 0.5 * up) * (1 + clouds)
        trees = 6 + 5 * field2(rng, 1.4)[0][None, :] + 3 * field2(rng, 0.8)[0][None, :]
        leaf = muted(hex_rgb("4f6b3a"), rng.uniform(0.4, 1)) * (1 + 0.6 * np.tanh(field2(rng, 0.9)[:high]))[..., None]
        pano[...] = np.where((el < trees)[..., None], leaf * 0.9, pano)
        pano[...] = np.where((el < -3)[..., None], muted(hex_rgb("8a7d62"), 0.7) * 0.5, pano)
        if not overcast:
            a, e = side(), rng.uniform(25, 62)
            near = ((np.abs((az - a + 180) % 360 - 180) * np.cos(np.radians(e))) ** 2 + (el - e) ** 2) / 3.0**2
            pano += np.exp(-near)[..., None] * warmth(rng.uniform(0.05, 0.5)) * rng.uniform(150, 420)
        return pano

    wall = muted(some_colour(rng), 0.3) * 0.5 + 0.25
    level = {"window": 0.42, "studio": 0.3, "evening": 0.2}[kind]
    pano += wall * level * (1 + 0.12 * field2(rng, 1.6)[:high, :, None])
    pano[...] = np.where((el > 50)[..., None], pano.mean() * 1.5 + pano * 0.3, pano)
    pano[...] = np.where((el < -25)[..., None], muted(some_colour(rng), 0.5) * level * 0.7, pano)
    for _ in range(int(rng.integers(4, 10))):  # furniture, doors, pictures
        tone = muted(some_colour(rng), 0.7) * level * rng.uniform(0.3, 1.3)
        patch(rng.uniform(0, 360), rng.uniform(-20, 15), rng.uniform(8, 50), rng.uniform(10, 45), tone)
    if kind == "window":
        for _ in range(int(rng.integers(1, 4))):
            a, e, wa, we = side(), rng.uniform(12, 40), rng.uniform(22, 60), rng.uniform(25, 55)
            colour = warmth(rng.uniform(-0.6, 0.25)) * rng.uniform(6, 16)
            patch(a, e, wa + 5, we + 5, np.full(3, 0.6))
            patch(a, e, wa, we, colour)
            patch(a, e, 2.0, we, np.full(3, 0.5), 0.8)
            if rng.random() < 0.6:
                patch(a, e + we * 0.1, wa, 2.0, np.full(3, 0.5), 0.8)
    elif kind == "studio":
        for _ in range(int(rng.integers(2, 4))):
            colour = warmth(rng.uniform(-0.2, 0.3)) * rng.uniform(5, 16)
            patch(side(), rng.uniform(20, 65), rng.uniform(25, 60), rng.uniform(20, 45), colour, 4)
    else:
        for _ in range(int(rng.integers(1, 3))):
            colour = warmth(rng.uniform(0.4, 1.0)) * rng.uniform(30, 80)
            patch(side(), rng.uniform(20, 60), rng.uniform(9, 20), rng.uniform(8, 16), colour, 3)
        patch(180, 80, 360, 40, warmth(0.5) * rng.uniform(0.2, 0.7), 8)
    return pano
