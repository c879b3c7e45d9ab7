"""The cookie that holds the token of a session."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cookie:
    """Named after the workspace: browsers send cookies to every port of a machine, and two studios may be on one.

    It goes to the ``path`` of the studio alone. Over https at the root of a host, its name begins with ``__Host-``:
    then no other host of the same domain can have set it.
    """

    mark: str
    path: str = "/"

    @classmethod
    def of(cls, workspace: Path, root_path: str) -> Cookie:
        """The cookie of the studio on ``workspace``."""
        return cls(hashlib.sha256(str(workspace).encode("utf-8", "surrogateescape")).hexdigest()[:8], root_path or "/")

    def name(self, *, secure: bool) -> str:
        """What the cookie is called."""
        front = "__Host-" if secure and self.path == "/" else ""
        return f"{front}studio_session_{self.mark}"

    def read(self, headers: Sequence[str], *, secure: bool) -> str:
        """The token in the ``Cookie`` ``headers``; empty where there is none, or several: one of them is not ours."""
        wanted = self.name(secure=secure)
        pairs = [pair.strip().partition("=") for header in headers for pair in header.split(";")]
        found = {value for name, _, value in pairs if name == wanted}
        return found.pop() if len(found) == 1 else ""

    def set(self, token: str, *, secure: bool) -> str:
        """The header that sets it; an empty ``token`` removes it. It ends with the browser, or with the session."""
        framed = bool(os.environ.get("SPACE_ID"))
        where = "SameSite=None; Secure; Partitioned" if framed else "SameSite=Lax" + ("; Secure" if secure else "")
        gone = "" if token else "Max-Age=0; "
        return f"{self.name(secure=secure)}={token}; Path={self.path}; {gone}HttpOnly; {where}"
