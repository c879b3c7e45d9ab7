"""``ui --accounts`` and ``ui --class``: what the terminal says when a server with accounts starts."""

from __future__ import annotations

import io
import os
import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resnet_studio.errors import StudioError
from resnet_studio.service.certificate import own_addresses
from resnet_studio.text import say
from resnet_studio.ui.page.access import UNSPECIFIED, Access
from resnet_studio.workspace import Workspace

if TYPE_CHECKING:
    from resnet_studio.service.people.accounts import Accounts
    from resnet_studio.service.people.hugging_face import HuggingFace

HEADER = re.compile(r"[A-Za-z0-9-]{1,60}")
TAKEN = frozenset({"cookie", "host", "origin", "content-type", "content-length", "accept-language", "connection"})


@dataclass(frozen=True)
class SigningIn:
    """Who signs in, and how: people with ``accounts``; pupils of a ``school_class``, whose name may be empty; whoever a
    trusted proxy names in the ``auth_header``; people with ``hugging_face``, which a Space that offers it has anyway.
    """

    accounts: bool = False
    school_class: str | None = None
    auth_header: str = ""
    hugging_face: bool = False

    def application(self) -> HuggingFace | None:
        """As which application people sign in with Hugging Face: where that was asked for, and on a Space that is one.

        Raises :class:`StudioError` where it was asked for and there is none.
        """
        from resnet_studio.service.people.hugging_face import HuggingFace

        found = HuggingFace.of_environment()
        if self.hugging_face and found is None:
            raise StudioError("error.people.no_hugging_face")
        return found if self.hugging_face or os.environ.get("SPACE_ID") else None

    def accounts_of(self, workspace: Workspace, access: Access) -> Accounts | None:
        """The accounts of ``workspace`` where any of these asks for them. Raises :class:`StudioError`."""
        if not (self.accounts or self.school_class is not None or self.auth_header or self.application()):
            return None
        if self.auth_header and (not HEADER.fullmatch(self.auth_header) or self.auth_header.lower() in TAKEN):
            raise StudioError("error.people.auth_header", name=self.auth_header)
        everybody = any(network.prefixlen == 0 for network in access.proxies)
        if self.auth_header and (everybody or not access.proxies):
            raise StudioError("error.people.no_proxy")
        from resnet_studio.service.people.accounts import Accounts
        from resnet_studio.service.people.store import People

        found = Accounts(People(workspace.root))
        if self.school_class is not None:
            found.open_class(self.school_class)
        return found


NOBODY_SIGNS_IN = SigningIn()


def announce(accounts: Accounts | None, how: SigningIn, access: Access, place: tuple[str, str, int]) -> None:
    """Write to the terminal how the first administrator is made, and how pupils join; nothing without accounts.

    ``place`` is the scheme, the host and the port that the server listens at.
    """
    if accounts is None:
        return
    scheme, host, port = place
    shown = address_of(access, host, port, scheme)
    lines = []
    if not accounts.people.has_administrator():
        here = f"{scheme}://{'localhost' if host in UNSPECIFIED else _bracketed(host)}:{port}{access.root_path}/"
        lines.append(say("people.terminal.first", address=f"{here}#first={accounts.invite_first()}"))
    if how.school_class is not None:
        lines.append(say("people.terminal.class", address=shown, code=accounts.join_code))
        if sys.stdout.isatty():
            import segno

            drawn = io.StringIO()
            segno.make(f"{shown}#join={accounts.join_code}", error="m").terminal(drawn, compact=True)
            lines.append(drawn.getvalue())
    for line in lines:
        print(line, flush=True)  # noqa: T201 - the user waits for it


def address_of(access: Access, host: str, port: int, scheme: str) -> str:
    """Where other devices open the studio: a name that was allowed, else an address of this machine."""
    named = sorted(name for name in access.allowed if not name.startswith("."))
    chosen = named or (own_addresses() if host in UNSPECIFIED else [host])
    return f"{scheme}://{_bracketed(chosen[0] if chosen else 'localhost')}:{port}{access.root_path}/"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
