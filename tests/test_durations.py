"""Where the time of a run went, from the times in its log."""

from __future__ import annotations

from dataclasses import replace

import pytest

from resnet_studio import events
from resnet_studio.durations import Durations
from resnet_studio.events import (
    EpochFinished,
    Event,
    Failed,
    Finished,
    Interrupted,
    Noted,
    Preparing,
    Probed,
    Progress,
    Queued,
    Started,
)
from resnet_studio.run_state import replay
from resnet_studio.service.run_data import format_preparation

QUEUED, STARTED = Queued(), Started(device="cpu", precision="fp32", epochs=2)
FEATURES = Preparing(stage="features", done=0, total=9)
EPOCH = EpochFinished(
    epoch=1, train_loss=1, train_accuracy=1, validation_loss=1, validation_accuracy=1, learning_rate=1,
    pictures_per_second=1, seconds=1, best=True,
)  # fmt: skip
PROGRESS = Progress(
    epoch=1, batch=1, batches=2, train_loss=1, train_accuracy=1, learning_rate=1, pictures_per_second=1,
    remaining_seconds=1, memory_mb=1,
)  # fmt: skip
END = Finished(
    reason="completed", epochs_run=2, best_epoch=1, validation_accuracy=1, test_accuracy=1, train_seconds=2.0
)


def after(*timed: tuple[float, Event]) -> Durations:
    return replay(replace(event, time=1000 + time) for time, event in timed).durations


def test_from_the_click_to_the_result_nothing_is_left_out() -> None:
    spent = after(
        (2, QUEUED), (7, Noted(key="x")), (9, Preparing(stage="pictures", done=0, total=5)),
        (13, FEATURES), (20, Probed(validation_accuracy=0.5, seconds=1)), (21, STARTED),
        (26, PROGRESS), (31, EPOCH), (32, events.Testing()), (35, END),
    )  # fmt: skip
    assert spent.waiting == 5
    assert spent.prepared(requested_at=1000) == {"start": 4, "pictures": 4, "features": 8}
    assert (spent.training, spent.testing) == (11, 3)
    assert spent.total(requested_at=1000) == 30
    assert spent.total(requested_at=1000) + spent.waiting == 35


def test_the_lines_of_progress_in_between_change_nothing() -> None:
    with_them = after((0, QUEUED), (1, FEATURES), (3, STARTED), (4, PROGRESS), (5, PROGRESS), (9, EPOCH), (10, END))
    without = after((0, QUEUED), (1, FEATURES), (3, STARTED), (9, EPOCH), (10, END))
    assert with_them == without


@pytest.mark.parametrize("end", [Interrupted(), Failed(key="x")])
def test_a_night_between_a_stop_and_its_resuming_is_not_counted(end: Event) -> None:
    spent = after((0, QUEUED), (1, FEATURES), (3, STARTED), (9, EPOCH), (10, end), (9010, QUEUED), (9011, FEATURES),
                  (9012, STARTED), (9020, END))  # fmt: skip
    assert spent.total() == 2 + 7 + 1 + 8
    assert spent.waiting == 2


@pytest.mark.parametrize("first", [QUEUED, FEATURES])
def test_nor_is_the_night_after_a_program_was_killed(first: Event) -> None:
    spent = after((0, QUEUED), (1, FEATURES), (3, STARTED), (9, EPOCH), (9010, first), (9012, STARTED), (9020, END))
    assert spent.total() + spent.waiting <= 1 + 2 + 6 + 2 + 8


def test_a_clock_that_was_set_back_takes_nothing_from_what_was_measured() -> None:
    state = replay([replace(STARTED, time=1000.0), replace(EPOCH, time=500.0), replace(END, time=501.0)])
    assert state.seconds() == 2.0


def test_what_a_thread_does_before_the_first_picture_is_starting_up_and_not_waiting() -> None:
    spent = after((0, QUEUED), (5, Preparing(stage="start", done=0, total=1)), (9, Noted(key="x")), (10, FEATURES))
    assert (spent.waiting, spent.prepared()) == (5, {"start": 5})


def test_each_part_of_the_preparation_has_a_name_of_its_own() -> None:
    stages = ("start", "near-duplicates", "pictures", "weights", "features")
    begun = [(2 * at, Preparing(stage=stage, done=0, total=1)) for at, stage in enumerate(stages)]
    spent = after((0, QUEUED), *begun, (20, STARTED), (30, EPOCH), (40, END))
    (said,) = format_preparation(spent, None, "en")
    names = [" ".join(part.split()[:-2]) for part in said.split(": ")[1].split(", ")]
    assert names == ["starting up", "looking for near-duplicates", "pictures", "starting weights", "features"]
