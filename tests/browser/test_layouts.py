"""In the real page: what names leave open is settled by a click, and pictures need no endings."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import made
import pytest

pytestmark = pytest.mark.browser


def variants() -> dict[str, bytes]:
    """Two folders that hold the same classes."""
    return {
        f"{top}/{kind}/{number}.png": made.picture(10 * place + number, label=label)
        for place, top in enumerate(("colour", "grey"))
        for label, kind in enumerate(("disc", "square"))
        for number in range(5)
    }


def classes(page: Any) -> list[str]:
    return page.locator("#data-classes .rs-class-name").all_inner_texts()


@pytest.mark.long
def test_a_click_on_an_answer_reads_the_pictures_anew(open_page: Callable[..., Any], tmp_path: Path) -> None:
    page = open_page()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in variants().items():
            archive.writestr(name, data)
    page.locator("#data-own").click()
    page.locator('#data-picker input[data-input="zip"]').set_input_files(
        {"name": "shapes.zip", "mimeType": "application/zip", "buffer": packed.getvalue()}
    )
    question = page.locator('#data-choices [data-kind="layout"]')
    question.wait_for()
    assert classes(page) == ["colour", "grey"]

    question.get_by_role("button", name="The classes are disc, square").click()
    page.locator('#data-choices [data-kind="chosen"]').wait_for()
    assert classes(page) == ["disc", "square"]

    page.locator("#data-choices").get_by_role("button", name="Undo").click()
    question.wait_for()
    assert classes(page) == ["colour", "grey"]


def test_a_folder_with_a_table_of_labels_is_read_as_the_table_says(
    open_page: Callable[..., Any], tmp_path: Path
) -> None:
    page = open_page()
    rows = ["file,label", *(f"{n}.png,{'disc' if n % 2 else 'square'}" for n in range(8))]
    pictures = {f"images/{n}.png": made.picture(n, label=n % 2) for n in range(8)}
    folder = made.write(tmp_path / "shapes", {**pictures, "labels.csv": "\n".join(rows).encode(), "notes.txt": b"x"})
    page.locator("#data-own").click()
    page.locator('#data-picker input[data-input="folder"]').set_input_files(folder)
    page.locator("#data-understood").wait_for()
    assert classes(page) == ["disc", "square"]
    assert "1 file that is not a picture" in page.locator("#data-from-computer").inner_text()
    arrays = made.write(tmp_path / "arrays", {"train.parquet": bytes(90), "notes.txt": b"x"})
    page.locator('#data-picker input[data-input="folder"]').set_input_files(arrays)
    page.locator("#data-from-computer [role=alert]", has_text="train.parquet").wait_for()
    with (made.write(tmp_path / "coco", made.class_files({"cat": 3, "dog": 3})) / "instances_$&.json").open(
        "wb"
    ) as sparse:
        sparse.truncate(64 * 2**20 + 1)
    page.locator('#data-picker input[data-input="folder"]').set_input_files(tmp_path / "coco")
    page.locator("#data-picker .rs-drop-message", has_text="instances_$&.json").wait_for()
    page.locator("#data-facts", has_text="6 pictures · 2 classes").wait_for()


@pytest.mark.long
def test_a_folder_of_pictures_without_endings_is_taken(open_page: Callable[..., Any], tmp_path: Path) -> None:
    page = open_page()
    files = {f"{kind}/{n:06x}": made.picture(n, label=place) for place, kind in enumerate(("a", "b")) for n in range(4)}
    folder = made.write(tmp_path / "noext", {**files, "a/notes": b"These are no pictures."})
    page.locator("#data-own").click()
    page.locator('#data-picker input[data-input="folder"]').set_input_files(folder)
    page.locator("#data-understood").wait_for()
    assert "8 pictures · 2 classes" in page.locator("#data-facts").inner_text()
