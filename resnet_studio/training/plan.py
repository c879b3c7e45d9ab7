"""From what the user left open to definite numbers: every automatic choice, made once before a run begins."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from resnet_studio.data import made_here, outside_set, views
from resnet_studio.data.mirroring import mirrored_pairs
from resnet_studio.data.splitting import cut
from resnet_studio.data.trainable import check_trainable
from resnet_studio.errors import ConfigError
from resnet_studio.evaluation import outside
from resnet_studio.model import anatomy, architecture, weights
from resnet_studio.model.device import check_devices
from resnet_studio.training import halfway, lengths
from resnet_studio.training.balance import imbalance_of, weighting
from resnet_studio.training.caching import caches_features
from resnet_studio.training.cycles import FEW, FEW_TO_CHOOSE_BY, cycle_at, first_cycle
from resnet_studio.training.lineage import parents_of, with_copied_teachers, with_weights_of_run

if TYPE_CHECKING:
    from resnet_studio.config import Freeze, Stem, TrainConfig
    from resnet_studio.data.dataset import Dataset, Split
    from resnet_studio.data.folds import Fold
    from resnet_studio.workspace import Run, Workspace


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the automatic choices look at; ``flip`` and ``epochs`` are hints that sample data sets come with.

    ``imbalance``: training pictures of the largest class, by those of the smallest; ``recorded``: made on the page;
    ``validation_pictures``: None where nobody has counted them.
    """

    train_pictures: int
    classes: int
    median_side: int
    start: weights.WeightsChoice
    on_gpu: bool
    median_aspect: float = 1.0
    flip: bool = True
    epochs: int | None = None
    imbalance: float = 1.0
    recorded: bool = False
    validation_pictures: int | None = None


def resolve(config: TrainConfig, facts: Facts) -> TrainConfig:
    """``config`` with every automatic choice filled in, except device and precision, which the machine decides.

    The recipe is the one that the project's benchmarks compare: AdamW with one cycle, more of the network trained and
    fewer epochs the more pictures there are.
    """
    scratch = facts.start.key == "scratch"
    size = config.picture_size or _picture_size(facts, scratch)
    small = scratch and size <= views.SMALL_SIDE
    freeze = _freeze(facts, scratch) if config.features != "layer3+layer4" else "layer4"
    freeze = freeze if config.freeze == "auto" else config.freeze
    resolved = config.replace(
        weights=facts.start.weights,
        freeze=freeze,
        features="layer4" if config.features == "auto" and freeze != "layer4" else config.features,
        stem=_stem(config, facts, small),
        epochs=config.epochs or facts.epochs or lengths.epochs(facts.train_pictures, freeze, scratch=scratch),
        batch_size=config.batch_size
        or lengths.batch_size(
            facts.train_pictures, freeze, scratch=scratch, chosen=not (config.epochs or facts.epochs)
        ),
        picture_size=size,
        learning_rate=config.learning_rate or lengths.learning_rate(config, scratch=scratch),
        stage_factor=1.0 if scratch else config.stage_factor,
        class_weighting=weighting(facts.imbalance) if config.class_weighting == "auto" else config.class_weighting,
        augmentation=("light" if small else "standard") if config.augmentation == "auto" else config.augmentation,
        horizontal_flip=config.horizontal_flip and facts.flip,
        fit=_fit(config, facts),
    )
    resolved = _with_end(resolved, config, facts, scratch=scratch)
    resolved = resolved.replace(early_picture_size=_early_picture_size(resolved, scratch, config.early_picture_size))
    _refuse_impossible_batches(resolved)
    if resolved.keep_channels < 1 and resolved.freeze == "layer4":
        raise ConfigError("error.prune.nothing")
    return resolved


def _with_end(resolved: TrainConfig, config: TrainConfig, facts: Facts, *, scratch: bool) -> TrainConfig:
    """``resolved`` with how its training ends, and with which network, where ``config`` leaves that open."""
    assert resolved.epochs is not None
    chosen = config.epochs is None and facts.epochs is None and not scratch
    first, again, mean = config.first_epochs, config.final_fit, config.mean_with_start
    if first is None:
        first = first_cycle(resolved, resolved.epochs, chosen=chosen and facts.train_pictures < FEW)
    if again is None:
        again = chosen and _too_few_to_choose_by(facts)
    if mean is None:
        mean = chosen and _epochs_hard_to_tell(resolved, facts)
    return resolved.replace(first_epochs=first, final_fit=again, mean_with_start=mean)


def _refuse_impossible_batches(resolved: TrainConfig) -> None:
    """Raise :class:`ConfigError` where BatchNorm would need more pictures than a batch has."""
    assert resolved.batch_size is not None
    if resolved.batch_size < fewest_in_a_batch(resolved):
        side = next(side for side in range(1, 1024) if anatomy.last_side(side, resolved.stem) > 1)
        raise ConfigError("error.plan.batch_of_one", side=side)


def _freeze(facts: Facts, scratch: bool) -> Freeze:
    if scratch or facts.train_pictures >= lengths.MANY:
        return "none"
    if facts.train_pictures >= 500:
        return "layer2"
    return "layer4" if facts.recorded else "layer3"  # somebody waits to try it: benchmarks/camera.py


def _too_few_to_choose_by(facts: Facts) -> bool:
    """Whether the validation pictures are so few that they are worth more as training pictures."""
    return not facts.recorded and 0 < (facts.validation_pictures or 0) < FEW_TO_CHOOSE_BY


def _epochs_hard_to_tell(resolved: TrainConfig, facts: Facts) -> bool:
    """Whether stages are fine-tuned from a linear probe, and validation pictures tell epochs apart by chance alone."""
    tuned = resolved.freeze != "layer4" and resolved.head == "linear" and not resolved.adversarial
    few = 0 < (facts.validation_pictures or 0) < halfway.FEW_TO_COMPARE
    return few and tuned and not (facts.recorded or resolved.early_stopping_patience)


def _stem(config: TrainConfig, facts: Facts, small: bool) -> Stem:
    """Pretrained weights only fit the stem that they were trained with."""
    if facts.start.stem is not None:
        if config.stem not in ("auto", facts.start.stem):
            raise ConfigError(f"error.plan.stem.{config.stem}")
        return facts.start.stem
    if config.stem == "auto":
        return "small" if small else "standard"
    return config.stem


def _picture_size(facts: Facts, scratch: bool) -> int:
    """From scratch, small pictures keep their size; pretrained networks want the sizes that they were trained at."""
    if facts.median_side <= views.SMALL_SIDE:
        if scratch:
            return max(16, facts.median_side)
        return 96 if facts.start.key == "starter" else 128
    if scratch:
        return 128 if facts.on_gpu else 96
    if facts.start.key == "starter":
        return 96 if facts.median_side < 112 else 128  # what it is good at, of these the nearer one
    return 224 if facts.on_gpu else 160


def _fit(config: TrainConfig, facts: Facts) -> views.Shown:
    """Of long pictures all is shown, as what they are of may lie at an end."""
    if config.fit == "auto":
        return "pad" if facts.median_aspect > views.WIDE else "crop"
    return config.fit


def _early_picture_size(resolved: TrainConfig, scratch: bool, requested: int | None) -> int:
    """Where pictures are cropped, they begin at ``requested`` or four fifths of the full size, a multiple of 32 px;
    torchvision's recipes train at 176 px for 224.

    Trained stages behind cached features see the full size whatever was ``requested``: their views never grow, and
    BatchNorm adapts to the size that it sees. With pictures of 100 px in ten classes, views of 80 px cost up to nine
    points.
    """
    size = resolved.picture_size
    assert size is not None
    if caches_features(resolved) and resolved.freeze != "layer4":
        return size
    if requested or scratch or resolved.augmentation == "none":
        return min(size, requested or size)
    return min(size, max(64, views.strided(4 / 5 * size)))


def picture_size_in(config: TrainConfig, epoch: int) -> int:
    """The side, px, of the training pictures in ``epoch`` (from 0) of a resolved ``config``.

    It grows evenly, and is full from the last quarter of the first cycle on. Views that are cached as features stay at
    the first size: where only the head learns, smaller crops show things as they will be met, since a crop shows them
    larger than the whole picture does (train-test resolution discrepancy, arXiv 1906.06423).
    """
    assert config.picture_size is not None
    full, first = config.picture_size, config.early_picture_size or config.picture_size
    if caches_features(config):
        return min(first, full)
    return views.size_at(first, full, epoch / max(1.0, 0.75 * cycle_at(config, 0).epochs))


def fewest_in_a_batch(config: TrainConfig) -> int:
    """How many pictures a batch must have in a training of a resolved ``config``.

    Two where a BatchNorm in a trained stage meets maps of a single pixel: one value a channel has no variance.
    """
    assert config.epochs is not None
    if config.freeze == "layer4":
        return 1
    smallest = min(picture_size_in(config, epoch) for epoch in range(config.epochs))
    return 2 if anatomy.last_side(smallest, config.stem) == 1 else 1


def freeze_in(config: TrainConfig, epoch: int) -> Freeze:
    """The freeze level in ``epoch`` (from 0) of a resolved ``config``.

    With gradual unfreezing (ULMFiT, arXiv 1801.06146, section 3.3) the head learns alone at first, and the stage before
    joins every ``gradual_unfreezing`` epochs, until only what ``config`` freezes is frozen.
    """
    if not config.gradual_unfreezing:
        return config.freeze
    joined = epoch // config.gradual_unfreezing
    levels = ("none", *architecture.STAGES[:-1])
    return cast("Freeze", levels[max(levels.index(config.freeze), len(levels) - 1 - joined)])


def new_run(
    dataset: Dataset,
    config: TrainConfig,
    workspace: Workspace,
    *,
    run_name: str | None = None,
    started_by: str = "program",
    facts: Mapping[str, Any] = MappingProxyType({}),
    suffix: str = "",
    fold: Fold | None = None,
) -> Run:
    """A run of ``config`` on ``dataset``: its split and its resolved settings written down, nothing trained yet.

    ``run_name`` is the data set's name in the reader's language; ``started_by`` the browser that asked, or a program;
    ``facts`` are more about it, ``suffix`` ends its name; in a cross-validation it is tested on ``fold``.
    """
    requested = time.time()
    config = with_weights_of_run(config, workspace, dataset)
    config, tested_on = outside.found_for(config, dataset, workspace)
    resolved, parts = resolve_for(dataset, config, fold)
    known_as, model = run_name or dataset.name, architecture.of(config).name + (f"-{suffix}" if suffix else "")
    about = {
        "name": f"{known_as}-{model}",
        "asked": requested,
        "started_by": started_by,
        "owner": "",
        "group": "",
        "parents": parents_of(config),
        "note": "",
        "tested_on": tested_on.dataset.name if tested_on else "",
        "dataset": dataset.id,
        "dataset_name": known_as,
        "classes": list(dataset.classes),
        "counts": {"train": len(parts.train), "validation": len(parts.validation), "test": len(parts.test)},
        **facts,
    }
    given: dict[str, Any] = {"requested": config, "resolved": resolved, "about": about, "split": parts.to_json()}
    files = {} if tested_on is None else {outside_set.FILE: tested_on.to_json()}
    return with_copied_teachers(workspace.new_run(f"{dataset.name}-{model}", **given, files=files))


def resolve_for(dataset: Dataset, config: TrainConfig, fold: Fold | None = None) -> tuple[TrainConfig, Split]:
    """``config`` with every automatic choice made for ``dataset``, and the split that it asks for.

    Raises :class:`DataError` where nothing can be learnt from ``dataset`` as it is, :class:`ConfigError` where the
    network's library is not installed.
    """
    check_trainable(dataset)
    architecture.of(config).check_installed()
    check_devices(config.device, config.devices)
    parts = cut(dataset, config, fold)
    known = facts(dataset, config, len(parts.train), len(parts.validation), on_gpu=on_gpu(config))
    return resolve(config, known), parts


def facts(
    dataset: Dataset, config: TrainConfig, train_pictures: int, validation_pictures: int | None = None, *, on_gpu: bool
) -> Facts:
    """What :func:`resolve` needs to know of ``dataset``."""
    return Facts(
        train_pictures=train_pictures,
        validation_pictures=validation_pictures,
        classes=len(dataset.classes),
        median_side=dataset.median_side,
        median_aspect=dataset.median_aspect,
        start=weights.explain(config.weights, architecture.of(config)),
        on_gpu=on_gpu,
        flip=bool(dataset.hints.get("horizontal_flip", True)) and not mirrored_pairs(dataset.classes),
        epochs=dataset.hints.get("epochs"),
        imbalance=imbalance_of(dataset),
        recorded=made_here.is_made(dataset.id),
    )


def on_gpu(config: TrainConfig) -> bool:
    """Whether a training of ``config`` takes a GPU of this machine, CUDA or Metal.

    Raises :class:`ConfigError` where the machine does not have the device that ``config`` names.
    """
    from resnet_studio.model.device import choose_device

    return choose_device(config.device).type != "cpu"
