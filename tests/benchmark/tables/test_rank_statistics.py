"""Ranks and their tests, against published values and worked examples."""

from __future__ import annotations

import numpy as np
import pytest

from ama.benchmark.tables.rank_statistics import (
    average_ranks,
    critical_difference,
    friedman,
    not_different,
)

# Demšar (2006), Table 5 (a): q at the level 0.05 by the number of methods.
PUBLISHED = {2: 1.960, 3: 2.343, 4: 2.569, 5: 2.728, 6: 2.850, 7: 2.949, 8: 3.031, 9: 3.102, 10: 3.164}


@pytest.mark.parametrize("k", PUBLISHED)
def test_the_critical_difference_is_the_published_one(k):
    expected = PUBLISHED[k] * np.sqrt(k * (k + 1) / (6 * 14))
    assert critical_difference(k, 14) == pytest.approx(expected, abs=1e-3)


def test_the_best_method_has_rank_one_and_equals_share():
    ranks = average_ranks(np.array([[0.9, 0.8, 0.8], [0.7, 0.9, 0.1]]))
    assert ranks.tolist() == [1.5, 1.75, 2.75]


def test_methods_that_always_come_in_the_same_order_differ():
    random = np.random.default_rng(0)
    values = random.normal(size=(20, 4))
    assert friedman(values) > 0.05
    assert friedman(values + np.arange(0, 36, 9)) < 1e-6


def test_ranges_are_the_longest_without_a_difference():
    ranks = np.array([4.0, 1.0, 2.0, 2.5, 5.6])
    assert not_different(ranks, 1.6) == [(1.0, 2.5), (2.5, 4.0)]
    assert not_different(ranks, 0.1) == []
    assert not_different(ranks, 9.0) == [(1.0, 5.6)]
    # Those that are just as far apart as the difference differ.
    assert not_different(np.array([1.0, 2.0]), 1.0) == []
