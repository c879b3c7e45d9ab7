"""What all models that answer share, whatever computes them: decoding ahead, batches of waiting calls, answers."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import IO, TYPE_CHECKING

from PIL import Image, ImageOps

from resnet_studio.data.pictures import BadPicture, read_picture
from resnet_studio.data.pixels import rendered
from resnet_studio.errors import CheckpointError, StudioError
from resnet_studio.model.activations import Activations
from resnet_studio.model.checkpoint import preprocess
from resnet_studio.one_or_many import as_list
from resnet_studio.thresholds import checked, decide

if TYPE_CHECKING:
    from torch import Tensor

    from resnet_studio.data.reading import Reading
    from resnet_studio.model.architecture import Stage
    from resnet_studio.model.preprocess import Preprocessing

Picture = str | Path | Image.Image | IO[bytes]
"""A file, its content, or a picture that is decoded already."""
Pictures = Picture | Iterable[Picture]
"""One picture, or any number of them."""
_DECODING_THREADS = 4


@dataclass(frozen=True)
class Prediction:
    """The prediction for one picture: the best class, its probability, and (class, probability) best first.

    The probabilities are calibrated by the temperature in the checkpoint's card. ``unlike`` is the score of
    :mod:`resnet_studio.model.unlike`; ``unknown`` says that it is beyond what the model accepts: none of its classes.
    """

    label: str
    probability: float
    scores: tuple[tuple[str, float], ...]
    unlike: float | None = None
    unknown: bool = False

    def decided(self, thresholds: Mapping[str, float]) -> Prediction:
        """The same with the class that :func:`resnet_studio.thresholds.decide` gives, and its probability."""
        scores = dict(self.scores)
        label = decide(scores, thresholds)
        return replace(self, label=label, probability=scores[label])


@dataclass(eq=False)
class _PendingBatch:
    """The ``batch`` [N, 3, crop, crop] of one call, and its ``answer`` once it is computed."""

    batch: Tensor
    answer: Activations | None = None


class BatchedModel:
    """A model that answers; any number of threads may call it at once.

    ``classes`` are in the order of the logits; up to the score ``accepted`` a picture is one of them. A subclass gives
    :meth:`compute`.
    """

    def __init__(
        self, classes: Sequence[str], preprocessing: Preprocessing, *, accepted: float = math.inf, batch_size: int = 32
    ) -> None:
        self.classes, self.preprocessing = tuple(classes), preprocessing
        self._accepted, self._batch_size = accepted, batch_size
        self._compute_lock, self._pending_lock = Lock(), Lock()
        self._pending: list[_PendingBatch] = []

    def __call__(
        self, pictures: Pictures, *, drawings: bool = False, thresholds: Mapping[str, float] | None = None
    ) -> list[Prediction | StudioError]:
        """The prediction for each of ``pictures``, in their order; one that cannot be used gives its error in place.

        ``drawings``: they were drawn for this model, and are reduced to the size of its training pictures first.
        ``thresholds`` are the probabilities from which on a class is answered. Raises :class:`ConfigError` where they
        make no sense.
        """
        least = checked(thresholds or {}, self.classes)
        answers = [answer for inputs in self._inputs(pictures, drawings) for answer in self._predictions(inputs)]
        return decided(answers, least)

    def _inputs(self, given: Pictures, drawings: bool) -> Iterator[list[Tensor | StudioError]]:
        """The model's inputs, a batch at a time; those of one picture without starting threads."""
        pictures = as_list(given)
        if len(pictures) == 1:
            yield [self._input(pictures[0], drawings)]
            return
        threads = min(_DECODING_THREADS, os.cpu_count() or 1)
        with ThreadPoolExecutor(threads, thread_name_prefix="decode") as pool:
            yield from self._batches(pool, pictures, drawings)

    def _batches(
        self, pool: ThreadPoolExecutor, pictures: Sequence[Picture], drawings: bool
    ) -> Iterator[list[Tensor | StudioError]]:
        """The model's inputs, batch by batch; while one batch is used, the next is being decoded."""
        ahead: list[Future[Tensor | StudioError]] = []
        for start in range(0, len(pictures), self._batch_size):
            ready, ahead = (
                ahead,
                [pool.submit(self._input, picture, drawings) for picture in pictures[start : start + self._batch_size]],
            )
            if ready:
                yield [future.result() for future in ready]
        yield [future.result() for future in ahead]

    def _input(self, picture: Picture, drawing: bool) -> Tensor | StudioError:
        """The model's input [3, crop, crop], or why there is none."""
        try:
            return preprocess(self.upright(picture), self.preprocessing, drawing=drawing)
        except StudioError as error:
            return error

    def upright(self, picture: Picture) -> Image.Image:
        """``picture`` upright, in RGB, and read as the model's training pictures were; a large one maybe smaller.

        Raises :class:`BadPicture`.
        """
        preprocessing = self.preprocessing
        if isinstance(picture, Image.Image):
            return _upright_rgb(picture, preprocessing.reading, preprocessing.resize)
        picture = Path(picture) if isinstance(picture, str) else picture
        return read_picture(picture, draft_side=preprocessing.resize, reading=preprocessing.reading)

    def _predictions(self, inputs: list[Tensor | StudioError]) -> list[Prediction | StudioError]:
        import torch

        usable = [given for given in inputs if not isinstance(given, StudioError)]
        if not usable:
            return [given for given in inputs if isinstance(given, StudioError)]
        found = self._activations(torch.stack(usable))
        scores = [None] * len(usable) if found.unlike is None else found.unlike.tolist()
        rows = zip(found.probabilities, scores, strict=True)
        return [given if isinstance(given, StudioError) else self._prediction(*next(rows)) for given in inputs]

    def _activations(self, batch: Tensor, stages: Sequence[Stage] = ()) -> Activations:
        """What the network computes for ``batch`` [N, 3, crop, crop].

        One batch is computed at a time: two at once would compete for the same cores and both be late. Requests that
        arrive during a computation are batched and computed by the first waiting thread, except those for ``stages``.
        """
        import torch

        if stages:
            with self._compute_lock:
                return self.compute(batch, stages)
        own = _PendingBatch(batch)
        with self._pending_lock:
            self._pending.append(own)
        with self._compute_lock:
            if own.answer is None:
                with self._pending_lock:
                    together = self._take_pending(own)
                computed = self.compute(torch.cat([each.batch for each in together]))
                answers = computed.split([len(each.batch) for each in together])
                for each, answer in zip(together, answers, strict=True):
                    each.answer = answer
        assert own.answer is not None
        return own.answer

    def _take_pending(self, own: _PendingBatch) -> list[_PendingBatch]:
        """Take ``own`` and as many other pending batches as fit into one off the queue."""
        chosen, room = [own], self._batch_size - len(own.batch)
        for other in self._pending:
            if other is not own and len(other.batch) <= room:
                chosen.append(other)
                room -= len(other.batch)
        self._pending = [each for each in self._pending if each not in chosen]
        return chosen

    @property
    def waiting(self) -> int:
        """The number of calls that wait to be batched."""
        return len(self._pending)

    def compute(self, batch: Tensor, stages: Sequence[Stage] = ()) -> Activations:
        """What the network makes of ``batch`` [N, 3, crop, crop], at once and in the calling thread."""
        raise NotImplementedError

    def _prediction(self, probabilities: Tensor, unlike: float | None) -> Prediction | StudioError:
        if not bool(probabilities.isfinite().all()):
            return CheckpointError("error.prediction.not_finite")
        order = probabilities.argsort(descending=True, stable=True).tolist()
        values = probabilities.tolist()
        scores = tuple((self.classes[index], values[index]) for index in order)
        return Prediction(*scores[0], scores, unlike, unlike is not None and unlike > self._accepted)


def decided(
    answers: Sequence[Prediction | StudioError], thresholds: Mapping[str, float]
) -> list[Prediction | StudioError]:
    """``answers`` by ``thresholds``; all as they are without any."""
    if not thresholds:
        return list(answers)
    return [answer if isinstance(answer, StudioError) else answer.decided(thresholds) for answer in answers]


def _upright_rgb(picture: Image.Image, reading: Reading, side: int) -> Image.Image:
    """``picture`` (pasted, drawn, from a webcam) upright and in RGB, by the rules of the one decoder for files."""
    try:
        if min(picture.size) < 1:
            raise BadPicture("damaged", "picture")
        picture.load()
        return rendered(ImageOps.exif_transpose(picture), reading.ranges, reading.colour_managed, side)
    except (OSError, ValueError, SyntaxError, KeyError) as error:
        raise BadPicture("damaged", "picture") from error
