"""A second web site in the same browser: it must not drive the studio, whatever its pages send."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import web
from conftest import BROWSERS, serving  # those of this folder

pytestmark = pytest.mark.browser

ATTACKS = """async (studio) => {
  const tried = {};
  const attempt = async (name, path, options) => {
    try {
      const answer = await fetch(studio + path, options);
      tried[name] = answer.type === "opaque" ? "opaque" : String(answer.status);
    } catch { tried[name] = "blocked"; }
  };
  const form = () => {
    const made = new FormData();
    made.append("files", new Blob(["x"]), "planted.txt");
    return made;
  };
  const event = JSON.stringify({ data: [], fn_index: 0, session_hash: "evil" });
  await attempt("read", "config", {});
  await attempt("live", "studio/live?seen=x", { credentials: "include" });
  await attempt("upload", "gradio_api/upload", { method: "POST", body: form() });
  await attempt("blind upload", "gradio_api/upload", { method: "POST", body: form(), mode: "no-cors" });
  await attempt("blind event", "gradio_api/queue/join", { method: "POST", body: event, mode: "no-cors" });
  for (const header of ["X-Forwarded-Host", "X-Gradio-Server", "Forwarded"])
    await attempt(header, "gradio_api/upload", { method: "POST", body: form(), headers: { [header]: location.host } });
  const headers = { "Content-Type": "application/json", "X-Forwarded-Host": location.host };
  await attempt("event", "gradio_api/queue/join", { method: "POST", body: event, headers });
  const image = new Image();
  tried.image = await new Promise((done) => {
    image.onload = () => done("shown"); image.onerror = () => done("refused"); image.src = studio + "studio/logo.svg";
  });
  tried.script = await new Promise((done) => {
    const script = document.createElement("script");
    script.onload = () => done("run"); script.onerror = () => done("refused"); script.src = studio + "studio/studio.js";
    document.head.append(script);
  });
  return tried;
}"""


class OtherSite(BaseHTTPRequestHandler):
    """An empty page."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>another site</title>")

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def other_site() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), OtherSite)
    with web.answering(server):
        yield server.server_port


@pytest.fixture(scope="module")
def studio(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Address and workspace of a studio that the whole network could reach."""
    with serving(tmp_path_factory.mktemp("network"), "--host", "0.0.0.0") as server:
        yield server.address, server.workspace


@pytest.fixture
def context(browser: Any) -> Iterator[Any]:
    """A browser in which evil.test leads to this machine, as a name of the attacker's may."""
    launched = browser.browser_type.launch(
        executable_path=_executable(browser),
        args=["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP evil.test 127.0.0.1"],
    )
    yield launched.new_context()
    launched.close()


def _executable(browser: Any) -> str | None:
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


@pytest.mark.long
@pytest.mark.parametrize("name", ["localhost", pytest.param("evil.test", marks=pytest.mark.long)])
def test_another_site_can_neither_read_nor_change_anything(
    context: Any, other_site: int, studio: tuple[str, Path], name: str
) -> None:
    address, workspace = studio
    page = context.new_page()
    page.goto(f"http://{name}:{other_site}/")

    tried = page.evaluate(ATTACKS, address)

    assert tried.pop("image") == tried.pop("script") == "refused"
    assert set(tried.values()) == {"blocked"}, tried
    assert list(workspace.rglob("planted.txt")) == []


@pytest.mark.long
def test_a_name_that_was_led_to_this_machine_shows_nothing(context: Any, studio: tuple[str, Path]) -> None:
    address, workspace = studio
    port = address.rstrip("/").rpartition(":")[2]
    page = context.new_page()

    answer = page.goto(f"http://evil.test:{port}/")
    tried = page.evaluate(ATTACKS, f"http://evil.test:{port}/")

    assert answer.status == 403
    assert "--allowed-host evil.test" in page.inner_text("body")
    assert {tried[each] for each in ("read", "live", "upload", "event", "X-Forwarded-Host")} == {"403"}
    assert list(workspace.rglob("planted.txt")) == []


@pytest.mark.long
def test_the_page_itself_still_works_at_that_address(context: Any, studio: tuple[str, Path]) -> None:
    page = context.new_page()
    page.goto(studio[0])
    page.locator("#data-own").wait_for()
    assert page.locator("#data-from-server").count() == 0


class Proxy(BaseHTTPRequestHandler):
    """Serves the studio below ``/lab/studio/``, as a web server in front of it would; ``behind`` is its port."""

    behind = 0

    def _pass_on(self) -> None:
        if not self.path.startswith("/lab/studio/"):
            self.send_error(404)
            return
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in {"host", "connection"}}
        headers |= {"X-Forwarded-Host": self.headers["host"], "X-Forwarded-Proto": "http"}
        connection = HTTPConnection("127.0.0.1", self.behind, timeout=60)
        connection.request(self.command, self.path.removeprefix("/lab/studio"), body, headers)
        answer = connection.getresponse()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in {"transfer-encoding", "connection", "server", "date"}:
                self.send_header(name, value)
        self.end_headers()
        with suppress(OSError):
            while piece := answer.read1(65536):
                self.wfile.write(piece)
                self.wfile.flush()
        connection.close()

    do_GET = do_POST = do_HEAD = _pass_on  # noqa: N815 - the names that http.server looks for

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@pytest.mark.long
def test_the_whole_page_works_below_a_path_behind_a_proxy(
    browser: Any, context: Any, tmp_path: Path, class_zip_file: Path
) -> None:
    with serving(tmp_path, "--root-path", "/lab/studio", "--trusted-proxy", "127.0.0.1") as studio:
        proxy = ThreadingHTTPServer(
            ("127.0.0.1", 0), type("Front", (Proxy,), {"behind": int(studio.address[:-1].rpartition(":")[2])})
        )
        with web.answering(proxy):
            page = context.new_page()
            failed: list[str] = []
            page.on("response", lambda answer: failed.append(answer.url) if answer.status >= 400 else None)
            page.goto(f"http://127.0.0.1:{proxy.server_port}/lab/studio/")
            page.locator("#data-own").click()
            page.locator('#data-picker input[data-input="zip"]').set_input_files(class_zip_file)
            page.locator("#data-understood").wait_for()
            page.wait_for_function("document.querySelector('#data-gallery img')?.naturalWidth > 0")
            page.locator("#tab-train-button").click()
            page.locator("#train-start:not([disabled])").wait_for()
            assert page.locator("#data-from-server").is_visible() is False
            assert failed == []
            assert page.locator(".rs-brand img").evaluate("image => image.naturalWidth") > 0
            page.context.close()
