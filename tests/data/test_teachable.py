"""The project file of Teachable Machine is a data set."""

import json
import zipfile

import made
import pytest

from resnet_studio.cli import main
from resnet_studio.data import intake
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


def test_the_command_takes_it_in(workspace, tmp_path, capsys):
    file = project(tmp_path / "project.tm", {"left": 3, "right": 5})
    assert main(["import", str(file), "--json", "--workspace", str(workspace.root)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["kind"], found["classes"], found["pictures"]) == ("data", ["left", "right"], 8)
