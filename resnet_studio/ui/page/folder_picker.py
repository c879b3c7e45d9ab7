"""A drop zone for a folder or a zip from the reader's computer.

Gradio's own folder upload forgets the folders. This one sends pictures in batches to Gradio's upload route (by
``studioPicker`` in ``assets/data.js``), then fires ``picked`` with the name of the folder and the pairs
[path inside the folder, path on the server]; :func:`uploads` checks these, since a browser may send anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import gradio as gr

from resnet_studio.belonging import sees_file
from resnet_studio.data import packed, table_labels, tables
from resnet_studio.data.archive import foreseen
from resnet_studio.data.formats import EXTENSIONS, PICTURE_ENDINGS, reads_heif
from resnet_studio.errors import DataError
from resnet_studio.service.quota import Usage
from resnet_studio.ui.page.templates import render

WORDS = ("sending", "cancelled", "none", "loose", "too_large", "large_table", "failed")


@dataclass(frozen=True)
class Picked:
    """What arrived: the folder's (or the zip's) ``name``, its ``files``, and how many non-pictures stayed behind."""

    name: str
    files: tuple[tuple[str, Path], ...]
    left_out: int

    @property
    def archive(self) -> Path | None:
        """The zip, where one was chosen."""
        path, file = self.files[0]
        return file if len(self.files) == 1 and path.lower().endswith((".zip", ".tm")) else None

    def coming(self) -> Usage:
        """What it will probably take."""
        if self.archive:
            pictures, size = foreseen(self.archive)
            return Usage(size, pictures)
        return Usage(sum(file.stat().st_size for _, file in self.files), len(self.files))


def folder_picker(elem_id: str) -> gr.HTML:
    """The drop zone; listen with ``.picked(handler)``, whose ``gr.EventData`` goes to :func:`uploads`.

    A function, as Gradio writes a stub file beside the module of every new component class.
    """
    workbooks = "|".join(ending[1:] for ending in table_labels.WORKBOOKS)
    pictures = "|".join(ending[1:] for ending in PICTURE_ENDINGS if ending != EXTENSIONS["HEIF"])
    patterns = {
        "pictures": rf"\.(?:{pictures})$",
        "tables": tables.name_pattern(),
        "told": rf"{packed.ARRAYS.pattern}|\.(?:{workbooks})$",
    }
    # without a backslash: the template is a text in JavaScript on its way
    names = {what: each.replace(r"\.", "[.]").replace(r"\d", "[0-9]") for what, each in patterns.items()}
    return gr.HTML(
        html_template=render("page/folder_picker.html", words=WORDS, reads_heif=reads_heif(), names=names),
        js_on_load="studioPicker(element, (detail) => trigger('picked', detail));",
        apply_default_css=False,
        elem_id=elem_id,
    )


def uploads(detail: Mapping[str, Any], upload_folder: Path) -> Picked:
    """The files that the browser says it has sent; raises :class:`DataError` for any outside of the upload folder."""
    base = upload_folder.resolve()
    try:
        sent = [(str(name), Path(str(path))) for name, path in detail["files"]]
        left_out = int(detail.get("left_out") or 0)
    except (TypeError, ValueError, OverflowError) as error:
        raise DataError("error.shell.incomplete") from error
    files = tuple((_name(name), _file(name, path, base)) for name, path in sent)
    if not files:
        raise DataError("data.picker.none")
    name = _name(str(detail.get("name") or files[0][0]))
    picked = Picked(name, files, left_out)
    return replace(picked, name=Path(name).stem) if picked.archive else picked


def _name(name: str) -> str:
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts or "\\" in name or "\0" in name:
        raise DataError("error.page_data.name", name=name)
    return name


def _file(name: str, path: Path, base: Path) -> Path:
    resolved = path.resolve()
    if not resolved.is_relative_to(base) or not resolved.is_file() or not sees_file("upload", resolved):
        raise DataError("error.page_data.upload", name=name)
    return resolved
