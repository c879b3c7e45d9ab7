"""One run whose files make no sense, or come from a newer version, takes nothing away from the others."""

import json
import shutil
from pathlib import Path

import pytest
from hand_made import finish, new_run, report_of, train
from sweeps import few

from resnet_studio import cli
from resnet_studio.config import TrainConfig
from resnet_studio.data import library, opening
from resnet_studio.errors import DataError, RunError
from resnet_studio.evaluation.calibration import CALIBRATION
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.events import Queued
from resnet_studio.migrations import CHAIN, VERSION, up_to_date
from resnet_studio.service.forecast import Forecaster
from resnet_studio.service.predictors import Models
from resnet_studio.service.run_data import Damaged, Overview, RunData
from resnet_studio.service.watch import RunWatch
from resnet_studio.training.jobs import Jobs, left_waiting
from resnet_studio.ui.results import tab as results_tab
from resnet_studio.ui.runs.view import table
from resnet_studio.ui.train.live import Renderer
from resnet_studio.workspace import Run, Workspace

OLD = Path(__file__).parent / "fixtures" / "runs-of-version-1"
SECOND = OLD.with_name("runs-of-version-2")


def changed(run, file="config.json", **changes):
    content = run.read_json(file)
    for path, value in changes.items():
        *outer, last = path.split("__")
        inside = content
        for key in outer:
            inside = inside[key]
        inside[last] = value
    (run.folder / file).write_text(json.dumps(content), encoding="utf-8")


def log_line(run, text):
    with run.log.path.open("a", encoding="utf-8") as file:
        file.write(text + "\n")


EPOCH = {
    "event": "EpochFinished", "number": 90, "time": 1.0, "epoch": 3, "train_loss": 1.0, "train_accuracy": 0.5,
    "validation_loss": 1.0, "validation_accuracy": 0.5, "learning_rate": 0.1, "pictures_per_second": 1.0,
    "seconds": 1.0, "best": False,
}  # fmt: skip
DAMAGES = {
    "empty settings": lambda run: (run.folder / "config.json").write_text("{}"),
    "settings are a list": lambda run: (run.folder / "config.json").write_text("[]"),
    "settings are null": lambda run: (run.folder / "config.json").write_text("null"),
    "settings are no JSON": lambda run: (run.folder / "config.json").write_text('{"about": {'),
    "settings are very deep": lambda run: (run.folder / "config.json").write_text("[" * 100_000),
    "settings of a newer version": lambda run: changed(run, resolved__quantum_mode=True),
    "a file of a newer version": lambda run: changed(run, version=VERSION + 1, about=7),
    "a version that is no number": lambda run: changed(run, version="two"),
    "nothing resolved": lambda run: changed(run, resolved={}),
    "no epochs": lambda run: changed(run, resolved__epochs=None),
    "a rate that is no number": lambda run: changed(run, resolved__learning_rate=float("nan")),
    "about is null": lambda run: changed(run, about=None),
    "classes are null": lambda run: changed(run, about__classes=None),
    "counts are null": lambda run: changed(run, about__counts=None),
    "counts of nulls": lambda run: changed(run, about__counts={"train": None}),
    "counts that are no numbers": lambda run: changed(run, about__counts={"train": float("nan")}),
    "a name that is null": lambda run: changed(run, about__name=None),
    "a list in the log": lambda run: log_line(run, "[]"),
    "null in the log": lambda run: log_line(run, "null"),
    "an event without its fields": lambda run: log_line(run, '{"event": "EpochFinished", "number": 99}'),
    "an event of nulls": lambda run: log_line(run, json.dumps({**EPOCH, "epoch": None, "best": None})),
    "an epoch that is no number": lambda run: log_line(run, json.dumps({**EPOCH, "epoch": float("nan")})),
    "scores that are no numbers": lambda run: log_line(
        run, json.dumps({**EPOCH, "validation_accuracy": None, "seconds": float("inf"), "train_loss": float("nan")})
    ),
    "a note of a newer version": lambda run: log_line(run, '{"event": "Noted", "key": "note.new", "values": {"a": 1}}'),
    "a note without its values": lambda run: log_line(
        run, '{"event": "Noted", "key": "note.out_of_memory", "values": {"size": null}}'
    ),
    "a failure of a newer version": lambda run: log_line(run, '{"event": "Failed", "key": "error.new", "values": {}}'),
    "an end of a newer version": lambda run: log_line(
        run,
        '{"event": "Finished", "reason": "enough", "epochs_run": 1, "best_epoch": 1, "validation_accuracy": 1, '
        '"test_accuracy": null, "train_seconds": null}',
    ),
    "the log is a folder": lambda run: (run.log.path.unlink(), run.log.path.mkdir()),
    "bytes that are no text in the log": lambda run: run.log.path.write_bytes(b"\xff\xfe\n" * 9),
    "the report is a list": lambda run: run.report_file.write_text("[]"),
    "the report is empty": lambda run: run.report_file.write_text("{}"),
    "the report has nulls": lambda run: changed(run, "report.json", classes=None),
    "scores in the report that are no numbers": lambda run: changed(run, "report.json", accuracy=float("nan")),
    "classes missing in the report": lambda run: changed(run, "report.json", per_class=[]),
    "the split is a list": lambda run: (run.folder / "split.json").write_text("[]"),
    "the split has nulls": lambda run: changed(run, "split.json", test=None),
}
READABLE = {  # enough of the run is left to show it among the others
    name for name in DAMAGES if "log" in name or "event" in name or "epoch that" in name or "scores" in name
    or "note" in name or "failure" in name or "end of" in name or "report" in name or "split" in name
} - {"the log is a folder"} | {"nothing resolved", "no epochs"}  # fmt: skip


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    workspace = Workspace.open(tmp_path_factory.mktemp("written") / "workspace")
    return [trained(workspace, name) for name in ("sound", "bad")]


@pytest.fixture
def sound(workspace, written):
    return copied(written[0], workspace)


@pytest.fixture
def bad(workspace, written, sound):
    return copied(written[1], workspace)


def copied(run, workspace):
    return Run(Path(shutil.copytree(run.folder, workspace.root / "runs" / run.id)))


def trained(workspace, name):
    run = new_run(workspace, name=name, count=30)
    train(run, epochs=4)
    finish(run, report_of(run))
    run.best.write_bytes(b"model")
    return run


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_run_is_shown_and_everything_else_works(workspace, sound, bad, damage):
    DAMAGES[damage](bad)
    for language in ("en", "zh"):
        everything_works(workspace, sound, bad, damage, language)


def everything_works(workspace, sound, bad, damage, language):
    data = RunData(workspace)
    rows = table(data.listed(), language)
    assert f'data-remove="{bad.id}"' in rows and f'data-open="{sound.id}"' in rows
    overviews = data.overviews()
    assert sound.id in {overview.run.id for overview in overviews}
    assert (bad.id in {overview.run.id for overview in overviews}) == (damage in READABLE)
    for run in (sound.id, bad.id, None):
        assert results_tab.page_or_reason(data, overviews, results_tab.choose(overviews, run), language)
    assert f"run:{sound.id}" in {model.key for model in Models(data).all()}
    assert all(model.label(language) for model in Models(data).all())
    watch = RunWatch(workspace, Jobs(workspace))
    for run in (sound.id, bad.id, ""):
        assert Renderer(watch).answer(run, "", language)["parts"]["status"]


@pytest.mark.slow
@few("damage", DAMAGES, keep=3)
def test_the_command_line_lists_a_damaged_run_and_all_others(workspace, sound, bad, damage, capsys):
    DAMAGES[damage](bad)
    assert cli.main(["runs", "--json", "--workspace", str(workspace.root)]) == 0
    rows = {row["run"]: row for row in json.loads(capsys.readouterr().out)["runs"]}
    assert rows[sound.id]["status"] == "finished" and rows[sound.id]["problem"] is None
    assert rows[bad.id].keys() == rows[sound.id].keys()
    if damage not in READABLE:
        newer = "newer" in damage
        assert rows[bad.id]["status"] == ("newer" if newer else "damaged")
        assert ("update ResNet Studio" if newer else "delete the run") in rows[bad.id]["problem"]
    assert cli.main(["runs", "--workspace", str(workspace.root)]) == 0
    assert bad.id in capsys.readouterr().out
    assert cli.main(["runs", "--delete", bad.id, "--workspace", str(workspace.root)]) == 0


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_run_is_refused_in_a_sentence_where_it_is_asked_for(workspace, sound, bad, damage, capsys):
    DAMAGES[damage](bad)
    for command in (["resume", bad.id], ["predict", bad.id, "nothing.png"]):
        assert cli.main([*command, "--json", "--workspace", str(workspace.root)]) == 2
        assert "Traceback" not in capsys.readouterr().err
    assert left_waiting(workspace) == []


def test_a_damaged_run_does_not_keep_a_data_set_from_being_deleted(workspace, class_zip):
    dataset = opening.open_data(class_zip({"cat": 3, "dog": 3}), workspace)
    waiting, broken = (new_run(workspace, name=name, dataset=dataset.id) for name in ("waiting", "broken"))
    (broken.folder / "config.json").write_text("{}")
    waiting.append(Queued())
    with pytest.raises(DataError):
        library.delete(workspace, dataset.id)
    workspace.delete_run(waiting)
    library.delete(workspace, dataset.id)


def test_a_forecast_is_made_beside_a_damaged_run(workspace, sound, bad):
    (bad.folder / "config.json").write_text("{}")
    assert Forecaster(workspace).models(18)[0].run.id == sound.id


def test_damaged_lines_are_counted_and_what_is_whole_is_shown(workspace, bad):
    for text in ("[]", "null", '{"event": "Queued", "number": "x"}'):
        log_line(bad, text)
    bad.append(Queued())
    assert bad.state().unreadable == 3 and bad.state().last_number == bad.events()[-1].number
    assert "damaged" in table(RunData(workspace).listed(), "en")
    assert [event.number for event in bad.events()] == list(range(1, len(bad.events()) + 1))


@pytest.mark.parametrize("name", ["finished", "interrupted", "mixed"])
def test_a_run_of_the_first_version_reads_as_it_was_trained(workspace, name):
    shutil.copytree(OLD / name, workspace.root / "runs" / name)
    run = workspace.run(name)
    written = json.loads((OLD / name / "config.json").read_text(encoding="utf-8"))
    for settings, kind in ((run.config, "resolved"), (run.requested, "requested")):
        values = settings.to_json()
        assert {field: values[field] for field in written[kind] if field != "version"} == {
            field: value for field, value in written[kind].items() if field != "version"
        }
    assert dict(run.about) == {"owner": "", "group": "", "parents": [], "note": "", **written["about"]}
    assert run.state().unreadable == 0 and len(run.state().epochs) > 2
    assert not isinstance(RunData(workspace).listed()[0], Damaged)
    assert (run.folder / "config.json").read_bytes() == (OLD / name / "config.json").read_bytes()


@pytest.mark.parametrize("name", ["finished", "continued", "interrupted", "part"])
def test_a_run_of_the_second_version_reads_as_it_was_trained(workspace, name):
    shutil.copytree(SECOND / name, workspace.root / "runs" / name)
    run = workspace.run(name)
    written = json.loads((SECOND / name / "config.json").read_text(encoding="utf-8"))
    for settings, kind in ((run.config, "resolved"), (run.requested, "requested")):
        values = settings.to_json()
        assert {field: values[field] for field in written[kind]} == written[kind]
    later = {"owner": "", "group": "", "parents": ["finished"] if name == "continued" else [], "note": ""}
    named = {"name": "the first", "note": "kept for comparison"} if name == "finished" else {}
    assert dict(run.about) == {**later, **written["about"], **named}
    assert run.about["group"] == ("pictures-seeds-c86c467c" if name == "part" else "")
    assert run.state().unreadable == 0 and isinstance(RunData(workspace).listed()[0], Overview)
    assert (run.folder / "config.json").read_bytes() == (SECOND / name / "config.json").read_bytes()


@pytest.mark.parametrize(
    "folder", [OLD / "finished", OLD / "interrupted", SECOND / "finished", SECOND / "part"], ids=str
)
def test_what_an_old_run_was_trained_with_leaves_nothing_open(workspace, folder):
    shutil.copytree(folder, workspace.root / "runs" / "old")
    config = workspace.run("old").config
    assert [name for name, value in config.to_json().items() if value is None] == []
    assert config.mean_with_start is False and config.final_fit is False


@pytest.mark.parametrize("name", ["finished", "continued"])
def test_a_report_of_the_second_version_has_its_logits_and_parts(workspace, name):
    shutil.copytree(SECOND / name, workspace.root / "runs" / name)
    report = RunReport(workspace.run(name))
    assert report.report is not None and report.report.outputs is not None
    assert set(report.outputs) == {"validation", "test"}
    tested = report.outputs["test"]
    assert report.report.accuracy == (tested.logits.argmax(1) == tested.labels).mean() == 1.0
    assert report.get(CALIBRATION) == CALIBRATION.compute(report) is not None  # computed again: the stored one is older


@pytest.mark.parametrize(
    ("weights", "parents"),
    [
        ("C:\\studio\\runs\\2026-cats\\best.safetensors", ["2026-cats"]), ("/a/runs/猫 1/best.safetensors", ["猫 1"]),
        ("/a/imports/best.safetensors", []), ("/a/runs/x/other.safetensors", []), ("auto", []),
    ],
)  # fmt: skip
def test_the_run_that_an_old_one_started_from_is_found_by_the_path_of_its_model(weights, parents):
    content = {"version": 2, "about": {}, "requested": {"weights": weights}, "resolved": {}}
    assert up_to_date(content, "r")["about"]["parents"] == parents


@pytest.mark.parametrize("value", [3, None, ["a"], {"a": 1}])
@pytest.mark.parametrize("fact", ["owner", "group", "note", "parents"])
def test_a_later_fact_of_another_type_costs_nothing_but_itself(workspace, sound, fact, value):
    changed(sound, "config.json", about={**sound.about, fact: value})
    kept = value if fact == "parents" and value == ["a"] else type(sound.about[fact])()
    assert workspace.run(sound.id).about[fact] == ([] if fact == "parents" and value != ["a"] else kept)


def test_every_step_of_the_chain_is_taken_from_the_version_that_a_file_has(monkeypatch):
    from resnet_studio import migrations

    first = {"about": {}, "requested": {"version": 1}, "resolved": {"version": 1}}
    today = up_to_date(first, "r")
    steps = (*CHAIN, lambda content: content["about"].update(two=True), lambda content: content.update(three=True))
    monkeypatch.setattr(migrations, "CHAIN", steps)
    monkeypatch.setattr(migrations, "VERSION", 1 + len(steps))
    assert up_to_date(first, "r") == {**today, "about": {**today["about"], "two": True}, "three": True}
    assert first["about"] == {} and up_to_date({**first, "version": VERSION + 1}, "r").get("three")
    assert up_to_date({**first, "version": VERSION + 2}, "r") == {**first, "version": VERSION + 2}
    with pytest.raises(RunError, match="newer version"):
        up_to_date({**first, "version": VERSION + 3}, "r")


def test_settings_that_came_later_are_given_to_old_runs_alone():
    from resnet_studio.migrations import set_resolved

    content = {"about": {}, "requested": {}, "resolved": {"epochs": 3}}
    set_resolved(content, epochs=9, fit="crop")
    assert content["resolved"] == {"epochs": 3, "fit": "crop"}


def test_a_new_run_says_which_version_wrote_it(workspace):
    config = TrainConfig(epochs=2)
    run = workspace.new_run("new", requested=config, resolved=config, about={}, split={})
    assert run.read_json("config.json")["version"] == VERSION and run.config == config
