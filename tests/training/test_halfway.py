"""The mean of the weights before and after fine-tuning is the model where validation finds it no worse."""

import json

import pytest
import torch
from trained import same, weights_of

from resnet_studio import cli
from resnet_studio.config import TrainConfig
from resnet_studio.data.opening import open_data
from resnet_studio.evaluation.final_fit import FINAL_FIT
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.events import EpochFinished, Interrupted, Noted
from resnet_studio.stepwise import result_of
from resnet_studio.training import halfway, plan, saving
from resnet_studio.training.control import Control
from resnet_studio.training.jobs import drive
from resnet_studio.training.session import Session
from resnet_studio.training.setup import prepare
from resnet_studio.training.validation import Scores

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("narrow")]

QUICK = TrainConfig(
    epochs=2, first_epochs=0, freeze="layer3", batch_size=8, picture_size=16, precision="fp32", device="cpu",
    augmentation="light", groups="none", learning_rate=0.002,
    mean_with_start=True,
)  # fmt: skip


@pytest.fixture
def new_run(class_folders, workspace):
    dataset = open_data(class_folders({"crimson": 14, "seagreen": 14}), workspace)
    return lambda **changes: plan.new_run(dataset, QUICK.replace(**changes), workspace)


@pytest.fixture
def scored(monkeypatch):
    """Sets what share of the validation pictures the next network that is scored has right."""
    return lambda share: monkeypatch.setattr(Session, "validation_scores", lambda _: Scores(0.5, share, share))


def halves(run):
    return [
        event
        for event in run.events()
        if isinstance(event, Noted) and event.key in (halfway.TAKEN, halfway.TAKEN_PROBE)
    ]


def trained(run):
    """The session of ``run`` after its last epoch."""
    session = result_of(prepare(run, Control()))
    while not session.complete:
        for batch in session.batches_left():
            session.step(batch)
        session.next_epoch(session.score_epoch())
    return session


def test_the_mean_is_half_of_each_and_counts_are_those_of_the_end():
    start = {"weight": torch.tensor([0.0, 2.0]), "num_batches_tracked": torch.tensor(3)}
    end = {"weight": torch.tensor([1.0, -2.0]), "num_batches_tracked": torch.tensor(9)}
    found = halfway.mean_of(start, end)
    assert found["weight"].tolist() == [0.5, 0.0] and int(found["num_batches_tracked"]) == 9
    assert halfway.mean_of(start, end, share=0.25)["weight"].tolist() == [0.25, 1.0]


def test_it_is_taken_unless_validation_pictures_speak_against_it(new_run, scored):
    session = trained(new_run())
    picture = 1 / len(session.materials.batches.validation)
    first, last = (
        dict(session.start_suffix),
        {name: value.clone() for name, value in session.scored.state_dict().items()},
    )
    assert not same(first, last)
    best, before = session.best, dict(session.best_network.suffix)

    scored(best.score[0] - 6 * picture)
    kept = halfway.settle(session)
    assert kept.key == (halfway.KEPT if best.epoch else halfway.KEPT_PROBE)
    assert session.best is best and same(session.best_network.suffix, before) and not session.best_network.halfway

    scored(best.score[0] - 5 * picture)
    note = halfway.settle(session)
    assert (
        note.key == (halfway.TAKEN if best.epoch else halfway.TAKEN_PROBE)
        and session.best.epoch == 2
        and session.best_network.halfway
    )
    for name, value in session.best_network.suffix.items():
        expected = (first[name] + last[name]) / 2 if value.is_floating_point() else last[name]
        assert torch.allclose(value, expected, atol=1e-6), name
    assert same(session.scored.state_dict(), last), "what a resumed training goes on from is untouched"
    taken = dict(session.best_network.suffix)
    assert halfway.settle(session) is not None and same(session.best_network.suffix, taken), "once more is no other"


def test_a_run_ends_with_the_mean_says_so_and_resumes_to_the_bit(new_run, scored):
    scored(1.0)
    whole, parts = new_run(), new_run()
    finished = drive(whole, Control())
    (note,) = halves(whole)
    assert finished.best_epoch == 2 and note.values["right"] == note.values["of_epoch"] == note.values["pictures"]
    assert not saving.start_file(whole).exists(), "it is of no use any more"

    control = Control()

    def ask(event):
        if isinstance(event, EpochFinished) and event.epoch == 1:
            control.pause()

    assert isinstance(drive(parts, control, ask), Interrupted) and saving.start_file(parts).exists()
    drive(parts, Control())
    assert len(halves(parts)) == 1 and same(weights_of(parts), weights_of(whole))


def test_a_run_that_was_paused_before_there_was_a_mean_ends_with_its_best_epoch(new_run, scored):
    scored(1.0)
    run, control = new_run(), Control()

    def ask(event):
        if isinstance(event, EpochFinished) and event.epoch == 1:
            control.pause()

    drive(run, control, ask)
    saving.start_file(run).unlink()
    drive(run, Control())
    assert not halves(run) and run.state().finished.reason == "completed"


@pytest.mark.parametrize(
    "changes", [{"mean_with_start": False}, {"weights": "scratch"}, {"freeze": "layer4"}, {"adversarial": 0.01}]
)
def test_elsewhere_there_is_none_which_is_said_to_who_asked_for_it(new_run, changes):
    session = result_of(prepare(new_run(epochs=1, **changes), Control()))
    assert session.start_suffix is None
    said = halfway.settle(session)
    assert (said is not None and said.key == halfway.NONE) is changes.get("mean_with_start", True)


def test_the_second_training_of_a_final_fit_is_a_mean_too(new_run, scored):
    scored(1.0)
    plain, mean = new_run(final_fit=True, mean_with_start=False), new_run(final_fit=True)
    for run in (plain, mean):
        drive(run, Control())
        assert RunReport(run).get(FINAL_FIT) is not None
    assert halves(mean) and not halves(plain)
    assert not same(weights_of(mean), weights_of(plain))


def test_the_command_line_does_not_call_a_mean_the_model_of_an_epoch(class_folders, workspace, scored, capsys):
    scored(1.0)
    folder = class_folders({"crimson": 14, "seagreen": 14})
    quick = [
        "--epochs", "1", "--first-epochs", "0", "--freeze", "layer3", "--picture-size", "16", "--precision", "fp32",
        "--device", "cpu", "--groups", "none", "--workspace", str(workspace.root),
    ]  # fmt: skip
    for options, is_mean in ((["--mean-with-start"], True), (["--no-mean-with-start"], False)):
        assert cli.main(["train", str(folder), *quick, *options, "--json"]) == 0
        said = json.loads(capsys.readouterr().out.splitlines()[-1])
        assert said["is_mean"] is is_mean
    assert cli.main(["train", str(folder), *quick, "--mean-with-start"]) == 0
    assert "(mean of the weights before and after fine-tuning)" in capsys.readouterr().out
