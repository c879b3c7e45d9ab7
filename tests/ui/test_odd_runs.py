"""Odd runs on the Results page, in its panels and routes, in the report to hand in and by commands: all say why."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import made
import pytest
from fastapi.testclient import TestClient
from hand_made import NoJobs
from PIL import Image
from sweeps import few
from waiting import wait_for

import resnet_studio as studio
from resnet_studio import cli
from resnet_studio.data.run_split import split_of
from resnet_studio.evaluation import outputs, run_report
from resnet_studio.evaluation.report import make_report
from resnet_studio.model import checkpoint
from resnet_studio.training.control import Control
from resnet_studio.ui.app import build_app
from resnet_studio.ui.page.context import Studio
from resnet_studio.ui.results import panels
from resnet_studio.ui.results import tab as results_tab
from resnet_studio.ui.results.panels import PANELS
from resnet_studio.workspace import Run, Workspace

pytestmark = [pytest.mark.usefixtures("narrow"), pytest.mark.slow]
HERE = "http://127.0.0.1:7860"
NAMES = ("猫", "قطة سوداء", "x" * 120, "a & b", "🐈 " * 20)
PLOTS = ("curves", "confusion", "reliability", "learning-rate", "groups", "forecast", "robustness", "map")
UNEXPECTED = re.compile(
    r"nexpected|意外|Traceback|Internal Server Error|cannot be shown|无法显示|\bNone%|\b(nan|NaN|inf|Infinity)\b"
)
EMBEDDED = re.compile(r"data:[\w/+-]+;base64,[\w+/=]*|<svg.*?</svg>|<pre.*?</pre>|data-code=\"[^\"]*\"", re.DOTALL)
SETTINGS = {"epochs": 1, "weights": "scratch", "picture_size": 32, "device": "cpu", "batch_size": 16}


def trained(
    source: Path, workspace: Workspace, control: Control | None = None, on_event: Any = None, **settings: Any
) -> Run:
    config = studio.TrainConfig(**SETTINGS | settings)
    dataset = studio.open_data(source, workspace)
    return studio.train(dataset, config, workspace=workspace, on_event=on_event, control=control)


def folders(target: Path, counts: dict[str, int], **options: Any) -> Path:
    return made.write(target, made.class_files(counts, side=20, **options))


def plain(target: Path, workspace: Workspace) -> Run:
    return trained(folders(target, {"cat": 20, "dog": 20}), workspace)


def one_class_tested(target: Path, workspace: Workspace) -> Run:
    return trained(folders(target, {"train/cat": 12, "train/dog": 12, "test/cat": 6}), workspace)


def no_test_part(target: Path, workspace: Workspace) -> Run:
    return trained(folders(target, {"cat": 12, "dog": 12}), workspace, test_fraction=0)


def one_picture_tested(target: Path, workspace: Workspace) -> Run:
    return trained(folders(target, {"train/cat": 12, "train/dog": 12, "test/cat": 1}), workspace)


def no_validation_part(target: Path, workspace: Workspace) -> Run:
    """Its record is lost, as none can be made so."""
    run = plain(target, workspace)
    run.write_json("split.json", {**run.read_json("split.json"), "validation": []})
    outputs.write(run.logits_file, {"test": outputs.read(run.logits_file)["test"]})
    forget_parts(run)
    return run


def stopped_after_an_epoch(target: Path, workspace: Workspace, *, pause: bool = False) -> Run:
    control = Control()

    def stop(event: Any) -> None:
        if type(event).__name__ == "EpochFinished":
            (control.pause if pause else control.stop)()

    return trained(folders(target, {"cat": 20, "dog": 20}), workspace, control, stop, epochs=4)


def paused_after_an_epoch(target: Path, workspace: Workspace) -> Run:
    return stopped_after_an_epoch(target, workspace, pause=True)


def never_predicted(target: Path, workspace: Workspace) -> Run:
    run = trained(folders(target, {"cat": 20, "dog": 20, "owl": 20}), workspace)
    loaded = checkpoint.load(run.best)
    loaded.model.fc.bias.data[2] = -50
    checkpoint.save(run.best, loaded.model.state_dict(), loaded.card, loaded.reference)
    known = outputs.read(run.logits_file)
    for part in known.values():
        part.logits[:, 2] = -50
    forget_parts(run)
    split = split_of(run)
    report = replace(make_report(split.classes, split.test, known["test"].probabilities), outputs=known["test"])
    run_report.write(run, report, known["validation"])
    run_report.complete(run)
    return run


def many_classes(target: Path, workspace: Workspace) -> Run:
    return trained(folders(target, {f"kind {at:03}": 4 for at in range(200)}), workspace)


def odd_names(target: Path, workspace: Workspace) -> Run:
    return trained(folders(target, dict.fromkeys(NAMES, 12)), workspace)


def grey_pictures(target: Path, workspace: Workspace) -> Run:
    folders(target, {"cat": 20, "dog": 20})
    for at, path in enumerate(sorted(target.rglob("*.png"))):
        Image.open(path).convert(("L", "LA", "1", "I;16")[at % 4]).save(path)
    return trained(target, workspace)


def of_an_earlier_version(target: Path, workspace: Workspace) -> Run:
    """Without what was added since: logits, temperature, the reference of "none of these", the parts of the report."""
    run = plain(target, workspace)
    loaded = checkpoint.load(run.best)
    card = replace(loaded.card, unlike=None, temperature=1.0)
    checkpoint.save(run.best, loaded.model.state_dict(), card)
    forget_parts(run)
    for name in ("unlike.json", run.logits_file.name):
        (run.folder / name).unlink()
    return run


def pictures_gone(target: Path, workspace: Workspace) -> Run:
    run = plain(target, workspace)
    forget_parts(run)
    shutil.rmtree(target)
    for copy in workspace.datasets.glob("*/pictures"):
        shutil.rmtree(copy)
    return run


def model_gone(target: Path, workspace: Workspace) -> Run:
    run = plain(target, workspace)
    forget_parts(run)
    run.best.unlink()
    return run


CASES: tuple[Callable[[Path, Workspace], Run], ...] = (
    no_test_part, pictures_gone, one_class_tested, of_an_earlier_version, never_predicted, odd_names,
    one_picture_tested, no_validation_part, stopped_after_an_epoch, paused_after_an_epoch, many_classes, grey_pictures,
    model_gone,
)  # fmt: skip
"""The first in each run of the tests, the others when there is time."""


SAID = {
    no_test_part: "This takes test pictures, and this run has none",
    pictures_gone: "no longer where they were",
    one_class_tested: "at least two classes",
    never_predicted: "is never predicted",
    no_validation_part: "This run has nothing to show here",
    stopped_after_an_epoch: "of 4",
    paused_after_an_epoch: "Paused after epoch 1 of 4",
    model_gone: "missing from its folder",
}
"""What must be read somewhere on the page or in its panels."""


def forget_parts(run: Run) -> None:
    for file in run.folder.glob("report-*"):
        shutil.rmtree(file) if file.is_dir() else file.unlink()


def wrong_words(where: str, text: str) -> list[str]:
    text = EMBEDDED.sub("", text)
    return [f"{where}: …{text[max(0, at.start() - 80) :][:200]}" for at in UNEXPECTED.finditer(text)]


def panel_texts(run: Run, workspace: Workspace) -> dict[str, str]:
    """What the page and its panels say of ``run`` in both languages, once all that takes long was asked for."""
    desk = Studio(workspace, cast("Any", NoJobs()))
    data, overview = desk.runs, desk.runs.of(run)
    said: dict[str, str] = {}
    for panel in PANELS if run.state().finished else ():
        if not panel.part.quick:
            begun = desk.analyses.begin(run, panel.part)
            wait_for(lambda begun=begun: not begun.active)
            if begun.state == "failed" and begun.error is None:
                said[panel.name] = "failed without a sentence: unexpected"
        for language in ("en", "zh"):
            said[f"{panel.name} {language}"] = panels.content(desk, overview, panel, language)["html"]
    for language in ("en", "zh"):
        said[f"page {language}"] = results_tab.page_or_reason(data, data.overviews(), overview, language)
    return said


PATHS = (
    "report.csv", "predictions.csv", "report.json", "model.safetensors", "model.pt", "pictures", "pictures?true=0",
    "matrix", "matrix?whole=true", "picture/test/0", "picture/validation/0", "heat/test/0", "inside/0", "next",
    "changed/0?kind=blur&strength=strong", "report.html", "card.md",
    *(f"table/{table}.csv" for table in ("classes", "confusion", "predictions", "epochs")),
    *(f"plot/{plot}.svg" for plot in PLOTS), *(f"panel/{panel.name}" for panel in PANELS),
)  # fmt: skip


def wrong_routes(run: Run, workspace: Workspace) -> list[str]:
    """What the routes of ``run`` answer that nobody should read."""
    wrong: list[str] = []
    with TestClient(build_app(workspace, NoJobs()), base_url=HERE, client=("127.0.0.1", 50_000)) as client:
        client.get("/")
        for number, path in enumerate(PATHS):
            language = ("en", "zh")[number % 2]
            answer = client.get(f"/studio/runs/{run.id}/{path}", headers={"accept-language": language})
            if answer.status_code >= 500:
                wrong.append(f"{path}: {answer.status_code} {answer.text[:300]}")
            if "text" in answer.headers.get("content-type", "") or "json" in answer.headers.get("content-type", ""):
                wrong += wrong_words(f"{path} ({language})", answer.text)
    return wrong


def wrong_commands(run: Run, workspace: Workspace, target: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What is wrong with what the commands say of ``run``."""
    wrong: list[str] = []
    for given in (
        ["report", run.id, "--out", str(target / "report.html"), "--card", str(target / "card.md")],
        ["report", run.id, "--out", str(target / "report.html"), "--language", "zh", "--parts", "none"],
        ["compare", run.id, run.id], ["tables", run.id, "--out", str(target)], ["plots", run.id, "--out", str(target)],
        ["runs"], ["evaluate", run.id, str(target / "pictures")],
        ["explain", run.id, str(target / "one.png"), "--out", str(target / "heat.png")],
        ["predict", run.id, str(target / "one.png")],
    ):  # fmt: skip
        for extra in ([], ["--json"]):
            status = cli.main([*given, *extra, "--workspace", str(workspace.root)])
            said = capsys.readouterr()
            text = said.out + said.err
            wrong.extend(wrong_words(" ".join(given[:1] + extra), text))
            if status not in (0, 1, 2) or not text.strip():
                wrong.append(f"{given[0]} {extra}: status {status}, {text!r}")
            if extra and status == 0:
                json.loads(said.out)
    return wrong


@few("make", CASES, ids=[make.__name__ for make in CASES])
def test_an_odd_run_gets_sentences_everywhere(
    make: Callable[[Path, Workspace], Run], workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = make(tmp_path / "pictures", workspace)
    (tmp_path / "one.png").write_bytes(made.picture(3))
    capsys.readouterr()
    said = panel_texts(run, workspace)
    assert [line for where, text in said.items() for line in wrong_words(where, text)] == []
    expected = SAID.get(make, "")
    assert not expected or any(expected in text for text in said.values())
    assert wrong_routes(run, workspace) + wrong_commands(run, workspace, tmp_path, capsys) == []
