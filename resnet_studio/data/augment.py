"""Batches of pictures, changed on the device: uint8 squares in, varied and normalised floats out.

All geometry (crop, zoom, stretch, mirror, shift) is one affine resampling of the whole batch. The random numbers come
from torch's default generator, which the training loop seeds for every step, so that a resumed run draws the same.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from PIL import Image

from resnet_studio.data import views
from resnet_studio.data.pictures import read_picture
from resnet_studio.data.reading import AS_SEEN

if TYPE_CHECKING:
    from torch import Tensor

    from resnet_studio.config import Mix, TrainConfig
    from resnet_studio.data.dataset import Split

GPU_GROUP = 8  # pictures that share a draw of a policy there
RANDOM = threading.Lock()
"""Held while a thread seeds and draws from torch's default generator, which all threads share."""


@dataclass(frozen=True, kw_only=True)
class AugmentationRecipe:
    """How much a training picture is varied.

    ``area``: share of the picture that a crop covers; ``stretch``: largest ratio by which a crop's proportions differ
    from a square's; ``shift``: largest move as a share of the side, the border reflected; ``jitter``: largest relative
    change of brightness, contrast and saturation; ``policy``: a torchvision policy on top; ``erase``: share of pictures
    with a random rectangle erased.
    """

    area: tuple[float, float] = (1.0, 1.0)
    stretch: float = 1.0
    shift: float = 0.0
    jitter: float = 0.0
    flip: bool = False
    policy: str | None = None
    erase: float = 0.0

    @property
    def identity(self) -> bool:
        """Whether nothing is varied."""
        return self == AugmentationRecipe()


LEVELS = {
    "none": AugmentationRecipe(),
    "light": AugmentationRecipe(area=(0.8, 1.0), stretch=10 / 9, jitter=0.1),
    # random-resized crop and colour jitter as in torchvision's references, the crop bounded below for small data
    "standard": AugmentationRecipe(area=(0.35, 1.0), stretch=4 / 3, jitter=0.2),
    "strong": AugmentationRecipe(area=(0.25, 1.0), stretch=4 / 3, policy="trivialaugment", erase=0.25),
}
# Pictures of 64 px or less seen at their own size: pad by an eighth and crop, as CIFAR recipes do (4 px of 32)
SMALL_LEVELS = {
    "none": AugmentationRecipe(),
    "light": AugmentationRecipe(shift=1 / 8),
    "standard": AugmentationRecipe(shift=1 / 8, jitter=0.2, erase=0.25),
    "strong": AugmentationRecipe(shift=1 / 8, policy="trivialaugment", erase=0.25),
}


def recipe(config: TrainConfig, *, small: bool) -> AugmentationRecipe:
    """The augmentation that a resolved ``config`` asks for; ``small`` for pictures shown at their own small size."""
    level = (SMALL_LEVELS if small else LEVELS)[config.augmentation]
    if config.augmentation == "none":
        return level
    policy = config.strong_policy if level.policy else None
    return replace(level, flip=config.horizontal_flip, policy=policy)


def augment(pixels: Tensor, aspect: Tensor, size: int, augmentation: AugmentationRecipe) -> Tensor:
    """Vary a batch: ``pixels`` uint8 ``[B, 3, R, R]``, ``aspect`` ``[B]`` -> float ``[B, 3, size, size]`` in [0, 1]."""
    if augmentation.policy:
        pixels = _policy(pixels, augmentation.policy)
    batch = pixels.float().div_(255)
    batch = _resample(batch, aspect, size, augmentation)
    if augmentation.jitter:
        _jitter(batch, augmentation.jitter)
    if augmentation.erase:
        erase_patches(batch, augmentation.erase)
    return batch


def centre(pixels: Tensor, aspect: Tensor, size: int, share: float) -> Tensor:
    """The plain view of squeezed pictures: the middle square that is ``share`` of the short side.

    ``pixels`` uint8 ``[B, 3, R, R]``, ``aspect`` ``[B]`` -> float ``[B, 3, size, size]`` in [0, 1].
    """
    batch = pixels.float().div_(255)
    zero = torch.zeros_like(aspect)
    width, height = share * (1 / aspect).clamp(max=1), share * aspect.clamp(max=1)
    theta = torch.stack([torch.stack([width, zero, zero], 1), torch.stack([zero, height, zero], 1)], 1)
    grid = F.affine_grid(theta, [len(batch), 3, size, size], align_corners=False)
    return F.grid_sample(batch, grid, mode="bilinear", padding_mode="reflection", align_corners=False)


def to_device(tensor: Tensor, device: torch.device) -> Tensor:
    """``tensor`` on ``device``. Only CUDA may go on before it has arrived: Metal reads its source later, when the
    memory may be another's (pytorch/pytorch issue 189690). From pinned memory alone does CUDA not wait for the work
    that it has been given before; torch keeps such memory until the copy is done.
    """
    if device.type != "cuda":
        return tensor.to(device)
    pinned = tensor.pin_memory() if tensor.device.type == "cpu" else tensor
    return pinned.to(device, non_blocking=True)


def normalise(batch: Tensor, mean: tuple[float, ...], std: tuple[float, ...]) -> Tensor:
    """(batch - mean) / std a channel, in place; ``batch`` float ``[B, 3, H, W]`` in [0, 1]."""
    offset, scale = (to_device(torch.tensor(values), batch.device).view(3, 1, 1) for values in (mean, std))
    return batch.sub_(offset).div_(scale)


def mix(batch: Tensor, labels: Tensor, classes: int, kind: Mix) -> tuple[Tensor, Tensor]:
    """mixup (arXiv 1710.09412, alpha 0.2) or CutMix (arXiv 1905.04899, alpha 1): soft labels ``[B, classes]``."""
    from torchvision.transforms import v2

    transforms = {"mixup": v2.MixUp(alpha=0.2, num_classes=classes), "cutmix": v2.CutMix(num_classes=classes)}
    name = kind if kind != "both" else ("mixup", "cutmix")[int(torch.randint(2, ()))]
    mixed: tuple[Tensor, Tensor] = transforms[name](batch, labels)
    return mixed


def preview(split: Split, config: TrainConfig, count: int = 8, seed: int = 0) -> list[Image.Image]:
    """``count`` training pictures as the network would meet them, for the eye; ``config`` resolved."""
    augmentation = recipe(config, small=views.is_small(config, split.median_side))
    assert config.picture_size is not None
    view = views.training_view(views.final_view(config, split), augmentation)
    step = max(1, len(split.train) // count)
    pictures = [
        read_picture(split.path(sample), draft_side=view.draft_side, reading=AS_SEEN)
        for sample in split.train[::step][:count]
    ]
    pictures = (pictures * count)[:count]
    pixels = torch.stack([torch.from_numpy(view.pixels(picture).copy()).permute(2, 0, 1) for picture in pictures])
    aspect = torch.tensor([view.aspect(picture) for picture in pictures])
    with RANDOM, torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        batch = augment(pixels, aspect, config.picture_size, augmentation)
    shown = batch.mul(255).round().clamp(0, 255).byte().permute(0, 2, 3, 1).numpy()
    return [Image.fromarray(picture) for picture in shown]


def _uniform(count: int, low: float, high: float, like: Tensor) -> Tensor:
    return to_device(torch.rand(count).mul_(high - low).add_(low), like.device)


def _resample(batch: Tensor, aspect: Tensor, size: int, augmentation: AugmentationRecipe) -> Tensor:
    """Crop, stretch, shift and mirror each picture of ``batch`` in one bilinear resampling to ``size`` px."""
    count, same_size = len(batch), batch.shape[-1] == size
    mirror = augmentation.flip and to_device(torch.rand(count) < 0.5, batch.device)
    if augmentation.area == (1.0, 1.0) and not augmentation.shift and same_size:
        return (
            torch.where(mirror.view(-1, 1, 1, 1), batch.flip(-1), batch) if isinstance(mirror, torch.Tensor) else batch
        )
    width, height = _crop_sides(aspect.to(batch.device), augmentation, batch)
    if augmentation.shift:
        pixels = round(augmentation.shift * size)
        x, y = (
            2 * to_device(torch.randint(-pixels, pixels + 1, (2, count)).to(batch.dtype), batch.device) / size
        ).unbind()
    else:
        x = (1 - width) * _uniform(count, -1, 1, batch)
        y = (1 - height) * _uniform(count, -1, 1, batch)
    if isinstance(mirror, torch.Tensor):
        width = torch.where(mirror, -width, width)
    zero = torch.zeros_like(width)
    theta = torch.stack([torch.stack([width, zero, x], 1), torch.stack([zero, height, y], 1)], 1)
    grid = F.affine_grid(theta, [count, 3, size, size], align_corners=False)
    return F.grid_sample(batch, grid, mode="bilinear", padding_mode="reflection", align_corners=False)


def _crop_sides(aspect: Tensor, augmentation: AugmentationRecipe, batch: Tensor) -> tuple[Tensor, Tensor]:
    """Width and height of a nearly square crop as shares of the picture's; its area is in ``augmentation.area``."""
    if augmentation.area == (1.0, 1.0):
        return torch.ones_like(aspect), torch.ones_like(aspect)
    area = _uniform(len(batch), *augmentation.area, batch)
    log_stretch = float(torch.log(torch.tensor(augmentation.stretch)))
    proportions = torch.exp(_uniform(len(batch), -log_stretch, log_stretch, batch))
    width = (area * proportions / aspect).sqrt().clamp(max=1)
    height = (area * aspect / proportions).sqrt().clamp(max=1)
    return width, height


def _jitter(batch: Tensor, most: float) -> None:
    """Brightness, contrast, saturation: each changed by a factor in [1 - most, 1 + most], a picture, in place."""
    factors = [_uniform(len(batch), 1 - most, 1 + most, batch).view(-1, 1, 1, 1) for _ in range(3)]
    batch.mul_(factors[0])
    mean = batch.mean(dim=(1, 2, 3), keepdim=True)
    batch.sub_(mean).mul_(factors[1]).add_(mean)
    grey = batch.mean(dim=1, keepdim=True)
    batch.sub_(grey).mul_(factors[2]).add_(grey).clamp_(0, 1)


def erase_patches(batch: Tensor, share: float) -> None:
    """Random erasing (arXiv 1708.04896) with the mean grey: 2 to 20 % of ``share`` of the pictures, in place."""
    count, size = len(batch), batch.shape[-1]
    chosen = torch.rand(count, 1) < share
    side = (size * torch.rand(count, 1).mul(0.18).add(0.02).sqrt()).round().clamp(min=1)
    room = size - side
    place = torch.arange(size)
    # rounding must not push a draw just below 1 past the border
    starts = [(torch.rand(count, 1) * (room + 1)).floor().minimum(room) for _ in range(2)]
    rows, columns = ((place >= start) & (place < start + side) for start in starts)
    rows, columns = (to_device(lines, batch.device) for lines in (rows & chosen, columns))
    batch.masked_fill_((rows[:, :, None] & columns[:, None, :])[:, None], 0.5)


def _policy(pixels: Tensor, name: str) -> Tensor:
    """TrivialAugment (arXiv 2103.10158) or RandAugment (arXiv 1909.13719), drawn for each picture by itself; on a GPU,
    where each call costs more than its arithmetic, for a few at once: others of the same batch in every epoch.
    """
    from torchvision.transforms import v2

    policy = v2.TrivialAugmentWide() if name == "trivialaugment" else v2.RandAugment()
    at_once = 1 if pixels.device.type == "cpu" else GPU_GROUP
    return torch.cat([policy(group) for group in torch.split(pixels, at_once)])
