"""Every request passes here where there are accounts: who sends it, may they, and in whose name is it done.

A request whose route is not declared is closed, one that needs a person and has none gets the page to sign in at, or
401. Inside, the person acts (:mod:`resnet_studio.acting`): each look-up of a thing asks what they may do with it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from resnet_studio.acting import acting_as
from resnet_studio.service.people import declared
from resnet_studio.service.people.accounts import Accounts
from resnet_studio.service.people.hugging_face import HuggingFace
from resnet_studio.service.people.rules import NOBODY, Nobody, Person
from resnet_studio.text import Language, say
from resnet_studio.ui.page.access import Access
from resnet_studio.ui.page.context import Studio, language_of
from resnet_studio.ui.page.event_bodies import EventBodies
from resnet_studio.ui.page.file_inputs import own
from resnet_studio.ui.page.open_routes import UPLOADED, is_upload
from resnet_studio.ui.people import events, pages
from resnet_studio.ui.people.cookie import Cookie

UPLOAD = "/gradio_api/upload"
WATCHING = ("/studio/live", "/gradio_api/queue/data", "/gradio_api/heartbeat/")
"""What a page asks for by itself: a page left open keeps nobody signed in."""
LOOK_SECONDS = 5.0
UNCHANGING = ("/assets/", "/static/", "/svelte/", "/studio/studio.", "/studio/logo.svg", "/theme.css")
OF_A_PERSON = {"cache-control": "no-store", "vary": "Cookie"}
PAGES = tuple(f"/studio/people/{name}" for name in ("account", "class", "lesson", "boards", "exchange"))
MUST_CHANGE = ("/studio/people/", "/assets/", "/static/", "/studio/studio.", "/studio/logo.svg")


@dataclass
class Gate:
    """``auth_header`` is the header by which a trusted proxy says who is there; ``uploads`` the folder of uploads;
    ``events`` keeps the events of one person from another one; ``hugging_face`` is where people may sign in instead.
    """

    accounts: Accounts
    access: Access
    uploads: Path
    cookie: Cookie
    auth_header: str = ""
    events: events.Events | None = None
    hugging_face: HuggingFace | None = None
    bodies: EventBodies = field(default_factory=EventBodies)

    def watch(self, page: Any) -> None:
        """Keep the events of the Gradio ``page`` apart."""
        queue = page._queue
        self.events = events.Events(lambda session: queue.pending_event_ids_session.get(session, ()))

    def strip(self, outer: Scope, inner: Scope) -> str:
        """Take the header that names a person out of ``inner``; its value where a trusted proxy sent ``outer``."""
        if not self.auth_header:
            return ""
        wanted = self.auth_header.lower().encode("latin-1")
        # some servers take "_" for "-": both are removed
        given = [value for name, value in outer["headers"] if name.lower() == wanted]
        alike = wanted.replace(b"_", b"-")
        inner["headers"] = [each for each in inner["headers"] if each[0].lower().replace(b"_", b"-") != alike]
        if len(given) != 1 or not self.access.trusts((outer.get("client") or ("", 0))[0]):
            return ""
        return bytes(given[0]).decode("utf-8", "replace").strip()

    def who(self, inner: Scope, named: str) -> Person | Nobody:
        """Who sends ``inner``; ``named`` is what a trusted proxy says."""
        if named:
            return self.accounts.through_proxy(named) or NOBODY
        touch = not inner["path"].startswith(WATCHING)
        return self.accounts.people.session(self.token(inner), touch=touch) or NOBODY

    def over(self, token: str, who: Person) -> Callable[[], bool]:
        """Says whether the session with ``token``, which was that of ``who``, has ended. May be asked all the time: the
        file is read after something was written to it here, else every :data:`LOOK_SECONDS` as other programs write.
        """
        people, read = self.accounts.people, (-1, 0.0)

        def is_over() -> bool:
            nonlocal read
            written, now = people.writes, time.monotonic()
            if read[0] == written and now - read[1] < LOOK_SECONDS:
                return False
            read = written, now
            found = people.session(token, touch=False)
            return found is None or found.id != who.id

        return is_over

    def token(self, scope: Scope) -> str:
        """The token of the session that ``scope`` belongs to; empty where it has two of them, or none."""
        return self.cookie.read(Headers(scope=scope).getlist("cookie"), secure=is_secure(scope))

    def device(self, scope: Scope) -> str:
        """The token of the device that ``scope`` comes from; empty where it has none yet."""
        return self.cookie.of_device().read(Headers(scope=scope).getlist("cookie"), secure=is_secure(scope))[:100]

    async def __call__(
        self, app: ASGIApp, outer: Scope, inner: Scope, receive: Receive, send: Send, *, safe: Send,
        locate: Callable[[Scope], None],
    ) -> None:  # fmt: skip
        """Answer one request, by ``app`` where whoever sends it may; ``safe`` adds the safety headers of the page, and
        ``locate`` writes down whether it comes from this machine, which opens nothing to a pupil.
        """
        named = self.strip(outer, inner)
        who = self.who(inner, named)
        inner["studio_person"] = who
        if isinstance(who, Person) and who.staff:
            locate(inner)
        if isinstance(who, Person) and not named:
            inner["studio_signed_out"] = self.over(self.token(inner), who)
        need = declared.of_route(inner["method"], inner["path"])
        if need is not None and need.by_token:
            who, inner["studio_at_machine"] = NOBODY, False  # a token is asked for in any case
        refused = self._refused(inner, who, need)
        if refused is not None:
            await refused(inner, receive, _private(safe))
            return
        with acting_as(None if need is not None and need.by_token else who):
            if inner["path"].startswith(UPLOADED) and not is_upload(inner["path"].removeprefix(UPLOADED), self.uploads):
                await _closed(inner)(inner, receive, _private(safe))
                return
            body = await self.bodies.read(inner, receive)
            if isinstance(body, JSONResponse):
                await body(inner, receive, _private(safe))
                return
            receive = body
            if self.events is not None:
                changed = await self.events.own(inner, receive, who)
                if changed is None:
                    await JSONResponse({"success": True})(inner, receive, _private(safe))
                    return
                inner, receive = changed
            plain = inner["path"].startswith(UNCHANGING)
            await app(inner, receive, send if plain else _private(self._owning(inner, send)))

    def _refused(self, inner: Scope, who: Person | Nobody, need: declared.Need | None) -> ASGIApp | None:
        """The answer to a request that is not for ``who``."""
        language, path = language_of(Request(inner)), inner["path"]
        if need is None:
            return _closed(inner)
        page = inner["method"] in ("GET", "HEAD") and path == "/"
        if page and not isinstance(who, Person):
            return HTMLResponse(self._sign_in(language))
        if page and isinstance(who, Person) and who.must_change:
            return HTMLResponse(pages.account(who, language, self.access.root_path))
        if isinstance(who, Person) and who.must_change and not path.startswith(MUST_CHANGE):
            return PlainTextResponse(say("error.people.must_change", language), 403)
        if need.admits(who.role):
            return None
        if not isinstance(who, Person) and path in PAGES:
            return HTMLResponse(self._sign_in(language), 401)
        if not isinstance(who, Person):
            return PlainTextResponse(say("error.people.sign_in_again", language), 401)
        return PlainTextResponse(say("error.people.staff", language), 403)

    def _sign_in(self, language: Language) -> str:
        offered = self.hugging_face is not None
        return pages.sign_in(self.accounts, language, self.access.root_path, hugging_face=offered)

    def _owning(self, inner: Scope, send: Send) -> Send:
        """``send``, which writes down whose the files are that an upload answers with."""
        if inner["path"] != UPLOAD:
            return send
        parts: list[bytes] = []

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.body":
                parts.append(message.get("body", b""))
                if not message.get("more_body"):
                    self._own_all(b"".join(parts))
            await send(message)

        return sending

    def _own_all(self, answer: bytes) -> None:
        try:
            named = json.loads(answer)
        except ValueError:
            return
        for path in named if isinstance(named, list) else ():
            own(path, self.uploads)


def of(studio: Studio, auth_header: str, hugging_face: HuggingFace | None = None) -> Gate | None:
    """The gate of ``studio``; None where people are not told apart."""
    if studio.accounts is None:
        return None
    cookie = Cookie.of(studio.workspace.root, studio.access.root_path)
    return Gate(studio.accounts, studio.access, studio.workspace.temporary, cookie, auth_header, None, hugging_face)


def is_secure(scope: Scope) -> bool:
    """Whether the browser speaks https, and so may be given cookies that go over https alone."""
    return scope.get("scheme") == "https" or bool(os.environ.get("SPACE_ID"))


def _closed(inner: Scope) -> PlainTextResponse:
    return PlainTextResponse(say("shell.closed", language_of(Request(inner))), 404)


def _private(send: Send) -> Send:
    """``send`` with headers that keep an answer out of every cache: the next person may use the same browser."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update(OF_A_PERSON)
        await send(message)

    return sending
