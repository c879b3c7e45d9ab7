import dataclasses
import json
import math

from resnet_studio.events import (
    KINDS,
    EpochFinished,
    Failed,
    Finished,
    Interrupted,
    Preparing,
    Progress,
    Queued,
    Started,
    from_json,
    to_json,
)
from resnet_studio.run_state import replay


def epoch(number, accuracy=0.5, best=False):
    return EpochFinished(
        epoch=number,
        train_loss=1.0,
        train_accuracy=0.5,
        validation_loss=1.0,
        validation_accuracy=accuracy,
        learning_rate=0.1,
        pictures_per_second=10.0,
        seconds=1.0,
        best=best,
    )


def started(done=0):
    return Started(device="CPU", precision="fp32", epochs=3, epoch=done)


def finished(reason="completed"):
    return Finished(
        reason=reason, epochs_run=3, best_epoch=2, validation_accuracy=0.9, test_accuracy=None, train_seconds=3.0
    )


def test_every_kind_of_event_survives_the_way_through_json():
    for name, kind in KINDS.items():
        blank = {"int": 1, "float": 0.5, "str": "x", "bool": True, "tuple[str, ...]": ("a", "b"), "float | None": None}
        blank["FinishReason"] = "early_stopping"
        values = {spec.name: blank.get(str(spec.type), {"a": 1}) for spec in dataclasses.fields(kind)}
        event = kind(**values)
        assert from_json(json.loads(json.dumps(to_json(event)))) == event, name


def test_a_loss_that_is_no_number_becomes_null_and_comes_back_as_nan():
    event = dataclasses.replace(epoch(1), train_loss=math.nan, validation_loss=math.inf)
    text = json.dumps(to_json(event), allow_nan=False)
    assert math.isnan(from_json(json.loads(text)).train_loss)


def test_a_kind_or_field_from_a_newer_version_is_passed_over():
    assert from_json({"event": "Teleported", "number": 1}) is None
    assert from_json({**to_json(Queued(number=4)), "colour": "blue"}) == Queued(number=4)


def test_the_state_follows_a_run_from_the_queue_to_its_end():
    events = [
        Queued(),
        started(),
        Preparing(stage="pictures", done=1, total=2),
        epoch(1, 0.5, True),
        epoch(2, 0.9, True),
    ]
    state = replay(events)
    assert state.status == "running" and state.best.epoch == 2 and not state.ended
    state = replay([epoch(3, 0.8), finished()], state)
    assert state.status == "finished" and state.best.epoch == 2 and len(state.epochs) == 3 and state.ended


def test_a_stopped_run_says_so():
    assert replay([started(), epoch(1, best=True), finished("stopped")]).status == "stopped"


def test_resuming_drops_epochs_that_were_not_saved_and_repeats_none():
    state = replay([started(), epoch(1, 0.5, True), epoch(2, 0.6, True), Interrupted(), started(done=1)])
    assert [each.epoch for each in state.epochs] == [1] and state.status == "running"
    state = replay([epoch(2, 0.7, True), epoch(2, 0.7, True), epoch(3, 0.6)], state)
    assert [each.epoch for each in state.epochs] == [1, 2, 3]


def test_progress_of_an_earlier_sitting_is_forgotten_when_the_run_starts_again():
    progress = Progress(
        epoch=1, batch=1, batches=2, train_loss=1, train_accuracy=0, learning_rate=0.1, pictures_per_second=1,
        remaining_seconds=1, memory_mb=1,
    )  # fmt: skip
    assert replay([started(), progress, Failed(key="error.disk_full"), started()]).progress is None
    assert replay([started(), Failed(key="error.disk_full"), started()]).failed is None
