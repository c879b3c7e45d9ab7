"""Where a network looked: for a picture and a class, how much each place of the picture speaks for the class.

Where the head is linear, the map of the last stage is the class activation map (Zhou et al., arXiv 1512.04150): the
head averages the last stage's output over the picture and weighs its channels, so weighing them at each place instead
splits the logit up exactly, without its bias. It costs one forward pass, for any class. For a hidden head, and for
earlier stages, it is Grad-CAM (Selvaraju et al., arXiv 1610.02391), by captum, which takes a gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from PIL import Image

from resnet_studio.data.views import Box, Framed
from resnet_studio.errors import CheckpointError, StudioError
from resnet_studio.model.architecture import Stage
from resnet_studio.model.device import layout
from resnet_studio.prediction import TAPPED, Prediction, Predictor

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray
    from torch import Tensor
    from torch.nn import Linear, Module
    from torchvision.models import ResNet

Method = Literal["cam", "grad-cam"]
BATCH: dict[Method, int] = {"cam": 32, "grad-cam": 8}
"""Pictures at once; a gradient keeps all that was computed in memory."""
PEAK = 0.98
"""What is at least this share of the highest value is the peak: its middle, as it may be flat."""
HOT = 0.5
"""What is at least this share of the highest value belongs to the box around the peak."""


@dataclass(frozen=True, eq=False)
class HeatMap:
    """Where the network looked for the class ``label`` in one picture.

    ``values`` float32 [h, w] are what each cell of the network's view speaks for the class; with ``method`` "cam" their
    mean, plus the head's bias, is the logit. ``probabilities`` float64 [classes] are the network's answer. ``place`` is
    where its view lies in the picture, which is upright and ``size`` px wide and high.
    """

    values: NDArray[np.float32]
    label: int
    probabilities: NDArray[np.float64]
    method: Method
    layer: Stage
    size: tuple[int, int]
    place: Box

    @property
    def predicted(self) -> int:
        """The class that the network names."""
        return int(self.probabilities.argmax())

    def prediction(self, classes: Sequence[str]) -> Prediction:
        """The network's answer, for a network that knows ``classes``."""
        order = self.probabilities.argsort(kind="stable")[::-1].tolist()
        scores = tuple((classes[index], float(self.probabilities[index])) for index in order)
        return Prediction(*scores[0], scores)

    @property
    def heat(self) -> NDArray[np.float32]:
        """``values`` as shares 0..1 of the highest one; what speaks against the class is 0."""
        positive = np.maximum(self.values, 0)
        return (positive / max(float(positive.max()), 1e-12)).astype(np.float32)

    def over(self, width: int, height: int) -> NDArray[np.float32]:
        """The heat [height, width] over the whole upright picture at that size; NaN where the network saw nothing.

        A cell stands for its square of the view: measured on networks that were trained, a change of the picture moves
        the last stage's output most there, though the centres of receptive fields lie at the cells' upper left corners.
        """
        return laid_over(self.heat, self.place, width, height)

    @property
    def peak(self) -> tuple[float, float]:
        """The hottest place, in shares of the picture's width and height from its upper left corner."""
        area = self._area_around_peak(PEAK)
        rows, columns = np.nonzero(area)
        return (float(columns.mean()) + 0.5) / area.shape[1], (float(rows.mean()) + 0.5) / area.shape[0]

    @property
    def box(self) -> Box | None:
        """The box around what is connected with the peak and at least half as hot; None where nothing is hot."""
        if self.heat.max() <= 0:
            return None
        area = self._area_around_peak(HOT)
        (height, width), rows, columns = area.shape, np.nonzero(area.any(1))[0], np.nonzero(area.any(0))[0]
        return (
            float(columns[0]) / width, float(rows[0]) / height,
            float(columns[-1] + 1) / width, float(rows[-1] + 1) / height,
        )  # fmt: skip

    def _area_around_peak(self, share: float) -> NDArray[np.bool_]:
        """Where a small version of the picture is at least ``share`` as hot as at its peak, and connected with that."""
        from scipy import ndimage

        hot = np.nan_to_num(self.over(*_scaled(self.size, 256)), nan=-1.0)
        parts, _ = ndimage.label(hot >= share * hot.max())
        found: NDArray[np.bool_] = parts == parts.flat[hot.argmax()]
        return found


def laid_over(cells: NDArray[np.float32], place: Box, width: int, height: int) -> NDArray[np.float32]:
    """Values 0..1 of ``cells`` [h, w] of a view at ``place``, smoothly over a picture [height, width]; NaN outside."""
    laid = np.full((height, width), np.nan, np.float32)
    left, top, right, bottom = place
    columns = (max(0, round(left * width)), min(width, max(round(right * width), round(left * width) + 1)))
    rows = (max(0, round(top * height)), min(height, max(round(bottom * height), round(top * height) + 1)))
    if columns[0] >= columns[1] or rows[0] >= rows[1]:
        return laid
    down, across = cells.shape
    box = (
        across * (max(left, 0) - left) / (right - left), down * (max(top, 0) - top) / (bottom - top),
        across * (min(right, 1) - left) / (right - left), down * (min(bottom, 1) - top) / (bottom - top),
    )  # fmt: skip
    box = (max(0.0, box[0]), max(0.0, box[1]), min(float(across), box[2]), min(float(down), box[3]))
    size = (columns[1] - columns[0], rows[1] - rows[0])
    smooth = Image.fromarray(cells).resize(size, Image.Resampling.BICUBIC, box=box)
    laid[rows[0] : rows[1], columns[0] : columns[1]] = np.clip(np.asarray(smooth), 0, 1)
    return laid


def heat_maps(
    predictor: Predictor,
    pictures: Sequence[Path | Image.Image],
    labels: Sequence[int | None] | int | None = None,
    *,
    layer: Stage = "layer4",
    drawings: bool = False,
) -> Iterator[HeatMap | StudioError]:
    """Where the network of ``predictor`` looked in each of ``pictures``, in their order; errors in place.

    ``labels`` are the classes to explain, one or one a picture; None: the one that the network names. ``layer`` is
    whose output is weighed: earlier ones are finer and say less about the class. ``drawings`` as for a prediction.
    Computed batch by batch, as they are asked for.
    """
    if layer not in TAPPED:
        raise ValueError(f"no stage {layer!r}: there are {', '.join(TAPPED)}")
    method = method_of(predictor.model, layer)
    wanted = iter(labels) if isinstance(labels, Sequence) else iter([labels] * len(pictures))
    framed = Framed.of(predictor.card.preprocessing, drawing=drawings)
    for start in range(0, len(pictures), BATCH[method]):
        batch = pictures[start : start + BATCH[method]]
        looks = [_input(predictor, picture, drawings) for picture in batch]
        targets = list(islice(wanted, len(batch)))
        usable = [at for at, look in enumerate(looks) if not isinstance(look, StudioError)]
        found = _maps(predictor, looks, [targets[at] for at in usable], layer, method) if usable else iter(())
        for look in looks:
            if isinstance(look, StudioError):
                yield look
                continue
            values, label, probabilities = next(found)
            if not np.isfinite(values).all():
                yield CheckpointError("error.prediction.not_finite")
                continue
            yield HeatMap(values, label, probabilities, method, layer, look[1], framed.place(*look[1]))


def method_of(model: ResNet, layer: Stage = "layer4") -> Method:
    """How the maps of ``layer`` are made: exact class activation where the head's own weights give it, which say
    nothing of a place where the head sees layer3 too.
    """
    from resnet_studio.model.joined import is_joined

    exact = layer == "layer4" and linear_head(model) is not None and not is_joined(model)
    return "cam" if exact else "grad-cam"


def linear_head(model: ResNet) -> Linear | None:
    """The only layer of the model's head that computes; None where there are several."""
    from torch import nn

    layers = [layer for layer in model.fc.modules() if not isinstance(layer, nn.Sequential | nn.Dropout)]
    return layers[0] if len(layers) == 1 and isinstance(layers[0], nn.Linear) else None


def class_activation(maps: Tensor, weights: Tensor, labels: Tensor) -> Tensor:
    """What each place of the last stage's ``maps`` [N, C, h, w] adds to the logit of each picture's label, [N, h, w].

    ``weights`` [classes, C] are those of the linear head, ``labels`` [N].
    """
    import torch

    return torch.einsum("nchw,nc->nhw", maps, weights[labels])


def output_of(model: ResNet, layer: Stage) -> Module:
    """The module whose output is the feature map [N, C, h, w] of a stage, before any pooling to one number."""
    from resnet_studio.model.resnet import map_module

    return map_module(model, layer)


def feature_maps(predictor: Predictor, batch: Tensor, layers: Sequence[Stage]) -> tuple[Tensor, dict[Stage, Tensor]]:
    """The logits [N, classes] for a ``batch`` [N, 3, side, side], and the outputs [N, C, h, w] of ``layers``."""
    import torch

    found: dict[Stage, Tensor] = {}

    def keep(layer: Stage) -> Callable[..., None]:
        def hook(_: Module, __: object, output: Tensor) -> None:
            found[layer] = output.float()

        return hook

    with (
        predictor.alone(len(batch)) as model,
        torch.inference_mode(),
        torch.autocast(_device(model).type, enabled=False),
    ):
        hooks = [output_of(model, layer).register_forward_hook(keep(layer)) for layer in layers]
        try:
            logits = model(_moved(model, batch))
        finally:
            for hook in hooks:
                hook.remove()
    return logits.float(), found


_Look = tuple["Tensor", tuple[int, int]]


def _input(predictor: Predictor, picture: Path | Image.Image, drawing: bool) -> _Look | StudioError:
    """The model's input [3, side, side], and the size of the upright picture."""
    from resnet_studio.model.checkpoint import preprocess

    try:
        upright = predictor.upright(picture)
        return preprocess(upright, predictor.card.preprocessing, drawing=drawing), upright.size
    except StudioError as error:
        return error


def _maps(
    predictor: Predictor, looks: Sequence[_Look | StudioError], targets: Sequence[int | None], layer: Stage,
    method: Method,
) -> Iterator[tuple[NDArray[np.float32], int, NDArray[np.float64]]]:  # fmt: skip
    """For each input: its map, the class that it is of, and the probability of every class."""
    import torch

    batch = torch.stack([look[0] for look in looks if not isinstance(look, StudioError)])
    logits, outputs = feature_maps(predictor, batch, [layer] if method == "cam" else [])
    probabilities = torch.softmax(logits.double(), 1)
    named = logits.argmax(1).tolist()
    labels = torch.tensor([said if label is None else label for said, label in zip(named, targets, strict=True)])
    if method == "cam":
        head = linear_head(predictor.model)
        assert head is not None
        with torch.inference_mode():
            maps = class_activation(outputs[layer], head.weight.float(), labels.to(logits.device))
    else:
        maps = _by_gradient(predictor, batch, labels, layer)
    rows = (maps.float().cpu().numpy(), labels.tolist(), probabilities.cpu().numpy())
    yield from zip(*rows, strict=True)


def _by_gradient(predictor: Predictor, batch: Tensor, labels: Tensor, layer: Stage) -> Tensor:
    """Grad-CAM of ``layer``, [N, h, w]: its channels weighed by their mean gradient, and negative sums cut off.

    The picture itself takes a gradient: a frozen network would have none.
    """
    import torch
    from captum.attr import LayerGradCam

    with predictor.alone(len(batch)) as model, torch.enable_grad(), torch.autocast(_device(model).type, enabled=False):
        model.requires_grad_(False)
        inputs = _moved(model, batch).requires_grad_(True)
        explained = LayerGradCam(model, output_of(model, layer))
        maps: Tensor = explained.attribute(inputs, target=labels.to(inputs.device), relu_attributions=True)
    return maps.detach()[:, 0]


def _device(model: ResNet) -> torch.device:
    device: torch.device = next(model.parameters()).device
    return device


def _moved(model: ResNet, batch: Tensor) -> Tensor:
    device = _device(model)
    return batch.to(device).contiguous(memory_format=layout(device))


def _scaled(size: tuple[int, int], side: int) -> tuple[int, int]:
    """``size`` in the same proportions with a long side of ``side``."""
    scale = side / max(size)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
