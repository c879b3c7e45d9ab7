"""One training in memory: the network being trained, where it stands, and each step of the work as a method."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import torch
from torch import Tensor

from resnet_studio.data.augment import RANDOM
from resnet_studio.errors import RunError
from resnet_studio.events import EpochFinished, Event, Noted, Started
from resnet_studio.training import hardware, reporting, saving
from resnet_studio.training.accumulation import Attempts, Share, picture_weights, shares, trained_parameters
from resnet_studio.training.adversarial import Pass, attack_of
from resnet_studio.training.balance import is_even
from resnet_studio.training.batches import autocast, batch_count, epoch_batches, step_seed
from resnet_studio.training.compiling import TrainedPart
from resnet_studio.training.cycles import cycle_at
from resnet_studio.training.loss import Objective
from resnet_studio.training.materials import Materials, Tally, class_shift, class_weights
from resnet_studio.training.optim import make_average, make_optimizer, make_schedule, take_step
from resnet_studio.training.plan import fewest_in_a_batch, picture_size_in
from resnet_studio.training.unfreezing import unfreeze
from resnet_studio.training.validation import BestNetwork, Scores, before_training, validate

PROGRESS_SECONDS = 0.5


@dataclass
class Session:
    """A training that is under way. ``epoch`` counts the epochs done, ``batch`` the batches done in the current one;
    ``start`` has the scores of the probe, ``start_suffix`` its weights. Each cycle has a session of its own.
    """

    materials: Materials
    epoch: int = 0
    batch: int = 0
    history: list[EpochFinished] = field(default_factory=list)
    best_network: BestNetwork = field(default_factory=BestNetwork)
    start: EpochFinished | None = None
    start_suffix: Mapping[str, Tensor] | None = None
    train_seconds: float = 0.0

    def __post_init__(self) -> None:
        m = self.materials
        config = m.config
        assert config.epochs is not None and config.batch_size is not None
        self.epochs = config.epochs
        self.batch_size = config.batch_size
        self.micro_batch = config.batch_size
        self.pictures = len(m.batches.training) if m.rows is None else len(m.rows)
        self.world = m.world.synchronise(m.suffix)
        self.fewest = fewest_in_a_batch(config) * self.world.size
        self.batches_per_epoch = batch_count(self.pictures, self.batch_size, self.fewest)
        self.updates_per_epoch = -(-self.batches_per_epoch // config.accumulate_steps)
        self.cycle = cycle_at(config, self.epoch)
        self.optimizer = make_optimizer(m.stages, config, fused=m.device.type in ("cuda", "cpu", "mps"))
        self.schedule = make_schedule(self.optimizer, config, self.updates_per_epoch)
        self.average = (
            make_average(m.suffix, self.cycle.epochs * self.updates_per_epoch) if config.average_weights else None
        )
        self.objective = Objective.of(config, class_weights(m), class_shift(m))
        self.attack = attack_of(m)
        self.attempts = Attempts(m)
        self.trained = TrainedPart(m, self.batches_per_epoch)
        self.tally = Tally.on(m.device)
        self.notes: list[Noted] = []
        self._save_seconds, self._shares_of = 0.0, -1
        self._shares: list[Share] = []
        self._last_progress = self._last_save = self._clock = time.perf_counter()

    @property
    def best(self) -> EpochFinished | None:
        """The scores of the best network so far."""
        return self.best_network.epoch

    @property
    def complete(self) -> bool:
        """Whether all epochs of its cycle are done."""
        return self.epoch >= self.cycle.end

    @property
    def epoch_complete(self) -> bool:
        """Whether all batches of the current epoch are done."""
        return self.batch >= self.batches_per_epoch

    @property
    def within_group(self) -> bool:
        """Whether gradients are gathered for an update that is still to come."""
        return bool(self.batch % self.materials.config.accumulate_steps) and not self.epoch_complete

    @property
    def step_count(self) -> int:
        """Batches done since the beginning of the training."""
        return self.epoch * self.batches_per_epoch + self.batch

    def started(self) -> Started:
        """The event that opens the training."""
        return reporting.started(self)

    def unlogged_epochs(self) -> Iterator[EpochFinished]:
        """Epochs that are saved but did not reach the log before the program died."""
        logged = {epoch.epoch for epoch in self.materials.run.state().epochs}
        return (epoch for epoch in self.history if epoch.epoch not in logged)

    def batches_left(self) -> Iterator[np.ndarray]:
        """The rest of the current epoch: which training pictures each batch takes."""
        self._clock = time.perf_counter()
        unfreeze(self.materials, self.epoch)
        batches = self._epoch_batches()[self.batch :]
        if self.batch == 0 and self.world.size == 1:  # each would find out by itself whether compiling pays
            largest = max(batches, key=len)[: self.micro_batch]
            self.notes += self.trained.speed_up(self.epoch, self.history, largest)
        yield from batches

    def _epoch_batches(self) -> list[np.ndarray]:
        """The rows of the pictures of each batch; none where too few of a batch are left to train with."""
        m = self.materials
        batches = epoch_batches(self.pictures, self.batch_size, m.config.seed, self.epoch, fewest=self.fewest)
        if m.rows is None:
            return batches
        left = [m.rows[batch][m.rows[batch] >= 0] for batch in batches]
        return [rows if len(rows) >= self.fewest else rows[:0] for rows in left]

    @property
    def share(self) -> Share:
        """What the current batch weighs, and in its group."""
        if self._shares_of != self.epoch:
            m = self.materials
            self._shares = shares(self._epoch_batches(), picture_weights(m), m.config.accumulate_steps)
            self._shares_of = self.epoch
        return self._shares[self.batch]

    def step(self, indices: np.ndarray) -> None:
        """One batch forward and backward, and an update where one is due."""
        if len(indices):
            self._train_on(indices)
        self.batch += 1
        if not self.within_group:
            self.update_weights()

    def _train_on(self, indices: np.ndarray) -> None:
        config = self.materials.config
        with RANDOM:
            torch.manual_seed(step_seed(config.seed, self.epoch, self.batch))
            size = picture_size_in(config, self.epoch)
            batch = self.materials.batches.train(indices, size, self.world.part(len(indices)))
            if self.world.size > 1:  # what the network draws for itself is drawn anew for each share
                torch.manual_seed(step_seed(config.seed, self.epoch, self.batch) ^ self.world.rank)
            loss, correct = self.compute_gradients(*batch)
        self.tally.loss += loss * len(indices)
        self.tally.correct += correct
        self.tally.seen += len(indices)

    def compute_gradients(self, *batch: Tensor) -> tuple[Tensor, Tensor]:
        """Gradients of a ``batch``, in pieces that fit into memory; the mean loss and the number of right answers."""
        self.attempts.begin()
        while True:
            try:
                result = self.compute_gradients_in_pieces(*batch)
            except RuntimeError as error:
                self.world.check(error)
                if not hardware.is_out_of_memory(error):
                    raise
                if self.micro_batch <= self.fewest or self.world.size > 1:
                    raise RunError("error.out_of_memory", size=self.micro_batch) from error
            else:
                gradients = [each.grad for each in trained_parameters(self.materials) if each.grad is not None]
                self.world.add_up([*gradients, *result])
                self.attempts.finish()
                return result
            self.micro_batch = max(self.fewest, self.micro_batch // 2)
            self.attempts.undo()
            self.trained.use_uncompiled()
            self.notes.append(Noted(key="note.out_of_memory", values={"size": self.micro_batch}))

    def compute_gradients_in_pieces(self, *batch: Tensor) -> tuple[Tensor, Tensor]:
        """Like :meth:`compute_gradients`, in pieces of at most ``micro_batch`` pictures; may run out of memory."""
        m = self.materials
        total_loss, correct = torch.zeros((), device=m.device), torch.zeros((), device=m.device)
        count = batch_count(len(batch[0]), self.micro_batch, self.fewest)
        for piece, target, label, *taught in zip(*(torch.tensor_split(t, count) for t in batch), strict=True):
            through: Pass = partial(self.forward_backward, target, **({"taught": taught[0]} if taught else {}))
            loss, logits = self.attack.both(through, piece) if self.attack else through(piece, 1.0)
            total_loss += loss
            correct += (logits.argmax(1) == label).sum()
        return total_loss, correct

    def forward_backward(
        self, targets: Tensor, inputs: Tensor, factor: float, taught: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Forward, and the gradients backward, of ``factor`` times what ``inputs`` add to the mean loss of the batch.

        Returns that summand, and the logits. Gradients are of the mean loss of the batch's group.
        """
        m, share = self.materials, self.share
        with autocast(m.device, m.compute):
            logits = self.trained.forward(inputs)
        loss = self.objective(logits.float(), targets, taught) * (factor / share.weight)
        (loss * share.of_group).backward()  # type: ignore[no-untyped-call]
        return loss.detach(), logits

    def update_weights(self) -> None:
        """One step of the optimizer and of the schedule, with the gradients of the group that is complete."""
        m, of = self.materials, trained_parameters(self.materials)
        take_step(m.config, m.suffix, of, self.optimizer, self.schedule, self.average)

    def progress_due(self) -> bool:
        """Whether it is time to say where the training stands, or something happened."""
        return bool(self.notes) or time.perf_counter() - self._last_progress >= PROGRESS_SECONDS

    def progress(self) -> Event:
        """Where the training stands; a note first where something happened."""
        if self.notes:
            return self.notes.pop(0)
        self._last_progress = time.perf_counter()
        self._count_time(self._last_progress)
        return reporting.progress(self)

    @property
    def learning_rate(self) -> float:
        """The rate that the head learns at now."""
        return float(self.schedule.get_last_lr()[0])

    def _count_time(self, now: float) -> None:
        self.tally.seconds += now - self._clock
        self.train_seconds += now - self._clock
        self._clock = now

    def diverged(self) -> bool:
        """Whether the loss of this epoch is no number any more."""
        return not math.isfinite(float(self.tally.loss))

    def score_epoch(self) -> EpochFinished:
        """Score the validation pictures; keep the network where it is the best so far."""
        self._count_time(time.perf_counter())
        scores = self.world.share(self._scores() if self.world.main else None)
        finished = reporting.epoch_finished(self, self.tally.seen / max(1e-9, self.tally.seconds), *scores)
        known = [epoch.score[0] for epoch in (*self.history, *([self.start] if self.start else []))]
        picture = 1 / len(self.materials.batches.validation)
        if self.best_network.beaten_by(finished, max(known, default=0.0), picture, self.start):
            finished = replace(finished, best=True)
            self.best_network.update(finished, self.scored)
        self._count_time(time.perf_counter())
        return finished

    def keep_probe(self) -> None:
        """Keep the network as the probe left it, where its loss is a number, as epoch 0: fine-tuning has to beat it."""
        if self.best_network.beaten_by(start := before_training(*self._scores())):
            self.best_network.update(start, self.scored)

    @property
    def scored(self) -> torch.nn.Module:
        """What is scored: the average of the network where there is one."""
        return self.average.module if self.average else self.materials.suffix

    def _scores(self) -> tuple[float, float, float | None]:
        """Loss, accuracy, and the accuracy that weighs all classes alike where the loss does so too."""
        loss, accuracy, *balanced = self.validation_scores()
        return loss, accuracy, balanced[0] if is_even(self.materials.config) else None

    def validation_scores(self) -> Scores:
        """Loss, accuracy and balanced accuracy on the validation pictures."""
        return validate(self.materials, self.scored, 2 * self.micro_batch)

    def next_epoch(self, finished: EpochFinished | None = None) -> None:
        """Move on to the epoch after ``finished``, which is None where it was not scored."""
        self._count_time(time.perf_counter())
        self.history += [finished] if finished else []
        self.epoch, self.batch = self.epoch + 1, 0
        self.tally = Tally.on(self.materials.device)

    def out_of_patience(self) -> bool:
        """Whether early stopping says that it is enough."""
        patience = self.materials.config.early_stopping_patience
        return bool(patience and self.best and self.epoch - self.best.epoch >= patience)

    def save(self) -> None:
        """Write all that resuming needs, durably; of several processes one does."""
        if not self.world.main:
            return
        begun = time.perf_counter()
        saving.save_state(self)
        self._last_save = time.perf_counter()
        self._save_seconds = self._last_save - begun
        self._clock += self._save_seconds

    def save_if_due(self, *, within_epoch: bool = False) -> None:
        """Save, unless that would take too much of the time; within an epoch once a minute. What a crash takes is
        trained again from the last saved state, to the same numbers.
        """
        pause = saving.SAVE_SECONDS if within_epoch else saving.pause_after(self._save_seconds)
        if time.perf_counter() - self._last_save >= pause:
            self.save()
