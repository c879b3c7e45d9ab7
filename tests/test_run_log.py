"""However a log is read, in one go or as it grows, it adds up to what its events add up to, to the bit."""

import os
import random
import shutil
import threading
from dataclasses import replace

import pytest
from hand_made import new_run, train

from resnet_studio import event_log, run_log
from resnet_studio.errors import RunError
from resnet_studio.event_log import parsed
from resnet_studio.events import (
    EpochFinished,
    Failed,
    Finished,
    Interrupted,
    Noted,
    Preparing,
    Progress,
    Queued,
    Started,
)
from resnet_studio.events import Testing as Scoring
from resnet_studio.run_log import PROGRESS, FoldedLog
from resnet_studio.run_state import TRAIL_POINTS, replay
from resnet_studio.training.waiting import left_waiting

STARTED = Started(device="CPU", precision="fp32", epochs=5)
EPOCH = EpochFinished(
    epoch=1, train_loss=1.0, train_accuracy=0.5, validation_loss=1.0, validation_accuracy=0.5, learning_rate=0.1,
    pictures_per_second=10.0, seconds=1.0, best=True,
)  # fmt: skip
END = Finished(
    reason="completed", epochs_run=3, best_epoch=2, validation_accuracy=0.9, test_accuracy=None, train_seconds=3.0
)


def progress(epoch=1, batch=1, loss=0.7):
    return Progress(
        epoch=epoch, batch=batch, batches=9, train_loss=loss, train_accuracy=0.1, learning_rate=1e-05,
        pictures_per_second=1 / 3, remaining_seconds=1e22, memory_mb=12.5,
    )  # fmt: skip


def by_events(run):
    """What the log's events add up to, one after the other."""
    lines = run.log.path.read_bytes().splitlines(keepends=True)
    return replay(event for line in lines if line.endswith(b"\n") and (event := parsed(line)) is not None)


def random_events(draw, count):
    kinds = [
        lambda: progress(draw.randint(1, 4), draw.randint(1, 9), draw.random()),
        lambda: progress(draw.randint(1, 4), draw.randint(1, 9), draw.random()),
        lambda: progress(draw.randint(1, 4), draw.randint(1, 9), draw.random()),
        Queued,
        lambda: replace(STARTED, epoch=draw.randint(0, 3)),
        lambda: replace(EPOCH, epoch=draw.randint(1, 4)),
        lambda: Preparing(stage=draw.choice(["start", "pictures"]), done=1, total=2),
        lambda: Noted(key="note.x"),
        Scoring,
        Interrupted,
        lambda: Failed(key="error.x"),
        lambda: END,
    ]
    weights = [30, 30, 30, 1, 2, 4, 2, 1, 1, 1, 1, 1]
    return [draw.choices(kinds, weights)[0]() for _ in range(count)]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [*range(3), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(3, 12))])
def test_any_log_adds_up_to_its_events_in_one_go_and_as_it_grows(workspace, monkeypatch, seed):
    draw, run = random.Random(seed), new_run(workspace)
    clock = [1_700_000_000.0]
    monkeypatch.setattr("resnet_studio.event_log.time.time", lambda: clock[0])
    growing, record = FoldedLog(run.log.path), run.recorder()
    for event in random_events(draw, 400):
        clock[0] += draw.choice([0.25, 0.1, 1 / 3, 7.0, -3.0])
        record(event, durable=False)
        if draw.random() < 0.02:
            with run.log.path.open("ab") as file:
                file.write(draw.choice([b"[]\n", b'{"event": "Progress", "number": 3\n', b'{"event": "Teleported"}\n']))
        if draw.random() < 0.1:
            assert growing.state() == by_events(run)
    assert FoldedLog(run.log.path).state() == growing.state() == by_events(run)


def test_the_quick_way_is_taken_for_what_this_program_writes(workspace):
    run = new_run(workspace)
    for loss in (0.5, float("nan"), float("inf"), 1e-300, 3.0):
        run.append(progress(loss=loss))
    lines = run.log.path.read_bytes().splitlines(keepends=True)
    assert all(PROGRESS.fullmatch(line) for line in lines) and b"null" in lines[1]


def test_few_lines_of_a_long_training_are_built_as_events(workspace, monkeypatch):
    run = new_run(workspace)
    run.append(STARTED)
    record = run.recorder()
    for number in range(2000):
        record(progress(batch=number % 9), durable=False)
    built = []
    real = run_log.parsed
    monkeypatch.setattr(run_log, "parsed", lambda line: (built.append(line), real(line))[1])
    state = FoldedLog(run.log.path).state()
    assert len(built) == 3 and state.progress.number == 2001 and 0 < len(state.trail) <= TRAIL_POINTS


def test_events_are_numbered_on_from_the_end_of_a_long_log(workspace, monkeypatch):
    run = new_run(workspace)
    run.append(STARTED)
    record = run.recorder()
    for number in range(500):
        record(progress(batch=number % 9), durable=False)
    with run.log.path.open("ab") as file:
        file.write(b'[]\n{"event": "Progress", "number": 3\n{"event": "Teleported"}\n{"event": "Prog')
    built = []
    real = event_log.parsed
    monkeypatch.setattr(event_log, "parsed", lambda line: (built.append(line), real(line))[1])
    assert run.append(progress()).number == 502 and len(built) == 4
    backwards = [event.number for event in run.log.backwards()]
    assert backwards == sorted(backwards, reverse=True) == [event.number for event in run.events()][::-1]


def test_the_queue_reads_a_few_lines_of_each_log_and_not_all(workspace, monkeypatch):
    waiting_runs = []
    for name in ("a", "b"):
        run = new_run(workspace, name=name)
        train(run, epochs=40)
        run.append(Queued(place=len(waiting_runs)))
        waiting_runs.append(run)
    train(new_run(workspace, name="trained"), epochs=40)
    built = []
    real = event_log.parsed
    monkeypatch.setattr(event_log, "parsed", lambda line: (built.append(line), real(line))[1])
    assert left_waiting(workspace) == waiting_runs and len(built) <= 6


def test_a_log_that_was_changed_is_read_anew(workspace):
    run = new_run(workspace)
    train(run, epochs=4)
    log = FoldedLog(run.log.path)
    assert len(log.state().epochs) == 4
    lines = run.log.path.read_bytes().splitlines(keepends=True)
    run.log.path.write_bytes(b"".join(lines[:-1]))
    assert len(log.state().epochs) == 3  # cut short
    changed = b"".join(lines[:-1]).replace(b'"Queued"', b'"queued"')
    run.log.path.write_bytes(changed)
    os.utime(run.log.path, (1, 1))
    assert log.state().queued is None  # of the same size
    other = new_run(workspace, name="other")
    train(other, epochs=9)
    shutil.copy(other.log.path, run.folder / "new")
    (run.folder / "new").replace(run.log.path)
    assert log.state() == by_events(other)
    run.log.path.unlink()
    assert log.state() == replay([])


def test_a_torn_line_is_left_until_it_is_whole(workspace):
    run = new_run(workspace)
    train(run, epochs=2)
    log, whole = FoldedLog(run.log.path), run.log.path.read_bytes()
    run.log.path.write_bytes(whole[:-9])
    assert len(log.state().epochs) == 1
    with run.log.path.open("ab") as file:
        file.write(whole[-9:])
    assert len(log.state().epochs) == 2 == len(by_events(run).epochs)


def test_a_log_that_cannot_be_read_is_named(workspace):
    run = new_run(workspace)
    run.log.path.mkdir()
    with pytest.raises(RunError, match="events"):
        FoldedLog(run.log.path).state()


def test_threads_that_ask_at_once_read_a_log_once(workspace, monkeypatch):
    run = new_run(workspace)
    train(run, epochs=4)
    read, calls = run_log.read_lines, []
    monkeypatch.setattr(run_log, "read_lines", lambda *given: (calls.append(given), read(*given))[1])
    log, found = FoldedLog(run.log.path), []
    threads = [threading.Thread(target=lambda: found.append(log.state())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1 and len(found) == 8 and all(state is found[0] for state in found)
