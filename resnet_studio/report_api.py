"""The Python API of comparisons and reports.

>>> import resnet_studio as studio
>>> print(studio.compare(first, second).to_json()["pairs"][0]["verdict"])  # doctest: +SKIP
>>> studio.save_report(second, "report.html")  # doctest: +SKIP
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from resnet_studio.durable import replacing
from resnet_studio.text import Language
from resnet_studio.workspace import Run, Workspace

if TYPE_CHECKING:
    from resnet_studio.evaluation.compare import Comparison


def compare(*runs: Run | str, workspace: Workspace | None = None) -> Comparison:
    """What two or more ``runs`` (or their names) were set to and scored, and whether test pictures tell them apart.

    Raises :class:`RunError` for fewer than two different runs.
    """
    from resnet_studio.evaluation.compare import compare as compared

    return compared([_found(run, workspace) for run in runs])


def save_report(
    run: Run | str, target: str | Path, *, language: Language = "en", workspace: Workspace | None = None
) -> Path:
    """Write the report on ``run`` as one self-contained HTML file to ``target``, and return that.

    Raises :class:`RunError` where the run has no epoch yet or cannot be read.
    """
    from resnet_studio.evaluation import html_report

    content = html_report.html(_found(run, workspace), language).encode("utf-8", "replace")
    with replacing(Path(target)) as temporary:
        temporary.write_bytes(content)
    return Path(target)


def _found(run: Run | str, workspace: Workspace | None) -> Run:
    return run if isinstance(run, Run) else (workspace or Workspace.open()).find_run(run)
