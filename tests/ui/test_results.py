from __future__ import annotations

import re

import pytest
from hand_made import finish, new_run, report_of, train

from resnet_studio import run_log
from resnet_studio.config import TrainConfig
from resnet_studio.evaluation import html_report
from resnet_studio.events import EpochFinished, Failed, Interrupted, Noted, Preparing, Progress, Queued, Started
from resnet_studio.run_state import MEAN
from resnet_studio.service.run_data import Overview, RunData, format_duration
from resnet_studio.ui.results import tab as results_tab
from resnet_studio.ui.results import view as results_view
from resnet_studio.ui.results.matrix import matrix, mix_ups, most_confused, pairs, tint
from resnet_studio.ui.results.next_steps import settings_of
from resnet_studio.ui.results.pictures import confident_mistakes, pictures_panel
from resnet_studio.workspace import Workspace

EVIL = ("<script>alert(1)</script>", '"quoted" & more', "قطة\u202e")


def finished(workspace: Workspace, *, wrong: dict[int, int] | None = None, **settings: object) -> Overview:
    run = new_run(workspace, **settings)  # type: ignore[arg-type]
    train(run, epochs=3)
    finish(run, report_of(run, wrong=wrong))
    return RunData(workspace).of(run)


def view(workspace: Workspace, run: Overview | None, language: str = "en") -> str:
    data = RunData(workspace)
    return results_tab.page(data, data.overviews(), run, language)  # type: ignore[arg-type]


def test_without_any_run_the_tab_says_where_to_begin(workspace: Workspace) -> None:
    page = view(workspace, None)
    assert "No results yet" in page
    assert 'data-go="data"' in page


def test_a_finished_run_shows_its_accuracy_with_the_interval(workspace: Workspace) -> None:
    page = view(workspace, finished(workspace, wrong={0: 1}, count=30))
    assert "95.0%" in page
    assert "95% confidence interval: 76.4% to 99.1%" in page
    assert "19 of 20 pictures right" in page


def test_few_test_pictures_are_called_a_rough_figure(workspace: Workspace) -> None:
    assert "rough figure" in view(workspace, finished(workspace, wrong={0: 1}, count=12))


def test_a_model_no_better_than_the_commonest_class_is_told_so(workspace: Workspace) -> None:
    page = view(workspace, finished(workspace, wrong={0: 1, 1: 1, 2: 0, 3: 0}, count=6))
    assert "has not learned to tell the classes apart" in page


def test_class_names_are_shown_literally(workspace: Workspace) -> None:
    page = view(workspace, finished(workspace, classes=EVIL, wrong={0: 1}))
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<bdi>قطة\\u202e</bdi>" in page
    assert "\u202e" not in page


def test_every_sentence_of_the_view_exists_in_chinese(workspace: Workspace) -> None:
    page = view(workspace, finished(workspace, wrong={0: 1}), "zh")
    assert "测试准确率" in page
    assert "Test accuracy" not in page


@pytest.mark.parametrize(
    ("status", "title"),
    [
        ("queued", "Waiting for its turn"),
        ("interrupted", "Interrupted after epoch 2 of 5"),
        ("paused", "Paused after epoch 2 of 5"),
        ("failed", "This run did not finish"),
    ],
)
def test_a_run_that_has_not_finished_says_what_is_missing(workspace: Workspace, status: str, title: str) -> None:
    run = new_run(workspace)
    if status == "queued":
        run.append(Queued())
    else:
        train(run, epochs=2, planned=5)
        ends = {"interrupted": Interrupted(), "paused": Interrupted(paused=True)}
        run.append(ends.get(status, Failed(key="error.disk_full")))
    page = view(workspace, RunData(workspace).of(run))
    assert title in page
    assert "data-go" in page
    if status == "failed":
        assert "The disk is full" in page


def test_a_run_that_is_being_trained_shows_its_epoch(workspace: Workspace) -> None:
    run = new_run(workspace)
    train(run, epochs=2, planned=5)
    with run.lock().acquire(timeout=1):
        page = view(workspace, RunData(workspace).of(run))
    assert "Training: epoch 3 of 5" in page


def test_without_test_pictures_the_validation_score_is_not_called_a_test(workspace: Workspace) -> None:
    run = new_run(workspace)
    train(run, epochs=3)
    finish(run, None)
    page = view(workspace, RunData(workspace).of(run))
    assert "Scored on validation pictures only" in page
    assert "Test accuracy" not in page


def test_a_run_that_is_got_ready_does_not_wait_for_its_turn(workspace: Workspace) -> None:
    run = new_run(workspace)
    run.append(Queued())
    run.append(Preparing(stage="features", done=1, total=9))
    assert "Getting ready to train" in results_view.waiting(RunData(workspace).of(run), "en")
    assert "正在准备训练" in results_view.waiting(RunData(workspace).of(run), "zh")


def test_the_run_that_the_browser_looks_at_is_shown_else_the_newest_finished_one(workspace: Workspace) -> None:
    old = finished(workspace, name="old")
    queued = new_run(workspace, name="newest")
    queued.append(Queued())
    overviews = RunData(workspace).overviews()
    chosen = results_tab.choose(overviews, None)
    assert chosen is not None and chosen.run.id == old.run.id
    followed = results_tab.choose(overviews, queued.id)
    assert followed is not None and followed.run.id == queued.id


def test_the_worst_mix_ups_come_first() -> None:
    found = mix_ups([[5, 1, 0], [4, 6, 0], [0, 2, 9]])
    assert [(pair.true, pair.predicted, pair.count) for pair in found] == [(1, 0, 4), (2, 1, 2), (0, 1, 1)]


def test_a_matrix_of_many_classes_shows_the_most_confused_ones_until_asked_for_all() -> None:
    count = 100
    confusion = [[10 if row == column else 0 for column in range(count)] for row in range(count)]
    confusion[70][71] = 9
    report = {"confusion": confusion, "classes": [f"class {index}" for index in range(count)]}
    some, everything = matrix(report, "en"), matrix(report, "en", whole=True)
    assert "the 30 classes with the most mistakes, of 100" in some
    assert 'data-true="70" data-said="71"' in some
    assert some.count("<tr>") == 31
    assert everything.count("<tr>") == 101
    assert most_confused(confusion, 2) == [70, 71]


def test_only_cells_with_pictures_can_be_chosen() -> None:
    report = {"confusion": [[3, 0], [1, 2]], "classes": ["a", "b"]}
    html = matrix(report, "en")
    assert html.count("data-true=") == 3
    assert 'aria-label="true b, predicted a: 1 picture"' in html


def test_a_cell_changes_its_colour_of_text_where_neither_would_be_readable() -> None:
    assert tint(0.5) < 0.46
    assert tint(0.51) > 0.93


def test_no_mix_up_is_said_in_a_sentence() -> None:
    assert "No two classes were mixed up" in pairs({"confusion": [[3, 0], [0, 2]], "classes": ["a", "b"]}, "en")


def test_the_most_confident_mistake_comes_first(workspace: Workspace) -> None:
    run = finished(workspace, wrong={0: 1, 3: 0})
    report = RunData(workspace).report(run.run)
    assert report is not None
    mistakes = confident_mistakes(report)
    assert len(mistakes) == 2
    assert mistakes[0]["probability"] >= mistakes[1]["probability"]
    panel = pictures_panel(report, {}, "en", true=0, predicted=1)
    assert panel.count("<figure") == 1
    assert "one, taken for two" in panel


def test_without_a_mistake_the_least_sure_pictures_are_shown(workspace: Workspace) -> None:
    run = finished(workspace, count=12)
    report = RunData(workspace).report(run.run)
    assert report is not None
    panel = pictures_panel(report, {}, "en")
    assert "Not one mistake in 8 test pictures" in panel
    assert panel.count("<figure") == 8


def test_classes_with_few_pictures_are_marked(workspace: Workspace) -> None:
    run = finished(workspace, count=6)
    report = RunData(workspace).report(run.run)
    assert report is not None
    assert 'class="few"' in results_view.class_table(report, "en")


def test_a_log_is_read_on_from_where_it_was_left(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    run = new_run(workspace)
    train(run, epochs=2, planned=4)
    data = RunData(workspace)
    assert len(data.of(run).state.epochs) == 2
    offsets: list[int] = []
    read = run_log.read_lines
    monkeypatch.setattr(run_log, "read_lines", lambda path, offset: offsets.append(offset) or read(path, offset))
    size = run.log.path.stat().st_size
    data.of(run)
    run.append(Interrupted())
    assert data.of(run).state.status == "interrupted"
    assert offsets == [size]


def test_what_a_log_adds_up_to_does_not_depend_on_how_it_is_read(workspace: Workspace) -> None:
    run = new_run(workspace)
    data = RunData(workspace)
    train(run, epochs=2, planned=4)
    for batch in range(3):
        run.append(
            Progress(
                epoch=3,
                batch=batch,
                batches=3,
                train_loss=1,
                train_accuracy=0.5,
                learning_rate=0.1,
                pictures_per_second=9,
                remaining_seconds=1,
                memory_mb=0,
            )
        )
        with run.lock().acquire(timeout=1):
            assert data.of(run).state == run.state()
            assert RunData(workspace).of(run).state == run.state()
    with run.log.path.open("ab") as log:
        log.write(b'{"event": "Interrupted"')
    assert data.of(run).state == run.state()


def test_a_damaged_run_does_not_hide_the_others(workspace: Workspace) -> None:
    good = finished(workspace, name="good")
    bad = new_run(workspace, name="bad", requested=TrainConfig(depth=34))
    (bad.folder / "config.json").write_text("{", encoding="utf-8")
    assert [overview.run.id for overview in RunData(workspace).overviews()] == [good.run.id]


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.0, "0 s"), (4.26, "4.3 s"), (59.4, "59 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")]
)
def test_a_length_of_time_is_said_as_a_person_says_it(seconds: float, said: str) -> None:
    assert format_duration(seconds, "en") == said


def test_the_time_counts_from_the_click_and_says_what_went_into_preparing(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = new_run(workspace)
    content = run.read_json("config.json")
    now = 1_000_000.0
    run.write_json("config.json", {**content, "about": {**content["about"], "asked": now}})
    monkeypatch.setattr("resnet_studio.event_log.time.time", lambda: now)
    for seconds, event in (
        (2, Queued()), (3, Preparing(stage="pictures", done=0, total=9)),
        (4, Preparing(stage="features", done=0, total=9)),
        (14, Started(device="CPU, 2 cores", precision="fp32", epochs=1)),
    ):  # fmt: skip
        now += seconds
        run.append(event)
    train(run, epochs=1)
    now += 41
    finish(run, report_of(run))
    english, chinese = (results_view.cards(RunData(workspace).of(run), None, language) for language in ("en", "zh"))
    assert '<p class="figure">1 min 1 s</p>' in english
    assert "20 s of it preparing: starting up 2.0 s, pictures 4.0 s, features 14 s" in english
    assert "waited 3.0 s in the queue" in english
    assert "其中准备 20 秒" in chinese and "此前排队 3.0 秒" in chinese


def test_an_epoch_that_was_not_the_most_accurate_says_why_it_was_chosen(workspace: Workspace) -> None:
    for best, said in ((1, True), (2, False)):
        run = new_run(workspace, name=f"best {best}")
        run.append(Started(device="CPU, 2 cores", precision="fp32", epochs=2))
        for epoch, accuracy, loss in ((1, 0.86, 0.3), (2, 0.89, 0.4)):
            run.append(EpochFinished(
                epoch=epoch, train_loss=0.1, train_accuracy=1.0, validation_loss=loss, validation_accuracy=accuracy,
                learning_rate=1e-3, pictures_per_second=9.0, seconds=1.0, best=epoch == best,
            ))  # fmt: skip
        finish(run, report_of(run))
        for language, words in (("en", "within one picture"), ("zh", "不超过一张图片")):
            assert (words in results_view.cards(RunData(workspace).of(run), None, language)) is said


@pytest.mark.slow
def test_a_mean_with_the_start_is_not_called_an_epoch(workspace: Workspace) -> None:
    run = new_run(workspace)
    run.append(Noted(key=MEAN, values={"right": 4, "pictures": 4, "epoch": 2, "of_epoch": 4}))
    train(run, epochs=5)
    finish(run, report_of(run))
    for language, title, of_what, epoch in (
        ("en", "Weights", "mean</p><p>of those before and after fine-tuning, 5 epochs", "Best epoch"),
        ("zh", "权重", "取平均</p><p>微调前与微调 5 轮后的平均", "最佳轮次"),
    ):
        card = " ".join(results_view.cards(RunData(workspace).of(run), None, language).split())
        assert title in card and of_what in re.sub(r"<p [^>]*>", "<p>", card) and epoch not in card
    for language, kept in (("en", "The model is the mean of the weights before"), ("zh", "模型采用微调前后权重的平均")):
        assert kept in results_tab.curves_panel(RunData(workspace).of(run), language)  # below the marked epoch
        assert kept in html_report.html(run, language)


def test_the_forecast_shows_a_chart_for_all_and_for_each_weak_class_and_says_what_it_is(workspace: Workspace) -> None:
    from resnet_studio.evaluation.forecast import Ahead, Curve, Forecast, ForecastPoint
    from resnet_studio.ui.page.context import Studio
    from resnet_studio.ui.results import forecast

    run = finished(workspace, wrong={0: 1})
    ahead = Ahead(100, 0.03, (0.01, 0.05), 0.9, (0.8, 0.95))
    points = tuple(
        ForecastPoint(count, score, score - 0.02, score + 0.02, 3) for count, score in ((10, 0.5), (100, 0.8))
    )
    curve = Curve(EVIL[0], "f1", 0.8, points, (1.0, 0.5, 0.1), (ahead,), ahead, "gain")
    value = Forecast(100, 40, curve, (curve,))
    for language, words in (("en", "40 validation and test pictures"), ("zh", "40 张验证与测试图片")):
        html = forecast.draw(Studio.__new__(Studio), run, value, language)  # type: ignore[arg-type]
        assert html.count("<svg") == 2 and words in html
        single, mean = (re.findall(rf'class="act-{each}" d="M([^"]+)Z"', html)[0] for each in ("single", "band"))
        ends = [list(map(float, re.findall(r"[\d.]+", each)[1::2])) for each in (single, mean)]
        assert min(ends[0]) < min(ends[1]) and max(ends[0]) > max(ends[1])
        assert "<script>" not in html


def test_groups_and_thresholds_are_shown_literally_in_both_languages(workspace: Workspace) -> None:
    from resnet_studio.evaluation.groups import Group, Grouped
    from resnet_studio.evaluation.operating_points import THRESHOLDS, ClassPoints, Counts
    from resnet_studio.ui.page.context import Studio
    from resnet_studio.ui.results import groups, operating_points

    run, studio = finished(workspace), Studio.__new__(Studio)
    some = tuple(Group(name, 20, right, right / 20, (0.1, 0.9)) for name, right in ((EVIL[0], 5), (EVIL[1], 18)))
    column = Grouped("column", EVIL[2], some, 3, 0.001, 0.002, 0.003)
    counts = Counts(10, 10, (5,) * len(THRESHOLDS), (1,) * len(THRESHOLDS))
    points = (ClassPoints(EVIL[0], counts, counts, ()),)
    for language, words in (("en", "more than chance would explain"), ("zh", "差别超出偶然")):
        html = groups.draw(studio, run, (column,), language)  # type: ignore[arg-type]
        assert words in html and html.count("res-interval") == 2 and "<script>" not in html
        assert "<script>" not in operating_points.draw(studio, run, points, language)  # type: ignore[arg-type]
    assert "Nothing came with these pictures" in groups.draw(studio, run, (), "en")


def test_the_button_of_a_step_names_the_setting_that_it_leads_to(workspace: Workspace) -> None:
    run = finished(workspace, wrong={0: 1}, count=9)
    page = view(workspace, run)
    assert 'data-step="small_test" data-field="seeds"' in page
    assert settings_of(run, "small_test") == {"folds": 5} and settings_of(run, "overfitted") == {}
