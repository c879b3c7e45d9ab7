from collections.abc import Mapping
from pathlib import Path

import made
from PIL import Image

from resnet_studio.data.checkup import Finding, inspect
from resnet_studio.data.scan import scan


def checked(tmp_path: Path, files: Mapping[str, bytes]) -> dict[str, Finding]:
    found = inspect(scan(made.write(tmp_path / "data", files)))
    assert all(finding.sentence("en").endswith(".") and finding.sentence("zh").endswith("。") for finding in found)
    return {finding.kind: finding for finding in found}


ENOUGH = made.class_files({"cat": 20, "dog": 20})


def test_there_is_nothing_to_say_about_good_pictures(tmp_path):
    assert checked(tmp_path, ENOUGH) == {}


def test_the_same_picture_in_two_classes_is_a_conflict(tmp_path):
    twins = {"cat/x.png": made.picture(99), "dog/y.png": made.picture(99)}
    found = checked(tmp_path, ENOUGH | twins)
    assert set(found) == {"conflict"}
    assert found["conflict"].files == ("cat/x.png", "dog/y.png")
    assert found["conflict"].severity == "warning"
    assert found["conflict"].sentence().startswith("1 picture is in more than one class (cat, dog)")


def test_folders_that_a_system_named_as_copies_are_asked_about(tmp_path):
    copies = made.class_files({"cat": 20, "cat (1)": 20, "cat - Copy": 20, "dog": 20, "dog 2": 20})
    found = checked(tmp_path, copies)
    assert found["alike_classes"].files == ("cat", "cat (1)", "cat - Copy")


def test_classes_that_are_several_others_at_once_are_named(tmp_path):
    found = checked(tmp_path, ENOUGH | made.class_files({"cat + Dog": 20, "salt&pepper": 20}, side=20))
    assert set(found) == {"several_labels"} and found["several_labels"].files == ("cat + Dog",)
    assert "1 class is called like several others at once (cat + Dog)" in found["several_labels"].sentence()


def test_the_same_picture_in_two_preset_parts_is_one_leak_warning(tmp_path):
    files = made.class_files({"train/cat": 20, "train/dog": 20}, side=24)
    files |= {name.replace("train", "test"): data for name, data in files.items() if name.endswith(("1.png", "2.png"))}
    found = checked(tmp_path, files)
    assert set(found) == {"leak"}
    assert found["leak"].sentence().startswith("8 pictures are in more than one of your parts")
    assert found["leak"].files[:2] == ("test/cat/1.png", "train/cat/1.png")


def test_copies_within_a_class_are_only_mentioned(tmp_path):
    found = checked(tmp_path, ENOUGH | {"cat/copy.png": ENOUGH["cat/0.png"], "cat/again.png": ENOUGH["cat/0.png"]})
    assert found["copies"].severity == "info"
    assert found["copies"].sentence().startswith("2 pictures are copies")


def test_uneven_classes_are_said_with_their_numbers(tmp_path):
    assert checked(tmp_path, made.class_files({"cat": 99, "dog": 20})) == {}
    found = checked(tmp_path, made.class_files({"cat": 100, "dog": 20}))
    assert set(found) == {"imbalance"}
    assert "“cat” has 100 pictures, “dog” only 20" in found["imbalance"].sentence()
    assert "“cat”有 100 张，“dog”只有 20 张" in found["imbalance"].sentence("zh")


def test_classes_with_few_pictures_are_named(tmp_path):
    found = checked(tmp_path, made.class_files({f"class {number}": 5 for number in range(7)}))
    assert (
        "7 classes have fewer than 20 pictures (class 0, class 1, class 2, class 3, class 4 and 2 others)"
        in found["few"].sentence()
    )
    assert "等" in found["few"].sentence("zh") or "另外 2 个" in found["few"].sentence("zh")
    assert len(found["few"].files) == 7


def test_of_a_tiny_set_it_is_said_that_five_trainings_test_every_picture(tmp_path):
    few = checked(tmp_path, made.class_files({"cat": 12, "dog": 12}))["few"]
    assert "five trainings test every picture once" in few.sentence() and "--folds 5" in few.sentence()
    assert "训练 5 次" in few.sentence("zh")
    for number, plain in enumerate(({"cat": 4, "dog": 4}, {"cat": 110, "dog": 12})):
        found = checked(tmp_path / str(number), made.class_files(plain))
        assert "five trainings" not in found["few"].sentence()
    preset = {
        f"{part}/{name}": data
        for part in ("train", "test")
        for name, data in made.class_files({"a": 6, "b": 6}).items()
    }
    assert "five trainings" not in checked(tmp_path / "preset", preset)["few"].sentence()


def test_tiny_and_animated_pictures_and_junk_are_said(tmp_path):
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "blue")]
    more = {
        "cat/tiny.png": made.encoded(Image.new("RGB", (64, 15))),
        "dog/moves.gif": made.encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]),
        "dog/.DS_Store": b"x", "Thumbs.db": b"x",
    }  # fmt: skip
    found = checked(tmp_path, ENOUGH | more)
    assert {kind: finding.files for kind, finding in found.items()} == {
        "tiny": ("cat/tiny.png",), "animated": ("dog/moves.gif",), "junk": ("Thumbs.db", "dog/.DS_Store"),
    }  # fmt: skip
    assert found["junk"].severity == found["animated"].severity == "info"


def test_what_was_left_out_is_grouped_by_reason(tmp_path):
    more = {f"cat/{number}.txt": b"x" for number in range(14)} | {"cat/empty.png": b"", "loose.png": made.picture(50)}
    found = checked(tmp_path, ENOUGH | more)
    assert {kind: len(finding.files) for kind, finding in found.items()} == {
        "not_a_picture": 14,
        "empty_file": 1,
        "no_class": 1,
    }
    assert found["not_a_picture"].sentence().startswith("14 files were left out")
    assert found["empty_file"].sentence().startswith("1 file was left out")


def test_every_reason_for_leaving_out_has_its_sentences():
    from typing import get_args

    from resnet_studio.data.checkup import LEFT_OUT_ORDER
    from resnet_studio.data.pictures import Fault

    assert set(get_args(Fault)) <= set(LEFT_OUT_ORDER)
    for kind in LEFT_OUT_ORDER:
        finding = Finding(kind, f"finding.{kind}", {"count": 2})
        assert "2" in finding.sentence("en") and "2" in finding.sentence("zh")


def test_class_names_with_braces_stand_as_they_are(tmp_path):
    found = checked(tmp_path, made.class_files({"{count}": 3, "{0}": 3}))
    assert "({0}, {count})" in found["few"].sentence()
