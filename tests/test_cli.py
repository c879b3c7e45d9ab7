"""The command line is a contract: exit status, one JSON object, one sentence."""

import contextlib
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import made
import pytest
import torch

from resnet_studio import cli
from resnet_studio.errors import DataError, RunError
from resnet_studio.model.architecture import find
from resnet_studio.model.checkpoint import load
from resnet_studio.model.libraries import is_installed

pytestmark = pytest.mark.usefixtures("narrow")

FAST = ["--weights", "scratch", "--epochs", "2", "--batch-size", "16", "--picture-size", "16", "--precision", "fp32"]
COMMANDS = ["check", "train", "resume", "evaluate", "predict", "runs", "rename", "ui"]


@pytest.fixture
def command(workspace, capsys):
    def call(*arguments):
        status = cli.main([*map(str, arguments), "--workspace", str(workspace.root)])
        out, err = capsys.readouterr()
        return status, out, err

    return call


def answer(out):
    *_, last = out.strip().splitlines()
    return json.loads(last)


@pytest.fixture(scope="module")
def trained_once(tmp_path_factory):
    """A workspace in which ``train`` was run, and what it answered."""
    folder, out = tmp_path_factory.mktemp("trained"), io.StringIO()
    pictures = made.zipped(folder / "pictures.zip", made.class_files({"cat": 12, "dog": 12}))
    with contextlib.redirect_stdout(out):
        assert cli.main(["train", str(pictures), "--json", *FAST, "--workspace", str(folder / "workspace")]) == 0
    return folder / "workspace", answer(out.getvalue())


@pytest.fixture
def trained(workspace, trained_once):
    """What ``train`` answered; its workspace is copied to that of this test."""
    original, said = trained_once
    shutil.copytree(original, workspace.root, dirs_exist_ok=True)
    inside = Path(said["checkpoint"]).relative_to(original)
    return {**said, "checkpoint": str(workspace.root / inside)}


@pytest.mark.slow
def test_train_tells_everything_that_it_promises(trained):
    promised = {
        "run", "checkpoint", "classes", "depth", "freeze", "weights", "epochs_run", "validation_accuracy",
        "test_accuracy", "train_seconds", "device",
    }  # fmt: skip
    assert promised <= trained.keys()
    assert trained["classes"] == ["cat", "dog"] and trained["depth"] == 18 and trained["epochs_run"] == 2
    assert trained["weights"] == "scratch" and 0 <= trained["test_accuracy"] <= 1
    assert trained["notes"] == []


@pytest.mark.slow
def test_train_tells_its_words_of_caution(command, class_zip):
    _, out, err = command("train", class_zip({"cat": 12, "dog": 12}), "--json", *FAST, "--freeze", "layer4")
    (note,) = answer(out)["notes"]
    assert "random weights" in note and note in err


@pytest.mark.slow
def test_nothing_but_the_object_is_on_standard_output(command, class_zip):
    _, out, err = command("train", class_zip({"cat": 12, "dog": 12}), "--json", *FAST)
    assert len(out.strip().splitlines()) == 1 and "epoch" in err


def test_predict_answers_for_each_picture_and_names_a_bad_one(command, trained, tmp_path):
    good, bad = tmp_path / "good.png", tmp_path / "bad.png"
    good.write_bytes(made.picture(3))
    bad.write_bytes(b"nothing")
    status, out, _ = command("predict", trained["run"], good, bad, "--json")
    first, second = answer(out)["predictions"]
    assert status == 0 and first["file"] == str(good) and first["label"] in ("cat", "dog")
    assert sum(first["scores"].values()) == pytest.approx(1, abs=1e-5)
    assert first["probability"] == pytest.approx(max(first["scores"].values()))
    assert "error" in second and "label" not in second
    status, out, err = command("predict", trained["checkpoint"], bad, "--json")
    assert status == 2 and "Traceback" not in err and "bad.png" in answer(out)["error"]


def test_predict_takes_a_folder(command, trained, tmp_path):
    made.write(tmp_path / "new", {"a.png": made.picture(1), "deep/b.png": made.picture(2), ".hidden.png": b"x"})
    _, out, _ = command("predict", "last", tmp_path / "new", "--json")
    assert [row["file"].rsplit("/")[-1] for row in answer(out)["predictions"]] == ["a.png", "b.png"]


def test_predict_takes_a_zip_in_the_order_in_which_people_count(command, trained, tmp_path):
    names = ["a10.png", "a9.png", "deep/a1.png", "Thumbs.db"]
    zipped = made.zipped(tmp_path / "new.zip", {name: made.picture(number) for number, name in enumerate(names)})
    _, out, _ = command("predict", "last", zipped, "--json")
    found = [row["file"] for row in answer(out)["predictions"]]
    assert found == [f"{zipped}/{name}" for name in ("a9.png", "a10.png", "deep/a1.png")]


def test_predict_classifies_the_pictures_without_labels_of_a_data_set(command, trained, tmp_path):
    files = made.class_files({"train/cat": 4, "train/dog": 4}) | {
        f"test/{n}.png": made.picture(60 + n) for n in range(3)
    }
    folder, archive = made.write(tmp_path / "data", files), made.zipped(tmp_path / "data.zip", files)
    for source in (folder, archive):
        status, out, _ = command("predict", "last", source, "--unlabelled", "--json")
        rows = answer(out)["predictions"]
        assert status == 0 and [row["file"].rsplit("/", 2)[1:] for row in rows] == [
            ["test", f"{n}.png"] for n in range(3)
        ]
        assert all(row["label"] in ("cat", "dog") for row in rows)
    status, _, err = command(
        "predict", "last", made.write(tmp_path / "plain", made.class_files({"a": 2, "b": 2})), "--unlabelled"
    )
    assert status == 2 and "no pictures without labels" in err


@pytest.mark.slow
def test_what_could_be_meant_otherwise_comes_with_the_options_for_it(command, tmp_path):
    folder = made.write(
        tmp_path / "data", made.class_files({f"{top}/{kind}": 4 for top in ("x", "y") for kind in "ab"})
    )
    _, out, _ = command("check", folder, "--json")
    found = answer(out)
    (layout,) = [finding for finding in found["findings"] if finding["kind"] == "layout"]
    assert found["classes"] == {"x": 8, "y": 8} and found["choices"] == {}
    options = [offer["options"] for offer in layout["offers"]]
    assert options == [["--layout", "inner"], ["--folder", "x"], ["--folder", "y"], ["--layout", "classes"]]
    found = answer(command("check", folder, "--json", *options[0])[1])
    assert found["classes"] == {"a": 8, "b": 8} and found["choices"] == {"layout": "inner"}
    assert "--layout inner" in command("check", folder)[1]
    status, out, _ = command("train", folder, "--json", *FAST, "--folder", "x")
    assert status == 0 and answer(out)["classes"] == ["a", "b"]
    assert command("check", folder, "--layout", "sideways")[0] == 2


@pytest.mark.slow
def test_which_column_has_the_labels_is_asked_before_a_training(command, tmp_path):
    pictures = made.class_files({"all": 12})
    rows = [f"{n}.png,{'round' if n % 2 else 'square'},{('red', 'blue')[n // 6]}" for n in range(12)]
    table = "\n".join(["file,shape,the colour", *rows]).encode()
    folder = made.write(tmp_path / "data", {**pictures, "all/about.csv": table})
    status, out, _ = command("check", folder, "--json")
    found = answer(out)
    (asked,) = [finding for finding in found["findings"] if "offers" in finding]
    assert status == 0 and [offer["options"][1] for offer in asked["offers"]] == ["shape", "the colour"]
    assert "--label-column 'the colour'" in command("check", folder)[1]
    status, out, err = command("train", folder, *FAST)
    assert status == 2 and "--label-column shape or --label-column 'the colour'" in err and "Traceback" not in err
    status, out, _ = command("train", folder, "--json", *FAST, "--label-column", "the colour")
    assert status == 0 and answer(out)["classes"] == ["blue", "red"]
    assert command("check", folder, "--label-column", "size")[0] == 2
    assert command("check", folder, "--folder", "../x")[0] == 2


def test_evaluate_scores_and_refuses_classes_that_the_model_does_not_know(command, trained, class_folders):
    status, out, _ = command("evaluate", trained["run"], class_folders({"dog": 6, "cat": 6}, "again"), "--json")
    found = answer(out)
    assert status == 0 and found["pictures"] == 12 and set(found["per_class"]) == {"cat", "dog"}
    assert found["accuracy"] == sum(score["correct"] for score in found["per_class"].values()) / 12
    beside = class_folders({"cat": 6, "unlabelled": 3}, "beside")
    status, out, _ = command("evaluate", trained["run"], beside, "--json")
    found = json.loads(out.splitlines()[-1])
    assert status == 0 and found["pictures"] == 6 and any("unlabelled" in note for note in found["notes"])
    status, _, err = command("evaluate", trained["run"], class_folders({"dog": 6, "fish": 6}, "other"), "--json")
    assert status == 2 and "fish" in err


def test_check_counts_and_finds(command, class_folders):
    folder = class_folders({"cat": 12, "dog": 60})
    (folder / "cat" / "notes.txt").write_text("hello")
    status, out, _ = command("check", folder, "--json")
    found = answer(out)
    assert status == 0 and found["classes"] == {"cat": 12, "dog": 60}
    assert all(set(finding) == {"kind", "message", "files"} for finding in found["findings"])
    assert any("cat/notes.txt" in finding["files"] for finding in found["findings"])


def test_runs_lists_deletes_and_resume_refuses_a_finished_run(command, trained):
    _, out, _ = command("runs", "--json")
    (row,) = answer(out)["runs"]
    assert row["run"] == trained["run"] and row["status"] == "finished"
    status, _, err = command("resume", trained["run"])
    assert status == 2 and "all its epochs" in err
    assert command("runs", "--delete", trained["run"])[0] == 0
    assert answer(command("runs", "--json")[1])["runs"] == []


def test_the_cache_can_be_cleared_and_is_filled_again(command, trained, workspace):
    _, out, _ = command("runs", "--clear-cache", "--json")
    assert answer(out)["freed_bytes"] > 0 and not list(workspace.cache.rglob("*.npy"))
    assert answer(command("runs", "--clear-cache", "--json")[1])["freed_bytes"] == 0


def test_the_logs_can_be_written_for_tensorboard(command, trained, tmp_path):
    pytest.importorskip("tensorboard")
    status, _, _ = command("runs", "--tensorboard", tmp_path / "logs")
    assert status == 0
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(str(tmp_path / "logs" / trained["run"])).Reload()
    assert len(found.Scalars("accuracy/validation")) == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["train"], "required"),
        (["fly"], "invalid choice"),
        (["train", "x", "--depth", "19"], "18, 34, 50"),
        (["train", "x", "--family", "resnext"], "50, 101"),
        (["train", "x", "--arch", "resnet51"], "resnext50_32x4d"),
        (["train", "x", "--arch", "resnext50", "--depth", "101"], "leave one of the two out"),
        (["train", "x", "--arch", "resnext50", "--family", "resnet"], "has family resnext"),
        (["train", "x", "--epochs", "none"], "whole number"),
        (["train", "x", "--freeze", "head"], "layer4"),
        (["train", "/nowhere/at/all"], "/nowhere/at/all"),
        (["train", "sample:unicorns"], "unicorns"),
        (["resume", "nothing"], "nothing"),
        (["predict", "nothing", "x.png"], "nothing"),
        (["predict", "nothing"], "Name pictures or folders"),
        (["evaluate", "nothing", "x"], "nothing"),
        (["runs", "--delete", "../.."], "no run"),
        (["train", "sample:digits", "--weights", "/no/such.safetensors"], "such.safetensors"),
        (["train", "sample:digits", "--device", "abacus"], "abacus"),
    ],
)
def test_bad_input_is_one_sentence_on_standard_error_and_status_2(command, arguments, says):
    status, out, err = command(*arguments, "--json")
    assert status == 2
    assert says in err and "Traceback" not in err and len(err.strip().splitlines()) == 1
    assert answer(out) == {"error": err.strip()}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["label-next"], "required: RUN;"), (["predict"], "required: RUN_OR_CHECKPOINT;"),
        (["label-next", "last", "--pseudo-label", "x"], "--pseudo-label: 'x' is no number;"),
        (["train", "x", "--seeds", "x"], "--seeds: 'x' is no whole number;"),
        (["set-unknown", "last", "--accept", "x"], "--accept: 'x' is no number;"),
    ],
)  # fmt: skip
def test_misuse_names_what_is_needed_and_nothing_of_the_program_inside(arguments, says, capsys):
    assert cli.main([*arguments, "--json"]) == 2
    assert says in json.loads(capsys.readouterr().out)["error"]


def test_a_failure_of_ours_is_status_1_and_no_traceback_on_the_output(command, class_zip, monkeypatch):
    monkeypatch.setattr("resnet_studio.training.session.Session.step", lambda *_: 1 / 0)
    status, out, _ = command("train", class_zip({"cat": 12, "dog": 12}), "--json", *FAST)
    assert status == 1 and "ZeroDivisionError" in answer(out)["error"]


FAMILIES = ["seresnet18", *(pytest.param(name, marks=pytest.mark.long) for name in ("resnet18d", "resnext50_32x4d"))]


@pytest.mark.slow
@pytest.mark.parametrize("arch", FAMILIES)
def test_a_network_of_another_family_is_trained_tried_and_trained_on(arch, command, class_zip, tmp_path):
    if not is_installed(find(arch).library):
        pytest.skip("timm is not installed: pip install timm")
    data, depth = class_zip({"cat": 12, "dog": 12}), find(arch).depth
    fast = ("--arch", arch, "--epochs", "2", "--size", "32", "--depth", depth, "--augmentation", "none", "--json")
    status, out, err = command("train", data, "--weights", "scratch", *fast)
    assert status == 0, err
    first = answer(out)
    assert (first["architecture"], first["family"], first["depth"]) == (arch, find(arch).family, depth)
    # kept features of a frozen part, from the weights of that run
    status, out, err = command("train", data, "--weights", first["checkpoint"], "--freeze", "layer3", *fast)
    assert status == 0, err
    second = answer(out)
    listed = {run["run"]: run for run in answer(command("runs", "--json")[1])["runs"]}
    assert all(listed[one["run"]]["architecture"] == arch for one in (first, second))
    before, after = (load(Path(one["checkpoint"])) for one in (first, second))
    assert after.card.network is find(arch)
    same = {
        name: torch.equal(value, after.model.state_dict()[name]) for name, value in before.model.state_dict().items()
    }
    assert all(kept for name, kept in same.items() if not name.startswith(("layer4", "fc")))
    assert not all(kept for name, kept in same.items() if name.startswith("layer4"))
    (tmp_path / "new.png").write_bytes(made.picture(5))
    assert command("predict", second["run"], tmp_path / "new.png", "--json")[0] == 0


def test_a_network_whose_library_is_missing_is_status_2(command, class_zip, monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    status, out, err = command("train", class_zip({"cat": 12, "dog": 12}), "--arch", "seresnet18", "--json")
    assert status == 2 and "pip install" in answer(out)["error"] and "resnet-studio[timm]" in err
    status, out, _ = command("runs", "--json")
    assert status == 0 and answer(out)["runs"] == []


@pytest.mark.slow
def test_every_command_explains_itself_at_once():
    """In one process of their own, which must not have imported torch for any of them."""
    code = f"""
import contextlib, io, json, sys
from resnet_studio.cli import main
said = {{}}
for name in {COMMANDS!r}:
    with contextlib.redirect_stdout(io.StringIO()) as out:
        try:
            status = main([name, "--help"])
        except SystemExit as end:
            status = end.code
    said[name] = [status or 0, out.getvalue()]
print(json.dumps([said, sorted({{"torch", "gradio"}} & set(sys.modules))]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    said, heavy = json.loads(done.stdout)
    bad = [name for name, (status, out) in said.items() if status or "--json" not in out or "--workspace" not in out]
    assert set(said) == set(COMMANDS) and not bad and not heavy


@pytest.mark.slow
def test_every_setting_is_an_option():
    done = subprocess.run([sys.executable, "-m", "resnet_studio", "train", "--help"], capture_output=True, text=True)
    for option in (
        "--depth",
        "--family",
        "--arch",
        "--freeze",
        "--weights",
        "--size",
        "--learning-rate",
        "--no-average-weights",
        "--mix",
    ):
        assert option in done.stdout


@pytest.mark.slow
def test_the_python_api_is_three_lines(class_zip, workspace, tmp_path):
    import resnet_studio as studio

    data = studio.open_data(class_zip({"cat": 12, "dog": 12}), workspace)
    run = studio.train(data, workspace=workspace, weights="scratch", epochs=1, picture_size=16)
    (tmp_path / "new.png").write_bytes(made.picture(5))
    with pytest.raises(studio.StudioError, match="leave one of the two out"):
        studio.train(data, workspace=workspace, arch="resnext50", depth=101)
    (found,) = studio.predict(run, tmp_path / "new.png")
    assert found.label in ("cat", "dog") and 0 <= found.probability <= 1
    assert studio.evaluate(run, data).count == 24
    with pytest.raises(RunError):
        studio.resume(run)


def test_a_run_can_be_renamed_and_noted(command, trained):
    status, out, _ = command("rename", "last", "  Katzen\nund   Hunde ", "--note", "first try", "--json")
    assert status == 0
    assert answer(out) == {"run": trained["run"], "name": "Katzen und Hunde", "note": "first try"}
    (row,) = answer(command("runs", "--json")[1])["runs"]
    assert (row["name"], row["note"], row["run"]) == ("Katzen und Hunde", "first try", trained["run"])
    assert row["seconds"] >= trained["train_seconds"] > 0 and row["started_by"] == "program"
    assert answer(command("rename", "last", "--note", "", "--json")[1])["name"] == "Katzen und Hunde"
    assert answer(command("runs", "--json")[1])["runs"][0]["note"] == ""
    assert "Katzen und Hunde" in command("runs")[1]


@pytest.mark.parametrize("given", [["last", "  "], ["last", "x" * 121], ["last"], ["nothing", "a"]])
def test_a_name_that_cannot_be_is_refused_and_changes_nothing(command, trained, given):
    status, _, err = command("rename", *given)
    assert status == 2 and len(err.strip().splitlines()) == 1
    (row,) = answer(command("runs", "--json")[1])["runs"]
    assert row["name"] == "pictures-resnet18"


@pytest.mark.slow
def test_a_public_set_says_how_much_it_downloads_and_on_which_terms(command, monkeypatch):
    def no_network(key, workspace, **_):
        raise DataError("error.public.no_network", name=key)

    monkeypatch.setattr("resnet_studio.data.samples.open_public", no_network)
    code, out, err = command("check", "public:cifar10")
    assert (code, out) == (2, "")
    first, *_, last = err.strip().splitlines()
    assert "CIFAR-10, 163 MB" in first and "Krizhevsky" in first
    assert "network" in last


def test_no_name_of_a_class_turns_the_direction_of_a_line(tmp_path, capsys):
    names = ("cat\u202egod", "dog\u2066", "كلب")
    files = {
        f"{name}/{number}.png": made.picture(10 * at + number) for at, name in enumerate(names) for number in range(4)
    }
    folder = made.write(tmp_path / "pets", files)
    assert cli.main(["check", str(folder), "--workspace", str(tmp_path / "workspace")]) == 0
    out, err = capsys.readouterr()
    assert "cat\\u202egod" in out and "كلب" in out and not set("\u202e\u2066") & set(out + err)


@pytest.mark.slow
def test_a_picture_of_a_zip_that_cannot_be_read_is_called_as_it_is_there(command, trained, tmp_path):
    given = made.zipped(tmp_path / "in.zip", {"in/cut.pgm": b"P5 4 4 255\n12", "in/sound.png": made.picture(1)})
    status, out, _ = command("predict", trained["run"], given, "--json")
    (row,) = [each for each in answer(out)["predictions"] if "error" in each]
    assert status == 0 and row["file"].endswith("in/cut.pgm") and "cut.pgm" in row["error"]
