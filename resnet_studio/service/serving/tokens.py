"""Tokens that programs send with their requests: made once, shown once, kept as hashes alone.

A token has 256 random bits, so that a plain SHA-256 of it tells nothing: slow hashes are for what people make up.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock

from resnet_studio.durable import make_folder, write_json
from resnet_studio.errors import ConfigError

PREFIX = "rs_"
"""What tokens begin with, so that scanners find one in a place where it should not be."""
_NAME = re.compile(r"[\w][\w .@-]{0,63}")


@dataclass(frozen=True)
class Token:
    """What is kept of one: a ``name`` that tells people apart, the ``hash`` of the token, when it was made."""

    name: str
    hash: str
    created: str


class Tokens:
    """The tokens in ``file``; it is read again whenever it has changed, so that one removed stops working at once."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._known: tuple[Token, ...] = ()
        self._stamp: tuple[int, int] | None = None

    def all(self) -> tuple[Token, ...]:
        """All tokens, the oldest first. Raises :class:`ConfigError` where the file makes no sense."""
        try:
            now = self.file.stat()
        except FileNotFoundError:
            self._known, self._stamp = (), None
            return ()
        stamp = now.st_mtime_ns, now.st_size
        if stamp != self._stamp:
            try:
                listed = json.loads(self.file.read_text(encoding="utf-8"))["tokens"]
                self._known = tuple(Token(str(e["name"]), str(e["hash"]), str(e["created"])) for e in listed)
            except (OSError, ValueError, LookupError, TypeError) as error:
                raise ConfigError("error.tokens.damaged", path=str(self.file)) from error
            self._stamp = stamp
        return self._known

    def add(self, name: str) -> str:
        """A new token called ``name``, which nobody can show again. Raises :class:`ConfigError`."""
        if not _NAME.fullmatch(name):
            raise ConfigError("error.tokens.name", name=name)
        token = PREFIX + secrets.token_urlsafe(32)
        with self._lock():
            known = self.all()
            if any(each.name == name for each in known):
                raise ConfigError("error.tokens.taken", name=name)
            self._write([*known, Token(name, _hash(token), datetime.now(UTC).isoformat(timespec="seconds"))])
        return token

    def remove(self, name: str) -> None:
        """Take the token called ``name`` away. Raises :class:`ConfigError` where there is none."""
        with self._lock():
            known = self.all()
            left = [each for each in known if each.name != name]
            if len(left) == len(known):
                raise ConfigError("error.tokens.none", name=name, known=[each.name for each in known] or ["-"])
            self._write(left)

    def holder(self, authorization: str) -> str | None:
        """The name of the token in an ``Authorization`` header; None where it is none of ours."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            return None
        given, found = _hash(token.strip()), None
        for each in self.all():
            if hmac.compare_digest(each.hash, given):
                found = each.name
        return found

    def _lock(self) -> FileLock:
        make_folder(self.file.parent)
        return FileLock(self.file.with_name(f"{self.file.name}.lock"))

    def _write(self, tokens: Iterable[Token]) -> None:
        write_json(self.file, {"tokens": [asdict(each) for each in tokens]})
        self.file.chmod(0o600)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
