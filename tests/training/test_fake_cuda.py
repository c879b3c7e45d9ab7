"""Whole trainings on a CUDA card that is not there: a tensor on the wrong device fails here."""

import json
import os
import subprocess
import sys
from pathlib import Path

import fake_cuda
import pytest
from sweeps import few

TESTS = Path(fake_cuda.__file__).parent
OPTIONS = [
    {"freeze": "none", "augmentation": "standard", "optimizer": "sgd"},
    {"freeze": "layer4", "head": "hidden", "dropout": 0.3, "weights": "starter"},
]
MORE_OPTIONS = [
    {"freeze": "layer3", "augmentation": "standard", "accumulate_steps": 2},
    {"freeze": "none", "augmentation": "strong", "mix": "both", "class_weighting": "balanced", "l1_penalty": 1e-4},
    {"freeze": "none", "adversarial": 0.01, "average_weights": False, "optimizer": "adam", "precision": "fp32"},
    {"freeze": "layer1", "augmentation": "light", "early_picture_size": 24, "epochs": 2},
    {"freeze": "layer2", "augmentation": "none", "tuned_parameters": "batchnorm", "depth": 50},
    {"freeze": "layer3", "gradual_unfreezing": 1, "epochs": 2, "weights": "starter"},
]
pytestmark = pytest.mark.slow


def run(code_or_file, *arguments):
    """A process of its own: what it prints last. FakeTensors may crash the process that they are cleared away in."""
    command = [sys.executable, *code_or_file, *arguments]
    paths = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (TESTS, TESTS.parent)))}
    return subprocess.run(command, env=paths, capture_output=True, text=True, timeout=300)


REFUSALS = """
import json, os, sys, torch, fake_cuda
from pathlib import Path
with fake_cuda.fake_cuda():
    here, there = torch.zeros(3), torch.zeros(3, device=fake_cuda.CUDA)
    for work in (lambda: here + there, lambda: there.numpy()):
        try:
            work()
        except (RuntimeError, AssertionError) as error:
            print("refused", flush=True)
print(json.dumps(fake_cuda.train(Path(sys.argv[1]), json.loads(sys.argv[2]))), flush=True)
os._exit(0)  # torch's FakeTensors are not always cleared away without a crash
"""


def trained(folder, options):
    """The events of a training in a process of its own, once the card has refused there what a real one refuses."""
    done = run(["-c", REFUSALS], str(folder), json.dumps(options))
    assert done.returncode == 0, done.stderr[-2000:]
    *refused, events = done.stdout.splitlines()
    assert refused[-2:] == ["refused", "refused"]
    return json.loads(events)


@pytest.fixture
def folder(class_folders):
    return class_folders({"crimson": 12, "seagreen": 12}).parent


@few("options", OPTIONS, ids=lambda options: "-".join(map(str, options.values())))
def test_a_training_stays_on_the_card_from_its_first_picture_to_its_last_score(folder, options):
    events = trained(folder, options)
    assert events[-1] == "Finished"
    assert ("Probed" in events) == (options.get("weights") == "starter")


@pytest.mark.long
@pytest.mark.parametrize("options", MORE_OPTIONS, ids=lambda options: "-".join(map(str, options.values())))
def test_so_does_one_with_other_options(folder, options):
    assert trained(folder, options)[-1] == "Finished"


LEFT_BEHIND = """
import os, sys, pathlib, fake_cuda
from resnet_studio.data import augment
from resnet_studio.training import batches
augment.to_device = batches.to_device = lambda tensor, device: tensor
try:
    fake_cuda.train(pathlib.Path(sys.argv[1]), {"augmentation": "standard"})
except (RuntimeError, AssertionError) as error:
    print("device" in str(error), flush=True)
os._exit(0)
"""


@pytest.mark.long
def test_a_tensor_that_stays_behind_is_found(folder):
    assert run(["-c", LEFT_BEHIND], str(folder)).stdout.split() == ["True"]


PREDICTION = """
import os, torch, fake_cuda
from PIL import Image
from resnet_studio.model import resnet
from resnet_studio.model.checkpoint import Card, Checkpoint, Preprocessing
from resnet_studio.prediction import Predictor
card = Card(classes=("crimson", "seagreen"), depth=18, preprocessing=Preprocessing(32, 32))
with fake_cuda.fake_cuda():
    predictor = Predictor(Checkpoint(resnet.build(18, 2), card), device="cuda")
    found = predictor.activations([Image.new("RGB", (40, 30))] * 3, stages=["layer3"])
    print(list(found.logits.shape), list(found.stages["layer3"].shape), found.logits.device.type, flush=True)
os._exit(0)
"""


@pytest.mark.long
def test_predictions_come_back_from_the_card():
    assert run(["-c", PREDICTION]).stdout.split("\n")[0] == "[3, 2] [3, 256] cpu"
