"""Pictures in a page: what is decoded is what was put in."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from ama.report.pictures import LARGEST, as_pixels, data_uri, heated


def decoded(address: str) -> np.ndarray:
    kind, _, text = address.partition(";base64,")
    assert kind in ("data:image/png", "data:image/webp")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(text))))


@pytest.mark.parametrize("channels", [1, 3])
def test_a_small_image_comes_back_as_it_was(channels, rng):
    image = rng.integers(0, 256, (channels, 12, 9)).astype(float)
    found = decoded(data_uri(as_pixels(image, 0.0, 255.0)))
    assert np.array_equal(found, image[0] if channels == 1 else image.transpose(1, 2, 0))


def test_a_large_image_is_coded_small_and_nearly_as_it_was():
    ramp = np.linspace(0, 255, LARGEST)
    image = np.stack(
        [np.tile(ramp, (LARGEST, 1)), np.tile(ramp[:, None], LARGEST), np.full([LARGEST] * 2, 90.0)]
    )
    address = data_uri(as_pixels(image, 0.0, 255.0))
    assert len(address) < 12_000
    assert np.abs(decoded(address).astype(float) - image.transpose(1, 2, 0)).mean() < 4


def test_a_larger_image_is_made_smaller_and_keeps_its_shape(rng):
    image = np.kron(rng.uniform(0, 255, (3, 8, 4)), np.ones((1, 64, 64)))
    found = decoded(data_uri(as_pixels(image, 0.0, 255.0)))
    assert found.shape == (LARGEST, LARGEST // 2, 3)
    middles = found[LARGEST // 16 :: LARGEST // 8, LARGEST // 16 :: LARGEST // 8]
    assert np.abs(middles - image[:, 32::64, 32::64].transpose(1, 2, 0)).mean() < 6


def test_values_outside_the_range_are_black_and_white():
    assert as_pixels(np.array([[[-1.0, 0.5, 2.0]]]), 0.0, 1.0)[0, :, 0].tolist() == [0, 128, 255]


def test_of_other_channel_counts_the_mean_is_shown(rng):
    image = rng.uniform(0, 1, (5, 4, 4))
    assert np.array_equal(as_pixels(image, 0.0, 1.0)[..., 0], np.round(255 * image.mean(0)))


def test_a_hot_place_has_the_colour_and_a_cold_one_the_image():
    pixels = np.full((2, 2, 1), 100, np.uint8)
    heat = np.array([[0.0, -5.0], [1.0, 9.0]])
    found = heated(pixels, heat, 0.0, 1.0)
    cold, below, hot, above = found.reshape(4, 3)
    assert cold.tolist() == below.tolist() == [cold[0]] * 3
    assert hot.tolist() == above.tolist()
    assert hot[0] > 200
    assert hot[0] > hot[2]
    assert np.array_equal(heated(pixels, np.zeros((2, 2)), 0.0, 0.0), np.full((2, 2, 3), cold[0]))
