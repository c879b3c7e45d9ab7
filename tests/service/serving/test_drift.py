"""An alarm is raised when pictures change, and only then."""

import numpy as np
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from resnet_studio.service.serving.answers import alarm
from resnet_studio.service.serving.drift import Drift, Expected, as_many, homogeneity

from .conftest import BLACK, BLUE, RED, client_of, in_text, serving

CLASSES = ("cat", "dog", "owl")
SHARES = (0.5, 0.3, 0.2)
KNOWN = Expected((60, 36, 24), 4, 120)


def stream(drift, count, shares=SHARES, unknown=0.03, seed=0):
    chance = np.random.default_rng(seed)
    for label in chance.choice(len(CLASSES), count, p=shares):
        drift.add(CLASSES[label], unknown=bool(chance.random() < unknown))


def states(drift):
    return {each.kind: each.state for each in drift.findings()}


@pytest.mark.parametrize("seed", range(10))
def test_pictures_like_those_of_validation_raise_no_alarm(seed):
    drift = Drift(CLASSES, KNOWN)
    for part in range(40):
        stream(drift, 50, seed=100 * seed + part)
        assert "drifted" not in states(drift).values()
    assert states(drift) == {"classes": "stable", "unknown": "stable"}


@pytest.mark.parametrize("seed", range(5))
def test_other_shares_of_classes_raise_one_that_names_the_class(seed):
    drift = Drift(CLASSES, KNOWN)
    stream(drift, 500, seed=seed)
    stream(drift, 1000, (0.1, 0.1, 0.8), seed=seed + 50)
    assert states(drift) == {"classes": "drifted", "unknown": "stable"}
    said = alarm(drift.findings()[0])
    assert "owl was 20.0% and is" in said.text and said.change > 0.5
    assert "owl 由 20.0% 变为" in alarm(drift.findings()[0], "zh").text


def test_more_pictures_of_none_of_the_classes_raise_one(seed=3):
    drift = Drift(CLASSES, KNOWN)
    stream(drift, 1000, unknown=0.5, seed=seed)
    assert states(drift) == {"classes": "stable", "unknown": "drifted"}
    assert "in validation 3.3%" in alarm(drift.findings()[1]).text


def test_an_alarm_goes_once_pictures_are_as_before():
    drift = Drift(CLASSES, KNOWN)
    stream(drift, 1000, (0.1, 0.1, 0.8))
    assert states(drift)["classes"] == "drifted"
    stream(drift, 1000, seed=1)
    assert states(drift)["classes"] == "stable"


def test_nothing_is_claimed_of_few_answers_or_without_a_record():
    few, none = Drift(CLASSES, KNOWN), Drift(CLASSES, None)
    stream(few, 99, (0, 0, 1))
    stream(none, 1000, (0, 0, 1))
    assert set(states(few).values()) == {"too_few"} and set(states(none).values()) == {"no_record"}
    little = Drift(CLASSES, Expected((5, 5, 5), seen=15))
    assert set(states(little).values()) == {"no_record"}
    for found in little.findings():  # some are known, and it does not say otherwise
        assert "fewer than 20 validation pictures" in alarm(found).text and "不足 20 个" in alarm(found, "zh").text


def test_both_tests_agree_with_scipy():
    from scipy.stats import betabinom, chi2_contingency

    a, b = np.array([40, 30, 30]), np.array([300, 150, 50])
    assert homogeneity(a, b) == pytest.approx(chi2_contingency(np.stack([a, b]), correction=False).pvalue)
    assert as_many(40, 500, 3, 100) == pytest.approx(betabinom(500, 3.5, 97.5).sf(39))
    assert homogeneity(np.array([50, 0]), np.array([80, 0])) == 1.0


@pytest.mark.slow
def test_the_service_says_drift_to_people_and_to_prometheus(tmp_path):
    server = serving(tmp_path)
    client = client_of(server)
    for _ in range(20):
        client.post("/v1/models/cups/predict", json=in_text(*[RED] * 6, *[BLACK] * 4))
    about = client.get("/v1/models/cups").json()["drift"]
    assert {each["kind"]: each["state"] for each in about} == {"classes": "drifted", "unknown": "drifted"}
    assert "red was 50.0% and is 100.0%" in about[0]["text"] or "blue was 50.0%" in about[0]["text"]
    families = {each.name: each for each in text_string_to_metric_families(client.get("/metrics").text)}
    assert [sample.value for sample in families["resnet_studio_api_drifted"].samples] == [1.0, 1.0]
    assert isinstance(server.metrics.registry, CollectorRegistry) and BLUE != RED
