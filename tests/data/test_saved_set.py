"""The mended set as a zip or a folder that any system and any tool can read."""

from __future__ import annotations

import csv
import io
import shutil
import zipfile

import made
import pytest

from resnet_studio.data import adding, editing, group_tables
from resnet_studio.data.edits import Edit
from resnet_studio.data.opening import open_data
from resnet_studio.data.saved_set import changes_csv, changes_of, save_set
from resnet_studio.errors import DataError
from resnet_studio.workspace import Workspace


@pytest.fixture
def mended(class_zip, workspace):
    dataset = open_data(class_zip({"cat": 6, "dog": 6}), workspace)
    for step in (
        Edit(kind="move", pictures=("cat/1.png",), label="dog", why="label review"),
        Edit(kind="leave_out", pictures=("cat/2.png",)),
        Edit(kind="rename", classes=("dog",), label="狗 / Hund?"),
    ):
        dataset = editing.edit(workspace, dataset.id, step)
    return dataset


def changes(workspace, dataset):
    opened = editing.edited_set(workspace, dataset.id)
    return changes_of(opened.state.base, opened.history())


@pytest.mark.parametrize("name", ["set.zip", "set"])
def test_what_was_saved_opens_as_the_same_classes(mended, workspace, tmp_path, name):
    saved = save_set(mended, tmp_path / name, changes(workspace, mended))
    assert (saved.pictures, saved.classes, saved.edits) == (11, 2, 3)
    again = open_data(saved.path, Workspace.open(tmp_path / "elsewhere"))
    assert again.counts == {"cat": 4, "狗 _ Hund_": 7}
    assert sorted(each.content for each in again.samples) == sorted(each.content for each in mended.samples)


def test_what_belongs_together_is_saved_and_can_be_chosen_when_it_is_opened_again(mended, workspace, tmp_path):
    pictures = [sample.name for sample in mended.samples]
    kept = tuple(f"mug {number // 3}" for number in range(len(pictures)))
    mended = editing.edit(workspace, mended.id, Edit(kind="groups", pictures=tuple(pictures), groups=kept))
    save_set(mended, tmp_path / "set.zip", changes(workspace, mended))
    again = open_data(tmp_path / "set.zip", Workspace.open(tmp_path / "elsewhere"))
    assert group_tables.own_columns(again) == ["group"]
    assert sorted(group_tables.by_column(again, "group")) == sorted(kept)


def test_torchvision_reads_the_folder(mended, tmp_path):
    from torchvision.datasets import ImageFolder

    save_set(mended, tmp_path / "set")
    found = ImageFolder(tmp_path / "set")
    assert found.classes == ["cat", "狗 _ Hund_"]
    assert len(found) == 11


def test_names_that_meet_are_told_apart_whatever_the_file_system(class_zip, workspace, tmp_path):
    dataset = open_data(class_zip({"cat": 3, "dog": 3, "fox": 3, "owl": 3}), workspace)
    for old, new in (("cat", "a:b"), ("dog", "a?b"), ("fox", "CON"), ("owl", ".Straße")):
        dataset = editing.edit(workspace, dataset.id, Edit(kind="rename", classes=(old,), label=new))
    names = tuple(sample.name for sample in dataset.samples if sample.name.startswith("dog"))
    dataset = editing.edit(workspace, dataset.id, Edit(kind="move", pictures=names[:1], label="a:b"))
    saved = save_set(dataset, tmp_path / "set.zip")
    with zipfile.ZipFile(saved.path) as archive:
        written = archive.namelist()
    assert len({name.casefold() for name in written}) == len(written) == 12
    folders = {name.split("/")[0] for name in written}
    assert folders == {"a_b", "a_b (2)", "CON_", "_Straße"}
    assert "a_b/0 (2).png" in written


@pytest.mark.parametrize(
    "names", [("train", "test"), ("cars_train", "cars_test"), ("__MACOSX", "cat"), ("未标注", "unlabelled")]
)
def test_classes_called_as_something_else_are_opened_as_classes_again(class_zip, workspace, tmp_path, names):
    dataset = open_data(class_zip({"a": 3, "b": 4}), workspace)
    for old, new in zip(("a", "b"), names, strict=True):
        dataset = editing.edit(workspace, dataset.id, Edit(kind="rename", classes=(old,), label=new))
    again = open_data(save_set(dataset, tmp_path / "set.zip").path, Workspace.open(tmp_path / "elsewhere"))
    assert sorted(again.counts.values()) == [3, 4]


def test_parts_are_kept_where_they_are_set(tmp_path, workspace):
    files = {
        f"{part}/{kind}/{part}{number}.png": made.picture(number, label=label + 4 * at)
        for at, part in enumerate(("train", "val", "test"))
        for label, kind in enumerate(("cat", "dog"))
        for number in range(4)
    }
    dataset = open_data(made.zipped(tmp_path / "parts.zip", files), workspace)
    dataset = editing.edit(workspace, dataset.id, Edit(kind="part", pictures=("val/cat/val1.png",), part="train"))
    saved = save_set(dataset, tmp_path / "set.zip")
    again = open_data(saved.path, Workspace.open(tmp_path / "elsewhere"))
    assert sorted((each.content, each.part) for each in again.samples) == sorted(
        (each.content, each.part) for each in dataset.samples
    )


def test_changes_say_what_why_and_from_where(mended, workspace, tmp_path):
    saved = save_set(mended, tmp_path / "set.zip", changes(workspace, mended))
    with zipfile.ZipFile(saved.path) as archive:
        text = archive.read("changes.csv").decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["edit"], row["picture"], row["before"], row["after"], row["why"]) for row in rows] == [
        ("move", "cat/1.png", "cat", "dog", "label review"),
        ("leave_out", "cat/2.png", "cat", "", ""),
        ("rename", "", "dog", "狗 / Hund?", ""),
    ]
    assert all(row["when"].startswith("20") and row["by"] == "program" for row in rows)


def test_no_cell_is_run_as_a_formula(class_zip, workspace):
    dataset = open_data(class_zip({"cat": 4, "dog": 4}), workspace)
    edited = editing.edit(workspace, dataset.id, Edit(kind="rename", classes=("cat",), label="=1+1"))
    assert ",'=1+1," in changes_csv(changes(workspace, edited))


def test_nothing_is_written_over_and_a_zip_that_fails_leaves_nothing(class_folders, workspace, tmp_path):
    folder = class_folders({"cat": 4, "dog": 4})
    dataset = open_data(folder, workspace)
    with pytest.raises(DataError, match="there already"):
        save_set(dataset, folder)
    (folder / "cat" / "1.png").unlink()
    with pytest.raises(DataError, match="no longer where it was"):
        save_set(dataset, tmp_path / "set.zip")
    assert not list(tmp_path.glob("*set.zip*"))
    shutil.rmtree(folder / "dog")
    (folder / "dog").write_bytes(b"a file where the folder was")
    for target in ("set.zip", "set"):
        with pytest.raises(DataError, match="no longer where it was"):
            save_set(dataset, tmp_path / target)


@pytest.mark.parametrize("target", ["set.zip", "set"])
def test_a_class_called_like_a_table_of_the_saved_set_can_be_opened_again(class_zip, workspace, tmp_path, target):
    dataset = open_data(class_zip({"cat": 4, "dog": 4}), workspace)
    for old, new in (("cat", "changes.csv"), ("dog", "Groups.CSV")):
        dataset = editing.edit(workspace, dataset.id, Edit(kind="rename", classes=(old,), label=new))
    pair = tuple(sample.name for sample in dataset.samples[:2])
    dataset = editing.edit(workspace, dataset.id, Edit(kind="together", pictures=pair))
    saved = save_set(dataset, tmp_path / target, changes(workspace, dataset))
    again = open_data(saved.path, Workspace.open(tmp_path / "elsewhere"))
    assert again.counts == {"changes (2).csv": 4, "Groups (2).CSV": 4}


def test_added_pictures_are_saved_too(class_zip, workspace, tmp_path):
    dataset = open_data(class_zip({"cat": 4, "dog": 4}), workspace)
    extra = made.write(tmp_path / "new", {"0.png": made.picture(55)})
    dataset, _ = adding.add(workspace, dataset.id, adding.files_in([extra]), "cat")
    save_set(dataset, tmp_path / "set")
    assert (tmp_path / "set" / "cat" / "0 (2).png").read_bytes() == made.picture(55)


def test_pictures_without_a_label_are_counted_and_not_written(tmp_path, workspace):
    files = made.class_files({"cat": 3, "dog": 3}) | {f"unlabelled/{n}.png": made.picture(40 + n) for n in range(2)}
    saved = save_set(open_data(made.zipped(tmp_path / "a.zip", files), workspace), tmp_path / "set.zip")
    with zipfile.ZipFile(saved.path) as archive:
        assert {name.split("/")[0] for name in archive.namelist()} == {"cat", "dog"}
    assert (saved.pictures, saved.unlabelled) == (6, 2)
