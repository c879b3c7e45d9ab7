"""Pillow's class for each format, opened without Pillow's guessing, so that the true reason of a refusal is seen."""

from __future__ import annotations

import io
import os
import warnings
from typing import IO

from PIL import Image, ImageFile, JpegImagePlugin, TiffImagePlugin

from resnet_studio.data import walkers
from resnet_studio.data.container import Container
from resnet_studio.data.directories import is_bloated_exif
from resnet_studio.data.formats import (
    PIXEL_LIMIT,
    ROWS_PIXEL_LIMIT,
    DamagedError,
    Format,
    UnsupportedError,
    check_pixels,
)
from resnet_studio.data.netpbm import unscaled

# what is odd about an EXIF block does not concern a reader of the terminal
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.TiffImagePlugin")

_UNSUPPORTED = ("unknown pixel mode", "unknown data organization", "samples per pixel", "not yet supported")
"""What Pillow says of a TIFF that is sound, but that it has no decoder for."""


def opened_by_pillow(file: IO[bytes], kind: Format, container: Container) -> ImageFile.ImageFile:
    """``file``, that walking it found to be ``container``, opened; nothing is decoded yet.

    Raises what Pillow raises, :class:`UnsupportedError`, :class:`TooLargeError`, or what :func:`walkers.check_strips`
    does.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    source = file if container.repaired is None else io.BytesIO(container.repaired)
    image = _image(source, kind)
    check_pixels(*image.size, ROWS_PIXEL_LIMIT if container.in_rows else PIXEL_LIMIT)
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        walkers.check_strips(image.tag_v2, size)
    if container.profile:
        image.info["icc_profile"] = container.profile
    return image


def _image(file: IO[bytes], kind: Format) -> ImageFile.ImageFile:
    if kind == "JPEG":
        return JpegImagePlugin.JpegImageFile(file)  # Image.open has a limit of its own, below that of a phone
    if kind == "TIFF":
        return _tiff(file)
    if kind == "AVIF":
        return _avif(file)
    if kind == "HEIF":
        return _heif(file)
    image = Image.open(file, formats=[kind])
    unscaled(image)
    return image


def _tiff(file: IO[bytes]) -> ImageFile.ImageFile:
    try:
        return TiffImagePlugin.TiffImageFile(file)
    except SyntaxError as error:
        # Pillow wraps whatever its parser raised in a SyntaxError
        cause = error.__cause__ or error
        if isinstance(cause, KeyError) or any(words in str(error) for words in _UNSUPPORTED):
            raise UnsupportedError(str(error)) from error
        raise
    except OSError as error:
        if any(words in str(error) for words in _UNSUPPORTED):
            raise UnsupportedError(str(error)) from error
        raise


def _avif(file: IO[bytes]) -> ImageFile.ImageFile:
    """An AVIF, whose EXIF block is checked before Pillow reads all of its values."""
    from PIL import AvifImagePlugin, features

    if not features.check("avif"):
        raise UnsupportedError("this Pillow has no AVIF decoder")
    from PIL import _avif

    try:
        decoder = _avif.AvifDecoder(file.read(), "auto", 1)
        (width, height), _, _, _, exif, _, _ = decoder.get_info()
    except (ValueError, RuntimeError, OSError) as error:
        raise DamagedError("AVIF") from error
    check_pixels(width, height)
    if exif and is_bloated_exif(exif):
        raise DamagedError("EXIF")
    file.seek(0)
    return AvifImagePlugin.AvifImageFile(file)


def _heif(file: IO[bytes]) -> ImageFile.ImageFile:
    from pillow_heif.as_plugin import HeifImageFile

    image: ImageFile.ImageFile = HeifImageFile(file)
    return image
