"""The distance to normal points, half relative to theirs, by hand."""

from __future__ import annotations

import math

import pytest
import torch

from ama.scores.local_distance import log_local_distance, own_distances
from ama.scores.neighbour_search import nearest
from draws import draw


def test_the_value_by_hand():
    points, x = draw(0, 40, 3), draw(1, 1, 3)
    own, floor = own_distances(points)

    def nearest_five(row, others):
        found = sorted((math.dist(row, other), i) for i, other in others)[:5]
        return sum(distance for distance, _ in found) / 5, [i for _, i in found]

    listed = list(enumerate(points.tolist()))
    distance, around = nearest_five(x[0].tolist(), listed)
    theirs = [nearest_five(listed[i][1], [p for p in listed if p[0] != i])[0] for i in range(40)]
    assert own.tolist() == pytest.approx(theirs)
    of_these = sum(theirs[i] for i in around) / 5
    expected = math.log(distance + floor) - 0.5 * math.log(of_these + floor)
    assert log_local_distance(nearest(x, points), own, floor).item() == pytest.approx(expected)


def test_the_scale_counts_by_its_square_root():
    points, x = draw(0, 40, 3), draw(1, 7, 3)
    values = [
        log_local_distance(nearest(scale * x, scale * points), *own_distances(scale * points))
        for scale in (1, 100)
    ]
    assert torch.allclose(values[1] - values[0], torch.tensor(math.log(10)).double())
