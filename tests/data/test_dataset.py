import json
import os
import random
import shutil
from collections import Counter
from pathlib import Path

import made
import pytest
from counting import growth
from PIL import Image

from resnet_studio.data.checkup import inspect
from resnet_studio.data.choices import Choices
from resnet_studio.data.dataset import Dataset, Sample, Split, load, save, split
from resnet_studio.data.layout import PARTS
from resnet_studio.data.scan import scan
from resnet_studio.errors import DataError


def labelled(counts: dict[str, int], contents: dict[str, str] | None = None, **parts: str) -> Dataset:
    """A data set without files; ``contents`` gives chosen pictures the bytes of others."""
    classes = tuple(counts)
    samples = tuple(
        Sample(name, name, label, parts.get(name), (contents or {}).get(name, f"bytes of {name}"), 32, 32)
        for label, (kind, count) in enumerate(counts.items())
        for name in (f"{kind}/{number}.png" for number in range(count))
    )
    return Dataset("id", "name", Path("root"), classes, samples)


def sizes(cut: Split) -> tuple[int, ...]:
    return tuple(len(getattr(cut, part)) for part in PARTS)


def each_class(cut: Split) -> list[tuple[int, ...]]:
    counts = [Counter(sample.label for sample in getattr(cut, part)) for part in PARTS]
    return [tuple(count[label] for count in counts) for label in range(len(cut.classes))]


def refusal(folder: Path) -> str:
    with pytest.raises(DataError) as caught:
        scan(folder)
    assert caught.value.sentence("en").endswith(".") and caught.value.sentence("zh").endswith("。")
    return caught.value.key


def test_a_folder_of_class_folders_is_understood(class_folders):
    dataset = scan(class_folders({"dog": 3, "cat": 2}, side=20))
    assert dataset.classes == ("cat", "dog")
    assert dataset.counts == {"cat": 2, "dog": 3}
    assert dataset.median_side == 20
    assert [sample.name for sample in dataset.samples[:3]] == ["cat/0.png", "cat/1.png", "dog/0.png"]
    assert all(dataset.path(sample).is_file() for sample in dataset.samples)
    assert not dataset.preset and not dataset.problems


def test_a_folder_is_split_70_15_15_class_by_class():
    cut = split(labelled({"cat": 100, "dog": 40}))
    assert each_class(cut) == [(70, 15, 15), (28, 6, 6)]
    everything = [sample for part in PARTS for sample in getattr(cut, part)]
    assert len({sample.name for sample in everything}) == 140


def test_the_fractions_asked_for_are_kept():
    assert each_class(split(labelled({"a": 50, "b": 50}), validation=0.2, test=0)) == [(40, 10, 0), (40, 10, 0)]
    assert each_class(split(labelled({"a": 10, "b": 10}), validation=0.1, test=0.8)) == [(1, 1, 8), (1, 1, 8)]


@pytest.mark.parametrize(
    ("count", "parts"), [(2, (1, 1, 0)), (3, (1, 1, 1)), (4, (2, 1, 1)), (7, (5, 1, 1)), (10, (6, 2, 2))]
)
def test_small_classes_get_a_picture_in_each_part(count, parts):
    assert each_class(split(labelled({"a": count, "b": 30})))[0] == parts


@pytest.mark.parametrize("shares", [(0.8, 0.1), (0.01, 0.8), (0.45, 0.45)])
@pytest.mark.parametrize("count", [2, 3, 4, 5])
def test_training_never_goes_empty(count, shares):
    for train, validation, test in each_class(
        split(labelled({"a": count, "b": count}), validation=shares[0], test=shares[1])
    ):
        assert train >= 1 and validation >= 1 and test >= (count > 2)


def test_a_split_depends_on_seed_and_contents_only():
    dataset = labelled({"cat": 40, "dog": 40})
    shuffled = list(dataset.samples)
    random.Random(1).shuffle(shuffled)
    other = Dataset("x", "y", Path("z"), dataset.classes, tuple(shuffled))
    renamed = Dataset(
        "id", "name", Path("root"), ("cat", "dog"),
        tuple(Sample(f"{old.label}/new", old.file, old.label, None, old.content) for old in dataset.samples),
    )  # fmt: skip
    cuts = [{sample.content for sample in split(each).test} for each in (dataset, other, renamed)]
    assert cuts[0] == cuts[1] == cuts[2]
    assert {sample.content for sample in split(dataset, seed=1).test} != cuts[0]


def test_the_split_of_known_pictures_never_changes_between_versions():
    cut = split(labelled({"cat": 10, "dog": 10}))
    assert [sample.name for sample in cut.test] == ["cat/6.png", "cat/8.png", "dog/3.png", "dog/8.png"]


@pytest.mark.parametrize("copies", [2, 3, 10])
def test_copies_of_a_picture_stay_in_one_part(copies):
    names = [f"cat/{number}.png" for number in range(60)]
    contents = {name: f"same {number // copies}" for number, name in enumerate(names)}
    cut = split(labelled({"cat": 60, "dog": 60}, contents))
    homes = Counter(content for part in PARTS for content in {sample.content for sample in getattr(cut, part)})
    assert set(homes.values()) == {1}
    train, validation, test = each_class(cut)[0]
    assert train >= 40 - copies and validation >= 1 and test >= 1


def test_copies_go_to_training_while_there_are_single_pictures():
    contents = {f"cat/{number}.png": "same" for number in range(20)}
    cut = split(labelled({"cat": 60, "dog": 60}, contents))
    assert "same" not in {sample.content for sample in (*cut.validation, *cut.test)}
    assert each_class(cut)[0] == (42, 9, 9)


def test_a_picture_in_two_classes_stays_in_one_part_and_every_class_is_still_validated():
    contents = {f"{kind}/{number}.png": f"shared {number}" for kind in ("a", "b", "c") for number in range(2)}
    cut = split(labelled({"a": 2, "b": 2, "c": 30}, contents))
    homes = Counter(content for part in PARTS for content in {sample.content for sample in getattr(cut, part)})
    assert set(homes.values()) == {1}
    assert all(train >= 1 and validation >= 1 for train, validation, _ in each_class(cut))


def preset(tmp_path: Path, *parts: str, count: int = 20) -> Dataset:
    counts = {f"{part}/{kind}": count for part in parts for kind in ("cat", "dog")}
    return scan(made.write(tmp_path / "data", made.class_files(counts)))


def test_preset_parts_are_kept_as_they_are(tmp_path):
    dataset = preset(tmp_path, "train", "val", "test")
    cut = split(dataset)
    assert cut.preset and sizes(cut) == (40, 40, 40) and cut.classes == ("cat", "dog")
    assert {sample.name.split("/")[0] for sample in cut.validation} == {"val"}


def test_a_validation_part_is_cut_from_train_where_only_test_is_preset(tmp_path):
    cut = split(preset(tmp_path, "train", "test"))
    assert cut.preset and sizes(cut) == (34, 6, 40)
    assert {sample.name.split("/")[0] for sample in cut.validation} == {"train"}


def test_without_a_preset_test_part_there_is_none(tmp_path):
    assert sizes(split(preset(tmp_path, "train", "validation"))) == (40, 40, 0)


def test_test_pictures_of_a_class_that_is_not_trained_are_left_out(tmp_path):
    files = made.class_files({"train/cat": 4, "train/dog": 4, "test/cat": 2, "test/unfamiliar": 3})
    dataset = scan(made.write(tmp_path / "data", files))
    assert dataset.classes == ("cat", "dog")
    assert [(problem.kind, len(problem.files)) for problem in dataset.problems] == [
        ("empty_class", 1),
        ("unknown_class", 3),
    ]


@pytest.mark.parametrize(("files", "key"), [
    ({}, "empty"),
    ({"notes.txt": b"x"}, "no_pictures"),
    ({"cat/notes.txt": b"x", "dog/.DS_Store": b"x"}, "no_pictures"),
    ({"cat/0.png": b""}, "no_pictures"),
    ({".hidden/0.png": made.picture()}, "empty"),
    ({"0.png": made.picture(0), "1.png": made.picture(1)}, "loose"),
    (made.class_files({"cat": 5}), "one_class"),
    (made.class_files({"wrapped/cat": 5}), "one_class"),
    (made.class_files({"cat": 5}) | {"dog/0.png": b"broken"}, "one_class"),
    (made.class_files({"cat": 1, "dog": 5}), "single_picture"),
    (made.class_files({"train/cat": 1, "train/dog": 5, "test/cat": 3, "test/dog": 3}), "single_picture"),
    (made.class_files({"dog": 5}) | {f"cat/{copy}.png": made.picture() for copy in range(3)}, "same_picture"),
    (made.class_files({"train": 5, "val": 5}), "bare_parts"),
])  # fmt: skip
def test_what_nothing_can_be_learnt_from_is_refused_with_a_sentence(tmp_path, files, key):
    (tmp_path / "data").mkdir()
    assert refusal(made.write(tmp_path / "data", files)) == f"error.data.{key}"


def test_the_sentence_on_a_single_picture_says_what_to_do(class_folders):
    with pytest.raises(DataError) as caught:
        scan(class_folders({"cat": 1, "dog": 5}))
    assert str(caught.value) == "“cat” has 1 picture: cannot validate; add at least 1 more or remove the folder."


def test_a_class_with_one_training_picture_is_fine_where_validation_is_preset(tmp_path):
    files = made.class_files({"train/cat": 1, "train/dog": 5, "val/cat": 3, "val/dog": 3})
    assert sizes(split(scan(made.write(tmp_path / "data", files)))) == (6, 6, 0)


def test_bad_files_are_left_out_and_listed_by_reason(tmp_path):
    files = made.class_files({"cat": 4, "dog": 4})
    files |= {
        "cat/empty.jpg": b"", "cat/text.jpg": b"hello there", "dog/notes.txt": b"dogs", "bird/readme.md": b"none yet",
        "cat/half.jpg": made.picture(format="JPEG", side=64)[:400], "loose.png": made.picture(99),
        "dog/broken.png": made.picture()[:60] + b"XXXX" + made.picture()[64:],
    }  # fmt: skip
    dataset = scan(made.write(tmp_path / "data", files))
    assert dataset.counts == {"cat": 4, "dog": 4}
    assert {problem.kind: problem.files for problem in dataset.problems} == {
        "damaged": ("dog/broken.png",), "empty_class": ("bird",), "empty_file": ("cat/empty.jpg",),
        "no_class": ("loose.png",), "not_a_picture": ("bird/readme.md", "cat/text.jpg", "dog/notes.txt"),
        "truncated": ("cat/half.jpg",),
    }  # fmt: skip
    assert "empty_class" not in {problem.kind for problem in dataset.skipped}


def test_a_picture_counts_by_its_bytes_not_by_its_extension(tmp_path):
    files = made.class_files({"cat": 2, "dog": 2}) | {
        "cat/x.txt": made.picture(7),
        "cat/y": made.picture(8, format="GIF"),
    }
    assert scan(made.write(tmp_path / "data", files)).counts["cat"] == 4


@pytest.mark.parametrize(
    "name", ["猫", "<img src=x onerror=alert(1)>", "\u202egnp.exe", "=1+1", "a & b", "'; DROP TABLE", "ça"]
)
def test_exotic_class_names_are_kept_literally(tmp_path, name):
    if os.name == "nt" and set(name) & set('<>:"|?*'):
        pytest.skip("Windows has no such file names")
    dataset = scan(made.write(tmp_path / "data", made.class_files({name: 3, "zebra": 3})))
    assert name in dataset.classes
    (tmp_path / "kept").mkdir()
    save(dataset, tmp_path / "kept")
    assert load(tmp_path / "kept").classes == dataset.classes


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_links_out_pipes_and_loops_are_not_followed(tmp_path, class_folders):
    folder = class_folders({"cat": 3, "dog": 3})
    made.write(tmp_path / "beside", {"secret.png": made.picture(9)})
    (folder / "cat" / "loop").symlink_to(folder)
    (folder / "cat" / "self").symlink_to(folder / "cat")
    (folder / "cat" / "secret.png").symlink_to(tmp_path / "beside" / "secret.png")
    (folder / "cat" / "beside").symlink_to(tmp_path / "beside")
    (folder / "cat" / "gone.png").symlink_to(folder / "nowhere.png")
    (folder / "cat" / "circle.png").symlink_to(folder / "cat" / "circle.png")
    os.mkfifo(folder / "cat" / "pipe.png")
    dataset = scan(folder)
    assert dataset.counts == {"cat": 3, "dog": 3}
    assert {problem.kind: len(problem.files) for problem in dataset.problems} == {"link": 6, "special": 1}
    (found,) = [finding for finding in inspect(dataset) if finding.kind == "link"]
    assert found.severity == "warning"


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_links_that_stay_inside_are_followed_to_where_the_pictures_really_are(tmp_path, class_folders):
    folder = class_folders({"source/cat": 3, "source/dog": 3})
    for kind in ("cat", "dog"):
        (folder / "by_file" / kind).mkdir(parents=True)
        for file in (folder / "source" / kind).iterdir():
            (folder / "by_file" / kind / file.name).symlink_to(file)
    (folder / "by_folder").mkdir()
    (folder / "by_folder" / "cat").symlink_to(folder / "source" / "cat")
    (folder / "by_folder" / "dog").symlink_to("../by_file/dog")
    for name in ("by_file", "by_folder", "source"):
        dataset = scan(folder, choices=Choices(folder=name))
        assert dataset.counts == {"cat": 3, "dog": 3}
        assert all(sample.file.startswith("source/") for sample in dataset.samples)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_links_between_folders_end_however_they_are_woven(class_folders, monkeypatch):
    folder = class_folders({"cat": 3, "dog": 3})
    for at in range(4):
        (folder / "cat" / f"level{at}").mkdir()
        for side in ("left", "right"):
            (folder / "cat" / f"level{at}" / side).symlink_to(folder / "cat" / f"level{(at + 1) % 4}")
    listed = []
    real = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: (listed.append(path), real(path))[1])
    assert scan(folder).counts == {"cat": 3, "dog": 3}
    assert len(listed) < 3000  # and not one for each of the ways, which have no end


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_folder_of_links_only_is_refused_with_what_to_do(tmp_path, class_folders):
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "cat").symlink_to(class_folders({"cat": 3, "dog": 3}) / "cat")
    assert refusal(tmp_path / "links") == "error.data.only_links"


@pytest.mark.skipif(os.name == "nt", reason="Windows has Unicode names only")
def test_a_name_that_is_not_unicode_is_left_out_and_can_be_written_down(tmp_path, class_folders):
    folder = class_folders({"cat": 3, "dog": 3})
    try:
        Path(os.fsdecode(os.fsencode(folder) + b"/cat/caf\xe9.png")).write_bytes(made.picture(9))
    except OSError:
        pytest.skip("this file system has Unicode names only")
    dataset = scan(folder)
    assert [(problem.kind, problem.files) for problem in dataset.problems] == [("odd_name", ("cat/caf\\udce9.png",))]
    save(dataset, folder)


@pytest.mark.skipif(os.name == "nt", reason="Windows has other rules for names")
@pytest.mark.parametrize("name", [b"new\nline", b"caf\xe9"])
def test_a_folder_whose_own_name_cannot_be_shown_is_refused(tmp_path, name):
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
    try:
        made.write(folder, made.class_files({"cat": 3, "dog": 3}))
    except OSError:
        pytest.skip("this file system has Unicode names only")
    assert refusal(folder) == "error.data.odd_folder"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs permissions that bind")
def test_what_may_not_be_read_is_left_out(class_folders):
    folder = class_folders({"cat": 3, "dog": 3, "owl": 3})
    (folder / "cat" / "0.png").chmod(0)
    (folder / "owl").chmod(0)
    dataset = scan(folder)
    (folder / "owl").chmod(0o755)
    assert dataset.counts == {"cat": 2, "dog": 3}
    assert [(problem.kind, len(problem.files)) for problem in dataset.problems] == [
        ("empty_class", 1),
        ("unreadable", 2),
    ]


def test_small_pictures_are_decoded_for_a_trial(class_folders):
    folder = class_folders({"cat": 3, "dog": 3})
    data = bytearray(made.encoded(Image.effect_noise((60, 40), 50), "TIFF", compression="tiff_adobe_deflate"))
    data[30:60] = bytes(30)
    (folder / "cat" / "9.tif").write_bytes(data)
    assert [(problem.kind, problem.files) for problem in scan(folder).problems] == [("damaged", ("cat/9.tif",))]


def test_a_folder_with_too_many_files_is_refused(class_folders, monkeypatch):
    from resnet_studio.data import scan as module

    folder = class_folders({"cat": 3, "dog": 3})
    monkeypatch.setattr(module, "FILE_LIMIT", 8)
    scan(folder)
    monkeypatch.setattr(module, "FILE_LIMIT", 7)
    assert refusal(folder) == "error.data.too_many_files"


def test_a_file_without_length_is_not_opened(class_folders, monkeypatch):
    folder = class_folders({"cat": 3, "dog": 3})
    (folder / "cat" / "empty.png").touch()
    opened = []
    really = Path.open
    monkeypatch.setattr(
        Path, "open", lambda self, *given, **more: (opened.append(self.name), really(self, *given, **more))[1]
    )
    assert scan(folder).problems[0].kind == "empty_file"
    assert len(opened) == 6 and "empty.png" not in opened


def test_very_deep_folders_are_no_trouble(tmp_path, class_folders):
    folder = class_folders({"cat": 3, "dog": 3})
    deep = folder / "cat" / "/".join(["d"] * 300)
    deep.mkdir(parents=True)
    (deep / "9.png").write_bytes(made.picture(9))
    assert scan(folder).counts["cat"] == 4


def test_data_sets_and_splits_survive_being_written_down(tmp_path, class_folders):
    dataset = scan(class_folders({"cat": 5, "dog": 5}))
    save(dataset, tmp_path)
    assert load(tmp_path) == dataset
    cut = split(dataset)
    again = Split.from_json(json.loads(json.dumps(cut.to_json())))
    assert again == cut
    assert again.path(again.train[0]).is_file()
    shutil.copytree(dataset.root, tmp_path / "moved")
    moved = Split.from_json(cut.to_json(), root=tmp_path / "moved")
    assert moved.path(moved.train[0]) == tmp_path / "moved" / cut.train[0].file


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"samples": 3}', "null"])
def test_a_damaged_manifest_is_one_sentence(tmp_path, content):
    (tmp_path / "dataset.json").write_text(content)
    with pytest.raises(DataError, match="is damaged"):
        load(tmp_path)


def test_the_work_of_a_split_grows_evenly_with_the_classes():
    def splitting(count):
        dataset = labelled({f"class {number}": 20 for number in range(count)})
        return lambda: split(dataset)

    assert growth(splitting, 50) < 2.3


@pytest.mark.slow
def test_hundreds_of_classes_are_split():
    cut = split(labelled({f"class {number}": 20 for number in range(500)}))
    assert sizes(cut) == (7000, 1500, 1500)
