"""The page makes a model for other programs on a click, and offers what was checked."""

import json
import re
import shutil
import sys
import zipfile
from dataclasses import replace

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hand_made import finish, new_run, report_of, train
from waiting import wait_for

from resnet_studio.evaluation import certificate
from resnet_studio.evaluation.certificate import Certificate
from resnet_studio.model.card import Card
from resnet_studio.model.checkpoint import save
from resnet_studio.model.exports import web_runtime
from resnet_studio.service import exporting
from resnet_studio.service.run_data import RunData
from resnet_studio.ui.page.context import Studio
from resnet_studio.ui.results import take_model

pytestmark = pytest.mark.usefixtures("narrow")

MEASURED = Certificate(
    format="onnx", file="model.onnx", sha256="", megabytes=44.8, pictures=84, agreement=1.0, largest_difference=1e-6,
    scored_on="test", accuracy=0.75, interval=(0.6, 0.85), app_accuracy=0.75, app_interval=(0.6, 0.85),
    milliseconds=22.0, app_milliseconds=30.0, unreadable=0, lossy=False, checked=True, created="", studio_version="",
    network="resnet18", run="",
)  # fmt: skip


@pytest.fixture
def run(workspace):
    from resnet_studio.config import TrainConfig
    from resnet_studio.model import architecture, resnet
    from resnet_studio.model.preprocess import Preprocessing

    run = new_run(workspace)
    train(run, epochs=1)
    finish(run, report_of(run))
    card = Card(classes=("a", "b"), depth=18, preprocessing=Preprocessing(resize=32, crop=32))
    save(run.best, resnet.build(architecture.of(TrainConfig()), 2, seed=1).state_dict(), card)
    return RunData(workspace).of(run)


@pytest.fixture
def studio(workspace):
    return Studio(workspace, jobs=None)


def ended(studio, run, name):
    wait_for(lambda: not studio.exporting.get(run.run, name).active)
    return studio.exporting.get(run.run, name)


def test_a_format_is_offered_and_one_whose_converter_is_missing_says_what_it_needs(studio, run, monkeypatch):
    monkeypatch.setitem(sys.modules, "coremltools", None)
    shown = take_model.content(studio, run, "en")
    assert shown["state"] == "ready"
    assert 'data-analysis="onnx"' in shown["html"]
    assert "pip install coremltools" in shown["html"] and 'data-analysis="coreml"' not in shown["html"]
    assert "需要先安装：pip install coremltools" in take_model.content(studio, run, "zh")["html"]
    monkeypatch.setitem(sys.modules, "litert_torch", None)
    assert "pip install litert-torch" in take_model.content(studio, run, "en")["html"]


def test_what_was_measured_stands_before_the_download(studio, run):
    file = exporting.place(run.run, "onnx")
    file.parent.mkdir(parents=True)
    file.write_bytes(b"the model")
    certificate.write(file, replace(MEASURED, sha256=certificate.digest(file)))
    html = take_model.content(studio, run, "en")["html"]
    assert (
        "44.8 MB · agrees on 100.0% of 84 pictures · accuracy 75.0% (here 75.0%) · 22 ms a picture (here 30 ms)" in html
    )
    assert 'export/onnx" download' in html and "export/onnx/certificate.json" in html
    assert "75.0% (95% interval 60.0% to 85.0%)" in html and "export/onnx/certificate.html" in html
    file.write_bytes(b"another model")
    assert 'export/onnx" download' not in take_model.content(studio, run, "en")["html"]


def test_what_a_file_of_html_has_to_download_is_said_before(studio, run, workspace):
    html = take_model.content(studio, run, "zh")["html"]
    assert f"python -m resnet_studio serve {run.run.id}</code>" in html
    assert f"predict {run.run.id} --watch FOLDER --sort</code>" in html
    megabytes = f"{web_runtime.download_bytes() / 1e6:.0f}"
    assert f"下载 {megabytes} MB 并生成" in html and "ONNX Runtime Web" in html
    folder = web_runtime.folder_in(workspace.root / "runtimes")
    folder.mkdir(parents=True)
    for name in web_runtime.RUNTIME.files:
        (folder / name).write_bytes(b"")
    assert "ONNX Runtime Web" not in take_model.content(studio, run, "en")["html"]


def test_another_model_of_the_run_makes_earlier_files_stale(studio, run):
    before = exporting.place(run.run, "onnx")
    content = bytearray(run.run.best.read_bytes())
    from resnet_studio.model import checkpoint

    loaded = checkpoint.load(run.run.best)
    state = loaded.model.state_dict()
    state["fc.bias"] = state["fc.bias"] + 1
    checkpoint.save(run.run.best, state, loaded.card)
    assert bytes(content) != run.run.best.read_bytes() and exporting.place(run.run, "onnx") != before


@pytest.mark.slow
def test_what_cannot_be_made_says_why_in_the_readers_language(studio, run):
    shutil.rmtree(studio.workspace.datasets)  # whose pictures the ranges would be chosen by
    take_model.begin(studio, run, "onnx-int8")
    assert ended(studio, run, "onnx-int8").state == "failed"
    assert "export it as onnx instead" in take_model.content(studio, run, "en")["html"]
    assert "请改用 onnx" in take_model.content(studio, run, "zh")["html"]
    assert 'data-analysis="onnx-int8"' in take_model.content(studio, run, "en")["html"]


def test_names_from_anywhere_begin_nothing(studio, run):
    for name in ("../best", "pt", "", "caffe"):
        take_model.begin(studio, run, name)
        assert studio.exporting.get(run.run, name) is None
    assert not (run.run.folder / "exports").exists()


def test_a_certificate_comes_back_as_it_was_written(tmp_path):
    assert Certificate.from_json(json.loads(json.dumps(MEASURED.to_json()))) == MEASURED


@pytest.fixture
def client(studio):
    app = FastAPI()
    app.include_router(take_model.routes(studio))
    return TestClient(app)


def made(run, format, content):
    """An exported file of ``format``, or the files of a folder, with its certificate."""
    file = exporting.place(run.run, format)
    file.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        file.mkdir()
        for name, each in content.items():
            (file / name).write_bytes(each)
    certificate.write(file, replace(MEASURED, format=format, file=file.name, sha256=certificate.digest(file)))


def saved(answer, folder):
    """The file that a browser would make of ``answer``."""
    target = folder / re.search('filename="?([^";]+)', answer.headers["content-disposition"])[1]
    target.write_bytes(answer.content)
    return target


def test_what_is_downloaded_goes_together_by_its_names(studio, run, client, tmp_path):
    base = f"/studio/runs/{run.run.id}/export"
    made(run, "onnx", b"the model")
    file = saved(client.get(f"{base}/onnx"), tmp_path)
    beside = saved(client.get(f"{base}/onnx/certificate.json"), tmp_path)
    assert beside == certificate.certificate_file(file) and certificate.read(file).file == file.name
    page = saved(client.get(f"{base}/onnx/certificate.html"), tmp_path)
    assert page == certificate.page_file(file) and f"verify {file.name}" in page.read_text("utf-8")
    program = saved(client.get(f"{base}/onnx/program.py"), tmp_path)
    assert program.name == f"{file.name}.py" and repr(file.name) in program.read_text("utf-8")
    compile(program.read_text("utf-8"), program.name, "exec")


def test_a_folder_comes_as_a_zip_whose_certificate_still_fits(studio, run, client, tmp_path):
    base = f"/studio/runs/{run.run.id}/export/huggingface"
    made(run, "huggingface", {"config.json": b"{}", "model.safetensors": b"weights"})
    packed = saved(client.get(base), tmp_path)
    zipfile.ZipFile(packed).extractall(tmp_path)
    saved(client.get(f"{base}/certificate.json"), tmp_path)
    assert certificate.read(packed.with_suffix("")).passed
    assert f"{packed.stem}/model.safetensors" in client.get(f"{base}/program.py").text


def test_three_lines_say_how_each_file_is_used(studio, run):
    en, zh = (take_model.content(studio, run, language)["html"] for language in ("en", "zh"))
    offered = len(take_model.OFFERED)
    for html, heading in ((en, "How to use it"), (zh, "使用方法")):
        assert html.count(heading) == offered and html.count("<ol>") == offered
        assert all(each.count("<li>") == 3 for each in re.findall("<ol>(.*?)</ol>", html, re.DOTALL))
    assert "pip install numpy onnxruntime pillow" in en and ".onnx.py picture.jpg" in en and "图片.jpg" in zh
    assert "pip install coremltools" in en and "ai-edge-litert" in en


def test_no_program_is_there_for_what_is_no_run_and_no_format(run, client):
    for path in (f"{run.run.id}/export/caffe", "nowhere/export/onnx", f"{run.run.id}/export/pt"):
        assert client.get(f"/studio/runs/{path}/program.py").status_code == 404
