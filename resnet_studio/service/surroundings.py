"""What around the studio can be wrong: locks, weights, fonts, the certificate, ports, the queue; part of the doctor."""

from __future__ import annotations

import socket
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from filelock import Timeout

from resnet_studio.errors import StudioError
from resnet_studio.evaluation.fonts import families
from resnet_studio.locks import Lock

if TYPE_CHECKING:
    from resnet_studio.workspace import Run, Workspace

PORTS = (7860, 7861)
FEW_DAYS = 14


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What was found. ``locks``: whether a lock that is held keeps others out, as it must between programs.

    ``weights`` are the starting weights on this machine, by network; ``fonts_chinese`` says whether plots can show
    Chinese names; ``certificate_days`` how long our own certificate is valid, None where there is none; ``busy_ports``
    of those that a server takes first; ``interrupted`` runs can be resumed, ``binned`` things come back.
    """

    locks: bool
    weights: dict[str, tuple[str, ...]]
    fonts_chinese: bool
    certificate_days: int | None
    busy_ports: tuple[int, ...]
    interrupted: int
    binned: int

    @property
    def problems(self) -> list[tuple[str, dict[str, object]]]:
        """Keys and values of what is wrong."""
        found: list[tuple[str, dict[str, object]]] = [] if self.locks else [("no_locks", {})]
        if not self.fonts_chinese:
            found.append(("no_chinese_font", {}))
        if self.certificate_days is not None and self.certificate_days < FEW_DAYS:
            found.append(("certificate_ends", {"days": max(0, self.certificate_days)}))
        return found

    def lines(self) -> list[str]:
        """For people."""
        weights = "; ".join(f"{name}: {', '.join(kinds)}" for name, kinds in self.weights.items())
        days = "none" if self.certificate_days is None else f"{self.certificate_days} days left"
        busy = ", ".join(map(str, self.busy_ports)) or "none"
        return [
            f"locks {'work' if self.locks else 'DO NOT WORK'}, certificate: {days}, busy ports of {PORTS}: {busy}",
            f"weights on this machine: {weights or 'none'}; Chinese font for plots: {_yes(self.fonts_chinese)}",
            f"{self.interrupted} runs can be resumed, {self.binned} things in the bin",
        ]


def look_around(workspace: Workspace) -> Surroundings:
    """Look at everything that no training is needed for."""
    from resnet_studio.upkeep.bin import Bin

    return Surroundings(
        locks=_locks_work(workspace),
        weights=_weights(),
        fonts_chinese=_has_chinese_font(),
        certificate_days=_certificate_days(workspace),
        busy_ports=tuple(port for port in PORTS if _is_busy(port)),
        interrupted=sum(_is_interrupted(run) for run in workspace.runs()),
        binned=len(Bin(workspace).listed()),
    )


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _locks_work(workspace: Workspace) -> bool:
    path = workspace.temporary / ".doctor.lock"
    try:
        with Lock(path).acquire(timeout=2):
            try:
                Lock(path).acquire(timeout=0).release()
            except Timeout:
                return Lock(path).held()
            return False
    except (OSError, Timeout):
        return False
    finally:
        path.unlink(missing_ok=True)


def _weights() -> dict[str, tuple[str, ...]]:
    """The starting weights that need no download, for each network that has any."""
    from resnet_studio.model.architecture import ARCHITECTURES
    from resnet_studio.model.weights import available

    found = {}
    for entry in ARCHITECTURES:
        try:
            usable = tuple(each.key for each in available(entry) if each.usable_now and each.key != "scratch")
        except StudioError:  # an optional package is missing
            continue
        if usable:
            found[entry.name] = usable
    return found


def _has_chinese_font() -> bool:
    return not families(["训练"])[1]


def _certificate_days(workspace: Workspace) -> int | None:
    from cryptography import x509

    from resnet_studio.service.certificate import FOLDER

    try:
        content = (workspace.root / FOLDER / "certificate.pem").read_bytes()
        until = x509.load_pem_x509_certificate(content).not_valid_after_utc
    except (OSError, ValueError):
        return None
    return (until - datetime.now(UTC)).days


def _is_busy(port: int) -> bool:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _is_interrupted(run: Run) -> bool:
    try:
        return run.state().status == "interrupted"
    except StudioError:
        return False
