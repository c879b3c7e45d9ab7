"""Models that others trained come in: they answer as they do in their own library."""

import json

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torchvision import models, transforms

import resnet_studio as studio
from resnet_studio.api.importing import import_model
from resnet_studio.cli import main
from resnet_studio.errors import CheckpointError, StudioError
from resnet_studio.model import foreign

NAMES = ("cat", "dog", "猫头鹰")


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    made = models.resnet18(num_classes=3).eval()
    for module in made.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
    return made


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    path = tmp_path_factory.mktemp("picture") / "a.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype=np.uint8)).save(path)
    return path


def scores_of(network, picture, resize, crop):
    prepare = transforms.Compose([
        transforms.Resize(resize), transforms.CenterCrop(crop), transforms.ToTensor(),
        transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    ])  # fmt: skip
    with torch.inference_mode():
        return network(prepare(Image.open(picture)).unsqueeze(0)).softmax(1)[0].tolist()


def bare(state):
    return state


def checkpoint(state):
    return {"epoch": 3, "state_dict": state}


def parallel(state):
    return {f"module.{name}": value for name, value in state.items()}


@pytest.mark.slow
@pytest.mark.parametrize("wrapped", [bare, checkpoint, parallel])
def test_a_state_dict_with_its_classes_answers_as_it_does_elsewhere(wrapped, network, picture, workspace, tmp_path):
    torch.save(wrapped(network.state_dict()), tmp_path / "theirs.pth")
    (tmp_path / "names.txt").write_text("\n".join(NAMES) + "\n", encoding="utf-8")
    found = import_model(tmp_path / "theirs.pth", classes=tmp_path / "names.txt", side=64, workspace=workspace)
    assert found.card.classes == NAMES and found.card.network.name == "resnet18"
    assert found.file.parent == workspace.imports
    (said,) = studio.predict(str(found.file), picture, workspace=workspace)
    assert [dict(said.scores)[name] for name in NAMES] == pytest.approx(scores_of(network, picture, 73, 64), abs=1e-5)


@pytest.mark.slow
def test_a_folder_for_the_hub_says_its_classes_and_sizes_itself(network, picture, workspace, tmp_path):
    save_file(network.state_dict(), tmp_path / "model.safetensors")
    given = {"input_size": [3, 96, 96], "crop_pct": 0.875, "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
    (tmp_path / "config.json").write_text(json.dumps({"label_names": NAMES, "pretrained_cfg": given}), encoding="utf-8")
    found = import_model(tmp_path / "model.safetensors", workspace=workspace)
    assert (found.card.preprocessing.resize, found.card.preprocessing.crop) == (110, 96)
    (said,) = studio.predict(str(found.file), picture, workspace=workspace)
    assert [dict(said.scores)[name] for name in NAMES] == pytest.approx(scores_of(network, picture, 110, 96), abs=1e-5)


@pytest.mark.slow
def test_the_command_asks_for_the_classes_and_says_what_came(network, workspace, tmp_path, capsys):
    torch.save(network.state_dict(), tmp_path / "theirs.pt")
    arguments = ["import", str(tmp_path / "theirs.pt"), "--json", "--workspace", str(workspace.root)]
    assert main(arguments) == 2
    assert "what its 3 classes are called" in json.loads(capsys.readouterr().out)["error"]
    (tmp_path / "names.json").write_text(json.dumps({"dog": 1, "cat": 0, "猫头鹰": 2}), encoding="utf-8")
    assert main([*arguments, "--classes", str(tmp_path / "names.json"), "--size", "32"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["kind"], found["classes"], found["architecture"]) == ("model", list(NAMES), "resnet18")
    assert main([*arguments, "--classes", str(tmp_path / "names.json"), "--size", "1"]) == 2
    assert main(["import", str(tmp_path / "nothing.pt"), "--json"]) == 2


class Evil:
    def __reduce__(self):
        return exec, ("raise SystemExit('ran')",)


@pytest.mark.parametrize(("content", "key"), [
    (lambda state: Evil(), "error.checkpoint.code"),
    (lambda state: {"fc.weight": torch.zeros(3, 3)}, "error.weights.not_resnet"),
    (lambda state: {**state, "fc.bias": torch.full((3,), torch.nan)}, "error.checkpoint.not_finite"),
    (lambda state: {**{k: v for k, v in state.items() if k[:3] != "fc."}, "fc.0.weight": torch.zeros(3, 512)},
     "error.import.head"),
    (lambda state: {**state, "fc.weight": torch.zeros(4, 512), "fc.bias": torch.zeros(4)},
     "error.import.other_classes"),
    (lambda state: {**state, "layer1.0.conv1.weight": torch.zeros(64, 64, 5, 5)}, "error.weights.not_resnet"),
])  # fmt: skip
def test_what_is_no_such_model_is_refused_in_a_sentence(content, key, network, workspace, tmp_path):
    torch.save(content(network.state_dict()), tmp_path / "theirs.pt")
    with pytest.raises(StudioError) as caught:
        import_model(tmp_path / "theirs.pt", classes=NAMES, workspace=workspace)
    assert caught.value.key == key
    assert not list(workspace.imports.glob("*"))


@pytest.mark.parametrize("content", [b"", b"a\na\n", b"\xff\xfe\x00", b'{"a": [1]}', b"[" * 100_000])
def test_a_list_of_classes_that_is_none_is_refused(content, tmp_path):
    (tmp_path / "names.txt").write_bytes(content)
    with pytest.raises(CheckpointError, match="no list of classes"):
        foreign.names_in(tmp_path / "names.txt")


def test_the_names_of_imagenet_are_a_thousand_and_each_once():
    assert len(foreign.imagenet()) == len(set(foreign.imagenet())) == 1000
