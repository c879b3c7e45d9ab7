"""The panels on probabilities and on pictures of no class: what they say, and what the slider does."""

import pytest

from resnet_studio.evaluation.calibration import Reliability, calibrated
from resnet_studio.evaluation.unknown import AcceptancePoint, Unknown
from resnet_studio.ui.results import trust

ANSWERS = [(0.95, True)] * 18 + [(0.95, False)] * 2 + [(0.6, True)] * 5 + [(0.6, False)] * 5


def points(*rows):
    return tuple(AcceptancePoint(*row) for row in rows)


UNKNOWN = Unknown(
    AcceptancePoint(0.97, 4.0, 0.9, 0.95),
    points((1.0, None, 1.0, 0.9), (0.97, 4.0, 0.9, 0.95), (0.5, 2.0, 0.0, None)),
    20,
    40,
    True,
)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_error_before_and_after_is_said(language):
    found = calibrated(ANSWERS)
    html = trust.draw_calibration(None, None, found, language)
    assert f"{100 * found.error:.1f}" in html and html.count("<circle") == len(found.bins)
    from dataclasses import replace

    better = replace(found, temperature=2.0, before=Reliability(0.25, found.bins), fitted_on=33)
    html = trust.draw_calibration(None, None, better, language)
    assert "25.0%" in html and "2.00" in html and "33" in html


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_slider_has_every_share_and_stands_where_the_model_does(language):
    html = trust.draw_unknown(None, None, UNKNOWN, language)
    assert "[0.5,0.97,1.0]" in html.replace(", ", ",") and 'value="1"' in html
    assert "95.0%" in html and "20" in html
    assert "nan" not in html.lower()


def test_a_run_without_test_pictures_says_so():
    html = trust.draw_unknown(None, None, Unknown(AcceptancePoint(0.97, 4.0, 0.0, None), (), 50, 0, False), "en")
    assert "Without test pictures" in html and "data-accept" not in html


@pytest.mark.parametrize("action", ["accept:", "accept:x", "accept:nan", "accept:2", "accept:-1", "accept:0.1"])
def test_what_is_no_share_changes_nothing(action):
    trust.accept(None, None, action)  # would fail on a run that is none
