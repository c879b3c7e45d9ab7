from __future__ import annotations

import json
import math
import re
from html import unescape
from xml.etree import ElementTree

import pytest

from resnet_studio.events import EpochFinished
from resnet_studio.text import LANGUAGES
from resnet_studio.ui.drawn import axes, charts
from resnet_studio.ui.drawn.charts import RunCurves


def epochs(count: int, *, nan: tuple[int, ...] = (), best: int | None = None) -> list[EpochFinished]:
    return [
        EpochFinished(
            epoch=e, train_loss=math.nan if e in nan else 2 * 0.9**e, train_accuracy=1 - 0.9**e,
            validation_loss=2 * 0.92**e + 0.1, validation_accuracy=1 - 0.91**e, learning_rate=1e-3,
            pictures_per_second=1, seconds=1, best=e == (best or count),
        )
        for e in range(1, count + 1)
    ]  # fmt: skip


def parsed(html: str) -> ElementTree.Element:
    return ElementTree.fromstring(f"<all>{html}</all>")


def rows(html: str) -> list[list[float | None]]:
    figure = parsed(html).find("figure")
    assert figure is not None
    found: list[list[float | None]] = json.loads(figure.attrib["data-rows"])
    return found


def points(html: str, panel: int, look: str) -> str:
    lines = parsed(html).findall(".//svg")[panel].findall(f"path[@class='line {look}']")
    return lines[-1].attrib["d"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("count", [0, 1, 2, 12, 300])
def test_a_chart_is_well_formed_and_says_what_it_shows(count: int, language: str) -> None:
    html = charts.curves(RunCurves(epochs(count), planned=12, probe=0.8), language)  # type: ignore[arg-type]
    drawings = parsed(html).findall(".//svg")
    assert len(drawings) == 2
    for drawing in drawings:
        assert drawing.attrib["role"] == "img"
        assert drawing.find("title").text and drawing.find("desc").text  # type: ignore[union-attr]
        assert not re.search("nan|inf", "".join(line.attrib["d"] for line in drawing.iter("path")), re.IGNORECASE)


def test_no_colour_is_written_into_a_chart() -> None:
    html = charts.curves(RunCurves(epochs(5), planned=5, probe=0.5)) + charts.overlay([("a", epochs(3))])
    assert not re.search(r"#[0-9a-f]{3,6}|rgb\(|fill=|stroke=", html)


def test_ten_thousand_epochs_become_two_hundred_points_with_the_best_and_the_last() -> None:
    html = charts.curves(RunCurves(epochs(10_000, best=7_777), planned=10_000))
    shown = [row[0] for row in rows(html)]
    assert len(shown) <= 201
    assert 7_777 in shown and 1 in shown and 10_000 in shown
    assert len(html) < 40_000


def test_a_spike_survives_thinning() -> None:
    values = [0.0] * 5_000
    values[3_210] = 9.0
    assert 9.0 in axes.thinned(values, float)
    assert len(axes.thinned(values, float)) == axes.MOST_POINTS


def test_a_loss_that_is_no_number_leaves_a_gap() -> None:
    html = charts.curves(RunCurves(epochs(8, nan=(4,)), planned=8))
    assert points(html, 0, "train").count("M") == 2
    assert points(html, 0, "validation").count("M") == 1
    assert rows(html)[3][1] is None


def test_all_losses_without_a_number_still_give_a_chart() -> None:
    html = charts.curves(RunCurves(epochs(3, nan=(1, 2, 3)), planned=3))
    assert points(html, 0, "train") == ""


def test_the_best_epoch_and_the_probe_are_marked() -> None:
    drawing = parsed(charts.curves(RunCurves(epochs(9, best=6), planned=12, probe=0.4)))
    assert "best: epoch 6" in [text.text for text in drawing.iter("text")]
    assert len(drawing.findall(".//circle[@class='best']")) == 2
    assert "linear probe" in list(drawing.itertext())


def test_the_axis_holds_the_planned_epochs_until_more_were_trained() -> None:
    def ends(history: RunCurves) -> list[float]:
        svg = parsed(charts.curves(history)).find(".//svg")
        assert svg is not None
        found: list[float] = json.loads(svg.attrib["data-plot"])["x"][:2]
        return found

    assert ends(RunCurves(epochs(3), planned=12)) == [0, 12]
    assert ends(RunCurves(epochs(15), planned=12)) == [0, 15]


def test_the_trail_lies_on_the_same_scale_as_the_curves() -> None:
    history = RunCurves(epochs(2), planned=4, trail=((0.5, 7.5), (1.0, 3.0), (2.5, 1.0)))
    svg = parsed(charts.curves(history)).find(".//svg")
    assert svg is not None
    low, high, bottom, top = json.loads(svg.attrib["data-plot"])["y"]
    dot = parsed(charts.trail(history)).find(".//circle")
    assert dot is not None and high >= 7.5
    assert float(dot.attrib["cy"]) == pytest.approx(bottom + (1.0 - low) / (high - low) * (top - bottom), abs=0.1)
    assert charts.trail(RunCurves(epochs(2), planned=4)) == ""


def test_a_class_name_cannot_break_out_of_an_overlay() -> None:
    html = charts.overlay([("<script>'\"&", epochs(3)), ("b", epochs(5))])
    names = json.loads(parsed(html).findall(".//svg")[0].attrib["data-plot"])["names"]
    assert names == ["<script>'\"&", "b"]
    assert "<script>" not in html


def test_runs_of_unequal_length_share_the_rows_of_an_overlay() -> None:
    found = rows(charts.overlay([("a", epochs(3)), ("b", epochs(5)), ("never begun", [])]))
    assert [row[0] for row in found] == [1, 2, 3, 4, 5]
    assert found[4][1] is None and found[4][2] is not None and found[4][3] is None


def test_a_sparkline_is_a_line_with_a_label_or_nothing() -> None:
    line = parsed(charts.sparkline([0.1, math.nan, 0.5, 0.4], "accuracy: 0.4")).find("svg")
    assert line is not None and line.attrib["aria-label"] == "accuracy: 0.4"
    assert charts.sparkline([]) == "" and charts.sparkline([math.nan]) == ""
    assert parsed(charts.sparkline([0.5])).find(".//circle") is not None


def test_sparklines_of_shares_can_be_compared() -> None:
    heights = [
        float(circle.attrib["cy"])
        for share in (0.5, 0.9)
        if (circle := parsed(charts.sparkline([0.4, share], shares=True)).find(".//circle")) is not None
    ]
    assert heights[0] > heights[1] + 5


def test_the_learning_rate_is_drawn_once_an_epoch_is_done() -> None:
    assert charts.learning_rate(RunCurves()) == ""
    assert "highest 0.001" in unescape(charts.learning_rate(RunCurves(epochs(3), planned=3)))


def test_the_example_has_no_numbers_to_tab_into() -> None:
    assert "tabindex" not in charts.example()
    assert 'class="rs-chart example"' in charts.example("zh")


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 1, [0, 0.5, 1]), (0, 3, [0, 1, 2, 3]), (0, 12, [0, 5, 10]), (0.4, 1, [0.4, 0.6, 0.8, 1])],
)
def test_ticks_are_round(low: float, high: float, expected: list[float]) -> None:
    assert axes.ticks(low, high) == pytest.approx(expected)


def test_epoch_ticks_are_whole() -> None:
    assert axes.ticks(0, 3, 7, whole=True) == [0, 1, 2, 3]


def test_the_accuracy_axis_never_leaves_nought_to_one() -> None:
    for values in ([0.999, 1.0], [0.0, 0.02], [0.5], [], [math.nan]):
        low, high = axes.share_range(values)
        assert 0 <= low < high <= 1
        assert high - low >= 0.0999


def test_one_huge_loss_does_not_flatten_the_others() -> None:
    assert axes.loss_range([2.0, 1.5, 1.0, 0.8, 5_000.0])[1] < 10


def test_axis_numbers_are_short() -> None:
    assert [axes.short(value) for value in (0.0, 0.25, 12.0, 1e-7, 123456.0, math.nan)] == [
        "0", "0.25", "12", "1e-7", "1.2e5", "–",
    ]  # fmt: skip


def test_one_epoch_alone_can_be_seen() -> None:
    alone, gap = axes.path([(5.0, 7.0)]), axes.path([(1.0, 2.0), (2.0, 3.0), (3.0, math.nan), (4.0, 5.0)])
    assert alone == "M5 7m-2 0h4" and gap.endswith("M4 5m-2 0h4") and gap.startswith("M1 2L2 3")
