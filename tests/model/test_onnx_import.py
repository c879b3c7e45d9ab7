"""ONNX classifiers of others come in: they answer as they do elsewhere, and hostile files change nothing."""

import json
import os
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
import torchvision
from onnx import TensorProto, helper, numpy_helper
from onnx_made import classifier, from_pixels
from PIL import Image
from torchvision import transforms

import resnet_studio as studio
from resnet_studio import acting
from resnet_studio.api.importing import import_model
from resnet_studio.cli import main
from resnet_studio.errors import CheckpointError
from resnet_studio.imported_onnx import load_model
from resnet_studio.model import foreign, onnx_import, onnx_process
from resnet_studio.model.onnx_card import OnnxCard, onnx_card, with_card
from resnet_studio.model.onnx_graph import Refused, looked_at
from resnet_studio.model.preprocess import Preprocessing
from resnet_studio.service.answering import answering
from resnet_studio.service.predictors import Models
from resnet_studio.service.run_data import RunData
from resnet_studio.service.serving import models as serving

NAMES = ("cat", "dog", "猫头鹰")


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    path = tmp_path_factory.mktemp("picture") / "a.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (44, 60, 3), dtype=np.uint8)).save(path)
    return path


def written(model, path):
    path.write_bytes(model.SerializeToString())
    return path


def shares(model, batch):
    """What ONNX Runtime itself answers to ``batch``."""
    (found,) = onnxruntime.InferenceSession(model.SerializeToString()).run(["scores"], {"given": batch})
    found = np.exp(found - found.max(1, keepdims=True)) if found.min() < 0 or found.sum() > 1.01 else found
    return (found / found.sum(1, keepdims=True))[0].tolist()


def prepared(picture, mean, std, resize=37, crop=32):
    steps = [transforms.Resize(resize), transforms.CenterCrop(crop), transforms.ToTensor()]
    return transforms.Compose([*steps, transforms.Normalize(mean, std)])(Image.open(picture)).numpy()[None]


def listed(names, folder):
    (file := folder / "names.txt").write_text("\n".join(names), encoding="utf-8")
    return file


@pytest.mark.slow
def test_a_file_of_others_answers_on_the_command_line_as_it_does_elsewhere(picture, tmp_path, capsys):
    model = classifier()
    file = written(model, tmp_path / "birds.onnx")
    there = ["--workspace", str(tmp_path / "w"), "--json"]
    assert main(["import", str(file), "--classes", str(listed(NAMES, tmp_path)), *there]) == 0
    taken = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (taken["kind"], taken["classes"], taken["picture_size"]) == ("model", list(NAMES), 32)
    assert main(["predict", taken["checkpoint"], str(picture), *there]) == 0
    (row,) = json.loads(capsys.readouterr().out.splitlines()[-1])["predictions"]
    batch = prepared(picture, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    assert [row["scores"][name] for name in NAMES] == pytest.approx(shares(model, batch), abs=1e-5)
    assert (row["unknown"], row["unlike"]) == (False, None)
    for name in NAMES[:2]:
        (folder := tmp_path / "labelled" / name).mkdir(parents=True)
        Image.open(picture).save(folder / "a.png")
        Image.effect_noise((40, 40), 50 + len(name)).convert("RGB").save(folder / f"{name}.png")
    assert main(["evaluate", taken["checkpoint"], str(tmp_path / "labelled"), *there]) == 0
    scored = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (scored["pictures"], scored["skipped"], scored["trained_on"]) == (4, [], None)
    for right, name in enumerate(NAMES[:2]):
        files = sorted((tmp_path / "labelled" / name).iterdir())
        labels = [answer.label for answer in studio.predict(taken["checkpoint"], *files)]
        assert scored["confusion"][right] == [labels.count(each) for each in NAMES]
    for command in (["explain", taken["checkpoint"], str(picture), "--out", str(tmp_path / "maps")],
                    ["inside", taken["checkpoint"], str(picture), "--out", str(tmp_path / "inside")],
                    ["train", str(tmp_path / "labelled"), "--weights", taken["checkpoint"]]):  # fmt: skip
        assert main([*command, *there]) == 2
        assert "ONNX file, which only answers" in json.loads(capsys.readouterr().out.splitlines()[-1])["error"]


@pytest.mark.slow
def test_it_is_served_beside_others(picture, workspace, tmp_path):
    found = import_model(written(classifier(), tmp_path / "a.onnx"), classes=NAMES, workspace=workspace)
    served = serving.load(serving.ModelRequest.of(f"birds={found.file}"), workspace)
    assert (served.key, served.engine, served.predictor) == (f"birds@{found.card.sha256[:8]}", "onnx", None)
    assert served.answers([picture]) == studio.predict(found.file, picture, workspace=workspace)
    with pytest.raises(CheckpointError, match="import"):
        serving.load(serving.ModelRequest(str(tmp_path / "a.onnx")), workspace)


@pytest.mark.slow
def test_plain_pixels_one_at_a_time_and_shares_are_seen_in_the_graph(picture, workspace, tmp_path):
    model = classifier((1, 32, 32, 3), pixels="uint8", softmax=True, first=from_pixels())
    card = (found := import_model(written(model, tmp_path / "p.onnx"), classes=NAMES, workspace=workspace)).card
    assert (card.pixels, card.layout, card.batch, card.probabilities) == ("uint8", "nhwc", 1, True)
    pixels = (prepared(picture, (0, 0, 0), (1, 1, 1)) * 255).round().astype(np.uint8).transpose(0, 2, 3, 1)
    for answer in studio.predict(found.file, picture, picture, workspace=workspace):
        scores = dict(answer.scores)
        assert [scores[name] for name in NAMES] == pytest.approx(shares(model, pixels), abs=1e-5)


@pytest.mark.slow
def test_size_mean_and_std_are_as_the_user_says(picture, workspace, tmp_path):
    file = written(model := classifier(("n", 3, "h", "w")), tmp_path / "any.onnx")
    half = (0.5, 0.5, 0.5)
    found = import_model(file, classes=NAMES, side=48, mean=half, std=half, workspace=workspace)
    (answer,) = studio.predict(found.file, picture, workspace=workspace)
    batch = prepared(picture, half, half, 55, 48)
    assert [dict(answer.scores)[name] for name in NAMES] == pytest.approx(shares(model, batch), abs=1e-5)
    again = import_model(found.file, workspace=workspace)  # a copy says all itself
    assert again.card == found.card


@pytest.mark.slow
def test_what_does_not_fit_is_refused_and_leaves_nothing(workspace, tmp_path):
    file = written(classifier(), tmp_path / "a.onnx")
    (torn := tmp_path / "torn.onnx").write_bytes(file.read_bytes()[:300])
    single, weights = written(classifier(classes=1), tmp_path / "single.onnx"), tmp_path / "single.pt"
    torch.save(torchvision.models.resnet18(num_classes=1).state_dict(), weights)
    for given, values, said in (
        (file, {}, "does not say what its 3 classes are called"),
        (file, {"classes": ("a", "b")}, "has 3 classes, and 2 names were given"),
        (file, {"classes": NAMES, "side": 64}, "takes pictures of 32 px"),
        (torn, {"classes": NAMES}, "no ONNX file that can be read"),
        (tmp_path / "gone.onnx", {}, "There is no file"),
        (single, {"classes": ("a",)}, "gives a single score"),
        (weights, {"classes": ("a",)}, "gives a single score"),
    ):
        with pytest.raises(CheckpointError, match=said):
            import_model(given, workspace=workspace, **values)
    assert not list(workspace.imports.iterdir())


def constant(name, value):
    return helper.make_node("Constant", [], [name], value=numpy_helper.from_array(np.array(value)))


def bomb():
    fill = helper.make_node("ConstantOfShape", ["sizes"], ["filled"])
    return classifier(
        more=[constant("sizes", [1 << 20, 1 << 20]), fill, helper.make_node("ReduceSum", ["filled"], ["z"])]
    )


def external():
    model = classifier()
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")
    return model


def huge_weights():
    model = classifier()
    del model.graph.initializer[0].dims[:]
    model.graph.initializer[0].dims.extend([1 << 30, 1 << 30])
    return model


def branch():
    inner = helper.make_graph([constant("y", np.float32(1))], "inner", [], [helper.make_tensor_value_info("y", 1, [])])
    node = helper.make_node("If", ["yes"], ["z"], then_branch=inner, else_branch=inner)
    return classifier(more=[constant("yes", True), node])


def two_inputs():
    model = classifier()
    model.graph.input.append(helper.make_tensor_value_info("other", TensorProto.FLOAT, [1]))
    return model


def no_inputs():
    model = classifier(first=[constant("x", np.zeros((1, 3, 32, 32), np.float32))])
    del model.graph.input[:]
    return model


@pytest.mark.parametrize(
    ("model", "key"),
    [
        (external, "external"),
        (bomb, "huge"),
        (huge_weights, "huge"),
        (branch, "operations"),
        (lambda: classifier(more=[helper.make_node("Own", ["scores"], ["z"], domain="evil")]), "operations"),
        (lambda: classifier(more=[helper.make_node("EPContext", [], ["z"], domain="com.microsoft")]), "operations"),
        (lambda: classifier((1 << 20, 3, 4096, 4096)), "huge"),
        (lambda: classifier(("n", 3, 32, 48)), "input"),
        (lambda: classifier(("n", 3)), None),
        (two_inputs, "inputs"),
        (no_inputs, "inputs"),
    ],
)
def test_what_no_picture_classifier_needs_is_refused_before_it_runs(model, key):
    with pytest.raises(Exception) as caught:  # the checker's own errors are refusals too
        looked_at(model().SerializeToString())
    if key is not None:
        assert isinstance(caught.value, Refused)
        assert caught.value.key == f"error.onnx.{key}"


@pytest.mark.slow
def test_a_file_that_is_too_slow_or_too_large_is_stopped(workspace, tmp_path, monkeypatch):
    file = written(classifier(), tmp_path / "a.onnx")
    with pytest.raises(CheckpointError, match="was stopped"):
        onnx_import.import_onnx(file, workspace, foreign.ImportOptions(NAMES), seconds=0.0)
    monkeypatch.setattr(onnx_import, "MOST_BYTES", 100)
    with pytest.raises(CheckpointError, match="can be imported"):
        import_model(file, classes=NAMES, workspace=workspace)
    assert not list(workspace.imports.iterdir())


@pytest.mark.slow
def test_a_process_that_dies_is_replaced_and_a_changed_byte_is_seen(picture, workspace, tmp_path):
    file = import_model(written(classifier(), tmp_path / "a.onnx"), classes=NAMES, workspace=workspace).file
    started = []

    class Watched(onnx_process.OnnxProcess):
        def __init__(self, *given, **values):
            super().__init__(*given, **values)
            started.append(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("resnet_studio.imported_onnx.OnnxProcess", Watched)
        model = load_model(file)
        before = model([picture])
        started[0].close()
        assert model([picture]) == before
        assert len(started) == 2
    content = bytearray(file.read_bytes())
    content[len(content) // 8] ^= 1
    file.write_bytes(content)
    with pytest.raises(CheckpointError, match="no ONNX file that can be read"):
        load_model(file)


class Person:
    """Somebody who may do what they like with what they own, and nothing else."""

    def __init__(self, id):
        self.id = id

    def may(self, action, thing):
        return self.id in thing.owners

    def name_of(self, id):
        return id


MUTATIONS = """
import io, os, random, signal, sys
import onnx, onnxruntime
from resnet_studio.errors import StudioError
from resnet_studio.model import onnx_worker
from resnet_studio.model.onnx_card import metadata
content = open(sys.argv[1], "rb").read()
for seed in range(int(sys.argv[2])):
    random.seed(seed)
    changed = bytearray(content)
    for _ in range(random.choice((1, 1, 2, 8, 64))):
        place = random.randrange(len(changed))
        if random.random() < 0.2:
            del changed[place : place + random.randrange(1, 40)]
        else:
            changed[place] = random.choice((random.randrange(256), 0, 0xFF, 0x7F))
    try:
        metadata(io.BytesIO(changed), "changed.onnx")
    except StudioError:
        pass
    if os.fork() == 0:
        signal.alarm(60)
        said = io.BytesIO()
        try:
            onnx_worker.main(len(changed), 32, io.BytesIO(changed), said)
        except BaseException:
            os._exit(1)
        known = said.getvalue().startswith((b'{"takes"', b'{"key": "error.onnx.'))
        os._exit(0 if known else 2)
    _, status = os.wait()
    print(-(status & 0x7F) or status >> 8)
"""


def mutations(file, count):
    """How the process of each mutation of ``file`` ended: 0 with an answer or a refusal, below 0 by a signal."""
    done = subprocess.run(
        [sys.executable, "-c", MUTATIONS, file, str(count)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return [int(line) for line in done.stdout.split()]


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="each mutation has a forked process")
@pytest.mark.parametrize("count", [30, pytest.param(600, marks=pytest.mark.long)])
def test_mutated_files_are_answered_or_refused_and_the_studio_never_runs_them(count, tmp_path):
    ends = mutations(written(classifier(), tmp_path / "a.onnx"), count)
    assert len(ends) == count
    assert 2 not in ends
    assert 1 not in ends


def test_a_card_that_was_changed_is_read_or_refused(tmp_path):
    content = classifier().SerializeToString()
    card = OnnxCard(classes=NAMES, preprocessing=Preprocessing(37, 32), input="given", output="scores")
    (file := tmp_path / "a.onnx").write_bytes(kept := with_card(content, card))
    onnx.checker.check_model(str(file))
    assert onnx_card(file) == card
    random, refused = np.random.default_rng(0), 0
    for _ in range(300):
        changed = bytearray(kept)
        changed[random.integers(len(content), len(kept))] = random.integers(256)
        file.write_bytes(changed)
        try:
            assert len(onnx_card(file).classes) == len(NAMES)
        except CheckpointError:
            refused += 1
    assert refused > 100


@pytest.mark.slow
def test_with_accounts_an_imported_model_is_of_who_imported_it(picture, workspace, tmp_path):
    file = written(classifier(), tmp_path / "a.onnx")
    models = Models(RunData(workspace))
    with acting.acting_as(Person("p1")):
        kept = import_model(file, classes=NAMES, workspace=workspace).file
        assert [model.key for model in models.all()] == [f"import:{kept.name}"]
        assert answering([f"import:{kept.name}"], workspace, load_model).answer([picture])
    with acting.acting_as(Person("p2")):
        assert not models.all()
        with pytest.raises(CheckpointError):
            models.find(f"import:{kept.name}")
        again = import_model(file, classes=NAMES, workspace=workspace).file
        assert again != kept
