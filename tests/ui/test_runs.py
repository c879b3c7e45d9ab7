from __future__ import annotations

import builtins
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hand_made import finish, new_run, report_of, train

from resnet_studio import labels
from resnet_studio.config import TrainConfig
from resnet_studio.evaluation.compare import mcnemar
from resnet_studio.events import Interrupted, Preparing, Queued
from resnet_studio.service.run_data import RunData
from resnet_studio.training.jobs import Jobs
from resnet_studio.ui.drawn.settings_view import changed, value_of
from resnet_studio.ui.page.context import Studio
from resnet_studio.ui.runs import tab as runs_tab
from resnet_studio.ui.runs.compare import compared, differing
from resnet_studio.ui.runs.view import table
from resnet_studio.workspace import Run, Workspace


def finished(workspace: Workspace, name: str, *, wrong: dict[int, int] | None = None, **settings: object) -> Run:
    run = new_run(workspace, name=name, count=30, **settings)  # type: ignore[arg-type]
    train(run, epochs=3)
    finish(run, report_of(run, wrong=wrong))
    return run


def listed(workspace: Workspace, language: str = "en") -> str:
    return table(RunData(workspace).overviews(), language)  # type: ignore[arg-type]


def panel(workspace: Workspace, *runs: Run) -> str:
    data = RunData(workspace)
    return compared(data, [data.of(run) for run in runs], "en")


def test_without_runs_the_tab_says_what_will_be_kept_here(workspace: Workspace) -> None:
    assert "No runs yet" in listed(workspace)
    assert "还没有训练记录" in listed(workspace, "zh")


def test_one_run_alone_cannot_be_compared_and_the_list_says_what_to_do(workspace: Workspace) -> None:
    finished(workspace, "first")
    assert "Train once more with another setting" in listed(workspace) and "Tick two" not in listed(workspace)
    assert "换一项设置再训练一次" in listed(workspace, "zh")
    finished(workspace, "second")
    assert "Tick two or more" in listed(workspace) and "Train once more" not in listed(workspace)


def test_a_row_shows_scores_settings_and_what_can_be_done(workspace: Workspace) -> None:
    run = finished(workspace, "mine", wrong={0: 1}, requested=TrainConfig(mix="cutmix", epochs=3))
    run.best.write_bytes(b"model")
    html = listed(workspace)
    assert "95.0%" in html
    assert "Mix pictures: CutMix" in html
    assert "Epochs: 3" in html
    assert "ResNet-18 · Frozen through layer2 · Built-in starter" in html
    assert f'href="studio/runs/{run.id}/model.safetensors"' in html
    assert f'data-remove="{run.id}"' in html
    assert "data-resume" not in html


def test_a_run_that_was_made_and_is_not_in_the_queue_yet_can_be_listed(workspace: Workspace) -> None:
    run = new_run(workspace, name="just made")
    assert f'data-run="{run.id}"' in listed(workspace)


def test_an_interrupted_run_can_be_resumed(workspace: Workspace) -> None:
    run = new_run(workspace)
    train(run, epochs=2, planned=5)
    run.append(Interrupted())
    run.state_file.write_bytes(b"state")
    html = listed(workspace)
    assert f'data-resume="{run.id}"' in html
    assert "epoch 2 of 5" in html and ">interrupted<" in html
    run.append(Interrupted(paused=True))
    assert ">paused<" in listed(workspace) and ">已暂停<" in listed(workspace, "zh")


def test_a_run_that_is_being_trained_says_why_it_cannot_be_deleted(workspace: Workspace) -> None:
    run = new_run(workspace)
    train(run, epochs=1, planned=5)
    with run.lock().acquire(timeout=1):
        html = listed(workspace)
    assert "stop it under Train first" in html
    assert "aria-disabled=true" in html


def test_a_run_whose_pictures_are_got_ready_does_not_wait_any_more(workspace: Workspace) -> None:
    run = new_run(workspace)
    with run.lock().acquire(timeout=1):
        run.append(Queued())
        assert ">waiting<" in listed(workspace)
        run.append(Preparing(stage="features", done=1, total=9))
        assert ">preparing<" in listed(workspace) and ">waiting<" not in listed(workspace)
        assert "准备中" in listed(workspace, "zh")
        run.append(Queued())  # as after a crash
        assert ">waiting<" in listed(workspace)


def test_names_are_shown_literally(workspace: Workspace) -> None:
    finished(workspace, '<img src=x onerror="alert(1)">')
    html = listed(workspace)
    assert "<img" not in html
    assert "&lt;img src=x onerror=&#34;alert(1)&#34;&gt;" in html


def test_what_the_cache_holds_is_said_and_can_be_cleared(workspace: Workspace) -> None:
    finished(workspace, "mine")
    html = table(RunData(workspace).overviews(), "en", 3 * 2**29)
    assert "1.5 GB of decoded pictures" in html and 'data-go="clear-cache"' in html
    assert "已缓存 1.5 GB" in table(RunData(workspace).overviews(), "zh", 3 * 2**29)
    assert "clear-cache" not in listed(workspace)


def test_a_filter_appears_when_there_are_many_runs(workspace: Workspace) -> None:
    for number in range(8):
        new_run(workspace, name=f"run {number}", count=1).append(Queued())
    assert 'type="search"' in listed(workspace)


def test_one_ticked_run_asks_for_another(workspace: Workspace) -> None:
    assert "Tick one more run to compare it with “a”" in panel(workspace, finished(workspace, "a"))


@pytest.mark.slow
def test_compared_runs_show_their_curves_and_only_the_settings_that_differ(workspace: Workspace) -> None:
    config = TrainConfig(learning_rate=0.002)
    first = finished(workspace, "first")
    second = finished(workspace, "second", requested=config)
    html = panel(workspace, first, second)
    assert html.count("<svg") >= 4
    assert "Learning rate" in html
    assert "Momentum" not in html
    data = RunData(workspace)
    assert differing([data.of(first), data.of(second)]) == ["learning_rate"]


def test_runs_of_the_same_name_are_told_apart(workspace: Workspace) -> None:
    first, second = finished(workspace, "same"), finished(workspace, "same")
    html = panel(workspace, first, second)
    assert f"same {first.id[:15]}" in html


def test_a_small_difference_on_the_same_test_pictures_is_called_chance(workspace: Workspace) -> None:
    html = panel(workspace, finished(workspace, "a", wrong={0: 1}), finished(workspace, "b", wrong={1: 1, 2: 1}))
    assert "On the same 20 test pictures, “a” alone was right on 2, “b” alone on 1" in html
    assert "too small a difference" in html


def test_pictures_that_two_runs_disagree_on_are_shown_with_both_answers(workspace: Workspace) -> None:
    first = finished(workspace, "a", wrong={0: 1})
    html = panel(workspace, first, finished(workspace, "b", wrong={1: 1, 2: 1}))
    assert "3 pictures named correctly by only one of the two" in html
    assert f'src="studio/runs/{first.id}/picture/test/0"' in html
    assert html.count("✓") == html.count("✗") == 3
    three = panel(workspace, first, finished(workspace, "c"), finished(workspace, "d", wrong={3: 1}))
    assert three.count("<details><summary>") == 3


def test_a_large_difference_on_the_same_test_pictures_is_called_one(workspace: Workspace) -> None:
    wrong = dict.fromkeys(range(10), 1)
    html = panel(workspace, finished(workspace, "a"), finished(workspace, "b", wrong=wrong))
    assert "more than chance would explain" in html
    assert "p = 0.002" in html


def test_runs_on_other_pictures_are_not_compared_by_their_scores(workspace: Workspace) -> None:
    html = panel(workspace, finished(workspace, "a"), finished(workspace, "b", dataset="other"))
    assert "their scores do not compare directly" in html and "which is better" not in html


def test_runs_that_share_some_test_pictures_are_compared_on_those(workspace: Workspace) -> None:
    wrong = dict.fromkeys(range(10), 1)
    first, second = finished(workspace, "a"), finished(workspace, "b", wrong=wrong)
    report = second.read_json("report.json")
    second.write_json("report.json", {**report, "pictures": report["pictures"][:15]})
    html = panel(workspace, first, second)
    assert "Their test sets differ; 15 pictures are in both" in html and "more than chance would explain" in html
    assert "do not compare directly" not in html


@pytest.mark.parametrize(("a", "b", "p"), [(0, 0, 1.0), (5, 5, 1.0), (10, 0, 2 / 1024), (1, 8, 20 / 512)])
def test_mcnemar_is_the_two_sided_binomial_test(a: int, b: int, p: float) -> None:
    from scipy.stats import binomtest

    assert mcnemar(a, b) == pytest.approx(p)
    if a + b:
        assert mcnemar(a, b) == pytest.approx(binomtest(a, a + b).pvalue)


def test_settings_are_said_as_the_form_says_them() -> None:
    assert value_of("freeze", "none", "en") == "Nothing frozen: train everything"
    assert value_of("learning_rate", None, "zh") == "自动"
    assert value_of("average_weights", False, "en") == "no"
    assert value_of("weights", "/a/file.safetensors", "en") == "/a/file.safetensors"


def test_weights_of_a_run_are_said_by_its_name_and_not_by_a_path_of_the_server(workspace: Workspace) -> None:
    first = finished(workspace, "mine")
    model = str(first.best)
    child = new_run(workspace, name="child", requested=TrainConfig(weights=model), resolved=TrainConfig(weights=model))
    html = table(RunData(workspace).overviews(), "en")
    assert "Model of “mine”" in html and str(workspace.root) not in html
    labels.write(first.folder, name="<i>better</i>")
    html = table(RunData(workspace).overviews(), "zh")
    assert "“&lt;i&gt;better&lt;/i&gt;”的模型" in html and "<i>better" not in html
    workspace.delete_run(first)
    assert f"Model of “{first.id}”" in table([RunData(workspace).of(child)], "en")
    assert changed(TrainConfig(depth=50, dropout=0.5), "en") == ["Dropout: 0.5"]


@pytest.fixture
def client(workspace: Workspace) -> Iterator[TestClient]:
    app = FastAPI()
    app.include_router(runs_tab.routes(Studio(workspace, Jobs(workspace))))
    with TestClient(app) as opened:
        yield opened


def test_the_comparison_ignores_what_is_no_run(client: TestClient, workspace: Workspace) -> None:
    run = finished(workspace, "a")
    assert "Tick one more" in client.get(f"/studio/compare?run={run.id}&run=nothing&run=..%2f..&run=%00").text
    assert client.get("/studio/compare").text == ""


@pytest.mark.slow
def test_a_list_that_was_read_once_opens_only_the_files_of_runs_that_changed(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hundreds of runs are listed again with every visit; looking whether they changed has to be all that costs."""
    runs = [new_run(workspace, name=f"run {number}", count=1) for number in range(40)]
    for run in runs:
        train(run, epochs=5)
    data, opened = RunData(workspace), []
    before = table(data.overviews(), "en")
    real = io.open

    def of_a_run(file: str) -> bool:
        """Whether it is content of a run; who holds its lock is asked anew each time."""
        return file.startswith(str(workspace.root / "runs")) and not file.endswith("lock.owner")

    def opening(file: Any, *rest: Any, **named: Any) -> Any:
        opened.append(str(file))
        return real(file, *rest, **named)

    monkeypatch.setattr(io, "open", opening)
    monkeypatch.setattr(builtins, "open", opening)
    assert table(data.overviews(), "en") == before
    assert [file for file in opened if of_a_run(file)] == []
    labels.write(runs[7].folder, name="another name")
    opened.clear()
    assert "another name" in table(data.overviews(), "en")
    assert {Path(file).parent for file in opened if of_a_run(file)} == {runs[7].folder}


def test_a_new_name_and_a_note_are_shown_at_once_and_literally(workspace: Workspace) -> None:
    run = finished(workspace, "mine")
    data = RunData(workspace)
    assert data.of(run).name == "mine"
    labels.write(run.folder, name="<b>The best\u202e</b>", note="learning rate by hand\nsecond line")
    html = table(data.overviews(), "en")
    assert "&lt;b&gt;The best&lt;/b&gt;" in html and "<b>The" not in html
    assert "learning rate by hand\nsecond line" in html
    assert data.of(run).about["dataset_name"] == "digits"


@pytest.mark.parametrize("damage", ["{", "[]", '{"name": 3}', "\udcff"])
def test_a_damaged_label_leaves_the_run_its_first_name(workspace: Workspace, damage: str) -> None:
    run = finished(workspace, "mine")
    (run.folder / labels.FILE).write_bytes(damage.encode("utf-8", "surrogateescape"))
    assert RunData(workspace).of(run).name == run.about["name"] == "mine"


def test_the_table_says_whose_each_run_is_and_deleting_says_it_again(workspace: Workspace) -> None:
    run = finished(workspace, "mine")
    content = run.read_json("config.json")
    run.write_json("config.json", {**content, "about": {**content["about"], "started_by": "browser:abc"}})
    runs = RunData(workspace).overviews()
    assert "started in this browser" in table(runs, "en", browser="abc")
    theirs = table(runs, "en", browser="another")
    assert "started in another browser" in theirs and "It was started in another browser." in theirs
    assert "It was started" not in table(runs, "en", browser="abc")


def part_of_study(workspace: Workspace, seed: int, test: float | None, **about: Any) -> Run:
    run = new_run(workspace, name=f"digits-resnet18-seed-{seed}", resolved=TrainConfig(epochs=1, seed=seed))
    content = run.read_json("config.json")
    content["about"] = {
        **content["about"],
        "group": "g",
        "study": {"kind": "seeds", "part": seed + 1, "of": 3},
        **about,
    }
    run.write_json("config.json", content)
    if test is not None:
        train(run, epochs=1)
        finish(run, {**report_of(run), "accuracy": test})
    return run


def test_a_study_shows_its_mean_and_interval_and_how_far_it_is(workspace: Workspace) -> None:
    from resnet_studio.studies.repeats import figure
    from resnet_studio.ui.runs.studies import studies

    for seed, test in enumerate((0.8, 0.9, None)):
        part_of_study(workspace, seed, test)
    part_of_study(workspace, 5, 0.1, group="another: a single part says nothing")
    runs = RunData(workspace).listed()
    html, chinese = studies(runs, "en"), studies(runs, "zh")
    found = figure([0.8, 0.9])
    assert found is not None and found.interval is not None
    low, high = found.interval
    assert f"85.0% ({low:.1%} to {high:.1%})" in html and "on the test pictures" in html
    assert "2 of 3 seeds done" in html and "已完成 2/3 个种子" in chinese
    assert html.count("<li>") == 1 and "digits-resnet18<" in html and "seed-0" not in html


def test_a_cross_validation_shows_the_accuracy_of_all_pictures(workspace: Workspace) -> None:
    from resnet_studio.evaluation.report import wilson_interval
    from resnet_studio.ui.runs.studies import studies

    for part in (1, 2, 3):
        study = {"kind": "folds", "part": part, "of": 3, "new_split": True}
        part_of_study(workspace, 0, 0.5 if part < 3 else None, study=study, name=f"digits-resnet18-fold-{part}")
    runs = RunData(workspace).listed()
    reports = [run.run.read_json("report.json") for run in runs if (run.run.folder / "report.json").exists()]
    assert len(reports) == 2
    right = sum(row["correct"] for report in reports for row in report["per_class"])
    count = sum(report["count"] for report in reports)
    pictures = len({picture["name"] for report in reports for picture in report["pictures"]})
    assert pictures == count // 2  # both of these runs were tested on the same pictures, which count once
    low, high = wilson_interval(right / count * pictures, pictures)
    html, chinese = studies(runs, "en"), studies(runs, "zh")
    assert f"{right / count:.1%} ({low:.1%} to {high:.1%})" in html and "tested so far" in html
    assert "2 of 3 folds done" in html and "已完成 2/3 折" in chinese
    assert "digits-resnet18<" in html and "fold-1" not in html


@pytest.mark.parametrize("kind", ["fold", "seed"])
def test_a_study_that_a_user_named_has_that_name_and_not_its_first_part(workspace: Workspace, kind: str) -> None:
    from resnet_studio.ui.runs.studies import studies

    for part in (1, 2):
        study = {"kind": f"{kind}s", "part": part, "of": 2}
        part_of_study(workspace, part, 0.5, study=study, name=f"pets ({kind} {part})")
    html = studies(RunData(workspace).listed(), "en")
    assert "pets" in html and f"({kind} 1)" not in html


@pytest.mark.parametrize(
    "about", [{"group": 3}, {"group": ""}, {"study": 7}, {"study": {"part": "x"}}, {"name": "<b>"}]
)
def test_a_study_whose_facts_make_no_sense_breaks_no_page(workspace: Workspace, about: Any) -> None:
    for seed in range(2):
        part_of_study(workspace, seed, 0.9, **about)
    html = table(RunData(workspace).listed(), "en")
    assert "digits" in html or "&lt;b&gt;" in html
    assert "<b></" not in html
