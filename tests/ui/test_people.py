"""Signing in over HTTP: cookies, sessions, proxies, events, what browsers may keep."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import hand_made
import made
import pytest
from fastapi.testclient import TestClient

from resnet_studio import acting
from resnet_studio.acting import acting_as
from resnet_studio.data import brought, library
from resnet_studio.errors import StudioError
from resnet_studio.predicting.jobs import Request
from resnet_studio.service.people import declared
from resnet_studio.service.people.rules import Person
from resnet_studio.service.people.secrets_of import hashed
from resnet_studio.ui import shell
from resnet_studio.ui.page.access import Access
from resnet_studio.ui.page.context import Studio
from resnet_studio.ui.page.starting import SigningIn
from resnet_studio.ui.people.cookie import Cookie
from resnet_studio.ui.people.events import Events
from resnet_studio.ui.people.gate import Gate
from resnet_studio.workspace import Workspace

from .people_scene import CANARY, HERE, PASSWORD, PICTURES, Scene, StillJobs

pytestmark = pytest.mark.usefixtures("narrow")


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    built = Scene(tmp_path_factory.mktemp("signing-in"))
    with built.running():
        yield built


def sign_in(client: TestClient, **given: Any) -> Any:
    return client.post("/studio/people/sign-in", json={"name": "Teacher", "password": PASSWORD, **given})


def cookie_of(answer: Any) -> str:
    return str(answer.headers.get_list("set-cookie")[0])


def test_the_cookie_is_for_this_server_alone(scene: Scene) -> None:
    cookie = cookie_of(sign_in(scene.client()))
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; ")) and "Domain" not in cookie
    assert "Secure" not in cookie and "Max-Age" not in cookie
    over_https = TestClient(scene.app, base_url=HERE.replace("http:", "https:"), client=("127.0.0.1", 1))
    cookie = cookie_of(sign_in(over_https))
    assert cookie.startswith("__Host-studio_session_") and "Secure" in cookie
    assert over_https.get("/studio/machine").status_code == 200


@pytest.mark.slow
def test_a_page_that_waits_for_news_gets_none_after_signing_out(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    over, waits = Gate.over, threading.Event()

    def watched(self: Gate, token: str, who: Person) -> Callable[[], bool]:
        is_over = over(self, token, who)
        return lambda: (is_over(), waits.set())[0]

    client = scene.signed_in(scene.other)
    seen = client.get("/studio/live").json()["seen"]
    monkeypatch.setattr(Gate, "over", watched)
    answers = list[int]()
    waiting = threading.Thread(
        target=lambda: answers.append(client.get("/studio/live", params={"seen": seen}).status_code)
    )
    waiting.start()
    assert waits.wait(15)
    scene.accounts.people.end_sessions(scene.other)
    waiting.join(15)  # it would wait for 25 seconds
    assert answers == [401]
    scene.clients["other"] = scene.signed_in(scene.other)


def test_a_device_is_known_again_after_signing_out_while_others_guess(scene: Scene) -> None:
    ada, guesser = scene.client(), scene.client()
    scene.accounts.people.add("Dee", "teacher", hashed(PASSWORD))
    device = sign_in(ada, name="Dee").headers.get_list("set-cookie")[1]
    assert "_device_" in device and {"HttpOnly", "SameSite=Lax", "Max-Age=31536000"} <= set(device.split("; "))
    ada.post("/studio/people/sign-out", json={})
    statuses = [sign_in(guesser, name="Dee", password="a wrong one").status_code for _ in range(7)]
    assert statuses[-1] == 429
    assert sign_in(guesser, name="Dee").status_code == 429  # the same address, a device that nobody knows
    assert sign_in(ada, name="Dee").status_code == 200


@pytest.mark.slow
def test_below_a_path_the_cookie_stays_below_it(scene: Scene) -> None:
    access = Access.of_server("127.0.0.1", root_path="/lab/studio", trusted_proxies=["127.0.0.1"])
    app = shell.mount(Studio(scene.workspace, StillJobs(scene.workspace), access, accounts=scene.accounts), warm=False)
    client = TestClient(app, base_url=HERE, client=("127.0.0.1", 1))
    answer = client.post("/lab/studio/studio/people/sign-in", json={"name": "Teacher", "password": PASSWORD})
    assert "Path=/lab/studio;" in cookie_of(answer) and not cookie_of(answer).startswith("__Host-")
    assert client.get("/lab/studio/studio/machine").status_code == 200
    assert 'href="/lab/studio/studio/studio.css"' in TestClient(app, base_url=HERE).get("/lab/studio/").text


def test_a_session_that_somebody_else_put_into_the_browser_is_not_signed_in(scene: Scene) -> None:
    client = scene.client()
    before = cookie_of(sign_in(client)).partition(";")[0]
    after = cookie_of(sign_in(client)).partition(";")[0]
    assert before != after
    old = scene.client()
    old.headers["cookie"] = before
    assert old.get("/studio/machine").status_code == 401
    twice = scene.client()
    twice.headers["cookie"] = f"{before}; {after}"
    assert twice.get("/studio/machine").status_code == 401


def test_no_form_of_another_site_signs_anybody_in(scene: Scene) -> None:
    client, body = scene.client(), json.dumps({"name": "Teacher", "password": PASSWORD})
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        answer = client.post("/studio/people/sign-in", content=body, headers={"content-type": kind})
        assert answer.status_code == 400 and "set-cookie" not in answer.headers
    for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "same-site", "origin": HERE}):
        answer = client.post("/studio/people/sign-in", json=json.loads(body), headers=headers)
        assert answer.status_code == 403 and "set-cookie" not in answer.headers


def test_signing_out_ends_the_session_here_or_everywhere(scene: Scene) -> None:
    here, there = scene.signed_in(scene.teacher), scene.signed_in(scene.teacher)
    token = here.headers.get("cookie") or "; ".join(f"{each.name}={each.value}" for each in here.cookies.jar)
    answer = here.post("/studio/people/sign-out", json={})
    assert "Max-Age=0" in cookie_of(answer) and "cache" in answer.headers["clear-site-data"]
    stolen = scene.client()
    stolen.headers["cookie"] = token
    assert stolen.get("/studio/machine").status_code == 401 == here.get("/studio/machine").status_code
    assert there.get("/studio/machine").status_code == 200
    third = scene.signed_in(scene.teacher)
    third.post("/studio/people/sign-out-everywhere", json={})
    assert there.get("/studio/machine").status_code == 401
    scene.clients["teacher"] = scene.signed_in(scene.teacher)


def test_no_browser_and_no_proxy_keeps_what_somebody_saw(scene: Scene) -> None:
    for path in (
        f"/studio/thumb/{scene.ids['dataset']}/0", f"/studio/runs/{scene.ids['run']}/report.csv", "/config", "/",
        f"/gradio_api/file={scene.ids['upload']}", f"/studio/asked/{scene.ids['picture']}", "/studio/people/account",
    ):  # fmt: skip
        headers = scene.clients["owner"].get(path).headers
        assert headers["cache-control"] == "no-store" and headers["vary"] == "Cookie", path
    assert "immutable" in scene.clients["owner"].get("/studio/studio.css").headers["cache-control"]


def test_who_has_not_signed_in_gets_the_page_to_do_so_and_safe_headers(scene: Scene) -> None:
    answer = scene.client().get("/")
    assert answer.status_code == 200 and "data-form" in answer.text and CANARY not in answer.text
    assert "Owner" not in answer.text and "Teacher" not in answer.text
    refused = scene.client().get("/config")
    for headers in (answer.headers, refused.headers):
        assert headers["x-frame-options"] == "SAMEORIGIN" and "frame-ancestors" in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"
    assert refused.status_code == 401


def test_whoever_was_given_a_password_can_only_change_it(scene: Scene) -> None:
    given = scene.accounts.add(None, "Fresh", "teacher")
    client = scene.client()
    assert sign_in(client, name="Fresh", password=given.password).status_code == 200
    assert 'data-send="secret"' in client.get("/").text
    assert client.get("/studio/machine").status_code == client.get("/config").status_code == 403
    answer = client.post("/studio/people/secret", json={"old": given.password, "new": PASSWORD})
    assert answer.status_code == 200 and client.get("/studio/machine").status_code == 200


def test_a_pupil_is_not_at_the_machine_even_on_it(scene: Scene) -> None:
    ids = {declared.name_of(handler.fn): index for index, handler in scene.handlers()}
    opened = ids["data.sources.Starter._path"]
    assert "machine that runs" in scene.event("owner", opened, [str(scene.workspace.root)]).text
    ending = {"part": "calibration", "action": "stop", "run": scene.ids["run"]}
    assert scene.event("owner", ids["results.panels.handler.<locals>.analyse"], [], ending).status_code == 200


def test_the_program_of_a_pupil_is_not_looked_for(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """That looks through all processes in the one thread that answers everybody, and opens nothing to a pupil."""
    looked: list[str] = []
    monkeypatch.setattr("resnet_studio.ui.page.middleware.is_at_machine", lambda *_: looked.append("x") or True)
    scene.event("owner", 0, [])
    assert looked == []
    scene.event("teacher", 0, [])
    assert looked


# ---- a proxy that signs people in


class TestAProxy:
    def app(self, scene: Scene, peer: str = "10.1.2.3") -> TestClient:
        access = Access.of_server("0.0.0.0", trusted_proxies=["10.1.0.0/16"])
        studio = Studio(scene.workspace, StillJobs(scene.workspace), access, accounts=scene.accounts)
        app = shell.mount(studio, warm=False, auth_header="X-Remote-User")
        return TestClient(app, base_url="http://192.0.2.7:7860", client=(peer, 1))

    @pytest.mark.slow
    def test_it_is_believed_and_nobody_else_is(self, scene: Scene) -> None:
        client = self.app(scene)
        assert client.get("/studio/machine", headers={"x-remote-user": "grace"}).status_code == 200
        assert scene.accounts.people.named("grace", "proxy") is not None
        direct = TestClient(client.app, base_url="http://192.0.2.7:7860", client=("10.2.0.1", 1))
        for name in ("x-remote-user", "X_Remote_User", "X-Remote-User"):
            assert direct.get("/studio/machine", headers={name: "grace"}).status_code == 401
        both = [("x-remote-user", "grace"), ("x-remote-user", "Teacher")]
        assert client.get("/studio/machine", headers=both).status_code == 401  # type: ignore[arg-type]

    @pytest.mark.slow
    def test_a_name_there_opens_no_account_with_a_password(self, scene: Scene) -> None:
        client = self.app(scene)
        assert client.get("/studio/people/class", headers={"x-remote-user": "Teacher"}).status_code == 403

    @pytest.mark.parametrize(
        ("header", "proxies"),
        [("Cookie", ["10.0.0.1"]), ("a b", ["10.0.0.1"]), ("X-User", []), ("X-User", ["0.0.0.0/0"])],
    )
    def test_what_would_let_anybody_in_is_refused(self, workspace: Workspace, header: str, proxies: list[str]) -> None:
        with pytest.raises(StudioError, match="--auth-header"):
            SigningIn(auth_header=header).accounts_of(workspace, Access.of_server("0.0.0.0", trusted_proxies=proxies))


# ---- events of Gradio


def test_folders_of_the_machine_are_open_to_teachers_alone_where_they_are_open(
    scene: Scene, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    monkeypatch.setitem(scene.studio.access.__dict__, "local_folders", True)
    ids = {declared.name_of(handler.fn): index for index, handler in scene.handlers()}
    run, job = scene.ids["run"], scene.ids["prediction"]
    tried = {
        "data.sources.Starter._path": [str(scene.workspace.datasets / scene.ids["dataset"])],
        "predict.many.Handlers._folder": [f"run:{run}", {}, str(tmp_path)],
    }  # fmt: skip
    for name, data in tried.items():
        assert "by their path" in scene.event("owner", ids[name], data).text, name
    folder = {"folder": str(tmp_path / "copied")}
    assert scene.clients["owner"].post(f"/studio/predictions/{job}/copy", json=folder).status_code == 400
    assert not (tmp_path / "copied").exists()
    assert scene.event("teacher", ids["data.sources.Starter._path"], [str(tmp_path / "mine")]).json()["data"][0]


def test_answers_of_an_event_come_to_its_own_person_alone(scene: Scene) -> None:
    """Two people whose browsers made up the same name for their session."""
    ids = {declared.name_of(handler.fn): index for index, handler in scene.handlers()}
    index = ids["data.tab._wire_imports.<locals>.listing"]
    body = {"data": [], "fn_index": index, "session_hash": "the_same"}
    owner, other = scene.clients["owner"], scene.clients["other"]
    assert owner.post("/gradio_api/queue/join", json=body).status_code == 200
    assert other.post("/gradio_api/queue/join", json=body).status_code == 200
    heard: dict[str, str] = {}

    def listen(who: str) -> None:
        with scene.clients[who].stream("GET", "/gradio_api/queue/data?session_hash=the_same") as stream:
            heard[who] = "".join(stream.iter_text())

    threads = [threading.Thread(target=listen, args=[who], daemon=True) for who in ("owner", "other")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert CANARY in heard["owner"] and "process_completed" in heard["other"]
    assert CANARY not in heard["other"]


def test_nobody_ends_the_events_of_somebody_else(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    queue = scene.blocks._queue
    ended: list[str] = []

    async def removed(event: str) -> None:
        ended.append(event)

    monkeypatch.setattr(queue, "remove_from_queue", removed)
    marks = []
    for who in ("owner", "other"):
        body = {"session_hash": "mine", "fn_index": 0, "event_id": "0123456789abcdef"}
        if not marks:
            gate = next(each.kwargs["gate"] for each in scene.app.user_middleware if "gate" in each.kwargs)
            assert isinstance(gate, Gate) and gate.events is not None
            marks.append(gate.events.mark("mine", scene.owner))
            monkeypatch.setitem(queue.pending_event_ids_session, marks[0], {"0123456789abcdef"})
        assert scene.clients[who].post("/gradio_api/cancel", json=body).json() == {"success": True}
    assert ended == ["0123456789abcdef"]


def test_a_file_that_somebody_else_uploaded_is_no_input(scene: Scene) -> None:
    ids = {declared.name_of(handler.fn): index for index, handler in scene.handlers()}
    file = {"path": scene.ids["upload"], "meta": {"_type": "gradio.FileData"}}
    index = ids["predict.handlers.Handlers.ask_picture"]
    said = scene.event("other", index, [f"run:{scene.ids['run']}", file])
    assert said.status_code == 500 and "file" in said.text.lower()
    picked = {"name": "x", "files": [["x.png", scene.ids["upload"]]], "left_out": 0}
    assert "rs-bad" in scene.event("other", ids["data.sources.Starter._picked"], [], picked).text
    assert scene.clients["other"].get(f"/gradio_api/file={scene.ids['upload']}").status_code == 404
    assert scene.clients["owner"].get(f"/gradio_api/file={scene.ids['upload']}").status_code == 200


def test_the_list_of_owners_beside_an_upload_is_not_given_out(scene: Scene) -> None:
    from pathlib import Path

    beside = [path for path in Path(scene.ids["upload"]).parent.iterdir() if path.name.endswith(".owners")]
    assert len(beside) == 1
    for who in ("owner", "other"):
        assert scene.clients[who].get(f"/gradio_api/file={beside[0]}").status_code == 404


# ---- equal things of two people, and shared ones


def test_equal_pictures_of_two_people_are_two_data_sets(scene: Scene, tmp_path: Any) -> None:
    from resnet_studio.data import intake

    files = {f"{name}/{n}.png": made.picture(n, label=len(name)) for name in ("a", "bb") for n in range(3)}
    archive, found = made.zipped(tmp_path / "same.zip", files), []
    for person in (scene.owner, scene.other, scene.owner):
        with acting_as(person):
            dataset = intake.from_zip(archive, scene.workspace)
            brought.record(scene.workspace, dataset.id, f"person:{person.id}")
            found.append(dataset.id)
    assert found[0] == found[2] != found[1]
    with acting_as(scene.other):
        assert found[1] in [each.id for each in library.list_datasets(scene.workspace)]
        assert found[0] not in [each.id for each in library.list_datasets(scene.workspace)]


def test_what_a_teacher_shares_is_used_and_not_changed(scene: Scene) -> None:
    things = {"dataset": scene.ids["dataset"], "run": scene.ids["run"], "model": scene.ids["model"]}
    seen = {
        "dataset": f"/studio/thumb/{things['dataset']}/0", "run": f"/studio/runs/{things['run']}/model.safetensors",
    }  # fmt: skip
    ids = {declared.name_of(handler.fn): index for index, handler in scene.handlers()}
    before = scene.owners_files()
    for kind, id in things.items():
        shared = {"kind": kind, "id": id, "shared": True}
        assert scene.clients["owner"].post("/studio/people/share", json=shared).status_code == 403
        assert scene.clients["teacher"].post("/studio/people/share", json=shared).json() == {"shared": True}
    try:
        other = scene.clients["other"]
        assert all(other.get(path).status_code == 200 for path in seen.values())
        assert (
            f"import:{things['model']}"
            in scene.event("other", ids["predict.handlers.Handlers.show"], [None, None, None]).text
        )
        out = {"kind": "leave_out", "places": [0]}
        assert "handed out" in other.post(f"/studio/mend/{things['dataset']}/edit", json=out).json()["problem"]
        count = len(list(scene.workspace.datasets.iterdir()))
        anew = {"changes": {"join_alike": True}}
        said = scene.event("other", ids["data.sources.Starter._read_anew"], [things["dataset"]], anew).text
        assert "handed out" in said and len(list(scene.workspace.datasets.iterdir())) == count
        for name, event in (
            ("runs.tab.Handlers.remove", {"run": things["run"]}), ("runs.tab.Handlers.resume", {"run": things["run"]}),
            ("runs.tab.Handlers.rename", {"run": things["run"], "name": "mine", "note": ""}),
            ("data.tab._wire_earlier.<locals>.removed", {"key": things["dataset"]}),
        ):  # fmt: skip
            count = len(scene.blocks.fns[ids[name]].inputs)
            scene.event("other", ids[name], [None] * count, event)
        assert {name: mark for name, mark in scene.owners_files().items() if name in before} == before
        with acting_as(scene.other), pytest.raises(StudioError):
            acting.check("change", acting.Thing("run", owners=frozenset({scene.owner.id}), shared=True))
    finally:
        for kind, id in things.items():
            scene.clients["teacher"].post("/studio/people/share", json={"kind": kind, "id": id, "shared": False})
    assert all(scene.clients["other"].get(path).status_code == 404 for path in seen.values())


# ---- the class


def test_a_class_from_the_code_to_the_first_page(scene: Scene) -> None:
    teacher = scene.clients["teacher"]
    code = teacher.post("/studio/people/class", json={"open": True, "name": "7b"}).json()["code"]
    shown = teacher.get("/studio/people/class").text
    assert code in shown and "<svg" in shown and "7b" in shown
    pupil = scene.client()
    wrong = pupil.post("/studio/people/join", json={"code": "XXXXXX", "name": "Ada", "pictures": PICTURES})
    assert wrong.status_code == 403 and "set-cookie" not in wrong.headers
    joined = pupil.post("/studio/people/join", json={"code": code, "name": "Ada <b>", "pictures": PICTURES})
    assert joined.status_code == 200
    page = pupil.get("/")
    assert "gradio_config" in page.text and "Ada <b>" not in page.text and "studioPerson" in page.text
    assert pupil.get("/studio/people/class").status_code == 403
    assert "Ada &lt;b&gt;" in teacher.get("/studio/people/class").text
    ada = scene.accounts.people.named("Ada <b>")
    assert ada is not None
    given = teacher.post(f"/studio/people/{ada.id}/reset", json={}).json()
    assert pupil.get("/studio/machine").status_code == 401
    pictures = [name for name, _ in given["pictures"]]
    back = scene.client()
    assert back.post("/studio/people/sign-in", json={"name": "ada <B>", "pictures": pictures}).status_code == 200
    assert back.get("/studio/machine").status_code == 403  # until new ones are chosen
    teacher.post("/studio/people/class", json={"open": False})
    late = scene.client().post("/studio/people/join", json={"code": code, "name": "Late", "pictures": PICTURES})
    assert late.status_code == 403
    assert teacher.post(f"/studio/people/{ada.id}/remove", json={}).status_code == 200


def test_odd_bodies_get_a_sentence(scene: Scene) -> None:
    headers = {"content-type": "application/json"}
    for body in (b"", b"[]", b"{", b"null", b'{"name": {}}', b'{"name": "\\ud800", "password": "\\ud800"}', b"[" * 9000,
                 b"{" + b" " * 20_000 + b"}", b'{"pictures": [[], {}, null, 1]}'):  # fmt: skip
        answer = scene.client().post("/studio/people/sign-in", content=body, headers=headers)
        assert answer.status_code in (400, 403) and answer.json()["problem"], body[:40]


# ---- the bin


def test_what_somebody_deleted_is_taken_back_or_removed_by_them_and_the_teacher_alone(scene: Scene) -> None:
    with acting_as(scene.owner):
        job = scene.studio.predictions.jobs.new(
            Request(
                models=("run:x",),
                model_name="x",
                classes=("a",),
                title="t",
                sources=(),
                started_by=f"person:{scene.owner.id}",
            )
        )
        run = hand_made.new_run(scene.workspace, name="deleted")
    with acting_as(scene.other), pytest.raises(acting.NotAllowedError):
        scene.studio.bin.put_prediction(job, "")
    lock = job.lock().acquire(timeout=0)
    with acting_as(scene.owner), pytest.raises(StudioError, match="naming these pictures"):
        scene.studio.bin.put_prediction(job, "")
    lock.release()
    entry = scene.clients["owner"].post(f"/studio/predictions/{job.id}/delete").json()["entry"]
    undo = f"/studio/predictions/bin/{entry}/undo"
    assert scene.clients["nobody"].post(undo).status_code == 401
    assert scene.clients["other"].post(undo).status_code == 400 and not job.folder.exists()
    assert scene.clients["owner"].post(undo).json() == {"job": job.id}
    with acting_as(scene.owner):
        put = scene.studio.bin.put_run(run, "")
    handlers = {declared.name_of(each.fn): (index, len(each.inputs)) for index, each in scene.handlers()}

    def call(who: str, name: str) -> None:
        index, inputs = handlers[f"runs.tab.Handlers.{name}"]
        scene.event(who, index, [None] * inputs, {"entry": put.entry})

    for name in ("undo", "remove_for_good"):
        call("other", name)
        assert [each.entry for each in scene.studio.bin.listed()] == [put.entry] and not run.folder.exists()
    call("teacher", "undo")
    assert run.folder.exists()


def test_where_hugging_face_is_not_set_up_there_is_nothing_at_its_address(scene: Scene) -> None:
    for path in ("/studio/people/huggingface", "/studio/people/huggingface/back?code=x&state=y"):
        assert scene.clients["nobody"].get(path).status_code == 404


# ---- each guard, taken out, is missed


def guards(scene: Scene) -> dict[str, tuple[tuple[str, Any], Any]]:
    """For each guard what takes it out, and an attack: true where that gets through."""
    file, run = f"/gradio_api/file={scene.ids['upload']}", scene.ids["run"]
    body = json.dumps({"name": "Teacher", "password": PASSWORD})
    headers = {"content-type": "text/plain"}

    def braked() -> bool:
        tried = [sign_in(scene.client(), name="Guessed", password="a wrong one").status_code for _ in range(8)]
        return 429 not in tried

    def proxied() -> bool:
        access = Access.of_server("127.0.0.1", trusted_proxies=["10.1.0.0/16"])
        gate = Gate(scene.accounts, access, scene.workspace.temporary, Cookie.of(scene.workspace.root, ""), "X-User")
        scope = {"client": ("10.2.0.1", 1), "headers": [(b"x-user", b"root")]}
        return bool(gate.strip(scope, dict(scope)))

    def kept() -> bool:
        thumb = f"/studio/thumb/{scene.ids['dataset']}/0"
        return scene.clients["owner"].get(thumb).headers["cache-control"] != "no-store"

    events = Events(lambda _: ())
    return {
        "files of others": (("resnet_studio.ui.page.open_routes.sees_file", lambda *_: True),
                            lambda: scene.clients["other"].get(file).status_code == 200),
        "runs of others": (("resnet_studio.belonging.sees_run", lambda *_: True),
                           lambda: scene.clients["other"].get(f"/studio/runs/{run}/report.csv").status_code == 200),
        "sets of others": (("resnet_studio.belonging.sees_dataset", lambda *_: True),
                           lambda: scene.clients["other"].get(
                               f"/studio/pictures/{scene.ids['dataset']}").status_code == 200),
        "routes for teachers": (("resnet_studio.service.people.declared.Need.admits", lambda *_: True),
                                lambda: scene.clients["other"].get("/studio/people/class").status_code == 200),
        "forms of other sites": (("resnet_studio.ui.people.asked.is_json", lambda _: True),
                                 lambda: scene.client().post(
                                     "/studio/people/sign-in", content=body, headers=headers).status_code == 200),
        "guesses": (("resnet_studio.service.people.brake.Brake.attempt", lambda *_: 0.0), braked),
        "headers of anybody": (("resnet_studio.ui.page.access.Access.trusts", lambda *_: True), proxied),
        "names of sessions": (("resnet_studio.ui.people.events.Events.mark", lambda _, name, __: name),
                              lambda: events.mark("a", scene.owner) == events.mark("a", scene.other)),
        "caches of browsers": (("resnet_studio.ui.people.gate.OF_A_PERSON", {}), kept),
    }  # fmt: skip


GUARDS = (
    "files of others", "runs of others", "sets of others", "routes for teachers", "forms of other sites", "guesses",
    "headers of anybody", "names of sessions", "caches of browsers",
)  # fmt: skip


@pytest.mark.parametrize("name", GUARDS)
def test_each_guard_is_what_stops_its_attack(scene: Scene, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    (target, instead), attack = guards(scene)[name]
    assert not attack()
    monkeypatch.setattr(target, instead)
    assert attack()
