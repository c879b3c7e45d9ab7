"""Pictures that the page sends as the body of a request: frames of a camera, one's own picture made small."""

from __future__ import annotations

import io

from PIL import Image

from resnet_studio.data.formats import SNIFFED_BYTES, sniff
from resnet_studio.data.pictures import BadPicture

MOST_BYTES = 2**20
MOST_SIDE = 1280


def opened(content: bytes, name: str) -> Image.Image:
    """The picture ``content``, no larger than the page sends them; ``name`` for errors. Raises :class:`BadPicture`."""
    if sniff(content[:SNIFFED_BYTES]) not in ("JPEG", "PNG", "WEBP"):
        raise BadPicture("not_a_picture", name)
    try:
        picture = Image.open(io.BytesIO(content), formats=["JPEG", "PNG", "WEBP"])
    except (OSError, ValueError, SyntaxError) as error:
        raise BadPicture("damaged", name) from error
    if max(picture.size) > MOST_SIDE:
        raise BadPicture("too_large", name)
    return picture
