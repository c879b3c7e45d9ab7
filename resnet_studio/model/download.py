"""A file from the network: whole, checked and put in place at once, or not there at all."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from urllib.request import Request, urlopen

from resnet_studio.durable import replacing

_CHUNK = 2**18
_LEFTOVER_SECONDS = 24 * 3600
_DIGEST_IN_NAME = re.compile(r"-([0-9a-f]{8,64})\.\w+$")


class DownloadError(Exception):
    """The network is away, or what came is not the file that was asked for."""


def fetch(
    url: str, path: Path, *, progress: Callable[[int, int], None] | None = None, timeout_seconds: float = 20
) -> None:
    """Download ``url`` to ``path``, which is replaced only once all of it has come and its digest is right.

    The digest is the start of the SHA-256 in the file's name, as torchvision names its weights. ``progress`` gets the
    bytes done and in all (0 where unknown) several times a second; what it raises ends the download and leaves nothing
    behind. Raises :class:`DownloadError`; also where the other side is silent for ``timeout_seconds``.
    """
    _remove_leftovers(path)
    digest, done, total = hashlib.sha256(), 0, 0
    with replacing(path) as temporary:
        with temporary.open("wb") as file:
            for chunk, total in _chunks(url, timeout_seconds):
                file.write(chunk)
                digest.update(chunk)
                done += len(chunk)
                if progress:
                    progress(done, total)
        if done < total or not _fits(path.name, digest.hexdigest()):
            raise DownloadError(f"{url} came incomplete or damaged")


def is_whole(path: Path) -> bool:
    """Whether ``path`` is a file whose SHA-256 begins as its name says."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return _fits(path.name, hashlib.file_digest(file, "sha256").hexdigest())


def _chunks(url: str, timeout_seconds: float) -> Iterator[tuple[bytes, int]]:
    """What comes from ``url`` as it comes, each piece with the bytes expected in all."""
    request = Request(url, headers={"User-Agent": "resnet-studio"})
    try:
        with urlopen(request, timeout=timeout_seconds) as response:
            total = int(response.headers.get("Content-Length") or 0)
            # read1 returns what has arrived: a slow line still reports progress and can still be stopped.
            while chunk := response.read1(_CHUNK):
                yield chunk, total
    except (OSError, HTTPException, ValueError) as error:
        raise DownloadError(f"{url}: {error}") from error


def _fits(name: str, digest: str) -> bool:
    found = _DIGEST_IN_NAME.search(name)
    return found is None or digest.startswith(found.group(1))


def _remove_leftovers(path: Path) -> None:
    """Remove what a killed download of ``path`` left behind long ago."""
    for leftover in path.parent.glob(f".{path.name}.*.tmp"):
        with suppress(FileNotFoundError):  # another download may finish, and rename its file, at this moment
            if time.time() - leftover.stat().st_mtime > _LEFTOVER_SECONDS:
                leftover.unlink(missing_ok=True)
