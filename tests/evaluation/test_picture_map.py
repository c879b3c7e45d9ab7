"""The map of the pictures: principal components as by hand, neighbours near each other, files that are read again."""

import json
from types import SimpleNamespace

import hand_made
import numpy as np
import pytest

from resnet_studio.evaluation import part_plots, picture_map, plots
from resnet_studio.evaluation.groups import Group, Grouped
from resnet_studio.evaluation.parts import RunReport
from resnet_studio.evaluation.picture_map import MAP, PictureMap


def clouds(count=60):
    draw = np.random.default_rng(0)
    labels = np.arange(count) % 3
    return (draw.normal(0, 6, (3, 20))[labels] + draw.normal(0, 1, (count, 20))).astype(np.float32), labels


def test_principal_components_are_those_of_the_singular_value_decomposition():
    features, _ = clouds()
    found, explained = picture_map.principal_components(features)
    centred = features - features.mean(0)
    left, values, _ = np.linalg.svd(centred, full_matrices=False)
    assert np.abs(found[:, :2]) == pytest.approx(np.abs(left[:, :2] * values[:2]), abs=1e-3)
    assert explained == pytest.approx((values[:2] ** 2).sum() / (values**2).sum(), rel=1e-4)


@pytest.mark.slow
def test_pictures_of_a_cloud_are_neighbours_on_the_map():
    features, labels = clouds()
    places = np.array(
        picture_map.scaled(picture_map.neighbour_embedding(picture_map.principal_components(features)[0]))
    )
    assert places.min() >= 0 and places.max() <= 1
    distances = np.linalg.norm(places[:, None] - places[None], axis=2) + 9 * np.eye(len(places))
    assert (labels[distances.argmin(1)] == labels).mean() > 0.95


def test_both_axes_have_one_scale():
    found = np.array(picture_map.scaled(np.array([[0.0, 0.0], [10.0, 2.0], [5.0, 1.0]])))
    assert np.ptp(found[:, 0]) == pytest.approx(1) and np.ptp(found[:, 1]) == pytest.approx(0.2)


def test_a_map_survives_its_file():
    value = PictureMap(
        ("a", "b"), ("x", "y"), (0, 2), (0, 1), (0, 1), (1, 1), ((0, 1), (1, 0)), ((0, 0), (1, 1)), 9, 0.5
    )
    assert MAP.from_json(json.loads(json.dumps(MAP.to_json(value)))) == value


def test_principal_components_are_there_before_the_neighbours_are(workspace, monkeypatch):
    """The generator stops before t-SNE: the draft has the first map, and what is computed at last has both."""
    run = hand_made.new_run(workspace, count=20)
    hand_made.train(run, epochs=1)
    hand_made.finish(run, hand_made.report_of(run))
    run.best.write_bytes(b"model")
    features, _ = clouds(20)
    samples = [SimpleNamespace(name=str(at), label=at % 2) for at in range(20)]
    split = SimpleNamespace(classes=("a", "b"), train=samples, validation=[], test=[], path=lambda sample: sample.name)
    seen = SimpleNamespace(places=tuple(range(20)), features=features, logits=features[:, :2])
    monkeypatch.setattr(RunReport, "split", split)
    monkeypatch.setattr(RunReport, "predictor", SimpleNamespace(activations=lambda _: seen))
    report = RunReport(run)
    assert MAP.draft(report) is None
    steps = MAP.steps(report, MAP.progress(report))
    assert [step.done for step in (next(steps), next(steps))] == [0, 20]
    draft = MAP.draft(report)
    assert draft.tsne == () and len(draft.pca) == 20 and draft.names[3] == "3"
    with pytest.raises(StopIteration) as end:
        next(steps)
    assert end.value.value.pca == draft.pca and len(end.value.value.tsne) == 20


def test_the_map_and_the_groups_are_drawn_for_the_report():
    value = PictureMap(
        ("a", "b"), ("x", "y"), (0, 2), (0, 1), (0, 1), (1, 1), ((0, 1), (1, 0)), ((0, 0), (1, 1)), 9, 0.5
    )
    style = plots.PlotStyle(100, 7, 60)
    (axis,) = part_plots.picture_map(value, style).axes
    assert [text.get_text() for text in axis.get_legend().get_texts()] == ["a", "b", "named wrongly"]
    assert axis.collections[-1].get_offsets().tolist() == [[0, 0]]
    group = Group("camera 1", 20, 15, 0.75, (0.5, 0.9))
    older = Group("camera 2", 7, 7, 1.0, (0.65, 0.9999999999999999))  # stored with an end that rounding put below
    (axis,) = part_plots.groups([Grouped("column", "camera", (group, older), 0, 0.01, 0.01, 0.01)], style).axes
    assert [text.get_text() for text in axis.get_yticklabels()] == ["camera 1 (20)", "camera 2 (7)"]
    assert part_plots.groups([], style) is None
