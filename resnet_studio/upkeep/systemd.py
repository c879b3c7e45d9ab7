"""A unit for systemd that serves the page from the start of the machine or of a session; nothing is started by it here.

Syntax: systemd.service(5), systemd.exec(5); quoting: systemd.syntax(7).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import resnet_studio.upkeep as here
from resnet_studio.durable import replacing
from resnet_studio.errors import StudioError

MARK = "# Written by ResNet Studio: service install"
NAME = "resnet-studio"
SYSTEM = Path("/etc/systemd/system")
STOP_SECONDS = 90
"""What is being trained is saved when the server ends."""
HARDENING = (
    "PrivateTmp=yes", "ProtectSystem=full", "ProtectKernelTunables=yes", "ProtectControlGroups=yes",
    "RestrictSUIDSGID=yes",
)  # fmt: skip
"""The home folder stays writable: downloaded weights lie there."""
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=@,+")


class ServiceError(StudioError):
    """A unit cannot be written or removed."""


@dataclass(frozen=True, kw_only=True)
class Unit:
    """The unit ``name`` that serves ``workspace`` with the ``options`` of the command ``ui``.

    ``user`` is the account of a unit of the system; empty for one of whoever is signed in.
    """

    workspace: Path
    options: tuple[str, ...] = ()
    name: str = NAME
    user: str = ""

    @property
    def path(self) -> Path:
        """Where systemd looks for it."""
        config = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
        return (SYSTEM if self.user else config / "systemd" / "user") / f"{self.name}.service"

    @property
    def text(self) -> str:
        """The file."""
        command = [sys.executable, "-m", "resnet_studio", "ui", "--workspace", str(self.workspace), *self.options]
        target = "multi-user.target" if self.user else "default.target"
        lines = [
            MARK,
            "[Unit]", "Description=ResNet Studio", "Wants=network-online.target", "After=network-online.target", "",
            "[Service]", "Type=exec", *([f"User={self.user}"] if self.user else []),
            f"ExecStart={quoted(command)}",
            f"WorkingDirectory={_path(_above_package())}",
            "Environment=PYTHONUNBUFFERED=1",
            "Restart=on-failure", "RestartSec=5",
            "RestartPreventExitStatus=2",
            f"TimeoutStopSec={STOP_SECONDS}",
            "NoNewPrivileges=yes",
            *(HARDENING if self.user else []), "",
            "[Install]", f"WantedBy={target}", "",
        ]  # fmt: skip
        return "\n".join(lines)

    @property
    def steps(self) -> list[str]:
        """What starts it, now and from then on; whoever installs it decides."""
        control = "sudo systemctl" if self.user else "systemctl --user"
        lingering = [] if self.user else ["loginctl enable-linger"]
        return [f"{control} daemon-reload", f"{control} enable --now {self.name}", *lingering]

    @property
    def ending_steps(self) -> list[str]:
        """What ends it, before its file is removed, and makes systemd forget it."""
        control = "sudo systemctl" if self.user else "systemctl --user"
        return [f"{control} disable --now {self.name}", f"{control} daemon-reload"]

    def install(self) -> bool:
        """Write the file; whether it was another one before. Raises :class:`ServiceError` where it is not ours."""
        before = self._ours()
        if before == self.text:
            return False
        with replacing(self.path) as temporary:
            temporary.write_text(self.text, encoding="utf-8")
            temporary.chmod(0o644)
        return True

    def uninstall(self) -> bool:
        """Remove the file; whether there was one. Raises :class:`ServiceError` where it is not ours."""
        if self._ours() is None:
            return False
        self.path.unlink()
        return True

    def _ours(self) -> str | None:
        try:
            found = self.path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return None
        if not found.startswith(MARK):
            raise ServiceError("error.service.not_ours", file=str(self.path))
        return found


def quoted(words: Sequence[str]) -> str:
    """``words`` as a command line of a unit: no word is split, expanded or taken for a specifier."""
    return " ".join(map(_word, words))


def _word(word: str) -> str:
    safe = word.replace("%", "%%").replace("$", "$$")
    if word and set(word) <= _PLAIN:
        return safe
    return '"' + safe.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _path(path: Path) -> str:
    """A path that a setting takes as it is, to the end of the line."""
    return str(path).replace("%", "%%")


def _above_package() -> Path:
    """The folder that the package lies in, from where ``python -m`` finds it whether it is installed or not."""
    return Path(here.__file__).resolve().parent.parent.parent


def check(unit: Unit) -> None:
    """Raise :class:`ServiceError` where a name or a path cannot stand in a unit."""
    given = [unit.name, unit.user, str(unit.workspace), *unit.options]
    if any(not sign.isprintable() for text in given for sign in text):
        raise ServiceError("error.service.signs")
    if not unit.name or not set(unit.name) <= _PLAIN - set("/:=@,+"):
        raise ServiceError("error.service.name", name=unit.name)
