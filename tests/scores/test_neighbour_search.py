"""The nearest points by hand, exactly, and no point as its own neighbour."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ama.scores.neighbour_search import CHUNK, FLOOR, K, distance_floor, nearest
from draws import draw, tensor

seeds = st.integers(0, 2**32)


@given(seeds, st.integers(1, 5), st.integers(2, 30), st.integers(1, 4), st.integers(1, 7))
def test_the_nearest_points_by_hand(seed, b, m, d, k):
    x, points = draw(seed, b, d), draw(seed + 1, m, d)
    found = nearest(x, points, k=k)
    for row, distance, which in zip(x.tolist(), found.distance.tolist(), found.which.tolist(), strict=True):
        order = sorted((math.dist(row, point), i) for i, point in enumerate(points.tolist()))
        expected = order[: min(k, m - 1)]
        assert distance == pytest.approx([d for d, _ in expected], rel=1e-12)
        assert which == [i for _, i in expected]


def test_a_point_is_not_its_own_neighbour_but_its_twin_is():
    points = tensor([[0.0], [1.0], [1.0], [3.0]])
    assert nearest(points, points, k=2).distance.tolist() == [[1, 1], [0, 1], [0, 1], [2, 2]]
    assert nearest(tensor([[2.0]]), points, k=2).distance.tolist() == [[1, 1]]


def test_a_point_that_is_rounded_otherwise_is_itself():
    points = draw(0, 40, 3)
    found = nearest(points + 1e-6, points, same=2e-6)
    assert torch.equal(found.which, nearest(points, points).which)
    assert (nearest(points + 1e-6, points).which[:, 0] == torch.arange(40)).all()


def test_a_learned_point_is_as_far_as_if_it_had_been_left_out():
    points = draw(0, 40, 3)
    own = nearest(points, points).distance
    left_out = [
        nearest(points[i : i + 1], torch.cat([points[:i], points[i + 1 :]])).distance for i in range(40)
    ]
    assert torch.equal(own, torch.cat(left_out))


def test_distances_of_nearly_equal_points_are_not_rounded():
    points = 1e4 + 2.0**-12 * torch.arange(100, dtype=torch.float64)[:, None].expand(100, 3)
    found = nearest(points[50:51] + 2.0**-20, points)
    assert found.which[0, :3].tolist() == [50, 51, 49]
    assert (found.distance[0, :3] / 3**0.5).tolist() == pytest.approx(
        [2.0**-20, 255 * 2.0**-20, 257 * 2.0**-20]
    )


@pytest.mark.parametrize("size", [1e15, 1e30])
def test_far_points_have_finite_distances(size):
    found = nearest(tensor([[size, -size]]), draw(0, 20, 2))
    assert found.distance[0].tolist() == pytest.approx([size * 2**0.5] * K)


def test_the_distance_does_not_depend_on_the_batch():
    x, points = draw(0, CHUNK + 7, 4), draw(1, 50, 4)
    whole = nearest(x, points)
    parts = [nearest(part, points) for part in x.split(100)]
    assert torch.equal(whole.distance, torch.cat([part.distance for part in parts]))


def test_the_floor_is_a_share_of_the_usual_distance():
    assert distance_floor(tensor([[0.0, 0.0], [0.0, 2.0], [1.0, 3.0]])).item() == FLOOR * 2.0
    assert distance_floor(torch.zeros(3, 2)).item() == 1.0
