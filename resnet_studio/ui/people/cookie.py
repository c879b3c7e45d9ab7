"""The cookies: one holds the token of a session, the other one says which device this is."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

DEVICE_SECONDS = 365 * 24 * 3600


@dataclass(frozen=True)
class Cookie:
    """Named after the workspace: browsers send cookies to every port of a machine, and two studios may be on one.

    It goes to the ``path`` of the studio alone. Over https at the root of a host, its name begins with ``__Host-``:
    then no other host of the same domain can have set it.
    """

    mark: str
    path: str = "/"
    what: str = "session"
    seconds: int = 0

    @classmethod
    def of(cls, workspace: Path, root_path: str) -> Cookie:
        """The cookie of the studio on ``workspace``."""
        return cls(hashlib.sha256(str(workspace).encode("utf-8", "surrogateescape")).hexdigest()[:8], root_path or "/")

    def of_device(self) -> Cookie:
        """The one by which a browser is known again: it says who signed in there before, and signs nobody in."""
        return replace(self, what="device", seconds=DEVICE_SECONDS)

    def name(self, *, secure: bool) -> str:
        """What the cookie is called."""
        front = "__Host-" if secure and self.path == "/" else ""
        return f"{front}studio_{self.what}_{self.mark}"

    def read(self, headers: Sequence[str], *, secure: bool) -> str:
        """The token in the ``Cookie`` ``headers``; empty where there is none, or several: one of them is not ours."""
        wanted = self.name(secure=secure)
        pairs = [pair.strip().partition("=") for header in headers for pair in header.split(";")]
        found = {value for name, _, value in pairs if name == wanted}
        return found.pop() if len(found) == 1 else ""

    def set(self, token: str, *, secure: bool) -> str:
        """The header that sets it; an empty ``token`` removes it. It ends with the browser, or with the session,
        else after ``seconds``.
        """
        framed = bool(os.environ.get("SPACE_ID"))
        where = "SameSite=None; Secure; Partitioned" if framed else "SameSite=Lax" + ("; Secure" if secure else "")
        gone = "Max-Age=0; " if not token else f"Max-Age={self.seconds}; " if self.seconds else ""
        return f"{self.name(secure=secure)}={token}; Path={self.path}; {gone}HttpOnly; {where}"
