"""What names leave open is said with the answers there are, and each answer reads the pictures anew."""

import os
import unicodedata
import zipfile

import made
import pytest
from counting import growth

from resnet_studio.data import intake, library, saved_set
from resnet_studio.data.checkup import inspect
from resnet_studio.data.choices import Choices
from resnet_studio.data.dataset import PARTS, load, save, split
from resnet_studio.data.scan import scan
from resnet_studio.data.trainable import check_trainable
from resnet_studio.errors import DataError


def findings(dataset):
    found = inspect(dataset)
    assert all(each.sentence("en") and each.sentence("zh") for each in found)
    assert all(offer.sentence("en") and offer.sentence("zh") for each in found for offer in each.offers)
    return {each.kind: each for each in found}


def files(*folders, count=4):
    """Different pictures in every one of ``folders``."""
    return {
        f"{folder}/{number}.png": made.picture(100 * place + number, label=place % 8)
        for place, folder in enumerate(folders)
        for number in range(count)
    }


def tree(tmp_path, *folders, **options):
    return made.write(tmp_path / "data", files(*folders, **options))


def chosen(finding, **changes):
    (offer,) = [offer for offer in finding.offers if dict(offer.changes) == changes]
    return offer


# ---------- Classes ----------


def test_classes_stand_in_the_order_in_which_people_count(tmp_path):
    folder = tree(tmp_path, *(str(number) for number in range(12)), "img10", "img9", "b", "B")
    assert scan(folder).classes == (*(str(number) for number in range(12)), "B", "b", "img9", "img10")


def test_class_names_are_the_same_however_unicode_spells_them(tmp_path):
    folder = tree(
        tmp_path, "train/Äpfel", "train/Café", *(unicodedata.normalize("NFD", f"val/{n}") for n in ("Äpfel", "Café"))
    )
    dataset = scan(folder)
    assert dataset.classes == ("Café", "Äpfel") and dataset.counts == {"Café": 8, "Äpfel": 8}
    assert not {"unknown_class", "empty_class"} & findings(dataset).keys()


@pytest.mark.parametrize("spelt", ["Disc", "disc ", "DISC", "ｄｉｓｃ"])
def test_a_class_spelt_otherwise_in_another_part_is_named_with_its_pair_and_can_be_joined(tmp_path, spelt):
    if os.name == "nt" and spelt.endswith(" "):
        pytest.skip("Windows has no such names")
    folder = tree(tmp_path, "train/disc", "train/square", f"val/{spelt}", "val/square")
    found = findings(scan(folder))
    assert "“disc”" in found["alike_classes"].sentence() and f"“{spelt}”" in found["alike_classes"].sentence()
    assert "empty_class" not in found and spelt in found["unknown_class"].sentence()
    assert found["missing_in_validation"].files == ("disc",)
    joined = scan(folder, choices=Choices().with_changes(chosen(found["alike_classes"], join_alike=True).changes))
    assert joined.counts == {"disc": 8, "square": 8}
    assert not {"alike_classes", "unknown_class", "empty_class"} & findings(joined).keys()


@pytest.mark.skipif(os.name == "nt", reason="Windows has one name for both")
def test_two_classes_that_differ_by_case_only_stay_two_and_are_named(tmp_path):
    folder = tree(tmp_path, "cat", "Cat", "dog")
    if len(list(folder.iterdir())) < 3:
        pytest.skip("this file system has one name for both")
    found = findings(scan(folder))
    assert "“Cat” / “cat”" in found["alike_classes"].sentence()
    assert scan(folder, choices=Choices(join_alike=True)).counts == {"Cat": 8, "dog": 4}


def test_classes_that_a_part_lacks_are_named(tmp_path):
    found = findings(scan(tree(tmp_path, "train/a", "train/b", "train/c", "valid/a", "test/a", "test/b", "test/x")))
    assert found["missing_in_validation"].files == ("b", "c") and found["missing_in_test"].files == ("c",)
    assert "no training pictures of x" in found["unknown_class"].sentence()


# ---------- Classes with one picture ----------


def test_all_classes_with_a_single_picture_are_named_at_once(tmp_path):
    folder = made.write(tmp_path / "data", files("a", "b") | files(*(f"whale {n}" for n in range(6)), count=1))
    with pytest.raises(DataError, match="--leave-out-single") as caught:
        scan(folder)
    assert all(f"whale {number}" in caught.value.sentence("zh") for number in range(6))
    left = scan(folder, choices=Choices(leave_out_single=True))
    assert left.classes == ("a", "b") and {sample.label for sample in left.samples} == {0, 1}
    assert "whale 3" in findings(left)["single_class"].sentence()
    check_trainable(left)


def test_a_page_shows_them_and_offers_to_leave_them_out(tmp_path, workspace):
    path = made.zipped(tmp_path / "a.zip", files("a", "b") | files("x", "y", count=1))
    shown = intake.from_zip(path, workspace, purpose="look")
    assert shown.counts == {"a": 4, "b": 4, "x": 1, "y": 1}
    with pytest.raises(DataError, match="x, y"):
        check_trainable(shown)
    offer = chosen(findings(shown)["single"], leave_out_single=True)
    left = intake.reread(workspace, shown.id, shown.choices.with_changes(offer.changes))
    assert left.counts == {"a": 4, "b": 4} and library.find_dataset(workspace, left.id) == left
    undo = chosen(findings(left)["chosen"], leave_out_single=False)
    assert intake.reread(workspace, left.id, left.choices.with_changes(undo.changes)).id == shown.id


def test_training_on_them_is_refused_with_all_names(tmp_path, workspace):
    from resnet_studio.config import TrainConfig
    from resnet_studio.training.plan import new_run

    shown = intake.from_zip(
        made.zipped(tmp_path / "a.zip", files("a", "b") | files("x", "y", count=1)), workspace, purpose="look"
    )
    with pytest.raises(DataError, match="x, y"):
        new_run(shown, TrainConfig(), workspace)
    assert workspace.runs() == []


def test_where_one_class_would_be_left_nothing_is_offered(tmp_path):
    folder = made.write(tmp_path / "data", files("a") | files("x", "y", count=1))
    assert findings(scan(folder, purpose="look"))["single"].offers == ()
    with pytest.raises(DataError, match="only one class"):
        scan(folder, choices=Choices(leave_out_single=True))


# ---------- Layouts ----------


def test_recognised_parts_are_said_and_can_be_classes_instead(tmp_path, workspace):
    path = made.zipped(
        tmp_path / "a.zip",
        files("seg_train/seg_train/a", "seg_train/seg_train/b", "seg_test/seg_test/a", "seg_test/seg_test/b"),
    )
    dataset = intake.from_zip(path, workspace, purpose="look")
    cut = split(dataset)
    assert dataset.classes == ("a", "b") and len(cut.test) == 8 and cut.preset
    found = findings(dataset)["layout"]
    assert "seg_train (training)" in found.sentence("en") and "seg_test（测试）" in found.sentence("zh")
    other = intake.reread(workspace, dataset.id, dataset.choices.with_changes(chosen(found, layout="classes").changes))
    assert other.counts == {"seg_test": 8, "seg_train": 8} and not split(other).preset
    assert other.id != dataset.id and library.find_dataset(workspace, dataset.id) == dataset


def test_an_older_reading_of_the_same_pictures_is_another_data_set(tmp_path):
    """Names and contents are the same, classes are not."""
    folder = tree(tmp_path, "train/a", "train/b", "test/a", "test/b")
    ids = {scan(folder, choices=Choices(layout=layout)).id for layout in ("auto", "classes", "inner")}
    assert len(ids) == 3 and scan(folder, choices=Choices(layout="parts")).id in ids


def test_variants_stay_together_when_they_are_cut(tmp_path):
    """The same picture in colour and in grey must not be learnt in one and tested in the other."""
    tops = ("colour", "grey", "small")
    folder = tree(tmp_path, *(f"{top}/{kind}" for top in tops for kind in ("a", "b")), count=12)
    dataset = scan(folder)
    assert dataset.classes == tops and findings(dataset)["layout"].severity == "warning"
    pooled = scan(folder, choices=Choices(layout="inner"))
    assert pooled.counts == {"a": 36, "b": 36}
    homes = {}
    for part in PARTS:
        for sample in getattr(split(pooled), part):
            homes.setdefault(sample.name.partition("/")[2], set()).add(part)
    assert set(map(len, homes.values())) == {1} and {part for each in homes.values() for part in each} == set(PARTS)


def test_pictures_without_labels_are_kept_for_prediction(tmp_path, workspace):
    more = {f"test/{number}.png": made.picture(900 + number) for number in range(5)} | {"submission.csv": b"id,label"}
    path = made.zipped(tmp_path / "a.zip", files("train/a", "train/b", count=10) | more)
    for dataset in (
        intake.from_zip(path, workspace),
        intake.from_folder(made.write(tmp_path / "data", files("train/a", "train/b", count=10) | more), workspace),
    ):
        assert dataset.counts == {"a": 10, "b": 10} and not dataset.preset and len(split(dataset).test) == 4
        assert len(dataset.unlabelled) == 5 and all(dataset.path(sample).is_file() for sample in dataset.unlabelled)
        assert "5 pictures have no label" in findings(dataset)["unlabelled"].sentence()
        assert library.find_dataset(workspace, dataset.id) == dataset


def test_a_folder_of_unlabelled_pictures_is_no_class_and_can_be_one(tmp_path, workspace):
    folder = tree(tmp_path, "cat", "dog", "unlabelled")
    path = made.zipped(tmp_path / "a.zip", files("cat", "dog", "未标注"))
    for dataset in (intake.from_folder(folder, workspace), intake.from_zip(path, workspace)):
        assert dataset.counts == {"cat": 4, "dog": 4} and len(dataset.unlabelled) == 4
        assert {each.part for each in dataset.unlabelled} == {None}  # one that is labelled later is like any other
    found = findings(dataset)
    assert "未标注" in found["layout"].sentence("zh") and "4 pictures have no label" in found["unlabelled"].sentence()
    assert not found["unlabelled"].offers  # one question is asked once
    changes = chosen(found["layout"], with_unlabelled=True).changes
    again = intake.reread(workspace, dataset.id, dataset.choices.with_changes(changes))
    assert again.counts == {"cat": 4, "dog": 4, "未标注": 4} and not again.unlabelled
    assert Choices(with_unlabelled=True).options() == ["--with-unlabelled"]


def test_masks_are_said_and_can_be_used_all_the_same(tmp_path, workspace):
    path = made.zipped(tmp_path / "a.zip", files("a/images", "a/masks", "b/images", "b/masks"))
    dataset = intake.from_zip(path, workspace)
    assert dataset.counts == {"a": 4, "b": 4} and len(findings(dataset)["mask"].files) == 8
    offer = chosen(findings(dataset)["mask"], masks=True)
    again = intake.reread(workspace, dataset.id, dataset.choices.with_changes(offer.changes))
    assert again.counts == {"a": 8, "b": 8} and "mask" not in findings(again)


def test_the_same_pictures_once_more_beside_the_parts_are_said_to_be_that(tmp_path):
    inner = files("train/a", "train/b", "test/a", "test/b")
    folder = made.write(tmp_path / "xray", inner | {f"xray/{name}": data for name, data in inner.items()})
    dataset = scan(folder)
    assert dataset.counts == {"a": 8, "b": 8}
    assert len(findings(dataset)["repeated"].files) == 16 and "no_class" not in findings(dataset)


def test_a_picked_folder_can_be_read_anew_too(tmp_path, workspace):
    pairs = []
    for number, (name, data) in enumerate(files("x/a", "x/b", "y/a", "y/b").items()):
        made.write(tmp_path / "upload", {str(number): data})
        pairs.append((name, tmp_path / "upload" / str(number)))
    dataset = intake.from_picked(pairs, workspace, name="shapes", purpose="look")
    assert dataset.classes == ("x", "y")
    again = intake.reread(workspace, dataset.id, Choices(layout="inner"))
    assert again.counts == {"a": 8, "b": 8} and again.name == "shapes" and again.source == "picked"
    only = intake.reread(workspace, again.id, Choices(folder="y"))
    assert only.counts == {"a": 4, "b": 4} and all(
        sample.name.startswith("a/") or sample.name.startswith("b/") for sample in only.samples
    )
    assert not list(workspace.temporary.iterdir())


def test_a_folder_on_this_machine_is_read_anew_where_it_is(tmp_path, workspace):
    dataset = intake.from_folder(tree(tmp_path, "x/a", "x/b", "y/a", "y/b"), workspace)
    before = made.fingerprint(tmp_path / "data")
    again = intake.reread(workspace, dataset.id, Choices(layout="inner"))
    assert (
        again.counts == {"a": 8, "b": 8}
        and again.root == dataset.root
        and made.fingerprint(tmp_path / "data") == before
    )


def test_what_is_plain_is_not_kept_for_another_reading(tmp_path, workspace):
    dataset = intake.from_zip(made.zipped(tmp_path / "a.zip", files("a", "b")), workspace)
    assert not (dataset.root / "contents.json").exists()
    with pytest.raises(DataError, match="add them again"):
        intake.reread(workspace, dataset.id, Choices(layout="classes"))


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"pictures": 3}', '{"pictures": [["a", "../../x"]], "raw": 3}'])
def test_damaged_notes_on_an_upload_are_one_sentence(tmp_path, workspace, content):
    dataset = intake.from_zip(made.zipped(tmp_path / "a.zip", files("x/a", "x/b", "y/a", "y/b")), workspace)
    (dataset.root / "contents.json").write_text(content)
    with pytest.raises(DataError, match="add them again"):
        intake.reread(workspace, dataset.id, Choices(layout="inner"))


def test_the_same_upload_again_brings_what_was_missing(tmp_path, workspace):
    more = files("x/a", "x/b", "y/a", "y/b")
    first = intake.from_zip(made.zipped(tmp_path / "a.zip", more), workspace)
    (first.root / "contents.json").unlink()
    second = intake.from_zip(tmp_path / "a.zip", workspace)
    assert second.id == first.id
    assert intake.reread(workspace, second.id, Choices(layout="inner")).counts == {"a": 8, "b": 8}


def test_choices_and_doubts_survive_being_written_down(tmp_path):
    dataset = scan(tree(tmp_path, "x/a", "x/b", "y/a", "y/b"), choices=Choices(masks=True))
    save(dataset, tmp_path)
    assert load(tmp_path) == dataset and dataset.doubts


def test_a_data_set_written_before_there_were_choices_is_read(tmp_path):
    import json

    dataset = scan(tree(tmp_path, "a", "b"))
    save(dataset, tmp_path)
    values = json.loads((tmp_path / "dataset.json").read_text())
    for new in ("choices", "doubts", "unlabelled"):
        del values[new]
    values["problems"] = [{"kind": "junk", "files": ["x"]}]
    (tmp_path / "dataset.json").write_text(json.dumps(values))
    assert load(tmp_path).classes == ("a", "b") and load(tmp_path).choices == Choices()


# ---------- Many copies ----------


def test_the_work_of_a_check_grows_evenly_with_the_copies():
    """Copies in two parts, in two classes and in one of each."""
    from pathlib import Path

    from resnet_studio.data.dataset import Dataset, Sample

    def twin(number, label, part):
        name = f"{part}/{label}/{number}.png"
        return Sample(name, name, label, part, f"content {number}", 32, 32)

    def with_copies(count):
        pairs = [(twin(n, 0, "train"), twin(n, 0, "test")) for n in range(count)]
        pairs += [(twin(n, 0, "train"), twin(n, 1, "train")) for n in range(count, 2 * count)]
        pairs += [(twin(n, 1, "test"), twin(n, 1, "test")) for n in range(2 * count, 3 * count)]
        return Dataset("id", "name", Path("root"), ("a", "b"), tuple(sample for pair in pairs for sample in pair))

    def inspecting(count):
        dataset = with_copies(count)
        return lambda: list(inspect(dataset))

    assert growth(inspecting, 100) < 2.5
    count = 5_000
    found = {each.kind: each.values["count"] for each in inspect(with_copies(count)) if each.kind != "imbalance"}
    assert found == {"conflict": count, "leak": count, "copies": count}


@pytest.mark.parametrize(("one", "other"), [("Cat", "cat"), ("cat", "cat "), ("cat", "cat."), ("007", "7")])
@pytest.mark.parametrize("way", ["zip", "picked"])
def test_classes_that_differ_in_case_alone_are_asked_about_and_can_be_joined_and_saved(
    tmp_path, workspace, one, other, way
):
    files = made.class_files({f"pets/{one}": 4, "pets/dog": 5, f"pets/{other}": 3})
    if way == "zip":
        found = intake.from_zip(made.zipped(tmp_path / "pets.zip", files), workspace, purpose="look")
    else:
        made.write(tmp_path / "sent", {str(number): data for number, data in enumerate(files.values())})
        pairs = [(name, tmp_path / "sent" / str(number)) for number, name in enumerate(files)]
        found = intake.from_picked(pairs, workspace, name="pets", purpose="look")
    assert found.counts == {one: 4, other: 3, "dog": 5}
    asked = findings(found)["alike_classes"]
    joined = intake.reread(workspace, found.id, found.choices.with_changes(asked.offers[0].changes))
    assert sorted(joined.counts.values()) == [5, 7] and len({sample.name for sample in joined.samples}) == 12
    for name, dataset in (("apart", found), ("joined", joined)):
        saved_set.save_set(dataset, tmp_path / f"{name}.zip")
        with zipfile.ZipFile(tmp_path / f"{name}.zip") as archive:
            written = archive.namelist()
        assert len({each.casefold() for each in written}) == len(written) == 12
    again = intake.from_zip(tmp_path / "apart.zip", workspace, name="again", purpose="look")
    assert sorted(again.counts.values()) == [3, 4, 5]


@pytest.mark.parametrize(("one", "other"), [("Cat", "cat"), ("cat (1)", "cat"), ("07", "7")])
def test_a_class_too_small_that_is_called_nearly_as_another_is_said_to_be_joined(tmp_path, one, other):
    folder = made.write(tmp_path / "pets", made.class_files({one: 1, other: 4, "dog": 4}))
    with pytest.raises(DataError, match="--join-alike") as caught:
        scan(folder)
    assert f"“{one}”" in str(caught.value) and f"“{other}”" in str(caught.value)
    assert sorted(scan(folder, choices=Choices(join_alike=True)).counts.values()) == [4, 5]
