"""An upload that the disk has no room for, or one of very many at once, is refused with a sentence."""

import asyncio
import errno
import os
import shutil
import threading
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient
from hand_made import new_run

from resnet_studio.training.jobs import Jobs
from resnet_studio.ui.app import build_app
from resnet_studio.ui.page import uploads
from resnet_studio.workspace import Workspace

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return Workspace.open(tmp_path_factory.mktemp("uploads") / "workspace")


@pytest.fixture(scope="module")
def client(workspace):
    new_run(workspace)
    with TestClient(build_app(workspace, Jobs(workspace)), base_url="http://127.0.0.1:7860") as client:
        yield client


def send(client, content=b"x" * 1000, language="en"):
    headers = {"accept-language": language, "origin": "http://127.0.0.1:7860"}
    return client.post("/gradio_api/upload", files={"files": ("a.png", content)}, headers=headers)


def test_an_upload_that_fits_is_taken(client):
    assert send(client).status_code == 200


def test_an_upload_that_does_not_fit_is_refused_before_it_is_sent(client, monkeypatch, workspace):
    free, before = uploads.SPARE_BYTES + 500, set(workspace.temporary.iterdir())
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    answer = send(client)
    assert answer.status_code == 507 and "disk is full" in answer.text
    assert "磁盘已满" in send(client, language="zh").text
    assert set(workspace.temporary.iterdir()) == before


def test_a_disk_that_gets_full_during_an_upload_is_said_and_the_page_goes_on(client, monkeypatch):
    import gradio.route_utils
    from gradio import routes

    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        for module in (routes, gradio.route_utils):
            if hasattr(module, "upload_fn"):
                patched.setattr(module, "upload_fn", full)
        answer = send(client)
    assert answer.status_code == 507 and "disk is full" in answer.text
    assert client.get("/").status_code == 200 and send(client).status_code == 200


def test_uploads_at_once_are_bounded(client, monkeypatch):
    monkeypatch.setattr(uploads, "MOST_AT_ONCE", 0)
    answer = send(client)
    assert answer.status_code == 503 and "try again" in answer.text
    assert client.get("/").status_code == 200


def upload_that_stops(client, then):
    """What the server answers to the beginning of an upload after which ``then`` comes; or waits, without it."""
    start = b'--x\r\ncontent-disposition: form-data; name="files"; filename="a.png"\r\n\r\nabc'
    waiting, sent = [{"type": "http.request", "body": start, "more_body": True}], []

    async def receive():
        if waiting:
            return waiting.pop()
        if then is None:
            await asyncio.Event().wait()
        return then

    async def answer(message):
        sent.append(message)

    headers = {"host": "127.0.0.1:7860", "content-type": "multipart/form-data; boundary=x"}
    scope = {
        "type": "http", "method": "POST", "path": "/gradio_api/upload", "raw_path": b"/gradio_api/upload",
        "query_string": b"", "root_path": "", "scheme": "http", "http_version": "1.1", "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 7860), "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    client.portal.call(client.app, scope, receive, answer)
    return sent


def test_an_upload_that_hangs_is_ended_so_that_others_have_its_place(client, monkeypatch):
    monkeypatch.setattr(uploads, "SILENT_SECONDS", 0.05)
    start, body = upload_that_stops(client, None)[:2]
    assert start["status"] == 408 and b"Nothing more came" in body["body"]
    assert send(client).status_code == 200


def test_a_browser_that_goes_away_during_an_upload_is_no_error_of_the_server(client):
    upload_that_stops(client, {"type": "http.disconnect"})
    assert send(client).status_code == 200


def test_events_that_there_are_not_are_refused(client):
    address = "/gradio_api/queue/data?session_hash=never-seen"
    assert client.get(address).status_code == client.get("/gradio_api/queue/data").status_code == 404
    for number in (-1, 10**6):
        body = {"data": [], "fn_index": number, "session_hash": "x"}
        assert client.post("/gradio_api/queue/join", json=body).status_code == 404


def test_many_uploads_one_after_the_other_are_all_taken(client, monkeypatch):
    monkeypatch.setattr(uploads, "MOST_AT_ONCE", 4)
    found = []
    threads = [threading.Thread(target=lambda: found.append(send(client).status_code)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [200] * 4 and send(client).status_code == 200
