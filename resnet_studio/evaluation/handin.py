"""What a report to hand in says beside scores: the data, where heat maps look, limits, software and weights."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from resnet_studio.data.run_split import split_of
from resnet_studio.errors import RunError, StudioError
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.evaluation.report import Report
from resnet_studio.evaluation.unknown import UNKNOWN
from resnet_studio.text import Language, say, say_recorded
from resnet_studio.workspace import Run, Workspace

LIBRARIES = ("torch", "torchvision", "numpy", "scikit-learn", "pillow")
PARTS = ("train", "validation", "test")
FEW = 20
"""Test pictures of a class below which its score says little."""


@dataclass(frozen=True)
class Data:
    """The pictures of a run: how many of each class are in each part (:data:`PARTS`), and what is known of them.

    ``findings`` are sentences about the set; ``together`` what its pictures were kept together by, empty for nothing.
    """

    classes: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    preset: bool
    together: str
    findings: tuple[str, ...]

    @property
    def totals(self) -> tuple[int, ...]:
        """How many pictures are in each part."""
        return tuple(map(sum, zip(*self.counts, strict=True)))


def data_of(run: Run, language: Language) -> Data | None:
    """The pictures of ``run``; None where its split cannot be read."""
    try:
        split = split_of(run)
    except RunError:
        return None
    counts = [[0] * len(PARTS) for _ in split.classes]
    for place, samples in enumerate((split.train, split.validation, split.test)):
        for sample in samples:
            counts[sample.label][place] += 1
    together = str(getattr(run.config, "groups", "") or "")
    return Data(tuple(split.classes), tuple(map(tuple, counts)), split.preset,
                "" if together in ("", "none", "auto") else together, _findings(run, language))  # fmt: skip


def _findings(run: Run, language: Language) -> tuple[str, ...]:
    from resnet_studio.data import library
    from resnet_studio.data.checkup import inspect

    try:
        dataset = library.find_dataset(Workspace(run.folder.parent.parent), str(run.about["dataset"]))
        return tuple(finding.sentence(language) for finding in inspect(dataset))
    except (StudioError, LookupError, OSError):
        return ()


def limits(report: RunReport, language: Language) -> list[str]:
    """What the model of ``report`` is not known to do, in sentences."""
    run, scores = report.run, report.report
    unknown = report.get(UNKNOWN)
    rejects = unknown is not None and unknown.usable and unknown.chosen.accept < 1
    key = "handin.limits.classes.rejects" if rejects else "handin.limits.classes"
    found = [say(key, language, count=len(run.about["classes"]))]
    if scores is None:
        found.append(say("handin.limits.untested", language))
    else:
        found += _of_scores(scores, language)
    found += [say_recorded(note.key, language, note.values) for note in run.state().seen_before]
    found.append(say("handin.limits.elsewhere", language))
    data = data_of(run, language)
    if data is not None and not data.together and not data.preset:
        found.append(say("handin.limits.groups", language))
    return found


def _of_scores(scores: Report, language: Language) -> list[str]:
    low, high = scores.interval
    found = [say("handin.limits.interval", language, count=scores.count, low=low, high=high, width=100 * (high - low))]
    few = [row.name for row in scores.per_class if row.support < FEW]
    if few:
        shown = few[:10]
        found.append(say("handin.limits.few", language, names=shown, count=len(few), fewer=FEW))
    if scores.skipped:
        found.append(say("handin.limits.skipped", language, count=len(scores.skipped)))
    return found


def software(run: Run) -> list[tuple[str, str]]:
    """What the run was made with: pairs of a name and a version; of libraries, those that are installed now."""
    card = _card(run)
    rows = [("ResNet Studio", card.studio_version if card else _version("resnet-studio"))]
    rows += [("Python", platform.python_version()), *((name, _version(name)) for name in LIBRARIES)]
    return [(name, version) for name, version in rows if version]


def weights(run: Run, language: Language) -> tuple[str, str]:
    """What the training started from, and on which terms these weights can be used."""
    card = _card(run)
    origin: Mapping[str, Any] = card.weights_origin if card else {}
    name = str(origin.get("name") or origin.get("key") or run.config.weights)
    detail = origin.get("detail")
    key = str(detail.get("terms", "")) if isinstance(detail, Mapping) else ""
    kind = str(origin.get("key") or run.config.weights)
    if kind == "starter":
        return say("handin.weights.starter", language), say("handin.terms.starter", language)
    if kind == "scratch":
        return say("handin.weights.scratch", language), say("handin.terms.scratch", language)
    try:
        return name, say(key, language) if key else say("handin.terms.unknown", language)
    except KeyError:
        return name, say("handin.terms.unknown", language)


def _card(run: Run) -> Any:
    from resnet_studio.model.card import read_card

    try:
        return read_card(run.best)
    except (StudioError, OSError):
        return None


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def heat_images(run: Run, files: Sequence[Path | None], side: int) -> list[str | None]:
    """For each of ``files`` where the model looked, as a ``data:`` address of a PNG to lay over it; None where not."""
    import base64

    from resnet_studio.evaluation import overlay
    from resnet_studio.evaluation.heatmaps import heat_maps

    there = [file for file in files if file is not None and file.is_file()]
    if not there or not run.best.is_file():
        return [None] * len(files)
    try:
        made = dict(zip(there, heat_maps(RunReport(run).predictor, there), strict=True))
    except StudioError:
        return [None] * len(files)
    found: list[str | None] = []
    for file in files:
        heat = made.get(file) if file is not None else None
        if heat is None or isinstance(heat, StudioError):
            found.append(None)
            continue
        scale = side / max(heat.size)
        size = (max(1, round(heat.size[0] * scale)), max(1, round(heat.size[1] * scale)))
        content = base64.b64encode(overlay.encoded(overlay.painted(heat, *size))).decode()
        found.append(f"data:image/png;base64,{content}")
    return found
