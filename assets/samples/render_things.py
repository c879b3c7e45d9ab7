"""Render the sample set "things": small pictures that look like photographs of everyday things.

    python -m venv render-venv && render-venv/bin/pip install mitsuba numpy pillow
    render-venv/bin/python assets/samples/render_things.py --work /tmp/things

writes assets/samples/things.zip. Pictures already in --work are kept, so it can be stopped and started
again. Picture k of a class depends only on --seed, the class and k. Mitsuba 3 (a path tracer) is needed by
this script alone, not by the project. The default variant compiles with LLVM (point DRJIT_LIBLLVM_PATH at
a libLLVM of version 16 or newer); --variant scalar_rgb needs nothing else and is some three times slower.
Everything in the pictures is made by code: things_table.py, things_room.py and things_clutter.py
the forms, with things_mesh.py; things_looks.py the surfaces, backdrops and light.
"""

from __future__ import annotations

import argparse
import io
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import things_looks as looks
from PIL import Image, ImageFilter
from things_clutter import clutter
from things_looks import Array, Coat, Rng
from things_mesh import Bulb, Look, Mesh, Part, Reals, Thing, box, paint, strip, turn
from things_room import chair, lamp
from things_table import bottle, mug, spoon, teapot

HERE = Path(__file__).resolve().parent
PER_CLASS = 49
CLASSES: dict[str, Callable[[Rng, Look], Thing]] = {
    "bottle": bottle,
    "chair": chair,
    "lamp": lamp,
    "mug": mug,
    "spoon": spoon,
    "teapot": teapot,
}
SIZES = [(96, 96), (112, 96), (96, 112)]  # width, height
OVER = 2  # rendered this many times larger, then reduced
# Real heights in centimetres: they set how large planks, tiles and threads look beside the thing.
REAL = {"bottle": 26, "chair": 70, "lamp": 40, "mug": 11, "spoon": 20, "teapot": 18}


@dataclass
class Camera:
    origin: Array
    target: Array
    up: Array
    fov: float  # degrees, of the longer side
    size: tuple[int, int]

    def project(self, points: Array) -> tuple[Array, Array]:
        """Image positions, -1..1 over the frame in x and y (y up), and depths."""
        forward = self.target - self.origin
        forward /= np.linalg.norm(forward)
        right = np.cross(forward, self.up)
        right /= np.linalg.norm(right)
        over = np.cross(right, forward)
        p = points - self.origin
        depth = np.maximum(p @ forward, 1e-3)
        longer = max(self.size)
        scale = np.array([longer / self.size[0], longer / self.size[1]]) / np.tan(np.radians(self.fov / 2))
        return np.stack([p @ right, p @ over], axis=1) / depth[:, None] * scale, depth


# ---------------------------------------------------------------- what is in the picture


def deck(seed: int, name: str, topic: int, k: int, options: int) -> int:
    """The k-th card of a shuffled deck: over a class every option comes equally often."""
    order = np.random.default_rng([seed, list(CLASSES).index(name), topic]).permutation(PER_CLASS)
    return int(order[k % PER_CLASS]) % options


def make_thing(name: str, k: int, seed: int, rng: Rng) -> Thing:
    """The posed thing, standing or lying on z = 0 around the z axis."""
    material = looks.MATERIALS[deck(seed, name, 0, k, len(looks.MATERIALS))]
    if name == "spoon" and material == "glass":
        material = "plastic"  # so thin a thing of clear glass cannot be told from its refractions
    main = looks.jitter(looks.hex_rgb(looks.PALETTE[deck(seed, name, 1, k, len(looks.PALETTE))]), rng)
    other = looks.some_colour(rng)
    body = looks.coat(material, main, other, rng)
    second = looks.coat(str(rng.choice(["ceramic", "plastic", "wood", "metal", "matte"])), other, main, rng, False)
    inside = body
    if material in ("ceramic", "matte") and rng.random() < 0.5:
        inside = looks.coat("ceramic", looks.jitter(looks.hex_rgb("e9e6df"), rng, 0.05), main, rng, False)
    thing = paint(CLASSES[name](rng, Look(body, second, inside, material)))
    span = np.ptp(thing.points(), axis=0).max()
    pose = np.eye(3) / span
    if name == "spoon":
        pose = turn("x", np.pi if rng.random() < 0.15 else rng.normal(0, 0.12)) @ pose
        if rng.random() < 0.2:  # resting on something low
            pose = turn("y", -rng.uniform(0.1, 0.35)) @ pose
    elif name in ("mug", "bottle") and rng.random() < 0.1:
        pose = turn("x", np.pi / 2) @ turn("z", rng.uniform(-1, 1) + np.pi / 2) @ pose
    spin = rng.uniform(0, 2 * np.pi)
    if name == "mug" and rng.random() < 0.85:  # mostly with the handle in sight
        spin = rng.choice([0, np.pi]) + rng.normal(0, 0.55)
    if name == "teapot" and rng.random() < 0.8:
        spin = rng.choice([0, np.pi]) + rng.normal(0, 0.5)
    if name == "chair" and rng.random() < 0.75:
        spin = rng.uniform(-1.2, 1.2)
    thing = thing.moved(turn("z", float(spin)) @ pose)
    p = thing.points()
    middle = (p.min(axis=0) + p.max(axis=0)) / 2
    return thing.moved(np.eye(3), (-middle[0], -middle[1], -p[:, 2].min() + 0.001))


def make_camera(name: str, thing: Thing, rng: Rng) -> Camera:
    size = SIZES[int(rng.choice(3, p=[0.4, 0.3, 0.3]))]
    low, high = {"spoon": (24, 80), "chair": (6, 38), "lamp": (0, 32), "bottle": (3, 45)}.get(name, (8, 58))
    rise = np.radians(rng.uniform(low, high))
    p = thing.points()
    centre = (p.min(axis=0) + p.max(axis=0)) / 2
    fill = rng.uniform(0.62, 0.93) if name != "spoon" else rng.uniform(0.75, 0.97)
    roll = rng.normal(0, 0.05)
    fov = float(np.exp(rng.uniform(np.log(26), np.log(58))))
    aim = rng.uniform(-1, 1, 2) * (1 - min(fill, 0.95)) * 0.8
    away = np.array([0, -np.cos(rise), np.sin(rise)])
    camera = Camera(centre + 3 * away, centre, np.array([np.sin(roll), 0, np.cos(roll)]), fov, size)
    distance = 3.0
    for _ in range(8):  # step back or forth until the thing fills its share of the frame, and centre it
        camera.origin = camera.target + distance * away
        xy, _depth = camera.project(p)
        middle = (xy.min(axis=0) + xy.max(axis=0)) / 2 * distance * np.tan(np.radians(fov / 2))
        step = [middle[0], -middle[1] * away[2] * away[1], middle[1] * away[1] ** 2]
        camera.target = camera.target + np.array(step)
        distance *= float(np.ptp(xy, axis=0).max()) / 2 / fill
    camera.origin = camera.target + distance * away
    reach = np.tan(np.radians(fov / 2)) * distance
    shift = np.array([aim[0], 0, aim[1] * np.cos(rise)]) * reach * 0.7
    camera.target = camera.target + shift
    return camera


def cover(camera: Camera, thing: Thing, others: list[Thing]) -> float:
    """The share of the thing's sight that the others hide, from point splats."""
    cells = 40
    near = np.full((cells, cells), np.inf)
    for other in others:
        xy, depth = camera.project(other.points())
        ij = np.floor((xy + 1) / 2 * cells).astype(int)
        ok = ((ij >= 0) & (ij < cells)).all(axis=1)
        np.minimum.at(near, (ij[ok, 0], ij[ok, 1]), depth[ok])
    xy, depth = camera.project(thing.points())
    ij = np.clip(np.floor((xy + 1) / 2 * cells).astype(int), 0, cells - 1)
    own = np.full((cells, cells), np.inf)
    np.minimum.at(own, (ij[:, 0], ij[:, 1]), depth)
    seen = np.isfinite(own)
    return float((near[seen] < own[seen]).mean())


def scatter(thing: Thing, camera: Camera, back: float, large: bool, rng: Rng) -> list[Thing]:
    """Clutter around the thing: behind, beside, and a little in front."""
    p = thing.points()[::7, :2]
    out: list[Thing] = []
    taken: list[tuple[Array, float]] = []
    for _ in range(int(rng.choice([0, 1, 2, 3, 4, 5, 6], p=[0.08, 0.12, 0.2, 0.22, 0.18, 0.12, 0.08]))):
        item = paint(clutter(rng, large)).moved(np.eye(3) * rng.uniform(0.7, 1.35))
        size = float(np.linalg.norm(item.points()[:, :2], axis=1).max())
        for _try in range(25):
            in_front = rng.random() < 0.3
            y = rng.uniform(-0.75, -0.15) if in_front else rng.uniform(-0.3, min(back - 0.15, 1.3))
            at = np.array([rng.uniform(-0.95, 0.95), y])
            clear = np.linalg.norm(p - at, axis=1).min() > size * 0.9 + 0.02
            clear &= all(np.linalg.norm(at - q) > size + s for q, s in taken) and y + size < back
            placed = item.moved(np.eye(3), (*at, 0.001))
            clear = clear and camera.project(placed.points())[1].min() > 0.4 * np.linalg.norm(camera.origin)
            if clear and cover(camera, thing, [*out, placed]) < 0.2:
                out.append(placed)
                taken.append((at, size))
                break
    return out


# ---------------------------------------------------------------- the scene


def floats(a: Array) -> npt.NDArray[np.float32]:
    return np.ascontiguousarray(a, dtype=np.float32).ravel()


def to_mesh(mi: Any, mesh: Mesh, bsdf: dict[str, Any], uv: Array | None = None, **attributes: Array) -> Any:
    """A Mitsuba mesh with texture coordinates or values at its vertices."""
    props = mi.Properties()
    props["bsdf"] = mi.load_dict(bsdf)
    n, textured = len(mesh.verts), uv is not None
    out = mi.Mesh("part", n, len(mesh.faces), has_vertex_normals=True, has_vertex_texcoords=textured, props=props)
    for name, value in attributes.items():
        out.add_attribute(f"vertex_{name}", floats(value).size // n, floats(value))
    params = mi.traverse(out)
    params["vertex_positions"] = floats(mesh.verts)
    params["vertex_normals"] = floats(mesh.normals())
    params["faces"] = np.ascontiguousarray(mesh.faces, dtype=np.uint32).ravel()
    if uv is not None:
        params["vertex_texcoords"] = floats(uv)
    params.update()
    return out


def papered(mi: Any, mesh: Mesh, picture: Array, rough: float, uv: Array) -> Any:
    """A mesh with a picture on it."""
    data = mi.Bitmap(np.ascontiguousarray(picture, dtype=np.float32))
    return to_mesh(mi, mesh, looks.opaque({"type": "bitmap", "bitmap": data, "raw": True}, rough**0.5), uv)


def flat(corner: Reals, a: Reals, b: Reals) -> tuple[Mesh, Array]:
    """A rectangle from a corner along two sides, and its texture coordinates 0..1."""
    o, u, v = (np.asarray(x, dtype=float) for x in (corner, a, b))
    return Mesh(np.array([o, o + u, o + v, o + u + v]), strip(2, 2, False)), np.array(
        [[0, 0], [1, 0], [0, 1], [1, 1.0]]
    )


def dull(mesh: Mesh, colour: Array) -> Part:
    """A mesh in one colour."""
    tone = np.broadcast_to(np.clip(colour, 0.01, 0.85), mesh.verts.shape)
    return Part(mesh, Coat("matte", lambda p: p), tone)


def put(mi: Any, scene: dict[str, Any], parts: list[Part], bulbs: list[Bulb]) -> None:
    """Everything opaque becomes one mesh; clear parts stay alone."""
    solid: list[tuple[Mesh, Array, float, float]] = []
    for part in parts:
        assert part.colour is not None
        clear = part.coat.clear()
        if clear is None:
            solid.append((part.mesh, part.colour, part.coat.rough**0.5, float(part.coat.kind == "metal")))
        else:
            scene[f"part{len(scene)}"] = to_mesh(mi, part.mesh, clear, color=part.colour)
    starts = np.cumsum([0] + [len(m.verts) for m, *_ in solid])
    whole = Mesh(
        np.concatenate([m.verts for m, *_ in solid]),
        np.concatenate([m.faces + start for (m, *_), start in zip(solid, starts, strict=False)]),
    )
    skin = looks.opaque(looks.vertex("color"), looks.vertex("rough"), looks.vertex("metal"))
    scene["solid"] = to_mesh(
        mi,
        whole,
        skin,
        color=np.concatenate([c for _, c, *_ in solid]),
        rough=np.concatenate([np.full(len(m.verts), r) for m, _, r, _ in solid]),
        metal=np.concatenate([np.full(len(m.verts), k) for m, _, _, k in solid]),
    )
    for bulb in bulbs:
        light = (looks.warmth(0.65) * bulb.power).tolist()
        scene[f"bulb{len(scene)}"] = {
            "type": "sphere",
            "center": bulb.centre.tolist(),
            "radius": bulb.radius,
            "emitter": {"type": "area", "radiance": {"type": "rgb", "value": light}},
        }


def set_stage(mi: Any, scene: dict[str, Any], name: str, rng: Rng) -> tuple[list[Part], float, float]:
    """Floor, wall and light; returns plain parts, the room behind the thing, and the mean light."""
    parts: list[Part] = []
    kind = str(rng.choice(["wall", "open", "sweep"], p=[0.55, 0.31, 0.14]))
    back = float(rng.uniform(0.55, 2.6) if kind != "open" else rng.uniform(0.8, 2.0))
    tile, rough, ground = looks.ground_picture(rng)
    unit = (25 / REAL[name]) ** 0.6 * rng.uniform(0.75, 1.35)  # smaller things, larger planks
    angle = np.radians(rng.choice([0, 90, rng.uniform(0, 180)]))
    spin = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    if kind == "sweep":  # seamless paper that bends up behind the thing
        bend = np.linspace(0, np.pi / 2, 30)
        away = np.concatenate([[-8], back + 1.2 * np.sin(bend), [back + 1.2]])
        high = np.concatenate([[0], 1.2 - 1.2 * np.cos(bend), [9]])
        verts = np.stack([np.tile([-12.0, 12.0], len(away)), np.repeat(away, 2), np.repeat(high, 2)], axis=1)
        colour = looks.some_colour(rng, rng.uniform(0.3, 0.8)) * 1.2
        parts.append(dull(Mesh(verts, strip(len(away), 2, False)), colour))
        back += 0.3
    else:
        far = 10.0 if kind == "wall" else back
        n = 161 if ground == "cloth" else 2
        gx, gy = np.meshgrid(np.linspace(-6, 6, n), np.linspace(far - 12, far, n))
        gz = np.zeros((n, n))
        if ground == "cloth":  # soft folds, none under the thing
            fold = np.pad(looks.field2(rng, 2.2, size=n - 1), ((0, 1), (0, 1)), mode="wrap")
            gz = (fold - fold.max()) * rng.uniform(0.002, 0.012) * np.clip(np.hypot(gx, gy) - 0.55, 0, 1)
        floor = Mesh(np.stack([gx, gy, gz], axis=-1).reshape(-1, 3), strip(n, n, False))
        scene["stage"] = papered(mi, floor, tile, rough, floor.verts[:, :2] @ spin.T / unit + rng.random(2))
        if kind == "open":  # the far edge of a table
            edge, _uv = flat((-6, back, -0.1), (12, 0, 0), (0, 0, 0.1))
            parts.append(dull(edge, tile.mean(axis=(0, 1)) * 0.8))
    if kind == "wall":
        wall, uv = flat((-10, back, -0.1), (20, 0, 0), (0, 0, 12))
        scene["wall"] = papered(mi, wall, looks.wall_picture(rng), 0.6, uv * [20, 12] * 0.8 / unit + rng.random(2))
        for _ in range(int(rng.integers(1, 4)) if rng.random() < 0.45 else 0):
            w, h = float(rng.uniform(0.35, 1.0)), float(rng.uniform(0.35, 1.0))
            x, z = float(rng.uniform(-1.6, 1.2)), float(rng.uniform(0.4, 1.2))
            rim = box((w + 0.08, 0.036, h + 0.08), 0.01, 6).moved(np.eye(3), (x + w / 2, back - 0.02, z + h / 2))
            parts.append(dull(rim, looks.some_colour(rng)))
            art, uv = flat((x, back - 0.045, z), (w, 0, 0), (0, 0, h))
            scene[f"art{len(scene)}"] = papered(mi, art, looks.framed_picture(rng), 0.6, uv)
        if rng.random() < 0.4:  # a skirting board
            foot = box((20, 0.04, 0.22 + 0.1 * unit), 0.01, 6).moved(np.eye(3), (0, back - 0.02, 0))
            parts.append(dull(foot, looks.some_colour(rng, 0.4)))
    pano = looks.surroundings(rng, kind == "open")
    data = mi.Bitmap(np.ascontiguousarray(pano, dtype=np.float32))
    around = mi.ScalarTransform4f().rotate([1, 0, 0], 90)
    scene["sky"] = {"type": "envmap", "bitmap": data, "to_world": around}
    return parts, back, float(pano[:150].mean())


def render(mi: Any, name: str, k: int, seed: int, samples: int) -> Array:
    """One picture in linear light, at the final size."""
    rng = np.random.default_rng([seed, list(CLASSES).index(name), 100 + k])
    thing = make_thing(name, k, seed, rng)
    camera = make_camera(name, thing, rng)
    clear = any(part.coat.kind == "glass" for part in thing.parts)
    samples = samples * 9 // 4 if clear else samples  # light through glass is hard to find
    path = {"type": "path", "max_depth": 12 if clear else 7, "rr_depth": 5}
    scene: dict[str, Any] = {"type": "scene", "integrator": path}
    stage, back, light = set_stage(mi, scene, name, rng)
    for bulb in thing.bulbs:
        bulb.power *= light
    items = scatter(thing, camera, back, name == "chair", rng)
    put(mi, scene, stage + [part for item in [thing, *items] for part in item.parts], thing.bulbs)
    distance = float(np.linalg.norm(camera.origin - camera.target))
    blur = float(np.exp(rng.uniform(np.log(0.001), np.log(0.02))))
    t = mi.ScalarTransform4f
    scene["camera"] = {
        "type": "thinlens",
        "fov": camera.fov,
        "fov_axis": "larger",
        "near_clip": 0.01,
        "far_clip": 200.0,
        "aperture_radius": blur * distance,
        "focus_distance": distance * float(rng.uniform(0.94, 1.0)),
        "to_world": t().look_at(origin=camera.origin.tolist(), target=camera.target.tolist(), up=camera.up.tolist()),
        "film": {
            "type": "hdrfilm",
            "width": camera.size[0] * OVER,
            "height": camera.size[1] * OVER,
            "pixel_format": "rgb",
            "rfilter": {"type": "box"},
            "sample_border": False,
        },
        "sampler": {"type": "multijitter", "sample_count": samples},
    }
    loaded = mi.load_dict(scene)
    halves = []
    for half in range(2):  # two halves, to know what is grain and what is picture
        image = np.array(mi.render(loaded, spp=samples, seed=2 * k + half), dtype=np.float64)
        image = np.nan_to_num(image[..., :3], posinf=50.0)
        image = np.minimum(image, np.median(image) * 60 + 1e-3)
        halves.append(despeckle(image, 2, 7) if clear else despeckle(image, 1, 3))
    image = smooth(halves[0], halves[1])
    w, h = camera.size
    small: Array = image.reshape(h, OVER, w, OVER, 3).mean(axis=(1, 3))
    return small


def despeckle(image: Array, reach: int, rank: int) -> Array:
    """Tame lone bright pixels: a highlight must have rank - 1 neighbours of about its brightness."""
    lum = image.mean(axis=2)
    side = 2 * reach + 1
    around = np.lib.stride_tricks.sliding_window_view(np.pad(lum, reach, mode="reflect"), (side, side))
    limit = np.sort(around.reshape(*lum.shape, side**2), axis=2)[..., -rank]
    tamed: Array = image * np.minimum(1, 1.25 * limit / np.maximum(lum, 1e-6))[..., None]
    return tamed


def spread(a: Array, reach: int) -> Array:
    """The mean over a square window."""
    side = 2 * reach + 1
    total = np.cumsum(np.pad(a, ((reach + 1, reach), (reach, reach)), mode="reflect"), axis=0)
    total = np.cumsum(np.pad(total[side:] - total[:-side], ((0, 0), (1, 0))), axis=1)
    mean: Array = (total[:, side:] - total[:, :-side]) / side**2
    return mean


def smooth(one: Array, two: Array, reach: int = 3) -> Array:
    """Non-local means on log light, as strong as two renderings differ: takes out what is left of the sampling."""
    floor = 0.03 * np.median(one)
    grain = ((np.log(one + floor) - np.log(two + floor)) ** 2).mean(axis=2) / 4
    grain = np.minimum(spread(grain, 3), 0.1) + 1e-6
    coded = np.log((one + two) / 2 + floor)
    h, w, _ = coded.shape
    wide = np.pad(coded, ((reach, reach), (reach, reach), (0, 0)), mode="reflect")
    total, weights = np.zeros_like(coded), np.zeros((h, w, 1))
    for dy in range(2 * reach + 1):
        for dx in range(2 * reach + 1):
            other = wide[dy : dy + h, dx : dx + w]
            apart = spread(((coded - other) ** 2).mean(axis=2), 1)
            weight = np.exp(-np.maximum(apart - 2 * grain, 0) / (0.7 * grain))[..., None]
            total += weight * other
            weights += weight
    out: Array = np.maximum(np.exp(total / weights) - floor, 0)
    return out


# ---------------------------------------------------------------- from light to a phone's JPEG


def develop(light: Array, rng: Rng) -> Image.Image:
    """Exposure, white balance, tone curve, lens and sensor faults of a small camera."""
    h, w, _ = light.shape
    y, x = np.mgrid[-1 : 1 : h * 1j, -1 : 1 : w * 1j]
    lum = light @ [0.2126, 0.7152, 0.0722]
    centre = np.exp(-(x**2 + y**2))
    mean = np.exp((np.log(lum + 1e-4) * centre).sum() / centre.sum())
    gain = 0.17 / mean * np.exp(rng.normal(0.05, 0.22))
    gain = min(gain, max(1.6 / np.percentile(lum, 93), gain * 0.55))  # hold the highlights, within reason
    grey = light.mean(axis=(0, 1))
    balance = (grey.mean() / grey) ** rng.uniform(0.25, 0.75) * np.exp(rng.normal(0, 0.035, 3))
    image = light * gain * balance
    image *= (1 - rng.uniform(0, 0.22) * (x**2 + y**2) / 2)[..., None]
    a = image * 0.9
    image = np.clip(a * (2.51 * a + 0.03) / (a * (2.43 * a + 0.59) + 0.14), 0, 1)  # filmic curve
    noise = rng.uniform(0.002, 0.01)
    spots = rng.standard_normal((h, w, 1)) + 0.5 * rng.standard_normal((h, w, 3))
    coded = looks.to_srgb(image)
    coded = coded + spots * noise * (1.3 - coded)
    grey_of = coded.mean(axis=2, keepdims=True)
    coded = grey_of + (coded - grey_of) * rng.uniform(0.9, 1.15)
    picture = Image.fromarray((np.clip(coded, 0, 1) * 255 + 0.5).astype(np.uint8))
    if rng.random() < 0.25:
        return picture.filter(ImageFilter.GaussianBlur(rng.uniform(0.2, 0.6)))
    return picture.filter(ImageFilter.UnsharpMask(0.8, int(rng.integers(20, 90)), 1))


def pack(work: Path, target: Path, classes: list[str], count: int) -> None:
    """A zip that depends on the pictures alone."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as out:
        for name in classes:
            for k in range(count):
                entry = zipfile.ZipInfo(f"{name}/{name}-{k + 1:03d}.jpg", date_time=(2024, 1, 1, 0, 0, 0))
                entry.external_attr = 0o644 << 16
                out.writestr(entry, (work / entry.filename).read_bytes())


def main() -> None:
    ask = argparse.ArgumentParser(description="Render the sample set 'things'.")
    ask.add_argument("--work", type=Path, required=True, help="folder for the single pictures; kept between runs")
    ask.add_argument("--out", type=Path, default=HERE / "things.zip")
    ask.add_argument("--classes", nargs="*", default=list(CLASSES), choices=list(CLASSES))
    ask.add_argument("--count", type=int, default=PER_CLASS, help="pictures a class")
    ask.add_argument("--seed", type=int, default=7)
    ask.add_argument("--samples", type=int, default=16, help="light paths per rendered pixel and half")
    ask.add_argument("--quality", type=int, default=88, help="of the JPEGs")
    ask.add_argument("--variant", default="llvm_ad_rgb")
    ask.add_argument("--threads", type=int, default=2)
    ask.add_argument("--no-zip", action="store_true")
    args = ask.parse_args()

    import mitsuba as mi  # type: ignore[import-not-found]

    mi.set_variant(args.variant)
    if args.variant.startswith("llvm"):
        import drjit  # type: ignore[import-not-found]

        drjit.set_thread_count(args.threads)
    started, made = time.time(), 0
    for k in range(args.count):
        for name in args.classes:
            target = args.work / name / f"{name}-{k + 1:03d}.jpg"
            if target.exists():
                continue
            light = render(mi, name, k, args.seed, args.samples)
            picture = develop(light, np.random.default_rng([args.seed, list(CLASSES).index(name), 5000 + k]))
            data = io.BytesIO()
            picture.save(data, "JPEG", quality=args.quality, optimize=True)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data.getvalue())
            made += 1
            print(f"{target.name}: {made} made, {(time.time() - started) / made:.1f} s each", flush=True)
    if not args.no_zip:
        pack(args.work, args.out, args.classes, args.count)
        print(f"{args.out}: {args.out.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
