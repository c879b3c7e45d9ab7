"""Starting weights in the wrappings that they are published in."""

import pytest
import torch
import torchvision
from safetensors.torch import save_file
from sweeps import few

from resnet_studio.errors import CheckpointError, WeightsError
from resnet_studio.model.resnet import build
from resnet_studio.model.weights import explain, load_into


@pytest.fixture(scope="module")
def state():
    torch.manual_seed(1)
    return torchvision.models.resnet18(num_classes=5).state_dict()


def named(state, begin):
    return {begin + name: value for name, value in state.items()}


def momentum(state):
    return {"state": {0: {"momentum_buffer": torch.ones(3)}}, "param_groups": [{"lr": 0.1, "params": [0]}]}


WRAPPINGS = {
    "DataParallel": lambda s: {"state_dict": named(s, "module."), "epoch": 3, "arch": "resnet18", "best_acc1": 71.2},
    "Lightning": lambda s: {
        "state_dict": {**named(s, "model."), "loss.weight": torch.ones(5)},
        "epoch": 1, "pytorch-lightning_version": "2.5", "optimizer_states": [momentum(s)],
    },
    "reference script": lambda s: {"model": s, "optimizer": momentum(s), "epoch": 1},
    "backbone": lambda s: {name: v for name, v in named(s, "backbone.").items() if ".fc." not in name},
    "compiled and parallel": lambda s: {"model_state_dict": named(s, "module._orig_mod."), "epoch": 3},
    "self-supervised": lambda s: {
        "state_dict": {**named(s, "module.encoder_q."), **named(s, "module.encoder_k."), "module.queue": torch.ones(9)}
    },
    "table in a table": lambda s: {"state": 1, "model": {"state_dict": named(s, "net.")}},
    "half precision": lambda s: {name: v.half() if v.is_floating_point() else v for name, v in s.items()},
}  # fmt: skip


@pytest.mark.slow
@few("wrapping", WRAPPINGS, keep=4)
def test_weights_are_found_in_the_wrappings_they_are_published_in(wrapping, state, tmp_path):
    path = tmp_path / "weights.pth.tar"
    torch.save(WRAPPINGS[wrapping](state), path)
    model = build(18, 3)
    load_into(model, 18, str(path))
    body = {name: value for name, value in model.state_dict().items() if not name.startswith("fc.")}
    assert all(torch.allclose(value, state[name], atol=1e-3) for name, value in body.items())
    with pytest.raises(WeightsError, match="ResNet-18"):
        load_into(build(34, 3), 34, str(path))


def test_safetensors_with_a_prefix_are_unwrapped_too(state, tmp_path):
    save_file(named(state, "module."), tmp_path / "weights.safetensors")
    model = build(18, 3)
    load_into(model, 18, str(tmp_path / "weights.safetensors"))
    assert torch.equal(model.state_dict()["layer4.1.conv2.weight"], state["layer4.1.conv2.weight"])


def test_any_file_by_its_name_is_a_path(state, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save(WRAPPINGS["Lightning"](state), "last.ckpt")
    assert explain("last.ckpt", 18).key == "checkpoint"


@pytest.mark.parametrize(("name", "content", "framework"), [
    ("keras.h5", b"\x89HDF\r\n\x1a\n" + bytes(500), "Keras"),
    ("m.onnx", b"\x08\x07\x12\x07pytorch" + bytes(300), "ONNX"),
    ("m.tflite", b"\x1c\0\0\0TFL3" + bytes(300), "TensorFlow"),
])  # fmt: skip
def test_files_of_other_frameworks_are_called_so(name, content, framework, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CheckpointError, match=framework) as caught:
        load_into(build(18, 3), 18, str(tmp_path / name))
    assert framework.split()[0] in caught.value.sentence("zh")


def test_a_network_that_is_none_of_ours_stays_refused(tmp_path):
    torch.save({"state_dict": torchvision.models.squeezenet1_0(num_classes=2).state_dict()}, tmp_path / "other.pth")
    with pytest.raises(WeightsError, match="torchvision"):
        load_into(build(18, 3), 18, str(tmp_path / "other.pth"))


def test_code_in_a_wrapping_is_refused_unrun(tmp_path):
    torch.save({"state_dict": torchvision.models.resnet18(num_classes=2)}, tmp_path / "whole.pth")
    with pytest.raises(CheckpointError, match="code"):
        load_into(build(18, 3), 18, str(tmp_path / "whole.pth"))
