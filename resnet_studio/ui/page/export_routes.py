"""Tables, plots and reports as downloads: by the id of a run, a kind and a format, never by a path."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import Response

from resnet_studio.api import reports as report_api
from resnet_studio.commands.reports import run_tables, runs_table
from resnet_studio.errors import StudioError
from resnet_studio.evaluation import html_report, plots, tables
from resnet_studio.folder_names import safe_name
from resnet_studio.text import Language
from resnet_studio.ui.page.context import Studio, language_of
from resnet_studio.ui.page.downloads import disposition, file_name
from resnet_studio.workspace import Run

MOST_COMPARED = 8
Purpose = Literal["slide", "paper", "column"]


def routes(studio: Studio) -> APIRouter:
    """Downloads of one run under ``/studio/runs/RUN``, of all runs and of compared ones under ``/studio/all``."""
    router = APIRouter()
    _add_run(router, studio)
    _add_card(router, studio)
    _add_all(router, studio)
    return router


def _add_run(router: APIRouter, studio: Studio) -> None:
    @router.get("/studio/runs/{name}/table/{table}.{format}")
    def run_table(request: Request, name: str, table: str, format: tables.Format) -> Response:
        run = _run(studio, name)

        def made() -> bytes:
            found = run_tables(run)
            if table not in found:
                raise HTTPException(404)
            return tables.encoded(found[table], format)

        return _answer(made, tables.MEDIA[format], file_name(run, f"-{table}.{format}"), language_of(request))

    @router.get("/studio/runs/{name}/plot/{plot}.{format}")
    def run_plot(request: Request, name: str, plot: str, format: plots.Format, purpose: Purpose = "slide") -> Response:
        run, language, style = _run(studio, name), language_of(request), plots.STYLES[purpose]

        def made() -> bytes:
            return plots.encoded(html_report.plot(run, plot, style, language), format, style)

        return _answer(made, plots.MEDIA[format], file_name(run, f"-{plot}-{purpose}.{format}"), language)

    @router.get("/studio/runs/{name}/report.html")
    def report(request: Request, name: str) -> Response:
        run, language = _run(studio, name), language_of(request)

        def made() -> bytes:
            return html_report.html(run, language, report_api.further_parts()).encode("utf-8", "replace")

        return _answer(made, "text/html; charset=utf-8", file_name(run, "-report.html"), language)


def _add_card(router: APIRouter, studio: Studio) -> None:
    @router.get("/studio/runs/{name}/card.md")
    def card(request: Request, name: str) -> Response:
        run, language = _run(studio, name), language_of(request)

        def made() -> bytes:
            from resnet_studio.evaluation.model_card import model_card

            return model_card(run, language, report_api.further_parts()).encode("utf-8", "replace")

        return _answer(made, "text/markdown; charset=utf-8", file_name(run, "-card.md"), language)


def _add_all(router: APIRouter, studio: Studio) -> None:
    @router.get("/studio/all/runs.{format}")
    def all_runs(request: Request, format: tables.Format) -> Response:
        def made() -> bytes:
            return tables.encoded(runs_table(studio.runs.listed()), format)

        return _answer(made, tables.MEDIA[format], f"runs.{format}", language_of(request))

    @router.get("/studio/all/comparison.{format}")
    def comparison(
        request: Request,
        format: plots.Format,
        run: Annotated[list[str] | None, Query()] = None,
        purpose: Purpose = "slide",
    ) -> Response:
        style, language = plots.STYLES[purpose], language_of(request)
        runs: Sequence[Run] = [_run(studio, name) for name in (run or [])[:MOST_COMPARED]]
        if not runs:
            raise HTTPException(404)

        def made() -> bytes:
            return plots.encoded(html_report.compared_curves(runs, style, language), format, style)

        return _answer(made, plots.MEDIA[format], f"comparison-{purpose}.{format}", language)


def _run(studio: Studio, name: str) -> Run:
    found = studio.runs.find(name) if safe_name(name) else None
    if found is None:
        raise HTTPException(404)
    return found.run


def _answer(made: Callable[[], bytes], media: str, name: str, language: Language) -> Response:
    """A file to save; where it cannot be made, the sentence that says why."""
    try:
        content = made()
    except StudioError as error:
        raise HTTPException(404, error.sentence(language)) from error
    return Response(content, media_type=media, headers=disposition(name))
