"""Downloads of a run: the model, its report, its predictions; and small versions of its pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Query
from fastapi.responses import FileResponse, JSONResponse, Response

from resnet_studio.errors import RunError, StudioError
from resnet_studio.evaluation import tables
from resnet_studio.folder_names import safe_name, slug
from resnet_studio.model import architecture
from resnet_studio.service.run_data import RunData
from resnet_studio.service.thumbnails import thumbnail
from resnet_studio.ui.page.context import Studio
from resnet_studio.workspace import Run, Workspace

if TYPE_CHECKING:
    from pandas import DataFrame

THUMBNAIL_SIDE = 224
A_DAY = {"cache-control": "private, max-age=86400"}
FRESH = {"cache-control": "no-store"}


def file_name(run: Run, suffix: str) -> str:
    """A name that says what is inside, such as ``digits-resnet18.safetensors``."""
    dataset = slug(str(run.about.get("dataset_name") or run.about.get("name") or run.id)).lower()
    return f"{dataset}-{architecture.of(run.config).name}{suffix}"


def model_as_pt(run: Run) -> Path:
    """The best checkpoint as a plain PyTorch state dict; made once, and again only when the checkpoint was replaced."""
    from resnet_studio.model.export import export_pt

    made = run.folder / "best.pt"
    if not made.exists() or made.stat().st_mtime_ns < run.best.stat().st_mtime_ns:
        export_pt(run.best, made)
    return made


def routes(studio: Studio) -> APIRouter:
    """Downloads of a run, under ``/studio/runs/RUN``."""
    router = APIRouter(prefix="/studio/runs/{name}")
    runs = _Runs(studio.workspace, studio.runs)
    _add_models(router, runs)
    _add_reports(router, runs)

    @router.get("/picture/{part}/{index}")
    def picture(
        name: str, part: str, index: int, side: Annotated[int, Query(ge=16, le=640)] = THUMBNAIL_SIDE
    ) -> Response:
        file = runs.data.picture(runs.run(name), part, index)
        small = thumbnail(file, side) if file else None
        if small is None:
            raise HTTPException(404)
        return Response(small.content, media_type=small.media_type, headers=A_DAY)

    return router


@dataclass(frozen=True)
class _Runs:
    """Runs by the name in an address; one without the requested file gives 404."""

    workspace: Workspace
    data: RunData

    def run(self, name: str) -> Run:
        if not safe_name(name):
            raise HTTPException(404)
        try:
            return self.workspace.run(name)
        except RunError as error:
            raise HTTPException(404, str(error)) from error

    def with_model(self, name: str) -> Run:
        run = self.run(name)
        if not run.best.is_file():
            raise HTTPException(404, str(RunError("error.run.no_model", run=run.id)))
        return run

    def with_report(self, name: str) -> tuple[Run, Mapping[str, Any]]:
        run = self.run(name)
        report = self.data.report(run)
        if report is None:
            raise HTTPException(404, "This run has no report.")
        return run, report


def _add_models(router: APIRouter, runs: _Runs) -> None:
    exporting = Lock()

    @router.get("/model.safetensors")
    def model(name: str) -> FileResponse:
        run = runs.with_model(name)
        return FileResponse(run.best, filename=file_name(run, ".safetensors"), headers=FRESH)

    @router.get("/model.pt")
    def state_dict(name: str) -> FileResponse:
        run = runs.with_model(name)
        try:
            with exporting:
                made = model_as_pt(run)
        except StudioError as error:
            raise HTTPException(409, str(error)) from error
        return FileResponse(made, filename=file_name(run, ".pt"), headers=FRESH)


def _add_reports(router: APIRouter, runs: _Runs) -> None:
    @router.get("/report.csv")
    def table(name: str) -> Response:
        run, report = runs.with_report(name)
        return _csv(tables.classes(report), file_name(run, "-report.csv"))

    @router.get("/predictions.csv")
    def predictions(name: str) -> Response:
        run, report = runs.with_report(name)
        return _csv(tables.predictions(report), file_name(run, "-predictions.csv"))

    @router.get("/report.json")
    def report_json(name: str) -> Response:
        run, report = runs.with_report(name)
        return JSONResponse(dict(report), headers=disposition(file_name(run, "-report.json")))


def _csv(table: DataFrame, name: str) -> Response:
    return Response(tables.encoded(table, "csv"), media_type=tables.MEDIA["csv"], headers=disposition(name))


def disposition(name: str) -> dict[str, str]:
    """Headers of a file to save as ``name``, in any script."""
    plain = name.encode("ascii", "ignore").decode() or "download"
    return {"content-disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}", **FRESH}
