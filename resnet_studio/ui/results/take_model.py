"""The model for other programs: each format made on a click, with what was measured of it before the download."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import FileResponse, JSONResponse, Response

from resnet_studio.api.exports import RUNTIMES
from resnet_studio.evaluation import certificate_page
from resnet_studio.evaluation.certificate import Certificate, certificate_file, page_file
from resnet_studio.folder_names import safe_name
from resnet_studio.model.card import read_card
from resnet_studio.model.exports import web_runtime
from resnet_studio.model.exports.formats import FORMATS, missing
from resnet_studio.model.exports.usage import packages
from resnet_studio.service import exporting
from resnet_studio.service.run_data import Overview
from resnet_studio.text import Language, say, say_recorded
from resnet_studio.ui.page.context import Studio, language_of
from resnet_studio.ui.page.downloads import FRESH, disposition, file_name
from resnet_studio.ui.page.frame import address
from resnet_studio.ui.page.templates import render
from resnet_studio.workspace import Run

NAME = "export"
OFFERED = ("html", "onnx", "onnx-int8", "pt2", "safetensors-half", "huggingface", "coreml", "litert")
"""Besides the two files that need no making."""


class Row(NamedTuple):
    """One format: its ``state`` ("none", "queued", "working", "done", "failed", "missing"), and what is known of it.

    ``downloads`` megabytes come from the internet before it is made; ``measured`` is its certificate line by line.
    ``file`` is what it is called once it is downloaded, a ``folder`` in a zip or not; ``needs`` are the packages that
    its program needs.
    """

    format: str
    state: str
    packages: str = ""
    problem: str = ""
    certificate: Certificate | None = None
    verdict: str = ""
    downloads: float = 0
    measured: Sequence[tuple[str, str]] = ()
    file: str = ""
    folder: bool = False
    needs: Sequence[str] = ()


def content(studio: Studio, run: Overview, language: Language) -> dict[str, Any]:
    """The state of the panel and its HTML."""
    if not run.run.best.is_file():
        return {"state": "ready", "html": render("results/panel_nothing.html", language, why="results.panel_nothing")}
    card = read_card(run.run.best)
    rows = [
        _row(studio, run.run, name, language)._replace(
            file=downloaded(run.run, name), folder=not FORMATS[name].suffix,
            needs=packages(FORMATS[name].code(card, "model")),
        )
        for name in OFFERED
    ]  # fmt: skip
    working = any(row.state in ("queued", "working") for row in rows)
    html = render("results/take_model.html", language, rows=rows, base=address(run.run, "export/"), run=run.run.id)
    return {"state": "working" if working else "ready", "html": html}


def downloaded(run: Run, format: str) -> str:
    """What the file, or the folder, of a ``format`` is called where it was downloaded."""
    return file_name(run, FORMATS[format].suffix or f"-{format}")


def begin(studio: Studio, run: Overview, format: str) -> None:
    """Begin to make what the page asked for."""
    if format in OFFERED and not missing(FORMATS[format]) and run.run.best.is_file():
        studio.exporting.begin(run.run, format)


def routes(studio: Studio) -> APIRouter:
    """The files and their certificates."""
    router = APIRouter()

    def found(name: str, format: str) -> tuple[Run, Path, Certificate]:
        run = studio.runs.find(name) if safe_name(name) else None
        made = exporting.finished(run.run, format) if run and format in OFFERED else None
        if run is None or made is None:
            raise HTTPException(404, headers=FRESH)
        return run.run, *made

    @router.get("/studio/runs/{name}/export/{format}")
    def file(name: str, format: str) -> Response:
        run, path, _ = found(name, format)
        called = downloaded(run, format)
        if path.is_file():
            return FileResponse(path, filename=called, headers=FRESH)
        return Response(_zipped(path, called), media_type="application/zip", headers=disposition(f"{called}.zip"))

    @router.get("/studio/runs/{name}/export/{format}/certificate.json")
    def certificate(name: str, format: str) -> JSONResponse:
        run, _, measured = found(name, format)
        called = downloaded(run, format)
        headers = disposition(certificate_file(Path(called)).name)
        return JSONResponse(replace(measured, file=called).to_json(), headers=headers)

    @router.get("/studio/runs/{name}/export/{format}/certificate.html")
    def readable(name: str, format: str) -> Response:
        run, _, measured = found(name, format)
        called = downloaded(run, format)
        headers = disposition(page_file(Path(called)).name)
        page = certificate_page.page(replace(measured, file=called))
        return Response(page, media_type="text/html", headers=headers)

    _add_program(router, studio)
    return router


def _add_program(router: APIRouter, studio: Studio) -> None:
    """The Python that predicts with a file, whether the file was made or not."""

    @router.get("/studio/runs/{name}/export/{format}/program.py")
    def program(name: str, format: str, request: Request) -> Response:
        run = studio.runs.find(name) if safe_name(name) and format in OFFERED else None
        if run is None or not run.run.best.is_file():
            raise HTTPException(404, headers=FRESH)
        called = downloaded(run.run, format)
        code = FORMATS[format].code(read_card(run.run.best), called, language_of(request))
        return Response(code, media_type="text/x-python", headers=disposition(f"{called}.py"))


def _row(studio: Studio, run: Run, name: str, language: Language) -> Row:
    if absent := missing(FORMATS[name]):
        return Row(name, "missing", packages=" ".join(absent))
    begun = studio.exporting.get(run, name)
    if begun is not None and begun.active:
        return Row(name, begun.state)
    if (made := exporting.finished(run, name)) is not None:
        lines = certificate_page.rows(made[1], language)
        return Row(name, "done", certificate=made[1], verdict=verdict(made[1], language), measured=lines)
    downloads = _megabytes(studio) if name == "html" else 0
    if begun is None or begun.state != "failed":
        return Row(name, "none", downloads=downloads)
    said = (
        say_recorded(begun.problem, language, begun.values) if begun.problem else say("results.take.failed", language)
    )
    return Row(name, "failed", problem=said, downloads=downloads)


def _megabytes(studio: Studio) -> float:
    """What has to be downloaded for a file of HTML; 0 where all of it is here."""
    here = web_runtime.is_here(studio.workspace.root / RUNTIMES)
    return 0 if here else web_runtime.download_bytes() / 1e6


def verdict(found: Certificate, language: Language) -> str:
    """What was measured, in one line."""
    size = say("results.take.size", language, megabytes=f"{found.megabytes:.1f}")
    if not found.checked or found.agreement is None:
        return f"{size} · {say('results.take.unchecked', language)}"
    said = [size, say("results.take.agrees", language, share=found.agreement, count=found.pictures)]
    if found.accuracy is not None and found.app_accuracy is not None:
        said.append(say("results.take.accuracy", language, share=found.accuracy, app=found.app_accuracy))
    if found.milliseconds is not None and found.app_milliseconds is not None:
        values = {"time": f"{found.milliseconds:.0f}", "app": f"{found.app_milliseconds:.0f}"}
        said.append(say("results.take.speed", language, **values))
    return " · ".join(said)


def _zipped(folder: Path, called: str) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, Path(called) / path.relative_to(folder))
    return written.getvalue()
