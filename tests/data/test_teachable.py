"""The project file of Teachable Machine is a data set."""

import json
import zipfile

import made
import pytest

from resnet_studio.cli import main
from resnet_studio.data import intake
from resnet_studio.data.opening import open_data
from resnet_studio.errors import DataError

MANIFEST = {
    "type": "image", "version": "2.4.10",
    "appdata": {"publishResult": {}, "trainEpochs": 50, "trainBatchSize": 16, "trainLearningRate": 0.001},
}  # fmt: skip


def project(path, classes, extra=None):
    """As the page writes it: a manifest and pictures in one level, each called by its class and a number."""
    files = made.class_files(classes)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("manifest.json", json.dumps(MANIFEST))
        for name, content in files.items():
            label, _, number = name.partition("/")
            archive.writestr(f"{label}-!-{number}", content)
        for name, content in (extra or {}).items():
            archive.writestr(name, content)
    return path


def test_each_class_of_a_project_is_one_here(workspace, tmp_path):
    found = intake.from_zip(project(tmp_path / "project.tm", {"Class 1": 4, "狗-!-小": 3}), workspace)
    assert found.classes == ("Class 1", "狗-!-小")
    assert [sum(sample.label == label for sample in found.samples) for label in (0, 1)] == [4, 3]
    assert not found.problems


def test_an_audio_project_and_other_names_are_no_such_project(workspace, tmp_path):
    loose = made.class_files({"cat": 3, "dog": 3})
    mixed = project(tmp_path / "mixed.tm", {"a": 3, "b": 3}, loose)
    assert intake.from_zip(mixed, workspace).classes == ("cat", "dog")
    with zipfile.ZipFile(tmp_path / "audio.tm", "w") as archive:
        archive.writestr("manifest.json", json.dumps({**MANIFEST, "type": "audio"}))
        archive.writestr("Clap-!-0.zip", b"PK\x05\x06" + bytes(18))
    with pytest.raises(DataError):
        intake.from_zip(tmp_path / "audio.tm", workspace)


def test_an_unpacked_project_is_the_same_as_its_file(workspace, tmp_path, capsys):
    file = project(tmp_path / "project.tm", {"left": 3, "right-!-er": 5})
    with zipfile.ZipFile(file) as archive:
        archive.extractall(tmp_path / "project")
    packed, unpacked = (open_data(path, workspace) for path in (file, tmp_path / "project"))
    assert packed.classes == unpacked.classes == ("left", "right-!-er")
    assert (packed.id, len(unpacked.samples)) == (unpacked.id, 8)
    assert main(["import", str(tmp_path / "project"), "--json", "--workspace", str(workspace.root)]) == 0
    assert json.loads(capsys.readouterr().out)["pictures"] == 8
    (tmp_path / "project" / "manifest.json").unlink()
    assert open_data(tmp_path / "project", workspace).source == "folder"  # pictures that are called by their class


@pytest.mark.parametrize("files", [
    ("keras_model.h5", "labels.txt"), ("model.savedmodel/saved_model.pb", "labels.txt"),
    ("model.json", "metadata.json", "weights.bin"), ("converted/model_unquant.tflite", "converted/labels.txt"),
])  # fmt: skip
def test_a_model_that_it_trained_is_told_from_a_project(workspace, tmp_path, files):
    with zipfile.ZipFile(tmp_path / "converted_keras.zip", "w") as archive:
        for name in files:
            archive.writestr(name, b"\x89HDF\r\n\x1a\n" + bytes(90))
    with pytest.raises(DataError, match="Download project as file"):
        open_data(tmp_path / "converted_keras.zip", workspace)
    with zipfile.ZipFile(tmp_path / "converted_keras.zip") as archive:
        archive.extractall(tmp_path / "converted")
    with pytest.raises(DataError, match="Download project as file"):
        open_data(tmp_path / "converted", workspace)


@pytest.mark.parametrize(("name", "content", "said"), [
    ("keras_model.h5", b"\x89HDF\r\n\x1a\n", "Keras"), ("model.tflite", b"\x1c\0\0\0TFL3", "TensorFlow Lite"),
    ("model.json", b'{"modelTopology":{}}', "TensorFlow.js"),
])  # fmt: skip
def test_its_models_are_no_resnets_and_say_so(workspace, tmp_path, capsys, name, content, said):
    (tmp_path / name).write_bytes(content + bytes(90))
    assert main(["import", str(tmp_path / name), "--json", "--workspace", str(workspace.root)]) == 2
    assert said in json.loads(capsys.readouterr().out)["error"]


def test_the_command_takes_it_in(workspace, tmp_path, capsys):
    file = project(tmp_path / "project.tm", {"left": 3, "right": 5})
    assert main(["import", str(file), "--json", "--workspace", str(workspace.root)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["kind"], found["classes"], found["pictures"]) == ("data", ["left", "right"], 8)
