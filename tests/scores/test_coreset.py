"""A greedy coreset, against its definition."""

from __future__ import annotations

import torch

from ama.scores.coreset import PROJECTED, _projected, greedy_coreset


def random(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_each_point_of_the_coreset_is_the_farthest_from_those_before_it():
    points = torch.randn(200, 5, generator=random()).double()
    chosen = greedy_coreset(points, 20, random())
    distance = torch.cdist(points, points)
    for i in range(1, 20):
        assert chosen[i] == distance[:, chosen[:i]].amin(1).argmax()


def test_a_coreset_covers_more_than_a_random_choice():
    points = torch.randn(500, 8, generator=random())
    points[:20] += 10  # a rare kind
    farthest = [
        torch.cdist(points, points[chosen]).amin(1).max()
        for chosen in (greedy_coreset(points, 30, random()), torch.arange(100, 130))
    ]
    assert farthest[0] < farthest[1] / 2


def test_a_coreset_of_few_points_is_all_of_them():
    points = torch.randn(7, 3, generator=random())
    assert greedy_coreset(points, 100, random()).sort().values.tolist() == list(range(7))


def test_a_projection_keeps_distances_roughly_and_leaves_few_dimensions_alone():
    points = torch.randn(50, 1000, generator=random())
    found = _projected(points, random())
    assert found.shape == (50, PROJECTED)
    apart = torch.pdist(found) / torch.pdist(points)
    assert 0.6 < apart.min() < apart.max() < 1.4
    assert torch.equal(_projected(points[:, :10], random()), points[:, :10])
