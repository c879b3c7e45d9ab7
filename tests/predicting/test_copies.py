from __future__ import annotations

import csv
import io
import json
import os
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import made
import pytest
from PIL import Image
from predicting.conftest import CLASSES

from resnet_studio.errors import DataError
from resnet_studio.predicting import copies, export
from resnet_studio.predicting.jobs import Job

Done = Callable[[Path], Job]
PICTURE = made.picture(3)


def copied(job: Job, folder: Path, **options: str) -> copies.Copied:
    steps = copies.copy_into(job, folder, **options)
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]


def test_copies_lie_in_class_folders_and_the_originals_are_untouched(done: Done, tmp_path: Path) -> None:
    folder = made.write(tmp_path / "mine", {f"{n}.png": PICTURE for n in range(9)})
    before, job = made.fingerprint(folder), done(folder)
    assert copied(job, tmp_path / "out") == copies.Copied(copied=9, there=0, gone=0)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"red", "con_", "a_b"}
    assert made.fingerprint(folder) == before
    for picture, row in zip(job.pictures(), job.rows, strict=True):
        place = {"red": "red", "con": "con_", "a/b": "a_b"}[CLASSES[row.best]]
        assert (tmp_path / "out" / place / picture.name).read_bytes() == PICTURE
    assert not list((tmp_path / "out").rglob("*.tmp"))


def test_copying_again_writes_nothing_over_and_nothing_twice(done: Done, tmp_path: Path) -> None:
    job = done(made.write(tmp_path / "mine", {"1.png": PICTURE, "2.png": PICTURE}))
    first, second = (each.target for each in copies.placed(job))
    foreign = tmp_path / "out" / first
    made.write(tmp_path / "out", {first: b"mine, do not touch"})
    assert copied(job, tmp_path / "out") == copies.Copied(copied=2, there=0, gone=0)
    assert foreign.read_bytes() == b"mine, do not touch"
    assert foreign.with_name(f"{foreign.stem} (2).png").read_bytes() == PICTURE
    assert copied(job, tmp_path / "out") == copies.Copied(copied=0, there=2, gone=0)
    assert (tmp_path / "out" / second).read_bytes() == PICTURE


def test_unsure_ones_go_apart_and_names_that_meet_get_numbers(done: Done, tmp_path: Path) -> None:
    other = made.picture(4)
    files = {"a/doubt.png": PICTURE, "b/doubt.png": other, "c/DOUBT.png": PICTURE, "sure.png": PICTURE}
    job = done(made.write(tmp_path / "mine", files))
    copied(job, tmp_path / "out", unsure="not sure?")
    names = sorted(path.name for path in (tmp_path / "out" / "not sure_").iterdir())
    assert names == ["doubt (2).png", "doubt.png"]
    assert (tmp_path / "out" / "not sure_" / "doubt (2).png").read_bytes() == other


@pytest.mark.parametrize("unsure", ["", "unsure"])
def test_pictures_of_none_of_the_classes_lie_in_no_class_folder(done: Done, tmp_path: Path, unsure: str) -> None:
    job = done(made.write(tmp_path / "mine", {"strange.png": PICTURE, "doubt.png": PICTURE, "sure.png": PICTURE}))
    places = {
        each.target.partition("/")[2]: each.target.partition("/")[0] for each in copies.placed(job, unsure=unsure)
    }
    assert places["strange.png"] == "none-of-these" != places["sure.png"]
    assert (places["doubt.png"] == "unsure") == bool(unsure)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has such names")
def test_odd_names_stay_inside_and_become_names_that_every_system_holds(done: Done, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    for name in (
        b"a..png",
        b"con.png",
        b"\xff\xfe.png",
        b"a\\..\\b.png",
        b"x:y.png",
        b"end. .png",
        b"=1.png",
        b"\xe2\x80\xae.png",
    ):
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(PICTURE)
    (folder / ("long" * 60 + ".png")).write_bytes(PICTURE)
    job = done(folder)
    assert copied(job, tmp_path / "out").copied == len(list(folder.iterdir()))
    for path in (tmp_path / "out").rglob("*"):
        path.name.encode()
        assert not set('<>:"/\\|?*') & set(path.name) and path.stem.casefold() != "con"
        assert len(path.name) <= 130 and not path.name.startswith(".")


def test_the_zip_holds_the_same_names_and_the_table(done: Done, tmp_path: Path) -> None:
    folder = made.write(tmp_path / "mine", {f"{n}-doubt.png" if n < 2 else f"{n}.png": PICTURE for n in range(6)})
    made.write(folder, {"tiny.png": b"\x89PNG\r\n\x1a\n"})
    job = done(folder)
    (folder / "5.png").unlink()
    with zipfile.ZipFile(io.BytesIO(b"".join(copies.zipped(job, unsure="unsure")))) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        rows = list(csv.reader(io.StringIO(archive.read("predictions.csv").decode("utf-8-sig"))))
        assert archive.read("unsure/0-doubt.png") == PICTURE
    assert set(names) == {each.target for each in copies.placed(job, unsure="unsure") if each.file.exists()} | {
        "predictions.csv"
    }
    assert rows[0] == ["picture", "answer", "probability", "sure", *CLASSES, "problem"]
    assert len(rows) == 8 and rows[-1][0] == "tiny.png" and rows[-1][-1]


def test_a_zip_is_made_in_pieces_whatever_the_size_of_the_pictures(done: Done, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    for number in range(3):
        Image.new("RGB", (1200, 1200)).save(folder / f"{number}.bmp")
    pieces = list(copies.zipped(done(folder)))
    assert sum(map(len, pieces)) > 12_000_000 and max(map(len, pieces)) < 2_500_000


def test_a_file_in_the_place_of_the_folder_is_refused(done: Done, tmp_path: Path) -> None:
    job = done(made.write(tmp_path / "mine", {"1.png": PICTURE}))
    (tmp_path / "out").write_text("a file")
    with pytest.raises(DataError, match="is no folder"):
        copied(job, tmp_path / "out")


def test_tables_have_every_answer_and_run_no_formula(done: Done, tmp_path: Path) -> None:
    job = done(made.write(tmp_path / "mine", {"=a.png": PICTURE, "b.png": PICTURE, "z.png": b"\x89PNG\r\n\x1a\n"}))
    rows = list(csv.reader(io.StringIO(export.save(job, tmp_path / "out.csv").read_text("utf-8-sig"))))
    assert [row[0] for row in rows] == ["picture", "'=a.png", "b.png", "z.png"]
    found = json.loads(export.save(job, tmp_path / "out.json").read_text("utf-8"))
    assert [row.get("label") for row in found] == [row[1] or None for row in rows[1:]]
    assert "error" in found[2] and list(found[0]["scores"].values()) == sorted(found[0]["scores"].values())[::-1]
    assert export.save(job, tmp_path / "folder").name == "predictions.csv"
    with pytest.raises(DataError, match="is no table"):
        export.save(job, tmp_path / "out.xlsx")


def test_parquet_has_the_same_rows(done: Done, tmp_path: Path) -> None:
    pandas, _ = pytest.importorskip("pandas"), pytest.importorskip("pyarrow")
    job = done(made.write(tmp_path / "mine", {"a.png": PICTURE, "z.png": b"\x89PNG\r\n\x1a\n"}))
    table = pandas.read_parquet(export.save(job, tmp_path / "out.parquet"))
    assert list(table["picture"]) == ["a.png", "z.png"] and table["probability"].isna().tolist() == [False, True]
