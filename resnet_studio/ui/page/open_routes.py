"""Which addresses the server answers: those that the page needs, and no other one.

Gradio brings many more: it fetches addresses for anybody, hands uploads to a video converter, streams without end.
The list says what is open rather than what is closed, so that an update of Gradio opens nothing new.
"""

from __future__ import annotations

import re
from pathlib import Path

from resnet_studio.belonging import sees_file

UPLOADED = "/gradio_api/file="
_READ = frozenset({"GET", "HEAD"})
_OPEN: tuple[tuple[frozenset[str], re.Pattern[str]], ...] = tuple(
    (frozenset(methods), re.compile(pattern))
    for methods, pattern in (
        (_READ, r"/"),
        (_READ, r"/config/?"),
        (_READ, r"/(assets|static|svelte)/[\w@.+/-]+"),
        (_READ, r"/(gradio_api/)?theme\.css"),
        ({"GET"}, r"/(healthz|metrics)"),
        ({"GET"}, r"/v1/(models(/[^/]+)?|openapi\.json)"),
        ({"POST"}, r"/v1/models/[^/]+/predict"),
        (_READ, r"/(favicon\.ico|robots\.txt|manifest\.json)"),
        ({"GET"}, r"/gradio_api/(startup-events|info|queue/data|upload_progress)"),
        ({"GET"}, r"/gradio_api/heartbeat/\w+"),
        ({"POST"}, r"/gradio_api/(run/predict|queue/join|cancel|reset|upload)"),
    )
)
OWN = re.compile(r"/studio/.+")
"""Our own routes; FastAPI knows their methods."""


def is_open(method: str, path: str, uploads: Path) -> bool:
    """Whether the server answers ``method`` at ``path`` (decoded, below the root path).

    Files are given out from the folder ``uploads`` alone.
    """
    if ".." in path.split("/"):
        return False
    if path.startswith(UPLOADED):
        return method in _READ and is_upload(path.removeprefix(UPLOADED), uploads)
    if OWN.fullmatch(path):
        return True
    return any(method in methods and pattern.fullmatch(path) for methods, pattern in _OPEN)


def is_known(path: str) -> bool:
    """Whether anything is open at ``path``, by whatever method."""
    return bool(path.startswith(UPLOADED) or OWN.fullmatch(path)) or any(each.fullmatch(path) for _, each in _OPEN)


def is_upload(name: object, uploads: Path) -> bool:
    """Whether ``name`` is the path of a file inside the folder ``uploads``, links followed, of whoever acts here."""
    if not isinstance(name, str) or "\0" in name or not Path(name).is_absolute():
        return False
    try:
        file = Path(name).resolve()
        return file.is_relative_to(uploads.resolve()) and file.is_file() and sees_file("upload", file)
    except OSError:
        return False
