"""The commands that look at data sets: options in, a result for people and one for programs out."""

from __future__ import annotations

import argparse
import shlex
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resnet_studio.api.ensembles import evaluate_together
from resnet_studio.data.choices import Choices
from resnet_studio.data.names import shown
from resnet_studio.errors import DataError
from resnet_studio.evaluation import missed
from resnet_studio.evaluation.score_notes import score_notes
from resnet_studio.grouping import parse as parse_grouping
from resnet_studio.service import ensembles
from resnet_studio.stepwise import result_of
from resnet_studio.terminal import Terminal
from resnet_studio.text import say
from resnet_studio.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resnet_studio.data.choices import Purpose
    from resnet_studio.data.dataset import Dataset, Split
    from resnet_studio.data.finding import Finding
    from resnet_studio.data.near import Groups
    from resnet_studio.evaluation.report import Report


@dataclass(frozen=True)
class Result:
    """What a command found: ``text`` for people, ``json`` for programs."""

    text: str
    json: dict[str, Any]


def add_check(parser: argparse.ArgumentParser) -> None:
    """Options of the command ``check``."""
    add_choices(parser)
    parser.add_argument(
        "--near-duplicates", action="store_true", help="look at every picture for near-duplicates of others"
    )
    help = say("config.groups.help", "en").replace("%", "%%")
    parser.add_argument("--groups", metavar="GROUPS", default="auto", help=help)


def add_choices(parser: argparse.ArgumentParser) -> None:
    """Options for what the names of folders and files leave open."""
    from resnet_studio.data.choices import ENCODINGS, LAYOUTS

    group = parser.add_argument_group("how folders are read, where their names leave it open")
    suppressed: dict[str, Any] = {"default": argparse.SUPPRESS}
    group.add_argument("--layout", choices=LAYOUTS, help=_LAYOUT, **suppressed)
    group.add_argument("--folder", metavar="NAME", help="use only this folder inside", **suppressed)
    group.add_argument(
        "--with-masks", dest="masks", action="store_true", help="masks count as pictures too", **suppressed
    )
    group.add_argument(
        "--with-unlabelled", action="store_true", help="folders called “unlabelled” or the like are classes too",
        **suppressed,
    )  # fmt: skip
    group.add_argument(
        "--leave-out-single", action="store_true", help="leave out classes with a single picture", **suppressed
    )
    group.add_argument(
        "--join-alike", action="store_true", help="join classes whose names differ by case or blanks", **suppressed
    )
    group.add_argument("--label-column", metavar="NAME", help="the column of a table that has the labels", **suppressed)
    group.add_argument(
        "--original", action="store_true", help="ignore what was edited in the workspace since it came in"
    )
    group.add_argument(
        "--name-encoding", choices=ENCODINGS, metavar="NAME", **suppressed,
        help=f"encoding of the names in a zip that does not say: {', '.join(ENCODINGS)}",
    )  # fmt: skip


_LAYOUT = (
    "where the classes are: the top folders (classes), the folders in train, val and test folders (parts), the top "
    "folders with train, val and test folders inside (parts-inside), or the folders in each top folder (inner)"
)


def opened_for_testing(source: str, options: argparse.Namespace, workspace: Workspace, terminal: Terminal) -> Dataset:
    """The data set at ``source``, read as ``options`` say, to test on."""
    return _opened(source, options, workspace, terminal, "score")


def opened(
    options: argparse.Namespace, workspace: Workspace, terminal: Terminal, purpose: Purpose = "train"
) -> Dataset:
    """The data set that ``options`` name, read as they say.

    Raises :class:`DataError` where only the user knows which column of a table has the labels, unless it is to be
    looked at.
    """
    found = _opened(options.data, options, workspace, terminal, purpose)
    asked = next((doubt for doubt in found.doubts if doubt.kind == "column" and len(doubt.inside) > 1), None)
    if asked is not None and purpose != "look":
        offered = [shlex.join(Choices(label_column=each).options()) for each in asked.inside]
        raise DataError("error.labels.which", file=shown(asked.folders[0]), options=offered)
    return found


def _opened(
    source: Path | str, options: argparse.Namespace, workspace: Workspace, terminal: Terminal, purpose: Purpose
) -> Dataset:
    from resnet_studio.data.opening import open_data

    announce_download(str(source), workspace, terminal)
    given = vars(options)
    choices = Choices(**{spec.name: given[spec.name] for spec in fields(Choices) if spec.name in given})
    original = bool(given.get("original", False))
    found = open_data(
        source, workspace, choices=choices, purpose=purpose, progress=terminal.steps("pictures"), edited=not original
    )
    if found.parent:
        terminal.line(say("cli.edited", name=found.name, dataset=found.id))
    return found


def check_source(source: str) -> None:
    """Raise :class:`DataError` where nothing is at ``source``, before anything else is done."""
    from resnet_studio.data.opening import check

    check(source)


def announce_download(source: str, workspace: Workspace, terminal: Terminal) -> None:
    """Say how much a public set that is not here yet has to download, and on which terms it is used."""
    from resnet_studio.data.library import find_by_source
    from resnet_studio.data.public import PUBLIC

    item = PUBLIC.get(source.removeprefix("public:")) if source.startswith("public:") else None
    if item is not None and find_by_source(source, workspace) is None:
        size = round(item.download_bytes / 2**20)
        terminal.line(say("cli.download", name=item.name(), size=size, terms=item.terms()))


def unlabelled(options: argparse.Namespace, workspace: Workspace, terminal: Terminal) -> list[tuple[str, Path]]:
    """The pictures without labels in the data sets that ``options.pictures`` name, each with its name.

    Raises :class:`DataError` for a data set that has none.
    """
    found: list[tuple[str, Path]] = []
    for source in options.pictures:
        dataset = _opened(source, options, workspace, terminal, "score")
        if not dataset.unlabelled:
            raise DataError("error.cli.no_unlabelled", name=dataset.name)
        where = str(dataset.root) if dataset.source == "folder" else dataset.name
        found += [(f"{where}/{sample.name}", dataset.path(sample)) for sample in dataset.unlabelled]
    return found


def check(options: argparse.Namespace, workspace: Workspace, terminal: Terminal) -> Result:
    """The classes of a data set, what is wrong with its pictures, and how it would be split."""
    from resnet_studio.data.checkup import inspect

    dataset = _opened(options.data, options, workspace, terminal, "train")
    alike = _near_duplicates(options, dataset, workspace, terminal)
    findings = [*inspect(dataset), *alike.findings]
    parts, keeping = _kept_together(dataset, options.groups, alike)
    sizes = {"train": len(parts.train), "validation": len(parts.validation), "test": len(parts.test)}
    lines = [f"{dataset.name}: {len(dataset.samples):,} pictures in {len(dataset.classes):,} classes"]
    lines += [f"  {count:6,}  {name}" for name, count in dataset.counts.items()]
    lines += [f"train {sizes['train']:,}, validation {sizes['validation']:,}, test {sizes['test']:,}"]
    lines += [say("check.groups", "en", **keeping)] if keeping["groups"] or keeping["by"] != "auto" else []
    for finding in findings:
        lines.append(f"- {finding.sentence('en')}")
        lines += [f"    {', '.join(finding.files)}"] if finding in alike.findings else []
        lines += [
            f"    {offer['label']}: {shlex.join(offer['options'])}" for offer in _offers(finding) if offer["options"]
        ]
    return Result(
        "\n".join(lines),
        {
            "name": dataset.name,
            "classes": dataset.counts,
            "pictures": len(dataset.samples),
            "unlabelled": len(dataset.unlabelled),
            "split": {**sizes, "preset": parts.preset},
            "choices": dataset.choices.to_json(),
            "together": keeping,
            "findings": [_finding(finding) for finding in findings],
        },
    )


@dataclass(frozen=True)
class _Alike:
    """The near-duplicates of a data set, and what to know of them; nothing where they were not looked for."""

    groups: Groups = ()
    findings: tuple[Finding, ...] = ()


def _near_duplicates(options: argparse.Namespace, dataset: Dataset, workspace: Workspace, terminal: Terminal) -> _Alike:
    """The near-duplicates of ``dataset``, where ``options`` ask for them."""
    if not options.near_duplicates:
        return _Alike()
    from resnet_studio.data import near
    from resnet_studio.data.cache import ArrayCache

    files = [dataset.path(sample) for sample in dataset.samples]
    search, report = near.near_groups(dataset.samples, files, ArrayCache(workspace.cache)), terminal.steps("likeness")
    found = result_of(search, lambda step: report(step.done, step.total))
    return _Alike(found, near.findings(dataset, found))


def _kept_together(dataset: Dataset, by: str, alike: _Alike) -> tuple[Split, dict[str, Any]]:
    """The split with what ``by`` and the near-duplicates keep together, and a summary of that."""
    from resnet_studio.config import TrainConfig
    from resnet_studio.data import groups, near, splitting

    config = TrainConfig(groups=by)
    parts = splitting.cut(dataset, config)
    found = groups.keys_of(dataset, parse_grouping(by))
    if alike.groups:
        found = groups.joined(found, near.keys_of(len(dataset.samples), alike.groups))
        kept = groups.without_whole_classes(dataset.samples, found)
        parts = splitting.resplit(parts, dataset.samples, kept, config, parts.together)
    seen, proposal = groups.preview(dataset, found), groups.suggested(dataset)
    largest = [{"group": name, "pictures": count} for name, count in seen.largest]
    return parts, {
        "by": str(parse_grouping(by)), "groups": seen.groups, "pictures": seen.pictures, "largest": largest,
        "suggested": str(proposal) if proposal else None,
    }  # fmt: skip


def _finding(finding: Finding) -> dict[str, Any]:
    found = {"kind": finding.kind, "message": finding.sentence("en"), "files": list(finding.files)}
    return {**found, "offers": _offers(finding)} if finding.offers else found


def _offers(finding: Finding) -> list[dict[str, Any]]:
    """What one can choose instead, with the options of the command line for it."""
    return [
        {"label": offer.sentence("en"), "options": Choices().with_changes(offer.changes).options()}
        for offer in finding.offers
    ]


def evaluate(options: argparse.Namespace, workspace: Workspace, terminal: Terminal) -> Result:
    """Score a model on labelled pictures."""
    models = ensembles.checkpoints([options.model, *getattr(options, "others", ())], workspace)
    dataset = opened(options, workspace, terminal, purpose="score")
    given = {"device": options.device, "only_unseen": options.only_unseen}
    report = evaluate_together(models, dataset, workspace=workspace, **given)
    part = "test" if any(sample.part == "test" for sample in dataset.samples) else "all"
    return scored(report, models, part, score_notes(report, dataset))


def scored(report: Report, models: Sequence[Path], part: str, notes: list[str]) -> Result:
    """The ``report`` of ``models`` on a ``part`` of a data set, with what there is to know of it."""
    lines = [_accuracy(report.accuracy, report.count, report.interval, "pictures")]
    if report.unseen is not None and report.unseen.count < report.count:
        fresh = report.unseen
        lines.insert(0, _accuracy(fresh.accuracy, fresh.count, fresh.interval, "pictures that the model has not seen"))
        lines[1] += f", {report.trained_on:,} of which it was trained on"
        lines[1] += f" and {report.near_seen:,} near-duplicates" if report.near_seen else ""
    lines += notes
    lines += [
        f"  {score.name}: precision {score.precision:.2f}, recall {score.recall:.2f}, F1 {score.f1:.2f}, "
        f"{score.support:,} pictures"
        for score in report.per_class
    ]
    never = missed.never_predicted(report.classes, report.confusion)
    lines += [missed.sentence(never)] if never else []
    return Result(
        "\n".join(lines),
        {
            "accuracy": report.accuracy,
            "interval": list(report.interval),
            "macro_f1": report.macro_f1,
            "never_predicted": list(never),
            "pictures": report.count,
            "models": [str(path) for path in models],
            "part": part,
            "trained_on": report.trained_on,
            "chosen_by": report.chosen_by,
            "near_seen": report.near_seen,
            "unseen": None if report.unseen is None else asdict(report.unseen),
            "notes": notes,
            "per_class": {score.name: asdict(score) for score in report.per_class},
            "confusion": [list(row) for row in report.confusion],
            "skipped": list(report.skipped),
        },
    )


def _accuracy(accuracy: float, count: int, interval: tuple[float, float], what: str) -> str:
    low, high = interval
    return f"accuracy {accuracy:.1%} on {count:,} {what} (95% confidence interval {low:.1%} to {high:.1%})"
