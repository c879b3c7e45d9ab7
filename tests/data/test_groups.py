"""What belongs together, and splits that keep it together."""

import csv
from collections import Counter, defaultdict

import pytest
from counting import growth
from made import class_files, encoded, picture, write
from PIL import ExifTags, Image

from resnet_studio.config import TrainConfig
from resnet_studio.data import editing, group_tables, groups, splitting
from resnet_studio.data.dataset import PARTS, Split
from resnet_studio.data.grouped import assign_groups
from resnet_studio.data.opening import open_data
from resnet_studio.data.parts import Shares, assign
from resnet_studio.errors import ConfigError, DataError
from resnet_studio.grouping import Grouping, parse
from resnet_studio.workspace import Workspace


@pytest.fixture
def opened(tmp_path):
    def open_files(files):
        return open_data(write(tmp_path / "set", files), Workspace.open(tmp_path / "workspace"))

    return open_files


def objects(classes=2, each=6, frames=10, name="{kind}/thing{object}_{frame:03}.png"):
    """Pictures of ``each`` objects a class, ``frames`` of each object."""
    return {
        name.format(kind=f"class{label}", object=number, frame=frame): picture(
            1000 * number + frame, label=label, side=24
        )
        for label in range(classes)
        for number in range(each)
        for frame in range(frames)
    }


def groups_by_part(split, key):
    found = defaultdict(set)
    for part in PARTS:
        for sample in getattr(split, part):
            found[key(sample.name)].add(part)
    return found


@pytest.mark.parametrize(
    ("by", "name"),
    [("name", "{kind}/thing{object}_{frame:03}.png"), ("folder", "{kind}/thing{object}/{frame}.png")],
)
def test_names_and_folders_keep_objects_on_one_side(opened, by, name):
    dataset = opened(objects(name=name))
    cut = splitting.cut(dataset, TrainConfig(groups=by))
    parts = groups_by_part(cut, lambda full: full.rpartition("_")[0] or full.rpartition("/")[0])
    if by == "folder":
        parts = groups_by_part(cut, lambda full: full.rpartition("/")[0])
    assert len(parts) == 12 and all(len(where) == 1 for where in parts.values())
    for part in PARTS:
        assert len({sample.label for sample in getattr(cut, part)}) == 2
    assert len(cut.train) > len(cut.validation) + len(cut.test)


def test_without_groups_pictures_of_an_object_are_on_all_sides(opened):
    cut = splitting.cut(opened(objects()), TrainConfig(groups="near"))
    assert any(len(where) == 3 for where in groups_by_part(cut, lambda name: name.rpartition("_")[0]).values())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a/mug_12.jpg", "mug"), ("a/mug 3 (4).jpg", "mug 3"), ("a/obj1__15.png", "obj1"), ("a/7.png", "7"),
        ("a/IMG-2024-01.jpg", "IMG-2024"), ("a/plain.jpg", "plain"), ("a/x[3].webp", "x"), ("a/无名12.png", "无名"),
    ],
)  # fmt: skip
def test_a_counter_is_what_ends_a_name(name, expected):
    assert groups.series(name) == expected


def photographed(at, number):
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = at
    image = Image.new("RGB", (24, 24), (number * 7 % 256, 40, 90))
    image.putpixel((number % 24, 3), (255, 255, 255))
    return encoded(image, "JPEG", exif=exif)


def test_pictures_taken_within_seconds_of_each_other_stay_together(opened):
    files = {
        f"{kind}/{hour}-{second}.jpg": photographed(
            f"2024:05:01 {hour:02}:00:{second:02}", place * 100 + hour * 5 + second
        )
        for place, kind in enumerate("ab")
        for hour in range(6)
        for second in range(0, 30, 10)
    }
    dataset = opened(files)
    keys = groups.keys_of(dataset, parse("time:15"))
    assert groups.preview(dataset, keys).groups == 12 and set(Counter(keys).values()) == {3}
    assert len(set(groups.keys_of(dataset, parse("time:5")))) == 36
    parts = groups_by_part(splitting.cut(dataset, TrainConfig(groups="time:15")), lambda name: name.split("-")[0])
    assert all(len(where) == 1 for where in parts.values())


def test_pictures_without_a_time_are_said_to_have_none(opened):
    with pytest.raises(DataError, match="when it was taken"):
        splitting.cut(opened(class_files({"a": 5, "b": 5})), TrainConfig(groups="time:10"))


@pytest.mark.parametrize("named", ["full", "end", "backslash"])
def test_a_table_says_what_belongs_together(opened, tmp_path, named):
    dataset = opened(class_files({"a": 12, "b": 12}))
    table = tmp_path / "patients.csv"
    spelt = {"full": str, "end": lambda name: f"./{name}", "backslash": lambda name: name.replace("/", "\\")}[named]
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["filename", "age", "patient_id"])
        for number, sample in enumerate(dataset.samples):
            writer.writerow([spelt(sample.name), 40, f"p{number // 3}"])
    cut = splitting.cut(dataset, TrainConfig(groups=f"csv:{table}"))
    owner = {sample.name: number // 3 for number, sample in enumerate(dataset.samples)}
    assert all(len(where) == 1 for where in groups_by_part(cut, owner.__getitem__).values())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no rows"), (b"a,b,c\n1,2,3\n", "two columns"),
        (b"file,b,c\n1,2,3\n", "it has b, c"), (b"file,group\nx.png,1\n", "No picture"),
        (b"file,group\n\x81\x00\xff,1\n", "UTF-8"), (None, "cannot be read"),
    ],
)  # fmt: skip
def test_a_table_that_does_not_help_is_refused_in_a_sentence(opened, tmp_path, content, said):
    table = tmp_path / "table.csv"
    if content is not None:
        table.write_bytes(content)
    with pytest.raises(DataError, match=said):
        splitting.cut(opened(class_files({"a": 5, "b": 5})), TrainConfig(groups=f"csv:{table}"))


def test_the_column_of_a_table_is_chosen_and_a_path_of_another_machine_is_understood(opened, tmp_path):
    dataset = opened(class_files({"a": 6, "b": 6}))
    rows = [
        f"C:\\Users\\me\\set\\{each.name.replace('/', chr(92))};{n};p{n // 2}" for n, each in enumerate(dataset.samples)
    ]
    table = tmp_path / "tab#le.csv"
    table.write_text("\n".join(["sep=;", "file;number;person", *rows]), encoding="utf-16")
    keys = groups.keys_of(dataset, parse(f"csv:{table}#person"))
    assert keys == [f"0:p{number // 2}" for number in range(12)]
    with pytest.raises(DataError, match=r"it has number, person"):
        groups.keys_of(dataset, parse(f"csv:{table}#patient"))


def test_a_row_for_one_picture_keeps_no_other_of_its_name_together(opened, tmp_path):
    names = [f"{kind}/{folder}/{number}.png" for kind in "ab" for folder in "xy" for number in range(3)]
    dataset = opened({name: picture(number) for number, name in enumerate(names)})
    table = tmp_path / "groups.csv"
    table.write_text("file,group\na/x/0.png,one\na/x/1.png,one\n")
    keys = groups.keys_of(dataset, parse(f"csv:{table}"))
    named = {sample.name for sample, key in zip(dataset.samples, keys, strict=True) if key.endswith("one")}
    assert named == {"a/x/0.png", "a/x/1.png"}


def test_groups_that_are_kept_are_one_edit_that_trainings_follow_and_undo_takes_back(opened, workspace, tmp_path):
    dataset = opened(class_files({"a": 12, "b": 12}))
    table = tmp_path / "groups.csv"
    rows = [f"{each.name},p{number // 3}" for number, each in enumerate(dataset.samples)]
    table.write_text("\n".join(["file,group", *rows[:-1], f"{dataset.samples[-1].name},alone"]))
    kept = editing.edit(workspace, dataset.id, groups.together(dataset, parse(f"csv:{table}")))
    owner = {sample.name: number // 3 for number, sample in enumerate(dataset.samples[:-1])}
    cut = splitting.cut(kept, TrainConfig())
    assert all(len(where) == 1 for where in groups_by_part(cut, lambda name: owner.get(name, 99)).values())
    assert cut.together["groups"] == 8
    assert editing.undo(workspace, kept.id).id == dataset.id
    with pytest.raises(DataError, match="a group of its own"):
        groups.together(dataset, parse("name"))


def test_a_column_of_the_table_that_came_with_the_pictures_keeps_them_together(opened):
    files = class_files({"a": 12, "b": 12})
    rows = [f"{name},cat{number // 3}" for number, name in enumerate(files)]
    dataset = opened({**files, "about.csv": "\n".join(["file,animal", *rows]).encode()})
    assert group_tables.own_columns(dataset) == ["animal"]
    assert groups.preview(dataset, groups.keys_of(dataset, parse("column:animal"))).groups == 8
    with pytest.raises(DataError, match=r"it has animal"):
        groups.keys_of(dataset, parse("column:colour"))


def test_a_class_that_would_be_one_group_is_named(opened):
    with pytest.raises(DataError, match="class0"):
        splitting.cut(opened(objects(each=1)), TrainConfig(groups="name"))


@pytest.mark.parametrize("word", ["nearly", "time:", "time:0", "time:x", "csv:", "folder:3", "time:nan", "", "time:-5"])
def test_a_choice_that_makes_no_sense_is_refused_with_what_is_allowed(word):
    if word == "time:":
        assert parse(word).seconds == 60
        return
    with pytest.raises(ConfigError):
        TrainConfig(groups=word)


def test_series_are_suggested_and_plain_numbering_is_not(opened, tmp_path):
    assert groups.suggested(opened(objects())) == Grouping("name")
    plain = open_data(write(tmp_path / "plain", class_files({"a": 30, "b": 30})), Workspace.open(tmp_path / "w2"))
    assert groups.suggested(plain) is None


def test_folders_inside_of_classes_are_suggested(opened):
    assert groups.suggested(opened(objects(name="{kind}/thing{object}/{frame}.png"))) == Grouping("folder")


@pytest.mark.parametrize("seed", range(3))
def test_groups_of_all_sizes_come_close_to_the_shares_asked_for(seed):
    sizes = [1, 2, 3, 5, 8, 13, 21] * 12
    labels, keys = [], []
    for number, size in enumerate(sizes):
        labels += [number % 4] * size
        keys += [f"g{number}"] * size
    parts = assign_groups(labels, keys, {"train": 0.7, "validation": 0.15, "test": 0.15}, seed)
    for label in range(4):
        held = Counter(part for part, each in zip(parts, labels, strict=True) if each == label)
        assert held["test"] / held.total() == pytest.approx(0.15, abs=0.05)
        assert held["validation"] / held.total() == pytest.approx(0.15, abs=0.05)


def test_every_class_is_in_each_part_as_far_as_its_groups_go():
    labels = [0] * 40 + [1] * 6 + [2] * 4
    keys = [f"a{n // 4}" for n in range(40)] + [f"b{n // 2}" for n in range(6)] + [f"c{n // 2}" for n in range(4)]
    parts = assign_groups(labels, keys, {"train": 0.7, "validation": 0.15, "test": 0.15}, 0)
    held = {label: {part for part, each in zip(parts, labels, strict=True) if each == label} for label in range(3)}
    assert held == {0: set(PARTS), 1: set(PARTS), 2: {"train", "validation"}}


def test_the_work_of_a_split_grows_evenly_with_the_pictures():
    def splitting(count):
        contents, labels = [f"{number:x}" for number in range(count)], [number % 10 for number in range(count)]
        return lambda: assign(labels, contents, Shares(0.15, 0.15), 0)

    assert growth(splitting, 1000) < 2.3


def test_the_split_of_a_set_without_groups_is_what_it_was():
    """The parts that earlier versions gave these pictures."""
    contents = [f"{number % 90:03}" for number in range(100)]
    parts = assign([number % 3 for number in range(100)], contents, Shares(0.2, 0.1), 7)
    assert [index for index, part in enumerate(parts) if part == "test"] == [15, 20, 22, 23, 31, 61, 71, 75, 81]
    assert Counter(parts) == {"train": 70, "validation": 21, "test": 9}


def test_groups_are_written_down_with_the_split_and_old_splits_have_none(opened):
    cut = splitting.cut(opened(objects()), TrainConfig(groups="name"))
    again = Split.from_json(cut.to_json())
    assert again == cut and again.together["groups"] == 12 and again.train[0].group
    old = {key: value for key, value in cut.to_json().items() if key != "together"}
    for part in PARTS:
        old[part] = {key: value for key, value in old[part].items() if key != "group"}
    assert Split.from_json(old).together == {} and not Split.from_json(old).train[0].group
