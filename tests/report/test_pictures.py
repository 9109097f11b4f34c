"""Pictures in a page: what is decoded is what was put in."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from ama.decision.regions import Region
from ama.report.pictures import BYTES, LARGEST, SIDES, as_pixels, boxed, data_uri, heat_scale, heated


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


def test_a_picture_gets_the_aspect_ratio_of_its_file_and_no_side_becomes_smaller(rng):
    small, large = rng.integers(0, 256, (64, 64, 1), dtype=np.uint8), np.full((400, 300, 3), 90, np.uint8)
    assert decoded(data_uri(small, (3000, 4000))).shape == (64, 85)
    assert decoded(data_uri(small, (4000, 3000))).shape == (85, 64)
    assert decoded(data_uri(large, (3000, 4000))).shape == (240, LARGEST, 3)
    assert decoded(data_uri(large, (1, 5000))).shape == (1, LARGEST, 3)
    assert data_uri(small, (640, 640)) == data_uri(small)


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


def test_a_picture_that_takes_many_bytes_is_made_smaller_still(rng):
    noise = rng.integers(0, 256, (400, 300, 3), dtype=np.uint8)
    smooth = np.full((400, 300, 3), 90, np.uint8)
    assert decoded(data_uri(smooth)).shape == (LARGEST, 240, 3)
    assert decoded(data_uri(noise)).shape[0] < LARGEST
    assert decoded(data_uri(noise)).shape[0] in SIDES
    assert len(data_uri(smooth)) < 4 / 3 * BYTES


def test_a_box_lies_around_its_region_and_leaves_the_rest():
    pixels = np.full((200, 320, 3), 50, np.uint8)
    found = boxed(pixels, [Region(100, 40, 30, 20, 2.0, 600)])
    assert found.shape == pixels.shape
    drawn = (found != pixels).any(2)
    rows, columns = drawn.nonzero()
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (38, 61, 98, 131)
    assert not drawn[40:60, 100:130].any()
    assert boxed(pixels, []) is pixels


def test_a_small_picture_is_enlarged_for_its_boxes():
    pixels = np.arange(64, dtype=np.uint8).reshape(8, 8, 1).repeat(3, 2)
    found = boxed(pixels, [Region(0, 0, 8, 8, 1.0, 64), Region(2, 3, 1, 1, 2.0, 1)])
    assert found.shape == (160, 160, 3)
    assert np.array_equal(found[10::20, 10::20], pixels)


def test_all_maps_have_one_scale_that_reaches_the_threshold(rng):
    maps = rng.uniform(1, 3, (4, 30, 30))
    low, top = heat_scale(maps)
    assert low == pytest.approx(2, abs=0.1)
    assert top == pytest.approx(2.99, abs=0.01)
    assert heat_scale(maps, 2.5) == (low, top)
    assert heat_scale(maps, 9.0) == (low, 9.0)
