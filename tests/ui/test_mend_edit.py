"""Edits of the grid and the review, which go through a route of their own."""

from __future__ import annotations

from pathlib import Path

from fastapi.testclient import TestClient
from hand_made import NoJobs
from made import encoded, scene, write

from resnet_studio.data.opening import open_data
from resnet_studio.ui.app import build_app
from resnet_studio.workspace import Workspace

HERE = "http://127.0.0.1:7860"


def test_an_edit_through_the_route_is_on_the_disk_when_it_is_answered_and_nonsense_is_refused_in_words(
    workspace: Workspace, tmp_path: Path
) -> None:
    from resnet_studio.data import editing

    files = {f"{kind}/{n}.png": encoded(scene(n, 32)) for n in range(4) for kind in ("a", "b")}
    dataset = open_data(write(tmp_path / "set", files), workspace)
    app = build_app(workspace, NoJobs())
    with TestClient(app, base_url=HERE, client=("127.0.0.1", 50_000)) as client:
        address = f"/studio/mend/{dataset.id}/edit"
        client.get("/")
        done = client.post(address, json={"kind": "leave_out", "places": [0, 1]}).json()
        assert editing.edited_set(workspace, dataset.id).dataset().id == done["dataset"]  # as another program reads it
        assert done["steps"] == 1 and done["classes"] == ["a", "b"] and done["last"]
        assert client.get(f"/studio/mend/{dataset.id}/places").json()["total"] == 6
        back = client.post(address, json={"kind": "undo", "seen": 1}).json()
        assert back["dataset"] == dataset.id and back["steps"] == 2
        asked = client.post(address, json={"kind": "rename", "classes": ["a"], "label": "B"}).json()
        assert asked["similar"] == "b" and "There is a class “b” already" in asked["question"]["title"]
        assert len(set(asked["question"].values())) == 5 and "dataset" not in asked
        stale = client.post(address, json={"kind": "undo", "seen": 1})
        assert stale.status_code == 400 and "problem" in stale.json()
        for body in (b"", b"[1]", b"{", b'"x"', b'{"kind": "add"}', b'{"kind": "move", "places": [99]}'):
            answer = client.post(address, content=body)
            assert answer.status_code == 400 and answer.json()["problem"], body
        assert client.post("/studio/mend/nothing/edit", json={"kind": "undo"}).status_code in (400, 403)
    stranger = TestClient(app, base_url=HERE, client=("192.168.7.8", 50_001))
    stranger.get("/")
    assert stranger.post(address, json={"kind": "leave_out", "places": [0]}).status_code == 403
