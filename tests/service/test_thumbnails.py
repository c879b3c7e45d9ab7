from __future__ import annotations

import numpy as np
from PIL import Image

from resnet_studio.service.thumbnails import thumbnail


def test_small_pictures_are_kept_to_the_pixel_and_photographs_are_not_slow() -> None:
    """As PNG a photograph took longer than its classification, and five times the bytes."""
    pixels = np.random.default_rng(0).integers(0, 256, (480, 500, 3), dtype=np.uint8)
    small, photograph = Image.fromarray(pixels[:32, :32]), Image.fromarray(pixels).resize((500, 480))
    kept = thumbnail(small, 640)
    assert kept is not None and kept.media_type == "image/png"
    assert (np.asarray(kept.picture()) == pixels[:32, :32]).all()
    whole = thumbnail(photograph, 640)
    assert whole is not None and whole.media_type == "image/jpeg" and whole.picture().size == (500, 480)
    assert len(whole.content) < pixels.nbytes / 2
    reduced = thumbnail(photograph, 100)
    assert reduced is not None and max(reduced.picture().size) == 100
