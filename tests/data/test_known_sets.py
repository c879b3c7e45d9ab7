"""Known sets in the forms that they are downloaded in."""

from collections import defaultdict

import pytest
from made import picture, write, zipped
from odd_files import encoded
from PIL import Image

from resnet_studio.data import checkup
from resnet_studio.data.choices import Choices
from resnet_studio.data.dataset import split
from resnet_studio.data.opening import open_data
from resnet_studio.errors import DataError
from resnet_studio.evaluation.report import remap_labels

ROI = "Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2"
WAYS = ("folder", "zip", "nested", "loud")


def opened(files, tmp_path, way="folder", **options):
    """The data set of ``files``; ``loud``: in a zip, with pictures whose names end in capital letters."""
    tmp_path.mkdir(exist_ok=True)
    if way == "nested":
        files = {f"download/{name}": data for name, data in files.items()}
    if way == "loud":
        files = {f"{name[:-4]}{name[-4:].upper() if name[-4:] in ('.ppm', '.jpg') else name[-4:]}": data
                 for name, data in files.items()}  # fmt: skip
    if way in ("zip", "loud"):
        return open_data(zipped(tmp_path / "set.zip", files), **options)
    return open_data(write(tmp_path / "set", files), **options)


def ppm(number):
    return encoded(Image.new("RGB", (9, 8), (number % 251, number // 251, 7)), "PPM")


def frames(name, tracks=5, most=4):
    """The frames of each track, three signs of GTSRB, called as ``name`` says."""
    return {
        name.format(sign=sign, track=track, frame=frame): ppm(1000 * sign + 50 * track + frame)
        for sign in range(3) for track in range(tracks) for frame in range(most)
    }  # fmt: skip


def official():
    files = frames("GTSRB/Final_Training/Images/{sign:05}/{track:05}_{frame:05}.ppm")
    for sign in range(3):
        own = [name.rpartition("/")[2] for name in files if f"/{sign:05}/" in name]
        rows = [f"Filename;{ROI};ClassId", *(f"{name};9;8;1;1;7;7;{sign}" for name in own)]
        files[f"GTSRB/Final_Training/Images/{sign:05}/GT-{sign:05}.csv"] = "\r\n".join(rows).encode()
    return files


TESTED = {f"{number:05}": number % 3 for number in range(9)}


def of_test(where="GTSRB/Final_Test/Images"):
    return {f"{where}/{name}.ppm": ppm(5000 + number) for number, name in enumerate(TESTED)}


def truth():
    return "\n".join([f"Filename;{ROI};ClassId", *(f"{name}.ppm;9;8;1;1;7;7;{sign}" for name, sign in TESTED.items())])


def labels_of_test(dataset):
    return {
        sample.name.rpartition("/")[2][:5]: int(dataset.classes[sample.label])
        for sample in dataset.samples if sample.part == "test"
    }  # fmt: skip


def tracks_are_whole(dataset):
    parts = defaultdict(set)
    cut = split(dataset, validation=0.2, test=0.2)
    for part in ("train", "validation", "test"):
        for sample in getattr(cut, part):
            if sample.group:
                parts[sample.group].add(part)
    return len(parts) == 15 and all(len(found) == 1 for found in parts.values())


@pytest.mark.parametrize("way", WAYS)
def test_gtsrb_has_its_classes_and_keeps_the_frames_of_one_sign_together(tmp_path, way):
    found = opened(official(), tmp_path, way)
    assert found.counts == {"00000": 20, "00001": 20, "00002": 20}
    assert len({sample.group for sample in found.samples}) == 15
    kinds = {finding.key for finding in checkup.inspect(found)}
    assert "finding.layout.tracks" in kinds and not any("series" in kind for kind in kinds)
    assert tracks_are_whole(found)


@pytest.mark.parametrize("table", ["GTSRB/Final_Test/Images/GT-final_test.csv", "GT-final_test.csv"])
@pytest.mark.parametrize("way", WAYS)
def test_the_test_pictures_of_gtsrb_get_their_labels_from_the_table(tmp_path, way, table):
    found = opened({**official(), **of_test(), table: truth().encode()}, tmp_path, way)
    assert found.classes == ("00000", "00001", "00002") and labels_of_test(found) == TESTED
    assert tracks_are_whole(found)


def test_the_test_pictures_of_gtsrb_without_that_table_have_no_label(tmp_path):
    without = truth().replace(";ClassId", "").replace(";7;0", ";7").replace(";7;1", ";7").replace(";7;2", ";7").encode()
    found = opened({**official(), **of_test(), "GTSRB/Final_Test/Images/GT-final_test.test.csv": without}, tmp_path)
    assert len(found.samples) == 60 and len(found.unlabelled) == 9


def test_the_test_pictures_of_gtsrb_alone_can_be_scored_by_a_model_of_the_other_folders(tmp_path):
    found = opened({**of_test("Images"), "Images/GT-final_test.csv": truth().encode()}, tmp_path, purpose="score")
    assert found.counts == {"0": 3, "1": 3, "2": 3}
    again = remap_labels(found.samples, found.classes, ("00000", "00001", "00002"), join_alike=True)
    assert [each.label for each in again] == [each.label for each in found.samples]


@pytest.mark.parametrize("way", ["folder", "zip", "nested"])
def test_gtsrb_as_kaggle_has_it(tmp_path, way):
    train = frames("Train/{sign}/{sign:05}_{track:05}_{frame:05}.png")
    rows = [f"{ROI};ClassId;Path".replace(";", ","), *(f"9,8,1,1,7,7,{name.split('/')[1]},{name}" for name in train)]
    test = {f"Test/{name}.png": ppm(5000 + number) for number, name in enumerate(TESTED)}
    others = [rows[0], *(f"9,8,1,1,7,7,{sign},Test/{name}.png" for name, sign in TESTED.items())]
    meta = {f"Meta/{sign}.png": ppm(9000 + sign) for sign in range(3)}
    tables = {"Train.csv": rows, "Test.csv": others, "Meta.csv": ["Path,ClassId,ShapeId", "Meta/0.png,0,1"]}
    texts = {name: "\n".join(lines).encode() for name, lines in tables.items()}
    found = opened({**train, **test, **meta, **texts}, tmp_path, way)
    assert found.counts == {"0": 23, "1": 23, "2": 23} and labels_of_test(found) == TESTED
    assert tracks_are_whole(found)
    assert {problem.kind: len(problem.files) for problem in found.problems} == {"outside": 3}


@pytest.mark.parametrize("way", ["folder", "zip", "nested"])
def test_the_faces_of_att(tmp_path, way):
    files = {
        f"s{person}/{number}.pgm": encoded(Image.new("L", (92, 112), 5 * person + 50 * number), "PPM")
        for person in (1, 2, 3, 10) for number in range(1, 5)
    }  # fmt: skip
    found = opened({**files, "README": b"Our Database of Faces"}, tmp_path, way)
    assert found.classes == ("s1", "s2", "s3", "s10") and set(found.counts.values()) == {4}


BIRDS = ("001.Black_footed_Albatross", "002.Laysan_Albatross", "010.Red_winged_Blackbird")


def birds(numbers=lambda number: str(number), folders=BIRDS):
    """Caltech-UCSD Birds: of each of the classes six pictures, every third one for testing."""
    names = [f"{folder}/{folder[4:]}_{number:04}_{79 + number}.jpg" for folder in folders for number in range(6)]
    lists = {
        "images.txt": [f"{numbers(at)} {name}" for at, name in enumerate(names, 1)],
        "train_test_split.txt": [f"{numbers(at)} {int(at % 3 > 0)}" for at, _ in enumerate(names, 1)],
        "image_class_labels.txt": [
            f"{numbers(at)} {1 + folders.index(name.split('/')[0])}" for at, name in enumerate(names, 1)
        ],
        "classes.txt": [f"{at} {folder}" for at, folder in enumerate(folders, 1)],
        "bounding_boxes.txt": [f"{numbers(at)} 60.0 27.0 325.0 304.0" for at, _ in enumerate(names, 1)],
    }
    pictures = {f"images/{name}": picture(at, label=at % 5) for at, name in enumerate(names)}
    return pictures, {name: "\n".join(lines).encode() for name, lines in lists.items()}


@pytest.mark.parametrize("way", WAYS)
def test_the_split_of_caltech_birds_is_followed_and_said(tmp_path, way):
    pictures, lists = birds()
    found = opened({**pictures, **lists, "attributes/certainties.txt": b"1 not visible\n"}, tmp_path, way)
    assert found.classes == BIRDS
    held = [sample.name.rpartition("/")[2].rsplit("_")[-2] for sample in found.samples if sample.part == "test"]
    assert held == ["0002", "0005"] * 3 and len(found.samples) == 18
    (said,) = [finding for finding in checkup.inspect(found) if finding.key == "finding.layout.table_parts"]
    assert "train_test_split.txt" in said.sentence("en") and "train_test_split.txt" in said.sentence("zh")
    anew = opened({**pictures, **lists}, tmp_path / "anew", choices=Choices(**said.offers[0].changes))
    assert not any(sample.part for sample in anew.samples)


def test_the_numbers_of_nabirds_are_no_numbers(tmp_path):
    folders = ("0295", "0296", "0817")
    pictures, lists = birds(lambda number: f"{number:08x}-cc94-4b8c", folders)
    found = opened({**pictures, **lists}, tmp_path)
    assert found.classes == folders and sum(sample.part == "test" for sample in found.samples) == 6


@pytest.mark.parametrize("spoilt", ["missing", "third", "all", "no images"])
def test_a_split_that_does_not_say_the_part_of_each_picture_is_not_followed(tmp_path, spoilt):
    pictures, lists = birds()
    lines = lists["train_test_split.txt"].splitlines()
    if spoilt == "missing":
        lines = lines[:-1]
    elif spoilt == "third":
        lines[3] = lines[3].split()[0] + b" 2"
    elif spoilt == "all":
        lines = [line.split()[0] + b" 1" for line in lines]
    else:
        del lists["images.txt"]
    found = opened({**pictures, **lists, "train_test_split.txt": b"\n".join(lines)}, tmp_path)
    assert found.classes == BIRDS and not any(sample.part for sample in found.samples)


def aircraft():
    """FGVC-Aircraft: three lists of labels, of families two names with a blank, of makers the fewest."""
    variants, families = ("707-320", "727-200", "737-300", "A300B4"), ("Boeing 707", "Boeing 727", "Boeing 737", "A300")
    makers = ("Boeing", "Boeing", "Boeing", "Airbus")
    stems = [f"{1000001 + 37 * number:07}" for number in range(24)]
    files = {f"data/images/{stem}.jpg": picture(number, label=number % 4) for number, stem in enumerate(stems)}
    for level, labels in (("variant", variants), ("family", ("Boeing 707", *families[:3])), ("manufacturer", makers)):
        for at, part in enumerate(("train", "val", "test")):
            lines = [f"{stem} {labels[number % 4]}" for number, stem in enumerate(stems) if number % 3 == at]
            files[f"data/images_{level}_{part}.txt"] = "\r\n".join(lines).encode()
    files["data/images_box.txt"] = "\n".join(f"{stem} 3 144 998 431" for stem in stems).encode()
    files["data/images_train.txt"] = "\n".join(stems[::3]).encode()
    return {**files, "data/variants.txt": "\n".join(variants).encode()}


@pytest.mark.parametrize("way", WAYS)
def test_the_lists_of_fgvc_aircraft_are_read_and_each_is_an_answer(tmp_path, way):
    found = opened(aircraft(), tmp_path, way)
    assert found.classes == ("707-320", "727-200", "737-300", "A300B4") and set(found.counts.values()) == {6}
    parts = [sample.part for sample in found.samples]
    assert [parts.count(part) for part in ("train", "validation", "test")] == [8, 8, 8]
    (asked,) = [finding for finding in checkup.inspect(found) if finding.key == "finding.layout.lists"]
    assert [offer.changes for offer in asked.offers] == [
        {"label_column": "images_family"}, {"label_column": "images_manufacturer"}
    ]  # fmt: skip
    for offer, classes in zip(
        asked.offers, (("Boeing 707", "Boeing 727", "Boeing 737"), ("Airbus", "Boeing")), strict=True
    ):
        again = opened(aircraft(), tmp_path / offer.changes["label_column"], way, choices=Choices(**offer.changes))
        assert again.classes == classes and sum(sample.part == "test" for sample in again.samples) == 8


def test_lists_that_name_other_pictures_or_describe_each_are_no_labels(tmp_path):
    files = {name: data for name, data in aircraft().items() if name.endswith(".jpg")}
    stems = [name.rpartition("/")[2][:-4] for name in files]
    for number, lines in enumerate(([f"x{stem} cat" for stem in stems], [f"{stem} about {stem}" for stem in stems])):
        with pytest.raises(DataError, match="one class"):
            opened({**files, "data/labels.txt": "\n".join(lines).encode()}, tmp_path / str(number))


def test_lists_of_labels_of_a_small_part_count_with_those_of_the_others(tmp_path):
    """Where a class has a picture in the test, its list alone does not tell labels from descriptions."""
    files = {name: data for name, data in aircraft().items() if name.endswith(".jpg")}
    stems = sorted(name.rpartition("/")[2][:-4] for name in files)
    lists = {"train": range(20), "test": range(20, 24)}
    for part, numbers in lists.items():
        lines = [f"{stems[number]} kind {number % 4}" for number in numbers]
        files[f"data/images_variant_{part}.txt"] = "\n".join(lines).encode()
    found = opened(files, tmp_path)
    assert [sample.part for sample in found.samples].count("test") == 4 and set(found.counts.values()) == {6}


def numbered(lines, many=12):
    return "\n".join(lines(number) for number in range(many)).encode()


@pytest.mark.parametrize(
    "lists",
    [
        {"train_test_split.txt": numbered(lambda number: f"{number} {number % 2}")},
        {"train.txt": numbered(lambda number: f"{number} {number % 2} {number % 3}")},
        {
            f"{kind}_train.txt": numbered(lambda number, at=at: f"{number} {1 if (number + at) % 3 else -1:2}")
            for at, kind in enumerate(("cat", "dog"))
        },
        {
            "images.txt": numbered(lambda number: f"{number + 1} {number}.jpg"),
            "image_class_labels.txt": numbered(lambda number: f"{number + 1} {number // 4}"),
        },
    ],
    ids=["the parts", "several numbers", "a list for each class, as Pascal VOC has them", "numbers of other pictures"],
)
def test_numbers_that_mean_something_else_are_no_labels(tmp_path, lists):
    pictures = {f"{number}.jpg": picture(number, label=number % 2) for number in range(12)}
    with pytest.raises(DataError, match="class folder"):
        opened({**pictures, **lists}, tmp_path)


def test_one_of_the_lists_for_each_class_can_be_asked_for(tmp_path):
    pictures = {f"{number}.jpg": picture(number, label=number % 2) for number in range(12)}
    lists = {"cat_train.txt": numbered(lambda number: f"{number} {1 if number % 3 else -1}")}
    found = opened({**pictures, **lists}, tmp_path, choices=Choices(label_column="cat"))
    assert found.counts == {"-1": 4, "1": 8}


def test_a_split_that_leaves_a_class_nothing_to_learn_from_is_not_followed(tmp_path):
    pictures, lists = birds()
    files = [line.split()[1].split(b"/")[-2] for line in lists["images.txt"].splitlines()]
    lines = [b"%d %d" % (number + 1, folder == files[0]) for number, folder in enumerate(files)]
    found = opened({**pictures, **lists, "train_test_split.txt": b"\n".join(lines)}, tmp_path)
    assert found.classes == BIRDS and not any(sample.part for sample in found.samples)
