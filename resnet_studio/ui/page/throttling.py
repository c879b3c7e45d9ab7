"""Requests a minute: of a browser by its number, of an address where many send none."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Scope

from resnet_studio.service.http.throttle import Throttle, Throttled
from resnet_studio.text import say
from resnet_studio.ui.page.context import Studio, language_of
from resnet_studio.ui.page.ownership import browser_of


def add(app: FastAPI, studio: Studio) -> None:
    """Let nobody ask more often than the limits of ``studio`` say; to be added before what resolves proxies."""
    limits = studio.limits
    if not (limits.requests_a_minute or limits.requests_a_minute_address):
        return

    def refused(scope: Scope, seconds: int) -> PlainTextResponse:
        studio.metrics.limited("requests_a_minute")
        said = say("error.limits.requests", language_of(Request(scope)), seconds=seconds)
        return PlainTextResponse(said, 429, headers={"retry-after": str(seconds)})

    app.add_middleware(
        Throttled,
        browsers=Throttle(limits.requests_a_minute),
        addresses=Throttle(limits.requests_a_minute_address),
        names=_names,
        refused=refused,
    )


def _names(scope: Scope) -> tuple[str, str]:
    return browser_of(Request(scope)), (scope.get("client") or ("",))[0]
