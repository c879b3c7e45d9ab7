"""The things and the clutter of render_things.py as triangle meshes (numpy only).

Z is up. A thing is built around the z axis with its height (a spoon: its length) near 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from things_looks import Array, Coat, Noise, Rng, coat, hex_rgb, jitter, label, pattern, plain, some_colour

Faces = npt.NDArray[np.int64]


@dataclass
class Mesh:
    verts: Array
    faces: Faces

    def moved(self, matrix: Array, shift: Sequence[float] | Array = (0, 0, 0)) -> Mesh:
        return Mesh(self.verts @ np.asarray(matrix).T + np.asarray(shift), self.faces)

    def normals(self) -> Array:
        tri = self.verts[self.faces]
        face = np.cross(tri[:, 1] - tri[:, 0], tri[:, 2] - tri[:, 0])
        out = np.zeros_like(self.verts)
        for k in range(3):
            np.add.at(out, self.faces[:, k], face)
        return out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-12)


@dataclass
class Part:
    mesh: Mesh
    coat: Coat
    colour: Array | None = None  # painted once, in the pose the part was built in


@dataclass
class Bulb:
    centre: Array
    radius: float
    power: float


@dataclass
class Thing:
    parts: list[Part] = field(default_factory=list)
    bulbs: list[Bulb] = field(default_factory=list)

    def add(self, mesh: Mesh, coating: Coat) -> None:
        self.parts.append(Part(mesh, coating))

    def points(self) -> Array:
        return np.concatenate([p.mesh.verts for p in self.parts])

    def moved(self, matrix: Array, shift: Sequence[float] | Array = (0, 0, 0)) -> Thing:
        scale = float(np.cbrt(abs(np.linalg.det(matrix))))
        parts = [Part(p.mesh.moved(matrix, shift), p.coat, p.colour) for p in self.parts]
        bulbs = [Bulb(matrix @ b.centre + np.asarray(shift), b.radius * scale, b.power) for b in self.bulbs]
        return Thing(parts, bulbs)


@dataclass
class Look:
    """The surfaces of one thing: drawn from the same decks for every class."""

    main: Coat
    second: Coat
    inside: Coat
    material: str


# ---------------------------------------------------------------- ways to make a surface


def turn(axis: str, angle: float) -> Array:
    c, s = np.cos(angle), np.sin(angle)
    i, j = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    out = np.eye(3)
    out[i, i], out[i, j], out[j, i], out[j, j] = c, -s, s, c
    return out


def curve(points: Sequence[Sequence[float]] | Array, n: int = 120) -> Array:
    """A rounded line through the corners' neighbourhood (corner cutting); repeat a point for a sharp corner."""
    p = np.asarray(points, dtype=float)
    for _ in range(4):
        q = np.empty((2 * len(p), p.shape[1]))
        q[0], q[-1] = p[0], p[-1]
        q[1:-1:2] = 0.75 * p[:-1] + 0.25 * p[1:]
        q[2:-1:2] = 0.25 * p[:-1] + 0.75 * p[1:]
        p = q
    step = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(p, axis=0), axis=1))])
    t = np.linspace(0, step[-1], n)
    return np.stack([np.interp(t, step, p[:, k]) for k in range(p.shape[1])], axis=1)


def strip(rows: int, cols: int, wrap: bool) -> Faces:
    """Triangles of a rows x cols lattice, the columns closed to a ring if wrap."""
    i, j = np.meshgrid(np.arange(rows - 1), np.arange(cols if wrap else cols - 1), indexing="ij")
    k = (j + 1) % cols
    a, b, c, d = i * cols + j, i * cols + k, (i + 1) * cols + j, (i + 1) * cols + k
    return np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([b, d, c], -1).reshape(-1, 3)])


def revolve(profile: Array, segs: int = 128) -> Mesh:
    """Turn (radius, height) points around z; run the profile from the bottom centre outwards and up."""
    a = np.linspace(0, 2 * np.pi, segs, endpoint=False)
    r, z = profile[:, :1], profile[:, 1:]
    v = np.stack([r * np.cos(a), r * np.sin(a), np.broadcast_to(z, (len(r), segs))], axis=-1)
    return Mesh(v.reshape(-1, 3), strip(len(r), segs, True))


def tube(
    path: Array,
    wide: Array | float,
    deep: Array | float | None = None,
    power: float = 2.0,
    segs: int = 28,
    up: Sequence[float] = (0.0, 1.0, 0.0),
) -> Mesh:
    """Sweep an ellipse (power 2) or rounded rectangle (power 6) along a path; wide lies along up."""
    n = len(path)
    w = np.broadcast_to(np.asarray(wide, dtype=float), n)
    d = w if deep is None else np.broadcast_to(np.asarray(deep, dtype=float), n)
    tangent = np.gradient(path, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    first = np.asarray(up, dtype=float)
    side = np.empty_like(path)
    for i in range(n):  # carry the frame along without twist
        first = first - tangent[i] * (first @ tangent[i])
        if np.linalg.norm(first) < 1e-6:
            first = np.cross(tangent[i], [0.31, 0.2, 0.93])
        first = first / np.linalg.norm(first)
        side[i] = first
    other = np.cross(tangent, side)
    a = np.linspace(0, 2 * np.pi, segs, endpoint=False)
    ca = np.sign(np.cos(a)) * np.abs(np.cos(a)) ** (2 / power)
    sa = np.sign(np.sin(a)) * np.abs(np.sin(a)) ** (2 / power)
    order = np.concatenate([[0], np.arange(n), [n - 1]])  # rings of radius 0 close the ends
    scale = np.ones(n + 2)
    scale[[0, -1]] = 0
    ring = (
        path[order][:, None]
        + (w[order] * scale)[:, None, None] * ca[None, :, None] * side[order][:, None]
        + (d[order] * scale)[:, None, None] * sa[None, :, None] * other[order][:, None]
    )
    return Mesh(ring.reshape(-1, 3), strip(n + 2, segs, True))


def line(a: Sequence[float], b: Sequence[float], n: int = 24) -> Array:
    return np.linspace(np.asarray(a, dtype=float), np.asarray(b, dtype=float), n)


def box(size: Sequence[float], bevel: float = 0.02, n: int = 14) -> Mesh:
    """A box with rounded edges, centred on the origin."""
    half = np.asarray(size, dtype=float) / 2
    bevel = min(bevel, float(half.min()) * 0.98)
    t = np.sin(np.linspace(-1, 1, n) * np.pi / 2)
    verts, faces = [], []
    for axis in range(3):
        for sign in (-1, 1):
            u, v = np.meshgrid(t, t * sign, indexing="ij")
            p = np.empty((n, n, 3))
            p[..., axis], p[..., (axis + 1) % 3], p[..., (axis + 2) % 3] = sign, v, u
            faces.append(strip(n, n, False) + len(verts) * n * n)
            verts.append(p.reshape(-1, 3) * half)
    p = np.concatenate(verts)
    core = np.clip(p, -(half - bevel), half - bevel)
    out = p - core
    out /= np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9)
    welded, back = np.unique(np.round(core + bevel * out, 6), axis=0, return_inverse=True)
    return Mesh(welded, back.reshape(-1)[np.concatenate(faces)])


def sheet(surface: Array, thick: Array | float) -> Mesh:
    """Give a (rows, cols, 3) surface a thickness and close its rim."""
    rows, cols, _ = surface.shape
    du, dv = np.gradient(surface, axis=0), np.gradient(surface, axis=1)
    normal = np.cross(dv, du)
    normal /= np.maximum(np.linalg.norm(normal, axis=2, keepdims=True), 1e-12)
    half = np.broadcast_to(np.asarray(thick, dtype=float), (rows, cols))[..., None] / 2
    verts = np.concatenate([(surface + normal * half).reshape(-1, 3), (surface - normal * half).reshape(-1, 3)])
    top = strip(rows, cols, False)
    size = rows * cols
    index = np.arange(size).reshape(rows, cols)
    rim = np.concatenate([index[0, :-1], index[:-1, -1], index[-1, :0:-1], index[:0:-1, 0]])
    nxt = np.roll(rim, -1)
    wall = np.concatenate([np.stack([rim, rim + size, nxt], 1), np.stack([nxt, rim + size, nxt + size], 1)])
    return Mesh(verts, np.concatenate([top, top[:, ::-1] + size, wall]))


def ball(radius: float, n: int = 48) -> Mesh:
    a = np.linspace(-np.pi / 2, np.pi / 2, n)
    return revolve(np.stack([radius * np.cos(a), radius * np.sin(a)], axis=1), n)


def offset(profile: Array, by: float) -> Array:
    """The profile moved inwards by its wall thickness."""
    d = np.gradient(profile, axis=0)
    d /= np.maximum(np.linalg.norm(d, axis=1, keepdims=True), 1e-12)
    out = profile + by * np.stack([-d[:, 1], d[:, 0]], axis=1)
    out[:, 0] = np.maximum(out[:, 0], 0)
    return out


def radius_at(profile: Array, z: float) -> float:
    """The outer radius of an upward profile at a height."""
    order = np.argsort(profile[:, 1], kind="stable")
    return float(np.interp(z, profile[order, 1], profile[order, 0]))


def vessel(thing: Thing, outer: Array, wall: float, look: Look) -> None:
    """An open vessel: outside, lip and inside; the inside may have its own colour."""
    inner = offset(outer, wall)
    inner = inner[inner[:, 1] >= wall * 0.9][::-1]
    inner = np.concatenate([inner, [[0.0, inner[-1, 1]]]])
    lip = curve([outer[-1], outer[-1] + [0, wall * 0.6], inner[0] + [0, wall * 0.6], inner[0]], 14)
    thing.add(revolve(np.concatenate([outer, lip[1:]])), look.main)
    thing.add(revolve(np.concatenate([lip[-1:], inner])), look.inside)


# ---------------------------------------------------------------- the six classes


def mug(rng: Rng, look: Look) -> Thing:
    thing = Thing()
    r = rng.uniform(0.36, 0.56)
    shape = rng.choice(["straight", "taper", "belly", "tulip", "foot"], p=[0.35, 0.2, 0.2, 0.15, 0.1])
    k = rng.uniform(0.08, 0.2)
    mid, top, low = {
        "straight": (r, r, r),
        "taper": (r * (1 - k / 2), r, r * (1 - k)),
        "belly": (r * (1 + k), r, r * 0.9),
        "tulip": (r * (1 - k), r * (1 + k * 0.5), r * 0.95),
        "foot": (r, r * 1.02, r * 0.62),
    }[str(shape)]
    outer = curve([(0, 0.0), (low * 0.9, 0), (low * 0.97, 0), (low, 0.05), (mid, 0.35), (mid, 0.65), (top, 1)], 140)
    wall = rng.uniform(0.035, 0.06)
    vessel(thing, outer, wall, look)
    z1, z2 = rng.uniform(0.78, 0.9), rng.uniform(0.14, 0.3)
    out = rng.uniform(0.26, 0.42)
    r1, r2 = radius_at(outer, z1) - wall * 0.6, radius_at(outer, z2) - wall * 0.6
    reach = max(r1, r2) + out
    style = rng.choice(["c", "d", "ear"])
    if style == "c":
        path = [(r1, 0, z1), (reach, 0, z1 + 0.06), (reach, 0, z1), (reach, 0, z2), (reach, 0, z2 - 0.04), (r2, 0, z2)]
    elif style == "d":
        path = [(r1, 0, z1)] * 2 + [(reach, 0, z1)] * 2 + [(reach, 0, z2)] * 2 + [(r2, 0, z2)] * 2
    else:
        path = [(r1, 0, z1), (reach + 0.1, 0, z1 + 0.12), (reach, 0, (z1 + z2) / 2), (r2 + 0.1, 0, z2), (r2, 0, z2)]
    handle = look.second if rng.random() < 0.2 else look.main
    thing.add(tube(curve(path, 70), rng.uniform(0.06, 0.11), rng.uniform(0.035, 0.06)), handle)
    if rng.random() < 0.55:
        z = rng.uniform(0.72, 0.88)
        drink = np.array([[0.045, 0.018, 0.008], [0.28, 0.11, 0.03], [0.75, 0.68, 0.56]][rng.integers(3)])
        level = np.array([[0, z], [radius_at(outer, z) - wall * 0.9, z]])
        thing.add(revolve(curve(level, 20)[::-1]), Coat("plastic", plain(drink, rng), rough=0.04))
    return thing


def teapot(rng: Rng, look: Look) -> Thing:
    thing = Thing()
    h, r = rng.uniform(0.55, 0.8), rng.uniform(0.4, 0.52)
    neck = rng.uniform(0.4, 0.62) * r
    style = str(rng.choice(["round", "pear", "drum", "low"]))
    corners = {
        "round": [(r * 0.5, 0), (r * 0.95, 0.02 * h), (r * 1.12, h * 0.5), (r * 0.9, h * 0.98), (neck, h)],
        "pear": [(r * 0.6, 0), (r * 1.1, 0), (r * 1.15, h * 0.4), (r * 0.7, h * 0.8), (neck, h)],
        "drum": [(r * 0.85, 0), (r * 0.95, 0), (r, 0.08), (r, h * 0.85), (r * 0.9, h), (neck, h)],
        "low": [(r * 0.5, 0), (r * 0.9, 0), (r * 1.25, h * 0.4), (r * 1.05, h * 0.85), (neck, h * 0.92)],
    }[style]
    outer = curve([(0, 0), *corners], 130)
    top = outer[-1, 1]
    if look.main.kind == "glass":
        vessel(thing, outer, 0.03, look)
    else:
        thing.add(revolve(np.concatenate([outer, [[0, top]]])), look.main)
    dome, rim = rng.uniform(0.06, 0.2), neck * rng.uniform(1.0, 1.12)
    lid = look.second if rng.random() < 0.25 else look.main
    cap = curve([(0, top - 0.01), (rim, top - 0.01), (rim, top + 0.03), (rim * 0.75, top + dome), (0, top + dome)], 50)
    thing.add(revolve(cap), lid)
    size = rng.uniform(0.05, 0.085)
    knob = [
        (0, 0),
        (size * 0.5, 0),
        (size * 0.45, size * 0.6),
        (size * 1.3, size),
        (size * 0.9, size * 2),
        (0, size * 2),
    ]
    thing.add(revolve(curve(knob, 30) + [0, top + dome - 0.01], 40), look.second if rng.random() < 0.4 else lid)
    low = rng.uniform(0.2, 0.42) * h
    start, tip = radius_at(outer, low) * 0.82, r + rng.uniform(0.28, 0.42)
    height = h * rng.uniform(0.88, 1.1)
    bend = rng.uniform(0.2, 0.7)
    path = curve(
        [
            (-start, 0, low),
            (-start - 0.14, 0, low + 0.02),
            (-r - 0.12 - 0.1 * bend, 0, height * (0.75 - 0.2 * bend)),
            (-tip + 0.08, 0, height),
            (-tip, 0, height + 0.015),
        ],
        60,
    )
    taper = np.interp(np.linspace(0, 1, 60), [0, 0.35, 1], [rng.uniform(0.12, 0.16), 0.085, rng.uniform(0.04, 0.058)])
    thing.add(tube(path, taper, taper * 1.1), look.main)
    dark = Coat("matte", plain(np.full(3, 0.02), rng))
    end = path[-1] - path[-2]
    end /= np.linalg.norm(end)
    thing.add(tube(np.array([path[-1], path[-1] + end * 0.002]), taper[-1] * 0.72), dark)
    thick = rng.uniform(0.035, 0.055)
    if rng.random() < 0.7:
        z1, z2 = h * rng.uniform(0.72, 0.86), h * rng.uniform(0.18, 0.34)
        r1, r2 = radius_at(outer, z1) - 0.03, radius_at(outer, z2) - 0.03
        reach = r + rng.uniform(0.26, 0.4)
        grip = [(r1, 0, z1), (reach, 0, z1 + 0.14), (reach + 0.02, 0, z1 - 0.05), (reach - 0.05, 0, z2), (r2, 0, z2)]
    else:
        z1, up = h * 0.8, h + rng.uniform(0.35, 0.5)
        r1 = radius_at(outer, z1) - 0.02
        grip = [
            (-r1, 0, z1),
            (-r1 * 1.15, 0, up * 0.9),
            (-r1 * 0.6, 0, up),
            (r1 * 0.6, 0, up),
            (r1 * 1.15, 0, up * 0.9),
            (r1, 0, z1),
        ]
    thing.add(tube(curve(grip, 80), thick * 1.2, thick * 0.8), look.second if rng.random() < 0.35 else look.main)
    return thing


def bottle(rng: Rng, look: Look) -> Thing:
    thing = Thing()
    r = rng.uniform(0.125, 0.2)
    n = rng.uniform(0.045, 0.065)
    style = str(rng.choice(["wine", "slope", "beer", "milk", "water", "jar", "flask"]))
    shoulder, neck = {
        "wine": (0.6, 0.72),
        "slope": (0.45, 0.78),
        "beer": (0.52, 0.76),
        "milk": (0.55, 0.78),
        "water": (0.66, 0.84),
        "jar": (0.68, 0.8),
        "flask": (0.28, 0.62),
    }[style]
    if style in ("milk", "jar"):
        n = r * rng.uniform(0.45, 0.58)
    if style == "flask":
        r *= 1.35
    soft = 0.02 if style == "wine" else 0.07
    corners = [(0, 0), (r * 0.9, 0), (r, 0), (r, 0.04), (r, shoulder - soft), (r, shoulder)]
    corners += [(n + (r - n) * 0.15, neck - 0.02), (n, neck + 0.02), (n, neck + 0.06), (n, 0.93), (n, 0.93)]
    outer = curve(corners, 220)
    if style == "water":
        wave = np.sin(outer[:, 1] * rng.uniform(60, 95)) * 0.006
        band = (outer[:, 1] > 0.08) & (outer[:, 1] < shoulder * 0.9) & (outer[:, 0] > r * 0.9)
        outer[:, 0] += np.where(band, wave, 0)
    vessel(thing, outer, 0.014, look)
    ring = [(n, 0.885), (n + 0.014, 0.885), (n + 0.014, 0.925), (n, 0.925)]
    if rng.random() < 0.7:
        thing.add(revolve(curve(ring, 24)), look.main)
    stopper = str(rng.choice(["cap", "cork", "ball", "none"], p=[0.5, 0.25, 0.1, 0.15]))
    if stopper == "cap":
        wide, high = n * rng.uniform(1.15, 1.3), rng.uniform(0.05, 0.1)
        cap = curve(
            [(0, 0.91), (wide, 0.91), (wide, 0.91), (wide, 0.91 + high), (wide, 0.91 + high), (0, 0.91 + high)], 40
        )
        thing.add(revolve(cap), look.second)
    elif stopper == "cork":
        cork = Coat("matte", plain(np.array([0.45, 0.28, 0.14]), rng, 0.3))
        thing.add(revolve(curve([(0, 0.9), (n * 0.8, 0.9), (n * 0.88, 0.975), (n * 0.88, 0.98), (0, 0.98)], 30)), cork)
    elif stopper == "ball":
        thing.add(ball(n * 1.25, 36).moved(np.eye(3), (0, 0, 0.95)), look.second)
    if look.main.kind == "glass" and rng.random() < 0.6:
        inner = offset(outer, 0.019)
        level = rng.uniform(0.3, shoulder + 0.1)
        body = inner[(inner[:, 1] < level) & (inner[:, 1] > 0.018)]
        filled = np.concatenate([[[0, body[0, 1]]], body, [[0, body[-1, 1]]]])
        thing.add(revolve(filled), Coat("plastic", plain(some_colour(rng), rng), rough=0.05))
    if rng.random() < 0.5 and style != "water":
        z1 = rng.uniform(0.08, 0.2)
        z2 = min(shoulder - soft - 0.02, z1 + rng.uniform(0.18, 0.4))
        if z2 > z1 + 0.08:
            a = np.linspace(-2.0, 2.0, 140) + rng.uniform(-0.5, 0.5)
            z = np.linspace(z1, z2, 90)
            zz, aa = np.meshgrid(z, a, indexing="ij")
            rr = np.interp(zz, outer[:, 1], outer[:, 0]) + 0.004
            paper = sheet(np.stack([rr * np.cos(aa), rr * np.sin(aa), zz], axis=-1), 0.002)
            thing.add(paper, Coat("matte", label(some_colour(rng) * 0.4 + 0.4, np.full(3, 0.05), rng)))
    return thing


def chair(rng: Rng, look: Look) -> Thing:
    thing = Thing()
    seat, top = rng.uniform(0.42, 0.5), rng.uniform(0.84, 1.05)
    w, d = rng.uniform(0.4, 0.5), rng.uniform(0.38, 0.48)
    x, y = w / 2 - 0.03, d / 2 - 0.03
    lean = rng.uniform(0.04, 0.12)
    style = str(rng.choice(["dining", "shell", "arm", "tubular"], p=[0.5, 0.22, 0.14, 0.14]))
    metal = style in ("shell", "tubular") and rng.random() < 0.6
    legs = look.second if rng.random() < 0.35 or metal or look.main.kind == "glass" else look.main
    if style == "arm":
        plump = float(rng.uniform(0.04, 0.07))
        for size, at in (
            ((w + 0.1, d + 0.1, 0.16), (0, 0, 0.27)),
            ((w + 0.14, 0.16, top - 0.25), (0, y + 0.08, (top - 0.3) / 2 + 0.2)),
            ((0.13, d + 0.12, 0.4), (-x - 0.1, 0, 0.38)),
            ((0.13, d + 0.12, 0.4), (x + 0.1, 0, 0.38)),
        ):
            thing.add(box(size, plump, 20).moved(np.eye(3), at), look.main)
        cushion = look.second if rng.random() < 0.4 else look.main
        thing.add(box((w - 0.04, d - 0.04, 0.12), 0.055, 20).moved(np.eye(3), (0, -0.03, 0.4)), cushion)
        for sx in (-1, 1):
            for sy in (-1, 1):
                thing.add(tube(line((sx * x, sy * y, 0.2), (sx * (x + 0.03), sy * (y + 0.03), 0)), 0.022), look.second)
        return thing
    if style == "shell":
        s, t = np.linspace(0, 1, 70), np.linspace(-1, 1, 50)
        side = curve(
            [
                (-d / 2 - 0.03, seat - 0.04),
                (-d / 2, seat + 0.01),
                (y - 0.1, seat - 0.02),
                (y + 0.06, seat),
                (y + 0.1, seat + 0.14),
                (y + 0.1 + lean, top),
            ],
            70,
        )
        half = np.interp(s, [0, 0.1, 0.45, 0.6, 0.9, 1], [0.6, 0.92, 1, 1, 0.8, 0.5]) * w / 2
        curl = rng.uniform(0.02, 0.1) * np.interp(s, [0, 0.3, 0.55, 1], [0.2, 1, 1.4, 0.6])
        ss, tt = np.meshgrid(np.arange(70), t, indexing="ij")
        bend = curl[ss] * tt**2
        back = np.interp(s, [0, 0.4, 0.65, 1], [0, 0.2, 0.9, 1])[ss]
        form = np.stack([half[ss] * tt, side[ss, 0] - bend * back, side[ss, 1] + bend * (1 - back)], axis=-1)
        thing.add(sheet(form, 0.022), look.main)
        splay = rng.uniform(0.0, 0.06)
        for sx in (-1, 1):
            for sy in (-1, 1):
                leg = line((sx * x * 0.6, sy * y * 0.6, seat - 0.02), (sx * (x + splay), sy * (y + splay), 0))
                thing.add(tube(leg, np.linspace(0.02, 0.014, 24)), legs)
            thing.add(
                tube(line((sx * x * 0.75, -y * 0.8, seat * 0.55), (sx * x * 0.75, y * 0.8, seat * 0.55)), 0.009), legs
            )
        return thing
    square, thick = float(rng.choice([2.0, 6.0])), rng.uniform(0.018, 0.032)
    if style == "tubular":
        square, thick = 2.0, 0.015
        for sx in (-1, 1):
            loop = (
                [(sx * x, y, 0.015)] * 2
                + [(sx * x, -y, 0.015)] * 2
                + [(sx * x, -y, seat)] * 2
                + [(sx * x, y, seat)] * 2
            )
            thing.add(tube(curve([*loop, (sx * x, y + lean, top)], 120), thick), legs)
        thing.add(tube(line((-x, y, 0.015), (x, y, 0.015)), thick), legs)
    else:
        splay = rng.uniform(0, 0.05)
        for sx in (-1, 1):
            thing.add(
                tube(
                    line((sx * x, -y, seat), (sx * (x + splay), -y - splay, 0)),
                    np.linspace(thick, thick * 0.75, 24),
                    power=square,
                ),
                legs,
            )
            post = curve(
                [
                    (sx * (x + splay), y + splay, 0),
                    (sx * x, y, seat * 0.7),
                    (sx * x, y, seat + 0.1),
                    (sx * x, y + lean, top),
                ],
                60,
            )
            thing.add(
                tube(post, np.interp(np.linspace(0, 1, 60), [0, 0.4, 1], [0.75, 1, 0.8]) * thick, power=square), legs
            )
        if rng.random() < 0.5:
            z = seat * rng.uniform(0.3, 0.6)
            for sx in (-1, 1):
                thing.add(tube(line((sx * x, -y, z), (sx * x, y, z)), thick * 0.55), legs)
            thing.add(tube(line((-x, 0, z), (x, 0, z)), thick * 0.55), legs)
    thing.add(box((w, d, rng.uniform(0.03, 0.05)), 0.015, 24).moved(np.eye(3), (0, -0.01, seat)), look.main)
    if rng.random() < 0.35:
        thing.add(box((w * 0.92, d * 0.9, 0.07), 0.034, 24).moved(np.eye(3), (0, -0.015, seat + 0.04)), look.second)

    def at(z: float) -> float:
        return y + lean * max(0.0, (z - seat) / (top - seat))

    back = str(rng.choice(["spindles", "rails", "panel", "cross"], p=[0.35, 0.35, 0.2, 0.1]))
    if back == "panel":
        s, t = np.linspace(seat + (top - seat) * rng.uniform(0.1, 0.5), top, 40), np.linspace(-1, 1, 40)
        zz, tt = np.meshgrid(s, t, indexing="ij")
        yy = y + lean * (zz - seat) / (top - seat) + 0.03 * (1 - tt**2)
        thing.add(sheet(np.stack([x * tt, yy, zz], axis=-1), 0.022), look.main)
        return thing

    def rail(z: float, high: float) -> None:
        path = curve([(-x, at(z), z), (0, at(z) + 0.04, z), (x, at(z), z)], 40)
        thing.add(tube(path, high, 0.012, power=4, up=(0, 0, 1)), look.main)

    if back == "rails":
        for z in np.linspace(seat + (top - seat) * 0.35, top - 0.04, int(rng.integers(2, 5))):
            rail(float(z), rng.uniform(0.022, 0.035))
        return thing
    rail(top - 0.03, 0.035)
    rail(seat + 0.1, 0.018)
    if back == "cross":
        for sx in (-1, 1):
            thing.add(
                tube(line((sx * x, at(seat + 0.1), seat + 0.1), (-sx * x, at(top - 0.05), top - 0.05)), 0.02, 0.011),
                look.main,
            )
    else:
        for sx in np.linspace(-x * 0.75, x * 0.75, int(rng.integers(3, 8))):
            bow = 0.02 * (1 - (sx / x) ** 2)
            thing.add(
                tube(line((sx, at(seat + 0.1) + bow, seat + 0.09), (sx, at(top) + bow, top - 0.03)), 0.012), look.main
            )
    return thing


def lamp(rng: Rng, look: Look) -> Thing:
    thing = Thing()
    lit = rng.random() < 0.5
    power = rng.uniform(40, 130)  # times the light of the room
    bulb_coat = Coat("ceramic", plain(np.full(3, 0.75), rng), rough=0.05)

    def bulb(centre: Sequence[float] | Array, radius: float) -> None:
        if lit:
            thing.bulbs.append(Bulb(np.asarray(centre, dtype=float), radius, power))
        else:
            thing.add(ball(radius, 30).moved(np.eye(3), centre), bulb_coat)

    if rng.random() < 0.32:  # a desk lamp with an arm
        foot = rng.uniform(0.17, 0.24)
        thing.add(
            revolve(curve([(0, 0), (foot, 0), (foot, 0), (foot * 0.97, 0.045), (0.03, 0.06), (0, 0.06)], 60)), look.main
        )
        a1, a2 = rng.uniform(-0.15, 0.5), rng.uniform(0.5, 1.35)
        l1, l2 = rng.uniform(0.4, 0.55), rng.uniform(0.3, 0.45)
        elbow = np.array([-np.sin(a1) * l1, 0, 0.05 + np.cos(a1) * l1])
        head = elbow + [np.sin(a2) * l2, 0, np.cos(a2) * l2]
        thin = rng.uniform(0.012, 0.02)
        if rng.random() < 0.3:
            thing.add(
                tube(curve([(0, 0, 0.04), (0, 0, 0.3), elbow * [0, 1, 1.3], head + [0, 0, 0.1], head], 80), thin),
                look.second,
            )
        else:
            thing.add(tube(line((0, 0, 0.04), elbow), thin), look.second)
            thing.add(tube(line(elbow, head), thin), look.second)
            thing.add(ball(thin * 2, 24).moved(np.eye(3), elbow), look.second)
        wide, deep = rng.uniform(0.13, 0.18), rng.uniform(0.2, 0.28)
        bell = curve([(0.03, 0), (0.05, 0.005), (wide * 0.6, deep * 0.3), (wide, deep * 0.75), (wide, deep)], 60)
        if rng.random() < 0.5:
            bell = curve([(0.035, 0), (0.05, 0), (wide, deep), (wide, deep)], 60)
        aim = turn("y", np.pi - rng.uniform(0.1, 0.8))
        inside = Coat("matte", plain(np.full(3, 0.7), rng))
        inner = offset(bell, 0.012)
        thing.add(revolve(np.concatenate([[[0, 0]], bell])).moved(aim, head), look.main)
        thing.add(revolve(np.concatenate([bell[-1:], inner[::-1], [[0, inner[0, 1]]]])).moved(aim, head), inside)
        bulb(aim @ np.array([0, 0, deep * 0.55]) + head, 0.05)
        return thing
    high = rng.uniform(0.5, 0.66)
    style = str(rng.choice(["vase", "stick", "globe", "drum", "tripod"]))
    b = rng.uniform(0.1, 0.19)
    if style == "tripod":
        for k in range(3):
            a = k * 2.094 + 0.3
            thing.add(
                tube(
                    line((0.02 * np.cos(a), 0.02 * np.sin(a), high), (b * 1.5 * np.cos(a), b * 1.5 * np.sin(a), 0)),
                    0.017,
                ),
                look.main,
            )
        thing.add(ball(0.035, 24).moved(np.eye(3), (0, 0, high)), look.second)
    else:
        body = {
            "vase": [
                (b * 0.7, 0),
                (b * 0.8, 0.02),
                (b * 1.5, high * 0.35),
                (b * 0.8, high * 0.7),
                (b * 0.3, high * 0.85),
                (0.03, high),
            ],
            "stick": [(b, 0), (b, 0), (b * 0.95, 0.04), (0.03, 0.06), (0.022, 0.1), (0.022, high), (0.022, high)],
            "globe": [
                (b * 0.6, 0),
                (b * 0.6, 0.04),
                (b * 0.6, 0.04),
                (b * 1.6, 0.1),
                (b * 1.6, 0.1 + b * 1.8),
                (0.03, 0.13 + b * 1.9),
                (0.025, high),
            ],
            "drum": [
                (b, 0),
                (b, 0),
                (b, high * 0.75),
                (b, high * 0.8),
                (0.03, high * 0.82),
                (0.025, high * 0.82),
                (0.025, high),
            ],
        }[style]
        thing.add(revolve(np.concatenate([curve([(0, 0), *body], 120), [[0, high]]])), look.main)
        if rng.random() < 0.4:
            thing.add(revolve(curve([(0, 0.0), (b * 1.2, 0), (b * 1.2, 0.03), (0, 0.031)], 30)), look.second)
    r1 = rng.uniform(0.2, 0.3)
    r2 = r1 * float(rng.choice([rng.uniform(0.4, 0.6), rng.uniform(0.6, 0.9), 1.0]))
    z1, z2 = high + rng.uniform(-0.03, 0.05), 1.0
    flare = 0.0 if rng.random() < 0.7 else -0.12
    cone = curve([(r1, z1), (r1, z1), ((r1 + r2) / 2 * (1 + flare), (z1 + z2) / 2), (r2, z2), (r2, z2)], 60)
    a = np.linspace(0, 2 * np.pi, 129)
    pleats = 1 + (0.012 * np.sin(a * 40) if rng.random() < 0.3 else 0 * a)
    form = np.stack([cone[:, :1] * np.cos(a) * pleats, cone[:, :1] * np.sin(a) * pleats, cone[:, 1:] + 0 * a], axis=-1)
    rows, cols, _ = form.shape
    tone, trim = np.clip(some_colour(rng) * 0.6 + rng.choice([0.02, 0.3]), 0, 0.85), some_colour(rng)
    cloth = Coat("shade", pattern(tone, trim, rng) if rng.random() < 0.3 else plain(tone, rng))
    thing.add(Mesh(form.reshape(-1, 3), strip(rows, cols, False)), cloth)
    if rng.random() < 0.4:
        for r, z in (cone[0], cone[-1]):
            hoop = [(r - 0.004, z - 0.01), (r + 0.004, z - 0.01), (r + 0.004, z + 0.01), (r - 0.004, z + 0.01)]
            thing.add(revolve(curve([*hoop, hoop[0]], 16)), Coat("matte", plain(trim, rng)))
    thing.add(tube(line((0, 0, high), (0, 0, (z1 + z2) / 2)), 0.014), look.second)
    bulb((0, 0, (z1 + z2) / 2), 0.06)
    return thing


def spoon(rng: Rng, look: Look) -> Thing:
    """Lies along x, bowl at +x, opening up."""
    thing = Thing()
    kind = str(rng.choice(["table", "wooden", "round", "ladle"], p=[0.45, 0.25, 0.2, 0.1]))
    bowl = {"table": rng.uniform(0.27, 0.34), "wooden": rng.uniform(0.22, 0.3), "round": 0.25, "ladle": 0.26}[kind]
    half = {"table": rng.uniform(0.28, 0.34), "wooden": rng.uniform(0.3, 0.38), "round": 0.45, "ladle": 0.5}[
        kind
    ] * bowl
    depth = {"table": 0.06, "wooden": 0.055, "round": 0.065, "ladle": 0.1}[kind] * rng.uniform(0.8, 1.25)
    neck = rng.uniform(0.016, 0.022) * (1.25 if kind == "wooden" else 1)
    end = neck * rng.uniform(1.0, 2.0) if kind != "wooden" else neck * rng.uniform(0.9, 1.15)
    n, m = 260, 45
    s = np.sin(np.linspace(-np.pi / 2, np.pi / 2, n)) * 0.5 + 0.5
    stem = np.interp(s, [0, 0.12, 0.35, 1 - bowl], [end, end, neck * 0.95, neck])
    stem *= np.sqrt(np.clip(1 - (np.clip(0.035 - s, 0, 1) / 0.0352) ** 2, 0, 1))
    u = np.clip((s - (1 - bowl)) / bowl, 0, 1)
    egg = half * 2 * np.sqrt(np.clip(u * (1 - u), 0, 1)) * (1.08 - 0.25 * (u - 0.5))
    width = np.sqrt(stem**2 * (s < 1 - bowl * 0.9) + egg**2)
    width = np.maximum(
        np.convolve(np.pad(width, 4, mode="edge"), np.hanning(11)[1:-1] / np.hanning(11).sum(), "valid"), 1e-4
    )
    width[0] = width[-1] = 1e-4
    t = np.linspace(-1, 1, m)
    arch = rng.uniform(0.02, 0.08)
    back = arch * np.sin(np.clip(s / (1 - bowl), 0, 1) * np.pi * 0.85) * 1.1 + 0.02
    if kind == "ladle":
        back = back + 0.25 * np.clip(1 - s / (1 - bowl * 0.7), 0, 1) ** 0.8
    hollow = np.sin(np.clip(u, 0, 1) * np.pi) ** 0.8
    zz = back[:, None] - depth * hollow[:, None] * (1 - t[None, :] ** 2) ** 0.9
    form = np.stack([(s[:, None] - 0.5) * np.ones(m), width[:, None] * t[None, :], zz], axis=-1)
    body = {"wooden": 0.026, "ladle": 0.012}.get(kind, rng.uniform(0.008, 0.016))
    if look.main.kind in ("wood", "ceramic", "plastic", "glass"):
        body = max(body, 0.016)
    thick = body * np.interp(u, [0, 0.2, 1], [1.0, 0.7, 0.55])[:, None] * np.sqrt(1.02 - t[None, :] ** 2 * 0.9)
    thing.add(sheet(form, thick), look.main)
    if rng.random() < 0.25:
        inlay = form[(s > 0.0) & (s < 0.3)] * [1, 1.12, 1]
        thing.add(sheet(inlay, thick[(s > 0.0) & (s < 0.3)] * 1.5), look.second)
    return thing


CLASSES: dict[str, Callable[[Rng, Look], Thing]] = {
    "bottle": bottle,
    "chair": chair,
    "lamp": lamp,
    "mug": mug,
    "spoon": spoon,
    "teapot": teapot,
}


# ---------------------------------------------------------------- clutter, of no class


def clutter(rng: Rng, large: bool = False) -> Thing:
    """A small object of none of the classes, about 0.1 to 0.4 across, standing on z = 0; large: fit for a floor."""
    kinds = [
        "ball",
        "block",
        "fruit",
        "pebble",
        "coins",
        "pencil",
        "leaf",
        "ring",
        "card",
        "plant",
        "can",
        "cone",
        "book",
        "slab",
    ]
    if large:
        kinds = ["ball", "block", "plant", "can", "cone", "ring", "book"]
    kind = str(rng.choice(kinds))
    thing = Thing()
    a, b = some_colour(rng), some_colour(rng)
    main = coat(str(rng.choice(["ceramic", "plastic", "wood", "metal", "matte"])), a, b, rng)
    size = rng.uniform(0.16, 0.3)
    eye = np.eye(3)
    if kind == "ball":
        thing.add(ball(size / 2), main)
    elif kind == "block":
        thing.add(box(size * rng.uniform(0.5, 1.1, 3), 0.015), main)
    elif kind == "fruit":
        skin = jitter(hex_rgb(["a8322a", "8a9a3a", "d9a52b", "cf7a25", "5d2a38"][rng.integers(5)]), rng)
        peel = Coat("plastic", plain(skin, rng, 0.25), rough=0.25)
        body = [(0, 0.1), (0.3, 0), (0.52, 0.25), (0.56, 0.7), (0.3, 0.98), (0.05, 0.85), (0, 0.84)]
        thing.add(revolve(curve(body, 60) * size), peel)
        stem = Coat("matte", plain(np.array([0.1, 0.06, 0.03]), rng))
        thing.add(tube(line((0, 0, size * 0.82), (0.02, 0.01, size * 1.1), 10), 0.008), stem)
    elif kind == "pebble":
        stone = ball(size / 2)
        noise = Noise(rng)
        stone.verts *= (0.7 + 0.6 * noise(stone.verts * 5 + 9, 2))[:, None] * rng.uniform(0.6, 1.1, 3)
        thing.add(stone, Coat("matte", plain(a * 0.5 + 0.1, rng, 0.4)))
    elif kind == "coins":
        for k in range(int(rng.integers(1, 6))):
            disc = curve([(0, 0), (0.1, 0), (0.1, 0), (0.1, 0.02), (0.1, 0.02), (0, 0.02)], 30)
            shift = (*rng.uniform(-0.012, 0.012, 2), 0.021 * k)
            thing.add(revolve(disc, 48).moved(eye, shift), coat("metal", a, b, rng))
    elif kind == "pencil":
        long = rng.uniform(0.4, 0.75)
        tip = Coat("matte", plain(np.array([0.6, 0.42, 0.25]), rng))
        thing.add(tube(line((-long / 2, 0, 0), (long / 2, 0, 0)), 0.022, segs=6), main)
        thing.add(tube(line((long / 2, 0, 0), (long / 2 + 0.07, 0, 0), 8), np.linspace(0.021, 0.002, 8), segs=12), tip)
    elif kind == "leaf":
        tint = jitter(hex_rgb(["4f6b2a", "7d8a3a", "a8702c", "8a3b22", "35663f"][rng.integers(5)]), rng)
        leaf(thing, rng, size * 1.4, eye, Coat("plastic", plain(tint, rng, 0.3), rough=0.3))
    elif kind == "ring":
        ang = np.linspace(0, 2 * np.pi, 60)
        path = np.stack([np.cos(ang), np.sin(ang), 0 * ang], axis=1) * size * 0.5
        thing.add(tube(path, size * rng.uniform(0.1, 0.2), up=(0, 0, 1)), main)
    elif kind == "card":
        u, v = np.meshgrid(np.linspace(-1, 1, 30), np.linspace(-1, 1, 30), indexing="ij")
        rise = rng.uniform(0, 0.06) * u**2 + 0.01
        thing.add(sheet(np.stack([u * size, v * size * 0.7, rise], -1), 0.006), Coat("matte", main.paint))
    elif kind == "plant":
        pot = curve([(0, 0), (0.09, 0), (0.095, 0), (0.13, 0.2), (0.13, 0.2), (0, 0.19)], 50)
        thing.add(revolve(pot), main)
        green = np.array([[0.07, 0.16, 0.04], [0.12, 0.2, 0.06], [0.05, 0.13, 0.08]][rng.integers(3)])
        for _ in range(int(rng.integers(8, 18))):
            pose = turn("z", rng.uniform(0, 6.3)) @ turn("y", -rng.uniform(0.3, 1.3))
            leaf(
                thing,
                rng,
                rng.uniform(0.16, 0.34),
                pose,
                Coat("plastic", plain(green, rng, 0.3), rough=0.35),
                (0, 0, 0.19),
            )
    elif kind == "book":
        w, d, h = size * rng.uniform(1.1, 1.6), size * rng.uniform(1.5, 2), rng.uniform(0.03, 0.1)
        cover = coat("matte", a, b, rng, False)
        pages = Coat("matte", plain(np.array([0.7, 0.66, 0.55]), rng, 0.15))
        thing.add(box((w, d, h * 0.8), 0.004, 8).moved(eye, (0.006, 0, 0)), pages)
        for z in (-h / 2, h / 2):
            thing.add(box((w + 0.02, d + 0.02, 0.012), 0.004, 8).moved(eye, (0, 0, z)), cover)
        thing.add(box((0.012, d + 0.02, h), 0.005, 8).moved(eye, (-w / 2 - 0.006, 0, 0)), cover)
    elif kind == "slab":  # a phone or a remote control
        w, d = size * rng.uniform(0.4, 0.75), size * rng.uniform(1.2, 1.7)
        thing.add(box((w, d, 0.03), 0.012, 16), main)
        glass = Coat("ceramic", plain(np.full(3, 0.012), rng), rough=0.02)
        thing.add(box((w * 0.9, d * 0.92, 0.004), 0.001, 6).moved(eye, (0, 0, 0.0145)), glass)
    elif kind == "can":
        r, h = size * 0.4, size * rng.uniform(0.6, 1.2)
        thing.add(revolve(curve([(0, 0), (r, 0), (r, 0), (r, h), (r, h), (r * 0.9, h), (0, h)], 60)), main)
    else:
        thing.add(revolve(curve([(0, 0), (size / 2, 0), (size / 2, 0), (0.01, size * 1.3), (0, size * 1.3)], 60)), main)
    if kind in ("block", "card", "pencil") and rng.random() < 0.3:
        thing = thing.moved(turn("x", rng.uniform(-0.3, 0.3)))
    if rng.random() < 0.25 and kind in ("can", "cone"):
        thing = thing.moved(turn("y", np.pi / 2))
    low = thing.points()[:, 2].min()
    return thing.moved(turn("z", rng.uniform(0, 6.3)), (0, 0, -low))


def leaf(thing: Thing, rng: Rng, long: float, pose: Array, coating: Coat, base: Sequence[float] = (0, 0, 0)) -> None:
    u, t = np.meshgrid(np.linspace(0.001, 0.999, 30), np.linspace(-1, 1, 15), indexing="ij")
    half = long * rng.uniform(0.16, 0.3) * np.sin(u**0.8 * np.pi)
    form = np.stack([u * long, half * t, long * (0.15 * t**2 * np.sin(u * np.pi) + 0.25 * np.sin(u * 2.4))], -1)
    thing.add(sheet(form, 0.004).moved(pose, base), coating)


def paint(thing: Thing) -> Thing:
    """Fix every part's colours in the pose it was built in."""
    for part in thing.parts:
        part.colour = np.clip(part.coat.paint(part.mesh.verts), 0.004, 0.95)
    return thing
