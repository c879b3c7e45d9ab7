"""How many more pictures: curves of a known law are found again, and what is said follows from the band."""

import numpy as np
import pytest
from scipy.optimize import curve_fit

from resnet_studio.evaluation import forecast, heads, part_plots, plots, power_law
from resnet_studio.evaluation.extrapolation import Scored, extrapolate, group_weights

COUNTS = np.array([40.0, 100, 200, 400])


@pytest.mark.parametrize(("a", "b", "c"), [(2.0, 0.5, 0.05), (1.0, 0.3, 0.0), (5.0, 1.0, 0.2)])
def test_a_power_law_is_found_again_and_beyond_the_pictures_too(a, b, c):
    found = power_law.fit(COUNTS, (a * COUNTS**-b + c)[None])
    assert found.error(800)[0] == pytest.approx(a * 800**-b + c, abs=1e-6)


def test_the_fit_is_as_good_as_that_of_scipy():
    noisy = 2 * COUNTS**-0.6 + 0.1 + np.array([0.004, -0.006, 0.003, 0.002])
    found = power_law.fit(COUNTS, noisy[None])
    bounds = ([0, 0.1, 0], [np.inf, 2, 1])
    best, _ = curve_fit(lambda n, a, b, c: a * n**-b + c, COUNTS, noisy, p0=(1, 0.5, 0.1), bounds=bounds)
    ours = sum((found.error(n)[0] - y) ** 2 for n, y in zip(COUNTS, noisy, strict=True))
    theirs = ((best[0] * COUNTS ** -best[1] + best[2] - noisy) ** 2).sum()
    assert ours <= theirs * 1.05 + 1e-9


def test_errors_that_rise_with_more_pictures_give_a_flat_curve():
    found = power_law.fit(COUNTS, np.array([[0.1, 0.12, 0.14, 0.2]]))
    assert found.error(4000)[0] == pytest.approx(0.14)


def clouds(count, classes=3, distance=2.2, seed=0, width=12, scored=240):
    """Classes as normal clouds, whose heads get better with more pictures."""
    draw = np.random.default_rng(seed)
    middles = draw.normal(0, distance / np.sqrt(2 * width), (classes, width)) * np.sqrt(2)

    def some(many):
        labels = np.arange(many) % classes
        return (middles[labels] + draw.normal(0, 1, (many, width))).astype(np.float32), labels

    scores, train = some(scored), some(count)
    return heads.Features(*train, *scores, np.arange(scored), classes, count)


@pytest.fixture(scope="module")
def learned():
    data = clouds(240)
    found = [
        heads.answers(data, share, draws, None, seed=place)
        for place, (share, draws) in enumerate(zip(forecast.SHARES, (5, 4, 3, 1), strict=True))
    ]
    return data, found


@pytest.mark.slow
def test_heads_on_more_pictures_answer_better_and_the_forecast_holds_what_comes(learned):
    data, found = learned
    curve = forecast.curve_of("", 0.8, data, found, None, tested=240)
    assert [point.count for point in curve.points] == [24, 60, 120, 240]
    assert curve.points[0].score < curve.points[-1].score
    assert curve.points[0].lowest <= curve.points[0].score <= curve.points[0].highest
    more = clouds(480)  # the same to be scored, and 240 more to be trained on
    then = (heads.answers(more, 1.0, 1, None, seed=3).predicted == more.labels).mean()
    twice = next(each for each in curve.ahead if each.extra == 240)
    low, high = (end - 0.8 + curve.points[-1].score for end in twice.score_band)
    assert low <= then <= high
    assert twice.score_band[0] < twice.score < twice.score_band[1]


@pytest.mark.slow
def test_the_band_is_that_of_a_bootstrap_by_hand(learned):
    data, found = learned
    counts = np.array([each.count for each in found], float)
    predicted = [each.predicted for each in found]
    fitted = extrapolate(Scored(counts, predicted, data.labels, data.groups))
    draw, gains = np.random.default_rng(5), []
    for _ in range(300):
        chosen = draw.integers(0, len(data.labels), len(data.labels))
        errors = []
        for each in predicted:
            drawn = each[draw.integers(0, len(each), len(each))]
            error = 1 - (drawn[:, chosen] == data.labels[chosen]).mean()
            errors.append(error + (draw.normal(0, fitted.noise) if len(each) == 1 else 0))
        law = power_law.fit(counts, np.array([errors]))
        gains.append(errors[-1] - law.error(480)[0] + draw.normal(0, fitted.noise))
    low, high = np.percentile(gains, [5, 95])
    target = fitted.target(240, 240)
    assert target.measured == pytest.approx((low, high), abs=0.012)
    assert target.measured[0] < target.band[0] <= target.gain <= target.band[1]


def test_pictures_kept_together_are_resampled_together():
    groups = np.array([0, 0, 0, 1, 1, 2])
    weights = group_weights(groups, 50, np.random.default_rng(0))
    assert (weights[:, 0] == weights[:, 1]).all() and (weights[:, 1] == weights[:, 2]).all()
    assert (weights[:, [0, 3, 5]].sum(1) == 3).all()


@pytest.mark.slow
def test_frames_of_few_objects_make_the_band_wider(learned):
    data, found = learned
    counts, predicted = np.array([each.count for each in found], float), [each.predicted for each in found]
    alone = extrapolate(Scored(counts, predicted, data.labels, data.groups))
    objects = np.empty(len(data.labels), int)  # frames of an object are right or wrong together
    objects[np.argsort(predicted[-1][0] == data.labels, kind="stable")] = np.arange(len(data.labels)) // 40
    together = extrapolate(Scored(counts, predicted, data.labels, objects))
    assert np.std(together.now) > 1.2 * np.std(alone.now)


@pytest.mark.slow
def test_more_of_one_class_is_scored_by_its_f1_beside_all_of_the_others(learned):
    from sklearn.metrics import f1_score

    data, _ = learned
    few = heads.answers(data, 0.25, 2, 1, seed=0)
    assert few.count == 20
    scored = Scored(np.array([20.0]), [few.predicted], data.labels, data.groups, 1)
    assert scored.scores[0][0] == pytest.approx(f1_score(data.labels == 1, few.predicted[0] == 1))


def test_heads_of_a_share_know_every_class_and_the_same_seed_draws_the_same():
    data = clouds(60)
    one, two = (heads.answers(data, 0.1, 3, None, seed=1) for _ in range(2))
    assert one.count == 6 and (one.predicted == two.predicted).all()
    assert heads.HeadPredictions.from_json(one.to_json()).predicted.tolist() == one.predicted.tolist()


def advised(gain, low, high, name=""):
    ahead = forecast.Ahead(40, gain, (low, high), 0.8, (0.7, 0.9))
    point = forecast.ForecastPoint(100, 0.8, 0.7, 0.9, 1)
    verdict = "gain" if low > 0.005 else "little" if high < 0.01 else "unclear"
    return forecast.Curve(name, "accuracy", 0.8, (point,), (1, 1, 0), (ahead,), ahead, verdict)


@pytest.mark.parametrize(
    ("curve", "said"),
    [
        (advised(0.03, 0.01, 0.05, "cup"), "“cup”: about 40 more pictures should raise its F1 by 3.0 points"),
        (
            advised(0.03, 0.01, 0.05),
            "should bring 3.0 points of accuracy on average. In a test like this one, nine of ten",
        ),
        (advised(0.001, -0.004, 0.006), "bring little"),
        (advised(0.03, -0.02, 0.08), "cannot tell"),
    ],
)
def test_what_is_said_follows_from_the_band(curve, said):
    assert said in curve.sentence()
    assert curve.sentence("zh") != curve.sentence()


def test_the_band_that_is_said_is_that_of_single_trainings_and_not_of_their_mean():
    """The mean's band held 12 of 30 measured gains, that of the score 29."""
    assert "between 70.0% and 90.0%" in advised(0.03, 0.01, 0.05).sentence()
    assert "70.0% 至 90.0%" in advised(0.03, 0.01, 0.05, "cup").sentence("zh")
    for low, high in ((0.01, 0.05), (-0.004, 0.006), (-0.02, 0.08)):
        assert "1.0 to 5.0" not in advised((low + high) / 2, low, high).sentence()


def test_a_forecast_survives_its_file():
    value = forecast.Forecast(100, 50, advised(0.03, 0.01, 0.05), (advised(0.03, -0.01, 0.05, "cup"),))
    assert forecast.FORECAST.from_json(forecast.FORECAST.to_json(value)) == value


@pytest.mark.slow
def test_the_plot_counts_pictures_in_plain_numbers():
    value = forecast.Forecast(100, 50, advised(0.03, 0.01, 0.05), ())
    figure = part_plots.forecast(value, plots.STYLES["slide"])
    figure.canvas.draw()
    labels = [label.get_text() for label in figure.axes[0].get_xticklabels(which="both")]
    assert labels == ["100", "140"]


def test_too_few_pictures_get_no_forecast_but_a_reason():
    value = forecast.Forecast(12, 50, None, (), "train")
    assert "too few" in value.sentences()[0]
