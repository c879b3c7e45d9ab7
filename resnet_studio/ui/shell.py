"""The frame of the page: header, tabs, what lies around them on the server."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Thread
from typing import Any

import gradio as gr
from anyio import to_thread
from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from resnet_studio.durable import replacing
from resnet_studio.service.http.counted import Counted
from resnet_studio.service.machine import Machine
from resnet_studio.service.people.hugging_face import HuggingFace
from resnet_studio.ui.data import make_routes, mend_routes
from resnet_studio.ui.data import tab as data_tab
from resnet_studio.ui.page import operating, routes, sessions, throttling
from resnet_studio.ui.page.api import Api
from resnet_studio.ui.page.bundle import Bundle
from resnet_studio.ui.page.context import Shared, Studio, T, translations
from resnet_studio.ui.page.file_inputs import StudioBlocks
from resnet_studio.ui.page.idling import Idling
from resnet_studio.ui.page.middleware import Page
from resnet_studio.ui.page.templates import render
from resnet_studio.ui.page.theme import theme
from resnet_studio.ui.page.unknown_events import KnownStreams, refuse
from resnet_studio.ui.page.uploads import Uploads
from resnet_studio.ui.people import boards, exchange, lesson
from resnet_studio.ui.people import gate as people_gate
from resnet_studio.ui.people import hugging_face as sign_in_there
from resnet_studio.ui.people import routes as people_routes
from resnet_studio.ui.predict import tab as predict_tab
from resnet_studio.ui.results import tab as results_tab
from resnet_studio.ui.runs import tab as runs_tab
from resnet_studio.ui.train import live
from resnet_studio.ui.train import tab as train_tab
from resnet_studio.workspace import Workspace

CLOSE_SECONDS = 25.0
AT_ONCE = 8
"""Events of one handler: with one at a time, as Gradio has it, a whole class waits for whoever has the slowest set."""
PROGRESS_SECONDS = 1.0
"""No handler of ours reports its progress through Gradio."""
UNDOCUMENTED: dict[str, Any] = {"docs_url": None, "redoc_url": None, "openapi_url": None}
LANGUAGE_NAMES = {"en": "EN", "zh": "中文"}
TABS: tuple[tuple[str, Any], ...] = (
    ("data", data_tab),
    ("train", train_tab),
    ("results", results_tab),
    ("predict", predict_tab),
    ("runs", runs_tab),
)


def mount(studio: Studio, *, warm: bool, auth_header: str = "", hugging_face: HuggingFace | None = None) -> FastAPI:
    """The app of ``studio``: own routes first, then the page at ``/``; see :func:`resnet_studio.ui.app.build_app`."""

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        Thread(target=studio.predictions.adopt, name="adopt predictions", daemon=True).start()
        if studio.accounts is not None:  # a class comes all at once, and nobody of it should wait for that
            machine.get_ready()
        with studio.faults.listening():
            yield
        studio.imports.close()
        await to_thread.run_sync(studio.predictions.close)
        await to_thread.run_sync(studio.jobs.close, CLOSE_SECONDS)

    bundle, machine = Bundle.read(), Machine(warm=warm)
    app = FastAPI(lifespan=life, **UNDOCUMENTED)
    app.include_router(routes.routes(studio, bundle, machine))
    app.include_router(operating.routes(app, studio, machine))
    api = Api(studio)
    app.include_router(api.routes())
    gate = people_gate.of(studio, auth_header, hugging_face)
    if gate is not None:
        for people_module in (people_routes, lesson, boards, exchange, sign_in_there):
            app.include_router(people_module.routes(studio, gate))
    for module in (mend_routes, make_routes, live, results_tab, predict_tab, runs_tab):
        if hasattr(module, "routes"):
            app.include_router(module.routes(studio))
    app.add_middleware(CORSMiddleware)  # no other site may read anything; Gradio's own lets them all
    uploads = studio.workspace.temporary
    app.add_middleware(Uploads, folder=uploads, uploaded=studio.metrics.uploaded, most_mb=studio.limits.upload_mb)
    throttling.add(app, studio)
    served = machine.get_ready
    app.add_middleware(
        Page, bundle=bundle, served=served, access=studio.access, uploads=uploads, api=api.is_on, gate=gate
    )
    app.add_middleware(Counted, answered=studio.metrics.answered)
    demo = _mount_page(app, studio)
    if gate is not None:
        gate.watch(demo)
    return app


def _mount_page(app: FastAPI, studio: Studio) -> gr.Blocks:
    """Put the page behind ``app``, as a server that goes on for weeks without a network needs it."""
    demo = blocks(studio)
    demo.queue(default_concurrency_limit=AT_ONCE)
    gr.mount_gradio_app(
        app,
        demo,
        path="/",
        root_path=studio.access.root_path or None,
        app_kwargs=dict(UNDOCUMENTED),  # Gradio adds to it
        theme=theme(),
        i18n=translations(),
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        show_error=False,
        max_file_size=f"{studio.limits.upload_mb or 1_000_000}mb",
        ssr_mode=False,
        mcp_server=False,
        pwa=False,
    )
    sessions.keep_few(app, demo)
    # Gradio guards its files, and takes SVG files for harmless ones of ours, only until these say that it serves
    demo.has_launched = demo.is_running = True
    # Gradio looks for events a thousand times a second, which takes 7 % of a core from a training
    app.add_middleware(Idling, queue=demo._queue)
    app.user_middleware.append(Middleware(KnownStreams, queue=demo._queue))  # behind what asks who may come in
    refuse(demo)
    demo._queue.progress_update_sleep_when_free = PROGRESS_SECONDS
    return demo


def blocks(studio: Studio) -> gr.Blocks:
    """The page: a header, and the tabs in the order of the work."""
    secret = browser_secret(studio.workspace)
    demo = StudioBlocks(title="ResNet Studio", analytics_enabled=False, fill_width=True)
    demo.uploads = studio.workspace.temporary
    demo.accounts = studio.accounts is not None
    with demo:
        gr.HTML(header(), elem_id="studio-header", apply_default_css=False)
        kept = {
            name: gr.BrowserState(default, storage_key=f"studio-{name}{studio.access.root_path}", secret=secret)
            for name, default in (("dataset", None), ("run", None), ("split", [0.15, 0.15]), ("form", None))
        }
        live_phase, tried, suggested = live.phase_component(), gr.State(None), gr.State(None)
        with gr.Tabs(elem_id="tabs") as tabs:
            shared = Shared(demo, tabs, live_phase=live_phase, tried=tried, suggested=suggested, **kept)
            for name, module in TABS:
                with gr.Tab(T(f"shell.tab.{name}"), id=name, elem_id=f"tab-{name}"):
                    module.build(studio, shared)
    return demo


def header() -> str:
    """Mark and name, what computes, what runs now, language and theme; ``studio.js`` brings it to life."""
    words = {
        **{name: f"shell.zoom.{name}" for name in ("enlarge", "close", "previous", "next")},
        **{f"drop-{tab}": f"shell.drop.{tab}" for tab in ("data", "test", "predict")},
    }
    return render("page/header.html", languages=LANGUAGE_NAMES, words=words)


def browser_secret(workspace: Workspace) -> str:
    """The key under which browsers keep what they look at; it outlives a restart."""
    path = workspace.root / "browser-secret"
    if not path.is_file():
        with replacing(path) as temporary:
            temporary.write_text(secrets.token_hex(16), encoding="ascii")
    return path.read_text(encoding="ascii")
