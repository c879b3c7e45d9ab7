"""The map of the pictures: principal components as by hand, neighbours near each other, files that are read again."""

import json

import numpy as np
import pytest

from resnet_studio.evaluation import picture_map
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
