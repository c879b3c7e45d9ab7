"""A certificate of our own for https: browsers give a camera only to pages that come over it, or from this machine.

Nobody vouches for it, so that each browser warns once. It names the machine and its addresses, is kept in the workspace
as long as these are the same, and is made anew a month before it ends.
"""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from resnet_studio.durable import replacing
from resnet_studio.workspace import Workspace

if TYPE_CHECKING:
    from cryptography import x509

FOLDER = "https"
DAYS = 397
"""Browsers of Apple take no certificate that is valid for longer (https://support.apple.com/102028)."""
RENEWED_BEFORE = timedelta(days=30)
DOCUMENTATION = "192.0.2.1", "2001:db8::1"
"""Addresses that nobody has (RFC 5737, RFC 3849): which of ours would be used for them is asked, and nothing sent."""


@dataclass(frozen=True)
class CertificateFiles:
    """Files of a certificate and its key; ``fingerprint`` is the SHA-256 that a browser shows."""

    certificate: Path
    key: Path
    fingerprint: str


def own_addresses() -> list[str]:
    """The addresses of this machine in its networks, the likeliest to be reached first; none without a network."""
    found: list[str] = []
    for family, far in zip((socket.AF_INET, socket.AF_INET6), DOCUMENTATION, strict=True):
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((far, 9))
            found.append(probe.getsockname()[0])
    with suppress(OSError):
        found += [str(each[4][0]) for each in socket.getaddrinfo(socket.gethostname(), None)]
    plain = dict.fromkeys(each.partition("%")[0] for each in found)
    return [
        each for each in plain if not (address := ipaddress.ip_address(each)).is_loopback and not address.is_link_local
    ]


def certificate_for(workspace: Workspace, names: Iterable[str], now: datetime | None = None) -> CertificateFiles:
    """The certificate of ``workspace`` for ``names`` (of machines and addresses): as it is kept, or a new one.

    Raises :class:`StudioError` where the disk cannot be written to.
    """
    now = now or datetime.now(UTC)
    wanted = sorted({_plain(name) for name in names} - {""})
    folder = workspace.root / FOLDER
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    kept = _read(certificate, key)
    if kept is None or not _serves(kept, wanted, now):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        made, secret = _made(wanted, now)
        _write(key, secret)
        _write(certificate, made)
        kept = _read(certificate, key)
        assert kept is not None
    from cryptography.hazmat.primitives import hashes

    return CertificateFiles(certificate, key, kept.fingerprint(hashes.SHA256()).hex(":").upper())


def _plain(name: str) -> str:
    """``name`` as a certificate may have it; empty for one that it may not."""
    text = name.strip().strip("[]").rstrip(".").lower()
    if text.startswith("."):
        text = f"*{text}"
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        pass
    try:
        return text if text.isascii() else text.encode("idna").decode()
    except UnicodeError:
        return ""


def _read(certificate: Path, key: Path) -> x509.Certificate | None:
    """The certificate in the files, where both are sound and belong together."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        found = x509.load_pem_x509_certificate(certificate.read_bytes())
        secret = load_pem_private_key(key.read_bytes(), None)
    except (OSError, ValueError, TypeError):
        return None
    return found if found.public_key() == secret.public_key() else None


def _serves(kept: x509.Certificate, wanted: list[str], now: datetime) -> bool:
    from cryptography import x509

    if not kept.not_valid_before_utc <= now < kept.not_valid_after_utc - RENEWED_BEFORE:
        return False
    try:
        named = kept.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    return set(wanted) == {str(each.value) for each in named}


def _made(names: list[str], now: datetime) -> tuple[bytes, bytes]:
    """A new certificate for ``names`` and its key, as PEM."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    secret = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ResNet Studio")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(secret.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # clocks of phones differ
        .not_valid_after(now + timedelta(days=DAYS - 1))
        .add_extension(x509.SubjectAlternativeName([_general(each) for each in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(secret, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    key = secret.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    return made.public_bytes(serialization.Encoding.PEM), key


def _general(name: str) -> x509.GeneralName:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _write(path: Path, content: bytes) -> None:
    """Only its owner may read it."""
    with replacing(path) as temporary:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
