"""One page of the table of a prediction job: sorted and filtered, without holding the answers in memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Literal

import numpy as np

from resnet_studio.data.names import natural
from resnet_studio.predicting.jobs import Job, Picture
from resnet_studio.predicting.rows import AnswerRow, Index

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from resnet_studio.service.predicting import PredictionJobs

Order = Literal["given", "doubt", "name", "class"]
ORDERS: tuple[Order, ...] = ("given", "doubt", "name", "class")
REMEMBERED = 4


@dataclass(frozen=True)
class Query:
    """Which rows: sorted by ``order``, falling where ``reverse``; ``first`` and ``count`` of those that fit.

    ``label`` is a class by its place, ``unknown`` stands for none of them.
    """

    order: Order = "given"
    reverse: bool = False
    only_unsure: bool = False
    failed: bool = False
    label: int | None = None
    unknown: bool = False
    first: int = 0
    count: int = 50


@dataclass(frozen=True)
class TableEntry:
    """One row: its ``place`` among the pictures of the job, the picture, the answer."""

    place: int
    picture: Picture
    row: AnswerRow


@dataclass(frozen=True)
class Page:
    """The ``entries`` of a page, and how many rows fit in all."""

    fitting: int
    first: int
    entries: tuple[TableEntry, ...]


class PredictionTable:
    """Pages of the tables of the jobs looked at last."""

    def __init__(self, jobs: PredictionJobs) -> None:
        self._jobs = jobs
        self._names: OrderedDict[str, tuple[list[Picture], NDArray[np.int64]]] = OrderedDict()
        self._lock = Lock()

    def page(self, job: Job, query: Query) -> Page:
        """The page of ``job`` that ``query`` asks for."""
        index, total = self._jobs.index(job)
        if total is None or not len(index):
            return Page(0, 0, ())
        pictures, ranks = self._pictures(job)
        chosen = index.chosen(
            only_unsure=query.only_unsure, label=query.label, failed=query.failed, unknown=query.unknown
        )  # fmt: skip
        ordered = _ordered(chosen, index, ranks, job.request.classes, query)
        first = min(query.first, max(0, (len(ordered) - 1) // query.count * query.count))
        places = ordered[first : first + query.count].tolist()
        rows = job.rows.at([int(index.offsets[place]) for place in places])
        entries = [TableEntry(place, pictures[place], row) for place, row in zip(places, rows, strict=True)]
        return Page(len(ordered), first, tuple(entries))

    def picture(self, job: Job, place: int) -> Picture | None:
        """The picture at ``place``; None where there is none."""
        if not job.pictures_file.is_file():
            return None
        pictures, _ = self._pictures(job)
        return pictures[place] if 0 <= place < len(pictures) else None

    def _pictures(self, job: Job) -> tuple[list[Picture], NDArray[np.int64]]:
        """All pictures, and the place of each by name."""
        with self._lock:
            if job.id not in self._names:
                pictures = job.pictures()
                self._names[job.id] = pictures, _ranks([picture.name for picture in pictures])
                while len(self._names) > REMEMBERED:
                    self._names.popitem(last=False)
            self._names.move_to_end(job.id)
            return self._names[job.id]


def _ranks(names: Sequence[str]) -> NDArray[np.int64]:
    """The place of each of ``names`` when they are sorted as people count."""
    ranks = np.empty(len(names), np.int64)
    ranks[sorted(range(len(names)), key=lambda place: natural(names[place]))] = np.arange(len(names))
    return ranks


def _ordered(
    chosen: NDArray[np.int64], index: Index, ranks: NDArray[np.int64], classes: Sequence[str], query: Query
) -> NDArray[np.int64]:
    """``chosen`` in the order of ``query``; in doubt, the least probable answers come first, then those that failed."""
    if query.order == "doubt":
        failed = index.best[chosen] < 0
        order = np.lexsort((index.probability[chosen], failed))
    elif query.order == "name":
        order = np.argsort(ranks[chosen], kind="stable")
    elif query.order == "class":
        by_name = _ranks(classes)
        best = index.best[chosen]
        order = np.lexsort((-index.probability[chosen], np.where(best < 0, len(classes), by_name[best])))
    else:
        order = np.arange(len(chosen))
    found: NDArray[np.int64] = chosen[order[::-1] if query.reverse else order]
    return found
