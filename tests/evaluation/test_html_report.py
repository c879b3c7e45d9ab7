"""Tables, plots, comparisons and the report to hand in: right numbers, readable anywhere, no picture left outside."""

import io
import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path

import hand_made
import numpy as np
import pandas
import pytest
from PIL import Image
from sweeps import few

from resnet_studio import cli
from resnet_studio.config import TrainConfig
from resnet_studio.errors import RunError
from resnet_studio.evaluation import compare, fonts, html_report, paired_tests, plots, tables
from resnet_studio.evaluation.calibration import calibrated
from resnet_studio.text import say

pytestmark = pytest.mark.usefixtures("narrow")

HOSTILE = ("=cmd|' /C calc'!A0", "<script>alert(1)</script>", "猫 $x_1$ _")


def made_run(workspace, name="one", *, wrong=None, count=12, classes=HOSTILE, **settings):
    run = hand_made.new_run(
        workspace, name=name, classes=classes, count=count, requested=TrainConfig().replace(**settings)
    )
    hand_made.train(run, epochs=3)
    hand_made.finish(run, hand_made.report_of(run, wrong=wrong))
    return run


@pytest.fixture
def run(workspace):
    return made_run(workspace, wrong={0: 2, 5: 0})


def read(table, format):
    data = io.BytesIO(tables.encoded(table, format))
    return {"csv": pandas.read_csv, "json": pandas.read_json, "parquet": pandas.read_parquet}[format](data)


@pytest.mark.parametrize("format", tables.formats())
def test_the_tables_of_a_report_hold_its_numbers(run, format):
    report = run.read_json("report.json")
    classes, confusion = read(tables.classes(report), format), read(tables.confusion(report), format)
    assert classes["pictures"].tolist() == [*(row["support"] for row in report["per_class"]), report["count"]]
    assert classes["recall"].tolist()[-1] == pytest.approx(report["accuracy"], abs=1e-6)
    assert confusion.iloc[:, 1:].to_numpy().tolist() == report["confusion"]
    guesses = read(tables.predictions(report), format)
    assert guesses["predicted"].str.lstrip("'").tolist() == [HOSTILE[p["predicted"]] for p in report["pictures"]]
    assert np.allclose(guesses.iloc[:, 5:], [picture["scores"] for picture in report["pictures"]], atol=1e-6)


def test_the_epochs_and_the_runs_are_tables_too(run, workspace):
    epochs = read(tables.epochs(run.state().epochs), "csv")
    assert epochs["epoch"].tolist() == [1, 2, 3]
    losses = [epoch.validation_loss for epoch in run.state().epochs]
    assert epochs["validation_loss"].tolist() == pytest.approx(losses, abs=1e-12)  # pandas 2 rounds
    table = tables.runs(
        [({"run": "a", "depth": 18, "note": None}, run.config), ({"note": ["=1", "2"], "run": "b"}, None)]
    )
    back = read(table, "csv")
    assert back["run"].tolist() == ["a", "b"] and back["batch_size"].tolist()[0] == 32
    assert list(back.columns).count("depth") == 1 and back["note"].tolist()[1] == "'=1, 2"


def test_whole_numbers_stay_whole_beside_empty_cells(run):
    text = tables.encoded(tables.classes(run.read_json("report.json")), "csv").decode("utf-8-sig")
    assert text.splitlines()[-1].startswith("(all),12,10,,0.8333")
    assert text.splitlines()[1].startswith("\"'=cmd") or text.splitlines()[1].startswith("'=cmd")


def test_a_class_called_like_a_column_loses_nothing(workspace):
    run = made_run(workspace, classes=("picture", "true", "true (2)"))
    back = json.loads(tables.encoded(tables.predictions(run.read_json("report.json")), "json"))
    assert len(back[0]) == 8 and len(set(back[0])) == 8


def test_without_pyarrow_a_sentence_says_what_to_install(run, monkeypatch):
    monkeypatch.setattr(tables, "has_parquet", lambda: False)
    assert "parquet" not in tables.formats()
    with pytest.raises(RunError, match="pip install pyarrow"):
        tables.encoded(tables.epochs(run.state().epochs), "parquet")


def size(content, format):
    if format == "png":
        return Image.open(io.BytesIO(content)).size
    if format == "svg":
        return tuple(
            round(float(each)) for each in re.search(rb'width="([\d.]+)pt" height="([\d.]+)pt"', content).groups()
        )
    return tuple(
        round(float(each)) for each in re.search(rb"/MediaBox \[ ?0 0 ([\d.]+) ([\d.]+) ?\]", content).groups()
    )


@pytest.mark.slow
@pytest.mark.parametrize("format", plots.FORMATS)
@few("language", ["en", "zh"])
def test_every_plot_has_the_size_that_was_asked_for(run, format, language):
    style = plots.plot_style("column", dpi=100)
    assert html_report.plot_names(run) == ("curves", "confusion", "reliability")
    for name in html_report.plot_names(run):
        content = plots.encoded(html_report.plot(run, name, style, language), format, style)
        width, height = size(content, format)
        assert width == pytest.approx(89 / 25.4 * (100 if format == "png" else 72), abs=1)
        assert 0.4 < height / width < 0.9


def test_a_curve_shows_the_values_of_the_run(run):
    figure = html_report.plot(run, "curves", plots.STYLES["paper"])
    lines = {line.get_label(): list(line.get_ydata()) for line in figure.axes[0].lines}
    assert lines["validation"] == [epoch.validation_loss for epoch in run.state().epochs]


def test_a_matrix_is_dark_where_the_pictures_are_and_says_how_many(run):
    figure = html_report.plot(run, "confusion", plots.STYLES["paper"])
    cells = [text.get_text() for text in figure.axes[0].texts]
    assert cells == [str(cell) for row in run.read_json("report.json")["confusion"] for cell in row]


@pytest.mark.slow
def test_names_in_any_script_are_shown_or_replaced_with_a_word(run, monkeypatch):
    style = plots.STYLES["paper"]
    monkeypatch.setattr(fonts, "installed_families", lambda: [fonts.LATIN])
    figure = html_report.plot(run, "confusion", style)
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == [*HOSTILE[:2], "#3"]
    assert say("plots.no_font") in [text.get_text() for text in figure.texts]
    assert plots.encoded(figure, "png", style)


NO_CHINESE = not set(fonts.CHINESE) & set(fonts.installed_families())


@pytest.mark.slow
@pytest.mark.skipif(NO_CHINESE, reason="no font with Chinese characters here")
def test_chinese_names_are_drawn_where_a_font_has_them(workspace, recwarn):
    style, run = plots.STYLES["paper"], made_run(workspace, classes=("猫", "狗"))
    figure = html_report.plot(run, "confusion", style, "zh")
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["猫", "狗"]
    for format in plots.FORMATS:
        assert plots.encoded(figure, format, style)
    assert not [each for each in recwarn if "Glyph" in str(each.message)]


def test_the_middle_of_a_long_name_is_left_out_and_each_stays_its_own():
    long = "x" * 60 + " and "
    drawn, missing = fonts.shown_names([f"{long}cat", f"{long}dog", "x" * 120, f"{'x' * 130}", "owl"])
    assert missing == [] and drawn[4] == "owl" and len(set(drawn)) == 5 and max(map(len, drawn)) < 40
    assert drawn[0].endswith("cat") and drawn[0].startswith("xxx")


def test_no_name_turns_the_direction_of_what_is_drawn_or_looks_like_another():
    assert fonts.shown_names(["cat", "ca\u202et", "do\ng"]) == (["cat", "ca\\u202et", "do\\ng"], [])


@pytest.mark.slow
def test_a_dollar_is_no_formula(run):
    figure = html_report.plot(run, "confusion", plots.STYLES["paper"])
    assert plots.encoded(figure, "svg", plots.STYLES["paper"])
    assert plots.encoded(html_report.compared_curves([run], plots.STYLES["paper"]), "png", plots.STYLES["paper"])


@pytest.mark.slow
def test_plots_are_drawn_from_many_threads_without_any_state(run):
    style = plots.plot_style("column", dpi=60)

    def draw(_):
        return plots.encoded(html_report.plot(run, "confusion", style), "png", style)

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(draw, range(8)))) == 1
    code = (
        "import sys\nfrom resnet_studio.evaluation import plots\n"
        "p = plots.STYLES['paper']\nfigure, _ = plots.new_figure(p, 1, 1)\nplots.encoded(figure, 'png', p)\n"
        "print('matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("odd", [{"width": 5}, {"dpi": 5000}, {"width": 1000, "dpi": 1200}])
def test_a_plot_that_is_too_large_gets_a_sentence(odd):
    with pytest.raises(RunError, match="mm wide"):
        plots.plot_style("paper", **odd)


def test_the_calibration_is_that_of_its_definition():
    answers = [(0.95, True)] * 8 + [(0.95, False)] * 2 + [(0.55, True)] * 3 + [(0.55, False)] * 7
    found = calibrated(answers)
    assert [(each.count, pytest.approx(each.accuracy)) for each in found.bins] == [(10, 0.3), (10, 0.8)]
    assert found.error == pytest.approx((0.25 + 0.15) / 2)


# ---- comparing


@pytest.mark.parametrize(("a", "b"), [(0, 0), (1, 9), (30, 12), (0, 6)])
def test_the_exact_mcnemar_test_is_that_of_the_binomial(a, b):
    from scipy.stats import binomtest

    assert compare.mcnemar(a, b) == pytest.approx(binomtest(a, a + b).pvalue if a + b else 1.0)


def test_of_many_changes_without_any_effect_hardly_ever_one_is_called_harmful():
    """At most one family in twenty, and uncorrected tests would call more."""
    from scipy.stats import binom

    draw = np.random.default_rng(2)
    changed = draw.integers(0, 25, (1500, 9))
    lost = draw.binomial(changed, 0.5)
    pairs = np.stack([lost, changed - lost], 2).tolist()
    families = [[(some, others) for some, others in family] for family in pairs]
    called = np.mean([any(paired_tests.surely_fewer_of_many(family)) for family in families])
    alone = np.mean([any(paired_tests.surely_fewer(*pair) for pair in family) for family in families])
    assert called < 0.05 < alone
    assert paired_tests.surely_fewer_of_many([(12, 1), (3, 2), (0, 0)]) == [True, False, False]
    assert 2 * binom.cdf(1, 13, 0.5) < 0.05 < 2 * binom.cdf(0, 5, 0.5)  # the other two can never be significant


def test_the_bootstrap_is_that_over_pictures():
    from scipy.stats import bootstrap

    differences = np.array([1] * 14 + [-1] * 4 + [0] * 82)
    theirs = bootstrap((differences,), np.mean, method="percentile", n_resamples=10_000).confidence_interval
    assert compare.paired_bootstrap(14, 4, 100) == pytest.approx((theirs.low, theirs.high), abs=0.011)
    assert compare.paired_bootstrap(14, 4, 100) == compare.paired_bootstrap(14, 4, 100)


def test_where_no_answer_differs_the_interval_says_how_much_can_go_unseen(workspace):
    from scipy.stats import binomtest

    for count in (12, 60, 500):
        high = binomtest(0, count, alternative="less").proportion_ci(0.95, method="exact").high
        assert paired_tests.paired_bootstrap(0, 0, count) == pytest.approx((-high, high))
    nobody = np.zeros(60, np.int64)
    groups = [str(at // 5) for at in range(60)]
    assert paired_tests.grouped_bootstrap(nobody, groups) == paired_tests.paired_bootstrap(0, 0, 12)
    runs = [made_run(workspace, name, count=60, wrong={3: 1}) for name in ("one", "two")]
    (pair,) = (found := compare.compare(runs)).pairs
    assert pair.p_value == 1 and not pair.tells_apart and pair.difference_interval[0] < 0 < pair.difference_interval[1]
    said = pair.sentence(found.names)
    assert "never differ on 60 test pictures" in said and "same 59 right" in said and "4.9 points" in said
    assert "同样的 59 张" in pair.sentence(found.names, "zh") and "0.0" not in said


def test_two_runs_on_the_same_pictures_are_compared_picture_by_picture(workspace):
    good = made_run(workspace, "good", count=60, epochs=5)
    bad = made_run(workspace, "bad", count=60, wrong={at: (at // 20 + 1) % 3 for at in range(0, 60, 5)}, epochs=9)
    found = compare.compare([good, bad])
    (pair,) = found.pairs
    assert (pair.only_first, pair.only_second, pair.pictures) == (12, 0, 60) and pair.same_test_set
    assert pair.p_value == pytest.approx(2 / 2**12) and pair.tells_apart and pair.difference == pytest.approx(0.2)
    assert 0.08 < pair.difference_interval[0] < 0.2 < pair.difference_interval[1] < 0.32
    assert "“good” is better than “bad”" in pair.sentence(found.names) and "优于" in pair.sentence(found.names, "zh")
    assert len(pair.disagreements) == 12
    assert all(each.first == each.true != each.second for each in pair.disagreements)
    reverse = compare.compare([bad, good])
    assert "“good” is better than “bad”" in reverse.pairs[0].sentence(reverse.names)


def test_frames_kept_together_are_resampled_and_tested_together(workspace):
    from scipy.stats import permutation_test

    groups = [f"object {at // 10}" for at in range(60)]
    draw = np.random.default_rng(3)
    better = np.repeat([1, 1, 0, 1, -1, 0], 10) * draw.integers(0, 2, 60)
    sums = np.array([better[at : at + 10].sum() for at in range(0, 60, 10)])
    exact = permutation_test((sums,), np.sum, permutation_type="samples", n_resamples=np.inf)
    assert compare.swapped_groups(better, groups) == pytest.approx(exact.pvalue)
    assert compare.mcnemar(int((better > 0).sum()), int((better < 0).sum())) < exact.pvalue / 5
    many = np.array([1] * 14 + [-1] * 4 + [0] * 82)
    names = list(map(str, range(100)))
    assert compare.swapped_groups(many, names) == pytest.approx(compare.mcnemar(14, 4), abs=0.01)
    alone, together = compare.paired_bootstrap(14, 4, 100), compare.grouped_bootstrap(many, names)
    assert together == pytest.approx(alone, abs=0.011)
    low, high = compare.grouped_bootstrap(better, groups)
    assert high - low > 1.5 * np.subtract(*compare.paired_bootstrap(25, 5, 60)[::-1])


def test_runs_on_frames_of_few_objects_are_not_told_apart(workspace):
    wrong = {at: (at // 20 + 1) % 3 for at in range(10)}
    runs = [made_run(workspace, "good", count=60), made_run(workspace, "bad", count=60, wrong=wrong)]
    apart = compare.compare(runs)
    assert apart.pairs[0].tells_apart and apart.pairs[0].groups == 60
    for run in runs:
        values = json.loads((run.folder / "split.json").read_text())
        values["test"]["group"] = [f"object {at // 10}" for at in range(60)]
        (run.folder / "split.json").write_text(json.dumps(values))
    (pair,) = (found := compare.compare([type(run)(run.folder) for run in runs])).pairs
    assert pair.groups == 6 and not pair.tells_apart
    assert "count as one of 6 groups" in pair.sentence(found.names)
    assert found.to_json()["pairs"][0]["disagreements"][0]["file"]


def test_few_pictures_cannot_tell_apart_and_many_pairs_need_more(workspace):
    runs = [
        made_run(workspace, name, wrong=wrong, count=30) for name, wrong in (("a", {0: 1}), ("b", {}), ("c", {1: 1}))
    ]
    found = compare.compare(runs)
    assert len(found.pairs) == 3 and not any(pair.tells_apart for pair in found.pairs)
    assert "cannot tell “a” and “b” apart" in found.pairs[0].sentence(found.names)
    raw = compare.compare(
        [made_run(workspace, "d", count=30, wrong={at: (at // 10 + 1) % 3 for at in range(0, 30, 5)}), *runs]
    )
    first = raw.pairs[1]
    assert first.p_value < 0.05 < first.p_adjusted and not first.tells_apart


def test_different_test_sets_are_said(workspace):
    one = made_run(workspace, "one")
    other = hand_made.new_run(workspace, name="other", classes=HOSTILE, dataset="elsewhere")
    hand_made.train(other, epochs=2)
    hand_made.finish(other, hand_made.report_of(other))
    (pair,) = (found := compare.compare([one, other])).pairs
    assert pair.pictures == 0 and pair.p_value is None and not pair.same_test_set
    assert "tested on different pictures" in pair.sentence(found.names)


def test_settings_that_differ_are_named(workspace):
    found = compare.compare([made_run(workspace, "a"), made_run(workspace, "b")])
    assert found.settings == {}
    other = hand_made.new_run(workspace, name="c", classes=HOSTILE, resolved=TrainConfig().replace(depth=34))
    hand_made.train(other, epochs=1)
    assert compare.compare([made_run(workspace, "d"), other]).settings["depth"][other.id] == 34


# ---- the report


class Outside(HTMLParser):
    """Addresses that a page asks for, its scripts, and its text."""

    def __init__(self):
        super().__init__()
        self.asked, self.scripts, self.words, self.images = [], 0, [], 0

    def handle_starttag(self, tag, attributes):
        self.scripts += tag == "script"
        self.images += tag == "img"
        self.asked += [value for name, value in attributes if name in ("src", "href") and not value.startswith("data:")]

    def handle_data(self, data):
        self.words.append(data.strip())


@pytest.mark.slow
@few("language", ["en", "zh"])
def test_the_report_is_one_file_that_asks_for_nothing(run, language):
    page, source = Outside(), html_report.html(run, language)
    page.feed(source)
    assert source.count("<bdi>") >= len(HOSTILE) + 2 * 2  # names of classes turn nothing around them: rows, mistakes
    assert page.asked == [] and page.scripts == 0
    assert page.images == 3 + 2  # plots, mistakes
    assert set(HOSTILE) <= set(page.words)
    report = run.read_json("report.json")
    assert any(f"{100 * report['accuracy']:.1f}%" in words for words in page.words)
    assert any(words.startswith("resnet-studio train") for words in page.words)


def test_the_report_for_programs_holds_its_parts(run):
    found = html_report.to_json(run)
    assert found["interval"] == run.read_json("report.json")["interval"]
    assert found["calibration"]["error"] >= 0 and len(found["epochs"]) == 3
    assert len(found["mistakes"]) == 2
    assert [each["probability"] for each in found["mistakes"]] == sorted(
        (each["probability"] for each in found["mistakes"]), reverse=True
    )
    json.dumps(found)


def test_the_reproduction_line_is_one_that_the_command_line_takes(workspace):
    import shlex

    run = made_run(workspace, epochs=7, horizontal_flip=False, head="hidden")
    words = shlex.split(html_report.reproduction(run))
    options = cli.build_parser().parse_args(words[1:])
    assert options.command == "train" and options.epochs == 7 and options.horizontal_flip is False
    assert options.seed == run.config.seed


@pytest.mark.slow
def test_a_run_without_test_pictures_or_pictures_still_has_a_report(workspace):
    import shutil

    run = hand_made.new_run(workspace)
    hand_made.train(run, epochs=2)
    hand_made.finish(run, None)
    assert "no independent score" in html_report.html(run)
    tested = made_run(workspace, "tested", wrong={0: 1})
    shutil.rmtree(workspace.datasets / "digits")
    assert "<li><div>" in html_report.html(tested)


def test_a_run_without_an_epoch_gets_a_sentence(workspace):
    with pytest.raises(RunError, match="nothing to plot yet"):
        html_report.to_json(hand_made.new_run(workspace))


@pytest.mark.slow
def test_python_compares_and_reports_like_the_command_line(workspace, run, tmp_path):
    import resnet_studio as studio

    other = made_run(workspace, "two")
    found = studio.compare(run, other.id, workspace=workspace)
    assert [side.run for side in found.sides] == [run.id, other.id]
    assert studio.save_report(run, tmp_path / "r.html", language="zh").read_text("utf-8").count("成绩") > 0


def command(capsys, workspace, *words):
    status = cli.main([*words, "--workspace", str(workspace.root), "--json"])
    return status, json.loads(capsys.readouterr().out.splitlines()[-1])


@pytest.mark.slow
def test_the_command_line_writes_all_of_it(workspace, run, tmp_path, capsys):
    other = made_run(workspace, "two")
    status, found = command(capsys, workspace, "compare", run.id, other.id)
    assert status == 0 and {side["run"] for side in found["runs"]} == {run.id, other.id}
    assert found["pairs"][0]["verdict"] and found["pairs"][0]["pictures"] == 12
    status, found = command(capsys, workspace, "report", run.id, "--out", str(tmp_path / "new" / "r.html"))
    assert status == 0 and found["accuracy"] == pytest.approx(10 / 12)
    assert (tmp_path / "new" / "r.html").read_text("utf-8").startswith("<!doctype html>")
    status, found = command(capsys, workspace, "tables", run.id, "--out", str(tmp_path), "--format", "json")
    assert status == 0 and set(found["files"]) == {"classes", "confusion", "predictions", "epochs"}
    status, found = command(capsys, workspace, "tables", "--out", str(tmp_path))
    assert status == 0 and len(pandas.read_csv(found["files"]["runs"])) == 2
    status, found = command(capsys, workspace, "plots", run.id, "--out", str(tmp_path), "--for", "slide", "--dpi", "50")
    assert status == 0 and Image.open(found["files"]["curves"]).width == 500
    status, found = command(capsys, workspace, "plots", run.id, other.id, "--out", str(tmp_path), "--format", "svg")
    assert status == 0 and list(found["files"]) == ["comparison"]


@pytest.mark.slow
def test_runs_of_the_first_version_are_compared_and_reported(workspace, capsys):
    import shutil

    old = Path(__file__).parents[1] / "fixtures" / "runs-of-version-1"
    shutil.copytree(old, workspace.root / "runs", dirs_exist_ok=True)
    status, found = command(capsys, workspace, "compare", "finished", "mixed")
    assert status == 0 and [side["pictures"] for side in found["runs"]] == [6, 6]
    for run, accuracy in (("finished", 1.0), ("interrupted", None)):
        status, found = command(capsys, workspace, "report", run, "--out", str(workspace.root / "r.html"))
        assert status == 0 and found["accuracy"] == accuracy


@pytest.mark.parametrize("words", [["compare", "ID"], ["compare", "ID", "ID"], ["report", "ID", "--out", "."],
                                   ["plots", "ID", "--width", "3"], ["report", "nowhere"]])  # fmt: skip
def test_bad_input_is_one_sentence(workspace, run, capsys, words):
    status, found = command(capsys, workspace, *(run.id if word == "ID" else word for word in words))
    assert status == 2 and found["error"].endswith(".")


def test_names_turn_no_part_of_a_report_not_even_the_words_for_a_picture(workspace):
    run = hand_made.new_run(workspace, classes=("cat", "do\u202eg"))
    hand_made.train(run, epochs=1)
    hand_made.finish(run, hand_made.report_of(run))
    for language in ("en", "zh"):
        page = html_report.html(run, language)
        assert "\u202e" not in page and "do\\u202eg" in page
