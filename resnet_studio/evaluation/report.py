"""The numbers that tell how good a model is, with the interval that the number of pictures allows."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from resnet_studio.data.dataset import Sample
from resnet_studio.data.decode import CHUNK, decode_all
from resnet_studio.data.names import comparison_key, composed, shown
from resnet_studio.data.set_aside import says_no_label
from resnet_studio.data.views import Framed
from resnet_studio.errors import DataError
from resnet_studio.evaluation.counts import confusion_matrix, precision_recall_f1
from resnet_studio.evaluation.outputs import Outputs

if TYPE_CHECKING:
    from pathlib import Path

    import torch
    from numpy.typing import NDArray

    from resnet_studio.data.dataset import Split
    from resnet_studio.model.checkpoint import Card
    from resnet_studio.model.onnx_card import AnyCard

Network = Callable[["torch.Tensor"], "torch.Tensor"]
"""What gives logits for a batch."""
Made = TypeVar("Made")

VERSION = 2
"""Of ``report.json``. Version 1 had no version and no logits beside it."""


@dataclass(frozen=True)
class ClassScore:
    """One class: ``support`` is the number of its pictures, ``correct`` how many were recognised."""

    name: str
    precision: float
    recall: float
    f1: float
    support: int
    correct: int


@dataclass(frozen=True)
class PictureScore:
    """What the model said of one picture; ``scores`` are the probabilities in the order of the classes.

    The probabilities are calibrated, as predictions are.
    """

    file: str
    name: str
    true: int
    predicted: int
    probability: float
    scores: tuple[float, ...]


@dataclass(frozen=True)
class Unseen:
    """Scores on the pictures that the model has not seen before."""

    count: int
    accuracy: float
    interval: tuple[float, float]
    macro_f1: float


@dataclass(frozen=True)
class Report:
    """Scores of a model on labelled pictures.

    ``interval``: the accuracy's 95 % interval (Wilson 1927). ``macro_f1``: the mean over classes that have pictures.
    ``confusion[t][p]``: pictures of class ``t`` that were predicted as ``p``. ``loss``: mean cross-entropy, nats, of
    the logits as they are, as in training; the probabilities of the ``pictures`` are at the card's ``temperature``.
    The model was ``trained_on`` so many of the pictures, its best epoch ``chosen_by`` so many; ``near_seen`` others are
    near-duplicates of such, None where none were looked for; ``unseen`` are the scores on the rest. None where it is
    not known what the model has seen, or where it has seen all.

    ``outputs`` has the logits that all this was computed from, row for row those of ``pictures``; None where they were
    not stored, as in runs of older versions.
    """

    count: int
    accuracy: float
    interval: tuple[float, float]
    macro_f1: float
    loss: float
    classes: tuple[str, ...]
    per_class: tuple[ClassScore, ...]
    confusion: tuple[tuple[int, ...], ...]
    pictures: tuple[PictureScore, ...]
    skipped: tuple[str, ...]
    trained_on: int | None = None
    chosen_by: int | None = None
    near_seen: int | None = None
    unseen: Unseen | None = None
    temperature: float = 1.0
    outputs: Outputs | None = field(default=None, repr=False, compare=False)

    def to_json(self) -> dict[str, Any]:
        """The report as plain JSON values, without the :attr:`outputs`, which have a file of their own."""
        values = asdict(replace(self, outputs=None))
        del values["outputs"]
        return {"version": VERSION, **values}

    @classmethod
    def from_json(cls, values: Mapping[str, Any], outputs: Outputs | None = None) -> Report:
        """Read what :meth:`to_json` of this or an earlier version wrote, with the ``outputs`` stored beside it.

        Raises ``LookupError``, ``TypeError`` or ``ValueError`` where ``values`` are no report.
        """
        unseen = values.get("unseen")
        return cls(
            count=values["count"],
            accuracy=values["accuracy"],
            macro_f1=values["macro_f1"],
            loss=values["loss"],
            trained_on=values.get("trained_on"),
            chosen_by=values.get("chosen_by"),
            near_seen=values.get("near_seen"),
            temperature=float(values.get("temperature", 1.0)),
            interval=_pair(values["interval"]),
            classes=tuple(values["classes"]),
            per_class=tuple(_from_json(ClassScore, row) for row in values["per_class"]),
            confusion=tuple(tuple(row) for row in values["confusion"]),
            pictures=tuple(
                _from_json(PictureScore, row | {"scores": tuple(row["scores"])}) for row in values["pictures"]
            ),
            skipped=tuple(values["skipped"]),
            unseen=None if unseen is None else _from_json(Unseen, unseen | {"interval": _pair(unseen["interval"])}),
            outputs=outputs,
        )


def score_test_pictures(model: torch.nn.Module, card: Card, split: Split, device: torch.device) -> Report:
    """Score ``model`` on the test part of ``split``."""
    return score_pictures(model, card, split.test, [split.path(sample) for sample in split.test], device)


def score_pictures(
    model: Network, card: AnyCard, samples: Sequence[Sample], files: Sequence[Path], device: torch.device
) -> Report:
    """Score ``model`` (in eval mode, on ``device``) on ``files``, labelled by ``samples``; fp32, as in predictions.

    Raises :class:`DataError` where none of the pictures can be decoded.
    """
    return report_of(card.classes, compute_outputs(model, card, samples, files, device), card.temperature)


def compute_outputs(
    model: Network, card: AnyCard, samples: Sequence[Sample], files: Sequence[Path], device: torch.device
) -> Outputs:
    """What ``model`` computes for ``files``; otherwise as :func:`score_pictures`."""
    import torch

    from resnet_studio.data.augment import normalise

    view = Framed.of(card.preprocessing)
    rows, decoded_indices, skipped = [], [], []
    for start in range(0, len(files), CHUNK):
        decoded = decode_all(files[start : start + CHUNK], view, reading=card.preprocessing.reading)
        decoded_indices += [start + index for index in decoded.indices]
        skipped += [start + index for index in decoded.skipped]
        if not decoded.indices:
            continue
        batch = torch.from_numpy(decoded.pixels).to(device).permute(0, 3, 1, 2).float().div_(255)
        with torch.inference_mode():
            logits = model(normalise(batch, card.preprocessing.mean, card.preprocessing.std))
        rows.append(logits.float().cpu().numpy())
    if not decoded_indices:
        raise DataError("error.training.part_unreadable")
    used = [samples[index] for index in decoded_indices]
    return Outputs.of(used, np.concatenate(rows), tuple(samples[index].name for index in skipped))


def report_of(classes: Sequence[str], outputs: Outputs, temperature: float = 1.0) -> Report:
    """The report that follows from the ``outputs`` of a network with ``classes``; it holds them too."""
    pictures = zip(outputs.names, outputs.files, outputs.labels.tolist(), strict=True)
    samples = [Sample(name, file, label) for name, file, label in pictures]
    report = make_report(classes, samples, outputs.at(temperature), outputs.skipped)
    loss = report.loss if temperature == 1 else _loss(outputs.probabilities, outputs.labels)
    return replace(report, loss=loss, temperature=temperature, outputs=outputs)


def remap_labels(
    samples: Sequence[Sample], classes: Sequence[str], known: Sequence[str], *, join_alike: bool = False
) -> list[Sample]:
    """``samples`` of a data set with ``classes``, their labels counted in the ``known`` classes of a model instead.

    With ``join_alike`` names that hardly differ are the same. Pictures in folders that are called as if nobody had
    labelled them are left out, unless the model knows such a class. Raises :class:`DataError` naming the first class
    that the model does not know.
    """
    same = comparison_key if join_alike else composed
    places = {same(name): index for index, name in reversed(list(enumerate(known)))}
    aside = unlabelled_classes(classes, known)
    for name in classes:
        if same(name) in places or name in aside:
            continue
        for other in known:
            if comparison_key(other) == comparison_key(name):
                raise DataError("error.evaluate.alike_class", name=shown(name), other=shown(other))
        raise DataError("error.evaluate.unknown_class", name=shown(name), known=known[:10])
    named = ((sample, classes[sample.label]) for sample in samples)
    found = [replace(sample, label=places[same(name)]) for sample, name in named if name not in aside]
    if samples and not found:
        raise DataError("error.evaluate.none_labelled", names=[shown(name) for name in aside])
    return found


def unlabelled_classes(classes: Sequence[str], known: Sequence[str]) -> list[str]:
    """Those of ``classes`` that say that nobody has labelled their pictures, and that a model does not know.

    Where a set is read they count as classes beside fewer than two others: which they are, the model's classes tell.
    """
    names = {comparison_key(name) for name in known}
    return [name for name in classes if says_no_label(name) and comparison_key(name) not in names]


def make_report(
    classes: Sequence[str],
    samples: Sequence[Sample],
    probabilities: NDArray[np.float64],
    skipped: tuple[str, ...] = (),
) -> Report:
    """The report of ``probabilities`` ``[N, classes]`` on labelled ``samples``."""
    true = np.array([sample.label for sample in samples])
    predicted = probabilities.argmax(1)
    confusion = confusion_matrix(true, predicted, len(classes))
    precision, recall, f1 = precision_recall_f1(confusion)
    support = confusion.sum(1)
    correct = int(confusion.trace())
    return Report(
        count=len(true),
        accuracy=correct / len(true),
        interval=wilson_interval(correct, len(true)),
        macro_f1=float(f1[support > 0].mean()),
        loss=_loss(probabilities, true),
        classes=tuple(classes),
        per_class=tuple(
            ClassScore(name, float(precision[k]), float(recall[k]), float(f1[k]), int(support[k]), int(confusion[k, k]))
            for k, name in enumerate(classes)
        ),
        confusion=tuple(tuple(int(cell) for cell in row) for row in confusion),
        pictures=tuple(_picture_score(*each) for each in zip(samples, predicted, probabilities, strict=True)),
        skipped=skipped,
    )


def _picture_score(sample: Sample, guess: np.int64, row: NDArray[np.float64]) -> PictureScore:
    rounded = tuple(round(float(probability), 6) for probability in row)
    return PictureScore(sample.file, sample.name, sample.label, int(guess), float(row[guess]), rounded)


def _loss(probabilities: NDArray[np.float64], true: NDArray[np.int64]) -> float:
    return float(-np.log(probabilities[np.arange(len(true)), true].clip(1e-12)).mean())


def counted_by_group(report: Report, samples: Sequence[Sample]) -> Report:
    """``report`` with an interval that counts groups of ``samples``, not pictures, where these were kept together.

    Frames of one object are right or wrong together: at worst, they say no more than one picture does (a design effect
    of the size of the group, Kish 1965).
    """
    groups = len({sample.group or f"/{sample.name}" for sample in samples})
    if not groups or groups >= report.count:
        return report
    return replace(report, interval=wilson_interval(report.accuracy * groups, groups))


def wilson_interval(correct: float, count: float, level: float = 0.95) -> tuple[float, float]:
    """The interval of Wilson (1927) for a share of which ``correct`` of ``count`` were seen, at ``level``.

    >>> [round(end, 3) for end in wilson_interval(9, 10)]
    [0.596, 0.982]
    """
    z = NormalDist().inv_cdf((1 + level) / 2)
    share, spread = correct / count, z * z / count
    middle, reach = share + spread / 2, z * math.sqrt(share * (1 - share) / count + spread / (4 * count))
    low, high = (middle - reach) / (1 + spread), (middle + reach) / (1 + spread)
    return max(0.0, min(share, low)), min(1.0, max(share, high))  # rounding must not put the share outside


def _pair(values: Sequence[float]) -> tuple[float, float]:
    low, high = values
    return low, high


def _from_json(kind: type[Made], values: Mapping[str, Any]) -> Made:
    """A dataclass of this ``kind``, of those ``values`` that it has fields for."""
    return kind(**{spec.name: values[spec.name] for spec in fields(kind)})  # type: ignore[arg-type]
