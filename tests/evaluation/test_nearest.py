"""Nearest training pictures."""

from __future__ import annotations

import hand_made
import numpy as np
import pytest

from resnet_studio.evaluation import nearest, slow_parts
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.model import checkpoint, resnet
from resnet_studio.model.card import Card
from resnet_studio.model.preprocess import Preprocessing
from resnet_studio.stepwise import result_of
from resnet_studio.workspace import Run, Workspace

pytestmark = pytest.mark.usefixtures("narrow")


def model(run: Run, seed: int) -> None:
    import torch

    torch.manual_seed(seed)
    how = Preprocessing(resize=36, crop=32, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))
    checkpoint.save(
        run.best, resnet.build(18, 2).state_dict(), Card(classes=("one", "two"), depth=18, preprocessing=how)
    )


@pytest.fixture
def run(workspace: Workspace) -> Run:
    made = hand_made.new_run(workspace, count=12)
    hand_made.train(made, epochs=1)
    model(made, 0)
    return made


def test_a_training_picture_is_nearest_to_itself_and_the_order_is_that_of_plain_cosines(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nearest, "CHUNK", 5)
    report = RunReport(run)
    bank = result_of(slow_parts.update(report, nearest.NEAREST))
    assert bank is not None and bank.features.dtype == np.float16 and len(bank.labels) == 16
    files = [report.split.path(sample) for sample in report.split.train]
    plain = report.predictor.activations(files).features.numpy().astype(np.float64)
    plain /= np.linalg.norm(plain, axis=1, keepdims=True)
    found = nearest.neighbours(report, bank, report.predictor, files, 4)
    for place, near in enumerate(found):
        cosines = plain @ plain[place]
        assert near[0].similarity == pytest.approx(1, abs=2e-3)
        expected = np.sort(cosines)[::-1][:4]
        assert [each.similarity for each in near] == pytest.approx(expected.tolist(), abs=2e-3)
        for each in near:
            assert each.label == report.split.classes[report.split.train[each.place].label]
            assert each.picture == report.split.train[each.place].name


def test_features_are_kept_until_the_model_is_replaced(run: Run) -> None:
    report = RunReport(run)
    bank = result_of(slow_parts.update(report, nearest.NEAREST))
    kept = nearest.NEAREST.load(RunReport(run))
    assert bank is not None and kept is not None
    assert (kept.features == bank.features).all() and (kept.places == bank.places).all()
    model(run, 1)
    assert nearest.NEAREST.load(RunReport(run)) is None
    (run.folder / nearest.FILE).write_bytes(b"no tensors")
    assert nearest.NEAREST.load(RunReport(run)) is None


def test_it_goes_on_where_it_was_interrupted_and_leaves_gone_pictures_out(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nearest, "CHUNK", 4)
    report = RunReport(run)
    gone = report.split.path(report.split.train[9])
    steps = slow_parts.update(report, nearest.NEAREST)
    for step in steps:
        if step.done == 8:
            break
    steps.close()
    gone.unlink()
    for sample in report.split.train[:8]:  # read already
        report.split.path(sample).unlink()
    bank = result_of(slow_parts.update(RunReport(run), nearest.NEAREST))
    assert bank is not None and bank.places.tolist() == [place for place in range(16) if place != 9]
