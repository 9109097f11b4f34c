"""Photographs with scratches: the scratch alone differs, and it has its size."""

from __future__ import annotations

import numpy as np
import torch

from ama.benchmark.checks.scratches import (
    CONTRAST,
    HEIGHT,
    LENGTH,
    THICKNESS,
    WIDTH,
    brushed_metal,
    scratched_photos,
)


def test_a_scratch_is_a_line_of_its_size_around_its_place():
    random = np.random.default_rng(3)
    photos = torch.stack([brushed_metal(random) for _ in range(2)])
    scratched, places = scratched_photos(photos, random)
    assert photos.shape == (2, 3, HEIGHT, WIDTH)
    for before, after, (row, column) in zip(photos.int(), scratched.int(), places, strict=True):
        changed = (after - before).sum(0).nonzero()
        assert (after - before).unique().tolist() == [0, CONTRAST]
        assert 0.8 * LENGTH * THICKNESS <= len(changed) <= 1.3 * LENGTH * THICKNESS
        assert (changed - torch.tensor([row, column])).double().norm(dim=1).max() <= LENGTH / 2 + THICKNESS


def test_photographs_of_one_seed_are_equal_and_no_two_of_them():
    first, again = (brushed_metal(np.random.default_rng(1)) for _ in range(2))
    assert torch.equal(first, again)
    random = np.random.default_rng(1)
    assert not torch.equal(*(brushed_metal(random) for _ in range(2)))
