"""Carries a prediction job out: looks its pictures up, then names them, a batch at a time."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import Timeout

from resnet_studio.data.archive import unpack
from resnet_studio.data.formats import SNIFFED_BYTES, refusal, sniff
from resnet_studio.data.names import is_junk, natural, shown
from resnet_studio.data.pictures import BadPicture
from resnet_studio.errors import DataError, StudioError
from resnet_studio.evaluation.calibration import UNTESTED, Calibration
from resnet_studio.predicting.jobs import Job, Picture, Source
from resnet_studio.predicting.rows import AnswerRow, Appender, with_name

if TYPE_CHECKING:
    from PIL.Image import Image

    from resnet_studio.prediction import Prediction

AT_ONCE = 64
"""Pictures between two writes: so many are computed again at most after a crash."""

Answer = Callable[["Sequence[Path | Image]"], "Sequence[Prediction | StudioError]"]
Judge = Callable[["Prediction"], str]


@dataclass(frozen=True)
class Answering:
    """What names pictures: ``answer`` gives predictions, ``judge`` how sure to sound, by the ``calibration``."""

    answer: Answer
    judge: Judge
    calibration: Calibration = UNTESTED


@dataclass(frozen=True)
class PredictionProgress:
    """``done`` of ``total`` pictures; ``total`` is 0 while they are looked up."""

    done: int
    total: int


def carry_out(job: Job, answering: Callable[[], Answering]) -> Generator[PredictionProgress, None, None]:
    """Name the pictures of ``job`` that have no row yet, until all have one or somebody stops it.

    Whoever drives it may end it between two steps. ``answering`` is called once there is something to name. Raises
    :class:`StudioError` where it cannot go on, which is recorded, and :class:`DataError` where somebody else works on
    it.
    """
    try:
        lock = job.lock().acquire(timeout=0)
    except Timeout as error:
        raise DataError("error.predictions.busy") from error
    try:
        yield PredictionProgress(0, 0)
        yield from _carry_out(job, answering)
    except StudioError as error:
        job.fail(error)
        raise
    finally:
        lock.release()


def _carry_out(job: Job, answering: Callable[[], Answering]) -> Generator[PredictionProgress, None, None]:
    if not job.pictures_file.exists():
        job.write_pictures(look_up(job))
    for archive in job.files.glob("*.zip"):  # unpacked, and that is written down
        archive.unlink()
    pictures = job.pictures()
    rows = Appender(job.rows_file)
    try:
        yield PredictionProgress(rows.done, len(pictures))
        if rows.done >= len(pictures) or job.stopped:
            return
        tool, classes = answering(), job.request.classes
        while rows.done < len(pictures) and not job.stopped:
            some = pictures[rows.done : rows.done + AT_ONCE]
            read = tool.answer([each.file for each in some])
            answers = [with_name(answer, each.name) for answer, each in zip(read, some, strict=True)]
            levels = ["" if isinstance(answer, StudioError) else tool.judge(answer) for answer in answers]
            rows.add([AnswerRow.of(answer, level, classes) for answer, level in zip(answers, levels, strict=True)])
            yield PredictionProgress(rows.done, len(pictures))
    finally:
        rows.close()


def look_up(job: Job) -> list[Picture]:
    """All pictures of the sources of ``job``. Raises :class:`DataError` where there are none."""
    found: list[Picture] = []
    heic: list[str] = []
    sources = job.request.sources
    for number, source in enumerate(sources):
        if source.kind == "folder":
            found += pictures_in(Path(source.path))
        elif source.kind == "zip":
            found += _unpacked(job, number, source, heic)
        else:
            found += _single(job.folder / source.path, source, len(sources) == 1, heic)
    if heic and not found:
        raise BadPicture("heic", shown(heic[0]))
    if not found:
        raise DataError("error.predict.no_pictures")
    return found


def pictures_in(folder: Path) -> Iterator[Picture]:
    """All pictures in ``folder`` and below, in the order in which people count; hidden ones are left out, links to
    folders not followed.

    What does not begin like a picture is left out, too: tables and notes often lie beside pictures.
    """
    for root, folders, files in os.walk(folder):
        folders[:] = sorted((name for name in folders if not is_junk(name)), key=natural)
        for name in sorted(files, key=natural):
            path = Path(root) / name
            if not is_junk(name) and path.is_file() and _reason_not_a_picture(path) in (None, "unreadable"):
                yield Picture(path.relative_to(folder).as_posix(), path)


def _unpacked(job: Job, number: int, source: Source, heic: list[str]) -> list[Picture]:
    into = job.files / f"unpacked-{number}"
    shutil.rmtree(into, ignore_errors=True)  # what a killed program left
    into.mkdir(parents=True)
    archive = job.folder / source.path
    unpacked = unpack(archive, into)
    heic += unpacked.left_out.get("heic", ())
    return [Picture(name, file) for name, file in unpacked.pictures]


def _single(file: Path, source: Source, alone: bool, heic: list[str]) -> list[Picture]:
    reason = _reason_not_a_picture(file)
    if reason is None or not alone:
        return [Picture(source.name, file)]
    if reason == "heic":
        heic.append(source.name)
    return []


def _reason_not_a_picture(file: Path) -> str | None:
    """Why ``file`` is no picture, going by its first bytes; None where it is one."""
    try:
        with file.open("rb") as opened:
            start = opened.read(SNIFFED_BYTES)
    except OSError:
        return "unreadable"
    return None if sniff(start) is not None else refusal(start)
