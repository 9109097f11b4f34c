"""Tiles cover an image and overlap, and make up the image again."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ama.errors import LONGEST_SENTENCE
from ama.features.tiles import OVERLAP, Tiles, tiles_notice
from draws import draw

lengths, sides = st.integers(1, 300), st.integers(1, 64)


def random() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def starts(tiles: Tiles, axis: int) -> list[int]:
    return sorted({corner[axis] for corner in tiles.corners})


@given(lengths, lengths, sides)
def test_tiles_of_one_size_reach_from_edge_to_edge(height, width, side):
    tiles = Tiles(height, width, side)
    assert tiles.size == (min(height, side), min(width, side))
    assert len(tiles) == len(tiles.corners) == len(set(tiles.corners))
    for axis, length in enumerate((height, width)):
        found = starts(tiles, axis)
        assert (found[0], found[-1] + tiles.size[axis]) == (0, length)
    assert tiles.corners == list(itertools.product(starts(tiles, 0), starts(tiles, 1)))


@given(st.integers(1, 5000), st.integers(2, 512))
def test_neighbours_overlap_by_an_eighth_and_are_evenly_spaced(length, side):
    tiles = Tiles(length, 1, side)
    steps = [after - before for before, after in itertools.pairwise(starts(tiles, 0))]
    assert all(tiles.size[0] - step >= OVERLAP * tiles.size[0] for step in steps)
    assert not steps or max(steps) - min(steps) <= 1
    # One tile less would leave a gap, or overlap by less.
    fewest = -(-(length - side) // (side - -(-side // 8)))
    assert len(steps) == max(0, fewest)


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 12), st.integers(1, 3))
def test_joined_tiles_are_the_image(height, width, side, b):
    tiles = Tiles(height, width, side)
    x = draw(height + 41 * width, b, 2, height, width)
    cut = tiles.cut(x)
    assert cut.shape == (b * len(tiles), 2, *tiles.size)
    torch.testing.assert_close(tiles.joined(cut), x, rtol=1e-14, atol=0)
    whole = x[b - 1]
    for part, (row, column) in zip(cut[-len(tiles) :], tiles.corners, strict=True):
        assert torch.equal(part, whole[:, row : row + tiles.size[0], column : column + tiles.size[1]])


def test_where_tiles_overlap_their_inner_parts_weigh_more():
    tiles = Tiles(1, 6, 4)
    assert tiles.corners == [(0, 0), (0, 2)]
    parts = torch.tensor([1.0, 4.0]).view(2, 1, 1, 1).expand(2, 1, 1, 4)
    assert tiles.joined(parts).flatten().tolist() == [1, 1, 2, 3, 4, 4]  # weights 1, 2, 2, 1 in a tile


@given(st.integers(1, 40), st.integers(1, 40), st.integers(2, 12))
def test_joined_tiles_lie_between_the_lowest_and_the_highest_there(height, width, side):
    tiles = Tiles(height, width, side)
    parts = draw(height + 41 * width, len(tiles), 1, *tiles.size)
    joined = tiles.joined(parts)[0, 0]
    lowest, highest = torch.full_like(joined, torch.inf), torch.full_like(joined, -torch.inf)
    for part, corner in zip(parts[:, 0], tiles.corners, strict=True):
        for bound, extreme in ((lowest, torch.minimum), (highest, torch.maximum)):
            there = tiles.at(bound, *corner)
            there.copy_(extreme(there, part))
    assert (joined >= lowest - 1e-12).all()
    assert (joined <= highest + 1e-12).all()


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 12), st.integers(0, 12))
def test_around_a_tile_the_image_is_mirrored_where_it_ends(height, width, side, pixels):
    tiles, x = Tiles(height, width, side), draw(height + 41 * width, 2, height, width)
    pixels = min(pixels, height - 1, width - 1)
    padded = np.pad(x.numpy(), ((0, 0), (pixels, pixels), (pixels, pixels)), mode="reflect")
    for row, column in tiles.corners:
        expected = padded[
            :, row : row + tiles.size[0] + 2 * pixels, column : column + tiles.size[1] + 2 * pixels
        ]
        assert np.array_equal(tiles.around(x, row, column, pixels), expected)


def test_more_pixels_around_than_the_image_has_are_still_of_the_image():
    found = Tiles(1, 3, 2).around(torch.tensor([[[0, 1, 2]]]), 0, 0, 4)
    assert found.shape == (1, 9, 10)
    assert found[0, 0].tolist() == [0, 1, 2, 1, 0, 1, 2, 1, 0, 0]


@pytest.mark.parametrize("size", [(512, 512), (300, 512), (7, 9)])
def test_an_image_without_a_longer_side_is_one_tile(size):
    tiles, x = Tiles(*size, 512), torch.zeros(2, 3, *size, dtype=torch.uint8)
    assert (len(tiles), tiles.size, tiles.corners) == (1, size, [(0, 0)])
    assert torch.equal(tiles.cut(x), x)
    assert torch.equal(tiles.joined(x.float()), x.float())


def test_a_very_long_image_is_a_row_of_tiles():
    tiles = Tiles(10, 100_000, 256)
    assert tiles.size == (10, 256)
    assert tiles.counts == (1, 447)
    x = torch.arange(100_000, dtype=torch.float64).expand(1, 1, 10, -1)
    assert torch.equal(tiles.joined(tiles.cut(x)), x)


def test_tiles_of_an_image_of_any_size_are_counted_at_no_cost():
    assert len(Tiles(10**9, 10**9, 512)) == (1 + -(-(10**9 - 512) // 448)) ** 2


@given(st.integers(1, 5), st.integers(1, 60))
def test_some_tiles_are_all_of_them_or_different_ones_in_their_order(b, most):
    tiles = Tiles(30, 20, 10)
    x = torch.arange(b * 600, dtype=torch.float64).view(b, 1, 30, 20)
    every, some = tiles.cut(x), tiles.some(x, most, random())
    assert len(some) == min(most, b * len(tiles))
    firsts, chosen = every[:, 0, 0, 0].tolist(), some[:, 0, 0, 0].tolist()
    places = [firsts.index(first) for first in chosen]
    assert places == sorted(set(places))
    assert torch.equal(every[places], some)
    assert torch.equal(tiles.some(x, most, random()), some)


def test_the_notice_says_how_images_are_cut():
    tiles = Tiles(1500, 2000, 512)
    said = "each image of 1500 x 2000 pixels is seen in 20 overlapping tiles of 512 x 512 pixels"
    assert tiles_notice(tiles, 1200, None) == tiles_notice(tiles, 1000, 20_000) == said
    drawn = tiles_notice(tiles, 1200, 20_000)
    assert drawn == f"{said}; the networks learn from 20,000 of 24,000, drawn at random"
    assert len(drawn) <= LONGEST_SENTENCE
    assert tiles_notice(Tiles(500, 512, 512), 1200, None) is None
