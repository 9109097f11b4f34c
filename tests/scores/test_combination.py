"""Sums and smooth maxima of terms, and their weights by hand."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ama.scores.combination import Combination, sum_of_terms, term_weights
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


@given(seeds, st.integers(1, 20), st.integers(1, 20), st.integers(1, 3), st.sampled_from([0.0, 1.0, 2.0]))
def test_a_weight_is_a_power_of_the_auroc_on_the_worst_kind(seed, n, m, t, exponent):
    normal, kinds = (
        draw(seed, n, t).round(),
        [draw(seed + i, m, t).round() for i in (1, 2)],
    )  # rounded: ties

    def auroc(kind, j):
        pairs = [(a > b) + (a == b) / 2 for a in kind[:, j].tolist() for b in normal[:, j].tolist()]
        return sum(pairs) / len(pairs)

    worst = [min(auroc(kinds[0], j), auroc(kinds[1], j)) ** exponent for j in range(t)]
    total = sum(worst)
    expected = [w / total for w in worst] if total else [1 / t] * t
    assert term_weights(normal, kinds, exponent).tolist() == pytest.approx(expected)


def test_a_term_of_zero_stays_finite():
    assert log_term(torch.zeros(2)).isfinite().all()


def combination(t: int, bound: float = 0.0, maximum: bool = True, weight: list[float] | None = None):
    made = Combination(t, bound, maximum)
    made.weight.copy_(torch.ones(t) if weight is None else torch.tensor(weight))
    return made


@given(seeds, st.integers(1, 9), st.integers(2, 8), st.floats(0.01, 100))
def test_a_smooth_maximum_lies_between_the_maximum_and_the_logarithm_of_the_number_of_terms_more(
    seed, b, t, size
):
    terms, made = size * draw(seed, b, t), combination(t)
    made.fit_scale(size * draw(seed + 1, 30, t))
    largest = made.standardised(terms).amax(1)
    found = -made(terms)
    assert (found >= largest - 1e-9).all()
    assert (found <= largest + math.log(t) + 1e-9).all()
    made.weight.fill_(1 / t)  # as of weights that sum to 1
    torch.testing.assert_close(-made(terms), found - math.log(t))


@given(seeds, st.integers(2, 6), st.integers(0, 5), st.floats(1e-3, 1e3), st.sampled_from([0.0, 3.0]))
def test_a_sample_is_no_more_normal_if_a_term_rises(seed, t, which, rise, bound):
    made = combination(t, bound)
    made.weight.copy_(draw(seed + 1, t).exp())
    terms = draw(seed, 7, t)
    risen = terms.clone()
    risen[:, which % t] += rise
    before, after = made(terms), made(risen)
    assert (after <= before).all()
    small = terms.amax(1) - terms[:, which % t] < 3
    assert (after < before)[small].all()


@given(seeds, st.integers(2, 6))
def test_a_term_without_weight_takes_no_part_in_the_maximum(seed, t):
    terms = draw(seed, 9, t)
    of_all, without = combination(t, weight=[0.0] + [0.5] * (t - 1)), combination(t - 1)
    without.maximum = True  # of a single term, too
    without.weight.fill_(0.5)
    torch.testing.assert_close(of_all(terms), without(terms[:, 1:]))
    terms[:, 0] = 1e6
    torch.testing.assert_close(of_all(terms), without(terms[:, 1:]))


@pytest.mark.parametrize("bound", [0.0, 3.0])
def test_terms_of_a_million_standard_deviations_do_not_overflow(bound):
    made = combination(3, bound, weight=[0.2, 0.3, 0.5])
    terms = torch.tensor([[1e6, 0, 0], [-1e6, -1e6, -1e6], [1e6, 1e6, 1e6]], dtype=torch.float64)
    found = made(terms)
    assert found.isfinite().all()
    assert found[0] < found[1]
    if not bound:
        assert found.tolist() == pytest.approx([-1e6 - math.log(0.2), 1e6, -1e6])


def test_what_one_term_finds_outweighs_several_that_find_nothing():
    """A sum dilutes it."""
    one, several = [6.0, -1, -1, -1, -1, -1], [1.3] * 6
    terms = torch.tensor([one, several], dtype=torch.float64)
    of_maximum, of_sum = (combination(6, maximum=maximum)(terms) for maximum in (True, False))
    assert of_maximum[0] < of_maximum[1]
    assert of_sum[0] > of_sum[1]


@pytest.mark.parametrize("maximum", [False, True])
def test_a_single_term_decides_as_it_is(maximum):
    made = combination(1, 3.0, maximum)
    assert made(torch.tensor([[-7.0], [0.5], [1e6]], dtype=torch.float64)).tolist() == [7.0, -0.5, -1e6]
