"""How a model bears the usual small changes of its pictures: light, blur, noise, compression, turns, scale, colour; and
changes that are made against it, see :mod:`resnet_studio.evaluation.attacks`.

Each change is applied, at two strengths, to what the network sees of a sample of the test pictures. The kinds follow
the common corruptions of Hendrycks and Dietterich (arXiv 1903.12261), in strengths that careless photographs have.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from resnet_studio.data.views import Framed
from resnet_studio.evaluation import attacks, probing
from resnet_studio.evaluation.attacks import AttackScore
from resnet_studio.evaluation.paired_tests import paired_bootstrap, surely_fewer_of_many, uncounted
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.evaluation.report import wilson_interval
from resnet_studio.evaluation.slow_parts import PartProgress, SlowPart, Step

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

Kind = Literal["darker", "brighter", "contrast", "colour", "blur", "noise", "jpeg", "turn", "nearer"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Strength = Literal["mild", "strong"]
STRENGTHS: tuple[Strength, ...] = get_args(Strength)
AMOUNTS: Mapping[Kind, tuple[float, float]] = {
    "darker": (0.65, 0.35),  # factor on the brightness
    "brighter": (1.4, 1.9),
    "contrast": (0.6, 0.3),  # factor on the differences from the mean brightness
    "colour": (0.15, 0.35),  # red is multiplied by 1 plus this, blue by 1 minus this: another light
    "blur": (1.0, 2.2),  # standard deviation, px at 224 px
    "noise": (0.04, 0.12),  # standard deviation on the 0..1 scale
    "jpeg": (25, 8),  # quality
    "turn": (10, 25),  # degrees, every other picture to the left
    "nearer": (0.85, 0.65),  # the share of the sides that remains
}
LEAST_BLUR = 0.36
"""Of the standard deviation, in small pictures: below a third of a pixel a blur changes nothing."""
MOST = 500
ROOM = 200_000_000
"""Bytes of views that are held."""
BATCH = 64
EXAMPLES = 4


@dataclass(frozen=True)
class Score:
    """The accuracy under a change, with its 95 % interval (Wilson), and the drop against the clean pictures.

    ``drop_interval`` is that of a paired bootstrap over the same pictures, of which so many were ``lost`` and ``won``
    (see :func:`uncounted`). ``fooled`` are places among the test
    pictures that were right before and wrong after, the surest wrong answers first.
    """

    kind: Kind
    strength: Strength
    accuracy: float
    interval: tuple[float, float]
    drop: float
    drop_interval: tuple[float, float]
    fooled: tuple[tuple[int, int], ...] = ()
    lost: int = 0
    won: int = 0


@dataclass(frozen=True)
class Robustness:
    """The scores of ``count`` test pictures, as they are (``accuracy``, ``interval``) and after each change, and of
    some of them under attack; in what was stored before there were attacks, none.
    """

    count: int
    accuracy: float
    interval: tuple[float, float]
    scores: tuple[Score, ...]
    attacks: tuple[AttackScore, ...] = ()

    @property
    def worst(self) -> Score | None:
        """The change that costs most, where any surely costs something; of equal ones the mild one."""
        return max(_harmful(self.scores), key=lambda score: (score.drop, score.strength == "mild"), default=None)

    @property
    def fragile(self) -> Score | None:
        """The mild change that costs most, where one surely costs something."""
        mild = [score for score in self.scores if score.strength == "mild"]
        return max(_harmful(mild), key=lambda score: score.drop, default=None)


def _harmful(scores: Sequence[Score]) -> list[Score]:
    """Those of ``scores`` that surely cost something."""
    sure = surely_fewer_of_many([(each.lost, each.won) for each in scores])
    return [each for each, costs in zip(scores, sure, strict=True) if costs]


class RobustnessPart(SlowPart[Robustness]):
    """See the module; each change is a step, and kept."""

    name = "robustness"

    def steps(self, report: RunReport, progress: PartProgress) -> Generator[Step, None, Robustness | None]:
        """See :class:`SlowPart`."""
        total = 1 + len(KINDS) * len(STRENGTHS) + len(attacks.NAMES)
        yield Step(0, total)
        if report.report is None or not report.run.best.is_file() or not report.split.test:
            return None
        side = report.predictor.card.preprocessing.crop
        chosen = probing.sampled_places(report, min(MOST, max(50, ROOM // (3 * side * side))))
        found = list(probing.uprights(report, chosen))
        if not found:
            return None
        places = [place for place, _ in found]
        framed = Framed.of(report.predictor.card.preprocessing)
        views = np.stack([framed.pixels(picture) for _, picture in found])
        del found
        labels = np.array([report.split.test[place].label for place in places])
        clean = probing.probabilities(report.predictor, views).argmax(1)
        scores: list[Score] = []
        for kind in KINDS:
            for strength in STRENGTHS:
                yield Step(1 + len(scores), total)
                answers = _answers(report, views, kind, strength, progress)
                scores.append(_score(kind, strength, labels, clean, answers, places))
        attacked: list[AttackScore] = []
        some = probing.stratified(labels.tolist(), attacks.MOST)
        for name in attacks.NAMES:
            yield Step(1 + len(scores) + len(attacked), total)
            against = report.run.config.adversarial
            attacked.append(attacks.attack(name, report.predictor, views[some], labels[some].tolist(), against))
        right, count = int((clean == labels).sum()), len(labels)
        return Robustness(count, right / count, wilson_interval(right, count), tuple(scores), tuple(attacked))

    def to_json(self, value: Robustness) -> Any:
        """See :class:`Part`."""
        worst, fragile = value.worst, value.fragile
        return {
            **asdict(value),
            "worst": None if worst is None else {"kind": worst.kind, "strength": worst.strength, "drop": worst.drop},
            "fragile": None if fragile is None else {"kind": fragile.kind, "drop": fragile.drop},
        }

    def from_json(self, stored: Any) -> Robustness:
        """See :class:`Part`."""
        scores = tuple(
            Score(
                each["kind"], each["strength"], float(each["accuracy"]), _pair(each["interval"]), float(each["drop"]),
                _pair(each["drop_interval"]), tuple((int(place), int(said)) for place, said in each["fooled"]),
                *uncounted(each, int(stored["count"])),
            )
            for each in stored["scores"]
        )  # fmt: skip
        if any(score.kind not in KINDS or score.strength not in STRENGTHS for score in scores):
            raise ValueError("unknown changes")
        attacked = tuple(attacks.from_json(each) for each in stored.get("attacks", ()))
        return Robustness(int(stored["count"]), float(stored["accuracy"]), _pair(stored["interval"]), scores, attacked)


ROBUSTNESS = RobustnessPart()


def changed(views: NDArray[np.uint8], kind: Kind, strength: Strength, first: int = 0) -> NDArray[np.uint8]:
    """``views`` uint8 [N, side, side, 3] after a change; ``first`` is the place of the first one in the whole sample.

    The same each time, whatever the batches.
    """
    import torch

    amount = AMOUNTS[kind][STRENGTHS.index(strength)]
    batch = torch.from_numpy(np.array(views)).permute(0, 3, 1, 2)
    made = _CHANGES[kind](batch, amount, first)
    found: NDArray[np.uint8] = made.permute(0, 2, 3, 1).contiguous().numpy()
    return found


def _brightness(batch: Tensor, factor: float, _: int) -> Any:
    from torchvision.transforms.v2 import functional as F

    return F.adjust_brightness(batch, factor)


def _contrast(batch: Tensor, factor: float, _: int) -> Any:
    from torchvision.transforms.v2 import functional as F

    return F.adjust_contrast(batch, factor)


def _colour(batch: Tensor, shift: float, _: int) -> Tensor:
    import torch

    factors = torch.tensor([1 + shift, 1.0, 1 - shift]).view(1, 3, 1, 1)
    return (batch * factors).round().clamp(0, 255).to(torch.uint8)


def _blur(batch: Tensor, sigma: float, _: int) -> Any:
    from torchvision.transforms.v2 import functional as F

    sigma *= max(batch.shape[-1] / 224, LEAST_BLUR)
    size = min(2 * int(3 * sigma + 1) + 1, 2 * (batch.shape[-1] // 2) - 1)
    return F.gaussian_blur(batch, [size, size], [sigma, sigma])


def _noise(batch: Tensor, sigma: float, first: int) -> Tensor:
    import torch

    noise = [
        np.random.default_rng(first + at).normal(0, 255 * sigma, batch.shape[1:]).astype(np.float32)
        for at in range(len(batch))
    ]
    return (batch + torch.from_numpy(np.stack(noise))).round().clamp(0, 255).to(torch.uint8)


def _jpeg(batch: Tensor, quality: float, _: int) -> Tensor:
    import torch
    from torchvision.transforms.v2 import functional as F

    return torch.stack([F.jpeg(each.contiguous(), int(quality)) for each in batch])


def _turn(batch: Tensor, degrees: float, first: int) -> Any:
    import torch
    from torchvision.transforms.v2 import InterpolationMode
    from torchvision.transforms.v2 import functional as F

    side = batch.shape[-1]
    wide = F.pad(batch, [side // 4] * 4, padding_mode="reflect")
    turned = [
        F.rotate(each, degrees if (first + at) % 2 else -degrees, InterpolationMode.BILINEAR)
        for at, each in enumerate(wide)
    ]
    return F.center_crop(torch.stack(turned), [side, side])


def _nearer(batch: Tensor, share: float, _: int) -> Any:
    from torchvision.transforms.v2 import functional as F

    side = batch.shape[-1]
    inner = max(1, round(side * share))
    return F.resize(F.center_crop(batch, [inner, inner]), [side, side], antialias=True)


_CHANGES: Mapping[Kind, Callable[[Any, float, int], Any]] = {
    "darker": _brightness, "brighter": _brightness, "contrast": _contrast, "colour": _colour, "blur": _blur,
    "noise": _noise, "jpeg": _jpeg, "turn": _turn, "nearer": _nearer,
}  # fmt: skip


def _answers(
    report: RunReport, views: NDArray[np.uint8], kind: Kind, strength: Strength, progress: PartProgress
) -> NDArray[np.float32]:
    """The best class and its probability, [N, 2], after a change."""
    name = f"{kind}-{strength}"
    stored = progress.load(name)
    if isinstance(stored, list) and len(stored) == len(views):
        return np.array(stored, np.float32)
    found = []
    for start in range(0, len(views), BATCH):
        after = changed(views[start : start + BATCH], kind, strength, start)
        shares = probing.probabilities(report.predictor, after)
        found.append(np.stack([shares.argmax(1), shares.max(1)], 1))
    answers = np.concatenate(found).round(4)
    progress.save(name, answers.tolist())
    return answers.astype(np.float32)


def _score(
    kind: Kind, strength: Strength, labels: NDArray[Any], clean: NDArray[Any], answers: NDArray[np.float32],
    places: Sequence[int],
) -> Score:  # fmt: skip
    said = answers[:, 0].astype(int)
    before, after, count = clean == labels, said == labels, len(labels)
    lost, won = int((before & ~after).sum()), int((~before & after).sum())
    fooled = sorted(np.flatnonzero(before & ~after).tolist(), key=lambda at: -float(answers[at, 1]))[:EXAMPLES]
    right = int(after.sum())
    low, high = paired_bootstrap(lost, won, count)
    return Score(
        kind, strength, right / count, wilson_interval(right, count), (lost - won) / count, (low, high),
        tuple((places[at], int(said[at])) for at in fooled), lost, won,
    )  # fmt: skip


def _pair(values: Sequence[float]) -> tuple[float, float]:
    low, high = values
    return float(low), float(high)
