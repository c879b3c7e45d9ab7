"""The routes under ``/v1``: which models there are, and their answers for the pictures of a request."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Annotated, Any

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, FastAPI, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect

from resnet_studio.data.pictures import BadPicture
from resnet_studio.errors import StudioError
from resnet_studio.service.serving import documented
from resnet_studio.service.serving.answers import About, Abouts, Answers, about, answer, heat_map
from resnet_studio.service.serving.catalogue import Catalogue
from resnet_studio.service.serving.figures import Figures
from resnet_studio.service.serving.guard import Guard, language_of
from resnet_studio.service.serving.limits import Limits, Rate
from resnet_studio.service.serving.pictures import Receiving, Refused, RequestPicture, discard
from resnet_studio.text import say
from resnet_studio.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resnet_studio.service.serving.models import Served

THREADS = 64
"""Requests that are decoded or wait for their batch; a model computes one batch at a time."""
SHADOWED = 64
"""Requests that wait for a shadow model; those beyond are not compared."""
TOP_K = 5
Name = Annotated[str, Path(description="NAME, or NAME@VERSION", min_length=1, max_length=300, examples=["cups"])]
TopK = Annotated[int, Query(ge=1, le=1000, description="so many classes, the best first")]


class Service:
    """Answers requests by the models of a ``catalogue``; ``timed`` is entered for the answers to so many pictures."""

    def __init__(
        self, catalogue: Catalogue, guard: Guard, figures: Figures, limits: Limits,
        timed: Callable[[int], AbstractContextManager[None]] = lambda _: nullcontext(),
    ) -> None:  # fmt: skip
        self._timed = timed
        self.catalogue, self.guard, self.figures, self.limits = catalogue, guard, figures, limits
        self._rate, self._receiving = Rate(limits.rate, limits.burst), Receiving(limits)
        self._threads: CapacityLimiter | None = None
        self._waiting = self._shadowed = 0
        self._lock = Lock()
        self._shadows = ThreadPoolExecutor(1, thread_name_prefix="shadow")

    def admit(self, request: Request, *parameters: str) -> None:
        """Let ``request`` in, once it is known who sends it and that they do not ask too often, or raise
        :class:`Refused`; also for parameters that there are not, which are slips of the pen.
        """
        if others := [name for name in request.query_params if name not in parameters]:
            raise Refused(422, "error.serve.no_parameter", name=others[0], known=parameters or ("-",))
        if wait := self._rate.wait(self.guard.sender(request)):
            raise Refused(429, "error.serve.rate", wait=wait, rate=self.limits.rate)

    def find(self, name: str) -> Served:
        """The model called ``name``. Raises :class:`Refused`."""
        try:
            found = self.catalogue.find(name)
        except StudioError as error:
            raise Refused.because(404, error) from error
        if found is None:
            raise Refused(404, "error.serve.no_model", name=name)
        return found

    async def predict(self, name: str, request: Request, top_k: int, heat: bool) -> Answers:
        """The answers for the pictures in ``request``. Raises :class:`Refused`."""
        self.admit(request, "top_k", "heat_map")
        served = await to_thread.run_sync(self.find, name)
        if heat and served.checkpoint is None:
            raise Refused(409, "error.serve.no_heat", name=served.key)
        sent = await self._receiving.pictures(request)
        self._threads = self._threads or CapacityLimiter(THREADS)
        with self._place(len(sent)):
            work = partial(self._answers, served, sent, request, top_k, heat)
            with self._timed(len(sent)):
                return await to_thread.run_sync(work, limiter=self._threads)

    @contextmanager
    def _place(self, count: int) -> Iterator[None]:
        if self._waiting and self._waiting + count > self.limits.waiting:
            raise Refused(503, "error.serve.busy", wait=1.0)
        self._waiting += count
        self.figures.waiting.set(self._waiting)
        try:
            yield
        finally:
            self._waiting -= count
            self.figures.waiting.set(self._waiting)

    def _answers(
        self, served: Served, sent: Sequence[RequestPicture], request: Request, top_k: int, heat: bool
    ) -> Answers:
        begun, language = time.perf_counter(), language_of(request)
        contents = [each.content for each in sent]
        found = [_named(one, each) for one, each in zip(served.answers(contents), sent, strict=True)]
        heats = [self._heat(served, each, one) if heat else None for each, one in zip(sent, found, strict=True)]
        self.figures.answered(served, found, time.perf_counter() - begun)
        if all(isinstance(each, StudioError) for each in found):
            problem = found[0]
            assert isinstance(problem, StudioError)
            raise Refused.because(422, problem)
        if (shadow := self.catalogue.shadow(served)) is not None:
            self._compare(shadow, contents, found)
        return Answers(
            served.name, served.version,
            tuple(
                answer(served, each.name, one, language, top_k, over)
                for each, one, over in zip(sent, found, heats, strict=True)
            ),
        )  # fmt: skip

    @staticmethod
    def _heat(served: Served, sent: RequestPicture, found: object) -> bytes | None:
        if isinstance(found, StudioError):
            return None
        sent.content.seek(0)
        return heat_map(served, served.answers.upright(sent.content), served.answers.classes.index(found.label))  # type: ignore[attr-defined]

    def _compare(self, shadow: Served, contents: Sequence[Any], found: Sequence[object]) -> None:
        """Ask ``shadow`` the same, behind the back of whoever asked; where many wait, this one is left out."""

        def compared() -> None:
            try:
                self.figures.compared(shadow, found, shadow.answers(contents))
            except Exception:
                logging.getLogger(__name__).exception("the shadow %s failed", shadow.key)
            finally:
                with self._lock:
                    self._shadowed -= 1

        with self._lock:
            if self._shadowed >= SHADOWED:
                return
            self._shadowed += 1
        self._shadows.submit(compared)


def _named(found: Any, sent: RequestPicture) -> Any:
    """``found``, or why there is nothing, by the name that the picture was sent with."""
    return BadPicture(found.fault, sent.name) if isinstance(found, BadPicture) else found


class SentenceRoute(APIRoute):
    """A route whose refusals are sentences, in the language that the request asks for."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """See :class:`APIRoute`."""
        handler = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                return await handler(request)
            except ClientDisconnect:
                return Response(status_code=400)  # nobody reads it; it is no fault of ours, and counted as none
            except Refused as refused:
                await discard(request)
                return refusal(request, refused)
            except RequestValidationError as error:
                await discard(request)
                first = error.errors()[0]
                named = str(first["loc"][-1])
                return refusal(request, Refused(422, "error.serve.parameter", name=named, problem=first["msg"]))

        return answered


def refusal(request: Request, refused: Refused) -> JSONResponse:
    """The answer to a refused request."""
    headers = {"retry-after": str(max(1, round(refused.wait)))} if refused.wait else {}
    if refused.status == 401:
        headers["www-authenticate"] = "Bearer"
    return JSONResponse({"error": say(refused.key, language_of(request), **refused.values)}, refused.status, headers)


def routes(service: Service) -> APIRouter:
    """The routes of ``service``, with their description at ``/v1/openapi.json``."""
    router = APIRouter(prefix="/v1", route_class=SentenceRoute)

    @router.get("/models", responses=documented.REFUSED_LIST, summary="All models", response_model=Abouts)
    def all_models(request: Request) -> JSONResponse:
        service.admit(request)
        return JSONResponse(asdict(service.catalogue.abouts(language_of(request))))

    @router.get("/models/{name}", responses=documented.REFUSED_ONE, summary="One model", response_model=About)
    def one_model(name: Name, request: Request) -> JSONResponse:
        service.admit(request)
        served = service.find(name)
        default = service.catalogue.find(served.name)
        return JSONResponse(
            asdict(
                about(served, default=default is not None and default.key == served.key, language=language_of(request))
            )
        )

    @router.post(
        "/models/{name}/predict", responses=documented.PREDICTED, openapi_extra=documented.BODY,
        summary="Answers for one picture or many", response_model=Answers,
    )  # fmt: skip
    async def predict(name: Name, request: Request, top_k: TopK = TOP_K, heat_map: bool = False) -> JSONResponse:
        return JSONResponse(asdict(await service.predict(name, request, top_k, heat_map)))

    schema: dict[str, Any] = {}

    @router.get("/openapi.json", include_in_schema=False)
    def description() -> JSONResponse:
        if not schema:
            described = FastAPI(title="ResNet Studio", version=__version__, description=documented.ABOUT)
            described.include_router(router)
            schema.update(documented.secured(described.openapi()))
        return JSONResponse(schema)

    return router
