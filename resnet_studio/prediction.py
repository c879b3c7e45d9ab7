"""Pictures in; ranked classes, logits and features out; with a checkpoint and nothing else."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from PIL import Image, ImageOps

from resnet_studio.data.pictures import BadPicture, read_picture
from resnet_studio.data.pixels import rendered
from resnet_studio.errors import CheckpointError, StudioError
from resnet_studio.model.activations import Activations, concatenate
from resnet_studio.model.architecture import STAGES, Stage
from resnet_studio.model.checkpoint import Checkpoint, load, preprocess
from resnet_studio.model.device import choose_device, layout
from resnet_studio.model.unlike import STAGES as STAGES_OF_REFERENCE

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module
    from torchvision.models import ResNet

    from resnet_studio.data.reading import Reading

_DECODING_THREADS = 4
TAPPED = STAGES[:-1]
"""The stages whose outputs :meth:`Predictor.activations` gives; the head's are the logits."""


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


@dataclass(eq=False)
class _PendingBatch:
    """The ``batch`` [N, 3, crop, crop] of one call, and its ``answer`` once it is computed."""

    batch: Tensor
    answer: Activations | None = None


class Predictor:
    """A model that answers; any number of threads may call it at once.

    ``checkpoint`` is a file, which is verified, or a loaded one, whose model the predictor takes over. The weights are
    moved to ``device`` once and computed with in fp32, as in the exported code. Raises :class:`CheckpointError` for a
    file that is not sound, :class:`ConfigError` for a device that this machine does not have.

    Of pictures like the training pictures a share of ``accept`` is accepted, 1 is all, the rest is unknown; by default
    what the card says.
    """

    def __init__(
        self, checkpoint: Checkpoint | Path, device: str = "auto", *, batch_size: int = 32, accept: float | None = None
    ) -> None:
        import torch

        self._device = choose_device(device)
        if device == "auto" and self._device.type == "mps":  # beside a training, two threads on Metal can crash it
            self._device = torch.device("cpu")  # (pytorch/pytorch issue 197805)
        loaded = load(checkpoint) if isinstance(checkpoint, Path) else checkpoint
        self.card = loaded.card
        self.model = loaded.model.eval().to(device=self._device, memory_format=layout(self._device))
        known = self.card.unlike if accept is None or self.card.unlike is None else self.card.unlike.at(accept)
        self._reference, self._accepted = loaded.reference, known.threshold if known else math.inf
        self._batch_size = batch_size
        self._compute_lock, self._pending_lock = Lock(), Lock()
        self._pending: list[_PendingBatch] = []
        side = self.card.preprocessing.crop
        self._activations(torch.zeros(1, 3, side, side))

    def __call__(
        self, pictures: Sequence[Path | Image.Image], *, drawings: bool = False
    ) -> list[Prediction | StudioError]:
        """The prediction for each of ``pictures``, in their order; one that cannot be used gives its error in place.

        ``drawings``: they were drawn for this model, and are reduced to the size of its training pictures first.
        """
        return [answer for inputs in self._inputs(pictures, drawings) for answer in self._predictions(inputs)]

    def activations(
        self, pictures: Sequence[Path | Image.Image], *, drawings: bool = False, stages: Sequence[Stage] = ()
    ) -> Activations:
        """The logits and features of ``pictures``, and the pooled outputs of ``stages``; ``drawings`` as for a call.

        Pictures that cannot be used have no row, and their error in :attr:`Activations.errors`. Raises ``ValueError``
        for a stage that there is not.
        """
        import torch

        if unknown := set(stages) - set(TAPPED):
            raise ValueError(f"no stages {sorted(unknown)}: there are {', '.join(TAPPED)}")
        parts: list[Activations] = []
        places: list[int] = []
        errors: dict[int, StudioError] = {}
        for inputs in self._inputs(pictures, drawings):
            usable: list[Tensor] = []
            for place, each in enumerate(inputs, len(places) + len(errors)):
                if isinstance(each, StudioError):
                    errors[place] = each
                else:
                    places.append(place)
                    usable.append(each)
            if usable:
                parts.append(self._activations(torch.stack(usable), stages))
        if not parts:  # the widths are those of any picture
            side = self.card.preprocessing.crop
            parts.append(self._activations(torch.zeros(1, 3, side, side), stages))
        return concatenate(parts, tuple(places), errors)

    def _inputs(self, pictures: Sequence[Path | Image.Image], drawings: bool) -> Iterator[list[Tensor | StudioError]]:
        """The model's inputs, a batch at a time; those of one picture without starting threads."""
        if len(pictures) == 1:
            yield [self._input(pictures[0], drawings)]
            return
        threads = min(_DECODING_THREADS, os.cpu_count() or 1)
        with ThreadPoolExecutor(threads, thread_name_prefix="decode") as pool:
            yield from self._batches(pool, pictures, drawings)

    def _batches(
        self, pool: ThreadPoolExecutor, pictures: Sequence[Path | Image.Image], drawings: bool
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

    def _input(self, picture: Path | Image.Image, drawing: bool) -> Tensor | StudioError:
        """The model's input [3, crop, crop], or why there is none."""
        try:
            return preprocess(self.upright(picture), self.card.preprocessing, drawing=drawing)
        except StudioError as error:
            return error

    def upright(self, picture: Path | Image.Image) -> Image.Image:
        """``picture`` upright, in RGB, and read as the model's training pictures were; a large one maybe smaller.

        Raises :class:`BadPicture`.
        """
        preprocessing = self.card.preprocessing
        if isinstance(picture, Image.Image):
            return _upright_rgb(picture, preprocessing.reading, preprocessing.resize)
        return read_picture(picture, draft_side=preprocessing.resize, reading=preprocessing.reading)

    @contextmanager
    def alone(self) -> Iterator[ResNet]:
        """The model, by which no other call computes meanwhile: for hooks and gradients."""
        with self._compute_lock:
            yield self.model

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
        import torch

        from resnet_studio.model.resnet import stage_modules

        found: dict[str, Tensor] = {}

        def keep_features(_: Module, inputs: tuple[Tensor, ...]) -> None:
            found["head"] = inputs[0].float().cpu()

        def keep(stage: str) -> Callable[..., None]:
            def hook(_: Module, __: object, output: Tensor) -> None:
                found[stage] = output.float().reshape(*output.shape[:2], -1).mean(2).cpu()

            return hook

        hooks = [stage_modules(self.model, "head")[0].register_forward_pre_hook(keep_features)]
        looked_at = dict.fromkeys([*stages, *(STAGES_OF_REFERENCE if self._reference else ())])
        for stage in looked_at:
            hooks.append(stage_modules(self.model, stage)[-1].register_forward_hook(keep(stage)))
        try:
            with torch.inference_mode(), torch.autocast(self._device.type, enabled=False):
                logits = self.model(batch.to(self._device).contiguous(memory_format=layout(self._device)))
        finally:
            for each in hooks:
                each.remove()
        kept: dict[str, Tensor] = {stage: found[stage] for stage in stages}
        unlike = self._reference.scores(found) if self._reference else None
        return Activations(logits.float().cpu(), found["head"], kept, temperature=self.card.temperature, unlike=unlike)

    def _prediction(self, probabilities: Tensor, unlike: float | None) -> Prediction | StudioError:
        if not bool(probabilities.isfinite().all()):
            return CheckpointError("error.prediction.not_finite")
        order = probabilities.argsort(descending=True, stable=True).tolist()
        values = probabilities.tolist()
        scores = tuple((self.card.classes[index], values[index]) for index in order)
        return Prediction(*scores[0], scores, unlike, unlike is not None and unlike > self._accepted)


def _upright_rgb(picture: Image.Image, reading: Reading, side: int) -> Image.Image:
    """``picture`` (pasted, drawn, from a webcam) upright and in RGB, by the rules of the one decoder for files."""
    try:
        if min(picture.size) < 1:
            raise BadPicture("damaged", "picture")
        picture.load()
        return rendered(ImageOps.exif_transpose(picture), reading.ranges, reading.colour_managed, side)
    except (OSError, ValueError, SyntaxError, KeyError) as error:
        raise BadPicture("damaged", "picture") from error
