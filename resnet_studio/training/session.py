"""One training in memory: the network being trained, where it stands, and each step of the work as a method."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from resnet_studio.data.augment import RANDOM
from resnet_studio.events import EpochFinished, Event, Noted, Progress, Started
from resnet_studio.training import hardware, saving
from resnet_studio.training.adversarial import attack_of
from resnet_studio.training.batches import autocast, epoch_batches, step_seed
from resnet_studio.training.compiling import TrainedPart
from resnet_studio.training.materials import Materials, Tally, class_weights
from resnet_studio.training.optim import make_average, make_optimizer, make_schedule, share_zeros, soft_threshold
from resnet_studio.training.plan import picture_size_in
from resnet_studio.training.unfreezing import count_trained, unfreeze
from resnet_studio.training.validation import Best, before_training, validate

PROGRESS_SECONDS = 0.5
SAVE_SECONDS = 60.0
PACE_SECONDS = 60.0


@dataclass
class Session:
    """A training that is under way. ``epoch`` counts the epochs done, ``batch`` the batches done in the current one."""

    materials: Materials
    epoch: int = 0
    batch: int = 0
    history: list[EpochFinished] = field(default_factory=list)
    kept: Best = field(default_factory=Best)
    train_seconds: float = 0.0

    def __post_init__(self) -> None:
        m = self.materials
        config = m.config
        assert config.epochs is not None and config.batch_size is not None
        self.epochs = config.epochs
        self.batch_size = config.batch_size
        self.micro_batch = config.batch_size
        self.pictures = len(m.batches.training)
        self.batches_per_epoch = -(-self.pictures // self.batch_size)
        self.updates_per_epoch = -(-self.batches_per_epoch // config.accumulate_steps)
        steps = self.epochs * self.updates_per_epoch
        self.optimizer = make_optimizer(m.stages, config, fused=m.device.type in ("cuda", "cpu", "mps"))
        self.schedule = make_schedule(self.optimizer, config, steps, self.updates_per_epoch)
        self.average = make_average(m.suffix, steps) if config.average_weights else None
        self.loss_weights = class_weights(m) if config.class_weighting == "balanced" else None
        self.attack = attack_of(m)
        self.trained = TrainedPart(m)
        self.tally = Tally.on(m.device)
        self.notes: list[Noted] = []
        self._save_seconds = 0.0
        self._last_progress = self._last_save = self._last_paced = self._clock = time.perf_counter()

    # where it stands

    @property
    def best(self) -> EpochFinished | None:
        """The scores of the network that is kept."""
        return self.kept.epoch

    @property
    def complete(self) -> bool:
        """Whether all epochs are done."""
        return self.epoch >= self.epochs

    @property
    def epoch_complete(self) -> bool:
        """Whether all batches of the current epoch are done."""
        return self.batch >= self.batches_per_epoch

    @property
    def step_count(self) -> int:
        """Batches done since the beginning of the training."""
        return self.epoch * self.batches_per_epoch + self.batch

    def started(self) -> Started:
        """The event that opens the training."""
        m = self.materials
        return Started(
            device=hardware.describe(m.device),
            precision=m.compute.precision,
            epochs=self.epochs,
            epoch=self.epoch,
            batch=self.batch,
            train_pictures=self.pictures,
            validation_pictures=len(m.batches.validation),
            test_pictures=len(m.split.test),
            trained_parameters=count_trained(m, self.epochs),
            total_parameters=sum(p.numel() for p in m.model.parameters()),
        )

    def unlogged_epochs(self) -> Iterator[EpochFinished]:
        """Epochs that are saved but did not reach the log before the program died."""
        logged = {epoch.epoch for epoch in self.materials.run.state().epochs}
        return (epoch for epoch in self.history if epoch.epoch not in logged)

    # one batch

    def batches_left(self) -> Iterator[np.ndarray]:
        """The rest of the current epoch: which training pictures each batch takes."""
        seed = self.materials.config.seed
        self._clock = time.perf_counter()
        unfreeze(self.materials, self.epoch)
        batches = epoch_batches(self.pictures, self.batch_size, seed, self.epoch)[self.batch :]
        if self.batch == 0:
            self.notes += self.trained.compile_where_it_pays(self.epoch, self.history, batches[0][: self.micro_batch])
        yield from batches

    def step(self, indices: np.ndarray) -> None:
        """One batch forward and backward, and an update where one is due."""
        m = self.materials
        config = m.config
        with RANDOM:
            torch.manual_seed(step_seed(config.seed, self.epoch, self.batch))
            inputs, targets, labels = m.batches.train(indices, picture_size_in(config, self.epoch))
            loss, correct = self._backward(inputs, targets, labels)
        self.batch += 1
        if self.batch % config.accumulate_steps == 0 or self.epoch_complete:
            self._update()
        self.tally.loss += loss * len(labels)
        self.tally.correct += correct
        self.tally.seen += len(labels)

    def _backward(self, inputs: Tensor, targets: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Gradients of the batch, in pieces that fit into memory; the mean loss and the number of right answers."""
        while True:
            try:
                return self._backward_in_pieces(inputs, targets, labels)
            except RuntimeError as error:
                if self.micro_batch == 1 or not hardware.is_out_of_memory(error):
                    raise
                self.micro_batch = max(1, self.micro_batch // 2)
                self.optimizer.zero_grad(set_to_none=True)
                torch.cuda.empty_cache()
                self.notes.append(Noted(key="note.out_of_memory", values={"size": self.micro_batch}))

    def _backward_in_pieces(self, inputs: Tensor, targets: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        m = self.materials
        total_loss, correct = torch.zeros((), device=m.device), torch.zeros((), device=m.device)
        pieces = zip(*(torch.split(t, self.micro_batch) for t in (inputs, targets, labels)), strict=True)
        for piece, target, label in pieces:
            through, share = partial(self._pass, target), len(label) / len(labels)
            loss, logits = self.attack.both(through, piece, share) if self.attack else through(piece, share)
            total_loss += loss
            correct += (logits.argmax(1) == label).sum()
        return total_loss, correct

    def _pass(self, targets: Tensor, inputs: Tensor, share: float) -> tuple[Tensor, Tensor]:
        """Forward, and ``share`` of the loss backward; that share of the loss, and the logits."""
        m, smoothing = self.materials, self.materials.config.label_smoothing
        with autocast(m.device, m.compute):
            logits = self.trained.forward(inputs)
        loss = share * F.cross_entropy(logits.float(), targets, weight=self.loss_weights, label_smoothing=smoothing)
        (loss / m.config.accumulate_steps).backward()  # type: ignore[no-untyped-call]
        return loss.detach(), logits

    def _update(self) -> None:
        config = self.materials.config
        if config.clip_gradient:
            parameters = [p for _, group in self.materials.stages for p in group]
            torch.nn.utils.clip_grad_norm_(parameters, config.clip_gradient)
        self.optimizer.step()
        if config.l1_penalty:
            soft_threshold(self.optimizer)
        self.optimizer.zero_grad(set_to_none=True)
        self.schedule.step()
        if self.average is not None:
            self.average.update_parameters(self.materials.suffix)
            if config.l1_penalty:
                share_zeros(self.average, self.materials.suffix)

    def keep_pace(self) -> None:
        """Once a minute, see whether more or fewer threads would be faster: others may have come or gone."""
        now = time.perf_counter()
        if now - self._last_paced >= PACE_SECONDS:
            self._last_paced = now
            self.materials.compute = hardware.rethought(self.materials.compute)
            self.materials.compute.apply()

    # what is said on the way

    def progress_due(self) -> bool:
        """Whether it is time to say where the training stands."""
        return time.perf_counter() - self._last_progress >= PROGRESS_SECONDS

    def progress(self) -> Event:
        """Where the training stands; a note first where something happened."""
        if self.notes:
            return self.notes.pop(0)
        now = time.perf_counter()
        self._last_progress = now
        self._count_time(now)
        seen = max(1, self.tally.seen)
        rate = seen / max(1e-9, self.tally.seconds)
        left = (self.epochs - self.epoch) * self.pictures - seen
        extra = 1 + 0.4 * len(self.materials.batches.validation) / self.pictures  # validation goes forward only
        return Progress(
            epoch=self.epoch + 1,
            batch=self.batch,
            batches=self.batches_per_epoch,
            train_loss=float(self.tally.loss) / seen,
            train_accuracy=float(self.tally.correct) / seen,
            learning_rate=self.learning_rate,
            pictures_per_second=rate,
            remaining_seconds=left / rate * extra,
            memory_mb=hardware.memory_mb(self.materials.device),
        )

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

    # the end of an epoch

    def score_epoch(self) -> EpochFinished:
        """Score the validation pictures; keep the network where it is the best so far."""
        self._count_time(time.perf_counter())
        rate = self.tally.seen / max(1e-9, self.tally.seconds)
        loss, accuracy = self._validate()
        finished = EpochFinished(
            epoch=self.epoch + 1,
            train_loss=float(self.tally.loss) / max(1, self.tally.seen),
            train_accuracy=float(self.tally.correct) / max(1, self.tally.seen),
            validation_loss=loss,
            validation_accuracy=accuracy,
            learning_rate=self.learning_rate,
            pictures_per_second=rate,
            seconds=self.tally.seconds,
            best=self.kept.beaten_by(loss, accuracy),
        )
        if finished.best:
            self.kept.keep(finished, self._scored())
        self._count_time(time.perf_counter())
        return finished

    def keep_probe(self) -> None:
        """Keep the network as the linear probe left it, as epoch 0: fine-tuning has to beat it."""
        self.kept.keep(before_training(*self._validate()), self._scored())

    def _scored(self) -> torch.nn.Module:
        """The network that is scored and kept: the average where there is one."""
        return self.materials.suffix if self.average is None else self.average.module

    def _validate(self) -> tuple[float, float]:
        return validate(self.materials, self._scored(), 2 * self.micro_batch)

    def next_epoch(self, finished: EpochFinished) -> None:
        """Move on to the epoch after ``finished``."""
        self.history.append(finished)
        self.epoch, self.batch = self.epoch + 1, 0
        self.tally = Tally.on(self.materials.device)

    def out_of_patience(self) -> bool:
        """Whether early stopping says that it is enough."""
        patience = self.materials.config.early_stopping_patience
        return bool(patience and self.best and self.epoch - self.best.epoch >= patience)

    # saving and the end

    def save(self) -> None:
        """Write all that resuming needs, durably."""
        begun = time.perf_counter()
        saving.save_state(self)
        self._last_save = time.perf_counter()
        self._save_seconds = self._last_save - begun
        self._clock += self._save_seconds

    def save_if_due(self, *, within_epoch: bool = False) -> None:
        """Save, unless that would take more than a tenth of the time; within an epoch once a minute.

        What a crash takes is trained again from the last saved state, to the same numbers.
        """
        pause = SAVE_SECONDS if within_epoch else 10 * self._save_seconds
        if time.perf_counter() - self._last_save >= pause:
            self.save()
