"""A race is run: the cheapest cells first, none that is clearly of no use, each written down as soon as it is known.

It lies in a folder of the workspace that is named after its pictures and settings: whoever starts the same race again
goes on where it was left, and cells that are known are not computed again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import Timeout

from resnet_studio.config import Depth, Freeze
from resnet_studio.durable import make_folder, write_json
from resnet_studio.errors import RunError, WeightsError
from resnet_studio.folder_names import slug
from resnet_studio.locks import Lock
from resnet_studio.model import architecture
from resnet_studio.stepwise import map_steps
from resnet_studio.studies import race as races
from resnet_studio.studies.race import LEVELS, VERSION, Candidate, Cell, Race, Skipped
from resnet_studio.studies.race_scores import Scoring

if TYPE_CHECKING:
    from resnet_studio.config import TrainConfig
    from resnet_studio.data.dataset import Dataset
    from resnet_studio.events import Event
    from resnet_studio.studies.race_cells import Pool
    from resnet_studio.training.control import Control
    from resnet_studio.workspace import Workspace

FOLDER, FILE = "races", "race.json"
BESIDE: Mapping[str, Any] = {
    "family": "resnet", "depth": 18, "weights": "auto", "freeze": "auto", "picture_size": None, "epochs": None,
    "stem": "auto", "gradual_unfreezing": 0, "early_picture_size": None, "devices": 1, "mix": "none",
    "adversarial": 0.0, "keep_channels": 1.0,
}  # fmt: skip
"""What is compared, and what would keep features from being cached; all else is as the user has it."""


@dataclass(frozen=True)
class RaceStep:
    """Where a race is: cell ``done`` + 1 of at most ``total``, and what that does now."""

    race: Race
    done: int
    total: int
    candidate: Candidate | None
    event: Event | None = None


@dataclass(frozen=True)
class Field:
    """What is to be compared. None means all that there is: depths of ResNet, sizes that fit the pictures."""

    depths: Sequence[Depth] | None = None
    sizes: Sequence[int] | None = None
    levels: Sequence[Freeze] = LEVELS
    download: bool = False


def run_race(
    dataset: Dataset,
    config: TrainConfig,
    workspace: Workspace,
    control: Control,
    wanted: Field = Field(),
) -> Generator[RaceStep, None, Race]:
    """Compare what is ``wanted`` for a training of ``config`` on ``dataset``; yields where it is.

    Ends early where ``control`` asks for it: the race is not complete then, and goes on when it is started again.
    Raises :class:`StudioError` as a training would, and where another program runs the same race.
    """
    from resnet_studio.studies.race_cells import pool
    from resnet_studio.training.lineage import with_weights_of_run

    config = with_weights_of_run(config.replace(**BESIDE), workspace, dataset)
    networks, left = races.networks(wanted.depths, download=wanted.download)
    if not networks:
        raise WeightsError("error.race.no_weights")
    empty = Race("", dataset.id, len(dataset.classes), 0, Scoring(()))
    preparing = pool(dataset, config, workspace, control)
    found = yield from map_steps(preparing, lambda event: RaceStep(empty, 0, 0, None, event))
    if found is None:
        return empty
    begun = Race(race_id(found), dataset.id, len(found.split.classes), len(found.samples), found.scoring,
                 skipped=tuple(left))  # fmt: skip
    folder = workspace.root / FOLDER / begun.id
    make_folder(folder)
    try:
        with Lock(folder / "lock").acquire(timeout=0):
            work = _Work(found, dataset, workspace, control, wanted, begun, read_cells(folder / FILE))
            return (yield from work.run(networks))
    except Timeout as error:
        raise RunError("error.race.busy") from error


@dataclass
class _Work:
    pool: Pool
    dataset: Dataset
    workspace: Workspace
    control: Control
    wanted: Field
    race: Race
    known: dict[str, Cell]
    total: int = 0
    ended: bool = field(default=False)

    def run(self, networks: Sequence[tuple[Depth, str]]) -> Generator[RaceStep, None, Race]:
        sizes = {network: races.sizes(self.dataset.median_side, network[1], self.wanted.sizes) for network in networks}
        levels = [level for level in self.wanted.levels if level != "layer4"]
        self.total = sum(len(each) + len(levels) for each in sizes.values())
        for network in networks:
            yield from self._heads(network, sizes[network])
        for network in networks:
            if not self.ended:
                yield from self._levels(network, levels)
        self.race = replace(self.race, complete=not self.ended)
        self._write()
        return self.race

    def _heads(self, network: tuple[Depth, str], sizes: Sequence[int]) -> Generator[RaceStep, None, None]:
        """Heads on features at rising sizes, until a larger one clearly gains nothing."""
        before: Cell | None = None
        for place, size in enumerate(sizes):
            if self._nothing_left(network):
                return self._skip(network, "layer4", sizes[place:], "race.skipped.nothing_left")
            cell = yield from self._cell(Candidate(*network, "layer4", size))
            if cell is None:
                return None
            if before is not None and self._no_use(cell, before):
                return self._skip(network, "layer4", sizes[place + 1 :], "race.skipped.size")
            before = cell if before is None or self.race.score(cell) > self.race.score(before) else before
        return None

    def _levels(self, network: tuple[Depth, str], levels: Sequence[Freeze]) -> Generator[RaceStep, None, None]:
        """Short fine-tunings at the size at which the head did best, from the last stage on."""
        own = [cell for cell in self.race.cells if _network(cell) == network]
        heads, best = [cell for cell in own if cell.candidate.freeze == "layer4"], self.race.best
        if not heads or best is None:
            return None
        before = max(heads, key=self.race.score)
        size = before.candidate.size
        for place, level in enumerate(levels):
            rest = levels[place:]
            if self._nothing_left():
                return self._skip(network, rest, [size], "race.skipped.nothing_left")
            if (
                _network(best) != network
                and self.race.scoring.gains(best.answers, before.answers)[0] > 0
                and self._no_use(before, best)
            ):
                return self._skip(network, rest, [size], "race.skipped.network")
            cell = yield from self._cell(Candidate(*network, level, size))
            if cell is None:
                return None
            if self._no_use(cell, before):
                return self._skip(network, levels[place + 1 :], [size], "race.skipped.level")
            before = max(before, cell, key=self.race.score)
        return None

    def _nothing_left(self, network: tuple[Depth, str] | None = None) -> bool:
        """Whether a cell, of another network than this one, is right nearly always."""
        best = self.race.best
        return best is not None and self.race.score(best) >= 1 - races.NOTHING_LEFT and _network(best) != network

    def _no_use(self, larger: Cell, smaller: Cell) -> bool:
        return self.race.scoring.no_use(larger.answers, smaller.answers)

    def _cell(self, candidate: Candidate) -> Generator[RaceStep, None, Cell | None]:
        from resnet_studio.studies.race_cells import compute

        done = len(self.race.cells)
        yield RaceStep(self.race, done, max(self.total, done + 1), candidate)
        cell = self.known.get(candidate.key)
        if cell is None and not self.control.request:
            work = compute(candidate, self.pool, self.workspace, self.control)
            cell = yield from map_steps(
                work, lambda event: RaceStep(self.race, done, max(self.total, done + 1), candidate, event)
            )
        if cell is None:
            self.ended = True
            return None
        self.race = replace(self.race, cells=(*self.race.cells, cell))
        self.known[candidate.key] = cell
        self._write()
        return cell

    def _skip(
        self, network: tuple[Depth, str], levels: Freeze | Sequence[Freeze], sizes: Sequence[int], reason: str
    ) -> None:
        title = architecture.get(network[0]).title
        each_level = [levels] if isinstance(levels, str) else levels
        new = [Skipped(title, network[1], level, size, reason) for level in each_level for size in sizes]
        self.race = replace(self.race, skipped=(*self.race.skipped, *new))
        self.total -= len(new)

    def _write(self) -> None:
        values = {"version": VERSION, "race": self.race.id, "cells": [asdict(cell) for cell in self.known.values()]}
        write_json(self.workspace.root / FOLDER / self.race.id / FILE, values)


def _network(cell: Cell) -> tuple[Depth, str]:
    return cell.candidate.depth, cell.candidate.weights


def race_id(pool: Pool) -> str:
    """A name that only a race on the same pictures with the same settings has."""
    samples = [[each.name, each.content or [each.bytes, each.modified], each.label] for each in pool.samples]
    text = json.dumps([VERSION, samples, pool.folds.tolist(), pool.config.to_json()], sort_keys=True)
    return f"{slug(pool.split.dataset_name)}-{hashlib.sha256(text.encode()).hexdigest()[:10]}"


def read_cells(file: Path) -> dict[str, Cell]:
    """The cells that ``file`` holds; none where it is missing, damaged or of another version."""
    with suppress(OSError, ValueError, LookupError, TypeError, AttributeError):
        values: Any = json.loads(file.read_text(encoding="utf-8"))
        if values["version"] == VERSION:
            cells = [races.cell_from_json(each) for each in values["cells"]]
            return {cell.candidate.key: cell for cell in cells}
    return {}
