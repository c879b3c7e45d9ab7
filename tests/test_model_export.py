"""A model exported for other programs answers as the studio does, or is not given away."""

import io
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import made
import numpy as np
import onnx
import onnxruntime
import pytest
import timm
import torch
from huggingface_hub import ModelCard
from PIL import Image
from safetensors.torch import load_file

import resnet_studio as studio
from resnet_studio.api.ensembles import predict_together
from resnet_studio.api.exports import OUR_FILES
from resnet_studio.api.importing import import_model
from resnet_studio.cli import main
from resnet_studio.errors import CheckpointError, ConfigError, ExportError
from resnet_studio.evaluation import certificate, export_check
from resnet_studio.model import checkpoint
from resnet_studio.model.exports import formats, web_runtime
from resnet_studio.model.exports.onnx_files import classes_of
from resnet_studio.model.exports.source import Source
from resnet_studio.model.preprocess import preprocess
from resnet_studio.onnx_model import OnnxModel
from resnet_studio.workspace import Run

ROOT = Path(__file__).parents[1]
SETTINGS = {"weights": "starter", "freeze": "layer4", "picture_size": 64, "batch_size": 16, "epochs": 2}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return studio.Workspace.open(tmp_path_factory.mktemp("exported") / "workspace")


@pytest.fixture(scope="module")
def run(workspace):
    files = made.class_files({"cat": 24, "dog": 24, "猫头鹰": 24})
    data = studio.open_data(made.write(workspace.root.parent / "data", files), workspace)
    return studio.train(data, workspace=workspace, **SETTINGS)


@pytest.fixture(scope="module")
def onnx_file(run, workspace):
    return studio.export(run, "onnx", workspace.root.parent, workspace=workspace)


def made_runtime(folder):
    """What stands for ONNX Runtime Web where no browser runs it."""
    (runtime := folder / "runtime").mkdir(exist_ok=True)
    for name in web_runtime.RUNTIME.files:
        (runtime / name).write_bytes(b"runs in a browser")
    return runtime


def pictures(run):
    split = export_check.pictures_of(studio.report(run).split)
    return [path for path, _, _ in split]


@pytest.mark.slow
def test_an_onnx_file_agrees_with_the_studio_in_a_process_without_it(onnx_file, run):
    found = onnx_file.certificate
    assert (found.agreement, found.unreadable, found.checked) == (1.0, 0, True)
    assert found.pictures == len(pictures(run)) and found.largest_difference < 1e-4
    assert found.unknown_agreement == 1.0
    assert found.accuracy == found.app_accuracy and found.milliseconds > 0
    assert found.megabytes == pytest.approx(onnx_file.file.stat().st_size / 1e6, abs=0.01)
    assert certificate.read(onnx_file.file) == found


@pytest.mark.slow
def test_it_is_one_file_for_any_number_of_pictures_and_says_what_it_is(onnx_file, run):
    folder = onnx_file.file.parent
    assert not [path for path in folder.iterdir() if path.suffix == ".data"]
    model = onnx.load(str(onnx_file.file))
    about = {each.key: each.value for each in model.metadata_props}
    assert json.loads(about["classes"]) == ["cat", "dog", "猫头鹰"] == classes_of(onnx_file.file)
    assert json.loads(about["preprocessing"])["crop"] == 64
    assert about["sha256"] == studio.Predictor(run.best, "cpu").card.sha256
    session = onnxruntime.InferenceSession(str(onnx_file.file))
    split, predictor = studio.report(run).split, studio.Predictor(run.best, "cpu")
    threshold = json.loads(about["unlike_threshold"])
    assert threshold == pytest.approx(predictor.card.unlike.threshold)
    files = [split.path(sample) for sample in split.test][:5]
    batch = np.stack(
        [preprocess(Image.open(file).convert("RGB"), predictor.card.preprocessing).numpy() for file in files]
    )
    (scores,) = session.run(["unlike"], {"input": batch})
    assert np.allclose(scores, [answer.unlike for answer in predictor(files)], atol=1e-3)
    for count in (1, 5):
        (logits,) = session.run(["logits"], {"input": np.zeros((count, 3, 64, 64), np.float32)})
        assert logits.shape == (count, 3)


@pytest.mark.slow
def test_without_the_checkpoint_it_answers_as_the_run_does(onnx_file, run, tmp_path):
    files, alone = pictures(run)[:6], OnnxModel(onnx_file.file)
    (bad := tmp_path / "bad.png").write_bytes(b"no picture")
    found = alone([*files, io.BytesIO(files[0].read_bytes()), bad])
    there = studio.Predictor(run.best, "cpu")([*files, files[0], bad])
    assert [str(each) for each in (found[-1], there[-1])] == [str(there[-1])] * 2
    for ours, theirs in zip(found[:-1], there[:-1], strict=True):
        assert (ours.label, ours.unknown) == (theirs.label, theirs.unknown)
        assert ours.probability == pytest.approx(theirs.probability, abs=1e-4)
        assert ours.unlike == pytest.approx(theirs.unlike, abs=1e-3)


@pytest.mark.long
@pytest.mark.slow
def test_imported_again_it_answers_as_the_run_does_and_knows_none_of_these(onnx_file, run, workspace):
    files, strange = pictures(run)[:6], Image.effect_noise((64, 64), 250).convert("RGB")
    taken = import_model(onnx_file.file, workspace=workspace)
    there = studio.Predictor(run.best, "cpu")
    assert (taken.card.classes, taken.card.called, taken.card.run) == (there.classes, "resnet18", run.id)
    for ours, theirs in zip(studio.predict(taken.file, *files, strange), there([*files, strange]), strict=True):
        assert (ours.label, ours.unknown) == (theirs.label, theirs.unknown)
        assert ours.probability == pytest.approx(theirs.probability, abs=1e-4)
        assert ours.unlike == pytest.approx(theirs.unlike, abs=1e-3)
    data = studio.open_data(workspace.root.parent / "data", workspace)
    assert studio.evaluate(taken.file, data, workspace=workspace).accuracy == pytest.approx(
        studio.evaluate(run, data, workspace=workspace).accuracy
    )
    both = predict_together([taken.file, run], files[0], workspace=workspace)
    assert both[0].label == there([files[0]])[0].label
    with pytest.raises(CheckpointError, match="only answers"):
        studio.Predictor(taken.file)


@pytest.mark.slow
def test_what_is_no_exported_file_is_refused_with_a_sentence(onnx_file, run, tmp_path):
    model = onnx.load(str(onnx_file.file))
    del model.metadata_props[:]
    (foreign := tmp_path / "foreign.onnx").write_bytes(model.SerializeToString())
    (damaged := tmp_path / "damaged.onnx").write_bytes(onnx_file.file.read_bytes()[:5000])
    for file, said in ((foreign, "not exported by"), (damaged, "can be read"), (tmp_path / "gone.onnx", "can be read")):
        with pytest.raises(CheckpointError, match=said):
            OnnxModel(file)


@pytest.mark.long
@pytest.mark.slow
def test_its_probabilities_are_calibrated_and_its_logits_are_not(run, workspace, tmp_path):
    copied = Run(Path(shutil.copytree(run.folder, tmp_path / "runs" / run.id)))
    best = checkpoint.load(copied.best)
    checkpoint.save(copied.best, best.model.state_dict(), replace(best.card, temperature=3.0), best.reference)
    exported = studio.export(copied, "onnx", tmp_path, workspace=workspace)
    assert exported.certificate.largest_difference < 1e-4
    session = onnxruntime.InferenceSession(str(exported.file))
    given = np.random.default_rng(0).normal(size=(2, 3, 64, 64)).astype(np.float32)
    logits, probabilities = session.run(["logits", "probabilities"], {"input": given})
    softened = np.exp(logits / 3 - (logits / 3).max(1, keepdims=True))
    assert np.allclose(probabilities, softened / softened.sum(1, keepdims=True), atol=1e-6)


@pytest.mark.long
@pytest.mark.slow
def test_with_prepared_it_takes_plain_pixels(run, workspace, tmp_path):
    exported = studio.export(run, "onnx", tmp_path, prepared=True, workspace=workspace)
    assert exported.certificate.agreement == 1.0 and exported.certificate.largest_difference < 1e-4
    session = onnxruntime.InferenceSession(str(exported.file))
    given = session.get_inputs()[0]
    assert (given.type, given.shape[1:]) == ("tensor(uint8)", [64, 64, 3])
    taken, files = import_model(exported.file, workspace=workspace), pictures(run)[:3]
    for ours, theirs in zip(studio.predict(taken.file, *files), studio.Predictor(run.best, "cpu")(files), strict=True):
        assert (ours.label, ours.unknown) == (theirs.label, theirs.unknown)
        assert ours.probability == pytest.approx(theirs.probability, abs=1e-4)


@pytest.mark.long
@pytest.mark.slow
def test_an_eight_bit_file_is_a_quarter_as_large_and_as_accurate(run, workspace, tmp_path, onnx_file):
    found = studio.export(run, "onnx-int8", tmp_path, workspace=workspace).certificate
    assert found.megabytes < 0.27 * onnx_file.certificate.megabytes
    assert found.unknown_agreement >= 0.9
    assert found.lossy and found.accuracy >= found.app_accuracy - 0.01


@pytest.mark.slow
def test_a_changed_file_is_refused_by_its_certificate(onnx_file, tmp_path):
    for name in (onnx_file.file.name, certificate.certificate_file(onnx_file.file).name):
        shutil.copy(onnx_file.file.parent / name, tmp_path / name)
    copied = tmp_path / onnx_file.file.name
    assert certificate.read(copied) == onnx_file.certificate
    content = bytearray(copied.read_bytes())
    content[len(content) // 2] ^= 1
    copied.write_bytes(content)
    with pytest.raises(ExportError, match="not the one"):
        certificate.read(copied)
    copied.unlink()
    with pytest.raises(ExportError, match="no sound certificate"):
        certificate.read(copied)


@pytest.fixture(scope="module")
def swapped(run, workspace):
    """The checkpoint of ``run`` with two names of classes exchanged."""
    best, target = checkpoint.load(run.best), workspace.root.parent / "swapped.safetensors"
    card = replace(best.card, classes=("dog", "cat", "猫头鹰"))
    checkpoint.save(target, best.model.state_dict(), card, best.reference)
    return target


EVERY_FORMAT = [name for name, format in formats.FORMATS.items() if format.runs_here and not formats.missing(format)]
SLOWLY_WRITTEN = ("onnx", "onnx-int8", "html", "pt2", "coreml", "litert")
QUICKLY_TRIED = ("safetensors-half",)  # the others alike, each with a process and most with ONNX or torch.export


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in QUICKLY_TRIED else pytest.mark.long) for name in EVERY_FORMAT]
)
def test_a_file_whose_own_classes_are_exchanged_is_found_out(run, swapped, tmp_path, name):
    format, wrong = formats.get(name), tmp_path / "wrong"
    calibration = np.random.default_rng(0).normal(size=(4, 3, 64, 64)).astype(np.float32)
    format.write(Source(swapped, calibration, runtime=made_runtime(tmp_path)), wrong)
    found = export_check.certify(wrong, format, run.best, export_check.pictures_of(studio.report(run).split))
    if format.classes(wrong) is None:  # only the code beside it names them
        assert (name, found.agreement) == ("pt", 1.0)
        return
    assert format.classes(wrong) == ["dog", "cat", "猫头鹰"]
    assert found.agreement < 0.9 and found.problem in ("disagrees", "loses") and not found.passed


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.long if name in SLOWLY_WRITTEN else ())
             for name in EVERY_FORMAT]
)  # fmt: skip
def test_a_file_of_any_format_with_one_byte_changed_is_refused(run, workspace, tmp_path, name, monkeypatch, capsys):
    monkeypatch.setattr(web_runtime, "ready", lambda cache, given, on_download: made_runtime(tmp_path))
    written = studio.export(run, name, tmp_path / "model", check=False, workspace=workspace).file
    assert main(["verify", str(written), "--json"]) == 0
    changed = max((path for path in [written, *written.rglob("*")] if path.is_file()), key=lambda p: p.stat().st_size)
    content = bytearray(changed.read_bytes())
    content[len(content) * 3 // 4] ^= 1
    changed.write_bytes(content)
    capsys.readouterr()
    assert main(["verify", str(written), "--json"]) == 2
    assert "not the one that its certificate" in json.loads(capsys.readouterr().out.splitlines()[-1])["error"]


@pytest.mark.slow
def test_a_program_that_the_system_ended_is_run_once_more_and_the_reason_is_said(run, tmp_path):
    exported, marks = tmp_path / "model.safetensors", tmp_path / "marks"
    marks.mkdir()
    plain = formats.get("safetensors")
    plain.write(Source(run.best, None), exported)

    class Ended(type(plain)):
        often = 1

        def code(self, card, file):
            start = f"import os\nn = len(os.listdir({str(marks)!r}))\nopen({str(marks)!r} + f'/{{n}}', 'w').close()\n"
            return f"{start}if n < {self.often}: os.kill(os.getpid(), 9)\n" + super().code(card, file)

    pictures = export_check.pictures_of(studio.report(run).split)[:2]
    assert export_check.certify(exported, Ended(), run.best, pictures).agreement == 1.0
    always = Ended()
    object.__setattr__(always, "often", 99)
    with pytest.raises(ExportError, match=r"cannot be run here \(SIGKILL"):
        export_check.certify(exported, always, run.best, pictures)


@pytest.mark.long
@pytest.mark.slow
def test_what_disagrees_is_not_kept(run, workspace, tmp_path, monkeypatch):
    onnx_format = formats.get("onnx")

    class Broken(type(onnx_format)):
        def write(self, source, target):
            source.model.fc.weight.data.neg_()
            super().write(source, target)

    monkeypatch.setattr(formats, "FORMATS", {**formats.FORMATS, "onnx": Broken()})
    with pytest.raises(ExportError, match="agrees with the studio on"):
        studio.export(run, "onnx", tmp_path / "model.onnx", workspace=workspace)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.long
@pytest.mark.slow
def test_a_model_whose_pictures_are_gone_is_checked_on_made_ones(run, workspace, tmp_path):
    moved = Run(Path(shutil.copytree(run.folder, tmp_path / "elsewhere" / "runs" / run.id)))
    values = json.loads((moved.folder / "split.json").read_text())
    values["root"] = str(tmp_path / "gone")
    (moved.folder / "split.json").write_text(json.dumps(values))
    found = studio.export(moved, "onnx", tmp_path).certificate
    assert (found.pictures, found.agreement, found.accuracy) == (32, 1.0, None)
    with pytest.raises(ConfigError, match="training pictures"):
        studio.export(moved, "onnx-int8", tmp_path)


@pytest.mark.long
@pytest.mark.slow
def test_a_file_of_html_answers_as_the_studio_does_and_has_a_page_beside_it(run, workspace, tmp_path, monkeypatch):
    monkeypatch.setattr(web_runtime, "ready", lambda cache, given, on_download: made_runtime(tmp_path))
    certify, formats_tried = export_check.certify, []

    def strict(made, format, checkpoint, pictures):
        formats_tried.append(format.lossy)
        if not format.lossy:
            return certify(made, format, checkpoint, pictures)
        unchecked = export_check.unchecked(made, format, studio.Predictor(checkpoint, "cpu").card)
        return replace(unchecked, checked=True, agreement=1.0, accuracy=0.5, app_accuracy=0.9)

    monkeypatch.setattr(export_check, "certify", strict)
    exported = studio.export(run, "html", tmp_path / "model.html", workspace=workspace)
    assert formats_tried == [True, False]  # 8 bits would have cost accuracy
    found = exported.certificate
    assert (found.format, found.agreement, found.lossy) == ("html", 1.0, False) and found.largest_difference < 1e-4
    assert found.unknown_agreement == 1.0
    assert "猫头鹰" in exported.file.read_text("utf-8")
    assert "answers as the studio does" in certificate.page_file(exported.file).read_text("utf-8")


def test_a_format_that_is_not_there_says_what_is(workspace, tmp_path, capsys, monkeypatch):
    with pytest.raises(ConfigError, match="onnx-int8"):
        formats.get("caffe")
    monkeypatch.setattr(formats, "missing", lambda format: ("coremltools",))
    with pytest.raises(ConfigError, match="pip install coremltools"):
        formats.get("coreml")


@pytest.mark.slow
def test_a_folder_for_the_hub_has_a_model_card_whose_program_runs_in_it(run, workspace, tmp_path, monkeypatch):
    folder = studio.export(run, "huggingface", tmp_path / "hub", check=False, workspace=workspace).file
    assert {path.name for path in folder.iterdir()} <= OUR_FILES
    usual = ModelCard.load(studio.save_card(run, tmp_path, workspace=workspace))
    card = ModelCard.load(folder / "README.md")
    assert card.data.library_name == "timm" and card.data.model_name == run.about["name"]
    assert {**card.data.to_dict(), "library_name": ""} == {**usual.data.to_dict(), "library_name": ""}
    (use,) = set(card.text.split("\n## ")) - set(usual.text.split("\n## "))  # every other section says the same
    title, program = use.split("\n\n```python\n")
    monkeypatch.chdir(folder)
    exec(program.rpartition("```")[0], used := {"__name__": title})
    for path in pictures(run)[:3]:
        answer = studio.predict(run, path, workspace=workspace, device="cpu")[0]
        assert dict(used["predict"](path)) == pytest.approx(dict(answer.scores), abs=1e-5)
    (line,) = re.findall(r"`(timm\.create_model\(.*?\))`", (ROOT / "README.md").read_text("utf-8"))
    names = {"timm": timm, "NAME": json.loads((folder / "config.json").read_text())["architecture"], "N": 3}
    saved = load_file(folder / "model.safetensors")
    for model in (timm.create_model(f"local-dir:{folder}", pretrained=True), eval(line.replace("FOLDER", "."), names)):
        loaded = model.state_dict()
        assert all(torch.equal(loaded[name], saved[name]) for name in saved.keys() | loaded.keys())
    own = load_file(run.best)  # what the README says of safetensors
    assert {name for name in own if not name.startswith("unlike.")} == set(saved) < set(own)
    assert main(["verify", str(folder), "--json"]) == 0
    (folder / "README.md").write_text("another card")
    assert main(["verify", str(folder), "--json"]) == 2


@pytest.mark.long
@pytest.mark.slow
def test_the_command_says_what_was_measured(run, workspace, tmp_path, capsys):
    target = tmp_path / "hub"
    arguments = ["export", run.id, "--format", "huggingface", "--out", str(target), "--code", "--json"]
    assert main([*arguments, "--workspace", str(workspace.root)]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert found["file"] == str(target) and found["agreement"] == 1.0 and found["largest_difference"] < 1e-4
    assert found["code"] == f"{target}.py" and "hub/model.safetensors" in Path(found["code"]).read_text("utf-8")
    assert {"accuracy", "interval", "megabytes", "milliseconds"} <= set(found) and found["unknown_agreement"] == 1.0
    assert json.loads((target / "config.json").read_text())["label_names"] == ["cat", "dog", "猫头鹰"]
    assert main(["verify", str(target), "--json"]) == 0
    (target / "more.txt").write_text("mine")
    assert main(["verify", str(target), "--json"]) == 2
    assert main([*arguments, "--workspace", str(workspace.root)]) == 2  # a folder with other files is left alone
    assert (target / "more.txt").is_file()


@pytest.mark.long
@pytest.mark.parametrize("name", ["safetensors", "safetensors-half", "pt", "pt2", "onnx", "huggingface"])
@pytest.mark.parametrize(
    "network",
    [
        pytest.param(("resnet", 34)),
        *(
            pytest.param(each, marks=pytest.mark.sweep)
            for each in [*(("resnet", depth) for depth in (18, 50, 101, 152)), ("resnext", 50)]
        ),
    ],
)
def test_every_format_of_every_network_agrees(network, name, workspace, tmp_path):
    family, depth = network
    files = made.class_files({"cat": 8, "dog": 8})
    data = studio.open_data(made.write(workspace.root.parent / "small", files), workspace)
    settings = {**SETTINGS, "weights": "scratch", "freeze": "none", "epochs": 1, "family": family, "depth": depth}
    found = studio.export(studio.train(data, workspace=workspace, **settings), name, tmp_path, workspace=workspace)
    assert found.certificate.agreement >= 0.995
    assert found.certificate.largest_difference < (1e-2 if found.certificate.lossy else 1e-4)


@pytest.mark.parametrize("fit", ["crop", "pad", "squeeze"])
def test_the_code_without_torch_prepares_pictures_as_the_studio_does(fit, tmp_path):
    from resnet_studio.model.card import Card
    from resnet_studio.model.exports import numpy_code
    from resnet_studio.model.preprocess import Preprocessing

    preprocessing = Preprocessing(resize=72, crop=64, fit=fit, native_side=40, reduces="all")
    card = Card(classes=("a", "b"), depth=18, preprocessing=preprocessing)
    code = numpy_code.program(card, [], [], numpy_code.normalised(preprocessing), "en")
    used = {}
    exec(code, used)
    random = np.random.default_rng(3)
    for size in ((50, 50), (51, 97), (301, 64), (33, 40), (999, 20)):
        picture = Image.fromarray(random.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8))
        picture.save(tmp_path / "p.png")
        ours = preprocess(picture, preprocessing).numpy()
        assert np.abs(used["normalised"](used["pixels_of"](tmp_path / "p.png")) - ours).max() < 1e-5
