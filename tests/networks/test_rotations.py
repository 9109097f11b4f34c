"""Rotations and shifts, pixel by pixel."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ama.networks.image_networks import Discriminator
from ama.networks.rotations import is_mirror_symmetric, mirrored_at_random, n_rotations, rotated, shifted

sides = st.integers(1, 6)


@given(sides, sides)
def test_every_rotation_keeps_the_shape_and_moves_every_pixel_where_it_belongs(height, width):
    x = torch.arange(2 * 3 * height * width).reshape(2, 3, height, width).float()
    rotations = rotated(x)
    assert len(rotations) == n_rotations(height, width) == (4 if height == width else 2)
    # A quarter turn counter-clockwise brings the right edge to the top: (i, j) comes from (j, width - 1 - i).
    places = {(i, j): (i, j) for i in range(height) for j in range(width)}
    for y in rotations:
        assert y.shape == x.shape
        assert all(torch.equal(y[:, :, i, j], x[:, :, a, b]) for (i, j), (a, b) in places.items())
        for _ in range(4 // len(rotations) if height == width else 0):
            places = {(i, j): places[j, width - 1 - i] for i, j in places}
        if height != width:
            places = {(i, j): places[height - 1 - i, width - 1 - j] for i, j in places}


@given(st.integers(0, 2**32), st.integers(2, 9), st.integers(2, 9), st.floats(0, 0.5))
def test_an_image_is_shifted_as_a_whole_and_its_edge_repeated(seed, height, width, share):
    x = torch.arange(3 * 2 * height * width).reshape(3, 2, height, width).float()
    moved = shifted(x, share, torch.Generator().manual_seed(seed))
    assert moved.shape == x.shape
    most = round(share * height), round(share * width)
    for one, other in zip(x, moved, strict=True):
        found = [
            (dy, dx)
            for dy in range(-most[0], most[0] + 1)
            for dx in range(-most[1], most[1] + 1)
            if torch.equal(
                other,
                one[:, (torch.arange(height) + dy).clamp(0, height - 1)][
                    :, :, (torch.arange(width) + dx).clamp(0, width - 1)
                ],
            )
        ]
        assert found


def test_shifts_differ_from_image_to_image_and_reach_their_limit():
    row = torch.arange(8.0).expand(400, 1, 8, 8)
    moved = shifted(row, 0.25, torch.Generator().manual_seed(0))
    assert set((moved[:, 0, 4, 4] - 4).tolist()) == {-2.0, -1.0, 0.0, 1.0, 2.0}


def test_no_shift_changes_nothing():
    x = torch.randn(3, 1, 5, 7)
    assert torch.equal(shifted(x, 0.0, torch.Generator()), x)


@pytest.mark.parametrize(("shape", "n"), [((1, 16, 16), 4), ((3, 16, 12), 2)])
def test_the_second_head_reads_the_mean_and_the_maximum_of_the_last_map(shape, n):
    critic = Discriminator(shape, width=8, rotation_head=True)
    x = torch.randn(5, *shape)
    last = critic.maps(x, x)[-1]
    by_hand = torch.cat([last.flatten(2).mean(2), last.flatten(2).max(2).values], 1)
    expected = by_hand @ critic.rotation_head.weight.T + critic.rotation_head.bias
    assert expected.shape == (5, n)
    torch.testing.assert_close(critic.rotation_logits(last), expected)


def test_the_second_head_is_not_normalised_and_optional():
    assert Discriminator((1, 8, 8), width=4).rotation_head is None
    with_head = Discriminator((1, 8, 8), width=4, rotation_head=True)
    assert len(with_head.weights()) == len(Discriminator((1, 8, 8), width=4).weights())


def test_about_half_of_the_images_are_mirrored_and_each_as_a_whole():
    x = torch.randn(400, 2, 3, 5)
    found = mirrored_at_random(x, torch.Generator().manual_seed(0))
    kept, flipped = ((found == y).flatten(1).all(1) for y in (x, x.flip(3)))
    assert (kept ^ flipped).all()
    assert 150 < flipped.sum() < 250


@pytest.mark.parametrize("kind", ["noise", "mirrored in half of the cases", "of one side"])
def test_symmetric_are_images_whose_mirror_images_are_as_usual(kind):
    random = torch.Generator().manual_seed(0)
    x = torch.randint(0, 100, (600, 3, 8, 8), generator=random, dtype=torch.uint8)
    if kind != "noise":
        x[:, :, :, :3] += 100
    if kind == "mirrored in half of the cases":
        x = mirrored_at_random(x, random)
    assert is_mirror_symmetric(x) == (kind != "of one side")


def test_digits_have_a_side_and_a_constant_has_none(digits):
    images, labels = digits
    assert not any(is_mirror_symmetric(torch.from_numpy(images[labels == digit])) for digit in range(10))
    assert is_mirror_symmetric(torch.full((5, 1, 8, 8), 7, dtype=torch.uint8))
