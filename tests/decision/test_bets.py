"""The bets of the drift martingale: fair, and with all of the capital shared out."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from ama.decision.bets import BETS, bet, log_bets, log_evidence, log_share, log_unbet


@pytest.mark.parametrize("a_b", list(BETS))
def test_every_bet_is_fair(a_b):
    j = list(BETS).index(a_b)
    assert log_bets(np.array([0.3]))[0, j] == pytest.approx(stats.beta(*a_b).logpdf(0.3))
    area = integrate.quad(lambda p: math.exp(log_bets(np.array([p]))[0, j]), 0, 1, limit=200)[0]
    assert area == pytest.approx(1, abs=1e-5)


def test_the_capital_is_shared_out_to_the_start_of_each_sample():
    shares = np.exp([log_share(n) for n in range(1, 2001)])
    assert shares.sum() + math.exp(log_unbet(2000)) == pytest.approx(1)
    start = np.full((1, len(BETS)), log_share(1))
    assert log_evidence(start, 0).item() == pytest.approx(0, abs=1e-12)


@given(st.integers(1, 50), st.integers(0, 2**32))
def test_a_bet_conserves_the_expected_capital(n, seed):
    wealth = np.random.default_rng(seed).normal(size=(1, len(BETS)))
    nodes, weights = np.polynomial.legendre.leggauss(400)
    # p = sin^2 resolves the ends, where some bets are unbounded.
    angle = (nodes + 1) * math.pi / 4
    p, of_p = np.sin(angle) ** 2, weights * math.pi / 4 * np.sin(2 * angle)
    after = np.exp(log_evidence(bet(np.repeat(wealth, 400, 0), log_bets(p), log_share(n + 1)), n))
    assert (after * of_p).sum() == pytest.approx(np.exp(log_evidence(wealth, n - 1)).item(), rel=1e-2)
