"""Train on validation too, once settled: what it trains on, what it keeps, and that it comes back from anywhere."""

import json

import made
import pytest
from sweeps import few
from trained import same, weights_of

from resnet_studio import cli
from resnet_studio.config import TrainConfig
from resnet_studio.data.opening import open_data
from resnet_studio.data.run_split import split_of
from resnet_studio.evaluation import html_report, model_card
from resnet_studio.evaluation.final_fit import FINAL_FIT, FinalFitted, Tested
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.events import EpochFinished, FinalFit, Finished, Interrupted, Testing
from resnet_studio.model import checkpoint
from resnet_studio.training import final_fit, plan
from resnet_studio.training.control import Control
from resnet_studio.training.jobs import check_resumable, drive
from resnet_studio.training.session import Session
from resnet_studio.workspace import Workspace

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("narrow")]

LEARNED = TrainConfig(
    weights="scratch", epochs=4, batch_size=8, picture_size=16, precision="fp32", device="cpu", final_fit=True,
    groups="none",
)  # fmt: skip
PROBED = LEARNED.replace(weights="starter", freeze="layer4", epochs=1, augmentation="none", learning_rate=1e-8)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return Workspace.open(tmp_path_factory.mktemp("final-fit") / "workspace")


@pytest.fixture(scope="module")
def folder(workspace):
    return made.write(workspace.root.parent / "data", made.class_files({"crimson": 14, "seagreen": 14}))


@pytest.fixture(scope="module")
def new_run(folder, workspace):
    dataset = open_data(folder, workspace)
    return lambda config=LEARNED, **changes: plan.new_run(dataset, config.replace(**changes), workspace)


@pytest.fixture(scope="module")
def straight(new_run, narrow):
    """A training that nothing disturbed."""
    run = new_run()
    drive(run, Control())
    return run


@pytest.fixture
def chatty(monkeypatch):
    """Says after every batch where it stands."""
    monkeypatch.setattr("resnet_studio.training.session.PROGRESS_SECONDS", 0.0)
    monkeypatch.setattr("resnet_studio.training.saving.SAVE_SECONDS", 0.0)


class Died(BaseException):
    """Ends the program where it is raised: nothing catches it."""


def second_of(run):
    return RunReport(run).get(FINAL_FIT)


def test_its_time_counts_although_nobody_asked_where_it_is(straight):
    """Epochs that are over before it is time to say something counted as none at all."""
    written = straight.read_json("final_fit.json")
    assert written["seconds"] > 0
    assert straight.state().finished.train_seconds > written["first"]["train_seconds"]


def test_it_trains_on_all_but_the_test_and_keeps_what_validation_said(new_run, monkeypatch):
    seen = []
    step = Session.step
    monkeypatch.setattr(Session, "step", lambda self, rows: (seen.append((self.pictures, len(rows))), step(self, rows)))
    plain, run = new_run(final_fit=False), new_run()
    first, end = drive(plain, Control()), drive(run, Control())
    counts, again = run.about["counts"], second_of(run)
    assert counts["validation"] and again.pictures == counts["train"] + counts["validation"]
    assert again.epochs == end.best_epoch == first.best_epoch > 0
    assert sum(rows for pictures, rows in seen if pictures == again.pictures) == again.epochs * again.pictures
    assert not same(weights_of(plain), weights_of(run))
    before, card = checkpoint.load(plain.best).card, checkpoint.load(run.best).card
    assert (end.validation_accuracy, end.epochs_run) == (first.validation_accuracy, first.epochs_run)
    assert (card.temperature, card.unlike) == (before.temperature, before.unlike)
    assert (
        RunReport(run).outputs["validation"].logits.tolist() == RunReport(plain).outputs["validation"].logits.tolist()
    )
    assert again.tested.count == counts["test"] and again.tested.first == round(first.test_accuracy * counts["test"])
    assert end.test_accuracy == RunReport(run).report.accuracy == again.tested.second / counts["test"]
    assert not run.state_file.exists() and not (run.folder / "final-fit").exists()


@pytest.mark.parametrize(
    "place", [pytest.param(0, marks=pytest.mark.long), pytest.param(1, marks=pytest.mark.long), 4, "tested"]
)
def test_a_program_that_dies_in_it_ends_with_the_same_weights(new_run, straight, chatty, place):
    killed, said = new_run(), []

    def die(event):
        said.extend([event] if isinstance(event, (FinalFit, Testing)) else [])
        if place == "tested":
            there = sum(isinstance(each, Testing) for each in said) == 2
        else:
            there = sum(isinstance(each, FinalFit) for each in said) == place + 1
        if there:
            raise Died

    with pytest.raises(Died):
        drive(killed, Control(), die)
    assert killed.state().status == "interrupted"
    check_resumable(killed)
    assert isinstance(drive(killed, Control()), Finished)
    assert same(weights_of(straight), weights_of(killed))
    assert second_of(killed).tested == second_of(straight).tested
    assert len([event for event in killed.events() if isinstance(event, EpochFinished)]) == LEARNED.epochs


@pytest.mark.parametrize("request_", ["pause", "stop"])
def test_pausing_and_stopping_in_it_keep_the_first_network_until_it_is_resumed(new_run, straight, chatty, request_):
    run, control = new_run(), Control()

    def ask(event):
        if isinstance(event, FinalFit) and 0 < event.share < 1:
            control.act(request_)

    end = drive(run, control, ask)
    if request_ == "pause":
        assert isinstance(end, Interrupted)
    else:
        assert end.reason == "stopped" and "note.final_fit_stopped" in [note.key for note in run.state().notes]
    assert "final_fit" not in checkpoint.load(run.best).card.metrics and second_of(run) is None
    assert RunReport(run).report is not None
    assert drive(run, Control()).reason == "completed"
    assert same(weights_of(straight), weights_of(run))


def test_with_too_few_pictures_to_choose_by_all_epochs_are_trained_again(new_run, monkeypatch):
    monkeypatch.setattr("resnet_studio.training.validation.BestNetwork.beaten_by", lambda best, *_: best.epoch is None)
    run = new_run()
    assert run.about["counts"]["validation"] < final_fit.FEW_TO_CHOOSE_BY
    end = drive(run, Control())
    assert end.best_epoch == 1 and second_of(run).epochs == end.epochs_run == LEARNED.epochs
    monkeypatch.setattr(final_fit, "FEW_TO_CHOOSE_BY", 1)
    run = new_run()
    assert drive(run, Control()).best_epoch == second_of(run).epochs == 1


def test_where_nothing_was_asked_for_few_pictures_are_trained_on_too_and_that_is_said(new_run):
    run, left_out = (new_run(PROBED, epochs=None, final_fit=asked) for asked in (None, False))
    for each in (run, left_out):
        drive(each, Control())
    said = [[note.key for note in each.state().notes] for each in (run, left_out)]
    assert "note.plan.few_to_choose_by" in said[0] and second_of(run).epochs == run.state().finished.epochs_run
    assert "note.plan.few_to_choose_by" not in said[1] and second_of(left_out) is None


def test_a_probe_that_no_epoch_beat_is_fitted_to_all(new_run, monkeypatch):
    monkeypatch.setattr(final_fit, "FEW_TO_CHOOSE_BY", 1)
    plain, run = new_run(PROBED, final_fit=False), new_run(PROBED)
    first, end = drive(plain, Control()), drive(run, Control())
    assert end.best_epoch == first.best_epoch == second_of(run).epochs == 0
    assert "the linear probe, which was fitted again" in second_of(run).sentence("en")
    assert "线性探针" in second_of(run).sentence("zh") and "0 epochs" not in second_of(run).sentence("en")
    assert not same(weights_of(plain), weights_of(run))


def test_a_stopped_training_settles_nothing_and_says_so(new_run):
    run, control = new_run(), Control()

    def ask(event):
        if isinstance(event, EpochFinished) and event.epoch == 2:
            control.stop()

    assert drive(run, control, ask).reason == "stopped"
    assert [note.key for note in run.state().notes] == ["note.final_fit_skipped"] and second_of(run) is None


@few("kind", ["pruned", "taught"])
def test_a_smaller_network_and_a_taught_one_are_trained_again_as_they_were(new_run, kind):
    """The second training has the channels of the first one, and listens to the same teacher, whose run is gone."""
    changes = {"keep_channels": 0.6, "freeze": "none"}
    if kind == "taught":
        teacher = new_run(epochs=1, final_fit=False)
        drive(teacher, Control())
        changes = {"teacher": str(teacher.best), "teacher_weight": 1.0}
    run = new_run(epochs=1, **changes)
    if kind == "taught":
        teacher.best.unlink()
    assert drive(run, Control()).reason == "completed"
    found = checkpoint.load(run.best)
    assert second_of(run).pictures == len(split_of(run).train) + len(split_of(run).validation)
    assert found.card.metrics["final_fit"] == second_of(run).pictures
    assert bool(found.card.widths) == (kind == "pruned")


def test_a_real_gain_is_one_by_the_exact_test():
    """Four won and none lost happens by chance once in eight times, though a bootstrap's interval excludes zero."""
    few, many = (FinalFitted(3, 90, 1.0, Tested(36, 30, 30 + won, won, 0)) for won in (4, 6))
    assert few.gain_interval[0] > 0
    assert "cannot tell" in few.sentence() and "a real gain" in many.sentence()
    worse = FinalFitted(3, 90, 1.0, Tested(36, 30, 24, 0, 6))
    assert "worse" in worse.sentence() and "变差" in worse.sentence("zh")


def test_the_command_says_what_it_was_worth_and_evaluate_what_it_was_trained_on(folder, workspace, capsys):
    place = ["--workspace", str(workspace.root), "--json"]
    settings = ["--weights", "scratch", "--epochs", "1", "--picture-size", "16", "--device", "cpu", "--groups", "none"]
    assert cli.main(["train", str(folder), *settings, "--final-fit", *place]) == 0
    captured = capsys.readouterr()
    trained = json.loads(captured.out.splitlines()[-1])
    again = trained["final_fit"]
    assert again["epochs"] == 1 and len(again["gain_interval"]) == 2
    assert cli.main(["evaluate", trained["run"], str(folder), *place]) == 0
    scored = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert scored["trained_on"] == again["pictures"] and not scored["chosen_by"]
    run = workspace.run(trained["run"])
    said = second_of(run).sentence("zh")
    assert said in html_report.html(run, "zh") and said in model_card.model_card(run, "zh")
