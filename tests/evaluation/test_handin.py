"""What a report to hand in says beside scores."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import hand_made
import pytest
from sweeps import few

from resnet_studio.api import reports as report_api
from resnet_studio.config import TrainConfig
from resnet_studio.evaluation import forecast as forecasting
from resnet_studio.evaluation import handin, html_report, plots, robustness, unknown
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.review.part import SUSPECTS, SuspectedLabel, SuspectedLabels
from resnet_studio.workspace import Run, Workspace

pytestmark = pytest.mark.usefixtures("narrow")

EVIL = "<script>alert(1)</script>"


@pytest.fixture
def run(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Run:
    made = hand_made.new_run(workspace, classes=("one", EVIL), count=30)
    hand_made.train(made, epochs=3)
    hand_made.finish(made, hand_made.report_of(made, wrong={0: 1, 5: 0}))
    report = RunReport(made)
    score = robustness.Score("blur", "strong", 0.5, (0.3, 0.7), 0.4, (0.2, 0.6))
    robustness.ROBUSTNESS.store(report, robustness.Robustness(20, 0.9, (0.7, 0.97), (score,)))
    ahead = forecasting.Ahead(20, 0.03, (0.0, 0.06), 0.93, (0.8, 0.99))
    points = tuple(forecasting.ForecastPoint(n, 0.5 + n / 100, 0.4, 0.9, 3) for n in (10, 20, 40))
    curve = forecasting.Curve("", "accuracy", 0.9, points, (1.0, 0.5, 0.0), (ahead, ahead), ahead, "gain")
    forecasting.FORECAST.store(report, forecasting.Forecast(40, 40, curve, ()))
    known = unknown.AcceptancePoint(0.95, 1.0, 0.9, 0.92)
    accepted = unknown.Unknown(known, (known,), 20, 20, few=False)
    monkeypatch.setattr(unknown.UnknownPart, "compute", lambda *_: accepted)
    SUSPECTS.store(report, SuspectedLabels(40, 1, (SuspectedLabel(EVIL, "one", EVIL, 0.1),)))
    return made


class Outside(HTMLParser):
    """Addresses that a file would fetch, and the tags in it."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.fetched += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "data", "action")]


@pytest.mark.slow
@few(
    ("language", "words"),
    [
        (
            "en",
            (
                "Data",
                "What this model is not known to do",
                "Software and weights",
                "Labels to check",
                "range of",
                "None of these",
            ),
        ),
        ("zh", ("数据", "该模型未经验证的方面", "软件与权重", "待核对的标签", "个百分点", "都不是")),
    ],
)
def test_the_report_has_every_section_in_one_file_that_fetches_nothing(
    run: Run, language: str, words: tuple[str, ...]
) -> None:
    page = html_report.html(run, language, report_api.further_parts())  # type: ignore[arg-type]
    parser = Outside()
    parser.feed(page)
    assert all(word in page for word in words)
    assert parser.fetched and all(address.startswith("data:") for address in parser.fetched)
    assert "script" not in parser.tags and "&lt;script&gt;" in page
    assert not re.search(r"url\((?!data:)", page) and len(page) < 5_000_000
    assert "@page { size: A4" in page


def test_counts_are_those_of_the_split(run: Run) -> None:
    data = handin.data_of(run, "en")
    assert data is not None and data.totals == (40, 20, 20)
    assert data.counts == ((20, 10, 10), (20, 10, 10)) and data.classes == ("one", EVIL)


def test_the_promised_keys_are_there_whatever_could_be_computed(workspace: Workspace, run: Run) -> None:
    untested = hand_made.new_run(workspace, name="untested")
    hand_made.train(untested, epochs=1)
    for one in (run, untested):
        found = html_report.to_json(one, report_api.further_parts())
        assert set(html_report.PROMISED) <= set(found)
    assert found["interval"] is None and found["suspects"] is None
    assert html_report.to_json(run, report_api.further_parts())["suspects"]["estimate"] == 1


def test_limits_name_the_width_of_the_interval_and_classes_with_few_pictures(run: Run) -> None:
    report = RunReport(run)
    assert report.report is not None
    low, high = report.report.interval
    said = " ".join(handin.limits(report, "en"))
    assert f"a range of {100 * (high - low):.1f} points" in said
    assert "2 classes have fewer than 20 test pictures" in said and "both sides of the split" in said
    assert "is called “none of these” where it looks unlike" in said and "for any picture" not in said


@pytest.mark.parametrize("weights", ["starter", "scratch"])
def test_weights_come_with_their_terms(workspace: Workspace, weights: str) -> None:
    config = TrainConfig(weights=weights)
    run = hand_made.new_run(workspace, resolved=config)
    name, terms = handin.weights(run, "en")
    assert ("Tiny ImageNet" in name) == ("ImageNet" in terms) == (weights == "starter")


@pytest.mark.slow
@pytest.mark.parametrize("format", plots.FORMATS)
def test_parts_that_are_stored_are_drawn_in_every_format(run: Run, format: plots.Format) -> None:
    assert html_report.plot_names(run)[-2:] == ("robustness", "forecast")
    style = plots.PlotStyle(80, 7, 60)
    for name in ("robustness", "forecast"):
        assert len(plots.encoded(html_report.plot(run, name, style, "zh"), format, style)) > 1000


def test_a_run_without_a_test_says_that_it_was_not_scored(workspace: Workspace) -> None:
    run = hand_made.new_run(workspace)
    hand_made.train(run, epochs=1)
    said = " ".join(handin.limits(RunReport(run), "en"))
    assert "has not been scored" in said and "names one of them for any picture" in said
