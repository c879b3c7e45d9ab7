"""A data set is a log of edits: recorded, reversible, never touching what came in."""

from __future__ import annotations

import json
import threading
from dataclasses import replace

import made
import pytest
from counting import growth, lines_run

from resnet_studio import cleaning
from resnet_studio.config import TrainConfig
from resnet_studio.data import adding, editing, library
from resnet_studio.data.dataset import Dataset, Sample, save, split
from resnet_studio.data.edits import Edit
from resnet_studio.data.fingerprints import fingerprint
from resnet_studio.data.opening import open_data
from resnet_studio.data.run_split import split_of
from resnet_studio.errors import DataError
from resnet_studio.training.plan import new_run


@pytest.fixture
def dataset(class_zip, workspace):
    return open_data(class_zip({"cat": 6, "dog": 6, "fox": 6}), workspace)


def move(*pictures, to, **more):
    return Edit(kind="move", pictures=pictures, label=to, **more)


def labels(dataset):
    return {sample.name: dataset.classes[sample.label] for sample in dataset.samples}


def test_a_set_without_a_log_is_a_log_of_no_edits(dataset, workspace):
    assert editing.current(workspace, dataset.id) == dataset
    assert editing.history(workspace, dataset.id).lines == ()
    assert not (workspace.datasets / dataset.id / "edits.jsonl").exists()


def test_a_picture_moves_to_another_class_and_the_id_follows_the_content(dataset, workspace):
    moved = editing.edit(workspace, dataset.id, move("cat/1.png", to="dog"))
    assert labels(moved)["cat/1.png"] == "dog"
    assert moved.counts == {"cat": 5, "dog": 7, "fox": 6}
    assert moved.parent == dataset.id != moved.id
    back = editing.edit(workspace, moved.id, move("cat/1.png", to="cat"))
    assert back.id == dataset.id
    again = editing.edit(workspace, back.id, move("cat/1.png", to="dog"))
    assert again.id == moved.id
    assert moved.fingerprint == fingerprint(moved.samples, moved.classes)


def test_the_order_of_edits_does_not_change_what_comes_of_them(class_zip, tmp_path):
    from resnet_studio.workspace import Workspace

    steps = [move("cat/1.png", to="dog"), Edit(kind="leave_out", pictures=("fox/2.png",))]
    found = []
    for name, order in (("one", steps), ("two", steps[::-1])):
        workspace = Workspace.open(tmp_path / name)
        opened = open_data(class_zip({"cat": 6, "dog": 6, "fox": 6}), workspace)
        for step in order:
            opened = editing.edit(workspace, opened.id, step)
        found.append(opened)
    assert found[0].id == found[1].id
    assert found[0].samples == found[1].samples


def test_undo_and_redo_walk_through_all_steps_and_a_new_edit_ends_redoing(dataset, workspace):
    ids = [dataset.id]
    for step in (
        move("cat/1.png", to="dog"),
        Edit(kind="rename", classes=("fox",), label="Füchse 狐"),
        Edit(kind="merge", classes=("cat", "dog"), label="pets"),
        Edit(kind="part", pictures=("fox/1.png",), part="test"),
        Edit(kind="together", pictures=("fox/2.png", "fox/3.png")),
        Edit(kind="remove", pictures=("cat/2.png",)),
    ):
        ids.append(editing.edit(workspace, dataset.id, step).id)
    assert len(set(ids)) == len(ids)
    for id in reversed(ids[:-1]):
        assert editing.undo(workspace, dataset.id).id == id
    with pytest.raises(DataError, match="undone"):
        editing.undo(workspace, dataset.id)
    for id in ids[1:]:
        assert editing.redo(workspace, dataset.id).id == id
    editing.undo(workspace, dataset.id)
    editing.edit(workspace, dataset.id, move("fox/4.png", to="pets"))
    with pytest.raises(DataError, match="done again"):
        editing.redo(workspace, dataset.id)


def test_every_moment_can_be_opened_again_by_its_id(dataset, workspace):
    moments = [dataset]
    for name in ("cat/1.png", "cat/2.png", "cat/3.png"):
        moments.append(editing.edit(workspace, dataset.id, move(name, to="dog")))
    editing.undo(workspace, dataset.id, 3)
    for then in moments:
        assert library.find_dataset(workspace, then.id) == then
    with pytest.raises(DataError):
        library.find_dataset(workspace, f"{dataset.id}.0123456789ab")


def test_classes_are_renamed_merged_and_made(dataset, workspace):
    renamed = editing.edit(workspace, dataset.id, Edit(kind="rename", classes=("dog",), label="hound"))
    assert renamed.classes == ("cat", "fox", "hound")
    assert labels(renamed)["dog/1.png"] == "hound"
    merged = editing.edit(workspace, renamed.id, Edit(kind="merge", classes=("cat", "hound"), label="pet"))
    assert merged.counts == {"fox": 6, "pet": 12}
    assert editing.edit(workspace, merged.id, move("cat/0.png", to="lion")).counts["lion"] == 1


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (Edit(kind="rename", classes=("dog",), label="cat"), "already"),
        (Edit(kind="rename", classes=("cow",), label="ox"), "no class"),
        (Edit(kind="rename", classes=("dog",), label=" \n"), "name of a class"),
        (Edit(kind="rename", classes=("dog",), label="a\x00b"), "name of a class"),
        (Edit(kind="merge", classes=("dog",), label="dog"), "at least two"),
        (Edit(kind="move", pictures=("dog/99.png",), label="cat"), "no picture"),
        (Edit(kind="move", label="cat"), "at least one"),
        (Edit(kind="part", pictures=("dog/1.png",), part="exam"), "one of"),
        (
            Edit(kind="leave_out", pictures=tuple(f"{c}/{n}.png" for c in ("cat", "dog", "fox") for n in range(6))),
            "no pic",
        ),
    ],
)
def test_what_cannot_be_done_is_refused_and_leaves_nothing(dataset, workspace, step, words):
    with pytest.raises(DataError, match=words):
        editing.edit(workspace, dataset.id, step)
    assert editing.current(workspace, dataset.id) == dataset
    assert editing.history(workspace, dataset.id).lines == ()


def test_pictures_kept_together_go_into_one_part(class_zip, workspace):
    dataset = open_data(class_zip({"cat": 40, "dog": 40}), workspace)
    group = tuple(f"cat/{number}.png" for number in range(12))
    kept = editing.edit(workspace, dataset.id, Edit(kind="together", pictures=group))
    for seed in range(6):
        parts = split(kept, seed=seed)
        homes = {
            part for part in ("train", "validation", "test") for each in getattr(parts, part) if each.name in group
        }
        assert len(homes) == 1
    apart = editing.edit(workspace, kept.id, Edit(kind="apart", pictures=group))
    assert apart.id == dataset.id


def test_a_few_pictures_set_to_training_leave_the_others_to_the_split(dataset, workspace):
    few = ("cat/0.png", "dog/1.png")
    parts = split(editing.edit(workspace, dataset.id, Edit(kind="part", pictures=few, part="train")))
    assert sum(parts.counts.values()) == 18
    assert set(few) <= {sample.name for sample in parts.train}
    assert parts.counts["validation"] and parts.counts["test"]


def test_added_pictures_are_stored_by_content_once_and_named_apart(dataset, workspace, tmp_path):
    files = made.write(tmp_path / "new", {"1.png": made.picture(900), "sub/1.png": made.picture(900), "2.txt": b"no"})
    named = adding.files_in([files])
    after, refused = adding.add(workspace, dataset.id, named, "cat")
    assert list(refused) == ["2.txt"]
    assert after.counts["cat"] == 8
    new = [sample for sample in after.samples if sample.name not in labels(dataset)]
    assert len({sample.name for sample in new}) == 2
    assert len({after.path(sample) for sample in new}) == 1
    assert after.path(new[0]).read_bytes() == made.picture(900)
    assert editing.undo(workspace, dataset.id).id == dataset.id
    assert editing.redo(workspace, dataset.id).id == after.id


def test_files_that_cannot_be_read_are_refused_by_name_and_the_others_added(dataset, workspace, tmp_path):
    good = made.write(tmp_path / "new", {"good.png": made.picture(900)}) / "good.png"
    named = [
        ("good.png", good),
        ("gone.png", tmp_path / "gone.png"),
        ("below.png", good / "below.png"),
        ("new", tmp_path),
    ]
    after, refused = adding.add(workspace, dataset.id, named, "cat")
    assert sorted(refused) == ["below.png", "gone.png", "new"] and after.counts["cat"] == 7 + (
        dataset.counts["cat"] - 6
    )


def test_a_folder_opened_in_place_is_never_changed(class_folders, workspace, tmp_path):
    folder = class_folders({"cat": 6, "dog": 6})
    before = made.fingerprint(folder)
    dataset = open_data(folder, workspace)
    extra = made.write(tmp_path / "new", {"fresh.png": made.picture(77)})
    adding.add(workspace, dataset.id, adding.files_in([extra]), "cat")
    for step in (
        move("cat/1.png", to="dog"),
        Edit(kind="remove", pictures=("dog/2.png",)),
        Edit(kind="rename", classes=("dog",), label="wolf"),
    ):
        editing.edit(workspace, dataset.id, step)
    assert made.fingerprint(folder) == before
    again = open_data(folder, workspace)
    assert again.counts == {"cat": 6, "wolf": 6}
    assert all(again.path(sample).is_file() for sample in again.samples)
    assert open_data(folder, workspace, edited=False).counts == {"cat": 6, "dog": 6}


def test_edits_go_on_when_a_folder_in_place_gets_more_pictures(class_folders, workspace):
    folder = class_folders({"cat": 6, "dog": 6})
    dataset = open_data(folder, workspace)
    editing.edit(workspace, dataset.id, move("cat/1.png", "cat/2.png", to="dog"))
    made.write(folder, {"cat/new.png": made.picture(500), "cat/2.png": made.picture(501)})
    again = open_data(folder, workspace)
    assert labels(again)["cat/1.png"] == "dog"
    assert labels(again)["cat/2.png"] == "cat"  # another picture by now
    assert labels(again)["cat/new.png"] == "cat"


def test_a_run_is_explained_by_the_moment_that_it_saw(dataset, workspace, tmp_path):
    extra = made.write(tmp_path / "new", {f"{n}.png": made.picture(700 + n) for n in range(4)})
    after, _ = adding.add(workspace, dataset.id, adding.files_in([extra]), "cat")
    run = new_run(after, TrainConfig(epochs=1), workspace)
    editing.edit(workspace, dataset.id, Edit(kind="rename", classes=("cat",), label="lynx"))
    parts = split_of(run)
    assert run.about["dataset"] == after.id
    assert library.find_dataset(workspace, run.about["dataset"]) == after
    assert all(parts.path(sample).is_file() for part in (parts.train, parts.validation, parts.test) for sample in part)


def test_pictures_go_when_no_set_and_no_run_needs_them(dataset, workspace, class_zip):
    left = editing.edit(workspace, dataset.id, Edit(kind="leave_out", pictures=("cat/1.png", "fox/1.png")))
    run = new_run(left, TrainConfig(epochs=1), workspace)
    run.append(
        __import__("resnet_studio.events", fromlist=["Failed"]).Failed(key="error.unexpected", values={"kind": "x"})
    )
    assert library.delete(workspace, left.id) == 16
    folder = workspace.datasets / dataset.id
    assert library.list_datasets(workspace) == []
    assert len(list(folder.rglob("*.png"))) == 16
    parts = split_of(run)
    assert all(parts.path(sample).is_file() for sample in parts.train)
    cleaning.sweep(workspace)
    assert len(list(folder.rglob("*.png"))) == 16
    opened = open_data(class_zip({"cat": 6, "dog": 6, "fox": 6}), workspace)
    assert opened.id == dataset.id and all(opened.path(sample).is_file() for sample in opened.samples)
    library.delete(workspace, opened.id)
    workspace.delete_run(run)
    cleaning.sweep(workspace)
    assert not folder.exists()


def test_a_torn_last_line_is_passed_over_and_written_over(dataset, workspace):
    moved = editing.edit(workspace, dataset.id, move("cat/1.png", to="dog"))
    log = workspace.datasets / dataset.id / "edits.jsonl"
    whole = log.read_bytes()
    for cut in (1, 20, len(whole) - 1):
        log.write_bytes(whole + whole[:cut])
        assert editing.current(workspace, dataset.id).id == moved.id
        assert [item.id for item in library.list_datasets(workspace)] == [moved.id]
    more = editing.edit(workspace, dataset.id, move("cat/2.png", to="dog"))
    assert editing.current(workspace, dataset.id) == more
    assert len(log.read_bytes().splitlines()) == 2


def test_a_damaged_line_in_the_middle_is_an_error_and_not_quietly_left_out(dataset, workspace):
    for name in ("cat/1.png", "cat/2.png"):
        editing.edit(workspace, dataset.id, move(name, to="dog"))
    log = workspace.datasets / dataset.id / "edits.jsonl"
    log.write_bytes(b"{broken\n" + log.read_bytes())
    with pytest.raises(DataError, match="damaged"):
        editing.current(workspace, dataset.id)


def test_writers_at_the_same_time_lose_nothing(dataset, workspace):
    names = [f"{kind}/{number}.png" for kind in ("cat", "dog") for number in range(6)]
    problems = []

    def work(name):
        try:
            editing.edit(workspace, dataset.id, move(name, to="fox"))
        except Exception as error:  # noqa: BLE001 - shown by the assertion
            problems.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    assert editing.current(workspace, dataset.id).counts == {"fox": 18}
    lines = editing.history(workspace, dataset.id).lines
    assert [line.parent for line in lines[1:]] == [line.id for line in lines[:-1]]


def test_two_who_keep_the_set_in_memory_see_each_others_edits(dataset, workspace):
    one, other = (editing.edited_set(workspace, dataset.id) for _ in range(2))
    one.edit(move("cat/1.png", to="dog"), by="browser:one")
    other.edit(move("cat/2.png", to="dog"), by="browser:other")
    assert one.dataset() == other.dataset()
    other.undo()
    assert one.dataset().counts == {"cat": 5, "dog": 7, "fox": 6}
    assert [line.by for line in one.history().lines] == ["browser:one", "browser:other", "program"]


def test_a_list_shows_what_the_set_is_now(dataset, workspace):
    after = editing.edit(workspace, dataset.id, Edit(kind="merge", classes=("cat", "dog"), label="pet"))
    (item,) = library.list_datasets(workspace)
    assert (item.id, item.classes, item.pictures) == (after.id, 2, 18)


def many(workspace, count, name=None):
    """A stored set of ``count`` pictures in ten classes, whose files are not there."""
    name = name or f"many-{len(list(workspace.datasets.iterdir()))}"
    """20,000 pictures; no file of them is there."""
    samples = tuple(
        Sample(
            f"class{number % 10}/{number:05}.jpg", f"pictures/{number}.jpg", number % 10, None, f"{number:064x}", 9, 9
        )
        for number in range(count)
    )
    samples = tuple(sorted(samples, key=lambda each: (each.label, each.name)))
    classes = tuple(f"class{number}" for number in range(10))
    folder = workspace.datasets / name
    folder.mkdir()
    dataset = Dataset(name, name, folder, classes, samples, source="zip", fingerprint=fingerprint(samples, classes))
    save(dataset, folder)
    return replace(dataset, store=folder)


@pytest.fixture
def large(workspace):
    return many(workspace, 20_000, "large")


@pytest.mark.slow
def test_the_work_of_an_edit_grows_evenly_with_the_pictures_and_not_with_earlier_edits(workspace):
    def an_edit(count):
        opened = editing.edited_set(workspace, many(workspace, count).id)
        opened.edit(move("class0/00000.jpg", to="class1"))
        return lambda: opened.edit(move("class1/00001.jpg", to="class0"))

    assert growth(an_edit, 300) < 2.3
    opened = editing.edited_set(workspace, many(workspace, 200).id)
    work = [
        lines_run(lambda number=number: opened.edit(move(f"class{number % 10}/{number:05}.jpg", to="class0")))
        for number in range(1, 80)
        if number % 10
    ]
    assert work[-1] < 2 * work[1]


def test_the_work_of_replaying_grows_evenly_with_the_edits(workspace):
    def replaying(count):
        dataset = many(workspace, 400)
        opened = editing.edited_set(workspace, dataset.id)
        opened.edit(move("class0/00000.jpg", to="class1"))
        log = workspace.datasets / dataset.id / "edits.jsonl"
        line = json.loads(log.read_text())
        with log.open("a") as file:
            for number in range(1, count):
                file.write(json.dumps({**line, "pictures": [f"class{number % 10}/{number:05}.jpg"], "id": "x"}) + "\n")
        return lambda: editing.current(workspace, dataset.id)

    assert growth(replaying, 100) < 2.3


@pytest.mark.slow
def test_a_thousand_edits_of_a_large_set_are_replayed(large, workspace):
    opened = editing.edited_set(workspace, large.id)
    opened.edit(move("class0/00000.jpg", to="class1"))
    log = workspace.datasets / "large" / "edits.jsonl"
    line = json.loads(log.read_text())
    with log.open("a") as file:
        for number in range(1, 1000):
            file.write(json.dumps({**line, "pictures": [f"class{number % 10}/{number:05}.jpg"], "id": "x"}) + "\n")
    assert editing.current(workspace, "large").counts["class1"] == 2900


def test_python_edits_and_saves_a_data_set(dataset, workspace, tmp_path):
    import resnet_studio as studio

    edited = studio.edit_data(dataset, studio.Edit(kind="move", pictures=("cat/1.png",), label="dog"), workspace)
    assert studio.undo_edit(edited, workspace) == dataset
    assert studio.redo_edit(edited, workspace) == edited
    path = studio.save_data(edited, tmp_path / "set.zip", workspace)
    assert studio.open_data(path, workspace).counts == edited.counts
