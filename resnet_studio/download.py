"""A file from the network: whole, checked and put in place at once, or not there at all.

Every download of the package goes through :func:`fetch`.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from resnet_studio.durable import renamed, replacing, sync, sync_folder

if TYPE_CHECKING:
    from hashlib import _Hash

_CHUNK = 2**18
_LEFTOVER_SECONDS = 24 * 3600
_DIGEST_IN_NAME = re.compile(r"-([0-9a-f]{8,64})\.\w+$")

Progress = Callable[[int, int], None]


class DownloadError(Exception):
    """The network is away, or the received file is not the requested one. ``status`` is that of HTTP, where known."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class DamagedError(DownloadError):
    """All of a file came, but its checksum or its size is wrong."""


@dataclass(frozen=True)
class Checksum:
    """What a file's digest begins with, in hex. ``algorithm`` is a name of :mod:`hashlib`."""

    algorithm: str
    digest: str

    @classmethod
    def in_name(cls, name: str) -> Checksum | None:
        """The start of the SHA-256 in the name of a file, as torchvision names its weights."""
        found = _DIGEST_IN_NAME.search(name)
        return cls("sha256", found.group(1)) if found else None

    def new(self) -> _Hash:
        """A digest to feed; MD5 is what data sets publish and guards against accidents only."""
        return hashlib.new(self.algorithm, usedforsecurity=False)

    def is_of(self, path: Path) -> bool:
        """Whether ``path`` is a file with this checksum."""
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, self.new).hexdigest().startswith(self.digest)


def fetch(
    url: str,
    path: Path,
    *,
    checksum: Checksum | None = None,
    most_bytes: int | None = None,
    resume: bool = False,
    progress: Progress | None = None,
    timeout_seconds: float = 20,
) -> None:
    """Download ``url`` (http or https) to ``path``, which is replaced only once all of it has come and is right.

    ``checksum`` is by default the digest in the file's name, if there is one. With ``resume`` what has come stays
    beside ``path`` when the download ends early, and the next call continues from there; what does not fit then is
    thrown away and downloaded from the start. Only one call at a time may do so for a ``path``, and only a file with a
    checksum is resumed. ``progress`` gets the bytes done and in all (0 where unknown) several times a second; what it
    raises ends the download. Raises :class:`DownloadError`, also where the other side is silent for ``timeout_seconds``
    or sends more than ``most_bytes``; :class:`DamagedError` for a wrong file, of which nothing stays.
    """
    checksum = checksum or Checksum.in_name(path.name)
    request = _Request(url, checksum, most_bytes, progress, timeout_seconds)
    _remove_leftovers(path)
    if not resume or checksum is None:
        with replacing(path) as temporary:
            request.receive(temporary)
        return
    part = path.with_name(f"{path.name}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    if not checksum.is_of(part):
        _go_on(request, part)
    with part.open("rb+") as file:
        sync(file.fileno())
    renamed(part, path)
    sync_folder(path.parent)


def is_whole(path: Path) -> bool:
    """Whether ``path`` is a file whose SHA-256 begins as its name says."""
    checksum = Checksum.in_name(path.name)
    return checksum.is_of(path) if checksum else path.is_file()


def _go_on(request: _Request, part: Path) -> None:
    """Complete ``part``; from the start where its beginning is of another file."""
    begun = part.is_file()
    try:
        request.receive(part, resume=True)
    except DamagedError:
        part.unlink(missing_ok=True)
        if not begun:
            raise
        try:
            request.receive(part)
        except DamagedError:
            part.unlink(missing_ok=True)
            raise


@dataclass(frozen=True)
class _Request:
    url: str
    checksum: Checksum | None
    most_bytes: int | None
    progress: Progress | None
    timeout_seconds: float

    def receive(self, file: Path, *, resume: bool = False) -> None:
        """Write all of the answer to ``file``, after what is in it where it can be resumed; and check it."""
        done = file.stat().st_size if resume and file.is_file() else 0
        with self._opened(done) as response:
            done = done if response.status == 206 and _begins_at(response, done) else 0
            total = done + int(response.headers.get("Content-Length") or 0)
            total = total if total > done else 0
            with file.open("ab" if done else "wb") as written:
                for chunk in self._chunks(response):
                    done += len(chunk)
                    if self.most_bytes is not None and max(done, total) > self.most_bytes:
                        raise DamagedError(f"{self.url} is larger than it should be")
                    written.write(chunk)
                    if self.progress:
                        self.progress(done, total)
        if done < total:
            raise DownloadError(f"{self.url} was cut off")
        if self.checksum and not self.checksum.is_of(file):
            raise DamagedError(f"{self.url} came damaged")

    @contextmanager
    def _opened(self, start: int) -> Iterator[HTTPResponse]:
        """The answer from byte ``start`` on where the server can do that."""
        headers = {"User-Agent": "resnet-studio", "Accept-Encoding": "identity"}
        if start:
            headers["Range"] = f"bytes={start}-"
        try:
            opened = urlopen(Request(self.url, headers=headers), timeout=self.timeout_seconds)
        except HTTPError as error:
            with error:
                kind = DamagedError if start and error.code == 416 else DownloadError
                raise kind(f"{self.url}: {error}", error.code) from error
        except (OSError, HTTPException, ValueError) as error:
            raise DownloadError(f"{self.url}: {error}") from error
        with cast(AbstractContextManager[HTTPResponse], opened) as response:
            if urlsplit(response.url).scheme not in ("http", "https"):
                raise DownloadError(f"{self.url} leads to {response.url}")
            yield response

    def _chunks(self, response: HTTPResponse) -> Iterator[bytes]:
        """What comes, as it comes."""
        try:
            # read1 returns what has arrived: a slow line still reports progress and can still be stopped.
            while chunk := response.read1(_CHUNK):
                yield chunk
        except (OSError, HTTPException, ValueError) as error:
            raise DownloadError(f"{self.url}: {error}") from error


def _begins_at(response: HTTPResponse, start: int) -> bool:
    return str(response.headers.get("Content-Range", "")).startswith(f"bytes {start}-")


def _remove_leftovers(path: Path) -> None:
    """Remove what a killed download of ``path`` left behind long ago."""
    for leftover in path.parent.glob(f".{path.name}.*.tmp"):
        with suppress(FileNotFoundError):  # another download may finish, and rename its file, at this moment
            if time.time() - leftover.stat().st_mtime > _LEFTOVER_SECONDS:
                leftover.unlink(missing_ok=True)
