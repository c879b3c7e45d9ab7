"""What a certificate says of a rounded file: what it loses is said, and too much is refused."""

from dataclasses import replace

import pytest

from resnet_studio.evaluation import certificate_page
from resnet_studio.evaluation.certificate import Certificate

ROUNDED = Certificate(
    format="onnx-int8", file="cups-int8.onnx", sha256="0" * 64, megabytes=11.4, pictures=72, agreement=0.97,
    largest_difference=0.05, scored_on="test", accuracy=0.8, interval=(0.7, 0.9), app_accuracy=0.8,
    app_interval=(0.7, 0.9), milliseconds=6.0, app_milliseconds=31.0, unreadable=0, lossy=True, checked=True,
    created="2026-01-01T00:00:00+00:00", studio_version="1", network="resnet18", run="r", scored=36,
)  # fmt: skip


def right(ours, theirs, of):
    return replace(ROUNDED, accuracy=ours / of, app_accuracy=theirs / of, scored=of)


@pytest.mark.parametrize(
    ("ours", "theirs", "of", "passes"),
    [(29, 30, 36, True), (28, 30, 36, False), (445, 450, 500, True), (444, 450, 500, False), (31, 30, 36, True)],
)
def test_of_few_pictures_one_may_be_lost_and_of_many_one_in_a_hundred(ours, theirs, of, passes):
    found = right(ours, theirs, of)
    assert (found.passed, found.problem) == (passes, None if passes else "loses")
    assert found.lost == theirs - ours and Certificate.from_json(found.to_json()) == found


def test_what_is_lost_is_said_and_nothing_else_is():
    assert "of 36 pictures it gets 1 fewer right" in certificate_page.page(right(29, 30, 36))
    assert "36 张图片中，比本工具少答对 1 张" in certificate_page.page(right(29, 30, 36))
    assert "fewer right" not in certificate_page.page(right(30, 30, 36))


def test_a_certificate_of_before_is_judged_by_its_share_alone():
    values = right(29, 30, 36).to_json()
    del values["scored"]
    assert not Certificate.from_json(values).passed
