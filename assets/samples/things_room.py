"""Chairs and lamps for render_things.py, their height near 1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from things_looks import Array, Coat, Rng, pattern, plain, some_colour
from things_mesh import Bulb, Look, Mesh, Thing, ball, box, curve, line, offset, revolve, sheet, strip, tube, turn


@dataclass
class Sizes:
    """The measures of a chair: heights, widths, and where its legs stand."""

    seat: float
    top: float
    wide: float
    deep: float
    lean: float

    def all(self) -> tuple[float, float, float, float, float, float, float]:
        return self.seat, self.top, self.wide, self.deep, self.lean, self.wide / 2 - 0.03, self.deep / 2 - 0.03


def chair(rng: Rng, look: Look) -> Thing:
    thing = Thing()
    size = Sizes(
        seat=rng.uniform(0.42, 0.5),
        top=rng.uniform(0.84, 1.05),
        wide=rng.uniform(0.4, 0.5),
        deep=rng.uniform(0.38, 0.48),
        lean=rng.uniform(0.04, 0.12),
    )
    style = str(rng.choice(["dining", "shell", "arm", "tubular"], p=[0.5, 0.22, 0.14, 0.14]))
    metal = style in ("shell", "tubular") and rng.random() < 0.6
    legs = look.second if rng.random() < 0.35 or metal or look.main.kind == "glass" else look.main
    if style == "arm":
        armchair(thing, rng, look, size)
    elif style == "shell":
        shell_chair(thing, rng, look, legs, size)
    else:
        frame(thing, rng, look, legs, size, style == "tubular")
        backrest(thing, rng, look, size)
    return thing


def armchair(thing: Thing, rng: Rng, look: Look, size: Sizes) -> None:
    _seat, top, w, d, _lean, x, y = size.all()
    plump = float(rng.uniform(0.04, 0.07))
    for dims, place in (
        ((w + 0.1, d + 0.1, 0.16), (0, 0, 0.27)),
        ((w + 0.14, 0.16, top - 0.25), (0, y + 0.08, (top - 0.3) / 2 + 0.2)),
        ((0.13, d + 0.12, 0.4), (-x - 0.1, 0, 0.38)),
        ((0.13, d + 0.12, 0.4), (x + 0.1, 0, 0.38)),
    ):
        thing.add(box(dims, plump, 20).moved(np.eye(3), place), look.main)
    cushion = look.second if rng.random() < 0.4 else look.main
    thing.add(box((w - 0.04, d - 0.04, 0.12), 0.055, 20).moved(np.eye(3), (0, -0.03, 0.4)), cushion)
    for sx in (-1, 1):
        for sy in (-1, 1):
            thing.add(tube(line((sx * x, sy * y, 0.2), (sx * (x + 0.03), sy * (y + 0.03), 0)), 0.022), look.second)


def shell_chair(thing: Thing, rng: Rng, look: Look, legs: Coat, size: Sizes) -> None:
    seat, top, w, d, lean, x, y = size.all()
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


def frame(thing: Thing, rng: Rng, look: Look, legs: Coat, size: Sizes, tubular: bool) -> None:
    """Four legs or two bent tubes, and the seat."""
    seat, top, w, d, lean, x, y = size.all()
    square, thick = float(rng.choice([2.0, 6.0])), rng.uniform(0.018, 0.032)
    if tubular:
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


def backrest(thing: Thing, rng: Rng, look: Look, size: Sizes) -> None:
    """A panel, rails, a cross or spindles between the posts."""
    seat, top, _w, _d, lean, x, y = size.all()

    def at(z: float) -> float:
        return y + lean * max(0.0, (z - seat) / (top - seat))

    back = str(rng.choice(["spindles", "rails", "panel", "cross"], p=[0.35, 0.35, 0.2, 0.1]))
    if back == "panel":
        s, t = np.linspace(seat + (top - seat) * rng.uniform(0.1, 0.5), top, 40), np.linspace(-1, 1, 40)
        zz, tt = np.meshgrid(s, t, indexing="ij")
        yy = y + lean * (zz - seat) / (top - seat) + 0.03 * (1 - tt**2)
        thing.add(sheet(np.stack([x * tt, yy, zz], axis=-1), 0.022), look.main)
        return

    def rail(z: float, high: float) -> None:
        path = curve([(-x, at(z), z), (0, at(z) + 0.04, z), (x, at(z), z)], 40)
        thing.add(tube(path, high, 0.012, power=4, up=(0, 0, 1)), look.main)

    if back == "rails":
        for z in np.linspace(seat + (top - seat) * 0.35, top - 0.04, int(rng.integers(2, 5))):
            rail(float(z), rng.uniform(0.022, 0.035))
        return
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


def lamp(rng: Rng, look: Look) -> Thing:
    thing = Thing()
    lit = rng.random() < 0.5
    power = rng.uniform(40, 130)  # times the light of the room
    bulb_coat = Coat("ceramic", plain(np.full(3, 0.75), rng), rough=0.05)
    centre, radius = desk_lamp(thing, rng, look) if rng.random() < 0.32 else table_lamp(thing, rng, look)
    if lit:
        thing.bulbs.append(Bulb(centre, radius, power))
    else:
        thing.add(ball(radius, 30).moved(np.eye(3), centre), bulb_coat)
    return thing


def desk_lamp(thing: Thing, rng: Rng, look: Look) -> tuple[Array, float]:
    """A foot, an arm and a bell; returns where the bulb is."""
    foot = rng.uniform(0.17, 0.24)
    thing.add(
        revolve(curve([(0, 0), (foot, 0), (foot, 0), (foot * 0.97, 0.045), (0.03, 0.06), (0, 0.06)], 60)), look.main
    )
    a1, a2 = rng.uniform(-0.15, 0.5), rng.uniform(0.5, 1.35)
    l1, l2 = rng.uniform(0.4, 0.55), rng.uniform(0.3, 0.45)
    elbow = np.array([-np.sin(a1) * l1, 0, 0.05 + np.cos(a1) * l1])
    head = elbow + np.array([np.sin(a2) * l2, 0, np.cos(a2) * l2])
    thin = rng.uniform(0.012, 0.02)
    if rng.random() < 0.3:
        thing.add(
            tube(
                curve(
                    [(0, 0, 0.04), (0, 0, 0.3), elbow * np.array([0, 1, 1.3]), head + np.array([0, 0, 0.1]), head],
                    80,
                ),
                thin,
            ),
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
    return aim @ np.array([0, 0, deep * 0.55]) + head, 0.05


def table_lamp(thing: Thing, rng: Rng, look: Look) -> tuple[Array, float]:
    """A base and a cloth shade; returns where the bulb is."""
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
    turns = np.linspace(0, 2 * np.pi, 129)
    pleats = np.ones(129) + (0.012 if rng.random() < 0.3 else 0.0) * np.sin(turns * 40)
    form = np.stack(
        [cone[:, :1] * np.cos(turns) * pleats, cone[:, :1] * np.sin(turns) * pleats, cone[:, 1:] + 0 * turns], axis=-1
    )
    tint, trim = np.clip(some_colour(rng) * 0.6 + rng.choice([0.02, 0.3]), 0, 0.85), some_colour(rng)
    cloth = Coat("shade", pattern(tint, trim, rng) if rng.random() < 0.3 else plain(tint, rng))
    thing.add(Mesh(form.reshape(-1, 3), strip(60, 129, False)), cloth)
    if rng.random() < 0.4:
        for r, z in (cone[0], cone[-1]):
            hoop = [(r - 0.004, z - 0.01), (r + 0.004, z - 0.01), (r + 0.004, z + 0.01), (r - 0.004, z + 0.01)]
            thing.add(revolve(curve([*hoop, hoop[0]], 16)), Coat("matte", plain(trim, rng)))
    thing.add(tube(line((0, 0, high), (0, 0, (z1 + z2) / 2)), 0.014), look.second)
    return np.array([0, 0, (z1 + z2) / 2]), 0.06
