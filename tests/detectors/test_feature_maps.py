"""The game on maps of features: fit, score, explain, save, load, with a backbone of random weights."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.datasets import load_sample_image

import ama
from ama.errors import InputError
from ama.report.model_card import model_card
from tiny_backbones import tiny

TERMS = (
    "row_density+nearest_rows+nearest_places+place_densities+r_score+latent_density+mahalanobis+memory_bank"
)
OPTIONS = {"held_out": 0.4, "false_alarm_rate": 0.2, "random_state": 0, "progress": False, "max_steps": 5}


def crops(n: int, seed: int, name: str = "china.jpg") -> np.ndarray:
    """Random parts (n, 3, 60, 90) of a photograph that scikit-learn ships."""
    photograph, random = load_sample_image(name), np.random.default_rng(seed)
    corners = random.integers(0, (427 - 60, 640 - 90), (n, 2))
    return np.stack([photograph[i : i + 60, j : j + 90] for i, j in corners]).transpose(0, 3, 1, 2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return str(tiny("resnet", tmp_path_factory.mktemp("backbone") / "own"))


def fitted(folder: str, x: np.ndarray, y: np.ndarray | None = None, **more) -> ama.AMADetector:
    return ama.AMADetector(features=folder, **{**OPTIONS, **more}).fit(x, y)


@pytest.fixture(scope="module")
def detector(folder) -> ama.AMADetector:
    return fitted(folder, crops(40, 0), features_as="maps", scoring=TERMS)


def test_terms_on_rows_and_places_are_those_of_the_game_on_rows(detector, folder):
    x = crops(6, 1)
    others = fitted(folder, crops(40, 0), scoring=TERMS)
    found, expected = detector.scores(x).terms, others.scores(x).terms
    for name in ("row_density", "nearest_rows", "nearest_places", "place_densities"):
        assert np.array_equal(found[name], expected[name]), name
    for name in ("r_score", "memory_bank"):
        assert not np.array_equal(found[name], expected[name])
    assert np.array_equal(detector.anomaly_map(x), others.anomaly_map(x))


def test_the_score_of_an_image_does_not_depend_on_its_batch(detector):
    x = crops(5, 2)
    found = detector.scores(x)
    alone = [detector.scores(one[None]) for one in x]
    np.testing.assert_allclose(found.score, np.concatenate([s.score for s in alone]), rtol=0, atol=1e-9)
    for name, values in found.terms.items():
        expected = np.concatenate([s.terms[name] for s in alone])
        np.testing.assert_allclose(values, expected, rtol=1e-9, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("by_reference", [False, True])
def test_saved_or_pickled_it_scores_the_same(detector, folder, by_reference, tmp_path):
    x = crops(4, 3)
    if by_reference:
        detector = fitted(folder, crops(40, 0), features_as="maps", features_by_reference=True)
    detector.save(tmp_path / "model")
    for again in (ama.load(tmp_path / "model"), pickle.loads(pickle.dumps(detector))):
        assert again.get_params()["features_as"] == "maps"
        assert np.array_equal(again.score_samples(x), detector.score_samples(x))
        assert np.array_equal(again.r_score(x), detector.r_score(x))
        assert np.array_equal(again.anomaly_map(x[:1]), detector.anomaly_map(x[:1]))
    assert "features_as = maps" in dict(model_card(detector)[0][1])["parameters given"]


def test_another_photograph_is_an_anomaly_to_every_term_on_maps(detector, folder):
    normal, other = detector.scores(crops(20, 4)).terms, detector.scores(crops(20, 4, "flower.jpg")).terms
    for name in ("latent_density", "memory_bank"):
        assert other[name].mean() > normal[name].mean(), name


def test_known_anomalies_validation_and_rotations_take_part(folder):
    x = np.concatenate([crops(40, 0), crops(4, 0, "flower.jpg")])
    y = np.where(np.arange(44) < 40, 1, -1)
    validation = np.concatenate([crops(5, 5), crops(5, 5, "flower.jpg")]), np.repeat([1, -1], 5)
    chosen = ama.AMADetector(
        features=folder,
        features_as="maps",
        lambda_rotation=1.0,
        scoring="rotation+known_anomalies",
        **OPTIONS,
    ).fit(x, y, validation)
    assert set(chosen.score_weights()) == {"rotation", "known_anomalies"}
    assert chosen.validation_auroc_ is not None
    assert np.isfinite(chosen.score_samples(x)).all()


def test_what_maps_have_not_is_refused(detector, folder):
    with pytest.raises(InputError, match="the networks reconstruct the features of an image, not the image"):
        detector.reconstruct(crops(1, 0))
    assert detector.explain(crops(1, 0)).reconstruction is None
    for given in ({"features_as": "maps"}, {"features_as": "maps", "features": "none"}):
        with pytest.raises(InputError, match="features_as='maps' is about the features of images"):
            ama.AMADetector(**given).fit(crops(10, 0))
    with pytest.raises(InputError, match="features_as must be one of rows, maps, found 'places'"):
        ama.AMADetector(features=folder, features_as="places").fit(crops(10, 0))
