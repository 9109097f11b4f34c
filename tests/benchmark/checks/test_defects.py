"""Defects: visible inside their mask, and nowhere else."""

from __future__ import annotations

import pytest
import torch

from ama.benchmark.checks.defects import DEFECTS, SIDE, SMALLEST, VISIBLE, with_defects


def smooth_images(seed, n, channels):
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(n, channels, 5, 4, generator=generator)
    smooth = torch.nn.functional.interpolate(coarse, (20, 16), mode="bilinear")
    return (255 * smooth).to(torch.uint8)


@pytest.mark.parametrize("name", DEFECTS)
@pytest.mark.parametrize("channels", [1, 3])
def test_a_defect_changes_the_pixels_of_its_mask(name, channels):
    x, others = smooth_images(0, 30, channels), smooth_images(1, 10, channels)
    before = x.clone()
    changed, masks = with_defects(name, x, others, torch.Generator().manual_seed(0))
    assert torch.equal(x, before)
    assert changed.shape == x.shape
    assert masks.shape == (30, 20, 16)
    difference = (changed.int() - x.int()).abs()
    assert torch.equal((difference > VISIBLE).any(1), masks)
    assert (masks.sum((1, 2)) >= SMALLEST).all()
    if name != "scratched":
        for place in difference.any(1):
            rows, columns = place.any(1).nonzero(), place.any(0).nonzero()
            assert rows.max() - rows.min() < round(SIDE * 20)
            assert columns.max() - columns.min() < round(SIDE * 16)


@pytest.mark.parametrize("name", DEFECTS)
def test_places_are_random_and_repeatable(name):
    x, others = smooth_images(0, 20, 1), smooth_images(1, 10, 1)
    first, again, other = (with_defects(name, x, others, torch.Generator().manual_seed(s)) for s in (0, 0, 1))
    assert torch.equal(first[0], again[0])
    assert torch.equal(first[1], again[1])
    assert not torch.equal(first[0], other[0])


def test_shuffled_pixels_keep_their_values():
    x = smooth_images(0, 10, 3)
    changed, _ = with_defects("shuffled", x, x, torch.Generator().manual_seed(0))
    for before, after in zip(x, changed, strict=True):
        assert torch.equal(before.flatten(1).sort(1).values, after.flatten(1).sort(1).values)


def test_an_image_without_a_visible_defect_is_left_out():
    x = smooth_images(0, 10, 1)
    x[3] = 0  # erasing a part of a constant image changes nothing
    changed, _ = with_defects("erased", x, x, torch.Generator().manual_seed(0))
    assert len(changed) == 9
