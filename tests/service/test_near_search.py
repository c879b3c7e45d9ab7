"""Near-duplicates are searched for in the background; leaks across preset parts end by an edit."""

from __future__ import annotations

from made import encoded, scene, write
from PIL import ImageOps
from waiting import wait_for

from resnet_studio.data import near
from resnet_studio.data.editing import edited_set
from resnet_studio.data.opening import open_data
from resnet_studio.service import near_search
from resnet_studio.service.editor import Editor
from resnet_studio.service.near_search import NearSearches, group_rows, leaks, split_rows


def ended(search):
    wait_for(lambda: search.found is not None or search.error is not None)
    return search


def files(prefix=""):
    """Ten scenes in two classes, each of them twice: as it is and mirrored."""
    found = {}
    for number in range(10):
        found[f"{prefix}{'ab'[number % 2]}/{number}.png"] = encoded(scene(number, 64))
        found[f"{prefix}{'ab'[number % 2]}/{number}m.png"] = encoded(ImageOps.mirror(scene(number, 64)))
    return found


def test_the_groups_and_what_each_choice_does_to_the_split(tmp_path, workspace):
    dataset = open_data(write(tmp_path / "set", files()), workspace)
    searches = NearSearches(workspace)
    search = ended(searches.begin(dataset))
    assert searches.begin(dataset) is search and searches.get(dataset.id) is search
    assert search.error is None and len(search.found) == 10
    rows = {row["by"]: row for row in split_rows(dataset, search.found, validation=0.2, test=0.2)}
    assert (rows["none"]["groups"], rows["near"]["groups"], rows["near"]["pictures"]) == (0, 10, 20)
    assert rows["none"]["apart"] > 0 and rows["near"]["apart"] == 0 and "folder" not in rows
    assert all(row["train"] + row["validation"] + row["test"] == 20 for row in rows.values())
    shown = group_rows(edited_set(workspace, dataset.id), dataset, search.found)
    assert len(shown) == 10 and all(row["count"] == len(row["places"]) == 2 for row in shown)
    assert sorted(place for row in shown for place in row["places"]) == list(range(20))
    assert leaks(edited_set(workspace, dataset.id), dataset, search.found) == ((), [])


def test_leaks_across_preset_parts_are_gone_once_their_pictures_are_moved_to_training(tmp_path, workspace):
    planted = {f"test/a/{number}.png": encoded(ImageOps.mirror(scene(number, 64))) for number in (0, 2)}
    clean = {f"test/{kind}/{n}.png": encoded(scene(n, 64)) for n, kind in ((30, "a"), (31, "b"), (33, "b"))}
    trained = {f"train/{'ab'[n % 2]}/{n}.png": encoded(scene(n, 64)) for n in range(12)}
    planted["test/b/copy.png"] = trained["train/b/5.png"]
    dataset = open_data(write(tmp_path / "set", {**planted, **clean, **trained}), workspace)
    editor, searches = Editor(workspace), NearSearches(workspace)
    search = ended(searches.begin(dataset))
    groups, outside = leaks(editor.opened(dataset.id), dataset, search.found)
    assert len(groups) == 3
    assert sorted(editor.row(dataset.id, place)["name"] for place in outside) == sorted(
        sample.name
        for sample in dataset.samples
        if sample.part == "test" and sample.name.endswith(("/0.png", "/2.png", "/copy.png"))
    )
    assert group_rows(editor.opened(dataset.id), dataset, search.found)[0]["parts"] == ["train", "test"]
    rows = {row["by"]: row for row in split_rows(dataset, search.found, validation=0.15, test=0.15)}
    assert rows["near"]["apart"] == 2  # parts that the folders say stay as they are
    after = editor.edit(dataset.id, {"kind": "part", "places": outside, "part": "train"}, "", local=True)
    again = ended(searches.begin(after))
    assert leaks(editor.opened(after.id), after, again.found) == ((), []) and len(again.found) == 2
    before = editor.edit(after.id, {"kind": "undo"}, "", local=True)
    assert leaks(editor.opened(before.id), before, ended(searches.begin(before)).found)[0] == groups


def test_a_search_that_failed_is_begun_anew_and_only_the_last_few_are_remembered(tmp_path, workspace, monkeypatch):
    dataset = open_data(write(tmp_path / "set", files()), workspace)
    searches = NearSearches(workspace)

    def broken(*_):
        raise OSError("the disk is gone")
        yield

    with monkeypatch.context() as patched:
        patched.setattr(near, "near_groups", broken)
        failed = ended(searches.begin(dataset))
    assert isinstance(failed.error, OSError)
    assert ended(searches.begin(dataset)).error is None
    monkeypatch.setattr(near_search, "KEPT", 1)
    other = open_data(write(tmp_path / "other", {**files(), "a/50.png": encoded(scene(50, 64))}), workspace)
    ended(searches.begin(other))
    assert searches.get(dataset.id) is None
