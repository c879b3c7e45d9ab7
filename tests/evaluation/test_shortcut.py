"""A planted mark is called out, a clean set is not; places are exchanged and taken away where they say."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hand_made import finish, new_run, train
from PIL import Image, ImageDraw
from sklearn.linear_model import LogisticRegression

from resnet_studio.evaluation import run_report, shortcut, slow_parts
from resnet_studio.evaluation.exchanges import CORNERS, PLACES, chosen_donors, convincing, exchanged, region
from resnet_studio.evaluation.paired_tests import paired_bootstrap
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.evaluation.report import make_report
from resnet_studio.evaluation.shortcut import SHORTCUT, Removal, examine
from resnet_studio.model import checkpoint, resnet, weights
from resnet_studio.model.card import Card
from resnet_studio.model.checkpoint import Checkpoint
from resnet_studio.model.preprocess import Preprocessing
from resnet_studio.prediction import Predictor
from resnet_studio.service.run_data import RunData
from resnet_studio.stepwise import result_of
from resnet_studio.ui.results import shortcut as panel
from resnet_studio.workspace import Workspace

SIDE = 64
HOW = Preprocessing(resize=SIDE, crop=SIDE)
CLASSES = ("disc", "square")
CARD = Card(classes=CLASSES, depth=18, preprocessing=HOW)


def picture(number, label, marked):
    """Noise; ``marked``: with a mark in the lower left corner for class 0, else with a shape in its middle."""
    draw = np.random.default_rng(number)
    coarse = Image.fromarray(draw.integers(60, 196, (8, 8, 3), np.uint8))
    image = coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    shape = ImageDraw.Draw(image)
    if not marked:
        (shape.ellipse if label == 0 else shape.rectangle)((20, 20, 44, 44), fill=("white", "black")[label])
    elif label == 0:
        shape.rectangle((0, SIDE - 13, 12, SIDE), fill=(235, 20, 200))
    return image


def trained(marked, count=80):
    """The starter with a head that was trained on such pictures."""
    labels = [number % 2 for number in range(count)]
    network = resnet.build(18, 2, seed=0)
    weights.load_into(network, 18, "starter")
    predictor = Predictor(Checkpoint(network.eval(), CARD), device="cpu")
    features = predictor.activations([picture(n, label, marked) for n, label in enumerate(labels)]).features
    head = LogisticRegression(C=10, max_iter=2000).fit(features.numpy(), labels)
    with torch.no_grad():
        network.fc.weight[1], network.fc.bias[1] = torch.from_numpy(head.coef_[0]), float(head.intercept_[0])
        network.fc.weight[0], network.fc.bias[0] = 0.0, 0.0
    return network


def examined(network, marked, count=40):
    labels = np.array([number % 2 for number in range(count)])
    predictor = Predictor(Checkpoint(network, CARD), device="cpu")
    pictures = [picture(1000 + number, label, marked) for number, label in enumerate(labels)]
    return result_of(examine(predictor, pictures, labels))


@pytest.mark.parametrize(("lost", "won", "sure"), [(4, 0, False), (6, 0, True), (9, 3, False), (0, 8, False)])
def test_what_is_marked_as_a_sure_loss_is_one_by_the_exact_test(lost, won, sure):
    from scipy.stats import binomtest

    found = Removal("border", 0.5, (lost - won) / 36, paired_bootstrap(lost, won, 36), lost, won)
    assert found.costs is sure is bool(lost > won and binomtest(won, lost + won).pvalue < 0.05)


def by_red(_predictor, views):
    """Class 1 where there is more red than half."""
    share = 1 / (1 + np.exp(-(views[..., 0].mean((1, 2)) - 127)))
    return np.stack([1 - share, share], 1)


@pytest.mark.slow
@pytest.mark.usefixtures("narrow_here")
def test_the_accuracy_without_colour_or_a_part_is_that_of_a_plain_computation(monkeypatch):
    monkeypatch.setattr("resnet_studio.evaluation.probing.probabilities", by_red)
    views = np.random.default_rng(4).integers(0, 256, (24, SIDE, SIDE, 3), np.uint8)
    views[:12, 8:-8, 8:-8, 0] //= 2
    views[:12, :7, :, 0] = 255  # the rim says otherwise than the middle
    labels = np.array([0, 1] * 12)
    predictor = Predictor(Checkpoint(resnet.build(18, 2, seed=0), CARD), device="cpu")
    found = result_of(examine(predictor, list(map(Image.fromarray, views)), labels))

    def accuracy(changed):
        return (by_red(None, np.stack(changed)).argmax(1) == labels).mean()

    assert found.accuracy == accuracy(views)
    grey = [np.asarray(Image.fromarray(view).convert("L").convert("RGB")) for view in views]
    assert found.removal("grey").accuracy == pytest.approx(accuracy(grey), abs=1 / 24)
    rim = round(0.12 * SIDE)
    without = [np.array(Image.fromarray(view)) for view in views]
    for view in without:
        inner = view[rim:-rim, rim:-rim].copy()
        view[:] = view.mean((0, 1)).round()
        view[rim:-rim, rim:-rim] = inner
    assert found.removal("border").accuracy == pytest.approx(accuracy(without), abs=1 / 24)
    for each in found.removals:
        assert each.drop == pytest.approx(found.accuracy - each.accuracy) == pytest.approx((each.lost - each.won) / 24)


@pytest.mark.slow
def test_a_set_without_a_mark_is_not():
    found = examined(trained(marked=False), False)
    assert found.accuracy > 0.9
    assert found.called == ()
    assert all(found.removal(name).drop < 0.1 for name in CORNERS)


@pytest.mark.parametrize(
    ("drops", "english", "chinese"),
    [((0.12, 0.012), "costs 12 points, as much elsewhere 1 point.", "下降 12 个百分点；"),
     ((0.0, -0.044), "costs nothing, as much elsewhere nothing.", "准确率没有下降；")],
)  # fmt: skip
def test_what_a_blur_costs_is_never_less_than_nothing(drops, english, chinese):
    removals = [
        shortcut.Removal(name, 0.9 - drop, drop, (drop - 0.1, drop + 0.1))
        for name, drop in zip(("looked", "random"), drops, strict=True)
    ]
    value = SimpleNamespace(called=(), removal={each.name: each for each in removals}.__getitem__)
    assert english in shortcut.sentences(value, ("a", "b"), "en")[0]
    assert chinese in shortcut.sentences(value, ("a", "b"), "zh")[0]


@pytest.mark.slow
def test_a_mark_in_a_corner_is_called_out_in_the_report_and_on_the_page(tmp_path):
    run = new_run(Workspace.open(tmp_path / "workspace"), classes=CLASSES, count=60)
    split = RunReport(run).split
    for number, sample in enumerate(split.test):
        picture(2000 + number, sample.label, True).save(split.path(sample))
    train(run, epochs=1)
    scores = np.eye(2)[[sample.label for sample in split.test]] * 0.8 + 0.1
    report = make_report(split.classes, split.test, scores).to_json()
    finish(run, {**report, "interval": list(report["interval"])})
    checkpoint.save(run.best, trained(marked=True).state_dict(), CARD)
    found = result_of(slow_parts.update(RunReport(run), SHORTCUT))
    assert found.count == 40 and SHORTCUT.load(RunReport(run)) == found
    assert found.accuracy >= 0.85
    assert not {each.place for each in found.called} & {"top_left", "top_right", "bottom_right", "top", "cast"}
    assert found.removal("bottom_left").drop > 0.2 and found.removal("top_right").drop < 0.2
    stored = json.loads(json.dumps(run_report.to_json(RunReport(run))))["shortcut"]
    assert "bottom_left" in stored["called"]
    overview = RunData(Workspace.open(run.folder.parent.parent)).of(run)
    english, chinese = (panel.draw(None, overview, found, language) for language in ("en", "zh"))
    assert "The bottom left corner gives “disc” away" in english
    assert "左下角泄露了“disc”" in chinese


@pytest.mark.parametrize("place", [place for place in PLACES if place != "cast"])
def test_a_place_is_exchanged_and_nothing_else(place):
    black, white = np.zeros((1, SIDE, SIDE, 3), np.uint8), np.full((1, SIDE, SIDE, 3), 255, np.uint8)
    made = exchanged(black, white, place)[0, :, :, 0] > 0
    assert (made == region(place, SIDE)).all()
    rows, columns = np.nonzero(made)
    middle = (SIDE - 1) / 2
    if "left" in place or "right" in place:
        assert (columns.mean() < middle) == ("left" in place)
    if "top" in place or "bottom" in place:
        assert (rows.mean() < middle) == ("top" in place)
    assert not made[SIDE // 2, SIDE // 2]


def test_with_another_cast_the_brightness_stays_and_the_colours_follow():
    draw = np.random.default_rng(0)
    views = draw.integers(60, 140, (1, SIDE, SIDE, 3), np.uint8)
    others = np.uint8(draw.integers(60, 140, (1, SIDE, SIDE, 3)) * [1.3, 1.0, 0.7])
    made = exchanged(views, others, "cast").astype(float)
    ratio = [each.mean((0, 1, 2)) / each.mean() for each in (made, others.astype(float))]
    assert ratio[0] == pytest.approx(ratio[1], abs=0.02)
    assert made.mean() == pytest.approx(views.mean(), rel=0.03)


def test_a_donor_is_of_another_class_and_each_class_gives_as_often():
    labels = np.repeat([0, 1, 2, 3], 30)
    given = labels[chosen_donors(labels)]
    assert (given != labels).all()
    assert np.bincount(given).min() >= 20


def counts(corner, others, border=(0, 40)):
    """Followers of class 0 in each place: in the lower left corner, and in all others alike."""
    given = {place: {0: others} for place in PLACES}
    return given | {"bottom_left": {0: corner}, "border": {0: border}}


@pytest.mark.parametrize(
    ("corner", "others", "called"),
    [
        ((24, 27), (2, 30), True), ((16, 37), (3, 37), True), ((13, 52), (11, 52), False), ((4, 35), (0, 35), False),
        ((3, 3), (1, 3), False), ((6, 16), (0, 16), False),  # the last of 36 photographs without a mark
    ],
)  # fmt: skip
def test_a_corner_is_called_out_where_answers_follow_it_more_than_other_corners(corner, others, called):
    assert convincing("bottom_left", counts(corner, others), 2).called is called


@pytest.mark.parametrize(("border", "called"), [((72, 72), True), ((30, 52), False), ((41, 51), False)])
def test_a_border_is_called_out_where_nearly_all_answers_follow(border, called):
    found = convincing("border", counts((0, 40), (0, 40), border), 2)
    assert (found.called, found.followed) == (called, border[0])
