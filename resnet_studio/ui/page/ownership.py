"""Who owns a run: this browser, another one, or a program. Without accounts, browsers are told apart.

A browser is known by a random number in a cookie; a run's ``about`` keeps a digest of it, which opens nothing. Where
there are accounts, a person takes the place of the browser: ``person:`` and the id.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, Literal

from gradio.context import LocalContext

from resnet_studio import acting
from resnet_studio.belonging import PERSON
from resnet_studio.text import Language, say

COOKIE = "studio_browser"
YEAR_SECONDS = 31_536_000
BROWSER = "browser:"

Ownership = Literal["here", "elsewhere", "program", "unknown"]


def browser_of(request: Any) -> str:
    """The digest of the browser that ``request`` comes from, or the person; empty where it sends no cookie."""
    if person := acting.owner():
        return f"{PERSON}{person}"
    number = request.cookies.get(COOKIE, "")
    return blake2b(number.encode(), digest_size=8).hexdigest() if number else ""


def this_browser() -> str:
    """The browser that caused the event that is being handled; empty outside of events."""
    request = LocalContext.request.get(None)
    return "" if request is None else browser_of(request)


def started_by(browser: str) -> str:
    """What the ``about`` of a run records of the browser, or the person, that started it."""
    return browser if browser.startswith(PERSON) else f"{BROWSER}{browser}"


def actor() -> str:
    """Who causes the event that is being handled, as runs and the audit log name them."""
    browser = this_browser()
    return started_by(browser) if browser else "page"


def ownership_of(about: Mapping[str, Any], browser: str) -> Ownership:
    """Who owns the run with ``about``, as seen from ``browser``; unknown for runs of older versions."""
    by = about.get("started_by")
    if not isinstance(by, str):
        return "unknown"
    if not by.startswith((BROWSER, PERSON)):
        return "program"
    return "here" if browser and secrets.compare_digest(by.encode(), started_by(browser).encode()) else "elsewhere"


def owner_label(about: Mapping[str, Any], browser: str, language: Language) -> str:
    """The owner of the run in a few words; empty where that is unknown."""
    acts, owner = acting.actor(), str(about.get("owner", ""))
    if acts is not None and owner.startswith(PERSON):
        id = owner.removeprefix(PERSON)
        name = acts.name_of(id)
        return (
            say("whose.mine", language) if id == acts.id else say("whose.person", language, name=name) if name else ""
        )
    found = ownership_of(about, browser)
    return "" if found == "unknown" else say(f"whose.{found}", language)


def new_cookie(*, secure: bool) -> str:
    """The header that gives a browser its number; in the frame of a Hugging Face Space it has to be partitioned."""
    number = secrets.token_urlsafe(16)
    framed = bool(os.environ.get("SPACE_ID"))
    where = "SameSite=None; Secure; Partitioned" if framed else "SameSite=Lax" + ("; Secure" if secure else "")
    return f"{COOKIE}={number}; Max-Age={YEAR_SECONDS}; HttpOnly; {where}"
