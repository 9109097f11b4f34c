"""The distance of a row to learned rows, half relative to theirs."""

from __future__ import annotations

import math

import pytest
import torch

from ama.scores.densities import fit_memory_bank
from ama.scores.terms.local_nearest_rows import LocalNearestRows
from draws import draw
from row_terms import fitted


def test_the_value_by_hand():
    x, other = draw(0, 50, 3), draw(1, 1, 3)
    term = fitted(LocalNearestRows, x)
    mean, whitening, points = fit_memory_bank(x, 0)
    white, floor = ((other[0] - mean) @ whitening).tolist(), term.floor.item()

    def mean_distance(row, others):
        nearest = sorted((math.dist(row, point), i) for i, point in others)[:5]
        return sum(d for d, _ in nearest) / 5, [i for _, i in nearest]

    bank = list(enumerate(points.tolist()))
    own, around = mean_distance(white, bank)
    theirs = sum(mean_distance(bank[i][1], [p for p in bank if p[0] != i])[0] for i in around) / 5
    expected = math.log(own + floor) - 0.5 * math.log(theirs + floor)
    assert term.value(other).item() == pytest.approx(expected)


def test_what_lies_beside_a_dense_cluster_is_as_unusual_as_what_lies_farther_from_a_sparse_one():
    dense, sparse = 0.01 * draw(0, 200, 2), 10 + draw(1, 200, 2)
    term = fitted(LocalNearestRows, torch.cat([dense, sparse]))
    beside, within = term.value(torch.tensor([[0.1, 0.1], [10.3, 10.3]], dtype=torch.float64)).tolist()
    assert beside > within


def test_a_learned_row_counts_as_an_unseen_one_however_it_is_rounded():
    learned, unseen = draw(0, 800, 3), draw(1, 800, 3)
    term = fitted(LocalNearestRows, learned)
    of_learned, of_unseen = term.value(learned), term.value(unseen)
    assert (of_learned.mean() - of_unseen.mean()).abs() < 0.2 * of_unseen.std()
    torch.testing.assert_close(term.value(learned + 1e-7), of_learned, rtol=0, atol=1e-4)


def test_learned_rows_that_are_all_equal_have_a_finite_value():
    x = torch.zeros(30, 2, dtype=torch.float64)
    assert fitted(LocalNearestRows, x).value(x).isfinite().all()
