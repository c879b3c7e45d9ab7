"""Large versions of recently classified pictures, held in memory while they are viewed."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from threading import Lock

from resnet_studio import acting, belonging
from resnet_studio.service.thumbnails import Thumbnail

MOST_BYTES = 64 * 2**20


class Album:
    """Keeps pictures in memory, the newest up to ``most`` bytes. Safe to use from many threads.

    Each has a name that cannot be guessed: nobody can see the pictures of others.
    """

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._bytes = 0
        self._kept: OrderedDict[str, tuple[Thumbnail, str]] = OrderedDict()
        self._lock = Lock()

    def keep(self, picture: Thumbnail) -> str:
        """Keep ``picture``, and forget the oldest where there is no room; its name."""
        name = secrets.token_urlsafe(18)
        with self._lock:
            self._kept[name] = picture, acting.owner()
            self._bytes += len(picture.content)
            while self._bytes > self._most:
                _, (old, _) = self._kept.popitem(last=False)
                self._bytes -= len(old.content)
        return name

    def find(self, name: str) -> Thumbnail | None:
        """The picture called ``name``; None where it was forgotten, or is somebody else's."""
        with self._lock:
            found, owner = self._kept.get(name, (None, ""))
        return found if acting.allowed("see", belonging.of_one("picture", owner)) else None
