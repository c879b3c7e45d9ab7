"""Pictures, class folders and zips made on the spot, honest ones and hostile ones; trainings that are prepared."""

from __future__ import annotations

import hashlib
import io
import random
import struct
import zipfile
import zlib
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from resnet_studio.events import Event
    from resnet_studio.training.session import Session
    from resnet_studio.workspace import Run

COLOURS = ("crimson", "seagreen", "royalblue", "goldenrod", "purple", "teal", "orange", "navy")


def picture(seed: int = 0, *, label: int = 0, side: int = 24, format: str = "PNG", **options: Any) -> bytes:
    """A picture file: a shape whose colour and form follow ``label``, its place and size ``seed``."""
    rng = random.Random(f"{seed}/{label}")
    image = Image.new("RGB", (side, side), rng.choice(("white", "ivory", "lavender")))
    left, top, size = rng.randrange(side // 2), rng.randrange(side // 2), rng.randrange(side // 4, side // 2 + 1)
    draw = ImageDraw.Draw(image)
    shape = draw.ellipse if label % 2 else draw.rectangle
    shape((left, top, left + size, top + size), fill=COLOURS[label % len(COLOURS)])
    image.putpixel((seed % side, seed // side % side), (seed % 256, seed // 256 % 256, label % 256))
    return encoded(image, format, **options)


def scene(seed: int, side: int = 160) -> Image.Image:
    """Something like a photograph: detail of all sizes."""
    import numpy as np

    draw = np.random.default_rng(seed)
    layers = np.zeros((side, side, 3))
    for cells in (3, 6, 12, 24, 48):
        noise = draw.normal(0, 1, (cells, cells, 3)) + draw.normal(0, 0.5, (cells, cells, 1))
        values = np.uint8(np.clip(128 + 40 * noise, 0, 255))
        layers += np.asarray(Image.fromarray(values).resize((side, side), Image.Resampling.BICUBIC), float) / cells**0.5
    layers = 255 * (layers - layers.min()) / np.ptp(layers)
    return Image.fromarray(np.uint8(layers))


def encoded(image: Image.Image, format: str = "PNG", **options: Any) -> bytes:
    """``image`` as the bytes of a file."""
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def class_files(counts: Mapping[str, int], **options: Any) -> dict[str, bytes]:
    """Files ``<class>/<number>.png`` of different pictures, ``counts`` of each class."""
    return {
        f"{name}/{number}.png": picture(number, label=label, **options)
        for label, (name, count) in enumerate(counts.items())
        for number in range(count)
    }


def write(folder: Path, files: Mapping[str, bytes]) -> Path:
    """``files`` written below ``folder``."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def zipped(path: Path, files: Mapping[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> Path:
    """A well-made zip of ``files``."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


@dataclass
class Entry:
    """One entry of a zip written byte by byte: whatever is not given is honest."""

    name: bytes
    data: bytes = b""
    flags: int = 0x800
    method: int = 8
    attributes: int = 0
    packed: bytes | None = None
    packed_size: int | None = None
    size: int | None = None
    checksum: int | None = None
    offset: int | None = None
    local_name: bytes | None = None
    extra: bytes = b""

    def body(self) -> bytes:
        if self.packed is not None:
            return self.packed
        if self.method != 8:
            return self.data
        squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
        return squeeze.compress(self.data) + squeeze.flush()

    def facts(self) -> tuple[int, int, int]:
        checksum = zlib.crc32(self.data) if self.checksum is None else self.checksum
        packed = len(self.body()) if self.packed_size is None else self.packed_size
        return checksum, packed, len(self.data) if self.size is None else self.size


def raw_zip(entries: Iterable[Entry], *, before: bytes = b"", after: bytes = b"") -> bytes:
    """The bytes of a zip of ``entries``, with no check whatever."""
    out, directory, count = bytearray(before), bytearray(), 0
    for entry in entries:
        checksum, packed, size = entry.facts()
        fields = (20, entry.flags, entry.method, 0, 0x21, checksum, packed, size)
        offset = len(out) if entry.offset is None else entry.offset
        local = entry.name if entry.local_name is None else entry.local_name
        if entry.offset is None:
            out += struct.pack("<4s5H3L2H", b"PK\3\4", *fields, len(local), 0) + local + entry.body()
        directory += struct.pack(
            "<4s6H3L5H2L",
            b"PK\1\2",
            0x314,
            *fields,
            len(entry.name),
            len(entry.extra),
            0,
            0,
            0,
            entry.attributes,
            offset,
        )
        directory += entry.name + entry.extra
        count += 1
    start = len(out)
    out += directory
    out += struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count & 0xFFFF, count & 0xFFFF, len(directory), start, 0) + after
    return bytes(out)


def fingerprint(folder: Path) -> dict[str, str]:
    """Every file and folder below ``folder``, the files with a hash of their bytes."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        for path in sorted(folder.rglob("*"))
    }


def prepared(run: Run) -> tuple[Session, list[Event]]:
    """The training of ``run`` before its first step, and what was said while it was prepared."""
    from resnet_studio.training.control import Control
    from resnet_studio.training.setup import prepare

    return ended(prepare(run, Control()))


def ended(generator: Generator[Any, None, Any]) -> tuple[Any, list[Any]]:
    """What ``generator`` returns, and all that it yields before."""
    yielded = []
    while True:
        try:
            yielded.append(next(generator))
        except StopIteration as stop:
            return stop.value, yielded
