"""Pixel errors and fine structure of reconstructions."""

from __future__ import annotations

import numpy as np
import pytest

from ama.benchmark.figures.reconstruction_quality import reconstruction_quality


@pytest.fixture
def x():
    return np.random.default_rng(0).integers(0, 200, (20, 3, 16, 16)).astype(np.uint8)


def test_an_exact_reconstruction_has_no_error_and_the_structure_of_its_images(x):
    found = reconstruction_quality(x, x)
    assert found == {"pixel_error": 0, "fine_rows": 1, "fine_columns": 1}


def test_the_error_is_a_share_of_the_grey_levels(x):
    assert reconstruction_quality(x, x + 51.0)["pixel_error"] == pytest.approx(0.2)


def test_horizontal_stripes_are_fine_rows(x):
    striped = x.astype(float)
    striped[:, :, ::2] += 100
    found = reconstruction_quality(x, striped)
    assert found["fine_rows"] > 2
    assert found["fine_columns"] == pytest.approx(1)


def test_a_blurred_reconstruction_has_less_of_both(x):
    blurred = (x + np.roll(x.astype(float), 1, 2) + np.roll(x.astype(float), 1, 3)) / 3
    found = reconstruction_quality(x, blurred)
    assert found["fine_rows"] < 0.7
    assert found["fine_columns"] < 0.7
