"""Mugs, teapots, bottles and spoons for render_things.py, their height or length near 1."""

from __future__ import annotations

import numpy as np
from things_looks import Coat, Rng, label, plain, some_colour
from things_mesh import Look, Thing, ball, curve, offset, radius_at, revolve, sheet, tube, vessel


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
    thing.add(
        revolve(curve(knob, 30) + np.array([0, top + dome - 0.01]), 40), look.second if rng.random() < 0.4 else lid
    )
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
