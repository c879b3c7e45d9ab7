"""A folder whose new pictures are named as they come: once each, whole, and whatever ends the program meanwhile."""

from __future__ import annotations

import csv
import filecmp
import json
import os
from pathlib import Path

import made
import pytest
from PIL import Image

from resnet_studio.batching import Prediction
from resnet_studio.data.pictures import BadPicture, read_picture
from resnet_studio.errors import DataError
from resnet_studio.predicting import copies, watching
from resnet_studio.predicting.arrivals import Arrivals
from resnet_studio.predicting.engine import Answering
from resnet_studio.predicting.watching import FolderWatch, Sorting, home_of

CLASSES = ("red", "blue")


def colour(*rgb, noise=0):
    picture = Image.new("RGB", (16, 16), rgb)
    picture.putpixel((0, 0), (noise % 256, noise // 256, 0))
    return made.encoded(picture, "PNG")


RED, BLUE, BLACK, GREY = colour(200, 0, 0), colour(0, 0, 200), colour(0, 0, 0), colour(90, 90, 91)


def answer(files):
    answers = []
    for file in files:
        try:
            red, _, blue = read_picture(file).getpixel((8, 8))
        except BadPicture as error:
            answers.append(error)
            continue
        share = 0.5 + (red - blue) / 500
        scores = sorted((("red", share), ("blue", 1 - share)), key=lambda pair: -pair[1])
        answers.append(Prediction(*scores[0], tuple(scores), 1.0, red == blue == 0))
    return answers


TOOL = Answering(answer, lambda p: "unknown" if p.unknown else "unsure" if p.probability < 0.6 else "sure")


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


class Camera:
    """A folder, and a program that watches it, which may be ended and begun again."""

    def __init__(self, root, *, move=False, sort=True, settle=2.0):
        (root / "camera").mkdir()
        self.folder, self.clock, self.settle = root / "camera", Clock(), settle
        self.sorting = Sorting(self.folder / "sorted", move=move) if sort else None
        self.table = root / "found.csv"
        self.home = home_of(root / "workspace", self.folder, self.sorting, self.table)
        self.start()

    def start(self):
        self.watch = FolderWatch(self.folder, self.home, CLASSES, self.sorting, self.table)
        self.watch.open()
        self.arrivals = Arrivals(
            self.folder, settle=self.settle, apart=[self.folder / "sorted", self.table], clock=self.clock
        )

    def look(self, seconds=0.0):
        self.clock.now += seconds
        found = self.arrivals.look(self.watch.done)
        return self.watch.name(found, TOOL) if found else []

    def settled(self):
        self.look()
        return self.look(5)

    def sorted(self):
        into = self.folder / "sorted"
        return sorted(path.relative_to(into).as_posix() for path in into.rglob("*") if path.is_file())

    def rows(self):
        with self.table.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))


@pytest.fixture
def camera(tmp_path):
    return Camera(tmp_path)


def test_pictures_go_into_class_folders_and_a_row_each_into_the_table(camera):
    made.write(camera.folder, {
        "1.png": RED, "2.png": BLUE, "night/3.png": BLACK, "4.png": GREY, "10.png": RED, "notes.txt": b"hello",
        ".hidden.png": RED, "sorted/red/old.png": RED, "broken.png": RED[:60], "=run.png": BLUE,
    })  # fmt: skip
    camera.settled()
    camera.look(60)
    assert camera.sorted() == [
        "blue/2.png", "blue/=run.png", "none-of-these/3.png", "red/1.png", "red/10.png", "red/old.png", "unsure/4.png",
    ]  # fmt: skip
    rows = camera.rows()
    assert [row["picture"] for row in rows] == ["1.png", "2.png", "4.png", "10.png", "'=run.png", "night/3.png",
                                                "broken.png"]  # fmt: skip
    assert rows[0]["answer"] == "red" and float(rows[0]["red"]) == pytest.approx(0.9) and rows[0]["sure"] == "sure"
    assert rows[0]["sorted_into"] == "red/1.png" and rows[-1]["sorted_into"] == rows[-1]["answer"] == ""
    assert "broken.png" in rows[-1]["problem"] and [int(row["number"]) for row in rows] == [1, 2, 3, 4, 5, 6, 7]
    assert (camera.folder / "1.png").is_file() and camera.arrivals.others == 1
    assert camera.look(60) == []


def test_a_picture_is_left_until_it_is_whole(camera):
    path, whole = camera.folder / "slow.png", colour(200, 0, 0)
    path.write_bytes(whole[:40])
    assert camera.look() == [] and camera.look(1.9) == [] and camera.arrivals.waiting == 1
    path.write_bytes(whole[:50])
    assert camera.look(1.9) == [] and camera.look(1.9) == []
    assert camera.look(1) == []  # unchanged for long enough, and cut off: it may go on
    path.write_bytes(whole)
    assert camera.look(1) == []
    assert [row.label for row in camera.look(3)] == ["red"]


def test_a_picture_that_stays_cut_off_is_said_to_be_so_in_the_end(camera):
    (camera.folder / "half.png").write_bytes(RED[:50])
    assert camera.settled() == []
    (row,) = camera.look(60)
    assert "half.png" in row.problem and camera.look(60) == []


def test_names_that_programs_give_to_unfinished_files_are_left(camera):
    made.write(camera.folder, {"a.png.part": RED, "b.crdownload": RED, "c.tmp": RED, ".d.png.x7": RED})
    assert camera.settled() == [] and camera.arrivals.waiting == 0
    (camera.folder / "a.png.part").rename(camera.folder / "a.png")
    assert [row.name for row in camera.settled()] == ["a.png"]


def test_a_name_that_comes_again_with_another_picture_is_another_picture(camera):
    path = camera.folder / "IMG_0001.png"
    for noise in range(3):
        path.write_bytes(colour(200, 0, 0, noise=noise))
        os.utime(path, ns=(noise, noise))
        assert len(camera.settled()) == 1
    made.write(camera.folder, {"card-2/IMG_0001.png": colour(200, 0, 0, noise=9)})
    camera.settled()
    assert camera.sorted() == [
        "red/IMG_0001 (2).png",
        "red/IMG_0001 (3).png",
        "red/IMG_0001 (4).png",
        "red/IMG_0001.png",
    ]
    assert len(camera.rows()) == 4


def test_after_a_restart_no_picture_is_done_twice(camera):
    made.write(camera.folder, {"1.png": RED, "2.png": BLUE})
    camera.settled()
    camera.start()
    assert camera.watch.before == 2 and camera.settled() == []
    (camera.folder / "3.png").write_bytes(BLACK)
    assert [row.number for row in camera.settled()] == [3]
    assert [row["picture"] for row in camera.rows()] == ["1.png", "2.png", "3.png"]


class Dies(BaseException):
    """The program is gone."""


def dying_at(monkeypatch, steps):
    """Every step that changes a disk counts; at the last of so many the program is gone."""
    left = [steps]

    def counted(step):
        def stepped(*given, **named):
            left[0] -= 1
            if left[0] <= 0:
                raise Dies
            return step(*given, **named)

        return stepped

    for module, name in ((watching, "sync"), (copies, "sync"), (copies, "sync_folder"), (filecmp, "cmp")):
        monkeypatch.setattr(module, name, counted(getattr(module, name)))
    monkeypatch.setattr(copies, "put", counted(copies.put))
    monkeypatch.setattr(Path, "unlink", counted(Path.unlink))
    return left


@pytest.mark.parametrize("move", [False, True])
def test_wherever_it_dies_each_picture_is_done_once_in_the_end(tmp_path, monkeypatch, move):
    for steps in range(1, 200):
        (root := tmp_path / str(steps)).mkdir()
        camera = Camera(root, move=move)
        made.write(camera.folder, {"1.png": RED, "2.png": BLUE, "a/1.png": colour(200, 0, 0, noise=7), "x.txt": b"x"})
        with monkeypatch.context() as dying:
            left = dying_at(dying, steps)
            try:
                camera.settled()
            except Dies:
                assert left[0] <= 0
        if half := steps % 3:  # and what was written last may be torn
            for file in (camera.watch.journal, camera.table):
                if file.exists() and left[0] <= 0:
                    file.write_bytes(file.read_bytes() + b'{"number": 9, "na'[: 6 * half])
        camera.start()
        camera.settled()
        assert camera.sorted() == ["blue/2.png", "red/1 (2).png", "red/1.png"]
        assert sorted(row["picture"] for row in camera.rows()) == ["1.png", "2.png", "a/1.png"]
        originals = [name for name in ("1.png", "2.png", "a/1.png") if (camera.folder / name).exists()]
        assert originals == ([] if move else ["1.png", "2.png", "a/1.png"])
        if left[0] > 0:
            break
    assert 10 < steps < 199


def test_a_moved_picture_that_has_changed_meanwhile_stays(tmp_path, monkeypatch):
    camera = Camera(tmp_path, move=True)
    path = camera.folder / "1.png"
    path.write_bytes(RED)
    put = copies.put

    def changing(source, target):
        place = put(source, target)
        path.write_bytes(BLUE)
        return place

    monkeypatch.setattr(copies, "put", changing)
    camera.settled()
    assert path.read_bytes() == BLUE and camera.sorted() == ["red/1.png"]
    monkeypatch.undo()
    camera.settled()
    assert not path.exists() and camera.sorted() == ["blue/1.png", "red/1.png"]


def test_a_table_of_something_else_is_not_written_into(tmp_path):
    camera = Camera(tmp_path)
    (camera.folder / "1.png").write_bytes(RED)
    camera.settled()
    camera.table.write_text("name,price\ncup,3\n")
    with pytest.raises(DataError, match="rename it"):
        camera.start()
    camera.table.unlink()
    camera.start()  # one that is gone is written again
    assert [row["picture"] for row in camera.rows()] == ["1.png"]


def test_the_journal_says_what_was_done_in_plain_json(camera):
    (camera.folder / "1.png").write_bytes(RED)
    camera.settled()
    (line,) = camera.watch.journal.read_text("utf-8").splitlines()
    assert json.loads(line)["label"] == "red" and json.loads(line)["target"] == "red/1.png"
