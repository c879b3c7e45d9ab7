"""When photographs were taken, as their EXIF data say."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from PIL import ExifTags, Image

_TAGS = (ExifTags.Base.DateTimeOriginal, ExifTags.Base.DateTimeDigitized)


def captured_at(files: Sequence[Path]) -> list[float | None]:
    """For each of ``files`` when it was taken, seconds since 1970 by the camera's clock; None where it does not say."""
    with ThreadPoolExecutor(min(8, (os.cpu_count() or 1) + 1)) as pool:
        return list(pool.map(_captured_at, files))


def _captured_at(file: Path) -> float | None:
    try:
        with Image.open(file) as picture:
            exif = picture.getexif()
            inside = exif.get_ifd(ExifTags.IFD.Exif)
            given = [*(inside.get(tag) for tag in _TAGS), exif.get(ExifTags.Base.DateTime)]
    except Exception:  # noqa: BLE001 - whatever Pillow raises on EXIF data that lie
        return None
    for text in given:
        try:
            moment = datetime.strptime(str(text).strip("\0 ")[:19], "%Y:%m:%d %H:%M:%S")
        except ValueError:
            continue
        if moment.year > 1970:
            return moment.replace(tzinfo=UTC).timestamp()
    return None
