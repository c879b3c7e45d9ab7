"""``/healthz`` and ``/metrics`` of the page's server."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI

from resnet_studio.service.http import routes as http
from resnet_studio.service.http.health import Health
from resnet_studio.service.machine import Machine
from resnet_studio.text import say
from resnet_studio.ui.page.context import Studio, language_of


def routes(app: FastAPI, studio: Studio, machine: Machine) -> APIRouter:
    """The two routes; :func:`resnet_studio.ui.page.access.is_operator` says who may see figures."""

    def is_closing() -> bool:
        closing = getattr(app.state, "closing", None)
        return bool(closing and closing())

    health = Health(studio.workspace.root, studio.jobs, studio.faults, lambda: machine.name("en"), is_closing)
    return http.routes(
        health,
        studio.metrics,
        lambda request: bool(request.scope.get("studio_operator")),
        lambda request: say("shell.not_operator", language_of(request)),
    )
