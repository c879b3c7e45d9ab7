"""A search for settings: trials are runs without a test part, pruned by their logs; it goes on where it was left."""

import json

import pytest

import resnet_studio as studio
from resnet_studio import cli
from resnet_studio.config import TrainConfig
from resnet_studio.data.opening import open_data
from resnet_studio.data.run_split import split_of
from resnet_studio.errors import CheckpointError, ConfigError, RunError
from resnet_studio.events import EpochFinished, Finished
from resnet_studio.model import checkpoint, resnet
from resnet_studio.model.card import Card
from resnet_studio.model.preprocess import Preprocessing
from resnet_studio.service.run_data import RunData
from resnet_studio.studies import search as searches
from resnet_studio.studies.search import Search, Trial, grid
from resnet_studio.training import waiting
from resnet_studio.training.control import Control
from resnet_studio.ui.runs.studies import shown
from resnet_studio.ui.runs.view import table

pytestmark = pytest.mark.usefixtures("narrow")

CONFIG = TrainConfig(
    weights="scratch", epochs=3, batch_size=16, picture_size=16, precision="fp32", average_weights=False, device="cpu",
    groups="none",
)  # fmt: skip


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    import made

    folder = made.write(tmp_path_factory.mktemp("set"), made.class_files({"crimson": 14, "seagreen": 14}))
    workspace = studio.Workspace.open(tmp_path_factory.mktemp("home"))
    return open_data(folder, workspace), workspace


def search(ground, **options):
    dataset, workspace = ground
    return studio.search(dataset, options.pop("config", CONFIG), workspace=workspace, **options)


def test_the_best_trial_has_the_highest_accuracy_and_of_equal_ones_the_lowest_loss():
    trials = tuple(
        Trial(number, f"run-{number}", status, accuracy, loss, {"learning_rate": 0.001 * (number + 1)})
        for number, (status, accuracy, loss) in enumerate(
            [("finished", 0.8, 0.5), ("finished", 0.9, 0.6), ("finished", 0.9, 0.4), ("pruned", 0.95, 0.1)]
        )
    )
    found = Search("id", "set", "tpe", 6, CONFIG, trials)
    assert found.best.number == 2 and found.settings == {"learning_rate": 0.003}
    assert found.done == 4 and not found.complete
    assert "90.0%" in found.sentence("en") and "0.003" in found.sentence("zh")
    assert Search("id", "set", "tpe", 6, CONFIG, ()).best is None


def test_a_search_that_is_asked_for_fewer_trials_than_it_has_does_not_say_four_of_two():
    trials = tuple(Trial(number, f"run-{number}", "finished", 0.8, 0.5, {}) for number in range(4))
    enough, over = Search("id", "set", "tpe", 4, CONFIG, trials), Search("id", "set", "tpe", 2, CONFIG, trials)
    assert enough.progress() == "4 of 4 trials are done"
    assert over.progress() == "4 trials are done, more than the 2 asked for"
    assert "4 次" in over.progress("zh") and "4 / 2" not in over.progress("zh")


def test_the_grid_has_every_combination_once():
    points = grid(CONFIG.replace(learning_rate=0.01, epochs=8), ("learning_rate", "weight_decay", "epochs"))
    assert len(points) == 3 * 3 * 2 == len({tuple(point.values()) for point in points})
    assert {point["epochs"] for point in points} == {4, 8} and 0.01 in {point["learning_rate"] for point in points}


@pytest.mark.parametrize(
    "options", [{"trials": 0}, {"trials": True}, {"trials": 5, "method": "luck"}, {"trials": 5, "over": ["depth"]},
                {"trials": 5, "over": []}],
)  # fmt: skip
def test_what_no_search_can_be_is_refused(ground, options):
    with pytest.raises(ConfigError):
        search(ground, **options)


@pytest.mark.slow
def test_trials_are_runs_of_a_group_without_test_pictures_and_one_line_on_the_runs_page(ground, tmp_path):
    _, workspace = ground
    found = search(ground, trials=2, method="random", over=("learning_rate", "weight_decay"))
    assert found.complete and len(found.trials) == 2
    runs = [workspace.run(trial.run) for trial in found.trials]
    assert {run.about["group"] for run in runs} == {found.id}
    assert all(split_of(run).test == () and run.state().finished.test_accuracy is None for run in runs)
    for trial, run in zip(found.trials, runs, strict=True):
        assert {name: getattr(run.config, name) for name in trial.settings} == trial.settings
    again = search(ground, trials=2, method="random", over=("learning_rate", "weight_decay"))
    assert again.trials == found.trials
    rows = shown(RunData(workspace).listed())
    assert [row.run.id for row in rows] == [found.best.run]
    assert "2 of 2 trials" in table(RunData(workspace).listed(), "en") and "best trial" in table(
        RunData(workspace).listed(), "en"
    )
    assert waiting.study_of(runs[0]) == [runs[0]]
    written = studio.save_search_plots(found, tmp_path, workspace=workspace)
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in written) and len(written) >= 2


@pytest.mark.slow
def test_a_search_that_was_stopped_goes_on_with_the_run_that_was_at_work(ground):
    _, workspace = ground
    control, epochs = Control(), []

    def stop_in_the_second_trial(event):
        if isinstance(event, EpochFinished):
            epochs.append(event.epoch)
            if len(epochs) == 4:
                control.stop()

    options = {"trials": 2, "over": ("weight_decay",), "config": CONFIG.replace(seed=3)}
    left = search(ground, control=control, on_event=stop_in_the_second_trial, **options)
    assert left.done == 1 and left.trials[-1].status == "running"
    assert workspace.run(left.trials[-1].run).state().status == "interrupted"
    whole = search(ground, **options)
    assert whole.complete and [trial.run for trial in whole.trials] == [trial.run for trial in left.trials]
    assert [epoch.epoch for epoch in workspace.run(whole.trials[-1].run).state().epochs] == [1, 2, 3]
    assert [len([e for e in workspace.run(t.run).events() if isinstance(e, Finished)]) for t in whole.trials] == [1, 1]


@pytest.mark.slow
def test_a_trial_that_somebody_resumed_meanwhile_counts(ground):
    """The run of a search that was cut off is offered for resuming like any other: its score was thrown away."""
    _, workspace = ground
    control = Control()
    stop = lambda event: control.stop() if isinstance(event, EpochFinished) else None  # noqa: E731
    options = {"trials": 1, "over": ("weight_decay",), "config": CONFIG.replace(seed=5)}
    left = search(ground, control=control, on_event=stop, **options)
    assert left.trials[0].status == "running"
    finished = studio.resume(left.trials[0].run, workspace=workspace).state().finished
    found = search(ground, **options)
    assert found.complete and [trial.run for trial in found.trials] == [left.trials[0].run]
    assert found.best.accuracy == finished.validation_accuracy and found.settings == left.trials[0].settings


@pytest.mark.parametrize("study", [search, lambda ground, **more: studio.race(ground[0], more["config"],
                                                                             workspace=ground[1])])  # fmt: skip
def test_a_teacher_of_other_classes_is_refused_before_anything_is_trained(ground, tmp_path, study):
    card = Card(classes=("cat", "dog"), depth=18, preprocessing=Preprocessing(resize=36, crop=32))
    checkpoint.save(tmp_path / "teacher.safetensors", resnet.build(18, 2).state_dict(), card)
    with pytest.raises(CheckpointError, match="cat"):
        study(ground, trials=1, config=CONFIG.replace(teacher=str(tmp_path / "teacher.safetensors")))


@pytest.mark.slow
def test_a_trial_that_falls_behind_is_ended_by_what_its_log_says(ground, monkeypatch):
    import optuna

    monkeypatch.setattr(optuna.Trial, "should_prune", lambda trial: trial.number == 1)
    _, workspace = ground
    found = search(ground, trials=2, over=("weight_decay",), config=CONFIG.replace(seed=4))
    assert [trial.status for trial in found.trials] == ["finished", "pruned"]
    pruned = workspace.run(found.trials[1].run)
    assert len(pruned.state().epochs) < 3 and not pruned.state_file.exists()
    assert found.best == found.trials[0]


@pytest.mark.slow
def test_the_command_says_what_to_train_with(ground, capsys, tmp_path):
    dataset, workspace = ground
    arguments = [
        "search", f"dataset:{dataset.id}", "--workspace", str(workspace.root), "--trials", "2", "--method", "grid",
        "--over", "epochs", "--weights", "scratch", "--epochs", "4", "--size", "16", "--device", "cpu", "--precision",
        "fp32", "--groups", "none", "--plots", str(tmp_path), "--json",
    ]  # fmt: skip
    assert cli.main(arguments) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert sorted(trial["settings"]["epochs"] for trial in found["trials"]) == [2, 4]
    assert found["settings"] == found["best"]["settings"] and found["plots"]
    assert cli.main(arguments[:-1]) == 0
    *words, named = capsys.readouterr().out.splitlines()[-1].partition(f"dataset:{dataset.id} ")
    assert words[0] == "python -m resnet_studio train "
    own = ["train", "set", *named.split()]  # what was asked for besides has to be in it, or something else is trained
    given = cli.build_parser().parse_args(own)
    assert given.epochs == found["settings"]["epochs"]
    assert (given.weights, given.picture_size, given.precision) == ("scratch", 16, "fp32")


@pytest.mark.slow
def test_a_search_with_too_few_trials_to_draw_is_answered_all_the_same(ground, capsys, tmp_path):
    dataset, workspace = ground
    given = [
        "search", f"dataset:{dataset.id}", "--workspace", str(workspace.root), "--trials", "1", "--over", "epochs",
        "--weights", "scratch", "--epochs", "2", "--size", "16", "--device", "cpu", "--groups", "none",
    ]  # fmt: skip
    assert cli.main([*given, "--plots", str(tmp_path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert found["complete"] and found["plots"] == [] and "too few trials" in found["plots_problem"]


def test_without_trials_there_are_no_plots(ground):
    from resnet_studio.studies import search_plots

    _, workspace = ground
    searches.folder_of(workspace, "none").mkdir(parents=True, exist_ok=True)
    with pytest.raises(RunError, match="too few trials"):
        search_plots.draw(searches.open_study(workspace, "none", "tpe", 0), "history")
