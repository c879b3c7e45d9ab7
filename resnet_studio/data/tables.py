"""Tables that say what pictures are: CSV, tab-separated values or JSON lines, whatever their columns are called."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

from resnet_studio.data.formats import PICTURE_ENDINGS
from resnet_studio.data.names import shown
from resnet_studio.data.zip_names import likely_encoding
from resnet_studio.errors import DataError

ENDINGS = (".csv", ".tsv", ".jsonl", ".ndjson", ".json")
LARGEST = 64 * 2**20
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_LISTS = re.compile(
    r"(?:(?:[a-z_ -]*[_ -])?(?:train|training|val|valid|validation|test|labels?|annotations?|classes|ground_?truth)"
    r"|train_test_split|images)\.txt"
)
"""What text files that are tables are called; those with boxes or captions are called after a picture each."""
_PICTURES = "|".join(ending[1:] for ending in PICTURE_ENDINGS)
_BLANK_AFTER_FILE = re.compile(rf"^(?P<file>[^,;\t|]+?\.(?:{_PICTURES})) +(?=\S)", re.IGNORECASE | re.MULTILINE)
_DIVIDERS = re.compile(rb'[,;\t\r\n"]+')
_JUDGED = 200
_SAID, _QUOTED = re.compile(r"sep=(.)", re.IGNORECASE), re.compile(r'"[^"]*"')
Meaning = Literal["file", "label", "part", "group"]
_CALLED: Mapping[Meaning, tuple[str, ...]] = {
    "file": (
        "file", "filename", "file_name", "filepath", "file_path", "path", "image", "image_path", "image_name", "img",
        "image_id", "image_index", "image_url", "file_url", "url", "img_path", "images", "picture", "name", "id",
        "文件", "文件名", "图片", "檔案", "檔名", "圖片", "图像", "datei", "dateiname", "bild",
        "fichier", "nom_du_fichier", "archivo", "fichero", "imagen", "arquivo", "imagem", "immagine",
        "файл", "имя_файла", "изображение",
        "ファイル", "ファイル名", "画像", "파일", "파일명", "이미지",
    ),
    "label": (
        "label", "class", "class_name", "category", "target", "labels", "finding_labels", "classname", "choice",
        "class_label", "label_name", "category_name", "breed", "species", "diagnosis", "dx", "标签", "类别",
        "类", "分类", "標籤", "類別", "分類", "klasse", "kategorie", "classe", "catégorie", "étiquette", "clase",
        "categoría", "etiqueta", "categoria", "etichetta", "класс", "категория", "метка", "ラベル", "クラス", "라벨",
        "클래스", "class_id", "classid", "label_id", "labelid", "class_index", "target_id",
    ),
    "part": ("part", "split", "subset", "set", "fold_name", "dataset", "划分"),
    "group": (
        "group", "groups", "patient", "patient_id", "subject", "subject_id", "object", "object_id", "session",
        "session_id", "lesion_id", "series", "series_id", "video", "video_id", "individual", "individual_id", "组",
        "分组",
    ),
}  # fmt: skip


def name_pattern() -> str:
    """A regular expression of the names of such tables, whatever their case, that browsers understand too."""
    endings = "|".join(ending[1:] for ending in ENDINGS)
    return rf"\.(?:{endings})$|(?:^|/){_LISTS.pattern}$"


def may_be_table(name: str, size: int) -> bool:
    """Whether a file called ``name`` of ``size`` bytes may be such a table."""
    return _is_called_so(name) and 0 < size <= LARGEST


def is_too_large(name: str, size: int) -> bool:
    """Whether a file called ``name`` would be such a table, but that its ``size`` in bytes is more than is read."""
    return _is_called_so(name) and size > LARGEST


def _is_called_so(name: str) -> bool:
    last = name.lower().rpartition("/")[2]
    return last.endswith(ENDINGS) or _LISTS.fullmatch(last) is not None


def read_rows(file: Path) -> list[dict[str, str]]:
    """The rows of a table, by column. Raises :class:`DataError` where ``file`` is no such table."""
    return rows_in(read_text(file), file.name)


def read_text(file: Path) -> str:
    """The text of a table: UTF-8, UTF-16 where it says so, else the code page that makes words of it, as spreadsheets
    save in. Raises :class:`DataError` where ``file`` cannot be read.
    """
    try:
        if file.stat().st_size > LARGEST:
            raise DataError("error.table.too_large", file=shown(file.name))
        content = file.read_bytes()
    except (OSError, ValueError) as error:
        raise DataError("error.table.missing", file=shown(str(file))) from error
    try:
        return content.decode("utf-16" if content[:2] in _UTF16 else _without_mark(content[:_JUDGED]))
    except UnicodeDecodeError as error:
        words = list(dict.fromkeys(word for word in _DIVIDERS.split(content) if not word.isascii()))
        encoding = likely_encoding(words[:_JUDGED])
        with suppress(UnicodeDecodeError, LookupError):
            return content.decode(encoding)
        raise DataError("error.table.encoding", file=shown(file.name)) from error


def _without_mark(start: bytes) -> str:
    """UTF-16 whose first mark got lost, where every second byte of ``start`` is zero; else UTF-8."""
    zeros = [start[place::2].count(0) for place in (0, 1)]
    if max(zeros) <= len(start) // 4:
        return "utf-8-sig"
    return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"


def rows_in(text: str, name: str) -> list[dict[str, str]]:
    """The rows of the table ``text`` from a file called ``name``; see :func:`read_rows`."""
    rows = _json_lines(text, name) if name.lower().endswith((".jsonl", ".ndjson")) else _csv(text, name)
    if not rows:
        raise DataError("error.table.empty", file=shown(name))
    return rows


def table_column(rows: Sequence[Mapping[str, str]], meaning: Meaning) -> str:
    """The column that has the ``meaning``, by what it is called; empty where there is none."""
    return next(iter(columns_called(rows, meaning)), "")


def columns_called(rows: Sequence[Mapping[str, str]], meaning: Meaning) -> list[str]:
    """All columns that are called as if they had the ``meaning``, the likeliest first."""
    columns = {name.strip().lower().replace(" ", "_"): name for name in rows[0]} if rows else {}
    return [columns[name] for name in _CALLED[meaning] if name in columns]


def _csv(text: str, name: str) -> list[dict[str, str]]:
    first, _, rest = text.partition("\n")
    if said := _SAID.fullmatch(first.strip()):  # as Excel writes it, and reads it
        text, divider = rest, said[1]
    else:
        if _BLANK_AFTER_FILE.match(first) and not any(sign in first for sign in ",;\t|"):
            text = _BLANK_AFTER_FILE.sub(r"\g<file>\t", text)
            first = text.partition("\n")[0]
        divider = max(",;\t|", key=_QUOTED.sub("", first).count)
    csv.field_size_limit(LARGEST)  # a cell may hold a whole description
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=divider)
        rows = [{str(key): value or "" for key, value in row.items() if key is not None} for row in reader]
    except csv.Error as error:
        raise DataError("error.table.damaged", file=shown(name), line=1) from error
    return [row for row in rows if any(row.values())]


def _json_lines(text: str, name: str) -> list[dict[str, str]]:
    rows = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
            rows.append({str(key): "" if value is None else str(value) for key, value in values.items()})
        except (ValueError, AttributeError, RecursionError) as error:
            raise DataError("error.table.damaged", file=shown(name), line=number) from error
    return rows
