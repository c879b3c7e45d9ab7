"""Data sets that are being mended on pages: their pictures filtered and sorted, edits, reviews of their labels."""

from __future__ import annotations

import base64
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from resnet_studio import acting, belonging
from resnet_studio.data import brought, editing, names
from resnet_studio.data.edits import Edit
from resnet_studio.errors import DataError
from resnet_studio.service import small_pictures
from resnet_studio.service.alike import Alike, Ordering
from resnet_studio.service.dataset_cache import DatasetCache
from resnet_studio.service.grouping_asked import asked_for
from resnet_studio.service.label_next import LabelNext, NextLabels
from resnet_studio.service.run_data import RunData
from resnet_studio.service.similar_names import check_similar

if TYPE_CHECKING:
    from pathlib import Path

    from resnet_studio.data.dataset import Dataset
    from resnet_studio.data.edited import Edited
    from resnet_studio.review.report import Review
    from resnet_studio.service.thumbnails import Thumbnail
    from resnet_studio.workspace import Workspace

KEPT = 4
MOST_AT_ONCE = 100_000
BY_PLACE = ("move", "leave_out", "put_back", "remove", "keep", "together", "apart", "part")
BY_CLASS = ("rename", "merge")
SORTS = ("class", "name", "size", "doubt", "like", "next")


@dataclass
class ReviewProgress:
    """A review in its thread: ``done`` of ``total`` pictures, then what was ``found``, or the ``error``."""

    dataset: str
    done: int = 0
    total: int = 0
    found: Review | None = None
    error: Exception | None = None


class NotYoursError(DataError):
    """A data set that another browser brought in, or makes."""


class Editor:
    """The last few data sets with their logs. Safe to use from many threads."""

    def __init__(self, workspace: Workspace, datasets: DatasetCache | None = None, runs: RunData | None = None) -> None:
        self._workspace = workspace
        self._datasets = DatasetCache(workspace) if datasets is None else datasets
        self._datasets.in_memory = self.in_memory
        self._opened: OrderedDict[str, editing.EditedSet] = OrderedDict()
        self._reviews: OrderedDict[str, ReviewProgress] = OrderedDict()
        self._lock = threading.Lock()
        self._alike = Alike(workspace)
        self._label_next = LabelNext(RunData(workspace) if runs is None else runs)

    def in_memory(self, id: str) -> Dataset | None:
        """The data set with the ``id`` where an opened one is that now, without reading it: 300 ms for 20,000 pictures,
        after each edit. None otherwise. Whether whoever acts here may see it is for the caller to ask.
        """
        folder = self._workspace.datasets / editing.base_of(id)
        try:
            key = _key(folder)
        except OSError:
            return None
        with self._lock:
            opened = self._opened.get(key)
        dataset = opened.dataset() if opened else None
        return dataset if dataset and dataset.id == id and dataset.root.is_dir() else None

    def opened(self, id: str) -> editing.EditedSet:
        """The data set that has, or had, the ``id``. Raises :class:`DataError` where there is none."""
        folder = editing.folder_of(self._workspace, id)
        key = _key(folder)
        with self._lock:
            if key not in self._opened:
                self._opened[key] = editing.EditedSet(folder)
                while len(self._opened) > KEPT:
                    self._opened.popitem(last=False)
            self._opened.move_to_end(key)
            return self._opened[key]

    def check(self, id: str, by: str, *, local: bool = False) -> None:
        """Raise :class:`NotYoursError` where ``by`` may not change the set, or delete it: only those may who brought it
        in or began it, and whoever is ``local``, at this very machine; where there are accounts, those whose it is.
        """
        folder = editing.folder_of(self._workspace, id)
        if acting.actor() is not None:
            if not acting.allowed("change", belonging.of_dataset(folder)):
                raise NotYoursError("error.people.shared_set")
        elif not local and not brought.may_change(self._workspace, id, by):
            raise NotYoursError("error.make.not_yours")

    def edit(self, id: str, requested: Mapping[str, Any], by: str, *, local: bool = False) -> Dataset:
        """Do what a page ``requested``: a kind, the places of pictures, a class and whether that is ``sure``; of a
        step back or forth also how many steps it has ``seen``. Raises :class:`DataError`; the rest is as :meth:`check`.
        """
        self.check(id, by, local=local)
        opened, kind = self.opened(id), requested.get("kind")
        if kind in ("undo", "redo"):
            seen = requested.get("seen")
            back_or_forth = opened.undo if kind == "undo" else opened.redo
            return back_or_forth(by=by, seen=seen if isinstance(seen, int) else None)
        label, why = str(requested.get("label") or ""), str(requested.get("why") or "")[:200]
        classes = tuple(str(each) for each in _listed(requested, "classes")) if kind in BY_CLASS else ()
        if (kind in BY_CLASS or kind == "move") and not requested.get("sure"):
            check_similar(label, classes, opened.state.classes)
        if kind in BY_CLASS:
            return opened.edit(
                Edit(kind="rename" if kind == "rename" else "merge", classes=classes, label=label, why=why), by=by
            )
        if kind == "groups":
            return opened.edit(self._grouped(opened, requested), by=by)
        if kind not in BY_PLACE:
            raise DataError("error.edit.no_pictures")
        pictures = opened.state.pictures
        places = [each for each in _listed(requested, "places") if isinstance(each, int) and 0 <= each < len(pictures)]
        chosen: Any = kind
        part = str(requested.get("part") or "") if kind == "part" else ""
        named = tuple(pictures[place].name for place in places)
        step = Edit(kind=chosen, pictures=named, label=label if kind == "move" else "", part=part, why=why)
        return opened.edit(step, by=by)

    def _grouped(self, opened: editing.EditedSet, requested: Mapping[str, Any]) -> Edit:
        """The edit that keeps together what a page asks for, by a table that it sends in base64."""
        from resnet_studio.data import groups

        kind, column = str(requested.get("by") or ""), str(requested.get("column") or "")
        try:
            table = base64.b64decode(str(requested.get("table") or ""), validate=True)
        except ValueError:
            table = b""
        with asked_for(self._workspace, kind, requested.get("seconds"), column, table) as grouping:
            return groups.together(opened.dataset(), grouping)

    def places(
        self, id: str, *, kind: str = "", standing: str = "used", part: str = "", finding: str = "", sort: str = "class"
    ) -> list[int]:
        """The places of pictures: of the class ``kind``, that are ``used``, ``unlabelled`` or ``left_out``, of a part
        or with a ``finding``; sorted by class, name, size, doubt, likeness or which to label next, once that is known.
        """
        opened = self.opened(id)
        state = opened.state
        wanted = self._datasets.names_with(opened.dataset().id, finding) if finding else None
        found = [
            place
            for place in range(len(state.pictures))
            if state.status_of(place) == standing
            and (not kind or state.kinds[place] == kind)
            and (not part or (state.parts[place] or "") == part)
            and (wanted is None or state.pictures[place].name in wanted)
        ]
        return self._sorted(opened, found, sort)

    def _sorted(self, opened: editing.EditedSet, found: list[int], sort: str) -> list[int]:
        state = opened.state
        if sort == "size":
            return sorted(found, key=lambda place: (state.pictures[place].width * state.pictures[place].height, place))
        if sort == "doubt" and (review := self.reviewed(opened.state.base.id)) is not None:
            doubt = {each.sample.name: rank for rank, each in enumerate(review.suspects)}
            return sorted(found, key=lambda place: (doubt.get(state.pictures[place].name, len(doubt)), place))
        if sort == "like" and (alike := self.by_likeness(opened.state.base.id).ranks) is not None:
            return sorted(found, key=alike.__getitem__)
        if sort == "next" and (order := self.label_next(state.base.id)) is not None and order.ranks is not None:
            asked = order.ranks
            return sorted(found, key=lambda place: (asked.get(place, len(asked)), place))
        ranks = state.ranks
        if sort == "name":
            return sorted(found, key=lambda place: ranks[place])
        kinds = {kind: rank for rank, kind in enumerate(sorted(set(state.kinds), key=names.natural))}
        return sorted(found, key=lambda place: (kinds[state.kinds[place]], ranks[place]))

    def by_likeness(self, id: str) -> Ordering:
        """The order of the data set by likeness, which is begun where that has yet to be done."""
        return self._alike.begin(self.opened(id))

    def label_next(self, id: str) -> NextLabels | None:
        """Which pictures without a label to label next, begun where that has yet to be done; None without a model."""
        return self._label_next.begin(self.opened(id))

    def row(self, id: str, place: int) -> dict[str, Any]:
        """What a page shows of the picture at ``place``."""
        return self.rows(id, [place])[0]

    def _row(self, state: Edited, place: int, likely: Mapping[int, tuple[str, float]]) -> dict[str, Any]:
        sample, waits = state.pictures[place], state.status_of(place) == "unlabelled"
        return {
            "place": place, "name": sample.name, "label": state.kinds[place], "part": state.parts[place] or "",
            "side": [sample.width, sample.height], "kept": place in state.confirmed,
            "model": state.labelled_by[place] == "model", "likely": likely.get(place) if waits else None,
        }  # fmt: skip

    def rows(self, id: str, places: Sequence[int], *, pictures: bool = False) -> list[dict[str, Any]]:
        """The :meth:`row` of each of ``places``; with ``pictures`` the small ones too, under ``picture``: empty where
        making it would keep the others waiting.
        """
        opened = self.opened(id)
        likely = self._label_next.suggested(opened)
        rows = [self._row(opened.state, place, likely) for place in places]
        small = small_pictures.addresses(self._workspace, opened.state, places) if pictures else {}
        return [row | {"picture": small.get(row["place"], "")} for row in rows] if pictures else rows

    def small(self, id: str, place: int, side: int = small_pictures.SIDE) -> Thumbnail | None:
        """The picture at ``place`` within ``side`` px: made once, by its content. None where it cannot be read."""
        return small_pictures.small(self._workspace, self.opened(id).state, place, side)

    def review(self, id: str) -> ReviewProgress:
        """Begin to review the labels of the data set as it is now, or go on; in a thread of its own."""
        opened = self.opened(id)
        dataset, base = opened.dataset(), opened.state.base.id
        with self._lock:
            known = self._reviews.get(base)
            if known is not None and known.error is None and (known.dataset == dataset.id or known.found is None):
                return known
            begun = self._reviews[base] = ReviewProgress(dataset.id)
            while len(self._reviews) > KEPT:
                self._reviews.popitem(last=False)
        threading.Thread(target=self._work, args=(begun, dataset), name="label review", daemon=True).start()
        return begun

    def _work(self, begun: ReviewProgress, dataset: Dataset) -> None:
        from resnet_studio.review.report import review_dataset

        def progress(done: int, total: int) -> None:
            begun.done, begun.total = done, total

        try:
            begun.found = review_dataset(self._workspace, dataset, progress=progress)
        except Exception as error:  # noqa: BLE001 - shown by whoever asks for it
            begun.error = error

    def begun(self, id: str) -> ReviewProgress | None:
        """The review that was begun of the data set, whatever moment of it; None for a set of somebody else."""
        if not belonging.sees_dataset(self._workspace.datasets / editing.base_of(id)):
            return None
        with self._lock:
            return self._reviews.get(editing.base_of(id))

    def reviewed(self, id: str) -> Review | None:
        """The last review of the data set; None where there is none yet."""
        begun = self.begun(id)
        return begun.found if begun else None

    def suspects(self, id: str, most: int) -> list[dict[str, Any]]:
        """The first suspects of the last review that are still as they were when it was made.

        ``likely`` are those that the review takes for wrong: the others are in the order of doubt only.
        """
        review, state = self.reviewed(id), self.opened(id).state
        if review is None:
            return []
        rows = []
        for rank, each in enumerate(review.suspects[:most]):
            place = state.places.get(each.sample.name)
            if (
                place is None
                or state.status_of(place) != "used"
                or state.kinds[place] != each.label
                or place in state.confirmed
            ):
                continue
            sides = {"own": each.sample.label, "other": review.classes.index(each.suggested)}
            near = {side: review.neighbours(each.place, label) for side, label in sides.items()}
            rows.append({
                **self.row(id, place), "suggested": each.suggested, "probability": round(each.probability, 4),
                "uncertain": each.uncertain, "likely": rank < review.estimate,
                **{side: [state.places[review.samples[at].name] for at in found] for side, found in near.items()},
            })  # fmt: skip
        return rows


def _key(folder: Path) -> str:
    """What tells the data set in ``folder`` from what was there before it was written anew."""
    return f"{folder.name} {(folder / 'dataset.json').stat().st_mtime_ns}"


def _listed(requested: Mapping[str, Any], name: str) -> Sequence[Any]:
    value = requested.get(name)
    return value[:MOST_AT_ONCE] if isinstance(value, list) else ()
