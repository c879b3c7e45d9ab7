"""The routes behind classes that are made on the page, as a visitor reaches them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import made
import pytest
from fastapi.testclient import TestClient
from hand_made import NoJobs

from resnet_studio.service import making
from resnet_studio.ui.app import build_app
from resnet_studio.ui.data import make_routes
from resnet_studio.ui.page import bodies
from resnet_studio.workspace import Workspace

pytestmark = pytest.mark.usefixtures("narrow")

HERE = "http://127.0.0.1:7860"
TAKE = "0123456789abcdef01234567"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return build_app(Workspace.open(tmp_path_factory.mktemp("make") / "workspace"), NoJobs())


@pytest.fixture(scope="module")
def client(app: Any) -> Iterator[TestClient]:
    with TestClient(app, base_url=HERE, client=("127.0.0.1", 50_000)) as started:
        started.get("/")  # which gives the browser its number
        yield started


def send(client: TestClient, dataset: str, content: bytes, label: str = "cup", take: str = TAKE) -> Any:
    return client.post(
        f"/studio/make/{dataset}/takes/{take}", params={"label": label, "name": "a.png"}, content=content
    )


def test_frames_become_a_class_that_is_there_after_a_reload(client: TestClient) -> None:
    new = client.post("/studio/make/new").json()["dataset"]
    for number in range(5):
        assert send(client, new, made.picture(number)).json() == {"count": number + 1}
    kept = client.post(f"/studio/make/{new}/takes/{TAKE}/keep", params={"name": "我的"}).json()
    assert [(card["name"], card["count"]) for card in kept["cards"]] == [("cup", 5)]
    again = client.get(f"/studio/make/{kept['dataset']}").json()
    assert again == kept and again["name"] == "我的"
    place = again["cards"][0]["places"][0]
    assert client.get(f"/studio/mend/{new}/thumb/{place}").headers["content-type"] == "image/png"


def test_another_browser_looks_and_does_not_touch(client: TestClient, app: Any) -> None:
    new = client.post("/studio/make/new").json()["dataset"]
    send(client, new, made.picture(1))
    client.post(f"/studio/make/{new}/takes/{TAKE}/keep")
    stranger = TestClient(app, base_url=HERE, client=("192.168.7.8", 50_001))
    assert send(stranger, new, made.picture(2)).status_code == 403  # without a number, nobody is anybody
    stranger.get("/")
    assert stranger.get(f"/studio/make/{new}").json()["mine"] is False
    assert send(stranger, new, made.picture(2), take="f" * 24).status_code == 403
    edit = stranger.post(f"/studio/make/{new}/edit", json={"kind": "remove_class", "label": "cup"})
    assert edit.status_code == 403 and "browser" in edit.json()["problem"]
    assert client.get(f"/studio/make/{new}").json()["cards"][0]["count"] == 1


def test_who_sits_at_the_machine_may_change_what_another_browser_made(client: TestClient, app: Any) -> None:
    new = client.post("/studio/make/new").json()["dataset"]
    send(client, new, made.picture(1))
    client.post(f"/studio/make/{new}/takes/{TAKE}/keep")
    owner = TestClient(app, base_url=HERE, client=("127.0.0.1", 50_002))
    owner.get("/")
    assert owner.get(f"/studio/make/{new}").json()["mine"] is True
    assert send(owner, new, made.picture(2), take="e" * 24).status_code == 200
    passed_on = {"x-forwarded-for": "203.0.113.5"}
    assert owner.get(f"/studio/make/{new}", headers=passed_on).json()["mine"] is False


def test_too_much_at_once_is_refused_with_a_sentence(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make_routes, "MOST_BYTES", 2 * 2**20)
    assert making.MOST_BYTES >= 2 * 2**20
    new = client.post("/studio/make/new").json()["dataset"]
    answer = send(client, new, made.picture(1) + bytes(2 * 2**20))
    assert answer.status_code == 413 and "2 MB" in answer.json()["problem"]
    long = client.post(f"/studio/make/{new}/edit", content=b"[" * 2**21)
    assert long.status_code == 413
    monkeypatch.setattr(bodies, "AT_ONCE", 0)
    assert send(client, new, made.picture(1)).status_code == 503


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b'"x"', b"{", b"[" * 100_000, b'{"kind": "move"}', b'{"kind": ["undo"]}',
     b'{"kind": "remove", "places": "all"}', b'{"kind": "remove", "places": [-1, 10000000000000000000000]}',
     b'{"kind": "part", "places": [0]}', b'{"kind": "rename", "classes": [{"a": 1}], "label": {}}',
     b'{"kind": "move", "places": [0], "label": "\\ud800"}', b'{"kind": "move", "places": [true], "label": ""}'],
)  # fmt: skip
def test_an_edit_that_makes_no_sense_changes_nothing(client: TestClient, body: bytes) -> None:
    new = client.post("/studio/make/new").json()["dataset"]
    send(client, new, made.picture(1))
    before = client.post(f"/studio/make/{new}/takes/{TAKE}/keep").json()
    answer = client.post(f"/studio/make/{new}/edit", content=body)
    assert answer.status_code == 400 and answer.json()["problem"].strip()
    assert client.get(f"/studio/make/{new}").json() == before


def test_no_other_site_may_send_frames_or_edits(client: TestClient) -> None:
    new = client.post("/studio/make/new").json()["dataset"]
    for path in ("new", f"{new}/takes/{TAKE}?label=a", f"{new}/takes/{TAKE}/keep", f"{new}/edit"):
        answer = client.post(f"/studio/make/{path}", headers={"origin": "https://evil.example"}, content=b"{}")
        assert answer.status_code == 403


@pytest.mark.parametrize("dataset", ["..", "%2e%2e", "..%2f..", "made-1", "nothing", "%00", "a" * 300])
def test_a_data_set_is_known_by_its_id_alone(client: TestClient, dataset: str) -> None:
    for method, path in (("GET", f"/studio/make/{dataset}"), ("POST", f"/studio/make/{dataset}/takes/{TAKE}?label=a")):
        body = made.picture(1) if method == "POST" else b""
        assert client.request(method, path, content=body).status_code in {400, 404, 405}
