"""``/v1`` in the server of the page: programs ask the models of the workspace; off unless somebody turned it on.

``ui --api`` turns it on, for programs of the same user on this machine; a token that was made with ``tokens add`` does,
for whoever holds it. What a token's holder may ask is every run of the workspace: it was made at the machine.
"""

from __future__ import annotations

from fastapi import APIRouter
from prometheus_client import CollectorRegistry

from resnet_studio.errors import StudioError
from resnet_studio.service.serving.api import Service, routes
from resnet_studio.service.serving.figures import Figures
from resnet_studio.service.serving.guard import Guard
from resnet_studio.service.serving.limits import Limits
from resnet_studio.service.serving.server import tokens_file
from resnet_studio.service.serving.tokens import Tokens
from resnet_studio.service.serving.workspace_models import WorkspaceModels
from resnet_studio.ui.page.context import Studio


class Api:
    """The service of ``studio``, and whether it is on."""

    def __init__(self, studio: Studio) -> None:
        self._tokens = tokens = Tokens(tokens_file(studio.workspace))
        self._asked_for = studio.access.api
        guard = Guard(tokens, lambda request: bool(request.scope.get("studio_at_machine")) and not tokens.all())
        catalogue = WorkspaceModels(studio.models, studio.predictors)
        # the figures of the page name no runs and no classes
        figures = Figures(CollectorRegistry(), catalogue.all)
        self._service = Service(
            catalogue, guard, figures, Limits(), timed=lambda n: studio.metrics.predicting("api", n)
        )

    def is_on(self) -> bool:
        """Whether ``/v1`` answers at all."""
        try:
            return self._asked_for or bool(self._tokens.all())
        except StudioError:
            return self._asked_for  # the guard says what is wrong with the file

    def routes(self) -> APIRouter:
        """All routes under ``/v1``."""
        return routes(self._service)
