"""Test pictures to try on a trained model: it has not learned from them, and what they show is known."""

from __future__ import annotations

import secrets
import shutil
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import Path
from urllib.parse import quote

from resnet_studio.data.dataset import Split
from resnet_studio.errors import DataError
from resnet_studio.service.run_data import RunData
from resnet_studio.text import Language
from resnet_studio.ui.page.templates import render
from resnet_studio.workspace import Run, Workspace

SHOWN = 10


@dataclass(frozen=True)
class Try:
    """A test picture: its place among the test pictures of ``run``, and the name of its class."""

    run: str
    index: int
    name: str

    @property
    def address(self) -> str:
        """Where its thumbnail is."""
        return f"studio/runs/{quote(self.run)}/picture/test/{self.index}"


def tries_of(data: RunData, run: Run, first: int = 0) -> tuple[list[Try], int]:
    """Up to ten test pictures of ``run`` from the ``first`` on, the classes taking turns; and how many there are."""
    split = data.split(run)
    if split is None:
        return [], 0
    turns = _interleave_classes(split)
    wanted = [turns[(first + at) % len(turns)] for at in range(min(SHOWN, len(turns)))]
    there = [index for index in wanted if split.path(split.test[index]).is_file()]
    return [Try(run.id, index, split.classes[split.test[index].label]) for index in there], len(turns)


def _interleave_classes(split: Split) -> list[int]:
    classes: dict[int, list[int]] = defaultdict(list)
    for index, sample in enumerate(split.test):
        classes[sample.label].append(index)
    rounds = zip_longest(*(classes[label] for label in sorted(classes)))
    return [index for index in chain.from_iterable(rounds) if index is not None]


def copy_test_picture(data: RunData, run: Run, index: int, workspace: Workspace) -> Path:
    """A copy of test picture ``index`` of ``run`` where the page may show it. Raises :class:`DataError`."""
    file = data.picture(run, "test", index)
    if file is None or not file.is_file():
        raise DataError("error.predict.try_gone")
    folder = workspace.temporary / f"try-{secrets.token_hex(8)}"
    folder.mkdir(parents=True)
    return Path(shutil.copyfile(file, folder / file.name))


def panel(tries: Sequence[Try], first: int, total: int, language: Language, *, drawn: bool) -> str:
    """The pictures as buttons, and one that leads to the drawing pad where the pictures are drawings (``drawn``)."""
    if not tries:
        return ""
    more = (first + SHOWN) % total if total > SHOWN else None
    return render("predict/tries.html", language, tries=tries, more=more, drawn=drawn)
