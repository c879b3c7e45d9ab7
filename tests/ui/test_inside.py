"""What goes on inside a network as the page shows it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from types import SimpleNamespace

import made
import pytest
from fastapi.testclient import TestClient
from hand_made import NoJobs, finish, new_run, report_of, train

from resnet_studio.evaluation import inside, slow_parts
from resnet_studio.evaluation.exciting import INSIDE
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.model import checkpoint, resnet
from resnet_studio.model.card import Card
from resnet_studio.model.preprocess import Preprocessing
from resnet_studio.stepwise import result_of
from resnet_studio.ui.app import build_app
from resnet_studio.workspace import Workspace

pytestmark = pytest.mark.slow

HERE = "http://127.0.0.1:7860"


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    workspace = Workspace.open(tmp_path_factory.mktemp("inside") / "workspace")
    run = new_run(workspace)
    train(run, epochs=1)
    finish(run, report_of(run))
    card = Card(classes=("one", "two"), depth=18, preprocessing=Preprocessing(resize=36, crop=32))
    checkpoint.save(run.best, resnet.build(18, 2, seed=1).state_dict(), card)
    result_of(slow_parts.update(RunReport(run), INSIDE))
    with TestClient(build_app(workspace, NoJobs()), base_url=HERE, client=("127.0.0.1", 50_000)) as client:
        client.get("/")
        yield SimpleNamespace(run=run, client=client, start=f"/studio/runs/{run.id}")


@pytest.mark.parametrize(("language", "word"), [("en", "Choose a test picture"), ("zh", "选择一张测试图片")])
def test_the_panel_offers_test_pictures(scene, language, word):
    shown = scene.client.get(f"{scene.start}/panel/inside", headers={"accept-language": language}).json()
    assert shown["state"] == "ready" and word in shown["html"]
    assert shown["html"].count("data-inside-picture=") == 4


def test_a_picture_has_tiles_for_each_stage_and_each_tile_its_most_exciting_pictures(scene):
    html = scene.client.get(f"{scene.start}/inside/0").text
    assert html.count("data-inside-channel=") == 5 * 12 and html.count("data:image/png;base64,") == 5 * 12 + 2
    tops = [json.loads(found) for found in re.findall(r'data-top="([^"]*)"', html)]
    assert all(top for top in tops)
    spots = [spot for top in tops for spot in top]
    assert all(0 < across < 1 and 0 < down < 1 for _, across, down in spots)
    for place in {place for place, *_ in spots}:
        assert scene.client.get(f"{scene.start}/changed/{place}").status_code == 200


def test_ones_own_picture_gets_the_same_as_a_test_picture(scene):
    sample = RunReport(scene.run).split
    content = sample.path(sample.test[0]).read_bytes()
    sent = scene.client.post(f"{scene.start}/inside", content=content)
    html, own = scene.client.get(f"{scene.start}/inside/0").text, sent.json()["html"]
    assert sent.status_code == 200
    tiles = [re.findall(r'title="([^"]*)"', each) for each in (html, own)]
    assert len(tiles[0]) == 60 and tiles[0] == tiles[1]


def test_a_picture_of_none_of_the_classes_is_said_to_be_so(scene, monkeypatch):
    look = inside.look_inside

    def unlike(*given):
        found = look(*given)
        return replace(found, prediction=replace(found.prediction, unknown=True))

    monkeypatch.setattr(inside, "look_inside", unlike)
    sent = scene.client.post(f"{scene.start}/inside", content=made.encoded(made.scene(0, 32)))
    assert "none of its classes" in sent.json()["html"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"no picture", "not a picture"), (made.encoded(made.scene(0, 32)), None), (b"\0" * (2**20 + 1), None)],
)
def test_what_is_sent_is_a_picture_of_bounded_size(scene, content, sentence):
    answer = scene.client.post(f"{scene.start}/inside", content=content)
    if content.startswith(b"\x89PNG"):
        assert answer.status_code == 200
    else:
        assert answer.status_code in (400, 413) and answer.json()["problem"]
        assert sentence is None or sentence in answer.json()["problem"]


@pytest.mark.parametrize("address", ["inside/999", "inside/-1", "inside/x", "inside/..%2f..%2f0"])
def test_anything_odd_is_not_found_or_refused(scene, address):
    assert scene.client.get(f"{scene.start}/{address}").status_code in (404, 422)


@pytest.mark.parametrize("run", ["nobody", "..", "a" * 400])
def test_a_run_that_is_not_there_has_nothing_inside(scene, run):
    assert scene.client.get(f"/studio/runs/{run}/inside/0").status_code in (404, 422)
