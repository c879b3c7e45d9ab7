"""What a user calls a run, and notes on it: ``label.json`` in the run's folder, apart from what never changes."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from resnet_studio import acting, belonging
from resnet_studio.durable import write_json
from resnet_studio.errors import RunError

FILE = "label.json"
_PART = re.compile(r"(?: \((?:(?:seed|fold) \d+|\d+/\d+)\)|-(?:seed|fold)-\d+)$")
LONGEST_NAME, LONGEST_NOTE = 120, 2_000


def read(folder: Path) -> dict[str, str]:
    """``name`` and ``note`` of the run in ``folder``, as far as a user gave them; a damaged file counts as none."""
    try:
        found = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {key: found[key] for key in ("name", "note") if isinstance(found.get(key), str)}


def shown(about: Mapping[str, Any], otherwise: str) -> str:
    """What the run with ``about`` is called for a reader of any language; ``otherwise`` where it has no name.

    The parts of a study are called after their fold or seed, in English: here by their number, ``(2/5)``.
    """
    name, study = str(about.get("name", otherwise)), study_part(about)
    return name if study is None else _PART.sub(f" ({study['part']}/{study['of']})", name)


def study_part(about: Mapping[str, Any]) -> dict[str, Any] | None:
    """Which part of which study the run with ``about`` is, for programs; None where it is part of none.

    ``kind`` is ``seeds``, ``folds`` or ``search``, ``group`` the study, ``part`` its number ``of`` so many.
    """
    study = about.get("study")
    if not isinstance(study, Mapping) or any(type(study.get(which)) is not int for which in ("part", "of")):
        return None
    kind, group = (str(of.get(which, "")) for of, which in ((study, "kind"), (about, "group")))
    return {"kind": kind, "group": group, "part": study["part"], "of": study["of"]}


def without_part(name: str) -> str:
    """``name`` of a part of a study without the number of its seed or fold.

    >>> without_part("pets-resnet18-fold-2"), without_part("My pets (seed 3)"), without_part("My pets (2/5)")
    ('pets-resnet18', 'My pets', 'My pets')
    """
    return _PART.sub("", name)


def stamp(folder: Path) -> int:
    """A number that changes when the label of the run in ``folder`` is written; 0 where there is none."""
    try:
        return (folder / FILE).stat().st_mtime_ns
    except OSError:
        return 0


def write(folder: Path, *, name: str | None = None, note: str | None = None) -> dict[str, str]:
    """Give the run in ``folder`` a name, a note or both; what is None stays. Returns what is written down now.

    Raises :class:`RunError` for a name that is empty, or for one or a note that is too long.
    """
    acting.check("change", belonging.of_run(folder))
    label = {**read(folder), **checked(name=name, note=note)}
    write_json(folder / FILE, label)
    return label


def checked(*, name: str | None = None, note: str | None = None) -> dict[str, str]:
    """What is given of a name and a note, as it is written down. Raises as :func:`write`."""
    label = {}
    if name is not None:
        label["name"] = on_one_line(name)
    if note is not None:
        label["note"] = _readable(note).strip()
    if "name" in label and not label["name"]:
        raise RunError("error.run.no_name")
    for key, most in (("name", LONGEST_NAME), ("note", LONGEST_NOTE)):
        if len(label.get(key, "")) > most:
            raise RunError(f"error.run.long_{key}", most=most)
    return label


def facts(name: str | None, note: str | None, owner: str) -> dict[str, str]:
    """The facts about a new run that its user gives. Raises as :func:`write`."""
    return {**checked(name=name, note=note), "owner": on_one_line(owner)}


def on_one_line(text: str) -> str:
    """``text`` without line breaks, double blanks and what controls a terminal."""
    return " ".join(_readable(text).split())


def _readable(text: str) -> str:
    """``text`` in composed form, without characters that control a terminal or the direction of writing."""
    composed = unicodedata.normalize("NFC", text.replace("\r\n", "\n"))
    return "".join(c for c in composed if c in "\n\t\u200c\u200d" or unicodedata.category(c) not in ("Cc", "Cf", "Cs"))
