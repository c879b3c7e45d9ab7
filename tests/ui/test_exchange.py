"""The exchange over HTTP: a picture is tried and sent as an attack, judged, and seen by whom it concerns."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image

from resnet_studio.acting import acting_as
from resnet_studio.service.people.exchange.entries import Exchange

from .people_scene import CANARY, CLASSES, Scene

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("narrow")]

EXCHANGE = "/studio/people/exchange"


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    built = Scene(tmp_path_factory.mktemp("exchange"))
    with built.running():
        for client in built.clients.values():
            client.get("/")  # the cookie of the browser
        yield built


@pytest.fixture(autouse=True)
def opened(scene: Scene) -> None:
    assert scene.clients["teacher"].post(f"{EXCHANGE}/switch", json={"on": True}).json() == {"open": True}


def picture(shade: int) -> bytes:
    written = io.BytesIO()
    Image.linear_gradient("L").rotate(shade).convert("RGB").resize((80, 80)).save(written, "JPEG")
    return written.getvalue()


def sent(scene: Scene, who: str, content: bytes, true: str = "", kind: str = "application/octet-stream") -> Any:
    address = f"{EXCHANGE}/{scene.ids['exchanged']}/try?true={true}"
    return scene.clients[who].post(address, content=content, headers={"content-type": kind})


def test_a_picture_is_tried_sent_as_an_attack_and_judged(scene: Scene) -> None:
    said = sent(scene, "other", picture(20)).json()
    assert set(said) == {"label", "scores", "unknown", "classes"} and said["label"] in CLASSES
    right = sent(scene, "other", picture(20), said["label"])
    assert right.status_code == 400 and "fools nobody" in right.json()["problem"]
    wrong = next(name for name in CLASSES if name != said["label"])
    number = sent(scene, "other", picture(20), wrong).json()["number"]
    attack = f"{EXCHANGE}/{scene.ids['exchanged']}/attacks/{number}"
    seen = {who: client.get(attack).status_code for who, client in scene.clients.items()}
    assert seen == {"nobody": 401, "other": 200, "owner": 200, "teacher": 200}
    assert scene.clients["other"].post(f"{attack}/count", json={}).status_code == 403
    assert scene.clients["owner"].post(f"{attack}/count", json={}).json() == {"status": "counted"}
    assert f"attacks/{number}" in scene.clients["other"].get(f"{EXCHANGE}/list").text
    assert scene.clients["teacher"].post(f"{attack}/remove", json={}).json() == {"status": "removed"}
    assert scene.clients["other"].get(attack).status_code == 404


def test_others_see_a_number_the_classes_and_not_what_the_run_is_called(scene: Scene) -> None:
    other, owner = (scene.clients[who].get(EXCHANGE).text for who in ("other", "owner"))
    assert all(name in other for name in CLASSES) and "Owner" not in other and scene.ids["run"] not in other
    assert f"{CANARY}-run" not in other and "attacks/1" not in other
    assert "attacks/1" in owner
    assert scene.clients["other"].get(f"/studio/runs/{scene.ids['run']}/model.safetensors").status_code >= 400


def test_stopped_it_shows_pupils_a_sentence_and_the_teacher_everything(scene: Scene) -> None:
    scene.clients["teacher"].post(f"{EXCHANGE}/switch", json={"on": False})
    shown = scene.clients["other"].get(EXCHANGE).text
    assert CANARY not in shown and "closed" in shown
    assert sent(scene, "other", picture(30)).status_code == 400
    assert CLASSES[0] in scene.clients["teacher"].get(EXCHANGE).text


def test_no_form_of_another_site_can_send_a_picture(scene: Scene) -> None:
    for kind in ("text/plain", "multipart/form-data", "application/x-www-form-urlencoded"):
        assert sent(scene, "other", picture(40), kind=kind).status_code == 415


def test_what_is_no_picture_gets_a_sentence(scene: Scene) -> None:
    for content in (b"", b"GIF89a", b"\xff\xd8\xff\xe0 not really", b"<svg/>"):
        answer = sent(scene, "other", content)
        assert answer.status_code == 400 and answer.json()["problem"]


def test_an_owner_takes_a_model_out_and_brings_it_back(scene: Scene) -> None:
    owner, other, id = scene.clients["owner"], scene.clients["other"], scene.ids["exchanged"]
    assert other.post(f"{EXCHANGE}/{id}/take-out", json={}).status_code == 403
    assert owner.post(f"{EXCHANGE}/{id}/take-out", json={}).status_code == 200
    assert f'data-try-model="{id}"' not in other.get(f"{EXCHANGE}/list").text
    assert other.post(f"{EXCHANGE}/bring", json={"run": scene.ids["run"]}).status_code >= 400
    assert owner.post(f"{EXCHANGE}/bring", json={"run": scene.ids["run"]}).json()["id"] == id


def test_who_is_left_out_is_told_and_let_in_again(scene: Scene) -> None:
    teacher, other = scene.clients["teacher"], scene.clients["other"]
    sticker = f"{EXCHANGE}/{scene.ids['exchanged']}/sticker"
    assert other.post(f"{EXCHANGE}/bar", json={"person": scene.owner.id, "on": True}).status_code == 403
    teacher.post(f"{EXCHANGE}/bar", json={"person": scene.other.id, "on": True})
    assert "left you out" in other.post(sticker, json={"sticker": "star", "on": True}).json()["problem"]
    assert "Let Other back in" in teacher.get(f"{EXCHANGE}/list").text
    teacher.post(f"{EXCHANGE}/bar", json={"person": scene.other.id, "on": False})
    assert other.post(sticker, json={"sticker": "star", "on": True}).json() == {"on": True}


def test_what_is_done_is_in_the_log_without_pictures(scene: Scene) -> None:
    from resnet_studio.upkeep import audit

    with acting_as(None):
        assert Exchange(scene.workspace).open
    kinds = {act.what for act in audit.acts(scene.workspace)}
    assert {"exchange.open", "exchange.close"} <= kinds
