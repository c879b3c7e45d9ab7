import os
import threading

import made
import pytest

from resnet_studio import cleaning
from resnet_studio.data import intake, library, opening
from resnet_studio.data.dataset import PARTS, split
from resnet_studio.errors import DataError
from resnet_studio.workspace import Workspace

COUNTS = {"cat": 12, "dog": 12, "Übung": 12}


def picked(tmp_path, files, name="upload"):
    """What the page hands over: names from the browser, files with names of their own."""
    pairs = []
    for number, (given, data) in enumerate(files.items()):
        path = tmp_path / name / f"blob{number}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        pairs.append((given, path))
    return pairs


def parts(dataset):
    cut = split(dataset)
    return [[(sample.name, sample.content, sample.label) for sample in getattr(cut, part)] for part in PARTS]


def test_a_zip_a_picked_folder_and_a_path_give_the_same_data_set_and_split(
    tmp_path, workspace, class_folders, class_zip
):
    files = made.class_files(COUNTS)
    wrapped = {f"my pictures/{name}": data for name, data in reversed(files.items())}
    found = [
        intake.from_zip(class_zip(COUNTS), workspace),
        intake.from_picked(picked(tmp_path, wrapped), Workspace.open(tmp_path / "second"), name="my pictures"),
        intake.from_folder(class_folders(COUNTS), workspace),
    ]
    assert found[0].classes == found[1].classes == found[2].classes == ("cat", "dog", "Übung")
    assert found[0].fingerprint == found[1].fingerprint == found[2].fingerprint
    assert parts(found[0]) == parts(found[1]) == parts(found[2])
    assert found[0].id == found[1].id != found[2].id
    assert [dataset.name for dataset in found] == ["pictures", "my pictures", "pictures"]


def test_the_same_pictures_again_are_kept_once(tmp_path, workspace, class_zip):
    first = intake.from_zip(class_zip({"cat": 3, "dog": 3}), workspace)
    before = made.fingerprint(workspace.root)
    assert intake.from_zip(class_zip({"cat": 3, "dog": 3}), workspace) == first
    assert made.fingerprint(workspace.root) == before
    files = made.class_files({"cat": 3, "dog": 3})
    assert intake.from_picked(picked(tmp_path, files), workspace, name="pictures") == first
    assert intake.from_zip(class_zip({"cat": 3, "dog": 4}, "more.zip"), workspace).id != first.id


def test_equal_pictures_picked_under_another_name_keep_that_name_and_take_no_room(tmp_path, workspace, class_zip):
    first = intake.from_zip(class_zip({"cat": 3, "dog": 3}, "handout.zip"), workspace)
    files = made.class_files({"cat": 3, "dog": 3})
    own = intake.from_picked(picked(tmp_path, files), workspace, name="my pets")
    assert (first.name, own.name) == ("handout", "my pets")
    assert {item.name for item in library.list_datasets(workspace)} == {"handout", "my pets"}
    assert own.path(own.samples[0]).samefile(first.path(own.samples[0]))
    assert intake.from_picked(picked(tmp_path / "2", files), workspace, name="my pets") == own
    library.delete(workspace, first.id)
    assert all(own.path(sample).is_file() for sample in library.find_dataset(workspace, own.id).samples)
    assert intake.from_picked(picked(tmp_path / "3", files), workspace, name="my pets") == own


def test_what_was_left_out_is_said_of_the_last_upload(tmp_path, workspace):
    files = made.class_files({"cat": 3, "dog": 3})
    dirty = intake.from_zip(made.zipped(tmp_path / "a.zip", files | {"cat/notes.txt": b"x"}), workspace)
    clean = intake.from_zip(made.zipped(tmp_path / "a.zip", files), workspace)
    assert (dirty.id, len(dirty.problems), clean.problems) == (clean.id, 1, ())
    assert library.find_dataset(workspace, dirty.id) == clean


def test_a_folder_is_listed_once_as_it_was_last(workspace, class_folders):
    folder = class_folders({"cat": 3, "dog": 3})
    intake.from_folder(folder, workspace)
    (folder / "cat/9.png").write_bytes(made.picture(9))
    last = intake.from_folder(folder, workspace)
    os.utime(workspace.datasets / last.id / "summary.json", (2**31, 2**31))
    assert [(summary.id, summary.pictures, summary.root) for summary in library.list_datasets(workspace)] == [
        (last.id, 7, folder.resolve())
    ]


def test_a_folder_that_is_gone_is_said_so(workspace, class_folders):
    folder = class_folders({"cat": 3, "dog": 3})
    dataset = intake.from_folder(folder, workspace)
    folder.rename(folder.with_name("moved"))
    with pytest.raises(DataError, match="is no longer there"):
        library.find_dataset(workspace, dataset.id)
    library.delete(workspace, dataset.id)


def test_what_is_kept_can_be_found_again(workspace, class_zip):
    dataset = opening.open_data(class_zip({"cat": 3, "dog": 4}), workspace)
    assert library.find_dataset(workspace, dataset.id) == dataset
    (summary,) = library.list_datasets(workspace)
    assert (summary.id, summary.name, summary.classes, summary.pictures) == (dataset.id, "pictures", 2, 7)
    assert all(dataset.path(sample).is_relative_to(workspace.datasets) for sample in dataset.samples)


def test_only_usable_pictures_stay_in_the_workspace(tmp_path, workspace):
    files = made.class_files({"cat": 3, "dog": 3}) | {
        "cat/half.png": made.picture(50)[:90], "loose.png": made.picture(51), "cat/copy.png": made.picture(0),
    }  # fmt: skip
    dataset = intake.from_zip(made.zipped(tmp_path / "a.zip", files), workspace)
    stored = {path.name for path in dataset.root.rglob("*") if path.is_file() and path.suffix != ".json"}
    assert stored == {sample.file.rpartition("/")[2] for sample in dataset.samples}
    assert (len(stored), len(dataset.samples)) == (6, 7)
    assert not list(workspace.temporary.iterdir())


def test_a_folder_on_this_machine_is_neither_copied_nor_changed(workspace, class_folders):
    folder = class_folders({"cat": 3, "dog": 3})
    before = made.fingerprint(folder)
    dataset = opening.open_data(str(folder), workspace)
    assert dataset.root == folder.resolve() and dataset.path(dataset.samples[0]).is_file()
    assert made.fingerprint(folder) == before
    assert not [path for path in workspace.root.rglob("*") if path.is_file() and path.suffix != ".json"]
    assert library.find_dataset(workspace, dataset.id) == dataset


def test_a_folder_opened_again_is_read_only_where_it_changed(workspace, class_folders, monkeypatch):
    from resnet_studio.data import scan

    folder = class_folders({"cat": 5, "dog": 5})
    first = intake.from_folder(folder, workspace)
    looked_at = []
    look = scan.picture_header
    monkeypatch.setattr(
        scan, "picture_header", lambda *given, name, **more: (looked_at.append(name), look(*given, **more))[1]
    )
    assert intake.from_folder(folder, workspace) == first
    assert looked_at == []
    (folder / "cat/0.png").write_bytes(made.picture(77))
    os.utime(folder / "cat/0.png", (1, 1))
    (folder / "dog/9.png").write_bytes(made.picture(78))
    second = intake.from_folder(folder, workspace)
    assert sorted(looked_at) == ["cat/0.png", "dog/9.png"]
    assert second.id != first.id and second.counts == {"cat": 5, "dog": 6}
    assert library.find_dataset(workspace, first.id) == first


def test_what_was_noticed_is_noticed_again_when_a_folder_is_opened_again(workspace, class_folders):
    from PIL import Image

    folder = class_folders({"cat": 5, "dog": 5})
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "blue")]
    (folder / "cat/a.gif").write_bytes(made.encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert intake.from_folder(folder, workspace).problems == intake.from_folder(folder, workspace).problems != ()


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("source", ["nowhere", "no/such.zip", "a\0b", "x" * 5000, "~nobody-of-that-name/x", ""])
def test_what_is_not_there_is_said_so(workspace, tmp_path, monkeypatch, source):
    monkeypatch.chdir(tmp_path / "beside")
    with pytest.raises(DataError) as caught:
        opening.open_data(source, workspace)
    assert caught.value.key == "error.data.missing"
    assert len(caught.value.sentence()) < 300


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(("source", "key"), [
    ("https://example.org/cats.zip", "error.data.url"), ("sample:cats", "error.sample.unknown"),
    ("public:cats", "error.public.unknown"),
])  # fmt: skip
def test_what_cannot_be_opened_is_said_so(workspace, source, key):
    with pytest.raises(DataError) as caught:
        opening.open_data(source, workspace)
    assert caught.value.key == key and caught.value.sentence("zh")


@pytest.mark.usefixtures("untouched")
def test_a_single_picture_is_no_data_set(workspace, tmp_path):
    (tmp_path / "cat.png").write_bytes(made.picture())
    with pytest.raises(DataError, match="is not a zip file"):
        opening.open_data(tmp_path / "cat.png", workspace)


def test_picked_files_are_copied_in_and_stay_for_whoever_uploaded_the_same(tmp_path, workspace):
    pairs = picked(tmp_path, made.class_files({"cat": 3, "dog": 3}) | {"cat/notes.txt": b"x", "cat/.DS_Store": b"x"})
    dataset = intake.from_picked(pairs, workspace, name="pets", inside=tmp_path / "upload")
    assert dataset.name == "pets" and dataset.source == "picked"
    assert all(path.exists() for _, path in pairs)
    assert {problem.kind for problem in dataset.problems} == {"not_a_picture", "junk"}


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(("name", "key"), [
    ("../evil.png", "unsafe_name"), ("/evil.png", "unsafe_name"), ("C:\\evil.png", "unsafe_name"),
    ("cat/\0.png", "unsafe_name"),
    ("cat/0.png/1.png", "file_and_folder"),
])  # fmt: skip
def test_picked_names_are_checked_like_those_of_a_zip(tmp_path, workspace, name, key):
    pairs = picked(tmp_path, made.class_files({"cat": 3, "dog": 3}) | {name: made.picture(9)})
    with pytest.raises(DataError) as caught:
        intake.from_picked(pairs, workspace, name="pets")
    assert caught.value.key == f"error.picked.{key}" and caught.value.sentence("zh")


@pytest.mark.usefixtures("untouched")
def test_a_picked_file_from_elsewhere_is_refused(tmp_path, workspace):
    pairs = picked(tmp_path, made.class_files({"cat": 3, "dog": 3}))
    (tmp_path / "secret.png").write_bytes(made.picture(9))
    (tmp_path / "upload/link").symlink_to(tmp_path / "secret.png")
    for path in (
        tmp_path / "secret.png",
        tmp_path / "upload/../secret.png",
        tmp_path / "upload/link",
        tmp_path / "upload/gone",
    ):
        with pytest.raises(DataError) as caught:
            intake.from_picked([*pairs, ("cat/9.png", path)], workspace, name="pets", inside=tmp_path / "upload")
        assert caught.value.key == "error.picked.gone"
    with pytest.raises(DataError):
        intake.from_picked([*pairs, ("cat/9.png", tmp_path / "upload/link")], workspace, name="pets")
    assert (tmp_path / "secret.png").is_file()


def test_deleting_a_data_set_leaves_a_folder_of_the_user_alone(workspace, class_folders, class_zip):
    folder = class_folders({"cat": 3, "dog": 3})
    before = made.fingerprint(folder)
    for source in (folder, class_zip({"cat": 3, "dog": 3})):
        library.delete(workspace, opening.open_data(source, workspace).id)
    assert library.list_datasets(workspace) == [] and not list(workspace.datasets.iterdir())
    assert made.fingerprint(folder) == before


@pytest.mark.parametrize("name", ["..", "../..", "", ".", "nothing", "a/b", "\0"])
def test_names_that_are_no_data_set_are_refused(workspace, name):
    for use in (library.find_dataset, library.delete):
        with pytest.raises(DataError, match="There is no data set"):
            use(workspace, name)


def test_a_data_set_in_training_is_not_deleted(workspace, class_zip):
    from resnet_studio.config import TrainConfig
    from resnet_studio.events import Queued

    dataset = opening.open_data(class_zip({"cat": 3, "dog": 3}), workspace)
    run = workspace.new_run(
        "r",
        requested=TrainConfig(),
        resolved=TrainConfig(),
        about={"dataset": dataset.id},
        split=split(dataset).to_json(),
    )
    run.append(Queued())
    with pytest.raises(DataError, match="uses this data set"):
        library.delete(workspace, dataset.id)
    assert library.find_dataset(workspace, dataset.id) == dataset


def test_two_uploads_of_the_same_pictures_at_once_both_work(workspace, class_zip):
    archive = class_zip({"cat": 8, "dog": 8})
    found, threads = [], []
    for _ in range(4):
        threads.append(threading.Thread(target=lambda: found.append(intake.from_zip(archive, workspace))))
        threads[-1].start()
    for thread in threads:
        thread.join()
    assert len(found) == 4 and len({dataset.id for dataset in found}) == 1
    assert all(found[0].path(sample).is_file() for sample in found[0].samples)
    assert not list(workspace.temporary.iterdir())


@pytest.mark.slow
def test_progress_rises_to_its_end(workspace, class_zip, class_folders):
    for source in (class_zip({"cat": 90, "dog": 90}), class_folders({"cat": 90, "dog": 90})):
        told = []
        opening.open_data(source, workspace, progress=lambda done, total, told=told: told.append(done / total))
        assert told == sorted(told) and len(told) > 2 and told[-1] == 1


def test_leftovers_of_a_killed_server_are_cleared_away_after_a_day(workspace, class_zip):
    for name, age in (("incoming-old", 100_000), ("incoming-new", 100), ("upload", 100_000)):
        folder = workspace.temporary / name
        folder.mkdir()
        os.utime(folder, (os.path.getmtime(folder) - age,) * 2)  # noqa: PTH204
    opening.open_data(class_zip({"cat": 3, "dog": 3}), workspace)
    cleaning.sweep(workspace)
    assert {path.name for path in workspace.temporary.iterdir()} == {"incoming-new"}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_where_every_name_is_odd_or_every_file_cut_off_that_is_the_reason(tmp_path, workspace):
    odd = {f"{kind}\tx/{n}.png": made.picture(n) for kind in "ab" for n in range(2)}
    with pytest.raises(DataError, match="characters in the name that cannot be shown") as raised:
        intake.from_folder(made.write(tmp_path / "odd", odd), workspace)
    assert "无法显示的字符" in raised.value.sentence("zh")
    cut = {f"{kind}/{n}.png": made.picture(n)[:60] for kind in "ab" for n in range(2)}
    with pytest.raises(DataError, match="4 files are cut off before the end"):
        intake.from_folder(made.write(tmp_path / "cut", cut), workspace)
