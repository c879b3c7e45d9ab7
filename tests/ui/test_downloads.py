from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hand_made import finish, new_run, report_of, train
from PIL import Image

from resnet_studio.evaluation.tables import csv_text
from resnet_studio.training.jobs import Jobs
from resnet_studio.ui.page.context import Studio
from resnet_studio.ui.page.downloads import file_name
from resnet_studio.ui.results import tab as results_tab
from resnet_studio.workspace import Run, Workspace

pytestmark = pytest.mark.usefixtures("narrow")

CLASSES = ("=cmd", "two")


@pytest.fixture
def run(workspace: Workspace) -> Run:
    made = new_run(workspace, classes=CLASSES, dataset="Zahlen ähnlich")
    train(made, epochs=2)
    finish(made, report_of(made, wrong={0: 1}))
    return made


@pytest.fixture
def client(workspace: Workspace) -> Iterator[TestClient]:
    app = FastAPI()
    app.include_router(results_tab.routes(Studio(workspace, Jobs(workspace))))
    with TestClient(app) as opened:
        yield opened


def save_model(run: Run) -> None:
    from resnet_studio.model import checkpoint, resnet
    from resnet_studio.model.card import Card
    from resnet_studio.model.preprocess import Preprocessing

    how = Preprocessing(resize=36, crop=32, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))
    card = Card(classes=CLASSES, depth=18, preprocessing=how, run=run.id)
    checkpoint.save(run.best, resnet.build(18, len(CLASSES)).state_dict(), card)


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.lstrip("\ufeff"))))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_text_that_a_spreadsheet_would_run_is_quoted(start: str) -> None:
    assert rows(csv_text(["name"], [[f"{start}1+1"]]))[1] == [f"'{start}1+1"]


def test_negative_numbers_stay_numbers() -> None:
    assert rows(csv_text(["value"], [[-0.5]]))[1] == ["-0.5"]


def test_the_report_has_one_row_a_class_and_one_for_all(client: TestClient, run: Run) -> None:
    answer = client.get(f"/studio/runs/{run.id}/report.csv")
    table = rows(answer.text)
    assert answer.text.startswith("\ufeff")
    assert [row[0] for row in table] == ["class", "'=cmd", "two", "(all)"]
    assert table[3][1:3] == ["4", "3"]


def test_the_predictions_have_one_row_a_test_picture_with_all_probabilities(client: TestClient, run: Run) -> None:
    table = rows(client.get(f"/studio/runs/{run.id}/predictions.csv").text)
    assert table[0] == ["picture", "true", "predicted", "probability", "correct", "'=cmd", "two"]
    assert len(table) == 5
    assert table[1][4] == "no"
    assert sum(map(float, table[1][5:])) == pytest.approx(1, abs=1e-4)


def test_the_file_name_says_what_is_inside_in_any_script(client: TestClient, run: Run) -> None:
    assert file_name(run, ".safetensors") == "zahlen-ähnlich-resnet18.safetensors"
    header = client.get(f"/studio/runs/{run.id}/report.json").headers["content-disposition"]
    assert 'filename="zahlen-hnlich-resnet18-report.json"' in header
    assert "filename*=UTF-8''zahlen-%C3%A4hnlich-resnet18-report.json" in header


def test_the_report_as_json_is_the_report(client: TestClient, run: Run) -> None:
    assert client.get(f"/studio/runs/{run.id}/report.json").json() == json.loads(run.report_file.read_text("utf-8"))


def test_both_model_files_hold_the_same_weights(client: TestClient, run: Run, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load

    save_model(run)
    ours = load(client.get(f"/studio/runs/{run.id}/model.safetensors").content)
    answer = client.get(f"/studio/runs/{run.id}/model.pt")
    plain = torch.load(io.BytesIO(answer.content), weights_only=True)
    assert ours.keys() == plain.keys()
    assert torch.equal(ours["fc.weight"], plain["fc.weight"])
    made = run.folder / "best.pt"
    before = made.stat().st_mtime_ns
    client.get(f"/studio/runs/{run.id}/model.pt")
    assert made.stat().st_mtime_ns == before


def test_a_run_without_a_model_answers_404(client: TestClient, run: Run) -> None:
    assert client.get(f"/studio/runs/{run.id}/model.safetensors").status_code == 404
    assert client.get(f"/studio/runs/{run.id}/model.pt").status_code == 404


@pytest.mark.slow
def test_no_other_folder_can_be_asked_for(client: TestClient, run: Run) -> None:
    names = ["nothing", "..", "%2e%2e", "..%2f..%2fetc", "a%5cb", "%00", "-rf"]
    paths = ["model.safetensors", "report.json", "picture/test/0", "pictures", "matrix"]
    asked = [f"/studio/runs/{name}/{path}" for name in names for path in paths]
    assert [each for each in asked if client.get(each).status_code != 404] == []


def test_a_picture_of_the_test_is_sent_small(client: TestClient, run: Run) -> None:
    answer = client.get(f"/studio/runs/{run.id}/picture/test/0")
    assert answer.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(answer.content)).size == (32, 32)


@pytest.mark.parametrize("place", ["test/99", "test/-1", "secret/0", "root/0"])
def test_a_picture_that_is_not_there_answers_404(client: TestClient, run: Run, place: str) -> None:
    assert client.get(f"/studio/runs/{run.id}/picture/{place}").status_code == 404


def test_a_picture_file_that_is_no_picture_any_more_answers_404(
    client: TestClient, run: Run, workspace: Workspace
) -> None:
    for file in (workspace.datasets / "Zahlen ähnlich").rglob("*.png"):
        file.write_bytes(b"gone")
    assert client.get(f"/studio/runs/{run.id}/picture/test/0").status_code == 404


def test_the_pictures_of_a_cell_come_in_the_readers_language(client: TestClient, run: Run) -> None:
    asked = f"/studio/runs/{run.id}/pictures?true=0&said=1"
    assert "=cmd, taken for two" in client.get(asked).text
    client.cookies.set("studio_language", "zh")
    assert "把 =cmd 认成 two" in client.get(asked).text


@pytest.mark.parametrize("query", ["true=2", "true=-1", "true=0&said=9"])
def test_a_cell_outside_of_the_matrix_answers_404(client: TestClient, run: Run, query: str) -> None:
    assert client.get(f"/studio/runs/{run.id}/pictures?{query}").status_code == 404
