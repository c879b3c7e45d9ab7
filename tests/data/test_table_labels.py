"""Labels from tables and from the names of files, by every way in."""

import json

import pytest
from made import class_files, picture, write, zipped

from resnet_studio.data import checkup, tables
from resnet_studio.data.dataset import split
from resnet_studio.data.intake import from_picked
from resnet_studio.data.opening import open_data
from resnet_studio.errors import DataError
from resnet_studio.workspace import Workspace


def pictures(names):
    return {name: picture(number, label=number % 2) for number, name in enumerate(names)}


NAMES = [f"p{number}.png" for number in range(12)]
LABELS = ["cat" if number % 2 else "dog" for number in range(12)]


def rows(heads, *values, between=","):
    return "\n".join(between.join(row) for row in [heads, *zip(*values, strict=True)]).encode()


LAYOUTS = {
    "csv": {"labels.csv": rows(["file", "label"], NAMES, LABELS)},
    "semicolons": {"labels.csv": rows(["Image", "Class"], NAMES, LABELS, between=";")},
    "tabs": {"labels.tsv": rows(["filename", "category"], NAMES, LABELS, between="\t")},
    "byte_order_mark": {"labels.csv": b"\xef\xbb\xbf" + rows(["file", "label"], NAMES, LABELS)},
    "backslashes": {"labels.csv": rows(["path", "label"], [f".\\images\\{name}" for name in NAMES], LABELS)},
    "paths_of_another_machine": {
        "labels.csv": rows(["path", "label"], [f"D:\\set\\images\\{name.upper()}" for name in NAMES], LABELS)
    },
    "no_endings": {"labels.csv": rows(["id", "breed", "label"], [name[:-4] for name in NAMES], NAMES, LABELS)},
    "utf_16": {"labels.csv": rows(["file", "label"], NAMES, LABELS, between="\t").decode().encode("utf-16")},
    "json_lines": {
        "data.jsonl": "\n".join(
            json.dumps({"file_name": name, "label": label}) for name, label in zip(NAMES, LABELS, strict=True)
        ).encode()
    },
    "utf_16_without_a_mark": {"labels.csv": rows(["file", "label"], NAMES, LABELS).decode().encode("utf-16-le")},
    "columns_in_another_language": {"labels.csv": rows(["Datei", "Klasse"], NAMES, LABELS, between=";")},
    "columns_in_any_language": {"labels.csv": rows(["nr", "fayl", "class"], map(str, range(12)), NAMES, LABELS)},
    "another_ending": {"labels.csv": rows(["image", "label"], [f"{name[:-4]}.dcm" for name in NAMES], LABELS)},
    "text_with_blanks": {"labels.txt": rows([NAMES[0], LABELS[0]], NAMES[1:], LABELS[1:], between=" ")},
    "text_with_boxes": {
        "val_annotations.txt": rows(
            [NAMES[0], LABELS[0], "0", "32"], NAMES[1:], LABELS[1:], ["1"] * 11, ["9"] * 11, between="\t"
        )
    },
    "true_and_false": {
        "labels.csv": rows(
            ["image", "cat", "dog"],
            NAMES,
            [str(name == "cat") for name in LABELS],
            [str(name != "cat") for name in LABELS],
        )
    },
    "numbers_and_names_of_classes": {
        "labels.csv": rows(
            ["image", "label", "class_name"], NAMES, [str(int(name == "cat")) for name in LABELS], LABELS
        )
    },
    "table_in_a_folder_beside": {"annotations/labels.csv": rows(["file", "label"], NAMES, LABELS)},
    "no_names_of_columns": {"labels.csv": rows([NAMES[0], LABELS[0]], NAMES[1:], LABELS[1:])},
    "labels_before_files_without_names": {"labels.csv": rows([LABELS[0], NAMES[0]], LABELS[1:], NAMES[1:])},
    "one_other_column": {"train.csv": rows(["id", "has_cactus"], NAMES, LABELS)},
    "breed": {"labels.csv": rows(["id", "age", "breed"], NAMES, ["7"] * 12, LABELS)},
    "addresses": {
        "labels.csv": rows(
            ["image_url", "label"], [f"https://x.org/a%20b/{name}?key=/a/b.png" for name in NAMES], LABELS
        )
    },
    "google": {
        "import.csv": "\n".join(
            f"{'TRAIN' if n % 3 else 'UNASSIGNED'},gs://pets/{name},{label}"
            for n, (name, label) in enumerate(zip(NAMES, LABELS, strict=True))
        ).encode()
    },
    "label_studio_local": {
        "export.json": json.dumps(
            [
                {"image": f"/data/local-files/?d=set/{name}", "choice": {"choices": [label]}}
                for name, label in zip(NAMES, LABELS, strict=True)
            ]
        ).encode()
    },
    "json_of_files_and_labels": {"labels.json": json.dumps(dict(zip(NAMES, LABELS, strict=True))).encode()},
    "coco": {
        "_annotations.coco.json": json.dumps(
            {
                "images": [{"id": number, "file_name": name} for number, name in enumerate(NAMES)],
                "annotations": [
                    {"id": 2 * number + again, "image_id": number, "category_id": 1 + (label == "dog")}
                    for number, label in enumerate(LABELS)
                    for again in range(1 + (number == 3))
                ],
                "categories": [{"id": 0, "name": "pets"}, {"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
            }
        ).encode()
    },
    "roboflow": {
        "_classes.csv": rows(
            ["filename", " cat", " dog"],
            NAMES,
            ["1" if label == "cat" else "0" for label in LABELS],
            ["1" if label == "dog" else "0" for label in LABELS],
        )
    },
    "label_studio_csv": {
        "project-1.csv": rows(
            ["image", "id", "choice"],
            [f"/data/upload/1/0a1b2c3d-{name}" for name in NAMES],
            [str(number) for number in range(12)],
            LABELS,
        )
    },
    "label_studio_json": {
        "export.json": json.dumps(
            [
                {
                    "data": {"image": f"/data/upload/1/0a1b2c3d-{name}"},
                    "annotations": [{"result": [{"type": "choices", "value": {"choices": [label]}}]}],
                }
                for name, label in zip(NAMES, LABELS, strict=True)
            ]
        ).encode()
    },
    "label_studio_short": {
        "export.json": json.dumps(
            [{"image": f"/x/0a1b2c3d-{name}", "choice": label} for name, label in zip(NAMES, LABELS, strict=True)]
        ).encode()
    },
}


def opened(files, tmp_path, way="folder"):
    workspace = Workspace.open(tmp_path / "workspace")
    if way == "zip":
        return open_data(zipped(tmp_path / "set.zip", files), workspace)
    folder = write(tmp_path / "set", files)
    if way == "picked":
        return from_picked([(f"set/{name}", folder / name) for name in files], workspace, name="set")
    return open_data(folder, workspace)


@pytest.mark.parametrize("way", ["folder", "zip", "picked"])
@pytest.mark.parametrize("kind", LAYOUTS)
def test_labels_come_from_a_table(tmp_path, kind, way):
    dataset = opened(pictures(NAMES) | LAYOUTS[kind], tmp_path, way)
    assert dataset.classes == ("cat", "dog")
    found = {sample.name.rpartition("/")[2]: dataset.classes[sample.label] for sample in dataset.samples}
    assert found == dict(zip(NAMES, LABELS, strict=True))
    (finding,) = [each for each in checkup.inspect(dataset) if each.kind == "layout"]
    assert next(iter(LAYOUTS[kind])) in finding.sentence("en")


def test_metadata_in_each_part_of_an_image_folder(tmp_path):
    files = {}
    for part in ("train", "test"):
        files |= pictures([f"{part}/{name}" for name in NAMES])
        files[f"{part}/metadata.csv"] = rows(["file_name", "label"], NAMES, LABELS)
    dataset = opened(files, tmp_path)
    assert len(dataset.samples) == 24 and dataset.counts == {"cat": 12, "dog": 12}
    assert {sample.part for sample in dataset.samples} == {"train", "test"}


@pytest.mark.parametrize("inside", ["{part}/", "data/{part}/images/"])
def test_the_folders_around_pictures_whose_labels_are_in_tables_say_their_parts(tmp_path, inside):
    files = {}
    for part, numbers in (("train", range(6)), ("valid", range(6, 8)), ("test", range(8, 12))):
        names = [NAMES[number] for number in numbers]
        labels = [LABELS[number] for number in numbers]
        folder = inside.format(part=part)
        files |= pictures([f"{folder}{name}" for name in names])
        one_hot = [["1" if label == kind else "0" for label in labels] for kind in ("cat", "dog")]
        files[f"{folder}_classes.csv"] = rows(["filename", " cat", " dog"], names, *one_hot)
    dataset = opened(files, tmp_path)
    assert split(dataset).counts == {"train": 6, "validation": 2, "test": 4} and split(dataset).preset


def test_a_table_that_says_parts_goes_before_the_folders(tmp_path):
    names = [f"{'train' if at % 4 else 'test'}/{name}" for at, name in enumerate(NAMES)]
    table = rows(["file", "label", "split"], names, LABELS, ["train"] * 10 + ["test"] * 2)
    dataset = opened(pictures(names) | {"all.csv": table}, tmp_path)
    assert split(dataset).counts["test"] == 2


def test_folders_called_like_parts_of_some_pictures_alone_say_nothing(tmp_path):
    names = [f"{'train' if at % 2 else 'more'}/{name}" for at, name in enumerate(NAMES)]
    dataset = opened(pictures(names) | {"all.csv": rows(["file", "label"], names, LABELS)}, tmp_path)
    assert {sample.part for sample in dataset.samples} == {None}


def test_a_table_gives_parts_and_groups_too(tmp_path):
    parts = ["train"] * 6 + ["valid"] * 2 + ["test"] * 4
    table = rows(["file", "label", "split", "patient"], NAMES, LABELS, parts, [f"p{n // 2}" for n in range(12)])
    dataset = opened(pictures(NAMES) | {"all.csv": table}, tmp_path)
    assert split(dataset).counts == {"train": 6, "validation": 2, "test": 4}
    assert {sample.name: sample.group for sample in dataset.samples}["p3.png"] == "p1"


def test_folders_go_before_a_table(tmp_path):
    files = class_files({"a": 5, "b": 5})
    dataset = opened(files | {"x.csv": rows(["file", "label"], list(files), ["z", "y"] * 5)}, tmp_path)
    assert dataset.classes == ("a", "b")


def test_labels_in_the_names_of_files(tmp_path):
    names = [f"{kind}_{number:03}.png" for kind in ("cat", "dog", "barn owl") for number in range(4)]
    dataset = opened(pictures(names), tmp_path)
    assert dataset.counts == {"barn owl": 4, "cat": 4, "dog": 4}


CATS_AND_DOGS = [f"{kind}.{number}.png" for kind in ("cat", "dog") for number in range(4)]


@pytest.mark.parametrize(
    ("names", "classes"),
    [
        ([f"images/{kind}_{n}.png" for kind in ("Beagle", "pit_bull") for n in range(4)], ("Beagle", "pit_bull")),
        ([f"{number:03}_{'cat' if number % 2 else 'dog'}.png" for number in range(8)], ("cat", "dog")),
        ([f"train/{name}" for name in CATS_AND_DOGS], ("cat", "dog")),
        ([f"train/{name}" for name in CATS_AND_DOGS] + [f"test1/{n}.png" for n in range(3)], ("cat", "dog")),
        ([f"train/train/{name}" for name in CATS_AND_DOGS] + [f"test/test/{n}.png" for n in range(9)], ("cat", "dog")),
    ],
)
def test_labels_in_the_names_of_files_in_folders_that_say_nothing(tmp_path, names, classes):
    dataset = opened(pictures(names), tmp_path)
    assert dataset.classes == classes and not split(dataset).preset
    assert len(dataset.samples) == 8 and len(dataset.unlabelled) == len(names) - 8


def test_a_test_part_whose_names_have_labels_is_used(tmp_path):
    files = pictures([f"{part}/{name}" for part in ("train", "test") for name in CATS_AND_DOGS])
    assert split(opened(files, tmp_path)).counts["test"] == 8


def test_a_table_of_the_training_part_leaves_a_large_test_without_labels(tmp_path):
    files = pictures([f"train/{name}" for name in NAMES] + [f"test/t{number}.png" for number in range(30)])
    files["train.csv"] = rows(["image_id", "label"], NAMES, LABELS)
    files["sample_submission.csv"] = rows(["image_id", "label"], [f"t{number}.png" for number in range(30)], ["4"] * 30)
    dataset = opened(files, tmp_path)
    assert dataset.counts == {"cat": 6, "dog": 6} and len(dataset.unlabelled) == 30


@pytest.mark.parametrize("share", ["HAM10000_images_part_{}", "images_{:03}/images", "batch {}"])
def test_shares_of_a_heap_get_their_labels_from_the_table_beside_them(tmp_path, share):
    files = pictures([f"{share.format(1 + number % 2)}/{name}" for number, name in enumerate(NAMES)])
    lesions, stems = [f"L{number // 2}" for number in range(12)], [name[:-4] for name in NAMES]
    labels = ["nv" if number % 4 < 2 else "mel" for number in range(12)]
    table = rows(["lesion_id", "image_id", "dx", "age"], lesions, stems, labels, ["7"] * 12)
    dataset = opened(files | {"metadata.csv": table}, tmp_path)
    assert dataset.counts == {"mel": 6, "nv": 6} and {each.group for each in dataset.samples} == set(lesions)
    assert opened(files, tmp_path / "alone").classes == tuple(sorted({name.split("/")[0] for name in files}))


@pytest.mark.parametrize(
    ("table", "column", "named"),
    [("train.csv", "file", "{}.png"), ("labels.csv", "id", "{}"), ("labels.csv", "file", "train/{}.png")],
)
def test_labels_of_the_training_part_are_not_given_to_test_pictures_of_the_same_names(tmp_path, table, column, named):
    files = pictures([f"{part}/{number}.png" for part in ("train", "test") for number in range(12)])
    files[table] = rows([column, "label"], [named.format(number) for number in range(12)], LABELS)
    dataset = opened(files, tmp_path)
    assert {each.name.split("/")[0] for each in dataset.samples} == {"train"} and len(dataset.samples) == 12
    assert {each.name for each in dataset.unlabelled} == {f"test/{number}.png" for number in range(12)}


@pytest.mark.parametrize("tests", [6, 12])
def test_each_part_has_the_labels_of_its_own_table(tmp_path, tests):
    files = pictures(
        [f"train/{number}.png" for number in range(12)] + [f"test/{number}.png" for number in range(tests)]
    )
    other = LABELS[1:] + LABELS[:1]
    files["train.csv"] = rows(["id", "label"], map(str, range(12)), LABELS)
    files["test_labels.csv"] = rows(["id", "label"], map(str, range(tests)), other[:tests])
    dataset = opened(files, tmp_path)
    found = {each.name: dataset.classes[each.label] for each in dataset.samples}
    assert found == {f"train/{at}.png": LABELS[at] for at in range(12)} | {
        f"test/{n}.png": other[n] for n in range(tests)
    }
    assert split(dataset).counts["test"] == tests


def test_a_row_that_names_a_picture_in_full_says_nothing_of_others_of_its_name(tmp_path):
    files = pictures([f"{part}/{number}.png" for part in ("images_1", "images_2") for number in range(12)])
    files["labels.csv"] = rows(["file", "label"], [f"images_2/{number}.png" for number in range(12)], LABELS)
    dataset = opened(files, tmp_path)
    assert all(each.name.startswith("images_2/") for each in dataset.samples) and len(dataset.unlabelled) == 12


PARTS_BY_TABLES = {"train": range(6), "val": range(6, 8), "test": range(8, 12)}


@pytest.mark.parametrize("also", [None, "all.csv"])
def test_tables_called_after_parts_say_the_parts_of_pictures_in_one_folder(tmp_path, also):
    files = pictures([f"images/{name}" for name in NAMES])
    for part, numbers in PARTS_BY_TABLES.items():
        taken = [(NAMES[number], LABELS[number]) for number in numbers]
        files[f"{part}.csv"] = rows(["file", "label"], *zip(*taken, strict=True))
    if also:
        files[also] = rows(["file", "label"], NAMES, LABELS)
    dataset = opened(files, tmp_path)
    assert dataset.counts == {"cat": 6, "dog": 6}
    assert split(dataset).counts == {"train": 6, "validation": 2, "test": 4} and split(dataset).preset


def test_a_table_of_names_without_labels_says_which_pictures_are_to_be_named(tmp_path):
    others = [f"t{number}.png" for number in range(30)]
    files = pictures([f"images/{name}" for name in (*NAMES, *others)])
    files["train.csv"] = rows(
        ["image_id", "healthy", "rust"],
        [name[:-4] for name in NAMES],
        ["01"[label == "cat"] for label in LABELS],
        ["01"[label == "dog"] for label in LABELS],
    )
    files["test.csv"] = rows(["image_id"], [name[:-4] for name in others])
    dataset = opened(files, tmp_path)
    assert dataset.counts == {"healthy": 6, "rust": 6} and len(dataset.unlabelled) == 30 and not split(dataset).preset


def test_a_table_called_after_training_alone_says_no_part(tmp_path):
    dataset = opened(pictures(NAMES) | {"train.csv": rows(["file", "label"], NAMES, LABELS)}, tmp_path)
    assert not split(dataset).preset and {each.part for each in dataset.samples} == {None}


def test_the_reason_of_a_table_is_said_where_parts_hold_no_classes(tmp_path):
    files = pictures([f"{'train' if n % 3 else 'test'}/{name}" for n, name in enumerate(NAMES)])
    with pytest.raises(DataError, match="no column with the labels"):
        opened(files | {"train.csv": rows(["file", "colour", "size"], NAMES, ["red"] * 12, NAMES)}, tmp_path)


@pytest.mark.parametrize("folder", ["", "images/", "train/"])
def test_a_workbook_beside_pictures_is_said_to_be_one(tmp_path, folder):
    with pytest.raises(DataError, match=r"labels\.xlsx. is a spreadsheet's own file; save it as CSV"):
        opened(pictures([f"{folder}{name}" for name in NAMES]) | {"labels.xlsx": b"PK\x03\x04"}, tmp_path)


def test_a_picture_with_boxes_of_several_classes_has_no_label(tmp_path):
    boxes = [{"image_id": at, "category_id": at % 2} for at in range(12)] + [{"image_id": 5, "category_id": 0}]
    images = [{"id": number, "file_name": name} for number, name in enumerate(NAMES)]
    categories = [{"id": 0, "name": "dog"}, {"id": 1, "name": "cat"}]
    table = json.dumps({"images": images, "annotations": boxes, "categories": categories}).encode()
    dataset = opened(pictures(NAMES) | {"boxes.json": table}, tmp_path)
    assert dataset.counts == {"cat": 5, "dog": 6} and [each.name for each in dataset.unlabelled] == ["p5.png"]


@pytest.mark.parametrize(
    "names",
    [
        [f"WhatsApp_Image_{number}.png" for number in range(6)] + [f"IMG_WA_{number}.png" for number in range(6)],
        [f"download ({number}).png" for number in range(6)] + [f"unnamed ({number}).png" for number in range(6)],
        [f"微信图片_2024{number:010}.png" for number in range(6)] + [f"mmexport{number}.png" for number in range(6)],
        [f"train/{number}.png" for number in range(6)] + [f"test1/{number}.png" for number in range(6)],
        [f"train/{name}" for name in CATS_AND_DOGS] + ["train/7.png"],
        [f"pets/{name}" for name in CATS_AND_DOGS],
        [f"IMG_{number}.png" for number in range(6)] + [f"DSC_{number}.png" for number in range(6)],
        [f"cat_{number}.png" for number in range(6)] + ["holiday.png"],
        [f"cat_{number}.png" for number in range(6)],
        [f"{number}.png" for number in range(6)],
        [f"name{number}_1.png" for number in range(6)],
    ],
)
def test_names_that_do_not_all_agree_are_no_labels(tmp_path, names):
    with pytest.raises(DataError):
        opened(pictures(names), tmp_path)


@pytest.mark.parametrize(
    "table",
    [b"", b"\x00\x01", b"[", b"[[1]]", b"{}", b"file,label\n", b"a,b\n1,2\n", b'[{"annotations": 3}]', b"[1,2]"],
)
def test_a_table_that_makes_no_sense_gives_no_classes(tmp_path, table):
    with pytest.raises(DataError, match=r"class|table .labels\.csv."):
        opened(pictures(NAMES) | {"labels.csv": table, "labels.json": table}, tmp_path)


def test_a_label_that_spells_a_path_is_only_a_name(tmp_path):
    table = rows(["file", "label"], NAMES, ["../../etc" if label == "cat" else "<b>" for label in LABELS])
    dataset = opened(pictures(NAMES) | {"labels.csv": table}, tmp_path)
    assert set(dataset.classes) == {"../../etc", "<b>"}


def test_other_columns_of_a_table_are_kept_as_facts_and_survive_edits_and_splits(tmp_path, workspace):
    from resnet_studio.api import edit_data
    from resnet_studio.data.edits import Edit
    from resnet_studio.data.facts import unpacked

    cameras = ["night", "day"] * 6
    table = rows(["file", "label", "camera", "note"], NAMES, LABELS, cameras, [f"n{at}" for at in range(12)])
    archive = zipped(tmp_path / "a.zip", {**pictures(NAMES), "labels.csv": table})
    dataset = open_data(str(archive), workspace)
    found = {sample.name: unpacked(sample.facts) for sample in dataset.samples}
    assert found == {name: {"camera": camera} for name, camera in zip(NAMES, cameras, strict=True)}
    moved = edit_data(dataset, Edit(kind="move", pictures=("p0.png",), label="cat"), workspace)
    parts = split(moved)
    assert {s.name: unpacked(s.facts) for p in (parts.train, parts.validation, parts.test) for s in p} == found


def test_a_table_beside_class_folders_gives_facts(tmp_path, workspace):
    from resnet_studio.data.facts import unpacked

    files = class_files({"cat": 6, "dog": 6})
    names = sorted(files)
    table = rows(["picture", "place"], [name.rpartition("/")[2] for name in names], ["farm", "wood"] * 6)
    whole = rows(["picture", "place"], names, ["farm", "wood"] * 6)
    for kind, content in (("whole", whole), ("bare", table)):
        folder = write(tmp_path / kind, {**files, "where.csv": content})
        dataset = open_data(str(folder), workspace)
        assert dataset.classes == ("cat", "dog")
        found = {sample.name: unpacked(sample.facts).get("place") for sample in dataset.samples}
        if kind == "whole" or len({name.rpartition("/")[2] for name in names}) == 12:
            assert found == dict(zip(names, ["farm", "wood"] * 6, strict=True))
    archive = zipped(tmp_path / "b.zip", {**files, "where.csv": whole})
    assert all(sample.facts for sample in open_data(str(archive), workspace).samples)


def test_pictures_that_were_opened_before_get_the_facts_when_their_table_comes(tmp_path, workspace):
    files = class_files({"cat": 6, "dog": 6})
    plain = open_data(str(zipped(tmp_path / "a.zip", files)), workspace)
    assert not any(sample.facts for sample in plain.samples)
    table = rows(["picture", "place"], sorted(files), ["farm", "wood"] * 6)
    (tmp_path / "a.zip").unlink()
    again = open_data(str(zipped(tmp_path / "a.zip", {**files, "where.csv": table})), workspace)
    assert again.id == plain.id and all(sample.facts for sample in again.samples)


BOTH = [f"{name},{label}" for name, label in zip(NAMES, LABELS, strict=True)]


def said_of(table, tmp_path):
    """The findings on twelve pictures beside ``table``."""
    dataset = opened(
        {**pictures([f"images/{name}" for name in NAMES]), "labels.csv": "\n".join(table).encode()}, tmp_path
    )
    return dataset, {found.kind: found.sentence() for found in checkup.inspect(dataset)}


def test_a_picture_with_two_labels_has_none_and_files_that_are_not_here_are_said(tmp_path):
    dataset, said = said_of(["file,label", *BOTH, "p0.png,cat", BOTH[2], "gone.png,cat"], tmp_path)
    assert dataset.counts == {"cat": 6, "dog": 5}
    assert "1 picture two different labels" in said["table_conflict"]
    assert "1 file that is not here, such as gone.png" in said["table_missing"]
    assert "not_a_picture" not in said  # the table is none, and nobody thought so


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (["a,b", *(f"{row[:2]},{row}" for row in LABELS)], "no column with the names of the pictures"),
        (["file,weight,size", *(f"{name},{n % 2}.5,1" for n, name in enumerate(NAMES))], "no column with the labels"),
        (["file,caption", *(f"{name},about {name}" for name in NAMES)], "no column with the labels"),
        (["file,label", *BOTH[:5]], "labels for 5 pictures of 12"),
        (["file,label", *(f"{name},cat" for name in NAMES)], "only one label, “cat”"),
    ],
)  # fmt: skip
def test_why_a_table_gives_no_classes_is_said(tmp_path, table, said):
    with pytest.raises(DataError, match=said):
        said_of(table, tmp_path)


@pytest.mark.parametrize("number", ["{0}.0", "{0}"])
def test_numbers_as_a_spreadsheet_writes_them_mean_files_with_zeros_before(tmp_path, number):
    names = [f"{each:05d}.png" for each in range(12)]
    table = rows(["id", "label"], [number.format(each) for each in range(12)], LABELS)
    assert opened(pictures(names) | {"labels.csv": table}, tmp_path).counts == {"cat": 6, "dog": 6}


def test_a_name_that_several_pictures_have_but_for_their_endings_means_none_of_them(tmp_path):
    names = ["a.png", "a.bmp", *NAMES[:8]]
    table = rows(["file", "label"], [f"{name[:-4]}.dcm" for name in ["a.png", *NAMES[:8]]], ["cat", *LABELS[:8]])
    dataset = opened(pictures(names) | {"labels.csv": table}, tmp_path)
    assert dataset.counts == {"cat": 4, "dog": 4} and [each.name for each in dataset.unlabelled] == ["a.bmp", "a.png"]


def test_cells_that_programs_write_where_nothing_is_are_no_class(tmp_path):
    labels = ["NaN", "null", *LABELS[2:]]
    dataset = opened(pictures(NAMES) | {"labels.csv": rows(["file", "label"], NAMES, labels)}, tmp_path)
    assert dataset.counts == {"cat": 5, "dog": 5} and len(dataset.unlabelled) == 2


def test_a_table_of_the_validation_part_has_its_labels_beside_folders_of_classes(tmp_path):
    training = {f"set/train/{kind}/images/{kind}{at}.png": picture(at, label=kind == "n02") for kind in ("n01", "n02")
                for at in range(4)}  # fmt: skip
    held = [f"val_{at}.png" for at in range(6)]
    table = "\n".join(f"{name}\tn0{at % 2 + 1}\t0\t0\t9\t9" for at, name in enumerate(held)).encode()
    files = training | {f"set/val/images/{name}": picture(20 + at, label=at % 2) for at, name in enumerate(held)}
    files |= {f"set/test/images/test_{at}.png": picture(40 + at) for at in range(3)}
    dataset = opened(files | {"set/val/val_annotations.txt": table}, tmp_path)
    assert dataset.counts == {"n01": 7, "n02": 7} and len(dataset.unlabelled) == 3
    assert split(dataset).counts == {"train": 8, "validation": 6, "test": 0}
    (said,) = [each.sentence("en") for each in checkup.inspect(dataset) if each.kind == "layout"]
    assert "come from the table set/val/val_annotations.txt" in said
    again = opened(files | {"set/val/val_annotations.txt": table.replace(b"n0", b"other")}, tmp_path / "other")
    assert again.counts == {"n01": 4, "n02": 4} and len(again.unlabelled) == 9


def test_coco_lies_beside_the_folders_of_its_parts(tmp_path):
    files = {}
    for part, places in (("train", range(8)), ("val", range(8, 12))):
        images = [{"id": at, "file_name": NAMES[at]} for at in places]
        boxes = [{"image_id": at, "category_id": at % 2} for at in places]
        categories = [{"id": 0, "name": "dog"}, {"id": 1, "name": "cat"}]
        said = {"images": images, "annotations": boxes, "categories": categories}
        files[f"annotations/instances_{part}2017.json"] = json.dumps(said).encode()
        files |= {f"{part}2017/{NAMES[at]}": picture(at, label=at % 2) for at in places}
    dataset = opened(files, tmp_path)
    assert dataset.counts == {"cat": 6, "dog": 6} and split(dataset).counts["validation"] == 4


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"data/train-00000.parquet": b"PAR1"}, "packed inside of data/train-00000.parquet, which cannot be read"),
        ({"whole_model.pt": b"PK", "keras.h5": b"\x89HDF"}, "may be packed pictures or a trained model"),
        ({"whole_model.pt": b"PK", "a.npz": b"PK"}, "packed inside of a.npz, whole_model.pt"),
        ({"train-images-idx3-ubyte.gz": b"\x1f\x8b"}, "packed inside of train-images-idx3-ubyte.gz"),
        ({"cifar-10-batches-py/data_batch_1": b"\x80"}, "packed inside of cifar-10-batches-py/data_batch_1"),
        (
            {"train.csv": rows(["label", *(f"pixel{at}" for at in range(784))], *["1"] * 785)},
            "packed inside of train.csv",
        ),
        ({"imagelabels.mat": b"MATLAB"} | pictures([f"jpg/{name}" for name in NAMES]), "seem to be in imagelabels.mat"),
        (
            {"devkit/annos.mat": b"MATLAB"} | pictures(["cars_train/1.png", "cars_train/2.png", "cars_test/1.png"]),
            "seem to be in devkit/annos.mat",
        ),
        ({"data.yaml": b"names: [a]"} | pictures(["train/images/1.png", "val/images/2.png"]), "boxes around objects"),
        ({"V/Annotations/1.xml": b"<a/>"} | pictures(["V/JPEGImages/1.png", "V/JPEGImages/2.png"]), "boxes around"),
    ],
    ids=["parquet", "model", "both", "idx", "cifar", "pixels", "flowers", "cars", "yolo", "voc"],
)
def test_where_pictures_or_labels_are_packed_is_said(tmp_path, files, said):
    with pytest.raises(DataError) as refused:
        opened(files, tmp_path)
    assert said in str(refused.value)


LISTED = {f"set/images/{kind}/{kind}{at}.png": picture(at + 20 * label, label=label) for label, kind in
          enumerate(("ant", "bee")) for at in range(6)}  # fmt: skip


def lists(form, train, test):
    """Two lists that name the pictures ``train`` and ``test`` of each class, as ``form`` says."""
    named = {
        part: [f"{kind}/{kind}{at}" for kind in ("ant", "bee") for at in places]
        for part, places in (("train", train), ("test", test))
    }
    if form == "text":
        return {f"set/meta/{part}.txt": "\n".join(some).encode() for part, some in named.items()}
    rows_of_parts = {
        part: [f"{at},{name}.png,{name[:3]}" for at, name in enumerate(some)] for part, some in named.items()
    }
    return {f"set/{part}.csv": "\n".join([",Filename,Label", *some]).encode() for part, some in rows_of_parts.items()}


@pytest.mark.parametrize("form", ["text", "tables"])
def test_lists_beside_folders_of_classes_say_the_parts(tmp_path, form):
    dataset = opened(LISTED | lists(form, range(4), range(4, 6)), tmp_path)
    assert dataset.preset and dataset.counts == {"ant": 6, "bee": 6}
    assert {each.name[-5] for each in dataset.samples if each.part == "test"} == {"4", "5"}
    found = {each.kind: each for each in checkup.inspect(dataset)}
    said = found["layout"]
    assert "comes from set/" in said.sentence("en") and dict(said.offers[0].changes) == {"layout": "classes"}
    assert "not_a_picture" not in found


@pytest.mark.parametrize(("train", "test"), [(range(4), range(3, 6)), (range(3), range(4, 6)), (range(6), [])])
def test_lists_that_do_not_say_the_part_of_every_picture_say_none(tmp_path, train, test):
    dataset = opened(LISTED | lists("text", train, test), tmp_path)
    assert not dataset.preset and dataset.counts == {"ant": 6, "bee": 6}
    assert not [each for each in checkup.inspect(dataset) if each.kind == "layout"]


@pytest.mark.parametrize("way", ["folder", "zip", "picked"])
@pytest.mark.parametrize("name", ["annotations/instances_train2017.json", "labels.CSV", "train.txt"])
def test_a_table_that_is_too_large_to_be_read_is_said_with_what_to_do(tmp_path, monkeypatch, way, name):
    monkeypatch.setattr(tables, "LARGEST", 400)
    large = {name: b" " * 401}
    with pytest.raises(DataError) as caught:
        opened(pictures([f"train2017/{each}" for each in NAMES]) | large, tmp_path / "loose", way)
    assert caught.value.key == "error.labels.large"
    assert name in caught.value.sentence("en") and "“file” and “label”" in caught.value.sentence("en")
    assert name in caught.value.sentence("zh")
    found = opened(class_files({"cat": 3, "dog": 3}) | large, tmp_path / "classes", way)
    said = {finding.kind: finding for finding in checkup.inspect(found)}
    assert said["large_table"].files == (f"set/{name}" if way == "picked" else name,) and "not_a_picture" not in said
    assert "CSV" in said["large_table"].sentence("en") and "CSV" in said["large_table"].sentence("zh")


def test_a_table_of_the_largest_size_is_read(tmp_path, monkeypatch):
    table = rows(["file", "label"], NAMES, LABELS)
    monkeypatch.setattr(tables, "LARGEST", len(table))
    assert opened(pictures(NAMES) | {"labels.csv": table}, tmp_path).counts == {"cat": 6, "dog": 6}
