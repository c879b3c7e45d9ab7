"""The cells of a race computed: a head on cached features, or a short fine-tuning, scored on held-out pictures."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from resnet_studio.data.splitting import whole
from resnet_studio.errors import DataError
from resnet_studio.evaluation.probing import stratified
from resnet_studio.events import Event, Preparing
from resnet_studio.studies.race import (
    FOLDS,
    MOST_PICTURES,
    SHORT_EPOCHS,
    Candidate,
    Cell,
    memory,
)
from resnet_studio.studies.race_scores import LEFT_OUT, RIGHT, WRONG, Scoring
from resnet_studio.studies.untested import temporary_run, untested_split
from resnet_studio.training import balance

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from resnet_studio.config import TrainConfig
    from resnet_studio.data.dataset import Dataset, Sample, Split
    from resnet_studio.training.control import Control
    from resnet_studio.training.session import Session
    from resnet_studio.workspace import Run, Workspace

CHUNK = 64
FEW = 600
"""Up to so many pictures, fine-tunings are scored on all of them, one fold after the other; else on one fold."""
TIMED = 3


@dataclass(frozen=True)
class Pool:
    """The pictures of a race: those that a training would train on and validate with, or a sample of them.

    ``folds`` [N] is the fold, from 0, that each is held out in; -1 where it is always trained on, since its class would
    be left without any.
    """

    split: Split
    samples: tuple[Sample, ...]
    folds: NDArray[np.int64]
    groups: tuple[str, ...]
    config: TrainConfig

    @property
    def scoring(self) -> Scoring:
        """What a training with these settings is chosen by, on these pictures."""
        return Scoring(self.groups, [sample.label for sample in self.samples], balance.is_even(self.config))

    def cut(self, held: int) -> Split:
        """Trained on all pictures but fold ``held``, which is the validation part; there is no test part."""
        train = tuple(sample for sample, fold in zip(self.samples, self.folds, strict=True) if fold != held)
        validation = tuple(sample for sample, fold in zip(self.samples, self.folds, strict=True) if fold == held)
        return replace(self.split, train=train, validation=validation, test=(), preset=True)

    def whole(self) -> Split:
        """All pictures for training; a training has to have a validation part, whose picture is among them too."""
        return replace(self.split, train=self.samples, validation=self.samples[:1], test=(), preset=True)


def pool(
    dataset: Dataset, config: TrainConfig, workspace: Workspace, control: Control
) -> Generator[Event, None, Pool | None]:
    """The pictures of a race of ``config`` on ``dataset``; None where ``control`` asked it to end.

    They are cut as for a training with these settings; its test part is left out. Whether classes are balanced is
    settled for all cells alike, by the pictures that a training would have.
    """
    if config.class_weighting == "auto":
        config = config.replace(class_weighting=balance.weighting(balance.imbalance_of(dataset)))
    split = yield from untested_split(dataset, config, workspace, control)
    if split is None:
        return None
    known = [*split.train, *split.validation]
    chosen = stratified([sample.label for sample in known], MOST_PICTURES, config.seed)
    samples = tuple(known[place] for place in chosen)
    groups = tuple(sample.group or sample.content or sample.name for sample in samples)
    folds = fold_places([sample.label for sample in samples], groups, config.seed)
    if (folds < 0).all():
        raise DataError("error.race.few", folds=FOLDS)
    return Pool(split, samples, folds, groups, config)


def fold_places(labels: Sequence[int], groups: Sequence[str], seed: int) -> NDArray[np.int64]:
    """The fold of each picture, stratified by class as well as ``groups`` allow it; -1 for pictures of classes that one
    fold would take as a whole.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    given = np.asarray(labels)
    found = np.full(len(given), -1, np.int64)
    if len(set(groups)) < FOLDS or np.bincount(given).max() < FOLDS:
        return found
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # classes smaller than the number of folds
        cutter = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
        for fold, (_, held) in enumerate(cutter.split(given, given, groups)):
            found[held] = fold
    for label in np.unique(given):
        members = given == label
        if len(np.unique(found[members])) < 2:
            found[members] = -1
    return found


def compute(
    candidate: Candidate, pool: Pool, workspace: Workspace, control: Control
) -> Generator[Event, None, Cell | None]:
    """The cell of ``candidate``; None where ``control`` asked it to end. Raises :class:`StudioError` as a training."""
    begun = time.perf_counter()
    work = _by_head if candidate.freeze == "layer4" else _by_short_trainings
    scored = yield from work(candidate, pool, workspace, control)
    if scored is None:
        return None
    answers, milliseconds, batch = scored
    file, held = memory(candidate, len(pool.split.classes), batch)
    return Cell(
        candidate, answers, Scoring(pool.groups).interval(answers), time.perf_counter() - begun, milliseconds, file,
        held, 0 if candidate.freeze == "layer4" else SHORT_EPOCHS,
    )  # fmt: skip


Scored = tuple[str, float, int]


def _by_head(
    candidate: Candidate, pool: Pool, workspace: Workspace, control: Control
) -> Generator[Event, None, Scored | None]:
    """Heads on cached features, each fold scored by the one that was fitted to the others."""
    import torch

    from resnet_studio.training import probe

    settings = {**candidate.settings, "augmentation": "none", "epochs": 2}
    with _temporary_training(workspace, pool.config.replace(**settings), pool.whole()) as run:
        session = yield from _prepared(run, control)
        if session is None:
            return None
        batches = session.materials.batches
        labels = batches.training.labels.cpu()
        rows = [batches.plain(part).float().cpu() for part in torch.split(torch.arange(len(labels)), CHUNK)]
        features, milliseconds = torch.cat(rows), _time_one(session)
        names = [sample.name for sample in batches.training.samples]
        weighting = balance.resolved(session.materials.config)
    place_of = {sample.name: place for place, sample in enumerate(pool.samples)}
    folds = torch.from_numpy(pool.folds[[place_of[name] for name in names]])
    answers = [LEFT_OUT] * len(pool.samples)
    for held in range(FOLDS):
        out = folds == held
        if not out.any() or control.request:
            continue
        classes, seed = len(pool.split.classes), pool.config.seed
        fitted = probe.fit(features[~out], labels[~out], classes, seed, weighting=weighting)
        right = (features[out] @ fitted.weight.T + fitted.bias).argmax(1) == labels[out]
        for row, fine in zip(out.nonzero().flatten().tolist(), right.tolist(), strict=True):
            answers[place_of[names[row]]] = RIGHT if fine else WRONG
    return None if control.request else ("".join(answers), milliseconds, session.batch_size)


def _by_short_trainings(
    candidate: Candidate, pool: Pool, workspace: Workspace, control: Control
) -> Generator[Event, None, Scored | None]:
    """Short fine-tunings, each scored by its last epoch on the fold that it was not trained on."""
    answers, milliseconds, batch = [LEFT_OUT] * len(pool.samples), 0.0, 0
    place_of = {sample.name: place for place, sample in enumerate(pool.samples)}
    beside = {"epochs": SHORT_EPOCHS, "features": "layer4"}  # a head on two stages is one that is trained alone
    config = pool.config.replace(**candidate.settings, **beside)
    for held in range(FOLDS if len(pool.samples) <= FEW else 1):
        cut = pool.cut(held)
        if not cut.validation:
            continue
        with _temporary_training(workspace, config, cut) as run:
            session = yield from _prepared(run, control)
            if session is None or not _trained(session, control):
                return None
            for name, right in _answered(session):
                answers[place_of[name]] = RIGHT if right else WRONG
            milliseconds, batch = _time_one(session), session.batch_size
    return "".join(answers), milliseconds, batch


def _prepared(run: Run, control: Control) -> Generator[Event, None, Session | None]:
    """The session; of what is said on the way, what the linear probe reaches is of no use here."""
    from resnet_studio.training.setup import prepare

    work = prepare(run, control)
    while True:
        try:
            event = next(work)
        except StopIteration as stop:
            session: Session | None = stop.value
            return session
        if isinstance(event, Preparing):
            yield event


def _trained(session: Session, control: Control) -> bool:
    """Train all epochs; False where ``control`` asked it to end."""
    while not session.complete:
        for batch in session.batches_left():
            session.step(batch)
            if control.request:
                return False
        session.next_epoch()
    return True


def _answered(session: Session) -> Iterator[tuple[str, bool]]:
    """Each validation picture by its name, and whether the network as it is now gets it right."""
    import torch

    m = session.materials
    network = session.scored.eval()
    right: list[bool] = []
    with torch.inference_mode():
        for inputs, labels in m.batches.validate(2 * session.micro_batch):
            right += (network(inputs.float()).argmax(1) == labels).tolist()
    yield from zip((sample.name for sample in m.batches.validation.samples), right, strict=True)


def _time_one(session: Session) -> float:
    """Milliseconds of a prediction of one picture, the quickest of a few."""
    import torch

    m = session.materials
    picture = torch.zeros(1, 3, m.card.preprocessing.crop, m.card.preprocessing.crop, device=m.device)
    m.model.eval()
    taken = []
    with torch.inference_mode():
        for _ in range(1 + TIMED):
            begun = time.perf_counter()
            m.model(picture).cpu()
            taken.append(1000 * (time.perf_counter() - begun))
    return min(taken[1:])


@contextmanager
def _temporary_training(workspace: Workspace, config: TrainConfig, split: Split) -> Iterator[Run]:
    """:func:`temporary_run` for a training of ``config`` on ``split``, every automatic choice made."""
    from resnet_studio.training import plan

    known = plan.facts(whole(split), config, len(split.train), on_gpu=plan.on_gpu(config))
    with temporary_run(workspace, plan.resolve(config, known), split) as run:
        yield run
