"""Who may ask: holders of a token; without one only where that was said, and never another web site's page."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.requests import Request

from resnet_studio.errors import StudioError
from resnet_studio.service.serving.pictures import Refused
from resnet_studio.service.serving.tokens import Tokens
from resnet_studio.text import Language


class Guard:
    """``tokens`` are looked at first; ``admitted`` says whether a request without one may come in."""

    def __init__(self, tokens: Tokens, admitted: Callable[[Request], bool]) -> None:
        self._tokens, self._admitted = tokens, admitted

    def sender(self, request: Request) -> str:
        """Who sends ``request``, as limits tell them apart. Raises :class:`Refused`."""
        given = request.headers.get("authorization")
        try:
            if given is not None:
                holder = self._tokens.holder(given)
                if holder is None:
                    raise Refused(401, "error.serve.token")
                return f"token {holder}"
        except StudioError as error:
            raise Refused.because(503, error) from error
        if not self._admitted(request):
            raise Refused(401, "error.serve.no_token")
        return request.client.host if request.client else ""


def from_this_site(request: Request) -> bool:
    """Whether no page of another web site sends ``request``: browsers say so, programs send neither header."""
    if request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        return False
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc.lower() == request.headers.get("host", "").lower()


def language_of(request: Request) -> Language:
    """The language that ``request`` asks for by ``Accept-Language``: the first one of ours, else English."""
    for entry in request.headers.get("accept-language", "").lower().split(","):
        tag = entry.partition(";")[0].strip()
        if tag.partition("-")[0] in ("zh", "en"):
            return "zh" if tag.startswith("zh") else "en"
    return "en"
