"""Regions of a detector: where they are, how often normal images have one, and models of an older version."""

from __future__ import annotations

import hashlib
import json
import warnings

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import ama
from ama.baselines.pca import PCAReconstruction
from ama.decision.regions import find_regions
from ama.errors import InputError
from ama.report.displays import MapDisplay
from ama.report.verdict import boxes_sentence


@pytest.fixture
def older(digit_detector, tmp_path):
    """A model folder as an older ama wrote it: of format 3, without the maxima of maps."""
    folder = tmp_path / "older"
    digit_detector.save(folder)
    weights, config = folder / "weights.safetensors", folder / "config.json"
    tensors = load_file(weights)
    del tensors["map_calibration"]
    save_file(tensors, weights)
    changed = {"format": 3, "weights_sha256": hashlib.sha256(weights.read_bytes()).hexdigest()}
    config.write_text(json.dumps({**json.loads(config.read_text()), **changed}))
    return folder


def test_regions_are_those_of_the_maps(digit_detector, digits):
    images = digits[0][digits[1] == 1][:30]
    found = digit_detector.regions(images)
    maps = digit_detector.anomaly_map(images)
    assert found == [find_regions(heat, digit_detector.map_threshold) for heat in maps]
    assert found == digit_detector.regions_of(maps)
    assert np.allclose(list(digit_detector.each_map(images)), maps, rtol=1e-5)
    for heat, regions in zip(maps, found, strict=True):
        if regions:
            assert regions[0].peak == heat.max()
    assert any(found)


def test_boxes_are_in_pixels_of_the_images_as_they_were_given(digit_detector, digits, tmp_path):
    images = digits[0][digits[1] == 1][:30]
    wide = images.repeat(3, axis=-2).repeat(9, axis=-1)
    told = "images of 24 x 72 pixels are resized to 8 x 8, as the model learned"
    with pytest.warns(UserWarning, match=told):
        large = digit_detector.regions(wide)
    assert sum(map(len, large)) > 5
    seen = digit_detector.open(wide).read()
    small = digit_detector.regions(seen.x.numpy())
    maps = digit_detector.anomaly_map(seen)
    for found, heat in zip(large, maps, strict=True):
        assert found == find_regions(heat, digit_detector.map_threshold, (24, 72))
        assert [(r.x % 9, r.y % 3, r.width % 9, r.height % 3) for r in found] == [(0, 0, 0, 0)] * len(found)
    assert list(map(len, small)) == list(map(len, large))


def test_few_normal_images_have_a_region_and_more_anomalies_do(digit_detector, digits):
    images, labels = digits
    zeros, ones = images[labels == 0], images[labels == 1]
    shares = [np.mean([bool(found) for found in digit_detector.regions(x)]) for x in (zeros, ones)]
    assert shares[0] <= 0.1
    assert shares[1] > 3 * shares[0]


def test_the_threshold_is_that_of_the_maps_of_held_out_images(digit_detector, digits):
    detector = ama.AMADetector(max_steps=5, random_state=0, false_alarm_rate=0.2, progress=False)
    images = digits[0][digits[1] == 0]
    fitted = detector.fit(images[40:])
    new = images[:40]
    fitted.calibrate(new)
    highest = fitted.anomaly_map(new).max((1, 2))
    assert np.allclose(fitted.model_.map_calibration, highest, rtol=2e-4)
    assert (fitted.model_.map_calibration.numpy() >= highest).all()
    assert sum(map(bool, fitted.regions(new))) <= 0.2 * 41
    before = fitted.map_threshold
    assert fitted.set_threshold(0.05).map_threshold > before
    assert fitted.map_false_alarm_rate == 0.05


def test_the_maps_of_at_most_two_hundred_images_are_computed(digit_detector, digits):
    fitted = ama.AMADetector(max_steps=3, random_state=0, progress=False).fit(digits[0][:300])
    fitted.calibrate(digits[0][300:900])
    assert len(fitted.model_.calibration) == 600
    assert len(fitted.model_.map_calibration) == 200
    fitted.set_threshold(0.002)
    assert fitted.guaranteed_rate == 0.002
    assert fitted.map_false_alarm_rate == 1 / 201
    assert fitted.map_threshold == float(fitted.model_.map_calibration.max())


def test_a_saved_model_has_the_same_regions(digit_detector, digits, tmp_path):
    digit_detector.save(tmp_path / "model")
    loaded = ama.load(tmp_path / "model")
    images = digits[0][digits[1] == 1][:20]
    assert loaded.map_threshold == digit_detector.map_threshold
    assert loaded.map_top == digit_detector.map_top == 8 * float(loaded.model_.map_calibration.max())
    assert loaded.regions(images) == digit_detector.regions(images)


def test_an_older_model_scores_and_says_what_it_lacks_until_it_is_calibrated(older, digit_detector, digits):
    images = digits[0][digits[1] == 0]
    loaded = ama.load(older)
    assert np.array_equal(loaded.score_samples(images), digit_detector.score_samples(images))
    assert np.array_equal(loaded.anomaly_map(images[:3]), digit_detector.anomaly_map(images[:3]))
    assert loaded.map_threshold is loaded.map_top is loaded.map_false_alarm_rate is None
    with pytest.raises(
        InputError, match=r"no threshold of the map, as an older ama saved it: `ama calibrate"
    ):
        loaded.regions(images)
    assert MapDisplay.from_estimator(loaded, images, n=2).figure_.axes[-1].patches[:] == []
    assert "ama calibrate sets the threshold of the map" in boxes_sentence(loaded)
    with warnings.catch_warnings():
        # Most of these images were learned. Whether they score higher than others depends on the processor's rounding.
        warnings.filterwarnings("ignore", ".*score higher")
        loaded.calibrate(images).save(older)
    again = ama.load(older)
    assert again.regions(images) == loaded.regions(images)
    assert json.loads((older / "config.json").read_text())["format"] == 4


def test_rows_and_methods_without_maps_are_refused_in_a_sentence(row_detector, digits):
    with pytest.raises(InputError, match="are those of images, but this detector scores rows of 5 columns"):
        row_detector.regions(np.zeros((2, 5)))
    other = PCAReconstruction(held_out=0.3, random_state=0).fit(digits[0][:100])
    with pytest.raises(InputError, match=r"^PCAReconstruction has no anomaly maps; AMADetector has$"):
        other.regions(digits[0][:2])
    for detector in (row_detector, other):
        assert not detector.has_maps
        assert detector.map_threshold is None
        assert boxes_sentence(detector) == ""
    assert row_detector.model_.map_calibration.shape == (0,)


def test_maps_that_are_zero_still_have_a_scale(digit_detector, monkeypatch):
    buffers = digit_detector.model_._buffers  # the attribute of the module would not come back
    monkeypatch.setitem(buffers, "map_calibration", torch.zeros(5, dtype=torch.float64))
    assert digit_detector.map_top == 8
