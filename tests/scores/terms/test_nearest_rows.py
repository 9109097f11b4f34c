"""The distance of a row to learned rows."""

from __future__ import annotations

import math

import pytest
import torch

from ama.scores.kinds.factory import kind_of
from ama.scores.terms.nearest_rows import MAX_POINTS, NearestRows
from draws import TINY, draw


def fitted(x):
    term = NearestRows(kind_of((x.shape[1],)), TINY)
    term.fit([x[:20], x[20:]], seed=0)
    return term


def test_the_value_is_the_logarithm_of_the_mean_distance_to_five_rows():
    x, other = draw(0, 50, 3), draw(1, 1, 3)
    term = fitted(x)
    nearest = sorted(math.dist(other[0].tolist(), row) for row in x.tolist())[:5]
    assert term.value(other).item() == pytest.approx(math.log(sum(nearest) / 5 + term.floor.item()))


def test_a_row_that_many_learned_rows_equal_has_a_finite_value():
    term = fitted(torch.zeros(30, 2, dtype=torch.float64))
    assert term.value(torch.zeros(1, 2, dtype=torch.float64)).tolist() == [0.0]
    assert term.value(torch.ones(1, 2, dtype=torch.float64)).item() == pytest.approx(math.log(1 + 2**0.5))


def test_a_learned_row_counts_as_an_unseen_one():
    learned, unseen = draw(0, 800, 3), draw(1, 800, 3)
    term = fitted(learned)
    of_learned, of_unseen = term.value(learned), term.value(unseen)
    assert (of_learned.mean() - of_unseen.mean()).abs() < 0.1 * of_unseen.std()
    torch.testing.assert_close(term.value(learned + 1e-7), of_learned, rtol=0, atol=1e-4)


def test_a_bank_keeps_a_random_part_of_many_rows():
    assert len(fitted(draw(0, MAX_POINTS + 1, 2)).points) == MAX_POINTS
