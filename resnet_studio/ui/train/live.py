"""What runs now, for every open page: one long request that is answered as soon as there is news.

``GET /studio/live?run=ID&seen=TOKEN&lang=en`` answers with JSON: ``run`` and ``phase`` of the run shown, whether it is
``mine``, this browser's, the ids that are ``running`` and ``queued``, how many are ``ahead`` of a new training, the
``share`` done, ``parts`` (only the pieces of HTML that changed since ``seen``), the ``server`` that answers (another
one after a restart), what every page says while training is switched off (``look``) and the new ``seen``. Without an
existing ``run``, the active one is shown, else the one with the latest news. Nothing new for 25 seconds is answered
with 204. An idle tab thus costs one request every 25 seconds, and none while it is hidden.

For other tabs: ``shared.live_phase`` is a hidden component whose value is the JSON of ``run``, ``phase``, ``running``,
``queued``, ``ahead`` and ``mine``; its ``change`` event fires when any of them changes, so that buttons and lists
follow the job.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from threading import Lock
from typing import Any

import gradio as gr
from anyio import to_thread
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from resnet_studio import acting
from resnet_studio.acting import Thing, acting_as
from resnet_studio.service.forecast import Forecaster
from resnet_studio.service.waits import Seconds, expected_waits
from resnet_studio.service.watch import RunBoard, RunSnapshot, RunWatch
from resnet_studio.text import Language, say
from resnet_studio.ui.page.context import Studio, language_of
from resnet_studio.ui.page.ownership import browser_of, ownership_of
from resnet_studio.ui.page.templates import render
from resnet_studio.ui.train import live_queue, live_view

WAIT_SECONDS = 25.0
CHECK_SECONDS, QUIET_SECONDS = 0.3, 1.0
"""Between two checks while something is trained or waits, and while nothing does."""
LEFT_EVERY = 5
"""How many checks pass between two tests of whether the page is still connected."""
MOST_CACHED = 64
QUEUE_SHOWN = 30


@dataclass
class Renderer:
    """Makes the pieces of HTML once for all tabs that look at the same run in the same language."""

    watch: RunWatch
    seconds: Seconds = lambda _, __: None
    server: str = field(default_factory=lambda: secrets.token_hex(4))
    _cached: OrderedDict[tuple[str, Language], tuple[object, dict[str, str]]] = field(default_factory=OrderedDict)
    _waits: tuple[int, dict[str, float]] = (-1, {})
    _lock: Lock = field(default_factory=Lock)

    def answer(self, run_id: str, known_token: str, language: Language, browser: str = "") -> dict[str, Any] | None:
        """What changed since ``known_token`` for ``browser``; None where nothing did."""
        board, active = self.watch.board(), self.watch.active()
        seen = [each for each, thing in active if acting.allowed("see", thing)]
        running = [each.run.id for each in seen if each.place == 0]
        queued = [each.run.id for each in seen if each.place]
        followed = self.watch.snapshot(run_id) if run_id else None
        if followed is None:
            followed = self.watch.snapshot((running or queued or [self.watch.latest()])[0])
        waits = self._expected(board, active) if queued else {}
        at_work = seen[:QUEUE_SHOWN]
        parts = dict(self._pieces(followed, language))
        shown = followed.run.id if followed else None
        parts["whose"] = live_queue.run_owner(followed, browser, language)
        parts["queue"] = live_queue.queue(at_work, shown, language, browser, waits)
        parts["now"] = live_queue.now(at_work, language)
        state = {
            "run": shown or "",
            "phase": followed.phase if followed else "idle",
            "running": running,
            "queued": queued,
            "ahead": len(board.running) + len(board.queued) - len(board.others),
            "look": (board.hold.text or say("lesson.look", language)) if board.hold else "",
            "scores": str(board.scores),
            "mine": bool(followed and ownership_of(followed.about, browser) == "here"),
        }
        share = live_view.share_done(followed)
        marks = {name: _mark(html) for name, html in parts.items()} | {
            "state": _mark(repr((state, share, self.server)))
        }
        token = ",".join(f"{name}:{mark}" for name, mark in marks.items())
        if token == known_token:
            return None
        known = dict(pair.split(":", 1) for pair in known_token.split(",") if ":" in pair)
        changed = {name: html for name, html in parts.items() if known.get(name) != marks[name]}
        return {**state, "share": share, "parts": changed, "server": self.server, "seen": token}

    def _expected(self, board: RunBoard, active: Sequence[tuple[RunSnapshot, Thing]]) -> dict[str, float]:
        """In how many seconds it is the turn of those that wait; what others train is waited for, and not shown."""
        with self._lock:
            if self._waits[0] != board.version:
                first = [each for each, _ in active[:QUEUE_SHOWN]]
                with acting_as(None):
                    self._waits = board.version, expected_waits(first, self.seconds)
            return self._waits[1]

    def _pieces(self, snapshot: RunSnapshot | None, language: Language) -> dict[str, str]:
        key = (snapshot.run.id if snapshot else "", language)
        version = (snapshot.size, snapshot.phase, snapshot.place, snapshot.foreign, snapshot.name) if snapshot else None
        with self._lock:
            cached = self._cached.get(key)
            if cached is None or cached[0] != version:
                cached = self._cached[key] = (version, live_view.pieces_or_reason(snapshot, language))
            self._cached.move_to_end(key)
            while len(self._cached) > MOST_CACHED:
                self._cached.popitem(last=False)
            return cached[1]


def routes(studio: Studio) -> APIRouter:
    """The one route that pages wait at."""
    forecaster = Forecaster(studio.workspace, studio.runs)
    renderer = Renderer(RunWatch(studio.workspace, studio.jobs, studio.runs), forecaster.seconds)
    router = APIRouter(prefix="/studio")

    @router.get("/live")
    async def live(request: Request, run: str = "", seen: str = "", lang: str = "") -> Response:
        language: Language = language_of(request) if lang not in ("en", "zh") else "zh" if lang == "zh" else "en"
        return await _news(request, renderer, run, seen, language)

    return router


async def _news(request: Request, renderer: Renderer, run: str, seen: str, language: Language) -> Response:
    """Wait for something new, for at most :data:`WAIT_SECONDS`; end early where the page or the server goes away."""
    until, rounds = time.monotonic() + WAIT_SECONDS, 0
    board: RunBoard | None = None
    while time.monotonic() < until:
        if _signed_out(request):
            return Response(status_code=401, headers={"cache-control": "no-store"})
        latest = await to_thread.run_sync(renderer.watch.board) if renderer.watch.due else renderer.watch.known
        if latest is not board:
            board = latest
            news = await to_thread.run_sync(renderer.answer, run, seen, language, browser_of(request))
            if news is not None:
                return JSONResponse(news, headers={"cache-control": "no-store"})
        rounds += 1
        if _closing(request) or (rounds % LEFT_EVERY == 0 and await request.is_disconnected()):
            break
        active = board is not None and (board.running or board.queued)
        await asyncio.sleep(CHECK_SECONDS if active else QUIET_SECONDS)
    return Response(status_code=204, headers={"cache-control": "no-store"})


def _closing(request: Request) -> bool:
    """Whether the server was asked to end: it waits for open requests, and must not wait for this one."""
    is_closing = getattr(request.app.state, "closing", None)
    return bool(is_closing is not None and is_closing())


def _signed_out(request: Request) -> bool:
    """Whether the session that asks has ended meanwhile: whoever looks at the screen next is somebody else."""
    is_over = request.scope.get("studio_signed_out")
    return bool(is_over is not None and is_over())


def _mark(text: str) -> str:
    return blake2b(text.encode(), digest_size=4).hexdigest()


def phase_component() -> gr.HTML:
    """The hidden component behind ``shared.live_phase``; ``live.js`` sets its value, which fires its ``change``."""
    return gr.HTML(
        value="",
        html_template=render("train/phase.html"),
        elem_id="live-phase",
        visible="hidden",
        js_on_load="window.studioLive?.bridge(() => props.value, (value) => { props.value = value; });",
    )
