"""Collecting: one zip with each pupil's runs, their reports, a table of the scores, and the models where wanted.

A pupil hands runs in; of those who handed none in, the newest run that has a model is taken.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from resnet_studio import acting, belonging
from resnet_studio.errors import RunError, StudioError
from resnet_studio.evaluation import html_report, tables
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.folder_names import slug
from resnet_studio.predicting.copies import Pieces
from resnet_studio.text import Language
from resnet_studio.workspace import Run

if TYPE_CHECKING:
    from resnet_studio.service.people.lesson import Pupil

MARK = "handed-in"
HEADING = (
    "pupil", "run", "name", "handed_in", "created", "status", "classes", "epochs", "validation_accuracy",
    "test_accuracy", "test_low", "test_high", "test_pictures", "folder",
)  # fmt: skip
_EPOCH = (1980, 1, 1, 0, 0, 0)
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Collected:
    """A run of a pupil and the ``folder`` that it lies in."""

    pupil: Pupil
    run: Run
    folder: str


def hand_in(run: Run, *, on: bool) -> None:
    """Choose ``run`` to be collected, or no more. Raises :class:`StudioError`."""
    acting.check("change", belonging.of_run(run.folder))
    if on and not run.best.is_file():
        raise RunError("error.run.no_model", run=run.id)
    if on:
        (run.folder / MARK).touch()
    else:
        (run.folder / MARK).unlink(missing_ok=True)


def is_handed_in(run: Run) -> bool:
    """Whether its owner chose ``run`` to be collected."""
    return (run.folder / MARK).exists()


def chosen(pupils: Sequence[Pupil]) -> list[Collected]:
    """What is collected of the ``pupils``; nobody else."""
    found, used = list[Collected](), set[str]()
    for pupil in pupils:
        if pupil.person.staff:
            continue
        own = [each.run for each in pupil.runs if each.run.best.is_file()]
        taken = [run for run in own if is_handed_in(run)] or own[:1]
        stem = slug(pupil.person.name)
        name = stem if stem.casefold() not in used else f"{stem}-{pupil.person.id[-8:]}"
        used.add(name.casefold())
        found += [Collected(pupil, run, f"{name}/{slug(run.id)}") for run in taken]
    return found


def zipped(found: Sequence[Collected], *, checkpoints: bool, language: Language = "en") -> Iterator[bytes]:
    """The zip in pieces, as they are made. A run whose report cannot be made has the reason in its place."""
    acting.check("manage", acting.STUDIO)
    out = Pieces()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        _put(archive, "scores.csv", tables.csv_text(HEADING, [_row(each) for each in found]).encode("utf-8-sig"))
        yield out.taken()
        for each in found:
            name, content = _report(each.run, language)
            _put(archive, f"{each.folder}/{name}", content)
            yield out.taken()
            if checkpoints:
                yield from _model(archive, out, each)
    yield out.taken()


def _model(archive: zipfile.ZipFile, out: Pieces, each: Collected) -> Iterator[bytes]:
    info = zipfile.ZipInfo(f"{each.folder}/model.safetensors", _EPOCH)
    info.external_attr = 0o644 << 16
    with each.run.best.open("rb") as read, archive.open(info, "w", force_zip64=True) as written:
        while piece := read.read(_CHUNK):
            written.write(piece)
            yield out.taken()


def _report(run: Run, language: Language) -> tuple[str, bytes]:
    try:
        return "report.html", html_report.html(run, language).encode("utf-8", "replace")
    except StudioError as error:
        return "problem.txt", error.sentence(language).encode()


def _row(each: Collected) -> list[object]:
    run, state = each.run, each.run.state()
    report = RunReport(run).report
    best = state.finished or state.best
    low, high = report.interval if report else (None, None)
    return [
        each.pupil.person.name, run.id, run.about.get("name", ""), is_handed_in(run), run.about.get("created", ""),
        state.status, ", ".join(map(str, run.about.get("classes", ()))), len(state.epochs),
        best.validation_accuracy if best else None, report.accuracy if report else None, low, high,
        report.count if report else None, each.folder,
    ]  # fmt: skip


def _put(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.external_attr, info.compress_type = 0o644 << 16, zipfile.ZIP_DEFLATED
    archive.writestr(info, content)


def write(found: Sequence[Collected], target: Path, *, checkpoints: bool, language: Language = "en") -> None:
    """The zip as the file ``target``."""
    from resnet_studio.durable import replacing

    with replacing(target) as temporary, temporary.open("wb") as file:
        for piece in zipped(found, checkpoints=checkpoints, language=language):
            file.write(piece)
