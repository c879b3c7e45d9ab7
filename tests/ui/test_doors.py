"""What the server must not do for whoever can reach it: every handler and every route is tried."""

from __future__ import annotations

import ast
import asyncio
import importlib
import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import hand_made
import made
import pytest
from fastapi.testclient import TestClient
from hand_made import NoJobs
from starlette.responses import JSONResponse
from starlette.websockets import WebSocketDisconnect
from sweeps import few

from resnet_studio.errors import RunError, StudioError
from resnet_studio.training.jobs import Jobs
from resnet_studio.ui import shell
from resnet_studio.ui.app import build_app
from resnet_studio.ui.page import open_routes
from resnet_studio.ui.page.access import Access, below, host_of, is_local, is_operator, resolved, same_user
from resnet_studio.ui.page.event_bodies import EventBodies
from resnet_studio.ui.page.file_inputs import FILE_COMPONENTS, acceptable
from resnet_studio.workspace import Workspace

pytestmark = pytest.mark.usefixtures("narrow")

HERE = "http://127.0.0.1:7860"
CANARY = b"canary 7f31c0de tweets"


class Scene:
    """A studio as a visitor meets it, with a secret beside its workspace and another workspace with a run."""

    def __init__(self, folder: Path) -> None:
        self.workspace = Workspace.open(folder / "workspace")
        self.secret = made.write(folder / "elsewhere", {"secret.txt": CANARY, "secret.png": CANARY}) / "secret.txt"
        self.foreign = hand_made.new_run(Workspace.open(folder / "other"), name="foreign-canary")
        hand_made.train(self.foreign, epochs=2)
        self.own = hand_made.new_run(self.workspace, name="own")
        hand_made.train(self.own, epochs=2)
        self.app = build_app(self.workspace, NoJobs())
        self.client = TestClient(self.app, base_url=HERE, client=("127.0.0.1", 50_000))

    @property
    def blocks(self) -> Any:
        return next(route.app for route in self.app.routes if hasattr(getattr(route, "app", None), "get_blocks")).blocks

    def leaked(self) -> list[str]:
        """Files of the workspace that hold the canary."""
        files = [path for path in self.workspace.root.rglob("*") if path.is_file()]
        return [str(path) for path in files if CANARY in path.read_bytes()]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    built = Scene(tmp_path_factory.mktemp("doors"))
    with built.client:
        yield built


def named_files(scene: Scene) -> list[Any]:
    """Values that name a file which was not uploaded, in all ways that some release of Gradio takes for a file."""
    meta, path = {"_type": "gradio.FileData"}, str(scene.secret)
    inside = str(scene.workspace.temporary / ".." / ".." / "elsewhere" / "secret.txt")
    whole = {"path": path, "meta": meta}
    return [
        whole, {"path": path}, [whole], {"value": whole}, {"a": {"b": [whole]}}, {"path": inside, "meta": meta},
        {"path": f"file://{path}", "meta": meta}, {"path": "http://127.0.0.1:9/x.png", "meta": meta},
        {"path": path, "meta": meta, "url": "http://127.0.0.1:9/x.png", "is_stream": True},
        {"files": [whole], "text": ""}, {"background": whole, "layers": [], "composite": None},
        {"video": whole, "subtitles": None}, [[whole, "caption"]], {"image": whole, "caption": None},
    ]  # fmt: skip


@pytest.mark.slow
@few("everywhere", [False, True], ids=["each handler", "each input of each handler"])
def test_no_handler_gives_out_a_file_that_its_visitor_names(scene: Scene, everywhere: bool) -> None:
    """Every handler, every input: no copy in the workspace, nothing in an answer.

    A component is tried with every way to name a file where it is met first, with one of them in the other handlers.
    """
    attacks, met, tried = named_files(scene), set(), 0
    for index, handler in scene.blocks.fns.items():
        inputs = handler.inputs if handler.fn else ()
        of_all = tried % len(inputs) if inputs else 0
        for at, block in enumerate(inputs):
            if block._id in met and at != of_all and not everywhere:
                continue
            chosen = [attacks[tried % len(attacks)]] if block._id in met else attacks
            met.add(block._id)
            for attack in chosen:
                data = [attack if at == each else None for each in range(len(inputs))]
                body = {"data": data, "fn_index": index, "session_hash": "doors", "event_data": None}
                answer = scene.client.post("/gradio_api/run/predict", json=body)
                tried += 1
                assert CANARY.decode() not in answer.text
                assert answer.status_code != 200 or block.stateful, answer.text
    assert tried > 1000
    assert scene.leaked() == []


@pytest.mark.slow
def test_events_carry_no_file_either(scene: Scene) -> None:
    for index in scene.blocks.fns:
        for attack in named_files(scene)[index % 2 : index % 2 + 1]:
            event = {
                "files": [["x.png", str(scene.secret)]],
                "picture": attack,
                "key": str(scene.secret),
                "run": attack,
            }
            count = len(scene.blocks.fns[index].inputs)
            body = {"data": [None] * count, "fn_index": index, "session_hash": "events", "event_data": event}
            assert CANARY.decode() not in scene.client.post("/gradio_api/run/predict", json=body).text
    assert scene.leaked() == []


def test_passing_notes_come_from_queued_handlers_as_gradio_shows_no_others(scene: Scene) -> None:
    def tells(code: Any) -> bool:
        return "toast" in code.co_names or any(tells(each) for each in code.co_consts if inspect.iscode(each))

    telling = {
        inspect.unwrap(each.fn).__qualname__: each.queue
        for each in scene.blocks.fns.values()
        if each.fn and hasattr(inspect.unwrap(each.fn), "__code__") and tells(inspect.unwrap(each.fn).__code__)
    }

    assert len(telling) > 5
    assert not [name for name, queued in telling.items() if not queued]


def test_who_leaves_passing_notes_is_an_event_itself(scene: Scene) -> None:
    """The test above sees what a handler calls, and nothing that is called by that."""
    handlers = {inspect.unwrap(each.fn).__name__ for each in scene.blocks.fns.values() if each.fn}
    callers = {
        function.name
        for path in Path(shell.__file__).parent.rglob("*.py")
        if re.search(r"toast\(|gr\.Info|gr\.Warning", written := path.read_text("utf-8"))
        for function in ast.walk(ast.parse(written))
        if isinstance(function, ast.FunctionDef)
        for call in ast.walk(function)
        if isinstance(call, ast.Call) and ast.unparse(call.func) in ("toast", "gr.Info", "gr.Warning")
    }

    assert callers - {"toast"} <= handlers


@pytest.mark.slow
def test_text_that_cannot_be_encoded_is_refused_with_a_sentence(scene: Scene) -> None:
    """It would end the connection without an answer, and whatever stored it could not be shown to anybody."""
    halves = ["\ud800", {"a": ["x\udfff"]}, {"\ud83d": 1}]
    for index, handler in scene.blocks.fns.items():
        half, count = halves[index % 3], len(handler.inputs)
        data, event = ([half] * count, None) if count and index % 2 else ([None] * count, {"run": half})
        body = {"data": data, "fn_index": index, "session_hash": "half", "event_data": event}
        sent: dict[str, Any] = {"content": json.dumps(body), "headers": {"content-type": "application/json"}}
        answer = scene.client.post("/gradio_api/run/predict", **sent)
        assert answer.status_code == 500 and "character" in answer.json()["error"]


def test_an_uploaded_file_still_reaches_its_handler(scene: Scene) -> None:
    (sent,) = scene.client.post("/gradio_api/upload", files={"files": ("a.png", made.picture(3))}).json()
    picture = {"path": sent, "meta": {"_type": "gradio.FileData"}}

    assert acceptable(picture, True, scene.workspace.temporary)
    assert not acceptable(picture, False, scene.workspace.temporary)
    assert scene.client.get(f"/gradio_api/file={sent}").content == made.picture(3)


def test_a_value_nested_beyond_all_sense_is_refused_rather_than_searched_for_ever(tmp_path: Path) -> None:
    value: Any = {"path": "/etc/passwd"}
    for _ in range(500):
        value = [value]
    assert not acceptable(value, True, tmp_path)


def test_every_component_that_reads_files_is_known_as_one(scene: Scene) -> None:
    """A new kind of file input has to be named before it works, and nothing else takes files."""
    inputs = {type(block) for handler in scene.blocks.fns.values() for block in handler.inputs}
    reading = {
        kind for kind in inputs if getattr(kind, "data_model", None) is not None and "File" in str(kind.data_model)
    }
    assert all(issubclass(kind, FILE_COMPONENTS) for kind in reading)


@pytest.mark.slow
def test_an_uploaded_drawing_with_a_script_is_not_run_from_our_address(scene: Scene) -> None:
    script = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    (sent,) = scene.client.post("/gradio_api/upload", files={"files": ("a.svg", script)}).json()
    picture = {"path": sent, "meta": {"_type": "gradio.FileData"}}
    for index, handler in scene.blocks.fns.items():
        for at, block in enumerate(handler.inputs):
            if isinstance(block, FILE_COMPONENTS):
                data = [[picture] if at == each else None for each in range(len(handler.inputs))]
                body = {"data": data, "fn_index": index, "session_hash": "svg"}
                scene.client.post("/gradio_api/run/predict", json=body)

    answer = scene.client.get(f"/gradio_api/file={sent}")

    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["content-disposition"].startswith("attachment")


# ---- routes

NEEDED = {
    ("GET", "/"), ("HEAD", "/"), ("GET", "/config"), ("GET", "/assets/{path:path}"), ("GET", "/static/{path:path}"),
    ("GET", "/theme.css"), ("GET", "/gradio_api/heartbeat/{session_hash}"), ("POST", "/gradio_api/run/{api_name}"),
    ("POST", "/gradio_api/queue/join"), ("GET", "/gradio_api/queue/data"), ("POST", "/gradio_api/upload"),
    ("POST", "/gradio_api/cancel"), ("GET", "/gradio_api/upload_progress"), ("POST", "/gradio_api/reset"),
    ("GET", "/gradio_api/file={path_or_url:path}"),
}  # fmt: skip
"""What the page was seen to ask for while every tab was used, and what Gradio's script may ask for."""
HARMLESS = {
    "/config/", "/gradio_api/theme.css", "/favicon.ico", "/robots.txt", "/manifest.json", "/svelte/{path:path}",
    "/gradio_api/startup-events", "/gradio_api/info", "/static/{path:path}", "/assets/{path:path}", "/theme.css",
    "/gradio_api/file={path_or_url:path}", "/config", "/",
}  # fmt: skip
FILLED = {"{path:path}": "x.js", "{path_or_url:path}": "{upload}", "{session_hash}": "abc", "{api_name}": "predict"}


def test_figures_are_for_whoever_runs_the_server_and_verdicts_for_all(scene: Scene) -> None:
    here = scene.client.get("/healthz").json()
    assert {"status", "version", "disk", "queue", "device", "last_error"} == set(here) and here["status"] == "ok"
    assert "resnet_studio_queue_waiting 0.0" in scene.client.get("/metrics").text
    passed_on = {"x-forwarded-for": "192.0.2.7"}
    assert scene.client.get("/metrics", headers=passed_on).status_code == 403
    assert scene.client.get("/healthz", headers=passed_on).json() == {"status": "ok", "disk": "ok", "queue": "ok"}


@pytest.mark.parametrize(
    ("options", "peer", "headers", "may"),
    [
        ({}, "127.0.0.1", {}, True), ({}, "192.0.2.7", {}, False),
        ({"operators": ["192.0.2.0/24"]}, "192.0.2.7", {}, True),
        ({"operators": ["192.0.2.7"]}, "192.0.2.8", {}, False), ({"operators": ["::1"]}, "127.0.0.1", {}, True),
        ({"trusted_proxies": ["127.0.0.1"]}, "127.0.0.1", {}, False),
        ({"trusted_proxies": ["127.0.0.1"], "operators": ["127.0.0.1"]}, "127.0.0.1", {}, True),
        ({"trusted_proxies": ["127.0.0.1"], "operators": ["127.0.0.1"]}, "127.0.0.1",
         {"x-forwarded-for": "192.0.2.7"}, False),
        ({"operators": ["127.0.0.1"]}, "127.0.0.1", {"x-forwarded-for": "127.0.0.1"}, False),
        ({"operators": ["192.0.2.7"]}, "192.0.2.9", {"x-forwarded-for": "192.0.2.7"}, False),
        ({"trusted_proxies": ["192.0.2.1"], "operators": ["192.0.2.7"]}, "192.0.2.1",
         {"x-forwarded-for": "192.0.2.7"}, True),
    ],
)  # fmt: skip
def test_addresses_that_were_named_read_the_figures_and_no_header_makes_one_of_them(
    options: dict[str, Any], peer: str, headers: dict[str, str], may: bool
) -> None:
    access = Access.of_server("127.0.0.1", **options)
    sent = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "client": (peer, 1), "server": ("127.0.0.1", 2), "headers": sent, "path": "/metrics"}
    assert is_operator(resolved(scope, access), access, peer) is may


def gradio_routes(scene: Scene) -> list[tuple[str, str]]:
    gradio = next(route.app for route in scene.app.routes if hasattr(getattr(route, "app", None), "get_blocks"))
    return list(routes_in(gradio))


def routes_in(router: Any) -> Iterator[tuple[str, str]]:
    """Method and path of all routes; FastAPI has kept included routers apart apart from its own."""
    for route in router.routes:
        if hasattr(route, "original_router"):
            yield from routes_in(route.original_router)
        for method in getattr(route, "methods", None) or ():
            yield method, route.path


def test_only_routes_that_the_page_needs_are_open(scene: Scene) -> None:
    """Every route that Gradio brings, in the release that is installed, is either on our list or closed."""
    upload = scene.workspace.temporary / "x.png"
    upload.write_bytes(made.picture())
    routes = gradio_routes(scene)
    assert len(routes) > 40 and any("process_recording" in path for _, path in routes)
    opened = set()
    for method, path in routes:
        filled = path
        for name, value in FILLED.items():
            filled = filled.replace(name, value.replace("{upload}", str(upload)))
        filled = re.sub(r"\{[^}]*\}", "x", filled)
        if open_routes.is_open(method, filled, scene.workspace.temporary):
            opened.add((method, path))
    assert {(m, p) for m, p in opened if (m, p) not in NEEDED and p not in HARMLESS} == set()
    assert {each for each in NEEDED if each not in opened} == set()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/gradio_api/file=http://127.0.0.1:9/x"), ("GET", "/gradio_api/file=https://example.org/x.png"),
        ("HEAD", "/gradio_api/file=http://127.0.0.1:9/x"), ("GET", "/gradio_api/file/http://127.0.0.1:9/x"),
        ("GET", "/gradio_api/proxy=http://127.0.0.1:9/x"), ("POST", "/gradio_api/process_recording"),
        ("GET", "/gradio_api/dev/reload"), ("POST", "/gradio_api/component_server"), ("GET", "/monitoring"),
        ("GET", "/gradio_api/openapi.json"), ("GET", "/gradio_api/token"), ("POST", "/login"), ("GET", "/docs"),
        ("POST", "/gradio_api/call/predict"), ("POST", "/gradio_api/run/other"), ("POST", "/gradio_api/api/predict"),
        ("GET", "/gradio_api/custom_component/x/client/y/z.js"), ("POST", "/gradio_api/vibe-edit"),
        ("GET", "/gradio_api/runs"), ("GET", "/gradio_api/deep_link"), ("DELETE", "/gradio_api/upload"),
        ("GET", "/%67radio_api/dev/reload"), ("GET", "//gradio_api/dev/reload"), ("GET", "/gradio_api//dev/reload"),
        ("GET", "/assets/../gradio_api/dev/reload"), ("GET", "/studio/../gradio_api/dev/reload"),
        ("PUT", "/gradio_api/run/predict"), ("GET", "/gradio_api/stream/a/b/c/playlist.m3u8"),
    ],
)  # fmt: skip
def test_what_gradio_offers_beyond_the_page_is_closed(scene: Scene, method: str, path: str) -> None:
    assert not open_routes.is_open(method, unquote(path), scene.workspace.temporary)  # some would answer without end
    assert scene.client.request(method, path).status_code in {404, 405}


def test_files_are_given_out_from_the_upload_folder_alone(scene: Scene) -> None:
    log = scene.own.folder / "events.jsonl"
    for path in (log, scene.secret, Path(__file__), scene.workspace.root / "browser-secret", scene.workspace.temporary):
        assert scene.client.get(f"/gradio_api/file={path}").status_code == 404
    for name in ("../runs", "..%2Fbrowser-secret", "./../browser-secret"):
        assert scene.client.get(f"/gradio_api/file={scene.workspace.temporary}/{name}").status_code == 404
    link = scene.workspace.temporary / "link.png"
    link.symlink_to(scene.secret)
    assert scene.client.get(f"/gradio_api/file={link}").status_code == 404
    link.unlink()


def test_the_page_has_no_websocket(scene: Scene) -> None:
    with pytest.raises(WebSocketDisconnect), scene.client.websocket_connect("/gradio_api/queue/join"):
        pass


# ---- who may ask


def refusals(scene: Scene, **headers: str) -> list[int]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    asked = [("GET", "/config"), ("GET", "/studio/live?seen=x"), ("POST", "/gradio_api/queue/join"),
             ("POST", "/gradio_api/upload"), ("OPTIONS", "/gradio_api/queue/join")]  # fmt: skip
    return [scene.client.request(method, path, headers=named).status_code for method, path in asked]


@pytest.mark.slow
@pytest.mark.parametrize(
    "claimed", ["x_forwarded_host", "x_gradio_server", "x_original_host", "forwarded", "x_real_ip"]
)
def test_a_forwarding_header_from_anybody_is_not_believed(scene: Scene, claimed: str) -> None:
    changing = refusals(scene, origin="https://evil.example", **{claimed: "evil.example"})[2:4]
    assert changing == [403, 403]
    shown = scene.client.get("/config", headers={claimed.replace("_", "-"): "evil.example"})
    assert "evil.example" not in shown.text


def test_no_other_site_may_send_anything(scene: Scene) -> None:
    asked = {"origin": "https://evil.example", "access-control-request-method": "POST",
             "access-control-request-headers": "x-forwarded-host, content-type"}  # fmt: skip
    for path in ("/gradio_api/queue/join", "/", "/studio/live", "/gradio_api/upload"):
        answer = scene.client.options(path, headers=asked)
        assert answer.status_code in {403, 404}
        assert [name for name in answer.headers if name.startswith("access-control")] == []


def test_another_site_of_the_same_name_may_not_send_anything_either(scene: Scene) -> None:
    """``http://school.example`` is not ``https://school.example``; browsers say so, the ``Origin`` here does not."""
    sent = {"origin": HERE.replace("http:", "https:"), "sec-fetch-site": "same-site"}
    assert scene.client.post("/gradio_api/queue/join", headers=sent).status_code == 403
    sent["sec-fetch-site"] = "cross-site"
    assert scene.client.post("/gradio_api/upload", headers=sent).status_code == 403
    assert (
        scene.client.post(
            "/gradio_api/queue/join", headers={"origin": HERE, "sec-fetch-site": "same-origin"}
        ).status_code
        == 422
    )


@pytest.mark.slow
def test_no_answer_lets_another_site_read_it(scene: Scene) -> None:
    for origin in ("https://evil.example", "http://localhost:3000", "null", HERE):
        for path in ("/", "/config", "/studio/live?seen=x", "/studio/studio.js", "/nowhere"):
            headers = scene.client.get(path, headers={"origin": origin}).headers
            assert [name for name in headers if name.startswith("access-control")] == []
            assert headers["cross-origin-resource-policy"] == "same-origin"


def test_what_another_site_embeds_or_fetches_is_refused_and_a_link_to_the_page_works(scene: Scene) -> None:
    for site in ("cross-site", "same-site"):
        for mode, dest in (("no-cors", "image"), ("cors", "empty"), ("no-cors", "script")):
            headers = {"sec-fetch-site": site, "sec-fetch-mode": mode, "sec-fetch-dest": dest}
            assert scene.client.get("/studio/machine", headers=headers).status_code == 403
            assert scene.client.get("/", headers=headers).status_code == 403
        followed = {"sec-fetch-site": site, "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
        assert scene.client.get("/", headers=followed).status_code == 200
        assert scene.client.get(f"/studio/runs/{scene.own.id}/report.csv", headers=followed).status_code == 403


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:7860", "127.0.0.1.evil.example", "localhost.evil.example", "", "evil@127.0.0.1",
     "127.0.0.1#.evil", "127.0.0.1/x", "[::1].evil", "10.9.9.9", "localhost,evil.example"],
)  # fmt: skip
def test_a_server_for_this_machine_answers_to_no_other_name(scene: Scene, host: str) -> None:
    assert refusals(scene, host=host) == [403] * 5


@pytest.mark.parametrize("host", ["127.0.0.1:7860", "localhost:7860", "[::1]:7860", "LOCALHOST", "localhost."])
def test_and_to_all_of_its_own(scene: Scene, host: str) -> None:
    assert scene.client.get("/config", headers={"host": host}).status_code == 200


def test_the_sentence_says_how_to_let_a_name_in(scene: Scene) -> None:
    said = scene.client.get("/", headers={"host": "studio.example:80", "accept-language": "en"}).text
    assert "--allowed-host studio.example" in said


class TestOnANetwork:
    """A server that listens on all addresses."""

    def client(self, workspace: Workspace, **options: Any) -> TestClient:
        access = Access.of_server("0.0.0.0", **options)
        return TestClient(build_app(workspace, Jobs(workspace), access=access), base_url="http://192.0.2.7:7860")

    def code(self, client: TestClient, method: str = "GET", path: str = "/config", **headers: str) -> int:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.request(method, path, headers=named).status_code

    @pytest.mark.slow
    def test_it_knows_its_names_and_the_address_that_it_was_reached_at(
        self, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("socket.gethostname", lambda: "Lab-PC.school.test")
        client = self.client(workspace)
        for host in ("192.0.2.7:7860", "lab-pc", "lab-pc.local:7860", "LAB-PC.school.test", "localhost"):
            assert self.code(client, host=host) == 200, host
        for host in ("evil.example", "lab-pc.evil.example", "192.0.2.8", "local"):
            assert self.code(client, host=host) == 403, host

    @pytest.mark.slow
    def test_a_name_can_be_added(self, workspace: Workspace) -> None:
        client = self.client(workspace, allowed_hosts=["https://Studio.Example:443/x", ".lab.test"])
        for host in ("studio.example", "a.lab.test"):
            assert self.code(client, host=host) == 200
        for host in ("x.studio.example", "lab.test.evil", "evil.example"):
            assert self.code(client, host=host) == 403

    @pytest.mark.slow
    @pytest.mark.parametrize("peer", ["10.1.2.3", "10.1.255.255"])
    def test_a_proxy_that_was_named_is_believed(self, workspace: Workspace, peer: str) -> None:
        access = Access.of_server("0.0.0.0", trusted_proxies=["10.1.0.0/16"])
        app = build_app(workspace, Jobs(workspace), access=access)
        proxied = TestClient(app, base_url="http://192.0.2.7:7860", client=(peer, 1))
        asked = {"x_forwarded_host": "studio.example", "x_forwarded_proto": "https", "origin": "https://studio.example"}
        other = {**asked, "origin": "https://evil.example"}
        direct = TestClient(app, base_url="http://192.0.2.7:7860", client=("10.2.0.1", 1))

        assert self.code(proxied, "POST", "/gradio_api/queue/join", **asked) != 403
        assert self.code(proxied, "POST", "/gradio_api/queue/join", **other) == 403
        assert self.code(direct, "POST", "/gradio_api/queue/join", **asked) == 403
        assert (
            "https://studio.example"
            in proxied.get("/config", headers={"x-forwarded-host": "studio.example", "x-forwarded-proto": "https"}).text
        )

    @pytest.mark.slow
    def test_a_name_that_was_led_here_is_not_let_in_by_a_header_that_its_page_adds(self, workspace: Workspace) -> None:
        access = Access.of_server("127.0.0.1", trusted_proxies=["127.0.0.1"])
        app = build_app(workspace, Jobs(workspace), access=access)
        client = TestClient(app, base_url=HERE, client=("127.0.0.1", 1))
        asked = {"host": "evil.example", "x_forwarded_host": "127.0.0.1:7860", "origin": "http://evil.example"}
        assert self.code(client, "POST", "/gradio_api/queue/join", **asked) == 403

    @pytest.mark.slow
    def test_with_names_given_the_proxy_passes_on_no_other(self, workspace: Workspace) -> None:
        options = {"trusted_proxies": ["192.0.2.1"], "allowed_hosts": ["studio.example"]}
        app = build_app(workspace, Jobs(workspace), access=Access.of_server("0.0.0.0", **options))
        client = TestClient(app, base_url="http://192.0.2.7:7860", client=("192.0.2.1", 1))
        assert self.code(client, x_forwarded_host="studio.example") == 200
        assert self.code(client, x_forwarded_host="evil.example") == 403
        assert self.code(client, x_forwarded_host="evil.example, studio.example") == 200

    @pytest.mark.parametrize(
        "options",
        [{"allowed_hosts": ["a b"]}, {"trusted_proxies": ["proxy"]}, {"root_path": "lab"}, {"root_path": "/a?b"}],
    )
    def test_what_cannot_be_read_is_said(self, options: dict[str, Any]) -> None:
        with pytest.raises(StudioError, match="--"):
            Access.of_server("0.0.0.0", **options)


@pytest.mark.slow
def test_a_space_answers_to_its_own_name(monkeypatch: pytest.MonkeyPatch, workspace: Workspace) -> None:
    monkeypatch.setenv("SPACE_ID", "user/studio")
    monkeypatch.setenv("SPACE_HOST", "user-studio.hf.space")
    app = build_app(workspace, Jobs(workspace), access=Access.of_server("0.0.0.0"))
    client = TestClient(app, base_url="http://10.0.0.7:7860", client=("10.0.0.1", 1))
    assert (
        client.get("/config", headers={"host": "user-studio.hf.space", "x-forwarded-proto": "https"}).status_code == 200
    )
    assert client.get("/config", headers={"host": "evil.example"}).status_code == 403


# ---- paths


def test_a_run_is_known_by_its_id_and_never_by_a_path(scene: Scene) -> None:
    before = made.fingerprint(scene.foreign.folder)
    for name in (str(scene.foreign.folder), f"../../other/runs/{scene.foreign.id}", "last", "."):
        shown = scene.client.get("/studio/live", params={"run": name, "seen": "x"})
        assert "foreign-canary" not in shown.text
        for path in ("report.csv", "model.safetensors", "pictures"):
            assert scene.client.get(f"/studio/runs/{name}/{path}").status_code == 404
        assert "foreign-canary" not in scene.client.get("/studio/compare", params={"run": name}).text
        with pytest.raises(RunError):
            scene.workspace.run(name)
        with pytest.raises(RunError):
            Jobs(scene.workspace).resume(name)
    assert made.fingerprint(scene.foreign.folder) == before


def test_the_command_line_may_name_any_run(scene: Scene) -> None:
    assert scene.workspace.find_run(str(scene.foreign.folder)) == scene.foreign
    assert scene.workspace.find_run("last") == scene.workspace.runs()[0]


def test_starting_weights_are_no_path_on_the_page(scene: Scene) -> None:
    from resnet_studio.ui.train.form import NAMES, config_of, defaults

    def form(weights: str) -> list[Any]:
        return [{**defaults(), "weights": weights}[name] for name in NAMES]

    made.write(scene.own.folder, {"best.safetensors": b"x"})
    for named in (
        str(scene.secret),
        "/etc/passwd",
        "..\\x",
        "C:\\x.pt",
        "x.safetensors",
        f"run:{scene.foreign.folder}",
    ):
        with pytest.raises(StudioError):
            config_of(form(named), scene.workspace)
    assert config_of(form(f"run:{scene.own.id}"), scene.workspace).weights == str(scene.own.best)


# ---- folders of this machine


def scope_of(**changes: Any) -> dict[str, Any]:
    return {"type": "http", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2), **changes}


def test_a_folder_of_this_machine_is_opened_only_for_somebody_on_it() -> None:
    assert is_local(scope_of(), Access())
    assert not is_local(scope_of(studio_forwarded=True), Access())
    assert not is_local(scope_of(client=("192.0.2.9", 1)), Access())
    for options in ({"trusted_proxies": ["127.0.0.1"]}, {"root_path": "/lab"}, {"allowed_hosts": ["studio.example"]}):
        assert not is_local(scope_of(), Access.of_server("127.0.0.1", **options))
    assert not is_local(scope_of(), Access.of_server("0.0.0.0"))
    assert is_local(scope_of(client=("192.0.2.9", 1)), Access.of_server("0.0.0.0", local_folders=True))


def test_a_proxy_that_runs_under_another_account_is_not_somebody_on_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import socket

    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        socket.create_connection(listening.getsockname()),
        listening.accept()[0] as accepted,
    ):
        scope = scope_of(client=accepted.getpeername(), server=listening.getsockname())
        assert same_user(scope)
        if not Path("/proc/net/tcp").exists():
            pytest.skip("this system has no list of the owners of sockets")
        monkeypatch.setattr("os.getuid", lambda: 4_000_000)
        assert not same_user(scope)


@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded", "via", "x-real-ip", "x-forwarded-host"])
def test_the_handler_opens_no_folder_for_a_request_that_was_passed_on(scene: Scene, header: str) -> None:
    """The whole way: the event that opens a folder, sent through a proxy that nobody named."""
    starter = [i for i, handler in scene.blocks.fns.items() if handler.name == "_path"]
    assert starter
    for index in starter:
        body = {"data": [str(scene.secret.parent)], "fn_index": index, "session_hash": "folder"}
        passed_on = scene.client.post("/gradio_api/run/predict", json=body, headers={header: "192.0.2.1"})
        assert "the machine that runs it" in passed_on.text, passed_on.text


# ---- below a path


@pytest.mark.slow
@pytest.mark.parametrize("strips", [True, False])
def test_the_page_works_below_a_path(workspace: Workspace, strips: bool) -> None:
    access = Access.of_server("127.0.0.1", root_path="/lab/studio/", trusted_proxies=["127.0.0.1"])
    app = build_app(workspace, Jobs(workspace), access=access)
    client = TestClient(app, base_url=HERE, client=("127.0.0.1", 1))
    front = "" if strips else "/lab/studio"
    passed_on = {"x-forwarded-host": "school.example", "x-forwarded-proto": "https"}

    page = client.get(f"{front}/", headers=passed_on)
    root = json.loads(re.search(r"window\.gradio_config = (\{.*?\});</script>", page.text, re.DOTALL)[1])["root"]  # type: ignore[index]

    assert root == "https://school.example/lab/studio"
    assert client.get(f"{front}/studio/studio.js").status_code == 200
    assert client.get(f"{front}/theme.css").status_code == 200
    assert client.post(f"{front}/gradio_api/upload", files={"files": ("a.png", made.picture())}).status_code == 200
    assert client.get(f"{front}/gradio_api/dev/reload").status_code == 404
    if not strips:
        assert 'location.pathname === "/lab/studio"' in client.get("/lab/studio", headers=passed_on).text


@pytest.mark.slow
@pytest.mark.parametrize(
    ("root", "strips"),
    [
        ("/studio", True),
        ("/gradio_api", False),
        *(
            pytest.param(root, strips, marks=pytest.mark.long)
            for root, strips in (("/studio", False), ("/gradio_api", True), ("/assets", True), ("/assets", False))
        ),
    ],
)
def test_the_page_works_below_a_path_that_is_called_as_one_of_its_own(
    workspace: Workspace, root: str, strips: bool
) -> None:
    access = Access.of_server("127.0.0.1", root_path=root, trusted_proxies=["127.0.0.1"])
    client = TestClient(build_app(workspace, Jobs(workspace), access=access), base_url=HERE, client=("127.0.0.1", 1))
    front = "" if strips else root
    for path in ("/", "/config", "/studio/studio.js", "/studio/machine", "/theme.css", "/studio/live?seen=x"):
        assert client.get(f"{front}{path}").status_code == 200, path
    assert client.post(f"{front}/gradio_api/upload", files={"files": ("a.png", made.picture())}).status_code == 200
    for path in ("/gradio_api/dev/reload", "/gradio_api/file=/etc/hostname", "/x", "/../gradio_api/dev/reload"):
        assert client.get(f"{front}{path}").status_code == 404, path
    twice = f"{root}{root}/gradio_api/file={{}}"
    assert client.get(twice.format("http://127.0.0.1:9/x"), follow_redirects=False).status_code == 404
    secret = made.write(workspace.root.parent, {"secret.txt": CANARY}) / "secret.txt"
    assert client.get(twice.format(secret)).status_code == 404


def test_only_whole_steps_of_a_path_are_taken_away() -> None:
    assert below("/lab/studio/x", "/lab") == "/studio/x"
    assert below("/laboratory", "/lab") == "/laboratory"
    assert below("/lab", "/lab") == "/"


# ---- what leans on the inside of libraries

GRADIO_INSIDE = {
    "gradio.blocks.Blocks.preprocess_data": "StudioBlocks looks at every value in it",
    "gradio.context.LocalContext": "context.reader and reader_is_local find the request of an event by it",
    "gradio.context.Context": "frame.selected_tab finds the tab that is being filled by it",
    "gradio.i18n.I18nData": "context.T marks texts by it",
    "gradio.queueing.Queue": "shell.mount slows its looking for events down by sleep_when_free",
    "gradio.blocks.Blocks": "sessions.keep_few finds the page by it",
    "gradio.state_holder.SessionState": "sessions.PageState keeps less than it",
    "gradio.state_holder.StateHolder": "sessions.Sessions keeps fewer than it",
    "gradio.processing_utils._check_allowed": "the guard of files that has_launched switches on",
}


@pytest.mark.parametrize("name", GRADIO_INSIDE)
def test_what_the_studio_uses_of_the_inside_of_gradio_is_still_there(name: str) -> None:
    module, _, attribute = name.rpartition(".")
    try:
        found = importlib.import_module(module)
    except ImportError:
        module, _, owner = module.rpartition(".")
        found = getattr(importlib.import_module(module), owner)
    assert hasattr(found, attribute), f"This release of Gradio has no {name} any more; {GRADIO_INSIDE[name]}."


def test_the_inside_of_gradio_is_as_the_studio_takes_it_to_be(scene: Scene) -> None:
    import gradio
    from gradio import processing_utils, routes
    from starlette.middleware.cors import CORSMiddleware

    because = "Gradio has changed inside: look at resnet_studio/ui/{} again."
    guard = inspect.getsource(processing_utils._check_allowed)
    assert "has_launched" in guard, because.format("shell.py (has_launched switches its guard of files on)")
    assert "is_running" in inspect.getsource(processing_utils), because.format("shell.py (is_running and SVG files)")
    assert list(inspect.signature(gradio.Blocks.preprocess_data).parameters)[:3] == ["self", "block_fn", "inputs"], (
        because.format("file_inputs.py (preprocess_data)")
    )
    assert scene.blocks.has_launched and scene.blocks.is_running
    mounting = inspect.getsource(routes)
    assert "/run/{api_name}" in mounting and "/queue/join" in mounting, because.format("open_routes.py")
    assert any(each.cls is CORSMiddleware for each in scene.app.user_middleware), because.format("shell.py (CORS)")
    queue = scene.blocks._queue
    assert hasattr(queue, "sleep_when_free") and hasattr(queue, "progress_update_sleep_when_free"), because.format(
        "shell.py (how often the queue is looked at)"
    )


def private_uses() -> set[str]:
    """Where the package reaches into a module of Gradio that is none of its public ones."""
    found = set()
    for path in Path(shell.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("gradio."):
                found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.slow
def test_every_place_that_leans_on_the_inside_of_gradio_is_named_above() -> None:
    public = {name for name in private_uses() if name.startswith(("gradio.themes",))}
    assert private_uses() - public - set(GRADIO_INSIDE) == set()


def test_hosts_are_read_as_browsers_write_them() -> None:
    assert host_of("[::1]:7860") == "::1" and host_of("LOCALHOST:1") == "localhost"
    assert host_of("a@b") == host_of("a/b") == host_of(" a") == host_of("[::1") == ""


def test_of_a_page_only_what_differs_from_a_new_one_is_kept_and_of_the_pages_used_last(scene: Scene) -> None:
    from resnet_studio.ui.page.sessions import Sessions

    page = next(route.app for route in scene.app.routes if getattr(getattr(route, "app", None), "blocks", None))
    body = {"data": [None] * 3, "session_hash": "one", "event_data": None}
    index = next(id for id, each in scene.blocks.fns.items() if "show" in str(each.api_name) and len(each.inputs) == 3)
    assert scene.client.post("/gradio_api/run/predict", json={**body, "fn_index": index}).status_code == 200
    kept = page.state_holder
    assert isinstance(kept, Sessions) and len(kept.session_data["one"].config_values) < 5
    few = Sessions(scene.blocks, most=2)
    for name in ("first", "second", "first", "third"):
        few[name]
    assert list(few.session_data) == ["first", "third"] and set(few.time_last_used) == {"first", "third"}


@pytest.mark.slow
@pytest.mark.parametrize("path", ["run/predict", "queue/join"])
def test_what_no_page_sends_at_once_is_refused_before_it_is_parsed(scene: Scene, path: str) -> None:
    index = next(id for id, each in scene.blocks.fns.items() if each.fn and len(each.inputs) == 0)

    def send(event: Any) -> Any:
        body = {"data": [], "fn_index": index, "session_hash": "one", "event_data": event}
        return scene.client.post(f"/gradio_api/{path}", json=body)

    for heavy in ({"key": "x" * 17 * 2**20}, {"key": [[] for _ in range(300_000)]}):
        answer = send(heavy)
        assert answer.status_code == 413 and "More was sent" in answer.json()["detail"]
    whole_folder = [[f"cats/{n}.jpg", f"/tmp/studio/temporary/{n:064}/{n}.jpg"] for n in range(60_000)]
    assert send({"files": whole_folder}).status_code == 200
    assert scene.client.post("/gradio_api/cancel", json={"session_hash": "x" * 5000}).status_code == 413


def test_no_more_events_are_read_at_once_than_there_is_memory_for() -> None:
    bodies = EventBodies(most_at_once=100)
    scope = {"method": "POST", "path": "/gradio_api/run/predict", "headers": [], "type": "http"}

    async def story() -> list[object]:
        arriving: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        first = asyncio.create_task(bodies.read(scope, arriving.get))
        await arriving.put({"type": "http.request", "body": b"x" * 60, "more_body": True})
        while not bodies.reading:
            await asyncio.sleep(0)

        async def whole() -> dict[str, Any]:
            return {"type": "http.request", "body": b"y" * 60, "more_body": False}

        refused = await bodies.read(scope, whole)
        await arriving.put({"type": "http.request", "body": b"", "more_body": False})
        received: Any = await first
        return [refused, await received(), await bodies.read(scope, whole)]

    refused, received, later = asyncio.run(story())
    assert isinstance(refused, JSONResponse) and refused.status_code == 503
    assert received == {"type": "http.request", "body": b"x" * 60, "more_body": False}
    assert callable(later) and bodies.reading == 0
