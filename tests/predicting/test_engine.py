from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import made
import odd_files
import pytest
from predicting.conftest import CLASSES, ByColour

from resnet_studio.errors import DataError, StudioError
from resnet_studio.predicting.engine import AT_ONCE, carry_out
from resnet_studio.predicting.jobs import Job, Jobs, Request
from resnet_studio.predicting.rows import Index
from resnet_studio.workspace import Workspace

Pictures = Callable[..., Path]
JobOn = Callable[..., Job]


def all_of(job: Job, tool: ByColour) -> list[tuple[int, int]]:
    return [(step.done, step.total) for step in carry_out(job, tool.answering)]


def test_a_job_names_every_picture_once_in_the_order_in_which_people_count(
    pictures: Pictures, job_on: JobOn, tool: ByColour
) -> None:
    job = job_on(pictures(12))
    assert all_of(job, tool)[-1] == (12, 12)
    assert [each.name for each in job.pictures()] == [f"{number}.bmp" for number in range(12)]
    assert [CLASSES[row.best] for row in job.rows] == [tool([each.file])[0].label for each in job.pictures()]
    assert job.status(12, 12) == "done"


def test_a_killed_job_goes_on_from_the_row_it_had(pictures: Pictures, job_on: JobOn, tool: ByColour) -> None:
    job = job_on(pictures(AT_ONCE + 40))
    steps = carry_out(job, tool.answering)
    while next(steps).done < AT_ONCE:
        pass
    steps.close()  # nothing is written at the end: a kill is the same
    with job.rows_file.open("ab") as file:
        file.write(b'{"level": "likely", "sco')  # what a kill in the middle of a write leaves
    assert job.rows.count() == AT_ONCE
    again = ByColour()
    assert all_of(Job(job.folder), again)[-1] == (AT_ONCE + 40, AT_ONCE + 40)
    assert len(again.asked) == 40
    assert len(list(job.rows)) == AT_ONCE + 40


def test_a_stopped_job_keeps_its_answers_and_goes_on_when_it_is_asked_to(
    pictures: Pictures, job_on: JobOn, tool: ByColour
) -> None:
    job = job_on(pictures(AT_ONCE + 5))
    for step in carry_out(job, tool.answering):
        if step.done:
            job.stop()
    assert job.rows.count() == AT_ONCE and job.status(AT_ONCE, AT_ONCE + 5) == "stopped"
    all_of(job, tool)
    assert job.rows.count() == AT_ONCE
    job.ready()
    assert all_of(job, tool)[-1][0] == AT_ONCE + 5


def test_pictures_that_come_later_do_not_change_a_job_that_has_begun(
    pictures: Pictures, job_on: JobOn, tool: ByColour
) -> None:
    job = job_on(pictures(3))
    next(steps := carry_out(job, tool.answering))
    next(steps)
    steps.close()
    pictures(2, start=0)
    pictures(1, start=100)
    all_of(job, tool)
    assert [each.name for each in job.pictures()] == ["0.bmp", "1.bmp", "2.bmp"]


def test_what_is_no_picture_is_left_out_of_folders_and_a_damaged_one_gets_its_reason(
    pictures: Pictures, job_on: JobOn, tool: ByColour
) -> None:
    folder = pictures(2)
    made.write(folder, {"notes.txt": b"about them", ".hidden/x.bmp": b"BM", "sub/bad.png": b"\x89PNG\r\n\x1a\n"})
    os.mkfifo(folder / "pipe.png")
    job = job_on(folder)
    all_of(job, tool)
    assert [each.name for each in job.pictures()] == ["0.bmp", "1.bmp", "sub/bad.png"]
    index = Index(job.rows_file)
    index.update()
    assert index.failed == 1 and list(job.rows)[2].error is not None


def test_uploads_are_kept_with_the_job_and_zips_are_opened_in_it(
    workspace: Workspace, pictures: Pictures, job_on: JobOn, tool: ByColour, tmp_path: Path
) -> None:
    folder = pictures(2)
    archive = made.zipped(tmp_path / "more.zip", {"in/=x.bmp": (folder / "0.bmp").read_bytes()})
    sent = [("1.bmp", folder / "1.bmp"), ("more.zip", archive)]
    request = Request(models=("run:x",), model_name="x", classes=CLASSES, title="t", sources=())
    job = Jobs(workspace).new(request, sent)
    shutil.rmtree(folder)
    archive.unlink()
    all_of(job, tool)
    assert [each.name for each in job.pictures()] == ["1.bmp", "in/=x.bmp"]
    assert all(each.file.is_file() and each.file.is_relative_to(job.folder) for each in job.pictures())
    assert not list(job.files.glob("*.zip"))
    Jobs(workspace).delete(job)
    assert not job.folder.exists()


def test_a_picture_of_a_zip_that_cannot_be_read_is_called_as_it_is_there(
    workspace: Workspace, pictures: Pictures, tool: ByColour, tmp_path: Path
) -> None:
    sound = (pictures(1) / "0.bmp").read_bytes()
    archive = made.zipped(tmp_path / "more.zip", {"in/cut.pgm": b"P5 4 4 255\n12", "in/sound.bmp": sound})
    request = Request(models=("run:x",), model_name="x", classes=CLASSES, title="t", sources=())
    job = Jobs(workspace).new(request, [("more.zip", archive)])
    all_of(job, tool)
    (error,) = [str(row.error) for row in job.rows if row.error is not None]
    assert "cut.pgm" in error and ".ppm" not in error


@pytest.mark.parametrize(("name", "says"), [("notes.txt", "None of these"), ("IMG_1.HEIC", "HEIC")])
def test_only_files_that_are_no_pictures_fail_with_the_reason(
    name: str, says: str, workspace: Workspace, tool: ByColour, tmp_path: Path
) -> None:
    content = odd_files.refused()["IMG_0001.HEIC"][1] if says == "HEIC" else b"no picture"
    given = [(name, made.write(tmp_path / "in", {name: content}) / name)]
    request = Request(models=("run:x",), model_name="x", classes=CLASSES, title="t", sources=())
    job = Jobs(workspace).new(request, given)
    with pytest.raises(StudioError, match=says):
        all_of(job, tool)
    assert job.status(0, None) == "failed" and job.error is not None and says in str(job.error)


def test_two_programs_never_work_on_one_job(pictures: Pictures, job_on: JobOn, tool: ByColour) -> None:
    job = job_on(pictures(3))
    steps = carry_out(job, tool.answering)
    next(steps)
    assert job.status(0, None) == "working"
    with pytest.raises(DataError, match="Another program"):
        next(carry_out(Job(job.folder), tool.answering))
    with pytest.raises(DataError, match="Another program"):
        Jobs(Workspace(job.folder.parent.parent)).delete(job)
    steps.close()
    assert job.status(0, None) == "waiting" and job.error is None


@pytest.mark.parametrize("id", [None, "", "..", "../runs/x", "x", "a/b", "nothing.at-all"])
def test_a_job_that_is_not_there_is_refused_with_a_sentence(id: object, workspace: Workspace) -> None:
    with pytest.raises(DataError, match="no longer there"):
        Jobs(workspace).find(id)
