"""Sums of terms and their weights by hand."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ama.scores.combination import sum_of_terms, term_weights
from ama.scores.logarithm import log_term
from draws import draw

seeds, sizes = st.integers(0, 2**32), st.integers(1, 7)


@given(seeds, st.integers(2, 9), st.integers(1, 3))
def test_a_sum_adds_the_standardised_terms_by_their_weights(seed, b, t):
    terms, mean, std = draw(seed, b, t), draw(seed + 1, t), draw(seed + 2, t).exp()
    weight = draw(seed + 3, t).abs()
    expected = [
        -sum(
            w * (value - m) / s
            for value, m, s, w in zip(row, *map(torch.Tensor.tolist, (mean, std, weight)), strict=True)
        )
        for row in terms.tolist()
    ]
    assert sum_of_terms(terms, mean, std, weight).tolist() == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(seeds, st.integers(1, 5), st.floats(0.5, 9))
def test_a_bounded_term_says_no_more_than_its_bound_and_small_ones_are_as_they_were(seed, t, bound):
    terms, mean, std = 100 * draw(seed, 6, t), draw(seed + 1, t), draw(seed + 2, t).exp()
    weight = draw(seed + 3, t).exp()
    [*total] = sum_of_terms(terms, mean, std, weight, bound).tolist()
    for row, found in zip(terms.tolist(), total, strict=True):
        z = [(x - m) / s for x, m, s in zip(row, mean.tolist(), std.tolist(), strict=True)]
        by_hand = -sum(w * bound * math.tanh(v / bound) for w, v in zip(weight.tolist(), z, strict=True))
        assert found == pytest.approx(by_hand, rel=1e-9, abs=1e-9)
        assert abs(found) <= bound * weight.sum() * (1 + 1e-12)
    near = mean + 1e-3 * std * terms.sign()
    scores = (sum_of_terms(near, mean, std, weight, c) for c in (bound, 0.0))
    torch.testing.assert_close(*scores, rtol=1e-5, atol=1e-12)


@given(seeds, st.integers(1, 20), st.integers(1, 20), st.integers(1, 3))
def test_a_weight_is_the_auroc_on_the_worst_kind(seed, n, m, t):
    normal, kinds = (
        draw(seed, n, t).round(),
        [draw(seed + i, m, t).round() for i in (1, 2)],
    )  # rounded: ties

    def auroc(kind, j):
        pairs = [(a > b) + (a == b) / 2 for a in kind[:, j].tolist() for b in normal[:, j].tolist()]
        return sum(pairs) / len(pairs)

    worst = [min(auroc(kinds[0], j), auroc(kinds[1], j)) for j in range(t)]
    total = sum(worst)
    expected = [w / total for w in worst] if total else [1 / t] * t
    assert term_weights(normal, kinds).tolist() == pytest.approx(expected)


def test_a_term_of_zero_stays_finite():
    assert log_term(torch.zeros(2)).isfinite().all()
