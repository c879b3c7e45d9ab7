"""What ``config.json`` holds of a run: the facts about it, the requested and the resolved settings."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any

from resnet_studio.config import TrainConfig
from resnet_studio.errors import ConfigError, RunError
from resnet_studio.migrations import VERSION, up_to_date

FILE = "config.json"
UNKNOWN: Mapping[str, Any] = {"created": "", "dataset": "", "dataset_name": "", "classes": [], "counts": {}}
LATER: Mapping[str, Any] = {"owner": "", "group": "", "parents": [], "note": ""}
"""Facts that came with version 3; nothing depends on them so much that a damaged one would be worth refusing a run."""


@dataclass(frozen=True)
class RunSettings:
    """Fixed when the run is made. ``resolved`` has every automatic choice filled in."""

    about: Mapping[str, Any]
    requested: TrainConfig
    resolved: TrainConfig

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, with the version of the file."""
        return {
            "version": VERSION,
            "about": dict(self.about),
            "requested": self.requested.to_json(),
            "resolved": self.resolved.to_json(),
        }

    @classmethod
    def from_json(cls, content: object, run: str) -> RunSettings:
        """Read what :meth:`to_json` of this or an earlier version wrote for ``run``.

        Raises :class:`RunError` where the content makes no sense, or where a newer version wrote it.
        """
        try:
            if not isinstance(content, Mapping):
                raise TypeError("no object")
            current = up_to_date(content, run)
            about, requested = _checked_about(current["about"], run), TrainConfig.from_json(current["requested"])
            resolved = TrainConfig.from_json(current["resolved"])
        except ConfigError as error:
            key = "error.run.newer" if error.key == "error.config.unknown" else "error.run.damaged"
            raise RunError(key, run=run, file=FILE) from error
        except (TypeError, LookupError, AttributeError, ValueError) as error:
            raise RunError("error.run.damaged", run=run, file=FILE) from error
        return cls(about, requested, resolved)


def _checked_about(about: Any, run: str) -> dict[str, Any]:
    """The facts about ``run``, each of the type that everyone relies on."""
    facts: dict[str, Any] = {**UNKNOWN, "name": run, **about}
    for name in ("name", "created", "dataset", "dataset_name"):
        if not isinstance(facts[name], str):
            raise TypeError(name)
    if not isinstance(facts["classes"], list) or not all(isinstance(name, str) for name in facts["classes"]):
        raise TypeError("classes")
    counts = facts["counts"]
    if not isinstance(counts, dict) or not all(type(count) is int and count >= 0 for count in counts.values()):
        raise TypeError("counts")
    for name, unknown in LATER.items():
        if not isinstance(facts.setdefault(name, copy(unknown)), type(unknown)):
            facts[name] = copy(unknown)
    facts["parents"] = [run for run in facts["parents"] if isinstance(run, str)]
    return facts
