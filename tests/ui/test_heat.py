"""Heat maps as the page fetches them."""

from __future__ import annotations

import io
from types import SimpleNamespace

import made
import numpy as np
import pytest
from fastapi.testclient import TestClient
from hand_made import NoJobs, finish, new_run, report_of, train
from PIL import Image

from resnet_studio.model import checkpoint, resnet
from resnet_studio.model.card import Card
from resnet_studio.model.preprocess import Preprocessing
from resnet_studio.service.thumbnails import thumbnail
from resnet_studio.ui.app import build_app
from resnet_studio.ui.page import heat_routes
from resnet_studio.ui.page.context import Studio
from resnet_studio.ui.predict import camera
from resnet_studio.ui.predict.queries import ModelQueries
from resnet_studio.workspace import Workspace

pytestmark = pytest.mark.usefixtures("narrow")

HERE = "http://127.0.0.1:7860"


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    workspace = Workspace.open(tmp_path_factory.mktemp("heat") / "workspace")
    run = new_run(workspace)
    train(run, epochs=1)
    finish(run, report_of(run, wrong={0: 1}))
    card = Card(classes=("one", "two"), depth=18, preprocessing=Preprocessing(resize=36, crop=32))
    checkpoint.save(run.best, resnet.build(18, 2, seed=1).state_dict(), card)
    with TestClient(build_app(workspace, NoJobs()), base_url=HERE, client=("127.0.0.1", 50_000)) as client:
        client.get("/")
        yield SimpleNamespace(workspace=workspace, run=run, client=client)


def test_each_test_picture_has_a_map_for_each_class(scene):
    start = f"/studio/runs/{scene.run.id}/heat/test/0"
    maps = [scene.client.get(start, params={"label": label, "side": 64}) for label in (0, 1)]
    assert [found.status_code for found in maps] == [200, 200]
    first, second = (np.asarray(Image.open(io.BytesIO(found.content)).convert("RGBA")) for found in maps)
    assert first.shape == second.shape == (64, 64, 4)
    assert (first != second).any()
    assert maps[0].headers["content-type"] == "image/png"
    assert scene.client.get(start).status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "heat/test/999", "heat/test/-1", "heat/nothing/0", "heat/test/0?label=2", "heat/test/x", "heat/test/0?side=5",
        "heat/test/0?label=-1", "heat/test/0?side=9999999", "heat/..%2f..%2ftest/0",
    ],
)  # fmt: skip
def test_anything_odd_is_not_found_or_refused(scene, address):
    assert scene.client.get(f"/studio/runs/{scene.run.id}/{address}").status_code in (404, 422)


@pytest.mark.parametrize("run", ["nobody", "..", "%2e%2e%2fother", "a" * 400])
def test_a_run_that_is_not_there_has_no_maps(scene, run):
    assert scene.client.get(f"/studio/runs/{run}/heat/test/0").status_code in (404, 422)


def test_a_picture_that_was_just_classified_has_a_map_and_others_cannot_guess_it(scene, tmp_path):
    studio = Studio(scene.workspace, NoJobs())
    file = made.write(tmp_path, {"a.png": made.picture(side=80)}) / "a.png"
    queries = ModelQueries(scene.workspace, studio.album, studio.runs, studio.predictors)
    *_, html = queries.answer_picture(f"run:{scene.run.id}", str(file), "en")
    from fastapi import FastAPI

    app = FastAPI()
    app.include_router(heat_routes.routes(studio))
    name = studio.album.keep(thumbnail(file, 640))
    with TestClient(app) as client:
        ask = {"model": f"run:{scene.run.id}", "label": 1}
        assert client.get(f"/studio/asked/{name}/heat", params=ask).status_code == 200
        assert client.get(f"/studio/asked/{name}/heat", params={**ask, "drawing": True}).status_code == 200
        for asked in ({**ask, "label": 2}, {**ask, "model": "run:../x"}, {**ask, "model": "import:none.safetensors"}):
            assert client.get(f"/studio/asked/{name}/heat", params=asked).status_code == 404
        assert client.get("/studio/asked/guessed/heat", params=ask).status_code == 404
    assert 'data-heat-class="1"' in html and f"heat?model=run%3A{scene.run.id}" in html


def test_a_camera_is_answered_with_the_map_where_it_asks_for_it(scene):
    studio = Studio(scene.workspace, NoJobs())
    content = made.encoded(made.scene(0, 64), "JPEG")
    plain = camera.answer(studio, f"run:{scene.run.id}", content)
    heated = camera.answer(studio, f"run:{scene.run.id}", content, heat=True)
    assert "heat" not in plain and heated["heat"].startswith("data:image/png;base64,")
    assert heated["scores"] == plain["scores"] and heated["level"] == plain["level"]


def test_results_offer_one_switch_for_all_mistakes_and_each_has_its_address(scene):
    page = scene.client.get(f"/studio/runs/{scene.run.id}/pictures").text
    assert page.count("data-heat-switch") == 1
    assert f'data-heat="studio/runs/{scene.run.id}/heat/test/0"' in page
    assert 'data-said="1" data-true="0"' in page
