"""Triangle meshes and the parts of a thing, for render_things.py (numpy only). Z is up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from things_looks import Array, Coat

Faces = npt.NDArray[np.int64]
Reals = Sequence[float] | Array


@dataclass
class Mesh:
    verts: Array
    faces: Faces

    def moved(self, matrix: Array, shift: Reals = (0, 0, 0)) -> Mesh:
        return Mesh(self.verts @ np.asarray(matrix).T + np.asarray(shift), self.faces)

    def normals(self) -> Array:
        tri = self.verts[self.faces]
        face = np.cross(tri[:, 1] - tri[:, 0], tri[:, 2] - tri[:, 0])
        out = np.zeros_like(self.verts)
        for k in range(3):
            np.add.at(out, self.faces[:, k], face)
        out /= np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-12)
        return out


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

    def moved(self, matrix: Array, shift: Reals = (0, 0, 0)) -> Thing:
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


def revolve(profile: Array, segs: int = 112) -> Mesh:
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
    up: Reals = (0.0, 1.0, 0.0),
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


def line(a: Reals, b: Reals, n: int = 24) -> Array:
    return np.linspace(np.asarray(a, dtype=float), np.asarray(b, dtype=float), n)


def box(size: Reals, bevel: float = 0.02, n: int = 14) -> Mesh:
    """A box with rounded edges, centred on the origin."""
    half = np.asarray(size, dtype=float) / 2
    bevel = min(bevel, float(half.min()) * 0.98)
    t = np.sin(np.linspace(-1, 1, n) * np.pi / 2)
    verts: list[Array] = []
    faces: list[Faces] = []
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


def paint(thing: Thing) -> Thing:
    """Fix every part's colours in the pose it was built in."""
    for part in thing.parts:
        part.colour = np.clip(part.coat.paint(part.mesh.verts), 0.004, 0.95)
    return thing
