"""``ui --https``: our own certificate, and the address for phones as a QR code in the terminal and on the page."""

from __future__ import annotations

import io
import sys
from dataclasses import replace
from pathlib import Path

import segno

from resnet_studio.service.certificate import certificate_for, own_addresses
from resnet_studio.text import say
from resnet_studio.ui.page.access import LOOPBACK_NAMES, UNSPECIFIED, Access
from resnet_studio.workspace import Workspace


def own_certificate(workspace: Workspace, access: Access, host: str, port: int) -> tuple[Access, Path, Path]:
    """The certificate for a server at ``host``, and its key; ``access`` with the address that phones open.

    Raises :class:`StudioError` where the disk cannot be written to.
    """
    reached = own_addresses() if host in UNSPECIFIED else []
    names = {*access.hosts, *access.allowed, *reached, *LOOPBACK_NAMES} - UNSPECIFIED
    pair = certificate_for(workspace, names)
    return replace(access, phone_address=_address(access, host, port, reached)), pair.certificate, pair.key


def _address(access: Access, host: str, port: int, reached: list[str]) -> str:
    """What a phone opens: a name that was allowed, else an address of this machine; empty where only it connects."""
    if access.loopback:
        return ""
    named = sorted(name for name in access.allowed if not name.startswith("."))
    chosen = [*named, *reached] if host in UNSPECIFIED else [*named, host]
    if not chosen:
        return ""
    shown = f"[{chosen[0]}]" if ":" in chosen[0] else chosen[0]
    return f"https://{shown}:{port}{access.root_path}/"


def announce(address: str) -> None:
    """Write ``address`` to the terminal, as a QR code where somebody can see it, and what a browser will warn of."""
    lines = [say("shell.phone.open", address=address), say("shell.phone.warning")]
    if sys.stdout.isatty():
        drawn = io.StringIO()
        segno.make(address, error="m").terminal(drawn, compact=True)
        lines.insert(1, drawn.getvalue())
    print("\n".join(lines), flush=True)  # noqa: T201 - the user waits for it


def qr_code(address: str) -> str:
    """``address`` as a QR code in SVG, black on white whatever the page's colours."""
    return str(segno.make(address, error="m").svg_inline(border=4, omitsize=True, dark="#000", light="#fff"))
