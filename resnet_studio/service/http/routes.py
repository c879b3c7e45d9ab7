"""``/healthz`` for everybody, ``/metrics`` for those who run the server."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from resnet_studio.service.http.health import Health
from resnet_studio.service.http.metrics import CONTENT_TYPE, Metrics

FRESH = {"cache-control": "no-store"}
HEALTH, METRICS = "/healthz", "/metrics"


def routes(
    health: Health, metrics: Metrics, may_see_figures: Callable[[Request], bool], refusal: Callable[[Request], str]
) -> APIRouter:
    """Both routes. ``may_see_figures`` says whether whoever asks runs the server, ``refusal`` answers others."""
    router = APIRouter()

    @router.get(HEALTH)
    def healthz(request: Request) -> JSONResponse:
        status, found = health.look(figures=may_see_figures(request))
        return JSONResponse(found, status, headers=FRESH)

    @router.get(METRICS)
    def figures(request: Request) -> Response:
        if not may_see_figures(request):
            return PlainTextResponse(refusal(request), 403, headers=FRESH)
        return Response(metrics.text(), media_type=CONTENT_TYPE, headers=FRESH)

    return router
