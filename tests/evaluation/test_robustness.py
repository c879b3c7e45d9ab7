"""How a model bears small changes: measured on the same pictures, kept step by step, the worst one named."""

from __future__ import annotations

import io
import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from hand_made import finish, new_run, train
from PIL import Image
from scipy.ndimage import gaussian_filter

from resnet_studio.evaluation import robustness, run_report, slow_parts
from resnet_studio.evaluation.attacks import AttackScore, attack, labels_under_attack
from resnet_studio.evaluation.paired_tests import paired_bootstrap
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.evaluation.report import make_report
from resnet_studio.evaluation.robustness import KINDS, LEAST_BLUR, ROBUSTNESS, STRENGTHS, changed
from resnet_studio.model import checkpoint, resnet
from resnet_studio.model.card import Card
from resnet_studio.model.preprocess import Preprocessing
from resnet_studio.service.run_data import RunData
from resnet_studio.stepwise import result_of
from resnet_studio.ui.results import robust
from resnet_studio.workspace import Workspace

pytestmark = pytest.mark.usefixtures("narrow")

SIDE = 32
VIEWS = np.random.default_rng(0).integers(0, 256, (5, SIDE, SIDE, 3), np.uint8)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    workspace = Workspace.open(tmp_path_factory.mktemp("robust") / "workspace")
    run = new_run(workspace, classes=("plain", "striped"), count=24)
    split = RunReport(run).split
    for number, sample in enumerate(split.test):
        grey = 90 + 5 * (number % 12)
        pixels = np.full((SIDE, SIDE, 3), grey, np.uint8)
        if sample.label:
            pixels[:, ::2] = grey + 60
        Image.fromarray(pixels).save(split.path(sample))
    train(run, epochs=1)
    scores = np.eye(2)[[sample.label for sample in split.test]] * 0.8 + 0.1
    report = make_report(split.classes, split.test, scores).to_json()
    finish(run, {**report, "interval": list(report["interval"])})
    network = resnet.build(18, 2, seed=0)
    card = Card(classes=split.classes, depth=18, preprocessing=Preprocessing(resize=SIDE, crop=SIDE))
    checkpoint.save(run.best, network.state_dict(), card)
    return run


def rough(predictor, views):
    """Class 1 for pictures with much fine pattern, as a network would that looks at nothing else."""
    difference = np.abs(np.diff(views.astype(float), axis=2)).mean((1, 2, 3))
    share = 1 / (1 + np.exp(-(difference - 15) / 4))
    return np.stack([1 - share, share], 1).astype(np.float32)


@pytest.fixture
def report(run, monkeypatch):
    monkeypatch.setattr(robustness.probing, "probabilities", rough)
    for path in run.folder.glob("report-robustness*"):
        path.unlink() if path.is_file() else shutil.rmtree(path)
    return RunReport(run)


@pytest.mark.parametrize("kind", KINDS)
def test_a_change_gets_stronger_and_is_the_same_whatever_the_batches(kind):
    mild, strong = (changed(VIEWS, kind, strength) for strength in STRENGTHS)
    assert mild.shape == strong.shape == VIEWS.shape and mild.dtype == np.uint8
    assert (mild != VIEWS).any() and (strong != mild).any()
    assert (changed(VIEWS[3:], kind, "mild", 3) == mild[3:]).all()
    if kind not in ("turn", "nearer", "jpeg"):
        away = [np.abs(each.astype(float) - VIEWS).mean() for each in (mild, strong)]
        assert away[1] > away[0]


def test_light_blur_noise_and_compression_are_what_numpy_scipy_and_pillow_make_of_the_same_pictures():
    smooth = gaussian_filter(VIEWS.astype(float), (0, 3, 3, 0)).astype(np.uint8)
    darker = changed(smooth, "darker", "strong").astype(float)
    assert np.abs(darker - smooth * 0.35).max() <= 1
    sigma = 2.2 * LEAST_BLUR
    blurred = changed(VIEWS, "blur", "strong").astype(float)
    scipys = gaussian_filter(VIEWS.astype(float), (0, sigma, sigma, 0), mode="mirror", truncate=4)
    assert np.abs(blurred - scipys).max() <= 2
    noise = changed(np.full_like(VIEWS, 128), "noise", "strong").astype(float) - 128
    assert noise.std() == pytest.approx(0.12 * 255, rel=0.03) and abs(noise.mean()) < 1
    for before, after in zip(VIEWS, changed(VIEWS, "jpeg", "strong"), strict=True):
        file = io.BytesIO()
        Image.fromarray(before).save(file, "JPEG", quality=8)
        assert np.abs(np.asarray(Image.open(file)).astype(float) - after).mean() < 1


def test_a_model_that_depends_on_fine_pattern_is_said_to_suffer_from_blur_and_noise(report):
    found = ROBUSTNESS.compute(report)
    assert found.count == 16 and found.accuracy == 1.0
    by = {(score.kind, score.strength): score for score in found.scores}
    assert len(by) == len(KINDS) * len(STRENGTHS)
    for kind in ("blur", "noise"):
        assert by[kind, "strong"].drop >= 0.4 and by[kind, "strong"].drop_interval[0] > 0
    assert by["colour", "mild"].drop == 0
    assert found.worst.drop == max(score.drop for score in found.scores)
    place, said = found.worst.fooled[0]
    assert said != report.split.test[place].label


def test_the_accuracy_after_a_change_is_that_of_a_plain_computation(report):
    found = next(
        score for score in ROBUSTNESS.compute(report).scores if (score.kind, score.strength) == ("blur", "strong")
    )
    views = np.stack([np.asarray(Image.open(report.split.path(sample)).convert("RGB")) for sample in report.split.test])
    said = rough(None, changed(views, "blur", "strong")).argmax(1)
    labels = np.array([sample.label for sample in report.split.test])
    assert found.accuracy == (said == labels).mean()


def test_an_attack_moves_each_pixel_by_its_strength_the_way_that_misleads(report):
    """Labels are the network's own answers, so that all are right before; its head is made to answer both classes."""
    predictor = report.predictor
    pixels = torch.from_numpy(VIEWS).permute(0, 3, 1, 2).float() / 255
    how = predictor.card.preprocessing
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (how.mean, how.std))
    with torch.no_grad():
        apart = predictor.model((pixels - mean) / std).diff(dim=1)
        predictor.model.fc.bias[0] += apart.median()
    given = pixels.clone().requires_grad_()
    logits = predictor.model((given - mean) / std)
    labels = logits.argmax(1)
    torch.nn.functional.cross_entropy(logits, labels, reduction="sum").backward()
    moved = (pixels + 0.3 * given.grad.sign()).clamp(0, 1)
    expected = predictor.model((moved - mean) / std).argmax(1)
    plain, one, several = (
        labels_under_attack(predictor, VIEWS, labels.tolist(), 0.3, steps) for steps in (0, 1, 5)
    )  # fmt: skip
    assert (plain == labels.numpy()).all() and (one == expected.numpy()).all()
    assert (one != plain).any() and (several != plain).any()


def test_attacks_are_at_the_strength_that_the_run_was_trained_against(report):
    views, labels = np.repeat(VIEWS, 4, 0), [0, 1] * 10
    usual = attack("fgsm", report.predictor, views, labels, 0.0)
    trained = attack("pgd", report.predictor, views, labels, 0.05)
    assert (usual.epsilon, usual.trained, usual.count) == (2 / 255, False, 20)
    assert (trained.epsilon, trained.trained) == (0.05, True)
    assert trained.accuracy <= trained.clean == usual.clean


def test_changes_that_were_computed_before_a_stop_are_not_computed_again(report, monkeypatch):
    asked = []
    monkeypatch.setattr(robustness.probing, "probabilities", lambda *given: asked.append(1) or rough(*given))
    steps = slow_parts.update(report, ROBUSTNESS)
    for _ in range(6):
        next(steps)
    steps.close()
    before = len(asked)
    found = result_of(slow_parts.update(report, ROBUSTNESS))
    assert len(asked) - before == 1 + len(found.scores) - 4
    assert ROBUSTNESS.load(report) == found


def test_it_is_in_the_report_and_in_both_languages_on_the_page(report):
    found = result_of(slow_parts.update(report, ROBUSTNESS))
    assert json.loads(json.dumps(run_report.to_json(report)))["robustness"]["worst"]["kind"] == found.worst.kind
    overview = RunData(Workspace.open(report.run.folder.parent.parent)).of(report.run)
    english, chinese = (robust.draw(None, overview, found, language) for language in ("en", "zh"))
    assert "Most harmful is" in english and "影响最大的是" in chinese
    assert english.count('<th scope="row">') == len(KINDS)
    assert "changed/" in english
    assert "after five (PGD" in english and "五步（PGD）" in chinese
    kept = ROBUSTNESS.to_json(found)
    assert ROBUSTNESS.from_json(json.loads(json.dumps(kept))) == found
    older = {key: value for key, value in kept.items() if key != "attacks"}
    assert "PGD" not in robust.draw(None, overview, ROBUSTNESS.from_json(json.loads(json.dumps(older))), "en")


def test_a_remedy_against_attacks_is_named_where_they_surely_cost_something(report):
    found = result_of(slow_parts.update(report, ROBUSTNESS))
    costly = AttackScore("pgd", 2 / 255, 100, 0.9, 0.1, (0.06, 0.17), (0.72, 0.87), False, 80, 0)
    by_chance = replace(costly, accuracy=0.88, interval=(0.8, 0.93), drop_interval=(-0.01, 0.05), lost=4, won=2)
    for several, named in ((by_chance, False), (costly, True), (replace(costly, trained=True), False)):
        pair = [replace(several, name=name) for name in ("fgsm", "pgd")]
        for language, words in (("en", "Adversarial training"), ("zh", "对抗训练")):
            assert (words in robust.attacked(replace(found, attacks=tuple(pair)), language)) is named


def test_a_loss_that_chance_explains_is_not_called_one():
    """4 of 36 lost and none won: the percentile bootstrap excludes zero, the exact test does not."""
    from scipy.stats import binomtest

    drops = {lost: paired_bootstrap(lost, 0, 36) for lost in (4, 10)}
    chance, sure = (
        robustness.Score("contrast", "mild", 1 - lost / 36, (0.6, 0.9), lost / 36, drop, (), lost, 0)
        for lost, drop in drops.items()
    )
    assert chance.drop_interval[0] > 0 and binomtest(0, 4).pvalue > 0.1 and binomtest(0, 10).pvalue < 0.05
    others = tuple(replace(chance, strength="strong", drop=0.0, lost=0) for _ in range(17))
    for mild, named in ((chance, False), (sure, True)):
        found = robustness.Robustness(36, 1.0, (0.9, 1.0), (mild, *others))
        assert (found.fragile is not None) is (found.worst is not None) is named
    stored = json.loads(json.dumps(ROBUSTNESS.to_json(robustness.Robustness(36, 1.0, (0.9, 1.0), (sure, chance)))))
    for each in stored["scores"]:
        del each["lost"], each["won"]  # as an earlier version stored it
    assert ROBUSTNESS.from_json(stored).scores == (sure, chance)


def test_a_run_without_test_pictures_has_none(report, monkeypatch):
    monkeypatch.setattr(RunReport, "report", None)
    assert ROBUSTNESS.compute(report) is None
