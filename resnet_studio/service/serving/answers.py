"""What is answered, as it goes out: predictions as plain values, what models are like, alarms for people."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from resnet_studio.errors import StudioError
from resnet_studio.service.serving.drift import FEWEST_KNOWN, DriftFinding
from resnet_studio.service.serving.models import Served
from resnet_studio.text import Language, say

if TYPE_CHECKING:
    from PIL import Image

HEAT_SIDE = 224


@dataclass(frozen=True)
class Score:
    """A class and its calibrated probability."""

    label: str
    probability: float


@dataclass(frozen=True)
class Answer:
    """The answer for one picture, or the ``error`` that says why there is none.

    ``level`` is one of sure, likely, unsure, unrated and unknown, ``words`` says it in a sentence. ``unknown``: the
    picture is of none of the classes. ``heat_map`` is a PNG in base64 to lay over the picture.
    """

    picture: str
    label: str | None = None
    probability: float | None = None
    level: str | None = None
    words: str | None = None
    unknown: bool | None = None
    unlike: float | None = None
    scores: tuple[Score, ...] = ()
    heat_map: str | None = None
    error: str | None = None


@dataclass(frozen=True)
class Answers:
    """The answers of one ``model`` for the pictures of one request, in their order."""

    model: str
    version: str
    predictions: tuple[Answer, ...]


@dataclass(frozen=True)
class Alarm:
    """One kind of drift: its ``state`` is one of stable, drifted, too_few and no_record; ``text`` says it."""

    kind: str
    state: str
    answers: int
    change: float
    text: str


@dataclass(frozen=True)
class About:
    """What a model is like. ``default``: it answers where no version is asked for."""

    name: str
    version: str
    default: bool
    classes: tuple[str, ...]
    network: str
    engine: str
    picture_side: int
    tells_unknown: bool
    heat_maps: bool
    drift: tuple[Alarm, ...]


@dataclass(frozen=True)
class Abouts:
    """All models that are served."""

    models: tuple[About, ...]


@dataclass(frozen=True)
class Problem:
    """Why a request was refused, in a sentence that says what to do."""

    error: str


def answer(served: Served, name: str, found: Any, language: Language, top_k: int, heat: bytes | None = None) -> Answer:
    """What ``served`` ``found`` for the picture called ``name``; ``heat`` is a PNG."""
    if isinstance(found, StudioError):
        return Answer(name, error=found.sentence(language))
    level = served.level(found)
    return Answer(
        name, found.label, found.probability, level, say(f"serve.level.{level}", language), found.unknown, found.unlike,
        tuple(Score(label, probability) for label, probability in found.scores[:top_k]),
        None if heat is None else base64.b64encode(heat).decode("ascii"),
    )  # fmt: skip


def heat_map(served: Served, picture: Image.Image, label: int) -> bytes | None:
    """Where the model looked for the class with the index ``label``, as a PNG of 224 px at most; None without one."""
    from resnet_studio.evaluation import overlay
    from resnet_studio.evaluation.heatmaps import heat_maps

    predictor = served.predictor
    if predictor is None:
        return None
    (found,) = heat_maps(predictor, [picture], label)
    if isinstance(found, StudioError):
        return None
    scale = min(1.0, HEAT_SIDE / max(found.size))
    width, height = (max(1, round(side * scale)) for side in found.size)
    return overlay.encoded(overlay.painted(found, width, height))


def about(served: Served, *, default: bool, language: Language) -> About:
    """What ``served`` is like."""
    return About(
        served.name, served.version, default, served.answers.classes, served.network, served.engine,
        served.answers.preprocessing.crop, served.tells_unknown,
        served.checkpoint is not None, tuple(alarm(each, language) for each in served.drift.findings()),
    )  # fmt: skip


def abouts(models: Sequence[Served], language: Language) -> Abouts:
    """What ``models`` are like; the first of a name is its default."""
    first = {each.name: each for each in reversed(models)}
    return Abouts(tuple(about(each, default=first[each.name] is each, language=language) for each in models))


def alarm(found: DriftFinding, language: Language = "en") -> Alarm:
    """``found`` for people."""
    values = {**asdict(found), "least": FEWEST_KNOWN}
    text = say(f"serve.drift.{found.kind}.{found.state}", language, **values)
    return Alarm(found.kind, found.state, found.answers, found.change, text)
