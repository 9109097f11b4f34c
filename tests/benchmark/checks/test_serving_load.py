"""What the benchmark of the server scores; the load itself is tested in test_wrk_load.py."""

from __future__ import annotations

import pytest

from ama.benchmark.checks.serving_load import N_IMAGES, N_PHOTOS, cases, serving_load
from ama.errors import InputError


def test_without_wrk_one_sentence_says_so(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InputError, match=r"wrk, which is not in PATH: apt-get install wrk"):
        serving_load(None, 1, 1)


def test_the_same_digits_are_scored_small_and_enlarged():
    grey, colour, _ = cases()
    assert grey.images.shape == (N_IMAGES, 8, 8, 1)
    assert colour.images.shape == (N_IMAGES, 32, 32, 3)
    assert (colour.images[:, ::4, ::4, 0] == grey.images[..., 0]).all()
    assert len(grey.normal) == len(colour.normal)


def test_photographs_are_scored_that_were_not_learned():
    photos = cases()[2]
    assert photos.images.shape == (N_PHOTOS, 240, 320, 3)
    assert photos.features == "lite0"
    assert all((photos.normal != photo).any(axis=(1, 2, 3)).all() for photo in photos.images)
