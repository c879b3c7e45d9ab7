from __future__ import annotations

import io
import re
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import hand_made
import made
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hand_made import NoJobs

from resnet_studio.model import checkpoint, resnet
from resnet_studio.model.card import Card
from resnet_studio.model.preprocess import Preprocessing
from resnet_studio.predicting.jobs import Jobs, Picture, Request, Source
from resnet_studio.predicting.rows import AnswerRow, Appender
from resnet_studio.service.predicting import PredictionJobs
from resnet_studio.ui.app import build_app
from resnet_studio.ui.page.ownership import COOKIE, started_by
from resnet_studio.workspace import Workspace

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("narrow")]

CLASSES = ("one", "<b>two</b>")
HERE = "http://127.0.0.1:7860"


class Scene:
    """A server with one model, and one job of the browser ``me`` on it."""

    def __init__(self, folder: Path) -> None:
        import torch

        self.workspace = Workspace.open(folder / "workspace")
        run = hand_made.new_run(self.workspace, name="own", classes=CLASSES)
        hand_made.train(run, epochs=2)
        hand_made.finish(run, hand_made.report_of(run))
        torch.manual_seed(0)
        how = Preprocessing(resize=36, crop=32, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))
        checkpoint.save(run.best, resnet.build(18, 2).state_dict(), Card(classes=CLASSES, depth=18, preprocessing=how))
        files = {f"{n}.png": made.picture(n) for n in range(60)}
        self.pictures = made.write(folder / "mine", {**files, "<i>.png": b"\x89PNG\r\n\x1a\n"})
        self.app = build_app(self.workspace, NoJobs())  # type: ignore[arg-type]
        self.run, self.folder = run, folder
        self.me, self.other, self.local = (self.client(number) for number in ("me", "other", ""))
        source = Source("folder", str(self.pictures), "mine")
        self.request: dict[str, Any] = {
            "models": (f"run:{run.id}",), "model_name": "own", "classes": CLASSES, "title": "<u>mine</u>",
            "sources": (source,),
        }  # fmt: skip
        by = started_by(_digest("me"))
        self.job = Jobs(self.workspace).new(Request(**self.request, started_by=by)).id

    def client(self, browser: str) -> TestClient:
        found = TestClient(self.app, base_url=HERE, client=("127.0.0.1", 50_000))
        if browser:
            found.cookies.set(COOKIE, browser)
        return found

    def look(self, **query: Any) -> dict[str, Any]:
        answer = self.me.get(f"/studio/predictions/{self.job}", params=query)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def until(self, status: str) -> dict[str, Any]:
        for _ in range(1500):
            if (found := self.look())["status"] == status:
                return found
            time.sleep(0.02)
        raise AssertionError(found)


def _digest(number: str) -> str:
    from types import SimpleNamespace

    from resnet_studio.ui.page.ownership import browser_of

    return browser_of(SimpleNamespace(cookies={COOKIE: number}))


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    built = Scene(tmp_path_factory.mktemp("many"))
    with built.me:  # a server that starts goes on with the job
        built.until("done")
        yield built


def test_a_server_that_starts_goes_on_with_a_job_and_shows_a_page_of_its_table(scene: Scene) -> None:
    found = scene.look(order="name")
    assert "60 pictures named" in found["head"] and "1 file could not be read" in found["head"]
    assert "&lt;u&gt;mine&lt;/u&gt;" in found["head"] and "<u>mine" not in found["head"]
    assert found["table"].count("<tr") == 51
    second = scene.look(order="name", first=50)
    assert second["table"].count("<tr") == 12 and "&lt;i&gt;.png" in second["table"]
    assert not found["active"]


def test_the_table_is_filtered_by_class_and_by_doubt(scene: Scene) -> None:
    everything, of_one = scene.look(order="doubt"), scene.look(label=0)
    assert everything["table"] != of_one["table"]
    assert "<td><b><bdi>&lt;b&gt;two" not in of_one["table"]
    assert scene.look(failed="true")["table"].count("<tr") == 2
    assert scene.me.get(f"/studio/predictions/{scene.job}", params={"order": "x"}).status_code == 422


def test_a_page_that_is_loaded_again_is_told_which_of_its_own_jobs_is_at_work(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = scene.me.get("/studio/predictions").json()
    assert listed["at_work"] is None and scene.job in listed["html"]
    whole = PredictionJobs.state
    monkeypatch.setattr(PredictionJobs, "state", lambda jobs, job: replace(whole(jobs, job), status="working"))
    assert scene.me.get("/studio/predictions").json()["at_work"] in {job.id for job in Jobs(scene.workspace).all()}
    assert scene.other.get("/studio/predictions").json()["at_work"] is None


def test_none_of_these_is_the_answer_with_the_nearest_class_beside_it(scene: Scene) -> None:
    job = Jobs(scene.workspace).new(Request(**scene.request, started_by=started_by(_digest("me"))))
    job.write_pictures([Picture(name, scene.pictures / "0.png") for name in ("far.png", "near.png")])
    rows = Appender(job.rows_file)
    rows.add([AnswerRow((0.9, 0.1), "unknown"), AnswerRow((0.8, 0.2), "sure")])
    rows.close()
    for language, words in (("en", "nearest: <bdi>one</bdi>"), ("zh", "最接近：<bdi>one</bdi>")):
        answer = scene.me.get(f"/studio/predictions/{job.id}", headers={"accept-language": language})
        far, near = re.findall(r"<tr>.*?</tr>", answer.json()["table"], re.DOTALL)[-2:]
        assert words in far and "<b>" not in far
        assert "<b><bdi>one</bdi></b>" in near and words not in near
    asked = {"unknown": "true"}
    found = scene.me.get(f"/studio/predictions/{job.id}", params=asked).json()
    assert found["table"].count("<tr") == 2 and "far.png" in found["table"]
    assert re.search(r'data-unknown aria-pressed="true">none of these <b>1</b>', found["head"])
    assert re.search(r'data-label="0"[^>]*><bdi>one</bdi> <b>1</b>', found["head"])
    one = scene.me.get(f"/studio/predictions/{job.id}", params={"label": 0}).json()
    assert "near.png" in one["table"] and "far.png" not in one["table"]


def test_nobody_else_sees_a_job_and_whatever_asks_for_another_finds_none(scene: Scene) -> None:
    paths = ["", "/picture/0", "/predictions.csv", "/sorted.zip"]
    assert [scene.other.get(f"/studio/predictions/{scene.job}{path}").status_code for path in paths] == [404] * 4
    for act in ("stop", "resume", "delete", "copy"):
        assert scene.other.post(f"/studio/predictions/{scene.job}/{act}").status_code == 404
    for id in ("..", "x", "%2e%2e%2fruns", scene.run.id):
        assert scene.me.get(f"/studio/predictions/{id}").status_code == 404
    assert "mine" not in scene.other.get("/studio/predictions").json()["html"]
    assert "&lt;u&gt;mine" in scene.me.get("/studio/predictions").json()["html"]


def test_answers_and_sorted_copies_can_be_downloaded(scene: Scene) -> None:
    base = f"/studio/predictions/{scene.job}"
    assert len(scene.me.get(f"{base}/predictions.csv").text.splitlines()) == 62
    assert len(scene.me.get(f"{base}/predictions.json").json()) == 61
    answer = scene.me.get(f"{base}/sorted.zip", params={"unsure": "true"})
    assert "mine" in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert len(archive.namelist()) == 61 and archive.testzip() is None
    assert scene.me.get(f"{base}/picture/3").headers["content-type"].startswith("image/")
    assert scene.me.get(f"{base}/picture/900").status_code == 404


def test_each_picture_has_a_map_of_where_the_model_looked_and_one_switch_for_all(scene: Scene) -> None:
    found = scene.look()
    assert found["head"].count("data-heat-switch") == 1
    assert f"studio/predictions/{scene.job}/heat/0" in found["table"]
    assert scene.me.get(f"/studio/predictions/{scene.job}/heat/0").headers["content-type"] == "image/png"
    assert scene.me.get(f"/studio/predictions/{scene.job}/heat/60").status_code == 404
    assert scene.me.get(f"/studio/predictions/{scene.job}/heat/900").status_code == 404
    assert scene.other.get(f"/studio/predictions/{scene.job}/heat/0").status_code == 404


def test_only_users_of_this_machine_copy_into_folders_of_it(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    from resnet_studio.ui.predict import many_routes

    target, base = scene.folder / "sorted", f"/studio/predictions/{scene.job}"

    def asked(folder: object) -> Any:
        return scene.me.post(f"{base}/copy", json={"folder": folder, "unsure": False})

    monkeypatch.setattr(many_routes, "is_local", lambda *_: False)
    assert asked(str(target)).status_code == 400 and not target.exists()
    monkeypatch.setattr(many_routes, "is_local", lambda *_: True)
    for wrong in ("", "relative", None, "a\0b"):
        assert asked(wrong).status_code == 400
    assert asked(str(target)).status_code == 200
    for _ in range(500):
        if "were copied" in (said := scene.look()["copying"]):
            break
        time.sleep(0.01)
    assert "60 pictures were copied" in said
    assert len([path for path in target.rglob("*") if path.is_file()]) == 60


def test_the_server_knows_at_this_route_who_is_on_this_machine(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    from resnet_studio.ui.page import middleware

    for local in (False, True):
        monkeypatch.setattr(middleware, "is_local", lambda *_, local=local: local)
        assert ("data-folder" in scene.look()["tools"]) == local
        answer = scene.me.post(f"/studio/predictions/{scene.job}/copy", json={"folder": "relative"})
        assert ("by their path only" in answer.json()["problem"]) != local


def test_a_job_is_stopped_resumed_and_deleted_by_its_browser(scene: Scene) -> None:
    by = started_by(_digest("me"))
    job = Jobs(scene.workspace).new(Request(**scene.request, started_by=by))
    base = f"/studio/predictions/{job.id}"
    assert scene.me.post(f"{base}/stop").status_code == 200
    assert scene.me.get(base).json()["status"] == "stopped"
    for act in ("stop", "delete", "resume"):
        refused = scene.me.post(f"{base}/{act}", content=b" " * 5000)
        assert refused.status_code == 413 and "at most 4 KB" in refused.json()["problem"]
    deleted = scene.me.post(f"{base}/delete", json={})  # as programs send it, though nothing is needed
    assert deleted.status_code == 200 and scene.me.get(base).status_code == 404 and not job.folder.exists()
    assert scene.me.post(f"/studio/predictions/bin/{deleted.json()['entry']}/undo", json={}).json()["job"] == job.id
    assert scene.me.post(f"{base}/delete").status_code == 200


def test_a_classified_picture_shows_the_training_pictures_that_it_resembles(scene: Scene) -> None:
    from resnet_studio.service.thumbnails import thumbnail
    from resnet_studio.ui.page.context import Studio
    from resnet_studio.ui.predict import nearest

    studio = Studio(scene.workspace, NoJobs())  # type: ignore[arg-type]
    app = FastAPI()
    app.include_router(nearest.routes(studio))
    file = scene.workspace.datasets / "digits" / "pictures" / "0" / "1.png"
    small = thumbnail(file, 640)
    assert small is not None
    address = f"/studio/asked/{studio.album.keep(small)}/nearest"
    with TestClient(app) as client:
        asked = {"model": f"run:{scene.run.id}"}
        for _ in range(1000):
            answer = client.get(address, params=asked).json()
            if answer["state"] != "working":
                break
            time.sleep(0.02)
        assert answer["state"] == "ready" and answer["html"].count("<li") == 6
        assert "are “<bdi>" in answer["html"] and "<b>two" not in answer["html"]
        for wrong in ({"model": "import:x.safetensors"}, {"model": "run:.."}):
            assert client.get(address, params=wrong).status_code == 404
        assert client.get("/studio/asked/guess/nearest", params=asked).status_code == 404
