"""The page's server answers programs only where that was turned on, and only those who may ask."""

from __future__ import annotations

import hand_made
import made
import pytest
import torch
from fastapi.testclient import TestClient
from hand_made import NoJobs

from resnet_studio.model.checkpoint import Card, Preprocessing, save
from resnet_studio.model.resnet import build
from resnet_studio.service.serving.tokens import Tokens
from resnet_studio.ui.app import build_app
from resnet_studio.ui.page.access import Access
from resnet_studio.workspace import Workspace

HERE = "http://127.0.0.1:7860"
ROUTES = [("GET", "/v1/models"), ("GET", "/v1/models/{run}"), ("POST", "/v1/models/{run}/predict"),
          ("GET", "/v1/openapi.json")]  # fmt: skip


class Scene:
    def __init__(self, folder, **access):
        self.workspace = Workspace.open(folder)
        self.run = hand_made.new_run(self.workspace, name="own")
        hand_made.train(self.run, epochs=2)
        torch.manual_seed(0)
        card = Card(classes=("one", "two"), depth=18, preprocessing=Preprocessing(resize=32, crop=32))
        save(self.run.best, build(18, 2).state_dict(), card)
        self.app = build_app(self.workspace, NoJobs(), access=Access(**access))
        self.tokens = Tokens(folder / "tokens.json")

    def statuses(self, headers=None, client="127.0.0.1"):
        asking = TestClient(self.app, base_url=HERE, client=(client, 50_000))
        return [self.ask(asking, method, path.format(run=self.run.id), headers) for method, path in ROUTES]

    def ask(self, asking, method, path, headers):
        files = {"files": {"p": ("a.png", made.picture())}} if method == "POST" else {}
        return asking.request(method, path, headers=headers, **files).status_code


@pytest.fixture(scope="module")
def closed(tmp_path_factory):
    return Scene(tmp_path_factory.mktemp("closed") / "workspace")


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    return Scene(tmp_path_factory.mktemp("opened") / "workspace", api=True)


@pytest.mark.slow
def test_it_is_off_until_a_token_is_made_and_then_takes_its_holders_alone(closed):
    assert closed.statuses() == [404] * 4
    token = closed.tokens.add("shop")
    good = {"authorization": f"Bearer {token}"}
    assert closed.statuses() == [401, 401, 401, 200]
    assert closed.statuses({"authorization": "Bearer rs_wrong"}) == [401, 401, 401, 200]
    assert closed.statuses(good) == closed.statuses(good, "192.0.2.7") == [200] * 4
    assert closed.statuses(good | {"origin": "https://evil.example"})[2] == 403
    assert closed.statuses(good | {"host": "evil.example"}) == [403] * 4
    closed.tokens.remove("shop")
    assert closed.statuses(good) == [404] * 4


@pytest.mark.slow
def test_turned_on_it_answers_programs_of_this_machine_alone(opened):
    assert opened.statuses() == [200] * 4
    for client, headers in (("192.0.2.7", {}), ("127.0.0.1", {"x-forwarded-for": "192.0.2.7"})):
        assert opened.statuses(headers, client)[:3] == [401] * 3
    assert opened.statuses({"sec-fetch-site": "cross-site"}) == [403] * 4
    opened.tokens.add("shop")
    assert opened.statuses()[:3] == [401] * 3
    opened.tokens.remove("shop")


@pytest.mark.slow
def test_runs_are_listed_by_their_files_and_answer_by_their_ids(opened):
    asking = TestClient(opened.app, base_url=HERE, client=("127.0.0.1", 50_000))
    (listed,) = asking.get("/v1/models").json()["models"]
    assert (listed["name"], listed["classes"], listed["network"]) == (opened.run.id, ["one", "two"], "resnet18")
    key = f"{listed['name']}@{listed['version']}"
    answered = asking.post(f"/v1/models/{key}/predict", files={"p": ("a.png", made.picture())}).json()
    assert answered["predictions"][0]["label"] in ("one", "two") and answered["version"] == listed["version"]
    for name in ("nix", f"{opened.run.id}@00000000", "..", "import:x", "%2e%2e%2f"):
        assert asking.post(f"/v1/models/{name}/predict", files={"p": ("a.png", made.picture())}).status_code == 404
    said = asking.get("/metrics").text
    assert 'resnet_studio_predictions_total{kind="api"}' in said and opened.run.id not in said
