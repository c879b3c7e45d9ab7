from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient
from hand_made import NoJobs

from resnet_studio import cleaning
from resnet_studio.errors import DataError, StudioError
from resnet_studio.service.machine import device_name
from resnet_studio.ui.app import build_app, free_port
from resnet_studio.ui.page.access import is_loopback
from resnet_studio.ui.train import form
from resnet_studio.workspace import Workspace

ASSETS = Path(__file__).parents[2] / "assets"
SOURCES = Path(__file__).parents[2] / "resnet_studio" / "ui"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace.open(tmp_path_factory.mktemp("shell"))


@pytest.fixture(scope="module")
def client(workspace: Workspace) -> Iterator[TestClient]:
    app = build_app(workspace, NoJobs())
    yield TestClient(app, base_url="http://127.0.0.1:7860")


def page(client: TestClient, **headers: str) -> str:
    answer = client.get("/", headers={name.replace("_", "-"): value for name, value in headers.items()})
    assert answer.status_code == 200
    return answer.text


@pytest.fixture
def reading_chinese() -> Iterator[None]:
    from gradio.context import LocalContext

    token = LocalContext.request.set(SimpleNamespace(cookies={"studio_language": "zh"}, headers={}))
    yield
    LocalContext.request.reset(token)


def test_the_page_speaks_the_language_that_the_browser_prefers(client: TestClient) -> None:
    english, chinese = page(client, accept_language="de-DE,de"), page(client, accept_language="zh-HK,zh;q=0.9")

    assert "Bring my pictures" in english
    assert "使用我的图片" not in english
    assert "使用我的图片" in chinese
    assert "Bring my pictures" not in chinese
    assert 'lang="zh-CN"' in chinese
    assert 'lang="en"' in english


@pytest.mark.slow
def test_the_language_switch_outweighs_what_the_browser_prefers(client: TestClient) -> None:
    assert "使用我的图片" in page(client, accept_language="en-US", cookie="studio_language=zh")


def test_no_mark_of_a_text_is_left_in_the_page(client: TestClient) -> None:
    assert "__i18n__" not in page(client)
    assert "__i18n__" not in client.get("/config").text


def test_the_page_still_holds_valid_settings_for_gradio_after_the_words_are_filled_in(client: TestClient) -> None:
    found = re.search(r"window\.gradio_config = (\{.*?\});</script>", page(client, accept_language="zh"), re.DOTALL)

    assert found is not None
    assert len(json.loads(found[1])["components"]) > 20


def test_the_page_has_all_tabs_and_the_header(client: TestClient) -> None:
    text = page(client)

    assert all(f'"tab-{name}"' in text for name in ("data", "train", "results", "predict", "runs"))
    assert "studio-now" in text
    assert "studio-machine" in text


def test_the_page_asks_nothing_of_other_sites(client: TestClient) -> None:
    text = page(client)
    asked = re.findall(r'(?:src|href)=\\?"(https?://[^"\\]+)', text)

    assert [address for address in asked if "127.0.0.1" not in address] == []
    assert "fonts.googleapis" not in text
    assert "default-src 'self'" in client.get("/").headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/", "/studio/studio.css", "/studio/studio.js", "/studio/logo.svg", "/nowhere"])
def test_every_answer_carries_the_safety_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'self'" in headers["content-security-policy"]
    assert headers["referrer-policy"] == "same-origin"


def test_a_change_asked_for_by_another_site_is_refused(client: TestClient) -> None:
    for headers in ({"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}):
        assert client.post("/gradio_api/upload", headers=headers).status_code == 403
    assert client.post("/gradio_api/upload", headers={"origin": "http://127.0.0.1:7860"}).status_code != 403


def test_a_loopback_server_answers_to_no_other_name(client: TestClient) -> None:
    assert client.get("/", headers={"host": "evil.example"}).status_code == 403


def test_the_documentation_of_the_routes_is_not_served(client: TestClient) -> None:
    assert client.get("/openapi.json").status_code == 404
    assert client.get("/docs").status_code == 404


def test_a_space_may_be_shown_inside_of_hugging_face(monkeypatch: pytest.MonkeyPatch) -> None:
    from resnet_studio.ui.page.middleware import safety_headers

    embedded = safety_headers(embedded=True)

    assert "https://huggingface.co" in embedded["content-security-policy"]
    assert "x-frame-options" not in embedded


def test_styles_and_scripts_of_all_tabs_are_in_the_bundles(client: TestClient) -> None:
    assert "--rs-accent" in client.get("/studio/studio.css").text
    assert "studioPicker" in client.get("/studio/studio.js").text
    assert "immutable" in client.get("/studio/studio.css").headers["cache-control"]


DECLARED = re.compile(r"^(?:const|let|var|class|(?:async )?function\*?|window\.) ?([\w$]+|[\[{].*?[\]}])", re.MULTILINE)


def test_no_name_is_declared_by_two_scripts_of_the_page_which_are_one_to_the_browser() -> None:
    """A second ``const`` of a name stops all of them before the first line is run."""
    found = [(name, path.name) for path in ASSETS.glob("*.js") for name in DECLARED.findall(path.read_text("utf-8"))]
    names = [name for name, _ in found]

    assert len(names) > 5
    assert [each for each in found if names.count(each[0]) > 1] == []


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("node") is None, reason="node, which reads the scripts, is not installed here")
def test_the_scripts_are_what_a_browser_can_read(client: TestClient, tmp_path: Path) -> None:
    (tmp_path / "bundle.js").write_text(client.get("/studio/studio.js").text, encoding="utf-8")
    for script in (tmp_path / "bundle.js", *ASSETS.glob("*/*.js")):
        checked = subprocess.run(["node", "--check", script], capture_output=True, text=True)
        assert checked.returncode == 0, checked.stderr


def test_an_idle_server_does_not_look_for_events_a_thousand_times_a_second(client: TestClient) -> None:
    gradio = next(route.app for route in client.app.routes if hasattr(getattr(route, "app", None), "get_blocks"))
    queue = gradio.get_blocks()._queue

    assert queue.sleep_when_free >= 0.02
    assert queue.progress_update_sleep_when_free >= 0.05


def test_the_browser_secret_outlives_a_restart(workspace: Workspace) -> None:
    from resnet_studio.ui.shell import browser_secret

    assert browser_secret(workspace) == browser_secret(workspace)
    assert len(browser_secret(workspace)) == 32


@pytest.mark.slow
def test_jobs_are_closed_when_the_server_ends(workspace: Workspace) -> None:
    jobs = NoJobs()
    with TestClient(build_app(workspace, jobs)):
        assert not jobs.closed
    assert jobs.closed


def test_a_studio_error_becomes_a_sentence_in_the_language_of_the_reader(reading_chinese: None) -> None:
    import gradio as gr

    from resnet_studio.ui.page.context import guarded

    @guarded
    def toast() -> None:
        raise DataError("error.shell.port_busy", port="7860")

    @guarded(instead=lambda sentence: [sentence])
    def inline() -> list[str]:
        raise StudioError("error.shell.port_busy", port="7860")

    with pytest.raises(gr.Error, match="端口 7860 已被其他程序占用"):
        toast()
    assert inline()[0].startswith("端口 7860")


def test_what_somebody_typed_is_no_html_in_a_passing_note(monkeypatch: pytest.MonkeyPatch) -> None:
    import gradio as gr

    from resnet_studio.errors import RunError
    from resnet_studio.ui.page.context import guarded
    from resnet_studio.ui.page.notes import toast

    name, said = "<a href='//elsewhere'>sign in</a>", list[str]()
    monkeypatch.setattr(gr, "Info", said.append)

    @guarded
    def fail() -> None:
        raise RunError("error.run.missing", run=name)

    toast(f"{name} is in the bin.")
    with pytest.raises(gr.Error) as failed:
        fail()
    assert "<" not in said[0] + str(failed.value) and "&lt;a href" in said[0] and "&lt;a href" in str(failed.value)


def test_an_unexpected_error_is_logged_and_told_without_its_details(caplog: pytest.LogCaptureFixture) -> None:
    from resnet_studio.ui.page.context import guarded

    @guarded(instead=str)
    def handler() -> str:
        raise ZeroDivisionError("a secret")

    assert "unexpected" in handler()
    assert "a secret" not in handler()
    assert "a secret" in caplog.text


def test_a_handler_that_yields_is_guarded_too() -> None:
    from resnet_studio.ui.page.context import guarded

    @guarded(instead=lambda sentence: sentence)
    def handler() -> Iterator[str]:
        yield "one"
        raise StudioError("error.disk_full")

    first, second = handler()

    assert first == "one"
    assert "disk is full" in second


def test_a_busy_port_is_said_in_a_sentence_and_only_a_chosen_one_is_insisted_on() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(StudioError, match=f"Port {port} is used"):
            free_port("127.0.0.1", port)
    assert free_port("127.0.0.1", None) >= 7860


def test_uploads_of_yesterday_are_forgotten_and_those_of_today_are_kept(tmp_path: Path) -> None:
    workspace = Workspace.open(tmp_path)
    for name in ("old", "new"):
        (workspace.temporary / name).mkdir()
        (workspace.temporary / name / "picture.png").write_bytes(b"")
    for path in (workspace.temporary / "old" / "picture.png", workspace.temporary / "old"):
        os.utime(path, (0, 0))

    cleaning.sweep(workspace)

    assert [path.name for path in workspace.temporary.iterdir()] == ["new"]


def test_only_loopback_addresses_count_as_this_machine() -> None:
    assert is_loopback("127.0.0.1")
    assert is_loopback("::1")
    assert not is_loopback("0.0.0.0")
    assert not is_loopback("192.168.1.4")


@pytest.mark.slow
def test_the_page_is_built_without_torch_and_without_anything_else_that_is_slow(workspace: Workspace) -> None:
    code = (
        "import sys; from pathlib import Path; from types import SimpleNamespace as N\n"
        "from resnet_studio.ui.app import build_app; from resnet_studio.workspace import Workspace\n"
        f"build_app(Workspace.open(Path({str(workspace.root)!r})), N())\n"
        "slow = {'torch', 'torchvision', 'sklearn', 'scipy', 'matplotlib', 'plotly'} & set(sys.modules)\n"
        "import gradio, inspect; from unittest.mock import patch\n"
        "with patch.object(inspect, 'getfile', side_effect=AssertionError('reads its own source')):\n"
        "    class Mine(gradio.Textbox): EVENTS = ['change', 'mine']\n"
        "assert Mine.mine and Mine().change\n"
        "sys.exit(f'imported {slow}' if slow else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)

    assert done.returncode == 0, done.stderr[-2000:]


def test_words_that_go_into_attributes_hold_no_quotes() -> None:
    from resnet_studio.text import page_data, shell

    marked = [texts for table in (shell.TEXT, page_data.TEXT) for texts in table.values()]

    assert [text for pair in marked for text in pair if '"' in text or "`" in text] == []


def test_a_processor_is_called_in_the_readers_language() -> None:
    assert device_name("CPU, 2 cores", "zh") == "CPU，2 核" and device_name("CPU, 1 cores", "en") == "CPU, 1 core"
    assert device_name("NVIDIA H200", "zh") == "NVIDIA H200"


@pytest.mark.slow
def test_a_browser_gets_a_number_once_and_no_script_can_read_it(workspace: Workspace) -> None:
    with TestClient(build_app(workspace, NoJobs()), base_url="http://127.0.0.1:7860") as fresh:
        given = fresh.get("/").headers["set-cookie"]
        assert given.startswith("studio_browser=") and "HttpOnly" in given and "SameSite=Lax" in given
        assert len(given.split(";")[0]) >= len("studio_browser=") + 20
        assert "set-cookie" not in fresh.get("/").headers


def test_no_style_of_one_part_of_the_page_changes_what_another_part_named() -> None:
    """Styles are served as one: a class named twice gets both. Only ``wide.css`` is for all parts."""
    named: dict[str, set[str]] = {}
    for file in set(ASSETS.glob("*.css")) - {ASSETS / "wide.css"}:
        plain = re.sub(r"/\*.*?\*/", "", file.read_text("utf-8"), flags=re.DOTALL)
        for selectors in re.findall(r"(?:^|[{}])\s*([^{}@]+)\{", plain):
            for selector in selectors.replace(":is(", "").split(","):
                if found := re.fullmatch(r"\.([\w-]+)\)?", selector.strip()):
                    named.setdefault(found[1], set()).add(file.name)
    shared = {"gradio-container", "rs-brand"}
    assert len(named) > 100
    assert {name: files for name, files in named.items() if len(files) > 1 and name not in shared} == {}


def test_no_two_parts_of_the_page_have_the_same_id(client: TestClient) -> None:
    """The settings of a training are made when they are unfolded; a rule of style for one part would hide another."""
    found = re.findall(r'"elem_id":\s*"([^"]+)"', page(client))
    settings = {f"train-{name}" for name in form.NAMES}
    parts = [name for name in found if name not in settings or found.count(name) > 1]
    assert len(set(parts)) == len(parts) > 50
    rows = set(re.findall(r'elem_id="([^"]+)"', (SOURCES / "train" / "tab.py").read_text("utf-8")))
    assert "train-run" in rows and not rows & settings


@pytest.mark.slow
def test_a_server_for_people_is_ready_before_they_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fastapi.testclient import TestClient
    from hand_made import NoJobs

    from resnet_studio.service.machine import Machine
    from resnet_studio.service.people.accounts import Accounts
    from resnet_studio.service.people.store import People
    from resnet_studio.ui.app import build_app

    begun = list[Machine]()
    monkeypatch.setattr(Machine, "get_ready", lambda machine: begun.append(machine))
    for people in (False, True):
        workspace = Workspace.open(tmp_path / str(people))
        accounts = Accounts(People(workspace.root)) if people else None
        with TestClient(build_app(workspace, NoJobs(), warm=True, accounts=accounts)):
            assert bool(begun) == people
