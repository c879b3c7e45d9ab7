"""The route behind the search for near-duplicates."""

import time

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from made import encoded, scene, write
from PIL import ImageOps

from resnet_studio.data.doors import open_data
from resnet_studio.training.jobs import Jobs
from resnet_studio.ui.data.mend_routes import routes
from resnet_studio.ui.page.context import Studio

pytestmark = pytest.mark.slow


def test_the_route_takes_an_id_and_shares_that_make_sense_and_names_pictures_by_place(tmp_path, workspace):
    files = {f"{'ab'[n % 2]}/{n}.png": encoded(scene(n, 64)) for n in range(10)}
    files |= {f"{'ab'[n % 2]}/{n}m.png": encoded(ImageOps.mirror(scene(n, 64))) for n in range(10)}
    dataset = open_data(write(tmp_path / "set", files), workspace)
    studio, app = Studio(workspace, Jobs(workspace)), FastAPI()
    app.include_router(routes(studio))
    with TestClient(app) as client:
        address = f"/studio/mend/{dataset.id}/near"
        for wrong in ("?validation=-1", "?test=90", "?validation=x"):
            assert client.get(address + wrong).status_code == 422
        assert client.get("/studio/mend/no-such-set/near").status_code == 404
        assert client.get(address).json() == {"state": "none"}
        search, until = studio.near.begin(dataset), time.monotonic() + 60
        while search.found is None and time.monotonic() < until:
            time.sleep(0.02)
        answer = client.get(address + "?validation=20&test=20")
        values = answer.json()
        assert (values["state"], values["total"], values["pictures"], values["leaks"]) == ("ready", 10, 20, 0)
        assert str(tmp_path) not in answer.text and ".png" not in answer.text
        assert sorted(place for row in values["groups"] for place in row["places"]) == list(range(20))
