"""What was measured of an exported model, and whether it is still the very file."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from resnet_studio.durable import replacing, write_json
from resnet_studio.errors import ExportError

VERSION = 1
LEAST_AGREEMENT = 0.99
MOST_LOSS = 0.01
"""The accuracy that a rounded model may lose; of few pictures it may lose one, as that says nothing of the model."""


@dataclass(frozen=True)
class Certificate:
    """What was measured of an exported file.

    ``agreement``: the share of pictures with the same first class as the studio's; one that the file alone cannot
    answer counts against it. ``largest_difference`` of all probabilities. ``accuracy`` and ``app_accuracy`` with their
    95 % intervals, on the ``scored`` test pictures (validation pictures where there are none, see ``scored_on``).
    ``milliseconds``: the median time from a picture's file to its answer;
    ``app_milliseconds`` the same in the studio, on a CPU. ``sha256`` is of the file, or of all files of a
    folder with their names. Without pictures that can be read the figures are None.
    ``unknown_agreement``: the share of pictures of which the file says as the studio does whether they are of none of
    the classes; None where it does not say. ``answered`` is what it answered to validation pictures (else to test
    pictures): ``counts`` of the classes, and how many of so many ``seen`` were ``unknown``.
    """

    format: str
    file: str
    sha256: str
    megabytes: float
    pictures: int
    agreement: float | None
    largest_difference: float | None
    scored_on: str
    accuracy: float | None
    interval: tuple[float, float] | None
    app_accuracy: float | None
    app_interval: tuple[float, float] | None
    milliseconds: float | None
    app_milliseconds: float | None
    unreadable: int
    lossy: bool
    checked: bool
    created: str
    studio_version: str
    network: str
    run: str
    unknown_agreement: float | None = None
    answered: dict[str, Any] | None = None
    scored: int = 0

    @property
    def passed(self) -> bool:
        """Whether the file may be given away: it agrees, or is rounded and loses no more than it may."""
        return not self.checked or self.problem is None

    @property
    def problem(self) -> str | None:
        """What is wrong with the file: "disagrees", "loses", "unreadable"; None where nothing is."""
        if self.agreement is None:
            return "unreadable"
        if self.lossy and self.accuracy is not None and self.app_accuracy is not None:
            allowed = max(MOST_LOSS, 1 / self.scored if self.scored else 0.0)
            return "loses" if self.app_accuracy - self.accuracy > allowed + 1e-9 else None
        return "disagrees" if self.agreement < LEAST_AGREEMENT else None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"version": VERSION, **asdict(self), "passed": self.passed}

    @property
    def lost(self) -> int:
        """How many more of the ``scored`` pictures the studio gets right than the file does; below 0 for fewer."""
        if self.accuracy is None or self.app_accuracy is None:
            return 0
        return round((self.app_accuracy - self.accuracy) * self.scored)

    @classmethod
    def from_json(cls, values: Any) -> Certificate:
        """What :meth:`to_json` wrote. Raises ``LookupError``, ``TypeError`` or ``ValueError`` for anything else."""
        given = {spec.name: values[spec.name] for spec in fields(cls) if spec.name in values}
        for name in ("interval", "app_interval"):
            given[name] = None if given[name] is None else (float(given[name][0]), float(given[name][1]))
        return cls(**given)


def certificate_file(exported: Path) -> Path:
    """Where the certificate of an ``exported`` file lies: beside it."""
    return exported.with_name(f"{exported.name}.certificate.json")


def page_file(exported: Path) -> Path:
    """Where the page lies that says the same to people."""
    return exported.with_name(f"{exported.name}.certificate.html")


def write(exported: Path, certificate: Certificate) -> Path:
    """Write ``certificate`` beside its file, for programs and for people, and return where the first is."""
    from resnet_studio.evaluation.certificate_page import page

    target = certificate_file(exported)
    write_json(target, certificate.to_json())
    with replacing(page_file(exported)) as temporary:
        temporary.write_text(page(certificate), encoding="utf-8")
    return target


def read(exported: Path) -> Certificate:
    """The certificate of ``exported``, which must be the very file that it was made for.

    Raises :class:`ExportError` where there is none that is sound, or the file was changed since.
    """
    try:
        found = Certificate.from_json(json.loads(certificate_file(exported).read_text(encoding="utf-8")))
        changed = found.sha256 != digest(exported)
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise ExportError("error.export.no_certificate", file=exported.name) from error
    if changed:
        raise ExportError("error.export.changed", file=exported.name)
    return found


def digest(exported: Path) -> str:
    """SHA-256 of a file; of a folder, of the names and contents of its files."""
    whole = hashlib.sha256()
    if not exported.is_dir():
        whole.update(exported.read_bytes())
        return whole.hexdigest()
    for path in sorted(path for path in exported.rglob("*") if path.is_file()):
        whole.update(path.relative_to(exported).as_posix().encode() + b"\0")
        whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()


def size(exported: Path) -> int:
    """Of a file, or of all files of a folder, in bytes."""
    return sum(
        path.stat().st_size for path in ([exported] if exported.is_file() else exported.rglob("*")) if path.is_file()
    )
