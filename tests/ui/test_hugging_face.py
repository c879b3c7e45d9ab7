"""Signing in with Hugging Face, before a provider of the test: who it says is there, is here."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import web
from fastapi.testclient import TestClient

from resnet_studio.errors import StudioError
from resnet_studio.service.people.accounts import Accounts
from resnet_studio.service.people.hugging_face import HuggingFace
from resnet_studio.service.people.store import People
from resnet_studio.ui import shell
from resnet_studio.ui.app import prepare_environment
from resnet_studio.ui.page.access import Access
from resnet_studio.ui.page.context import Studio
from resnet_studio.ui.page.starting import SigningIn
from resnet_studio.workspace import Workspace

from .people_scene import HERE, StillJobs

pytestmark = pytest.mark.slow

START = "/studio/people/huggingface"


class Provider(ThreadingHTTPServer):
    """Gives ``name`` for the code "good" to whoever knows the secret and what the challenge was made of."""

    name: object = "ada"
    challenge, asks = "", True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)

    @property
    def application(self) -> HuggingFace:
        return HuggingFace("client", "secret", f"http://127.0.0.1:{self.server_port}", author="Owner")


class Answers(BaseHTTPRequestHandler):
    server: Provider

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode(), keep_blank_values=True)
        digest = hashlib.sha256(form["code_verifier"][0].encode()).digest()
        known = base64.b64encode(b"client:secret").decode()
        good = (
            form["code"] == ["good"]
            and self.headers["authorization"] == f"Basic {known}"
            and (base64.urlsafe_b64encode(digest).decode().rstrip("=") == self.server.challenge or not self.server.asks)
        )
        self._say({"access_token": "token"} if good else {"error": "invalid_grant"}, 200 if good else 400)

    def do_GET(self) -> None:
        good = self.headers["authorization"] == "Bearer token"
        self._say({"preferred_username": self.server.name} if good else {}, 200 if good else 401)

    def _say(self, values: object, status: int) -> None:
        body = json.dumps(values).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    server = Provider()
    with web.answering(server):
        yield server


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Accounts:
    return Accounts(People(Workspace.open(tmp_path_factory.mktemp("space")).root))


@pytest.fixture(scope="module")
def app(accounts: Accounts, provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> object:
    workspace = Workspace.open(tmp_path_factory.mktemp("workspace"))
    prepare_environment(workspace)
    studio = Studio(workspace, StillJobs(workspace), Access(), accounts=accounts)
    return shell.mount(studio, warm=False, hugging_face=provider.application)


@pytest.fixture
def browser(app: object) -> TestClient:
    return TestClient(app, base_url=HERE, client=("127.0.0.1", 1), follow_redirects=False)  # type: ignore[arg-type]


def begun(browser: TestClient, provider: Provider) -> str:
    """The state of a sign-in that has begun."""
    there = urlsplit(browser.get(START).headers["location"])
    asked = {key: value for key, (value,) in parse_qs(there.query).items()}
    assert asked["redirect_uri"] == f"{HERE}{START}/back" and asked["scope"] == "openid profile"
    provider.challenge = asked["code_challenge"]
    return asked["state"]


def test_the_page_offers_it_and_whoever_comes_back_is_signed_in(
    browser: TestClient, provider: Provider, accounts: Accounts
) -> None:
    assert START in browser.get("/").text
    provider.name = "ada"
    answer = browser.get(f"{START}/back", params={"code": "good", "state": begun(browser, provider)})
    assert answer.status_code == 303 and answer.headers["location"] == "/"
    assert "ada" in browser.get("/studio/people/account").text
    person = accounts.people.named("ada", "proxy")
    assert person is not None and person.role == "pupil" and accounts.people.named("ada") is None


def test_who_owns_the_space_manages_the_studio(browser: TestClient, provider: Provider, accounts: Accounts) -> None:
    provider.name = "owner"
    browser.get(f"{START}/back", params={"code": "good", "state": begun(browser, provider)})
    person = accounts.people.named("owner", "proxy")
    assert person is not None and person.role == "administrator"
    assert browser.get("/studio/people/lesson").status_code == 200


@pytest.mark.parametrize(
    ("code", "state", "name"),
    [("bad", "", "eve"), ("good", "another", "eve"), ("good", "", None), ("", "", "eve"), ("good", "", "  ")],
)
def test_an_answer_that_is_not_sound_signs_nobody_in_and_says_so(
    browser: TestClient, provider: Provider, code: str, state: str, name: object
) -> None:
    provider.name, kept = name, begun(browser, provider)
    answer = browser.get(f"{START}/back", params={"code": code, "state": state or kept})
    assert answer.status_code == 400 and "did not say who you are" in answer.text
    assert browser.get("/studio/people/account").status_code == 401


def test_an_answer_to_somebody_elses_sign_in_is_worth_nothing(
    browser: TestClient, app: object, provider: Provider
) -> None:
    provider.name = "eve"
    state = begun(browser, provider)
    victim = TestClient(app, base_url=HERE, client=("127.0.0.1", 2), follow_redirects=False)  # type: ignore[arg-type]
    provider.asks = False  # for what the challenge was made of: then the cookie alone tells them apart
    try:
        for sent in (state, ""):
            assert victim.get(f"{START}/back", params={"code": "good", "state": sent}).status_code == 400
    finally:
        provider.asks = True


def test_a_space_that_offers_it_has_it_and_elsewhere_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    names = ("OAUTH_CLIENT_ID", "OAUTH_CLIENT_SECRET", "SPACE_ID", "SPACE_AUTHOR_NAME", "OPENID_PROVIDER_URL")
    for name in names:
        monkeypatch.delenv(name, raising=False)
    workspace = Workspace.open(tmp_path)
    with pytest.raises(StudioError, match="OAUTH_CLIENT_ID"):
        SigningIn(hugging_face=True).application()
    assert SigningIn().accounts_of(workspace, Access()) is None
    monkeypatch.setenv("OAUTH_CLIENT_ID", "a")
    monkeypatch.setenv("OAUTH_CLIENT_SECRET", "b")
    assert SigningIn().application() is None and SigningIn(hugging_face=True).application() is not None
    monkeypatch.setenv("SPACE_ID", "ada/studio")
    found = SigningIn().application()
    assert found is not None and found.provider == "https://huggingface.co" and "b" not in repr(found)
    assert SigningIn().accounts_of(workspace, Access()) is not None
