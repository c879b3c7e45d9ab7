"""The commands that look for wrong labels, and for pictures to label next."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resnet_studio import api
from resnet_studio.commands import data
from resnet_studio.commands.data import Result
from resnet_studio.errors import DataError, RunError
from resnet_studio.terminal import Terminal
from resnet_studio.text import say
from resnet_studio.workspace import Run, Workspace

if TYPE_CHECKING:
    from resnet_studio.review.next_labels import Candidates
    from resnet_studio.review.report import Review

SHOWN = 20


def add_parsers(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """The commands ``review`` and ``label-next``."""
    review = command("review", "rank labels by how likely they are wrong; changes nothing")
    review.add_argument(
        "data", metavar="RUN_OR_DATA", help="a run, 'last', or a data set as other commands take it, without a training"
    )
    data.add_choices(review)
    review.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:N or mps")

    label = command("label-next", "rank pictures without labels by which to label next")
    label.add_argument("model", metavar="RUN", help="a run, or 'last'")
    label.add_argument(
        "pictures", metavar="FOLDER", type=Path, nargs="*", default=[],
        help="pictures, or folders of them; without any, those without labels in the run's data set",
    )  # fmt: skip
    label.add_argument("--add", action="store_true", help="add them to the run's data set, without labels")
    label.add_argument(
        "--pseudo-label", type=_share, metavar="PROBABILITY",
        help="give the model's label to those that it is at least so sure of; with --add, and marked as such",
    )  # fmt: skip
    label.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:N or mps")


def _share(text: str) -> float:
    value = float(text)
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError("give a probability above 0, at most 1")
    return value


def review(options: argparse.Namespace, workspace: Workspace, terminal: Terminal) -> Result:
    """Rank the labels of a run, or of a data set."""
    found = _reviewed(options, workspace, terminal)
    lines = [say("cli.review.estimate", "en", count=found.estimate, total=len(found.samples))]
    if found.rare:
        lines.append(say("cli.review.rare", "en", names=list(found.rare)))
    lines += [
        f"{each.score:.3f}  {each.sample.name}: {each.label}, rather {each.suggested}?"
        + ("  (uncertain)" if each.uncertain else "")
        for each in found.suspects[: max(SHOWN, found.estimate)]
    ]
    return Result("\n".join(lines), found.to_json())


def _reviewed(options: argparse.Namespace, workspace: Workspace, terminal: Terminal) -> Review:
    from resnet_studio.review.report import review_dataset, review_run

    progress = terminal.steps("pictures")
    if (run := _run(str(options.data), workspace)) is not None:
        return review_run(workspace, run, device=options.device, progress=progress)
    dataset = data.opened(options, workspace, terminal)
    return review_dataset(workspace, dataset, device=options.device, progress=progress)


def _run(name: str, workspace: Workspace) -> Run | None:
    """The run called ``name``; None where that is rather a data set."""
    try:
        return workspace.find_run(name)
    except RunError:
        if ":" in name or Path(name).expanduser().exists():
            return None
        raise


def label_next(options: argparse.Namespace, workspace: Workspace, terminal: Terminal) -> Result:
    """Rank pictures without labels; add and label them where asked to."""
    from resnet_studio.data import adding, editing
    from resnet_studio.review.next_labels import rank

    del terminal
    run = workspace.find_run(options.model)
    model = api.checkpoint_path(run, workspace)
    named = adding.files_in(options.pictures)
    dataset = editing.current(workspace, run.about["dataset"]) if options.add or not named else None
    if named and dataset is not None:
        before = {sample.name for sample in dataset.unlabelled}
        dataset, _ = adding.add(workspace, dataset.id, named)
        new = [sample for sample in dataset.unlabelled if sample.name not in before]
        named = [(sample.name, dataset.path(sample)) for sample in new]
    elif dataset is not None:
        named = [(sample.name, dataset.path(sample)) for sample in dataset.unlabelled]
    if not named:
        raise DataError("error.review.no_unlabelled", run=run.id)
    found = rank(model, [file for _, file in named], device=options.device)
    names = [name for name, _ in named] if dataset else [str(file) for _, file in named]
    more: dict[str, Any] = {} if dataset is None else {"dataset": dataset.id}
    if options.pseudo_label is not None:
        if dataset is None:
            raise DataError("error.review.add_first")
        labelled = pseudo_label(workspace, dataset.id, names, found, options.pseudo_label)
        more = {"dataset": editing.current(workspace, dataset.id).id, "pseudo_labelled": labelled}
    rows = [
        {"file": names[each.place], "suggested": each.suggested, "probability": round(each.probability, 6),
         "doubt": round(each.doubt, 6)} for each in found.ranked
    ]  # fmt: skip
    lines = [f"{row['doubt']:.3f}  {row['file']}: {row['suggested']} {row['probability']:.1%}" for row in rows[:SHOWN]]
    lines += [say("cli.review.pseudo", "en", count=more["pseudo_labelled"])] if "pseudo_labelled" in more else []
    errors = {names[place]: error for place, error in found.errors.items()}
    return Result("\n".join(lines), {"pictures": rows, "errors": errors, **more})


def pseudo_label(
    workspace: Workspace, id: str, names: list[str], found: Candidates, threshold: float, *, by: str = "program"
) -> int:
    """Give the model's label to pictures that it is at least as sure of as ``threshold``; returns to how many."""
    from resnet_studio.data import editing
    from resnet_studio.data.edits import Edit

    sure: dict[str, list[str]] = {}
    for each in found.ranked:
        if each.probability >= threshold:
            sure.setdefault(each.suggested, []).append(names[each.place])
    opened = editing.edited_set(workspace, id)
    for label, pictures in sure.items():
        why = f"pseudo-label, probability at least {threshold:g}"
        step = Edit(kind="move", pictures=tuple(pictures), label=label, labelled_by="model", why=why)
        opened.edit(step, by=by)
    return sum(map(len, sure.values()))
