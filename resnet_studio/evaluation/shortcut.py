"""Whether a model goes by the things themselves or by a shortcut: a mark in a corner, a date, a border, a tint.

Two kinds of experiments on what the network sees of a sample of the test pictures. Parts are taken away (what it
looked at, all else, corners, border, colour), and the score is compared on the same pictures. And a corner, an edge,
the border or the colour cast is exchanged for that of a picture of another class: where the answers follow, that place
gives the class away. It finds shortcuts as Lapuschkin et al. (Nature Communications 10, 2019) describe them, where they
lie at the rim or in the colours; one that lies upon the things themselves cannot be told from them so.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from resnet_studio.data.views import Framed
from resnet_studio.evaluation import probing
from resnet_studio.evaluation.exchanges import (
    CORNERS,
    PLACES,
    ExchangeTest,
    chosen_donors,
    convincing,
    exchanged,
    followers,
    region,
)
from resnet_studio.evaluation.heatmaps import HeatMap, heat_maps, laid_over
from resnet_studio.evaluation.paired_tests import paired_bootstrap, surely_fewer, uncounted
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.evaluation.slow_parts import PartProgress, SlowPart, Step
from resnet_studio.text import Language, say

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

    from resnet_studio.prediction import Predictor

REMOVALS = ("looked", "random", "elsewhere", *CORNERS, "border", "grey")
HOTTEST = 0.2
MOST = 200


@dataclass(frozen=True)
class Removal:
    """The accuracy without a part of the pictures, and the drop with the 95 % interval of a paired bootstrap: so many
    answers were ``lost`` and ``won`` (see :func:`uncounted`).
    """

    name: str
    accuracy: float
    drop: float
    drop_interval: tuple[float, float]
    lost: int = 0
    won: int = 0

    @property
    def costs(self) -> bool:
        """Whether that is surely a loss."""
        return surely_fewer(self.lost, self.won)


@dataclass(frozen=True)
class Shortcut:
    """What ``count`` test pictures, of which ``accuracy`` are answered rightly, showed."""

    count: int
    accuracy: float
    removals: tuple[Removal, ...]
    exchanges: tuple[ExchangeTest, ...]

    @property
    def called(self) -> tuple[ExchangeTest, ...]:
        """The places that give a class away, the most convincing first."""
        return tuple(sorted((each for each in self.exchanges if each.called), key=lambda each: -each.share))

    def removal(self, name: str) -> Removal:
        """The one called ``name``."""
        return next(each for each in self.removals if each.name == name)


class ShortcutPart(SlowPart[Shortcut]):
    """See the module; each experiment is a step, and kept."""

    name = "shortcut"
    version = 2  # a corner takes as much as an edge

    def steps(self, report: RunReport, progress: PartProgress) -> Generator[Step, None, Shortcut | None]:
        """See :class:`SlowPart`."""
        yield Step(0, TOTAL)
        if report.report is None or not report.run.best.is_file():
            return None
        places = probing.sampled_places(report, MOST)
        found = list(probing.uprights(report, places))
        labels = np.array([report.split.test[place].label for place, _ in found], int)
        if len(set(labels.tolist())) < 2:
            return None
        return (yield from examine(report.predictor, [picture for _, picture in found], labels, progress))

    def to_json(self, value: Shortcut) -> Any:
        """See :class:`Part`."""
        found = asdict(value)
        found["exchanges"] = [{**asdict(each), "share": round(each.share, 4)} for each in value.exchanges]
        return {**found, "called": [each.place for each in value.called]}

    def from_json(self, stored: Any) -> Shortcut:
        """See :class:`Part`."""
        removals = tuple(
            Removal(
                each["name"], float(each["accuracy"]), float(each["drop"]), _pair(each["drop_interval"]),
                *uncounted(each, int(stored["count"])),
            )
            for each in stored["removals"]
        )  # fmt: skip
        exchanges = tuple(
            ExchangeTest(
                each["place"], int(each["label"]), int(each["followed"]), int(each["count"]), bool(each["called"])
            )
            for each in stored["exchanges"]
        )
        if [each.name for each in removals] != list(REMOVALS) or [each.place for each in exchanges] != list(PLACES):
            raise ValueError("unknown experiments")
        return Shortcut(int(stored["count"]), float(stored["accuracy"]), removals, exchanges)


TOTAL = 1 + len(REMOVALS) + len(PLACES)
SHORTCUT = ShortcutPart()


def examine(
    predictor: Predictor, pictures: list[Image.Image], labels: NDArray[Any], progress: PartProgress | None = None
) -> Generator[Step, None, Shortcut]:
    """Do all experiments with upright ``pictures`` [N] of true ``labels`` [N], of two classes at least."""
    framed = Framed.of(predictor.card.preprocessing)
    views = np.stack([framed.pixels(picture) for picture in pictures])
    before = probing.probabilities(predictor, views).argmax(1)
    experiments: dict[str, Callable[[], Any]] = _removals(predictor, pictures, views)
    donors = chosen_donors(labels)
    for place in PLACES:
        experiments[f"exchange-{place}"] = partial(exchanged, views, views[donors], place)
    after: dict[str, NDArray[Any]] = {}
    for name, make in experiments.items():
        yield Step(1 + len(after), TOTAL)
        stored = progress.load(name) if progress else None
        if not isinstance(stored, list) or len(stored) != len(views):
            stored = probing.probabilities(predictor, make()).argmax(1).tolist()
            if progress:
                progress.save(name, stored)
        after[name] = np.array(stored)
    removals = tuple(_removal(name, labels, before, after[name]) for name in REMOVALS)
    given = {place: followers(labels[donors], before, after[f"exchange-{place}"]) for place in PLACES}
    exchanges = tuple(convincing(place, given, len(predictor.card.classes)) for place in PLACES)
    return Shortcut(len(labels), float((before == labels).mean()), removals, exchanges)


def _removals(
    predictor: Predictor, pictures: list[Image.Image], views: NDArray[np.uint8]
) -> dict[str, Callable[[], Any]]:
    """What makes the views without each of :data:`REMOVALS`."""
    hot = hottest(predictor, pictures, views.shape[1])
    found: dict[str, Callable[[], Any]] = {
        "looked": lambda: _where(hot, blurred(views), views),
        "random": lambda: _where(_moved(hot), blurred(views), views),
        "elsewhere": lambda: _where(~hot, blurred(views), views),
        "grey": lambda: np.repeat(_grey(views)[..., None], 3, 3),
    }
    for place in (*CORNERS, "border"):
        found[place] = partial(_where, region(place, views.shape[1])[None], _plain(views), views)
    return {name: found[name] for name in REMOVALS}


def hottest(predictor: Predictor, pictures: list[Image.Image], side: int) -> NDArray[np.bool_]:
    """The hottest fifth of each view, bool [N, side, side]."""
    found = np.zeros((len(pictures), side, side), bool)
    for at, each in enumerate(heat_maps(predictor, pictures)):
        if isinstance(each, HeatMap):
            cells = (each.values - each.values.min()) / max(float(np.ptp(each.values)), 1e-12)
            heat = laid_over(cells.astype(np.float32), (0.0, 0.0, 1.0, 1.0), side, side)
            order = np.argsort(-heat, axis=None, kind="stable")[: round(HOTTEST * side * side)]
            found[at].flat[order] = True
    return found


def blurred(views: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """``views`` without anything finer than about a sixth of their side."""
    from PIL import Image, ImageFilter

    radius = views.shape[1] / 12
    return np.stack([np.asarray(Image.fromarray(each).filter(ImageFilter.GaussianBlur(radius))) for each in views])


def _moved(masks: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The same shapes at random places, around the edges."""
    draw = np.random.default_rng(0)
    side = masks.shape[1]
    return np.stack([np.roll(mask, tuple(draw.integers(0, side, 2)), (0, 1)) for mask in masks])


def _where(masks: NDArray[np.bool_], inside: NDArray[np.uint8], views: NDArray[np.uint8]) -> NDArray[np.uint8]:
    found: NDArray[np.uint8] = np.where(masks[..., None], inside, views)
    return found


def _plain(views: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Each picture's mean colour, [N, 1, 1, 3]."""
    found: NDArray[np.uint8] = np.round(views.mean((1, 2), keepdims=True)).astype(np.uint8)
    return found


def _grey(views: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """As Pillow's mode L has it (ITU-R 601-2)."""
    found: NDArray[np.uint8] = np.round(views @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)
    return found


def _removal(name: str, labels: NDArray[Any], before: NDArray[Any], after: NDArray[Any]) -> Removal:
    was, now, count = before == labels, after == labels, len(labels)
    lost, won = int((was & ~now).sum()), int((~was & now).sum())
    low, high = paired_bootstrap(lost, won, count)
    return Removal(name, float(now.mean()), (lost - won) / count, (low, high), lost, won)


def _pair(values: Any) -> tuple[float, float]:
    low, high = values
    return float(low), float(high)


def sentences(value: Shortcut, classes: tuple[str, ...], language: Language) -> list[str]:
    """What was found: each place that gives a class away, else that there is none."""
    if not value.called:
        looked, other = value.removal("looked"), value.removal("random")
        return [say("shortcut.none", language, looked=_cost(looked.drop, language), other=_cost(other.drop, language))]
    return [
        say(
            f"shortcut.called.{'cast' if each.place == 'cast' else 'place'}", language,
            place=say(f"shortcut.place.{each.place}", language), name=classes[each.label], followed=each.followed,
            count=each.count,
        )
        for each in value.called
    ]  # fmt: skip


def _cost(drop: float, language: Language) -> str:
    """So many points of accuracy in words; where it rose, which is chance, that nothing was lost."""
    points = round(100 * drop)
    return say("shortcut.costs", language, count=points) if points > 0 else say("shortcut.costs.nothing", language)
