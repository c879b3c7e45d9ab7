"""The Python API of comparisons and reports.

>>> import resnet_studio as studio
>>> print(studio.compare(first, second).to_json()["pairs"][0]["verdict"])  # doctest: +SKIP
>>> studio.save_report(second, "report.html")  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resnet_studio.durable import replacing
from resnet_studio.errors import ConfigError, RunError
from resnet_studio.one_or_many import as_list
from resnet_studio.text import Language
from resnet_studio.workspace import Run, Workspace

if TYPE_CHECKING:
    from resnet_studio.evaluation.compare import Comparison
    from resnet_studio.evaluation.operating_points import Chosen
    from resnet_studio.evaluation.parts import Part


def compare(*runs: Run | str | Sequence[Run | str], workspace: Workspace | None = None) -> Comparison:
    """Settings and scores of two or more ``runs`` (or names, or a list), and whether test pictures tell them apart.

    Raises :class:`RunError` for fewer than two different runs.
    """
    from resnet_studio.evaluation.compare import compare as compared

    return compared([_found(run, workspace) for each in runs for run in as_list(each)])


def compute_parts(
    run: Run | str,
    names: str = "all",
    *,
    on_step: Callable[[str, int, int], None] | None = None,
    workspace: Workspace | None = None,
) -> None:
    """Compute the parts of the report on ``run`` that take a while, and store them in its folder.

    ``names``: "all", "none", or names with commas between them; ``on_step(name, done, total)`` is called on the way.
    What is stored already is not computed again. Raises :class:`ConfigError` for a part that there is not.
    """
    from resnet_studio.evaluation import slow_parts
    from resnet_studio.evaluation.parts import RunReport

    report, wanted = RunReport(_found(run, workspace)), _slow_parts(names)
    for part in wanted if report.report else ():
        for step in slow_parts.update(report, part):
            if on_step is not None:
                on_step(part.name, step.done, step.total)


def _slow_parts(names: str) -> list[Part[Any]]:
    from resnet_studio.evaluation import run_report

    slow = [part for part in (*run_report.PARTS, *further_parts()) if not part.quick]
    if names in ("all", "none"):
        return slow if names == "all" else []
    known, chosen = [part.name for part in slow], [name.strip() for name in names.split(",")]
    if unknown := [name for name in chosen if name not in known]:
        raise ConfigError("error.report.no_part", name=unknown[0], known=known)
    return [part for part in slow if part.name in chosen]


def further_parts() -> tuple[Part[Any], ...]:
    """Parts of reports from layers above :mod:`resnet_studio.evaluation`."""
    from resnet_studio.review.part import SUSPECTS

    return (SUSPECTS,)


def cheapest_thresholds(
    run: Run | str, costs: str | Sequence[str], *, workspace: Workspace | None = None
) -> dict[str, Chosen]:
    """For each of ``costs``, such as ``cat=5:1`` (of missing a cat, of a false alarm), the cheapest threshold.

    Chosen on validation pictures, scored on test pictures. Raises :class:`ConfigError` for a class that there is not,
    and :class:`RunError` where the run kept no logits.
    """
    from resnet_studio.evaluation.operating_points import OPERATING_POINTS, parse_costs
    from resnet_studio.evaluation.parts import RunReport

    found = _found(run, workspace)
    wanted = parse_costs(as_list(costs), list(found.about["classes"]))
    points = RunReport(found).get(OPERATING_POINTS) if wanted else ()
    if points is None:
        raise RunError("error.threshold.no_logits", run=found.id)
    by_name = {each.name: each for each in points}
    return {name: by_name[name].cheapest(*cost) for name, cost in wanted.items()}


def save_report(
    run: Run | str, target: str | Path, *, language: Language = "en", workspace: Workspace | None = None
) -> Path:
    """Write the report on ``run`` as one self-contained HTML file to ``target``, and return that.

    Raises :class:`RunError` where the run has no epoch yet or cannot be read.
    """
    from resnet_studio.evaluation import html_report

    content = html_report.html(_found(run, workspace), language, further_parts()).encode("utf-8", "replace")
    with replacing(Path(target)) as temporary:
        temporary.write_bytes(content)
    return Path(target)


def save_card(
    run: Run | str, target: str | Path, *, language: Language = "en", workspace: Workspace | None = None
) -> Path:
    """Write the model card of ``run`` to ``target``, a folder or a Markdown file, and return the file.

    Raises :class:`RunError` where the run has no epoch yet or cannot be read.
    """
    from resnet_studio.evaluation.model_card import model_card

    path = Path(target) / "README.md" if Path(target).is_dir() else Path(target)
    content = model_card(_found(run, workspace), language, further_parts()).encode("utf-8", "replace")
    with replacing(path) as temporary:
        temporary.write_bytes(content)
    return path


def _found(run: Run | str, workspace: Workspace | None) -> Run:
    return run if isinstance(run, Run) else (workspace or Workspace.open()).find_run(run)
