"""Files become batches of pixels: each picture is decoded once, and cached as uint8 by its view."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from resnet_studio.data import cached_rows
from resnet_studio.data.pictures import read_picture
from resnet_studio.data.reading import Reading
from resnet_studio.errors import DataError
from resnet_studio.stepwise import result_of

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

    from resnet_studio.data.cache import ArrayCache
    from resnet_studio.data.dataset import Sample
    from resnet_studio.data.views import View

CHUNK = 64
VERSION = 3  # of what a decoded picture looks like; raise it when that changes


@dataclass(frozen=True)
class Decoded:
    """Pictures as pixels.

    ``pixels`` uint8 ``[N, side, side, 3]``; ``aspect`` float32 ``[N]``, width over height of what they stand for;
    ``indices``: which of the given files they are; ``skipped``: the positions of those that could not be decoded.
    """

    pixels: NDArray[np.uint8]
    aspect: NDArray[np.float32]
    indices: tuple[int, ...]
    skipped: tuple[int, ...]


@dataclass(frozen=True)
class _How:
    """How files are read; of each whether it is ``checked``."""

    view: View
    reading: Reading
    checked: Sequence[bool]

    def picture(self, file: Path, place: int) -> Image.Image:
        side, checked = self.view.draft_side, self.checked[place]
        return read_picture(file, draft_side=side, reading=self.reading, checked=checked)


def decode(
    files: Sequence[Path],
    view: View,
    *,
    reading: Reading = Reading(),  # noqa: B008 - frozen
    contents: Sequence[str] = (),
    cache: ArrayCache | None = None,
    threads: int | None = None,
    checked: Sequence[bool] = (),
) -> Generator[int, None, Decoded]:
    """Decode ``files`` in threads (the decoders release the interpreter lock); yields how many are done.

    With a ``cache`` and the ``contents`` (a hash of each file's bytes), pictures decoded before are not decoded again.
    A file that is ``checked``, see :func:`are_checked`, is not looked through again before it is decoded; without
    ``checked`` none is. A picture that cannot be decoded is left out and counted in ``skipped``; it never ends the
    whole.
    """
    shapes = {"pixels": ((len(files), view.side, view.side, 3), "u1"), "aspect": ((len(files),), "<f4")}
    key = _key(view, reading, contents, cache) if cache is not None else ""
    entry = cache.get(key) if cache is not None else None
    how = _How(view, reading, checked or (False,) * len(files))
    if entry is None and (cache is None or not cache.has_room(len(files) * view.side**2 * 3)):
        arrays = {name: np.empty(shape, dtype) for name, (shape, dtype) in shapes.items()}
        good = yield from _fill(files, range(len(files)), how, arrays, threads)
        return _decoded(arrays, good)
    assert cache is not None
    if entry is None:
        family = cache.key("pixels of a family", VERSION, repr(view), *reading.differences())
        yield from _build(cache, (key, family), shapes, files, contents, how, threads)
        entry = cache.get(key)
        assert entry is not None
    yield len(files)
    return _decoded(entry.arrays, entry.notes["good"])


def _build(
    cache: ArrayCache, keys: tuple[str, str], shapes: Mapping[str, tuple[tuple[int, ...], str]], files: Sequence[Path],
    contents: Sequence[str], how: _How, threads: int | None,
) -> Generator[int, None, None]:  # fmt: skip
    """Build the entry of the first of ``keys``; what one of the family of the second has of a picture is copied."""
    key, family = keys
    known, new = cached_rows.find(cache, family, "pixels", contents)
    whole = {**shapes, cached_rows.contents_of("pixels"): cached_rows.shape_of_contents(len(files))}
    with cache.building(key, whole) as building:
        for found in known:
            found.copy("pixels", building.arrays["pixels"])
            found.copy("aspect", building.arrays["aspect"])
        good = yield from _fill(files, new, how, building.arrays, threads)
        building.notes["good"] = good
        cached_rows.record_contents(
            building, family, pixels=[each if fine else "" for each, fine in zip(contents, good, strict=True)]
        )


def is_decoded(view: View, reading: Reading, contents: Sequence[str], cache: ArrayCache) -> bool:
    """Whether :func:`decode` would find the pixels of pictures with these ``contents`` in the ``cache``."""
    return cache.get(_key(view, reading, contents, cache)) is not None


def _key(view: View, reading: Reading, contents: Sequence[str], cache: ArrayCache) -> str:
    return cache.key("pixels", VERSION, repr(view), list(contents), *reading.differences())


def decode_all(
    files: Sequence[Path],
    view: View,
    *,
    reading: Reading = Reading(),  # noqa: B008 - frozen
    contents: Sequence[str] = (),
    cache: ArrayCache | None = None,
    checked: Sequence[bool] = (),
) -> Decoded:
    """As :func:`decode`, without reporting progress."""
    return result_of(decode(files, view, reading=reading, contents=contents, cache=cache, checked=checked))


def _fill(
    files: Sequence[Path],
    places: Sequence[int],
    how: _How,
    arrays: Mapping[str, NDArray[Any]],
    threads: int | None,
) -> Generator[int, None, list[bool]]:
    """Decode those of ``files`` at ``places`` into ``arrays``; returns which of all are there then."""

    def one(index: int) -> bool:
        try:
            picture = how.picture(files[index], index)
        except DataError:
            return False
        arrays["pixels"][index] = how.view.pixels(picture)
        arrays["aspect"][index] = how.view.aspect(picture)
        return True

    good = [True] * len(files)
    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        for start in range(0, len(places), CHUNK):
            some = places[start : start + CHUNK]
            for place, fine in zip(some, pool.map(one, some), strict=True):
                good[place] = fine
            yield len(files) - len(places) + start + len(some)
    return good


def _decoded(arrays: Mapping[str, NDArray[Any]], good: Sequence[bool]) -> Decoded:
    indices = tuple(index for index, fine in enumerate(good) if fine)
    pixels, aspect = arrays["pixels"], arrays["aspect"]
    if len(indices) < len(good):
        pixels, aspect = pixels[list(indices)], aspect[list(indices)]
    return Decoded(pixels, aspect, indices, tuple(index for index, fine in enumerate(good) if not fine))


def content(sample: Sample, path: Path) -> str:
    """The hash of the bytes of ``sample`` at ``path`` as they are now, read again only where the file has changed."""
    if sample.content and not sample.modified:
        return sample.content  # stored under its hash, never changed
    try:
        now = path.stat()
        if sample.content and (now.st_size, now.st_mtime_ns) == (sample.bytes, sample.modified):
            return sample.content
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return "missing"


def are_checked(samples: Sequence[Sample], contents: Sequence[str]) -> tuple[bool, ...]:
    """Which of ``samples`` with these ``contents`` now are as they were when a scan looked whether they are whole."""
    return tuple(bool(each.content) and each.content == now for each, now in zip(samples, contents, strict=True))
