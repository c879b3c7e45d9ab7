"""What the page does to a data set, the command line does too."""

from __future__ import annotations

import json
import zipfile

import made
import pytest

from resnet_studio import cli

pytestmark = pytest.mark.usefixtures("narrow")


@pytest.fixture
def command(workspace, capsys):
    def call(*arguments, status=0):
        found = cli.main([*map(str, arguments), "--json", "--workspace", str(workspace.root)])
        out, _ = capsys.readouterr()
        assert found == status, out
        return json.loads(out.strip().splitlines()[-1])

    return call


@pytest.fixture
def data(class_zip):
    return class_zip({"cat": 8, "dog": 8})


@pytest.mark.slow
def test_edits_are_done_undone_and_listed(command, data):
    first = command("check", data)
    moved = command("dataset", "edit", data, "--move", "cat/1.png", "cat/2.png", "--to", "dog", "--why", "seen")
    assert moved["classes"] == {"cat": 6, "dog": 10}
    assert moved["dataset"] != moved["parent"]
    renamed = command("dataset", "edit", data, "--rename", "dog", "hound")
    assert renamed["parent"] == moved["dataset"]
    assert command("dataset", "undo", data)["dataset"] == moved["dataset"]
    assert command("dataset", "redo", data)["classes"] == {"cat": 6, "hound": 10}
    log = command("dataset", "log", data)
    assert [row["kind"] for row in log["log"]] == ["move", "rename", "undo", "redo"]
    assert log["edits"] == 2 and log["log"][0]["why"] == "seen"
    assert command("dataset", "undo", data, "--steps", 2)["classes"] == first["classes"]


@pytest.mark.slow
def test_what_was_edited_counts_wherever_the_data_set_is_used_and_can_be_left_aside(command, data):
    edited = command("dataset", "edit", data, "--leave-out", "--class", "cat", "--to", "", status=0)
    assert edited["classes"] == {"dog": 8}
    command("dataset", "undo", data)
    edited = command("dataset", "edit", data, "--move", "cat/1.png", "--to", "dog")
    assert command("check", data)["classes"] == {"cat": 7, "dog": 9}
    assert command("check", data, "--original")["classes"] == {"cat": 8, "dog": 8}
    assert command("check", f"dataset:{edited['dataset']}")["classes"] == {"cat": 7, "dog": 9}
    assert command("check", f"dataset:{edited['parent']}", "--original")["classes"] == {"cat": 8, "dog": 8}


@pytest.mark.parametrize(
    ("arguments", "classes"),
    [
        (("--merge", "cat", "dog", "--to", "pet"), {"pet": 16}),
        (("--leave-out", "1.png"), None),
        (("--leave-out", "cat/1.png"), {"cat": 7, "dog": 8}),
        (("--remove", "cat/1.png", "dog/1.png"), {"cat": 7, "dog": 7}),
        (("--keep", "cat/1.png"), {"cat": 8, "dog": 8}),
        (("--together", "cat/1.png", "cat/2.png"), {"cat": 8, "dog": 8}),
        (("--set-part", "cat/1.png", "--part", "test"), {"cat": 8, "dog": 8}),
        (("--move", "--class", "cat", "--to", "dog"), {"dog": 16}),
        (("--move", "cat/1.png"), None),
        (("--move", "cow/1.png", "--to", "dog"), None),
        (("--rename", "cow", "ox"), None),
        ((), None),
    ],
)
def test_each_action(command, data, arguments, classes):
    answer = command("dataset", "edit", data, *arguments, status=0 if classes else 2)
    assert answer.get("classes") == classes
    assert ("error" in answer) is (classes is None)


def test_pictures_are_added_and_put_back_and_listed_in_a_file(command, data, tmp_path):
    extra = made.write(tmp_path / "more", {"new.png": made.picture(99), "bad.png": b"nothing", "readme.txt": b"x"})
    answer = command("dataset", "edit", data, "--add", extra, "--to", "bird")
    assert answer["classes"] == {"bird": 1, "cat": 8, "dog": 8}
    assert set(answer["refused"]) == {"bad.png", "readme.txt"}
    names = tmp_path / "names.txt"
    names.write_text("cat/1.png\ncat/2.png\n", encoding="utf-8")
    assert command("dataset", "edit", data, "--leave-out", "--list", names)["classes"]["cat"] == 6
    assert command("dataset", "edit", data, "--put-back", "cat/2.png")["classes"]["cat"] == 7


def test_the_mended_set_is_saved(command, data, tmp_path):
    command("dataset", "edit", data, "--move", "cat/1.png", "--to", "dog")
    answer = command("dataset", "export", data, tmp_path / "out.zip")
    assert (answer["pictures"], answer["edits"]) == (16, 1)
    with zipfile.ZipFile(answer["path"]) as archive:
        assert "dog/1 (2).png" in archive.namelist() and "changes.csv" in archive.namelist()
    original = command("dataset", "export", data, tmp_path / "was.zip", "--original")
    assert original["edits"] == 0
    assert "error" in command("dataset", "export", data, tmp_path, status=2)


@pytest.mark.slow
def test_a_run_on_an_edited_set_is_reopened_and_evaluated_after_later_edits(command, data, workspace):
    fast = ["--weights", "scratch", "--epochs", "1", "--picture-size", "16", "--precision", "fp32"]
    edited = command("dataset", "edit", data, "--move", "cat/1.png", "--to", "dog")
    run = command("train", data, *fast)
    assert workspace.run(run["run"]).about["dataset"] == edited["dataset"]
    command("dataset", "edit", data, "--rename", "dog", "hound")
    answer = command("evaluate", run["run"], f"dataset:{edited['dataset']}")
    assert answer["pictures"] == 16 and answer["trained_on"] > 0
    assert command("evaluate", run["run"], data, "--original")["pictures"] == 16


def grouped(command, data):
    """The sizes of the groups that a training would keep together, the largest first."""
    together = command("check", data)["together"]
    return together["groups"], together["pictures"]


@pytest.mark.slow
def test_group_by_keeps_together_what_names_folders_times_and_tables_say(command, tmp_path):
    files = {f"{kind}/{mug}_{shot}.png": made.picture(40 * at + shot) for at, (kind, mug) in enumerate(
        (("cat", "tom"), ("cat", "kit"), ("dog", "rex"), ("dog", "bo"))) for shot in range(4)}  # fmt: skip
    data = made.write(tmp_path / "set", files)
    before = command("check", data)
    command("dataset", "edit", data, "--group-by", "name")
    assert grouped(command, data) == (4, 16)
    assert command("dataset", "log", data)["log"][-1]["kind"] == "groups"
    command("dataset", "undo", data)
    assert command("check", data)["together"] == before["together"]
    table = tmp_path / "mugs.csv"
    table.write_text("picture,mug,day\n" + "".join(f"{name},{name[:5]},{at}\n" for at, name in enumerate(files)))
    command("dataset", "edit", data, "--group-by", f"csv:{table}#mug", "--why", "mugs")
    assert grouped(command, data) == (4, 16)
    assert command("dataset", "log", data)["log"][-1]["why"] == "mugs"
    for wrong in (
        "csv:/nowhere.csv",
        f"csv:{table}#cup",
        "folder",
        "time:0",
        "time:60",
        "near",
        "auto",
        "column:mug",
        "x",
    ):
        assert "error" in command("dataset", "edit", data, "--group-by", wrong, status=2), wrong
    assert grouped(command, data) == (4, 16)


def test_what_leaks_across_preset_parts_is_named_and_moved_to_training_by_one_command(command, tmp_path):
    files = {f"train/{'ab'[n % 2]}/{n}.png": made.encoded(made.scene(n, 64)) for n in range(10)}
    files |= {f"test/{'ab'[n % 2]}/{n}.png": made.encoded(made.scene(n, 64)) for n in range(20, 26)}
    files["test/a/smaller.png"] = made.encoded(made.scene(2, 64).resize((48, 48)))
    files["test/b/same.png"] = files["train/b/3.png"]
    data = made.write(tmp_path / "set", files)

    def leaking():
        found = command("check", data, "--near-duplicates")["findings"]
        return sorted(sorted(each["files"]) for each in found if each["kind"] == "leak")

    assert leaking() == [["test/a/smaller.png", "train/a/2.png"], ["test/b/same.png", "train/b/3.png"]]
    moved = command("dataset", "edit", data, "--leaks-to-training")
    assert moved["edits"] == 1 and leaking() == []
    assert command("check", data)["split"]["test"] == 6
    assert "error" in command("dataset", "edit", data, "--leaks-to-training", status=2)
    assert command("dataset", "undo", data)["edits"] == 0 and len(leaking()) == 2
