"""Small objects of none of the classes, for render_things.py."""

from __future__ import annotations

import numpy as np
from things_looks import Array, Coat, Noise, Rng, coat, hex_rgb, jitter, plain, some_colour
from things_mesh import Reals, Thing, ball, box, curve, line, revolve, sheet, tube, turn


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


def leaf(thing: Thing, rng: Rng, long: float, pose: Array, coating: Coat, base: Reals = (0, 0, 0)) -> None:
    u, t = np.meshgrid(np.linspace(0.001, 0.999, 30), np.linspace(-1, 1, 15), indexing="ij")
    half = long * rng.uniform(0.16, 0.3) * np.sin(u**0.8 * np.pi)
    form = np.stack([u * long, half * t, long * (0.15 * t**2 * np.sin(u * np.pi) + 0.25 * np.sin(u * 2.4))], -1)
    thing.add(sheet(form, 0.004).moved(pose, base), coating)
