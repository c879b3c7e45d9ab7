"""Everything before the first batch: device, decoded pictures, starting weights, the cut into prefix and suffix."""

from __future__ import annotations

import gc
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from resnet_studio.data import measured, views
from resnet_studio.data.augment import AugmentationRecipe, recipe
from resnet_studio.data.cache import ArrayCache
from resnet_studio.data.decode import content, is_decoded
from resnet_studio.data.reading import Reading
from resnet_studio.data.run_split import split_of
from resnet_studio.errors import DataError, RunError
from resnet_studio.events import Event, Preparing
from resnet_studio.model import resnet, weights
from resnet_studio.model.device import choose_device, layout
from resnet_studio.stepwise import map_steps
from resnet_studio.training import cards, choosing, features, hardware, joining, originals, probing, pruning, saving
from resnet_studio.training.batches import FreshBatches, Part, decode_parts
from resnet_studio.training.caching import caches_features
from resnet_studio.training.cautions import about_pictures
from resnet_studio.training.cycles import enters_second
from resnet_studio.training.distillation import Teachers
from resnet_studio.training.kept_views import CachedFeatures
from resnet_studio.training.materials import Materials
from resnet_studio.training.mirrored import disable_unsafe_mirroring
from resnet_studio.training.session import Session
from resnet_studio.training.starting import build_network, starting_weights
from resnet_studio.training.validation import rescore
from resnet_studio.training.without_labels import learn_without_labels
from resnet_studio.training.world import ALONE

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray
    from torchvision.models import ResNet

    from resnet_studio.config import TrainConfig
    from resnet_studio.data.dataset import Split
    from resnet_studio.training.control import Control
    from resnet_studio.training.final_fit import Settled
    from resnet_studio.training.world import World
    from resnet_studio.workspace import Run


def prepare(
    run: Run, control: Control, world: World = ALONE, settled: Settled | None = None
) -> Generator[Event, None, Session | None]:
    """The session of ``run``, new or as it was saved; None where ``control`` asked it to end.

    Where all is ``settled``, validation pictures choose nothing.
    """
    begun = time.perf_counter()
    hardware.keep_freed_memory()
    saved = saving.read_state(run) if run.state_file.exists() else None
    materials = yield from _materials_or_reason(run, control, saved, world)
    if materials is None:
        return None
    fresh, cache = materials.batches, ArrayCache(run.cache)
    assert isinstance(fresh, FreshBatches)
    if not saved and fresh.augmentation.flip:
        fresh = yield from disable_unsafe_mirroring(materials, fresh, cache)
    epoch, views = _epoch_and_views(materials.config, saved)
    batches = yield from _until_stopped(_kept(materials, fresh, cache, saved), control)
    if batches is None:
        return None
    materials.batches = batches
    probes = None if saved else (yield from probing.probe_start(materials, begun))
    if isinstance(batches, CachedFeatures):
        adding = features.cache_augmented(batches, fresh, materials.config, cache, views, epoch)
        varied = yield from _until_stopped(adding, control)
        if varied is None:
            return None
        materials.batches = varied
    session = Session(materials, epoch=epoch)
    if saved:
        saving.restore(session, saved)
        if materials.validation_differs:
            rescore(session.best_network, materials, session.batch_size)
    elif probes is not None:
        probes.begin(session, settled)
    return session


def next_cycle(
    session: Session, control: Control, settled: Settled | None = None
) -> Generator[Event, None, Session | None]:
    """The session of the cycle after that of ``session``, made from what is saved of it, as one that is resumed; of
    several processes, rank 0 saves. ``session`` itself is of no use any more.
    """
    run, world = session.materials.run, session.materials.world
    session.save()
    world.share()
    vars(session).clear()  # whoever still holds it would hold its features and weights in memory beside the new ones
    gc.collect()
    return (yield from prepare(run, control, world, settled))


def _materials_or_reason(
    run: Run, control: Control, saved: Mapping[str, Any] | None, world: World
) -> Generator[Event, None, Materials | None]:
    """:func:`_materials`; where the pictures cannot be used because their folder is gone, the error says that."""
    try:
        return (yield from _materials(run, control, saved, world))
    except DataError as error:
        root = split_of(run).root
        if root.is_dir():
            raise
        raise DataError("error.data.folder_gone", folder=str(root)) from error


def _materials(
    run: Run, control: Control, saved: Mapping[str, Any] | None, world: World
) -> Generator[Event, None, Materials | None]:
    """Decoded pictures and the network with its starting weights, cut; no features are cached yet."""
    config, split = run.config, split_of(run)
    if None in (config.epochs, config.batch_size, config.picture_size, config.learning_rate):
        raise RunError("error.run.damaged", file="config.json", run=run.id)
    device = world.device(choose_device(config.device))
    augmentation, end = recipe(config, small=views.is_small(config, split.median_side)), _end(run, config, split)
    decoded = yield from _decoded(run, control, split, augmentation, end, device, bool(saved))
    if decoded is None:
        return None
    split, train = decoded.split, decoded.train
    widths = pruning.starting_widths(run, config, resuming=bool(saved))
    compute, config = _compute(run, config, device, saved, world)
    compute.apply()
    if config.features == "auto":
        config = yield from choosing.settle_features(run, config, decoded.reading, train, end, compute)
    model = build_network(config, len(split.classes), widths)
    starting = _starting(run, config, decoded, model, compute, device, control)
    if (origin := weights.SCRATCH if saved else (yield from starting)) is None:
        return None
    widths = pruning.widths(model, config, widths)
    card = cards.saved(run) or cards.new(run, config, split.classes, origin, end, decoded.reading, train, widths)
    compute.prepare(model)
    model.to(device, memory_format=layout(device))
    cut = resnet.cut(model, config.freeze, config.tuned_parameters, from_pictures=config.adversarial > 0)
    batches = FreshBatches(
        train, decoded.validation, cut.prefix, augmentation, card.preprocessing, compute, config.mix, len(card.classes),
        Teachers.of(run, config, card.classes, device, compute),
    )  # fmt: skip
    stages = resnet.parameter_groups(model, config.freeze, config.tuned_parameters)
    materials = Materials(
        run=run, config=config, split=split, card=card, device=device, compute=compute, model=model,
        prefix=cut.prefix, suffix=cut.suffix, stages=stages, batches=batches, rows=decoded.rows,
        validation_differs=decoded.validation_differs, world=world,
    )  # fmt: skip
    if saved:
        saving.restore_frozen(materials)
    return materials


def _starting(
    run: Run, config: TrainConfig, decoded: _Decoded, model: ResNet, compute: hardware.Compute, device: torch.device,
    control: Control,
) -> Generator[Event, None, weights.Origin | None]:  # fmt: skip
    """Give ``model`` what a new training begins with; None where ``control`` asked for an end."""
    origin: weights.Origin = yield from starting_weights(model, config, decoded.split.classes)
    if config.pretrain_epochs:
        about = (decoded.split, model, decoded.reading, compute, device, control)
        if not (yield from learn_without_labels(run, config, *about)):
            return None
    yield from pruning.take_out(model, config)
    return origin


@dataclass(frozen=True)
class _Decoded:
    """The pictures of a training. ``rows`` and ``validation_differs`` are those of a resumed one; see
    :class:`Materials`.
    """

    split: Split
    reading: Reading
    train: Part
    validation: Part
    rows: NDArray[np.int64] | None
    validation_differs: bool


def _decoded(
    run: Run,
    control: Control,
    split: Split,
    augment: AugmentationRecipe,
    end: views.Framed,
    device: torch.device,
    resuming: bool,
) -> Generator[Event, None, _Decoded | None]:
    """The pictures of ``split``; where a training is resumed, only those that have not changed since it began."""
    cache = ArrayCache(run.cache)
    reading = yield from _until_stopped(_reading(run, split, cache), control)
    if reading is None:
        return None
    resumed = None
    if resuming:
        shown = {"train": views.training_view(end, augment), "validation": end}
        resumed = originals.resume_pictures(
            split,
            originals.recall(run, split),
            lambda part, contents: is_decoded(shown[part], reading, contents, cache),
        )
        split = resumed.split
        yield from resumed.notes
    decoding = decode_parts(split, augment, end, device, cache, reading, shown=caches_features(run.config))
    parts = yield from _until_stopped(decoding, control)
    if parts is None:
        return None
    train, validation = parts
    if resumed is None:
        originals.remember(run, split, train, validation)
    yield from about_pictures(train, validation, new=resumed is None)
    rows = resumed.rows(train.samples) if resumed else None
    return _Decoded(split, reading, train, validation, rows, bool(resumed and resumed.validation_differs))


def _compute(
    run: Run, config: TrainConfig, device: torch.device, saved: Mapping[str, Any] | None, world: World
) -> tuple[hardware.Compute, TrainConfig]:
    """How the run computes, as it was saved or as this machine does it fastest, and the settings that say so."""
    if saved:
        compute = saving.saved_compute(saved)
    else:
        compute = hardware.choose_compute(config.precision, device, run.machine_file).shared_by(world.size)
    if config.precision == "auto":
        config = config.replace(precision=compute.precision)
        run.write_resolved(config)
    return compute, config


def _kept(
    m: Materials, fresh: FreshBatches, cache: ArrayCache, saved: Mapping[str, Any] | None
) -> Generator[Event, None, CachedFeatures | FreshBatches]:
    """The batches of a training, from cached features where that pays; what a new one's head sees is standardised."""
    if saved is None:
        yield from joining.standardise(m, fresh)
    epoch, views = _epoch_and_views(m.config, saved)
    return (yield from features.cache_features(fresh, m.config, cache, views, epoch))


def _epoch_and_views(config: TrainConfig, saved: Mapping[str, Any] | None) -> tuple[int, int | None]:
    """The epochs that are done, and how many views are kept of each picture; None where a cycle begins with its own."""
    if saved is None:
        return 0, None
    epoch, views = saved["epoch"], saved.get("views")
    return epoch, None if views and not saved["batch"] and enters_second(config, epoch) else views


def _end(run: Run, config: TrainConfig, split: Split) -> views.Framed:
    """What the network is shown in the end; what it was to be when the training began."""
    saved = cards.saved(run)
    if saved is None:
        return views.final_view(config, split)
    return replace(views.Framed.of(saved.preprocessing), native_side=0)  # these pictures are no sharper than usual


def _reading(run: Run, split: Split, cache: ArrayCache) -> Generator[Event, None, Reading]:
    """How the files are read: as the run began with, or by the numbers that its training pictures are found to use."""
    if (saved := cards.saved(run)) is not None:
        return saved.preprocessing.reading
    files = [split.path(sample) for sample in split.train]
    contents = [content(sample, file) for sample, file in zip(split.train, files, strict=True)]
    measuring = measured.measure(files, contents, cache)
    ranges = yield from map_steps(measuring, lambda _: Preparing(stage="pictures", done=0, total=len(files)))
    return Reading(ranges)


def _until_stopped(work: Generator[Event, None, Any], control: Control) -> Generator[Event, None, Any]:
    """Pass on what ``work`` yields and returns; return None as soon as ``control`` asks it to end."""
    while True:
        try:
            event = next(work)
        except StopIteration as stop:
            return stop.value
        yield event
        if control.request:
            work.close()
            return None
