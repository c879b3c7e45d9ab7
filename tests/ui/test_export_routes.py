"""Tables, plots and the report as downloads of the page."""

import io
import json
from urllib.parse import quote

import hand_made
import pandas
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image

from resnet_studio.evaluation import plots, tables
from resnet_studio.training.jobs import Jobs
from resnet_studio.ui.page.context import Studio
from resnet_studio.ui.results import tab as results_tab
from resnet_studio.ui.results.exports import export_panel
from resnet_studio.ui.runs import view as runs_view
from resnet_studio.ui.runs.compare import compared

pytestmark = pytest.mark.usefixtures("narrow")


@pytest.fixture
def studio(workspace):
    return Studio(workspace, Jobs(workspace))


@pytest.fixture
def client(studio):
    app = FastAPI()
    app.include_router(results_tab.routes(studio))
    with TestClient(app) as opened:
        yield opened


@pytest.fixture
def run(workspace):
    made = hand_made.new_run(workspace, classes=("猫", "<b>dog</b>"), dataset="tiere")
    hand_made.train(made, epochs=2)
    hand_made.finish(made, hand_made.report_of(made, wrong={0: 1}))
    return made


def links(html):
    return [part.split('"')[0].replace("&amp;", "&") for part in html.split('href="')[1:]]


@pytest.mark.slow
@pytest.mark.parametrize("language", [pytest.param("en", marks=pytest.mark.long), "zh"])
def test_every_link_of_the_panel_leads_to_a_file(client, studio, run, language):
    found = links(export_panel(studio.runs.of(run), language))
    assert len(found) == 4 * len(tables.formats()) + 3 * 2 * len(plots.FORMATS) + 2  # the report, the card
    for link in found:
        answer = client.get(f"/{link}", headers={"accept-language": language})
        assert answer.status_code == 200 and answer.content, link
        assert "attachment" in answer.headers["content-disposition"]


@pytest.mark.slow
def test_a_table_and_a_plot_are_what_they_say(client, run):
    start = f"/studio/runs/{run.id}"
    assert json.loads(client.get(f"{start}/table/confusion.json").text)[0]["true class"] == "猫"
    widths = [
        Image.open(io.BytesIO(client.get(f"{start}/plot/curves.png", params={"purpose": purpose}).content)).width
        for purpose in ("slide", "paper", "column")
    ]
    assert widths == pytest.approx([254 / 25.4 * 150, 183 / 25.4 * 300, 89 / 25.4 * 300], abs=1)
    report = client.get(f"{start}/report.html", headers={"accept-language": "zh"}).text
    assert "混淆矩阵" in report and "<b>dog" not in report


@pytest.mark.slow
def test_all_runs_and_compared_ones_are_files_too(client, studio, run, workspace):
    other = hand_made.new_run(workspace, name="other", classes=("猫", "<b>dog</b>"), dataset="tiere")
    hand_made.train(other, epochs=2)
    hand_made.finish(other, hand_made.report_of(other))
    page = runs_view.table(studio.runs.listed(), "en")
    (link,) = [link for link in links(page) if link.endswith("runs.csv")]
    assert len(pandas.read_csv(io.BytesIO(client.get(f"/{link}").content))) == 2
    panel = compared(studio.runs, [studio.runs.of(run), studio.runs.of(other)], "en")
    found = [link for link in links(panel) if "comparison" in link]
    assert len(found) == 6 and all(client.get(f"/{link}").content for link in found)
    assert "cannot tell" in panel and "<b>dog" not in panel and "&lt;b&gt;dog" in panel


@pytest.mark.parametrize("path", [
    "runs/{run}/table/nothing.csv", "runs/{run}/plot/nothing.png", "runs/nowhere/report.html", "all/comparison.png",
    "all/comparison.png?run=../../x", "runs/{other}/table/classes.csv", "runs/{other}/report.html",
])  # fmt: skip
def test_what_there_is_not_is_not_found(client, run, workspace, path):
    other = hand_made.new_run(workspace, name="empty")
    answer = client.get(f"/studio/{path.format(run=quote(run.id), other=quote(other.id))}")
    assert answer.status_code == 404


@pytest.mark.slow
@pytest.mark.parametrize("path", ["runs/{run}/table/classes.exe", "runs/{run}/plot/curves.gif",
                                  "runs/{run}/plot/curves.png?purpose=poster"])  # fmt: skip
def test_other_formats_are_refused(client, run, path):
    assert client.get(f"/studio/{path.format(run=run.id)}").status_code == 422
