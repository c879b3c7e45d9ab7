from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from PIL import Image

from resnet_studio.data.pictures import BadPicture
from resnet_studio.errors import StudioError
from resnet_studio.predicting.engine import Answering, carry_out
from resnet_studio.predicting.jobs import Job, Jobs, Request, Source
from resnet_studio.prediction import Prediction
from resnet_studio.workspace import Workspace

CLASSES = ("red", "con", "a/b")


class ByColour:
    """Stands for a network: the class by the file's name, or by its number; counts the batches it gets."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, pictures: Sequence[Path]) -> list[Prediction | StudioError]:
        self.asked += [file.name for file in pictures]
        return [self._one(file) for file in pictures]

    def _one(self, file: Path) -> Prediction | StudioError:
        if file.stat().st_size < 20:
            return BadPicture("truncated", file.name)
        number = sum(map(ord, file.name)) % 3
        high = 0.5 if "doubt" in file.name else 0.8
        scores = sorted(
            ((name, high if place == number else (1 - high) / 2) for place, name in enumerate(CLASSES)),
            key=lambda each: -each[1],
        )
        return Prediction(scores[0][0], scores[0][1], tuple(scores), unknown="strange" in file.name)

    def answering(self) -> Answering:
        return Answering(self, lambda p: "unknown" if p.unknown else "unsure" if p.probability < 0.6 else "likely")


@pytest.fixture
def tool() -> ByColour:
    return ByColour()


@pytest.fixture
def pictures(tmp_path: Path) -> Callable[..., Path]:
    """A folder with ``count`` small pictures."""

    def make(count: int, *, start: int = 0) -> Path:
        folder = tmp_path / "mine"
        folder.mkdir(exist_ok=True)
        for number in range(start, start + count):
            Image.new("RGB", (4, 4), (number % 255, 0, 0)).save(folder / f"{number}.bmp")
        return folder

    return make


@pytest.fixture
def job_on(workspace: Workspace) -> Callable[..., Job]:
    def make(*folders: Path, **changes: object) -> Job:
        sources = tuple(Source("folder", str(folder), folder.name) for folder in folders)
        given = {"models": ("run:x",), "model_name": "x", "classes": CLASSES, "title": "mine", "sources": sources}
        return Jobs(workspace).new(Request(**{**given, **changes}))  # type: ignore[arg-type]

    return make


@pytest.fixture
def done(job_on: Callable[..., Job], tool: ByColour) -> Callable[..., Job]:
    def make(folder: Path) -> Job:
        job = job_on(folder)
        for _ in carry_out(job, tool.answering):
            pass
        return job

    return make
