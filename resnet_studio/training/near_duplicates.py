"""Near-duplicates stay on one side of the split: they are searched for before a training begins."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from resnet_studio.data import groups, near, splitting
from resnet_studio.data.cache import ArrayCache
from resnet_studio.data.folds import Fold
from resnet_studio.data.part_names import PARTS
from resnet_studio.data.run_split import split_of
from resnet_studio.events import Event, Noted, Preparing
from resnet_studio.stepwise import map_steps
from resnet_studio.training.waiting import study_of

if TYPE_CHECKING:
    from resnet_studio.data.dataset import Sample, Split
    from resnet_studio.training.control import Control
    from resnet_studio.workspace import Run

STAGE = "near-duplicates"
_SERIES_APART = 0.1  # of all series, from which on it is worth a word


def group_near_duplicates(run: Run, control: Control) -> Generator[Event, None, bool]:
    """Look for near-duplicates, if that has yet to be done for ``run``, and write a new split where there are any; of a
    cross-validation that of all its parts, so that they are folds of one grouping.

    Returns False where ``control`` asked it to end.
    """
    before = split_of(run)
    if before.together.get("near", 0) is not None:
        return True
    samples = splitting.whole(before).samples
    search = near.near_groups(samples, [before.path(sample) for sample in samples], ArrayCache(run.cache))
    found: near.Groups = ()
    progress = map_steps(search, lambda step: Preparing(stage=STAGE, done=step.done, total=step.total))
    while True:
        try:
            yield next(progress)
        except StopIteration as stop:
            found = stop.value
            break
        if control.request:
            progress.close()
            return False
    if Fold.written(before.together):
        for part in study_of(run):
            other = split_of(part)
            if part != run and other.together.get("near", 0) is None:
                list(_write_split(part, other, samples, found))
    yield from _write_split(run, before, samples, found)
    return True


def series_cautions(cut: Split) -> Iterator[Event]:
    """Warn where series, as the names show them, lie on more than one side of ``cut``."""
    if cut.preset or not cut.together:
        return
    whole = splitting.whole(cut)
    if (proposal := groups.suggested(whole)) is None:
        return
    keys = groups.keys_of(whole, proposal)
    sides: dict[str, set[str]] = defaultdict(set)
    named = zip(whole.samples, keys, strict=True)
    key_of = {sample.name: key for sample, key in named}
    for part in PARTS:
        for sample in getattr(cut, part):
            sides[key_of[sample.name]].add(part)
    apart = sum(len(parts) > 1 for key, parts in sides.items() if key)
    if apart > _SERIES_APART * len(sides):
        values = {"groups": groups.preview(whole, keys).groups, "by": str(proposal)}
        yield Noted(key="note.groups.series", values=values)


def _write_split(run: Run, before: Split, samples: Sequence[Sample], found: near.Groups) -> Iterator[Event]:
    """Write down the split with the near-duplicates ``found`` among ``samples`` on one side."""
    config = run.config
    keys = groups.joined([sample.group for sample in samples], near.keys_of(len(samples), found))
    kept = groups.without_whole_classes(samples, keys)
    together = {**before.together, "near": len(found), "near_pictures": sum(map(len, found))}
    after = replace(before, together=together)
    if found:
        after = splitting.resplit(before, samples, kept, config, together)
    run.write_json("split.json", after.to_json())
    counts = {str(part): count for part, count in after.counts.items()}
    content = run.read_json("config.json")
    run.write_json("config.json", {**content, "about": {**content["about"], "counts": counts}})
    if found:
        yield Noted(key="note.groups.near", values={"groups": len(found), "pictures": together["near_pictures"]})
    if kept != keys:
        whole = groups.one_group_classes(samples, before.classes, keys)
        yield Noted(key="note.groups.whole_class", values={"classes": list(whole[:5]), "count": len(whole)})
