"""What the page sends of a folder: pictures, and what the studio reads or explains by its name."""

from __future__ import annotations

import html
import re

import pytest

from resnet_studio.data.tables import may_be_table
from resnet_studio.ui.page.folder_picker import folder_picker


def pattern(name: str) -> re.Pattern[str]:
    found = re.search(rf'data-{name}="([^"]*)"', folder_picker("picker").html_template)
    assert found is not None
    assert "\\" not in found[1]
    return re.compile(html.unescape(found[1]), re.IGNORECASE)


@pytest.mark.parametrize(
    "name",
    ["labels.csv", "train/_annotations.coco.JSON", "a/metadata.jsonl", "rows.tsv", "labels.txt",
     "a/val_annotations.txt", "notes.txt", "a/0001.txt", "README.md", "CUB/images.txt",
     "train_test_split.txt", "my_images.txt", "train.txt.bak", "a/train_test_split.txt.jpg", "cat/1.jpg", "csv"],
)  # fmt: skip
def test_the_page_sends_as_tables_what_the_studio_reads_as_tables(name: str) -> None:
    assert bool(pattern("tables").search(name)) == may_be_table(name, 9)


def test_the_page_takes_for_pictures_what_is_called_so() -> None:
    pictures = pattern("pictures")
    assert all(
        map(pictures.search, ("cat/1.jpg", "1.JPEG", "a.b/2.ppm", "3.PGM", "4.pbm", "5.pnm", "6.tiff", "7.jfif"))
    )
    assert not any(map(pictures.search, ("cat/1.jpg.txt", "ppm", "labels.csv", "photo.heic", "a.ppm/notes")))


def test_the_page_sends_the_names_of_what_the_studio_refuses_with_what_to_do() -> None:
    told = pattern("told")
    assert all(map(told.search, ("data/train-00000.parquet", "labels.xlsx", "cifar/data_batch_1", "x.NPZ")))
    assert not any(map(told.search, ("cat/1.jpg", "labels.csv", "notes.txt", "thumbs.db")))
