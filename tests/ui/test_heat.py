"""Heat maps as the page fetches them."""

from __future__ import annotations

import io
from dataclasses import replace
from types import SimpleNamespace

import made
import numpy as np
import pytest
import torch
from fastapi.testclient import TestClient
from hand_made import NoJobs, finish, new_run, report_of, train
from narrow import SHARE
from PIL import Image

from resnet_studio.evaluation.heatmaps import heat_maps
from resnet_studio.model import checkpoint, resnet
from resnet_studio.model.acceptance import Acceptance
from resnet_studio.model.card import Card
from resnet_studio.model.preprocess import Preprocessing
from resnet_studio.model.unlike import fit
from resnet_studio.prediction import Predictor
from resnet_studio.service.heat import HeatPictures
from resnet_studio.service.thumbnails import thumbnail
from resnet_studio.ui.app import build_app
from resnet_studio.ui.page import heat_routes
from resnet_studio.ui.page.context import Studio
from resnet_studio.ui.predict import camera
from resnet_studio.ui.predict.queries import ModelQueries
from resnet_studio.workspace import Workspace

pytestmark = pytest.mark.usefixtures("narrow")

HERE = "http://127.0.0.1:7860"


CARD = Card(classes=("one", "two"), depth=18, preprocessing=Preprocessing(resize=36, crop=32))


def finished_run(workspace, card, seed, reference=None, **more):
    run = new_run(workspace, **more)
    train(run, epochs=1)
    finish(run, report_of(run, wrong={0: 1}))
    checkpoint.save(run.best, resnet.build(18, 2, seed=seed).state_dict(), card, reference)
    return run


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    workspace = Workspace.open(tmp_path_factory.mktemp("heat") / "workspace")
    run = finished_run(workspace, CARD, 1)
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


def test_models_that_answer_together_have_the_mean_of_their_maps(scene, tmp_path):
    """Of a class by its name: to the second model it is the other one."""
    card = replace(CARD, preprocessing=Preprocessing(resize=100, crop=96))
    cards = {name: replace(card, classes=classes) for name, classes in (
        ("first", ("one", "two")), ("second", ("two", "one")), ("stranger", ("one", "three")),
    )}  # fmt: skip
    first, second, stranger = (
        finished_run(scene.workspace, card, seed, name=name) for seed, (name, card) in enumerate(cards.items())
    )
    file = made.write(tmp_path, {"a.png": made.picture(side=80)}) / "a.png"
    studio = Studio(scene.workspace, NoJobs())
    heat = HeatPictures(studio.predictors)
    shown = Image.open(io.BytesIO(heat.compute([first.best, second.best], file, "a", 1, 64)))
    each = [
        next(heat_maps(Predictor(run.best, device="cpu"), [file], label)).over(64, 64)
        for run, label in ((first, 1), (second, 0))
    ]
    mean = np.nan_to_num(sum(each) / 2, nan=255 / 254)  # the colour of what neither saw
    assert np.asarray(shown) / 254 == pytest.approx(mean, abs=0.003) and np.nanmax(abs(each[0] - each[1])) > 0.1
    assert heat.compute([first.best, second.best], file, "a", None, 64) is None  # of which class is not said
    assert heat.compute([first.best, stranger.best], file, "a", 1, 64) is None
    keys, content = [f"run:{first.id}", f"run:{second.id}"], made.encoded(made.scene(0, 64), "JPEG")
    live = camera.answer(studio, keys[0], content, heat=True, more={"others": keys[1:]})
    assert live["heat"].startswith("data:image/png;base64,")


def test_a_camera_with_the_map_says_none_of_these_as_one_without_it_does(scene):
    width = 512 // SHARE
    seen = {f"layer{at}": torch.rand(20, 2 * width // (5 - at)) for at in (3, 4)}
    unlike = replace(CARD, unlike=Acceptance((-50.0,)))
    run = finished_run(scene.workspace, unlike, 1, fit(seen, torch.arange(20) % 2), name="unlike")
    studio, content = Studio(scene.workspace, NoJobs()), made.encoded(made.scene(0, 64), "JPEG")
    plain, heated = (camera.answer(studio, f"run:{run.id}", content, heat=heat) for heat in (False, True))
    assert plain["level"] == heated["level"] == "unknown"


def test_results_offer_one_switch_for_all_mistakes_and_each_has_its_address(scene):
    page = scene.client.get(f"/studio/runs/{scene.run.id}/pictures").text
    assert page.count("data-heat-switch") == 1
    assert f'data-heat="studio/runs/{scene.run.id}/heat/test/0"' in page
    assert 'data-said="1" data-true="0"' in page
