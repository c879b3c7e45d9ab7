"""Signing in with Hugging Face: two addresses, one that sends a browser there and one that it comes back to."""

from __future__ import annotations

import hmac

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from resnet_studio.errors import StudioError
from resnet_studio.service.people.hugging_face import HuggingFace, PendingSignIn
from resnet_studio.service.people.rules import Person
from resnet_studio.ui.page.context import Studio, language_of
from resnet_studio.ui.people import pages
from resnet_studio.ui.people.asked import address
from resnet_studio.ui.people.cookie import Cookie
from resnet_studio.ui.people.gate import Gate, is_secure
from resnet_studio.upkeep import audit

MINUTES = 10
BACK = "/studio/people/huggingface/back"


def routes(studio: Studio, gate: Gate) -> APIRouter:
    """The routes; there is nothing behind them where the studio is no application at Hugging Face."""
    router = APIRouter(prefix="/studio/people/huggingface")
    _add(router, studio, gate)
    return router


def _application(gate: Gate) -> HuggingFace:
    if gate.hugging_face is None:
        raise HTTPException(404)
    return gate.hugging_face


def _add(router: APIRouter, studio: Studio, gate: Gate) -> None:
    cookie = Cookie(gate.cookie.mark, gate.cookie.path, "sign_in", MINUTES * 60)

    @router.get("")
    def begin(request: Request) -> Response:
        """To Hugging Face, with what its answer has to bring back in a cookie."""
        application, begun, secure = _application(gate), PendingSignIn(), is_secure(request.scope)
        answer = RedirectResponse(application.address(begun, _back(request, gate)), 303)
        answer.headers.append("set-cookie", cookie.set(f"{begun.state}.{begun.verifier}", secure=secure))
        return answer

    @router.get("/back")
    async def back(request: Request, code: str = "", state: str = "") -> Response:
        """Whoever Hugging Face says it is has signed in here; the cookie of the session is set."""
        application, secure = _application(gate), is_secure(request.scope)
        kept, _, verifier = cookie.read(request.headers.getlist("cookie"), secure=secure).partition(".")
        try:
            if not kept or not code or not hmac.compare_digest(kept.encode(), state.encode()):
                raise StudioError("error.people.hugging_face")
            begun = PendingSignIn(kept, verifier)
            name = await run_in_threadpool(application.name_of, code, begun, _back(request, gate))
            person, token = await run_in_threadpool(signed_in, gate, application, name)
        except StudioError as error:
            language = language_of(request)
            shown = pages.sign_in(
                gate.accounts, language, gate.access.root_path, hugging_face=True, problem=error.sentence(language)
            )
            return HTMLResponse(shown, 400)
        audit.record(studio.workspace, f"person:{person.id}", "account.sign_in", f"{person.id} {address(request)}")
        before = gate.token(request.scope)
        if before:
            await run_in_threadpool(gate.accounts.people.end_session, before)
        answer = RedirectResponse(f"{gate.access.root_path}/", 303)
        answer.headers.append("set-cookie", gate.cookie.set(token, secure=secure))
        answer.headers.append("set-cookie", cookie.set("", secure=secure))
        return answer


def signed_in(gate: Gate, application: HuggingFace, name: str) -> tuple[Person, str]:
    """The person called ``name`` at Hugging Face, with the token of a session: a new one is a pupil, the owner of the
    Space manages it. Raises :class:`StudioError` where there is no room for more.
    """
    person = gate.accounts.through_proxy(name)
    if person is None:
        raise StudioError("error.people.hugging_face")
    if application.author and name.casefold() == application.author.casefold() and person.role != "administrator":
        gate.accounts.people.set_role(person, "administrator")
    return person, gate.accounts.people.begin_session(person)


def _back(request: Request, gate: Gate) -> str:
    scheme = "https" if is_secure(request.scope) else "http"
    return f"{scheme}://{request.headers.get('host', '')}{gate.access.root_path}{BACK}"
