"""The panel of downloads: files, and the lines of code that load them."""

from __future__ import annotations

from typing import Literal, NamedTuple

from resnet_studio.errors import StudioError
from resnet_studio.service.run_data import Overview
from resnet_studio.text import Language
from resnet_studio.ui.page.downloads import file_name
from resnet_studio.ui.page.frame import address
from resnet_studio.ui.page.templates import render

FILES = (
    ("safetensors", "model.safetensors"),
    ("pt", "model.pt"),
    ("report_csv", "report.csv"),
    ("predictions_csv", "predictions.csv"),
    ("report_json", "report.json"),
)


KINDS: tuple[Literal["safetensors", "pt"], ...] = ("safetensors", "pt")


class Download(NamedTuple):
    """One line of the list: a file's key, its address (empty where there is no such file) and its size."""

    key: str
    address: str
    size: str


def downloads_panel(run: Overview, language: Language) -> str:
    """Links to all files, and the code for each kind of model file.

    Sentences stand instead where the model file is gone, where the code cannot be made, and for files of the test where
    there was none.
    """
    if not run.run.best.is_file():
        return render("results/no_model.html", language)
    tested = run.run.report_file.is_file()
    files = [_file(run, key, path, tested) for key, path in FILES]
    try:
        code, problem = {kind: _lines(run, kind, language) for kind in KINDS}, ""
    except StudioError as error:
        code, problem = {}, error.sentence(language)
    return render("results/downloads.html", language, files=files, code=code, problem=problem)


def _file(run: Overview, key: str, path: str, tested: bool) -> Download:
    if key in KINDS:
        return Download(key, address(run.run, path), _megabytes(run.run.best.stat().st_size))
    return Download(key, address(run.run, path) if tested else "", "")


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size < 1e8 else f"{size / 1e6:.0f} MB"


def _lines(run: Overview, kind: Literal["safetensors", "pt"], language: Language) -> str:
    from resnet_studio.model.card import read_card
    from resnet_studio.model.export import export_code

    return export_code(read_card(run.run.best), kind=kind, file_name=file_name(run.run, f".{kind}"), language=language)
