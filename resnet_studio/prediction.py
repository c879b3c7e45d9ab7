"""Pictures in, ranked classes out, with a checkpoint and nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from PIL import Image, ImageOps

from resnet_studio.data.pictures import BadPicture, read_picture
from resnet_studio.data.pixels import rendered
from resnet_studio.errors import CheckpointError, StudioError
from resnet_studio.model.checkpoint import Checkpoint, load, preprocess
from resnet_studio.model.device import choose_device, layout

if TYPE_CHECKING:
    from torch import Tensor

    from resnet_studio.data.reading import Reading

_DECODING_THREADS = 4


@dataclass(frozen=True)
class Prediction:
    """What the model says of one picture: the best class, its probability, and (class, probability) best first."""

    label: str
    probability: float
    scores: tuple[tuple[str, float], ...]


@dataclass(eq=False)
class _Asked:
    """Someone's ``batch`` [N, 3, crop, crop], and its ``answer`` once there is one."""

    batch: Tensor
    answer: Tensor | None = None


class Predictor:
    """A model that answers; any number of threads may call it at once.

    ``checkpoint`` is a file, which is verified, or a loaded one, whose model the predictor takes over. The weights are
    moved to ``device`` once and computed with in fp32, as in the exported code. Raises :class:`CheckpointError` for a
    file that is not sound, :class:`ConfigError` for a device that this machine does not have.
    """

    def __init__(self, checkpoint: Checkpoint | Path, device: str = "auto", *, batch_size: int = 32) -> None:
        import torch

        self._device = choose_device(device)
        if device == "auto" and self._device.type == "mps":  # beside a training, two threads on Metal can crash it
            self._device = torch.device("cpu")  # (pytorch/pytorch issue 197805)
        loaded = load(checkpoint) if isinstance(checkpoint, Path) else checkpoint
        self.card = loaded.card
        self._model = loaded.model.eval().to(device=self._device, memory_format=layout(self._device))
        self._batch_size = batch_size
        self._computing, self._asking = Lock(), Lock()
        self._asked: list[_Asked] = []
        side = self.card.preprocessing.crop
        self._probabilities(torch.zeros(1, 3, side, side))

    def __call__(
        self, pictures: Sequence[Path | Image.Image], *, drawings: bool = False
    ) -> list[Prediction | StudioError]:
        """The prediction for each of ``pictures``, in their order; one that cannot be used gives its error in place.

        ``drawings``: they were drawn for this model, and are reduced to the size of its training pictures first.
        """
        if len(pictures) == 1:
            return self._answers([self._input(pictures[0], drawings)])
        threads = min(_DECODING_THREADS, os.cpu_count() or 1)
        with ThreadPoolExecutor(threads, thread_name_prefix="decode") as pool:
            return [answer for inputs in self._batches(pool, pictures, drawings) for answer in self._answers(inputs)]

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
        how = self.card.preprocessing
        try:
            if isinstance(picture, Image.Image):
                return preprocess(_upright_rgb(picture, how.reading, how.resize), how, drawing=drawing)
            read = read_picture(picture, draft_side=how.resize, reading=how.reading)
            return preprocess(read, how, drawing=drawing)
        except StudioError as error:
            return error

    def _answers(self, inputs: list[Tensor | StudioError]) -> list[Prediction | StudioError]:
        import torch

        usable = [given for given in inputs if not isinstance(given, StudioError)]
        rows = iter(self._probabilities(torch.stack(usable))) if usable else iter(())
        return [given if isinstance(given, StudioError) else self._answer(next(rows)) for given in inputs]

    def _probabilities(self, batch: Tensor) -> Tensor:
        """Probabilities [N, classes], fp64, on the CPU, for ``batch`` [N, 3, crop, crop].

        One batch is computed at a time: two at once would fight for the same cores and both come late. Who waits
        meanwhile is answered together with the others who do, by the first of them.
        """
        import torch

        mine = _Asked(batch)
        with self._asking:
            self._asked.append(mine)
        with self._computing:
            if mine.answer is None:
                with self._asking:
                    together = self._together(mine)
                answers = self._computed(torch.cat([each.batch for each in together]))
                for each, answer in zip(together, torch.split(answers, [len(e.batch) for e in together]), strict=True):
                    each.answer = answer
        assert mine.answer is not None
        return mine.answer

    def _together(self, mine: _Asked) -> list[_Asked]:
        """``mine`` and as many of the others who wait as fit into a batch; they wait no longer."""
        chosen, room = [mine], self._batch_size - len(mine.batch)
        for other in self._asked:
            if other is not mine and len(other.batch) <= room:
                chosen.append(other)
                room -= len(other.batch)
        self._asked = [each for each in self._asked if each not in chosen]
        return chosen

    def _computed(self, batch: Tensor) -> Tensor:
        import torch

        with torch.inference_mode(), torch.autocast(self._device.type, enabled=False):
            logits = self._model(batch.to(self._device).contiguous(memory_format=layout(self._device)))
            return torch.softmax(logits.cpu().double(), 1)

    def _answer(self, probabilities: Tensor) -> Prediction | StudioError:
        if not bool(probabilities.isfinite().all()):
            return CheckpointError("error.prediction.not_finite")
        order = probabilities.argsort(descending=True, stable=True).tolist()
        values = probabilities.tolist()
        scores = tuple((self.card.classes[index], values[index]) for index in order)
        return Prediction(*scores[0], scores)


def _upright_rgb(picture: Image.Image, reading: Reading, side: int) -> Image.Image:
    """``picture`` (pasted, drawn, from a webcam) upright and in RGB, by the rules of the one decoder for files."""
    try:
        if min(picture.size) < 1:
            raise BadPicture("damaged", "picture")
        picture.load()
        return rendered(ImageOps.exif_transpose(picture), reading.ranges, reading.colour_managed, side)
    except (OSError, ValueError, SyntaxError, KeyError) as error:
        raise BadPicture("damaged", "picture") from error
