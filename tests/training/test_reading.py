from __future__ import annotations

import math
from collections.abc import Callable
from typing import get_args

import pytest

from resnet_studio.events import EpochFinished
from resnet_studio.text import LANGUAGES
from resnet_studio.training.reading import CurveReading, Kind, explains_losses, read


def history(
    count: int,
    *,
    train_loss: Callable[[int], float] = lambda e: 2 * 0.8**e,
    loss: Callable[[int], float] = lambda e: 2 * 0.85**e,
    accuracy: Callable[[int], float] = lambda e: 1 - 0.8**e,
    train_accuracy: Callable[[int], float] = lambda e: 1 - 0.75**e,
    beaten: bool = True,
) -> list[EpochFinished]:
    return [
        EpochFinished(
            epoch=e, train_loss=train_loss(e), train_accuracy=train_accuracy(e), validation_loss=loss(e),
            validation_accuracy=accuracy(e), learning_rate=1e-3, pictures_per_second=1, seconds=1,
            best=beaten and all((accuracy(e), -loss(e)) > (accuracy(d), -loss(d)) for d in range(1, e)),
        )
        for e in range(1, count + 1)
    ]  # fmt: skip


def kind(epochs: list[EpochFinished], **options: int) -> str:
    return read(epochs, **{"planned": 20, "classes": 10, "pictures": 270, **options}).kind


def test_before_three_epochs_it_is_too_early_to_say() -> None:
    assert kind([]) == kind(history(2)) == "early"


@pytest.mark.parametrize("ended", [False, True])
def test_where_no_epoch_beats_the_start_nobody_is_told_that_an_epoch_is_kept(ended: bool) -> None:
    reading = read(history(14, beaten=False), planned=20, classes=10, pictures=270, ended=ended)
    assert reading.kind == "start" and "epoch 14" not in reading.sentence("en") and reading.sentence("zh")


@pytest.mark.parametrize("ended", [False, True])
def test_training_that_is_nearly_perfect_while_no_epoch_reaches_the_start_is_a_warning(ended: bool) -> None:
    epochs = history(8, accuracy=lambda e: 0.3 + 0.06 * e, train_accuracy=lambda e: 1 - 0.5**e, beaten=False)
    reading = read(epochs, planned=20, classes=10, pictures=250, probe=0.88, ended=ended)
    assert reading.kind == "apart" and reading.serious
    for language in LANGUAGES:
        assert all(share in reading.sentence(language) for share in ("99.6%", "78.0%", "88.0%"))


def test_near_the_start_or_with_training_under_way_nothing_is_wrong_yet() -> None:
    near = history(12, accuracy=lambda e: 0.87, train_accuracy=lambda e: 0.99, beaten=False)
    low = history(12, accuracy=lambda e: 0.5, train_accuracy=lambda e: 0.8, beaten=False)
    for epochs in (near, low):
        assert read(epochs, planned=20, classes=10, pictures=250, probe=0.88).kind == "start"
    beaten = history(8, accuracy=lambda e: 0.5, train_accuracy=lambda e: 0.99)
    assert read(beaten, planned=20, classes=10, pictures=250, probe=0.88).kind != "apart"
    assert read(near[:2], planned=20, classes=10, pictures=250, probe=0.99).kind == "early"


def test_a_falling_validation_loss_is_learning() -> None:
    reading = read(history(8), planned=20, classes=10, pictures=270)
    assert reading.kind == "learning"
    assert reading.values["epoch"] == 8
    assert not reading.serious


def test_a_validation_loss_that_rises_while_training_goes_on_is_overfitting_since_its_lowest() -> None:
    epochs = history(14, loss=lambda e: 0.5 + 0.05 * abs(e - 6), accuracy=lambda e: 0.9 - 0.01 * abs(e - 6))
    reading = read(epochs, planned=20, classes=10, pictures=270)
    assert reading.kind == "overfitting"
    assert reading.values["since"] == 7
    assert reading.serious


def test_a_rise_that_one_missed_picture_explains_is_not_called_overfitting() -> None:
    """As seen on the digits: 99.6 % at epoch 4, one picture of 269 fewer after it."""
    losses, training = (
        (0.191, 0.239, 0.138, 0.128, 0.139, 0.136, 0.141, 0.137),
        (0.91, 0.72, 0.64, 0.63, 0.6, 0.56, 0.55, 0.55),
    )
    epochs = history(
        8, loss=lambda e: losses[e - 1], train_loss=lambda e: training[e - 1],
        accuracy=lambda e: 0.9963 if e in (3, 4) else 0.9926,
    )  # fmt: skip
    assert kind(epochs, planned=8, pictures=269) != "overfitting"
    assert kind(epochs, planned=8, pictures=26_900) == "overfitting"


def test_a_rising_validation_loss_with_rising_accuracy_is_not_called_overfitting() -> None:
    epochs = history(14, loss=lambda e: 0.5 + 0.05 * abs(e - 6), accuracy=lambda e: 0.5 + 0.03 * e)
    assert kind(epochs) == "learning"


def test_one_bad_epoch_is_not_called_overfitting() -> None:
    epochs = history(9, loss=lambda e: 2 * 0.85**e + (1.0 if e == 9 else 0))
    assert kind(epochs) == "learning"


def test_a_rise_of_less_than_a_twentieth_is_not_called_overfitting() -> None:
    epochs = history(12, loss=lambda e: 0.5 + 0.002 * abs(e - 6), accuracy=lambda e: 0.9)
    assert kind(epochs) in ("steady", "plateau")


def test_a_loss_that_is_no_number_is_diverging_from_that_epoch() -> None:
    epochs = history(6, train_loss=lambda e: math.nan if e >= 4 else 1.0)
    reading = read(epochs, planned=20)
    assert (reading.kind, reading.values["epoch"]) == ("diverging", 4)


def test_a_loss_that_runs_away_is_diverging_even_in_the_second_epoch() -> None:
    assert kind(history(2, train_loss=lambda e: 2.3 * 4**e)) == "diverging"
    assert kind(history(6, train_loss=lambda e: 1.0 if e < 4 else 2.0**e)) == "diverging"


def test_a_noisy_training_loss_is_not_diverging() -> None:
    assert kind(history(8, train_loss=lambda e: 2 * 0.8**e + (0.4 if e % 2 else 0))) != "diverging"


def test_no_better_than_chance_after_a_fifth_of_the_training_is_guessing() -> None:
    flat = history(5, loss=lambda e: 2.3, accuracy=lambda e: 0.11, train_accuracy=lambda e: 0.1)
    assert kind(flat) == "guessing"
    assert kind(flat[:3]) != "guessing"
    assert kind(flat, classes=0) != "guessing"


def test_nothing_gained_for_a_while_is_a_plateau() -> None:
    epochs = history(14, loss=lambda e: max(0.4, 2 * 0.7**e), accuracy=lambda e: min(0.9, 1 - 0.7**e))
    assert kind(epochs) == "plateau"


def test_a_change_of_one_validation_picture_does_not_break_a_plateau() -> None:
    epochs = history(14, loss=lambda e: max(0.4, 2 * 0.7**e), accuracy=lambda e: min(0.9, 1 - 0.7**e) + (e == 14) / 30)
    assert kind(epochs, pictures=30) == "plateau"
    assert kind(epochs, pictures=3000) != "plateau"


def test_settled_while_the_training_pictures_are_not_learned_is_underfitting() -> None:
    epochs = history(
        14, loss=lambda e: 1.2, accuracy=lambda e: 0.5, train_loss=lambda e: 1.3, train_accuracy=lambda e: 0.48
    )
    assert kind(epochs) == "underfitting"


def test_a_short_standstill_is_steady() -> None:
    epochs = history(6, loss=lambda e: 0.5 if e > 2 else 1.0, accuracy=lambda e: 0.8 if e > 2 else 0.5)
    assert kind(epochs) == "steady"


def test_all_right_is_not_called_learning_any_more() -> None:
    assert kind(history(8, accuracy=lambda e: min(1, 0.4 + 0.1 * e))) == "perfect"
    assert kind(history(8, accuracy=lambda e: min(0.99, 0.4 + 0.1 * e))) == "learning"


def test_scores_that_are_no_numbers_break_nothing() -> None:
    assert kind(history(6, loss=lambda e: math.nan, accuracy=lambda e: math.nan)) == "early"
    assert kind(history(6, loss=lambda e: math.nan)) in ("learning", "steady")


@pytest.mark.parametrize("ended", [False, True])
@pytest.mark.parametrize(
    "which",
    get_args(Kind),
)
def test_every_reading_is_a_sentence_in_both_languages(which: str, ended: bool) -> None:
    values = {
        "epochs": 5,
        "epoch": 4,
        "accuracy": 0.912,
        "chance": 0.1,
        "since": 5,
        "train": 0.99,
        "best": 0.5,
        "probe": 0.8,
    }
    said = [CurveReading(which, ended, values).sentence(language) for language in LANGUAGES]  # type: ignore[arg-type]
    assert said[0].endswith(".") and said[1].endswith("。")
    assert "{" not in "".join(said)


def test_one_more_right_picture_at_the_end_is_no_trend() -> None:
    def at_the_end(right: int) -> list[EpochFinished]:
        return history(5, loss=lambda e: 0.5, accuracy=lambda e: (right if e == 5 else 16) / 20)

    assert kind(at_the_end(17), classes=3, pictures=20) == "steady"
    assert kind(at_the_end(18), classes=3, pictures=20) == "learning"


def test_a_loss_that_one_of_few_pictures_can_move_is_no_trend() -> None:
    epochs = history(9, loss=lambda e: 0.5 - 0.002 * e, accuracy=lambda e: 0.9)
    assert kind(epochs, planned=9, classes=3, pictures=20) == "steady"
    assert kind(epochs, planned=9, classes=3, pictures=2000) == "learning"


@pytest.mark.parametrize(("count", "said"), [(3, "early"), (9, "early"), (10, "start"), (14, "start")])
def test_that_no_epoch_beats_the_start_is_not_said_before_half_of_the_training(count: int, said: str) -> None:
    reading = read(history(count, beaten=False), planned=20, classes=10, pictures=270)
    assert reading.kind == said
    assert said == "start" or "10 epochs" in reading.sentence("en")


def test_a_training_stopped_before_it_could_beat_the_start_gets_no_advice_on_settings() -> None:
    reading = read(history(4, beaten=False), planned=20, classes=10, pictures=270, ended=True)
    assert reading.kind == "start_stopped"
    assert "Freeze" not in reading.sentence("en") and reading.sentence("zh").endswith("。")


def test_a_start_that_is_right_everywhere_cannot_be_beaten_and_nothing_is_blamed() -> None:
    reading = read(history(14, beaten=False), planned=14, classes=3, pictures=30, probe=1.0, ended=True)
    assert reading.kind == "start_perfect"
    assert "100.0%" in reading.sentence("en") and "100.0%" in reading.sentence("zh")


def test_only_a_training_loss_that_stays_above_the_validation_loss_is_explained() -> None:
    assert not explains_losses(history(2, train_loss=lambda e: 2.0, loss=lambda e: 1.0))
    assert explains_losses(history(6, train_loss=lambda e: 0.9, loss=lambda e: 0.6))
    assert not explains_losses(history(6, train_loss=lambda e: 0.61, loss=lambda e: 0.6))
    assert not explains_losses(history(6, train_loss=lambda e: math.nan, loss=lambda e: 0.6))
