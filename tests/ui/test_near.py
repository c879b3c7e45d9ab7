"""The route behind the search for near-duplicates."""

import io
import threading

import hand_made
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from made import encoded, scene, write
from PIL import ExifTags, Image, ImageOps
from waiting import wait_for

from resnet_studio.data import compared
from resnet_studio.data.opening import open_data
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
        studio.near.begin(dataset)
        for thread in threading.enumerate():
            if thread.name == "near-duplicates":
                thread.join()
        answer = client.get(address + "?validation=20&test=20")
        values = answer.json()
        assert (values["state"], values["total"], values["pictures"], values["leaks"]) == ("ready", 10, 20, 0)
        assert str(tmp_path) not in answer.text and ".png" not in answer.text
        assert sorted(place for row in values["groups"] for place in row["places"]) == list(range(20))


@pytest.mark.parametrize("sort", ["like", "next"])
def test_an_order_that_fails_is_said_once_and_not_begun_again_at_each_look(tmp_path, workspace, monkeypatch, sort):
    files = {f"{kind}/{n}.png": encoded(scene(n, 32)) for n in range(4) for kind in ("a", "b", "unlabelled")}
    dataset = open_data(write(tmp_path / "set", files), workspace)
    run = hand_made.new_run(workspace, dataset=dataset.id)
    hand_made.train(run, epochs=1)
    hand_made.finish(run, None)
    run.best.write_bytes(b"no model")

    def fails(*_):
        raise OSError("the disk is away")

    monkeypatch.setattr(compared, "compared", fails)
    studio, app = Studio(workspace, Jobs(workspace)), FastAPI()
    app.include_router(routes(studio))
    with TestClient(app) as client:
        address, answers = f"/studio/mend/{dataset.id}/places?standing=unlabelled&sort={sort}", []

        def said():
            answers.append(client.get(address, headers={"accept-language": "en"}).json())
            return "done" not in answers[-1]

        wait_for(said)
        assert set(answers[-1]) == {"problem"} and "review" not in answers[-1]["problem"]


def test_by_time_and_by_a_table_are_shown_once_they_are_chosen(tmp_path, workspace):
    files = {f"{'ab'[n % 2]}/{n}.jpg": taken(scene(n, 32), 30 * n) for n in range(12)}
    dataset = open_data(write(tmp_path / "set", files), workspace)
    studio, app = Studio(workspace, Jobs(workspace)), FastAPI()
    app.include_router(routes(studio))
    with TestClient(app, cookies={"studio_browser": "x"}) as client:

        def by(query, content=b""):
            answer = client.post(f"/studio/mend/{dataset.id}/near/by?{query}", content=content)
            return answer.status_code, answer.json()

        status, row = by("kind=time&seconds=60")  # each picture of a class is a minute after the one before
        assert (status, row["by"], row["groups"]) == (200, "time", 0)  # a class of one group is split all the same
        assert by("kind=time&seconds=59")[1]["groups"] == 0
        rows = ["file,group", *(f"{n}.jpg,{n // 4}-{n % 2}" for n in range(12))]
        status, row = by("kind=csv", "\n".join(rows).encode())
        assert (status, row["groups"], row["pictures"], row["apart"]) == (200, 6, 12, 0)
        status, answer = by("kind=csv", b"a,b\n1,2")
        assert status == 400 and "table" in answer["problem"] and str(tmp_path) not in answer["problem"]
        rows = ["file;day;mug", *(f"{n}.jpg;{n};m{n // 4}-{n % 2}" for n in range(12))]
        status, row = by("kind=csv", "\n".join(rows).encode())
        assert (status, row["columns"], row["column"], "groups" in row) == (200, ["day", "mug"], "", False)
        status, row = by("kind=csv&column=mug", "\n".join(rows).encode())
        assert (status, row["groups"], row["column"]) == (200, 6, "mug")
        assert by("kind=time&seconds=0")[0] == 422 and by("kind=folder")[0] == 422
        assert list(workspace.temporary.iterdir()) == []


def taken(image, seconds):
    """``image`` as a photograph that was taken so many seconds after noon."""
    exif = Image.Exif()
    exif[ExifTags.Base.DateTime] = f"2024:05:01 12:{seconds // 60:02}:{seconds % 60:02}"
    written = io.BytesIO()
    image.save(written, "JPEG", exif=exif)
    return written.getvalue()
