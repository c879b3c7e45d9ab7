"""A Hugging Face folder goes to the Hub when asked, under the user's token; what the Hub refuses is said."""

import json
from pathlib import Path
from typing import ClassVar

import huggingface_hub
import pytest

from resnet_studio.cli import main
from resnet_studio.commands import exports as command
from resnet_studio.errors import ExportError
from resnet_studio.evaluation.certificate import Certificate
from resnet_studio.model.exports import hub

MEASURED = Certificate(
    format="huggingface", file="cups", sha256="", megabytes=45.0, pictures=0, agreement=None, largest_difference=None,
    scored_on="test", accuracy=None, interval=None, app_accuracy=None, app_interval=None, milliseconds=None,
    app_milliseconds=None, unreadable=0, lossy=False, checked=False, created="", studio_version="", network="", run="",
)  # fmt: skip


class Hub:
    """Stands in for the Hub's client: notes what it is asked, or raises ``error``."""

    calls: ClassVar[list] = []
    error = None

    def __init__(self, token=None):
        self.token = token

    def create_repo(self, repo_id, *, private, exist_ok):
        huggingface_hub.utils.validate_repo_id(repo_id)
        if self.error:
            raise self.error
        self.calls.append(("create", self.token, repo_id, private, exist_ok))
        return huggingface_hub.RepoUrl(f"https://huggingface.co/{repo_id}")

    def upload_folder(self, *, repo_id, folder_path, commit_message):
        self.calls.append(("upload", self.token, repo_id, Path(folder_path)))


@pytest.fixture
def asked(monkeypatch):
    monkeypatch.setattr(huggingface_hub, "HfApi", Hub)
    monkeypatch.setattr(huggingface_hub, "get_token", lambda: "hf_own")
    monkeypatch.setattr(Hub, "calls", [])
    return Hub.calls


def test_the_folder_is_pushed_under_the_token_of_the_user_and_private(asked, tmp_path):
    address = hub.push(tmp_path, "ada/cups")
    assert address == "https://huggingface.co/ada/cups"
    assert asked == [("create", "hf_own", "ada/cups", True, True), ("upload", "hf_own", "ada/cups", tmp_path)]
    hub.push(tmp_path, "ada/cups", public=True, token="hf_other")
    assert asked[2] == ("create", "hf_other", "ada/cups", False, True)


def test_what_the_hub_refuses_is_one_sentence(asked, tmp_path, monkeypatch):
    with pytest.raises(ExportError, match="no name for a repository"):
        hub.push(tmp_path, "no name/at all/this")
    monkeypatch.setattr(Hub, "error", ConnectionError("nobody there\nand a long story"))
    with pytest.raises(ExportError, match=r"nobody there$"):
        hub.push(tmp_path, "ada/cups")
    monkeypatch.setattr(huggingface_hub, "get_token", lambda: None)
    with pytest.raises(ExportError, match="hf auth login"):
        hub.push(tmp_path, "ada/cups")
    assert not asked


def test_the_command_pushes_what_it_exported_and_only_a_hugging_face_folder(asked, tmp_path, monkeypatch, capsys):
    made = command.model_export_api.Exported(tmp_path / "cups", MEASURED)
    monkeypatch.setattr(command.model_export_api, "export", lambda *_, **__: made)
    monkeypatch.setattr(command.Workspace, "find_run", lambda *_: "a run")
    given = ["--workspace", str(tmp_path / "workspace"), "--json", "--push", "ada/cups"]
    assert main(["export", "last", "--format", "onnx", *given]) == 2 and not asked
    assert "--format huggingface" in capsys.readouterr().out
    assert main(["export", "last", "--format", "huggingface", *given]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["pushed"] == "https://huggingface.co/ada/cups"
    assert main(["export", "last", "--format", "huggingface", *given[:-2]]) == 0 and len(asked) == 2
