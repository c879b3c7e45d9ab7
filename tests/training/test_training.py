"""A real training on made pictures: it learns, stops, pauses, resumes to the bit, survives kill -9 and bad luck."""

import json
import math
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from made import prepared
from sweeps import few
from trained import same, weights_of
from waiting import wait_for

from resnet_studio.config import TrainConfig
from resnet_studio.data import augment
from resnet_studio.data.opening import open_data
from resnet_studio.errors import RunError, StudioError
from resnet_studio.events import EpochFinished, Failed, Finished, Interrupted, PicturesSkipped, Progress, Started
from resnet_studio.model import checkpoint, resnet
from resnet_studio.training import plan, session
from resnet_studio.training.control import Control
from resnet_studio.training.jobs import Jobs, check_resumable, drive

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("narrow")]

QUICK = TrainConfig(
    weights="scratch", epochs=3, batch_size=16, picture_size=16, precision="fp32", average_weights=False, device="cpu"
)


@pytest.fixture
def dataset(class_folders, workspace):
    return open_data(class_folders({"crimson": 20, "seagreen": 20, "royalblue": 20}), workspace)


@pytest.fixture
def new_run(dataset, workspace):
    return lambda **changes: plan.new_run(dataset, QUICK.replace(**changes), workspace)


class Asked(Control):
    """Asks by itself after so many looks, as a person would at some moment."""

    def __init__(self, kind, after):
        super().__init__()
        self._kind, self._left = kind, after

    @property
    def request(self):
        self._left -= 1
        if self._left < 0 and not super().request:
            getattr(self, self._kind)()
        return super().request


def test_a_training_learns_what_chance_cannot_and_says_so_in_order(new_run):
    run = new_run(epochs=8)
    end = drive(run, Control())
    assert isinstance(end, Finished) and end.reason == "completed"
    assert end.validation_accuracy >= 0.75 and end.test_accuracy >= 0.6
    state = run.state()
    assert [epoch.epoch for epoch in state.epochs] == list(range(1, 9))
    assert state.best.epoch == end.best_epoch
    assert state.epochs[-1].train_loss < state.epochs[0].train_loss
    assert [event.number for event in run.events()] == list(range(1, len(run.events()) + 1))
    card = checkpoint.load(run.best).card
    assert card.classes == ("crimson", "royalblue", "seagreen")
    assert card.metrics["test_accuracy"] == end.test_accuracy
    report = json.loads(run.report_file.read_text())
    assert report["accuracy"] == end.test_accuracy and len(report["pictures"]) == len(run.split["test"]["name"])
    assert not run.state_file.exists()


def test_the_kept_model_is_the_best_epochs_and_not_the_last(new_run, monkeypatch):
    scores = iter([(1.0, 0.9), (2.0, 0.5), (3.0, 0.4)])
    kept = []
    validate = session.Session.validation_scores

    def scripted(self):
        validate(self)
        kept.append({name: value.clone() for name, value in self.materials.suffix.state_dict().items()})
        return next(scores)

    monkeypatch.setattr(session.Session, "validation_scores", scripted)
    run = new_run()
    end = drive(run, Control())
    assert end.best_epoch == 1
    assert same(weights_of(run), kept[0]) and not same(weights_of(run), kept[2])


@pytest.mark.parametrize(("weighting", "best"), [("none", 1), ("balanced", 2)])
def test_where_the_loss_balances_classes_the_kept_model_is_chosen_so_too(new_run, monkeypatch, weighting, best):
    scores = iter([(1.0, 0.9, 0.5), (1.0, 0.8, 0.8), (1.0, 0.7, 0.7)])
    monkeypatch.setattr(session.Session, "validation_scores", lambda _: next(scores))
    run = new_run(class_weighting=weighting)
    assert drive(run, Control()).best_epoch == best
    assert [epoch.balanced_accuracy for epoch in run.state().epochs] == (
        [0.5, 0.8, 0.7] if weighting == "balanced" else [None] * 3
    )


def test_validation_scores_are_those_of_the_textbook(new_run):
    training, _ = prepared(new_run(freeze="layer4"))
    m = training.materials
    loss, accuracy, balanced = training.validation_scores()
    with torch.no_grad():
        inputs, labels = (torch.cat(parts) for parts in zip(*m.batches.validate(4), strict=True))
        logits = m.suffix.eval()(inputs)
    guesses = logits.argmax(1)
    assert loss == pytest.approx(float(torch.nn.functional.cross_entropy(logits, labels)), rel=1e-4)
    assert accuracy == pytest.approx(float((guesses == labels).float().mean()))
    recalls = [float((guesses[labels == label] == label).float().mean()) for label in labels.unique()]
    assert balanced == pytest.approx(sum(recalls) / len(recalls))


def test_pausing_and_resuming_gives_the_same_weights_to_the_bit(new_run, monkeypatch):
    straight, broken = (new_run(average_weights=True, optimizer="adamw", mix="mixup", dropout=0.2) for _ in range(2))
    drive(straight, Control())
    for after in (8, 4, 1):  # in the middle of an epoch, a little later, and while preparing
        assert isinstance(drive(broken, Asked("pause", after)), Interrupted)
        assert broken.state().status == "interrupted"
    assert isinstance(drive(broken, Control()), Finished)
    assert same(weights_of(straight), weights_of(broken))
    first, second = straight.state().epochs, broken.state().epochs
    assert [epoch.validation_loss for epoch in first] == [epoch.validation_loss for epoch in second]
    assert [epoch.train_loss for epoch in first] == pytest.approx([epoch.train_loss for epoch in second])


def test_stop_takes_effect_within_a_batch_and_keeps_the_best(new_run):
    run = new_run(epochs=50)
    control = Control()

    def on_event(event):
        if isinstance(event, EpochFinished) and event.epoch == 2:
            control.stop()

    end = drive(run, control, on_event)
    assert isinstance(end, Finished) and end.reason == "stopped" and run.state().status == "stopped"
    assert end.epochs_run == 2 and end.test_accuracy is not None and run.best.exists()


def test_a_stop_before_the_first_epoch_still_gives_a_model(new_run):
    run = new_run(epochs=50)
    started = []
    control = Control()
    monkey = session.Session.step

    def step(self, indices):
        monkey(self, indices)
        started.append(len(indices))
        control.stop()

    session.Session.step = step
    try:
        end = drive(run, control)
    finally:
        session.Session.step = monkey
    assert len(started) == 1
    assert end.reason == "stopped" and run.best.exists()


def test_a_stopped_run_can_be_resumed_to_its_end_and_a_finished_one_cannot(new_run):
    run = new_run()
    control = Control()
    drive(run, control, lambda event: control.stop() if isinstance(event, EpochFinished) else None)
    check_resumable(run)
    assert isinstance(drive(run, Control()), Finished)
    assert run.state().status == "finished" and len(run.state().epochs) == 3
    with pytest.raises(RunError, match="all its epochs"):
        check_resumable(run)


@pytest.mark.slow
def test_kill_minus_nine_loses_no_finished_epoch_and_the_resumed_run_ends_the_same(new_run, workspace):
    straight, killed = new_run(epochs=4), new_run(epochs=4)
    drive(straight, Control())
    code = (
        "import sys, time; from pathlib import Path; from resnet_studio.workspace import Run; import narrow;"
        "from resnet_studio.training.jobs import drive; from resnet_studio.training.control import Control;"
        "narrowed = narrow.networks(Path()); narrowed.__enter__();"
        "drive(Run(Path(sys.argv[1])), Control(), lambda e: time.sleep(0.4))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    child = subprocess.Popen([sys.executable, "-c", code, str(killed.folder)], env=environment)
    wait_for(lambda: len(killed.state().epochs) >= 2, unless=child.poll)
    done = killed.state().epochs
    child.kill()
    child.wait()
    assert done and killed.state().status == "interrupted"
    check_resumable(killed)
    assert isinstance(drive(killed, Control()), Finished)
    resumed = [event for event in killed.events() if isinstance(event, Started)][-1]
    assert resumed.epoch >= 1
    assert same(weights_of(straight), weights_of(killed))
    again = killed.state().epochs
    assert [epoch.validation_loss for epoch in again[: len(done)]] == [epoch.validation_loss for epoch in done]


class PausedAfterAnEpoch(Control):
    """Asks for a pause as soon as ``run`` has logged an epoch."""

    def __init__(self, run):
        super().__init__()
        self._run = run

    @property
    def request(self):
        return "pause" if self._run.state().epochs else super().request


def test_an_epoch_that_was_saved_but_not_logged_is_logged_on_resuming(new_run):
    run = new_run()
    drive(run, PausedAfterAnEpoch(run))
    assert len(run.state().epochs) == 1
    lines = run.log.path.read_bytes().splitlines(keepends=True)
    last = max(index for index, line in enumerate(lines) if b'"EpochFinished"' in line)
    run.log.path.write_bytes(b"".join(lines[:last]))
    drive(run, Control())
    assert [epoch.epoch for epoch in run.state().epochs] == [1, 2, 3]


def test_a_loss_that_is_no_number_keeps_the_last_good_model(new_run, monkeypatch):
    backward = session.Session.compute_gradients

    def poisoned(self, inputs, targets, labels):
        loss, correct = backward(self, inputs, targets, labels)
        return (loss * math.nan if self.epoch == 1 else loss), correct

    monkeypatch.setattr(session.Session, "compute_gradients", poisoned)
    run = new_run()
    end = drive(run, Control())
    assert end.reason == "diverged" and end.best_epoch == 1
    assert any(note.key == "note.diverged" for note in run.state().notes)
    assert all(torch.isfinite(value).all() for value in weights_of(run).values())


def test_a_training_that_diverges_at_once_fails_with_advice(new_run, monkeypatch):
    compute = session.Session.compute_gradients

    def poisoned(self, inputs, targets, labels):
        loss, correct = compute(self, inputs, targets, labels)
        return loss * math.nan, correct

    monkeypatch.setattr(session.Session, "compute_gradients", poisoned)
    run = new_run()
    end = drive(run, Control())
    assert isinstance(end, Failed) and end.key == "error.diverged" and run.state().status == "failed"
    assert not run.best.exists() and not run.state().epochs


@few("error", [torch.OutOfMemoryError("no"), RuntimeError("MPS backend out of memory")])
def test_running_out_of_memory_halves_the_pieces_and_goes_on(new_run, monkeypatch, error):
    pieces, validate, validated = session.Session.compute_gradients_in_pieces, session.validate, []

    def short_of_memory(self, *tensors):
        if self.micro_batch > 4:
            raise error
        return pieces(self, *tensors)

    def validating(materials, suffix, batch_size):
        validated.append(batch_size)
        return validate(materials, suffix, batch_size)

    monkeypatch.setattr(session, "validate", validating)

    monkeypatch.setattr(session.Session, "compute_gradients_in_pieces", short_of_memory)
    monkeypatch.setattr(session, "PROGRESS_SECONDS", 0.0)
    run = new_run(epochs=1)
    assert isinstance(drive(run, Control()), Finished)
    assert {note.values["size"] for note in run.state().notes} == {8, 4} and validated == [8]


@few("freeze", ["layer4", "layer2"])
@few("kind", ["mixup", "both"])
def test_pictures_are_mixed_before_the_frozen_stages(new_run, freeze, kind):
    run = new_run(freeze=freeze, mix=kind)
    training, _ = prepared(run)
    inputs, targets, labels = training.materials.batches.train(next(training.batches_left()), 16)
    assert len(inputs) == len(labels) and targets.shape == (len(labels), len(run.about["classes"]))
    assert torch.allclose(targets.sum(1), torch.ones(len(labels)))
    assert isinstance(drive(run, Control()), Finished)


def test_while_a_step_draws_random_numbers_nobody_else_does(new_run, monkeypatch):
    backward, held = session.Session.compute_gradients, []

    def watched(self, *tensors):
        held.append(augment.RANDOM.locked())
        return backward(self, *tensors)

    monkeypatch.setattr(session.Session, "compute_gradients", watched)
    drive(new_run(epochs=1), Control())
    assert held and all(held) and not augment.RANDOM.locked()


def test_gradients_in_pieces_are_the_gradients_of_the_whole(new_run):
    run = new_run(freeze="layer4")  # no BatchNorm among what is trained, whose statistics depend on the piece
    training, _ = prepared(run)
    inputs, _, labels = training.materials.batches.train(next(training.batches_left()), 16)
    found = []
    for size in (16, 3):
        training.micro_batch = size
        training.optimizer.zero_grad()
        training.compute_gradients(inputs, labels, labels)
        found.append(torch.cat([p.grad.flatten() for _, group in training.materials.stages for p in group]))
    assert torch.allclose(*found, atol=1e-6)


def test_frozen_stages_do_not_change_and_trained_ones_do(new_run):
    run = new_run(freeze="layer2", epochs=2)
    drive(run, Control())
    torch.manual_seed(run.config.seed)
    before = resnet.build(18, 3, stem="small").state_dict()
    after = weights_of(run)
    for name in before:
        frozen = name.startswith(("conv1", "bn1", "layer1", "layer2"))
        if frozen:
            assert torch.equal(before[name], after[name]), name
    assert not torch.equal(before["layer3.0.conv1.weight"], after["layer3.0.conv1.weight"])
    assert not torch.equal(before["fc.weight"], after["fc.weight"])


def test_early_stopping_ends_when_validation_no_longer_improves(new_run, monkeypatch):
    validate = session.Session.validation_scores

    def worse_each_time(self):
        validate(self)
        return 1.0 + self.epoch, 0.5

    monkeypatch.setattr(session.Session, "validation_scores", worse_each_time)
    end = drive(new_run(epochs=30, early_stopping_patience=2), Control())
    assert end.reason == "early_stopping" and end.epochs_run == 3 and end.best_epoch == 1


def test_a_picture_that_cannot_be_decoded_is_named_and_left_out(new_run, dataset):
    run = new_run()
    victim = run.split["train"]["file"][0]
    (dataset.root / victim).write_bytes((dataset.root / victim).read_bytes()[:60])
    drive(run, Control())
    skipped = [event.files for event in run.events() if isinstance(event, PicturesSkipped)]
    assert skipped == [(run.split["train"]["name"][0],)]


def test_a_mistake_of_ours_ends_the_run_with_the_details_in_its_log(new_run, monkeypatch):
    monkeypatch.setattr(session.Session, "step", lambda self, indices: 1 / 0)
    run = new_run()
    end = drive(run, Control())
    assert isinstance(end, Failed) and "ZeroDivisionError" in end.detail and run.state().status == "failed"


def test_two_cannot_train_one_run(new_run):
    run = new_run()
    with run.lock(), pytest.raises(RunError, match="stop it first"):
        drive(run, Control())


def test_the_queue_trains_one_run_after_the_other_and_knows_each_place(new_run, workspace):
    jobs = Jobs(workspace)
    first, second, third = (new_run(epochs=1) for _ in range(3))
    for run in (first, second, second, third):
        jobs.submit(run)
    assert jobs.place(second.id) in (1, 2) and jobs.place(third.id) == jobs.place(second.id) + 1
    jobs.stop(third.id)
    assert jobs.place(third.id) is None and third.state().status == "interrupted"
    wait_for(lambda: second.state().status == "finished")
    assert first.state().status == "finished" and third.state().status == "interrupted"
    one, two = (run.events() for run in (first, second))
    assert one[-1].time <= next(event.time for event in two if isinstance(event, Started))
    jobs.close()


def test_a_failed_run_does_not_hold_up_the_next(new_run, workspace):
    jobs = Jobs(workspace)
    broken, fine = new_run(epochs=1), new_run(epochs=1)
    (broken.folder / "split.json").write_text("{")
    jobs.submit(broken)
    jobs.submit(fine)
    wait_for(lambda: fine.state().status == "finished")
    assert broken.state().status == "failed"
    jobs.close()


def test_closing_pauses_the_run_and_another_server_goes_on_with_it(new_run, workspace):
    jobs = Jobs(workspace)
    run, waiting = new_run(epochs=200), new_run(epochs=1)
    jobs.submit(run)
    jobs.submit(waiting)
    wait_for(lambda: len(run.state().epochs) >= 1)
    jobs.close()
    done = len(run.state().epochs)
    assert run.state().status == "interrupted" and done < 200
    assert waiting.state().status == "queued"
    again = Jobs(workspace)
    again.resume(run.id)
    assert again.adopt() == [waiting]
    wait_for(lambda: len(run.state().epochs) > done)
    again.stop(run.id)
    wait_for(lambda: run.state().status == "stopped")
    wait_for(lambda: waiting.state().status == "finished")
    again.close()


@pytest.mark.skipif(not hasattr(os, "getpriority"), reason="priorities are a POSIX notion")
def test_the_training_thread_gives_way_to_the_page(new_run, workspace, monkeypatch):
    seen = []
    if not sys.platform.startswith("linux"):
        pytest.skip("a thread has no priority of its own here")
    import threading

    step = session.Session.step

    def noted(self, indices):
        seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        step(self, indices)

    monkeypatch.setattr(session.Session, "step", noted)
    jobs = Jobs(workspace)
    run = new_run(epochs=1)
    jobs.submit(run)
    wait_for(lambda: run.state().ended)
    jobs.close()
    assert seen and set(seen) == {19}
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) < 19


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@few("sign", [signal.SIGTERM, signal.SIGINT])
def test_the_command_line_pauses_on_sigterm_and_keeps_the_best_on_ctrl_c(dataset, workspace, sign):
    command = [
        sys.executable, "-m", "resnet_studio", "train", str(dataset.root), "--workspace", str(workspace.root), "--json",
        "--weights", "scratch", "--epochs", "500", "--batch-size", "16", "--picture-size", "16",
    ]  # fmt: skip
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: workspace.runs() and workspace.runs()[0].state().epochs)
    child.send_signal(sign)
    out, err = child.communicate(timeout=60)
    run = workspace.runs()[0]
    answer = json.loads(out.strip().splitlines()[-1])
    if sign == signal.SIGTERM:
        assert child.returncode == 1 and run.state().status == "interrupted"
        assert f"resume {run.id}" in err and "resume" in answer["error"]
    else:
        assert child.returncode == 0 and run.state().status == "stopped"
        assert answer["reason"] == "stopped" and Path(answer["checkpoint"]).exists()


def test_progress_says_where_the_training_stands(new_run, monkeypatch):
    monkeypatch.setattr(session, "PROGRESS_SECONDS", 0.0)
    run = new_run(epochs=2)
    drive(run, Control())
    progress = [event for event in run.events() if isinstance(event, Progress)]
    assert progress[0].batch == 1 and progress[0].batches == 3 and progress[-1].epoch == 2
    assert all(event.pictures_per_second > 0 and event.remaining_seconds >= 0 for event in progress)


def test_a_refusal_of_the_data_ends_the_run_with_its_sentence(new_run, dataset):
    run = new_run()
    for file in run.split["validation"]["file"]:
        (dataset.root / file).write_bytes(b"no picture")
    end = drive(run, Control())
    assert isinstance(end, Failed) and "decoded" in str(StudioError(end.key, **end.values))


def test_a_head_that_comes_with_the_weights_is_gone_on_with(new_run):
    first = new_run(epochs=4)
    drive(first, Control())
    second = new_run(weights=str(first.best), epochs=1, learning_rate=1e-8, freeze="layer4")
    drive(second, Control())
    assert torch.allclose(weights_of(first)["fc.weight"], weights_of(second)["fc.weight"], atol=1e-5)


@few("freeze", ["none", "stem", "layer1", "layer2", "layer3", "layer4"], keep=2)
def test_the_built_in_weights_train_at_every_freeze_level_without_a_network(new_run, monkeypatch, freeze):
    def refused(*_):
        raise OSError("no network")

    monkeypatch.setattr("socket.socket.connect", refused)
    run = new_run(weights="starter", freeze=freeze, epochs=1)
    assert isinstance(drive(run, Control()), Finished)
    assert checkpoint.load(run.best).card.weights_origin["key"] == "starter"


def test_early_epochs_see_smaller_pictures(new_run, monkeypatch):
    seen = []
    real = session.Session.compute_gradients

    def spy(self, inputs, targets, labels):
        seen.append((self.epoch, inputs.shape[-1]))
        return real(self, inputs, targets, labels)

    monkeypatch.setattr(session.Session, "compute_gradients", spy)
    drive(new_run(epochs=4, picture_size=32, early_picture_size=16), Control())
    sizes = dict(seen)
    assert sizes[0] == 16 and sizes[3] == 32
