r"""The bets of the drift martingale, and the capital behind them; formulas in :mod:`ama.decision.martingale`."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int
from scipy.special import betaln

# A bet is the density of a Beta distribution, large for the p-values that are expected after such a change.
BETS: dict[tuple[float, float], str] = {
    (1 / 4, 4): "lower", (1 / 2, 2): "lower", (4 / 5, 5 / 4): "lower",
    (4, 1 / 4): "higher", (2, 1 / 2): "higher", (5 / 4, 4 / 5): "higher",
    (1 / 2, 1 / 2): "more varied", (2, 2): "less varied",
}  # fmt: skip
CHANGES = tuple(BETS.values())
_A, _B = np.array(list(BETS)).T
_LOG_NORM = betaln(_A, _B)


def log_bets(p: Float[np.ndarray, " s"]) -> Float[np.ndarray, "s 8"]:
    """Logarithms of the densities of :data:`BETS` at p-values in (0, 1)."""
    return (_A - 1) * np.log(p)[:, None] + (_B - 1) * np.log1p(-p)[:, None] - _LOG_NORM


def log_unbet(n: int | Int[np.ndarray, " m"]) -> Float[np.ndarray, "*m"]:
    """Logarithm of the share of the capital that is first bet after sample n."""
    return np.asarray(-np.log1p(np.log1p(n)))


def log_share(n: int | Int[np.ndarray, " m"]) -> Float[np.ndarray, "*m"]:
    """Logarithm of the share of the capital that is first bet on sample n, counted from 1."""
    return np.asarray(np.log(np.log1p(1 / n)) + log_unbet(n - 1) + log_unbet(n))


def bet(
    log_wealth: Float[np.ndarray, "*s 8"], log_bet: Float[np.ndarray, "*s 8"], log_next: Float[np.ndarray, ""]
) -> Float[np.ndarray, "*s 8"]:
    """The logarithmic wealth of each bet after another p-value.

    Parameters
    ----------
    log_wealth
        Before it.
    log_bet
        :func:`log_bets` of the p-value.
    log_next
        :func:`log_share` of the next sample, which is added.
    """
    return np.logaddexp(log_wealth + log_bet, log_next)


def log_evidence(
    log_wealth: Float[np.ndarray, "s 8"], n: int | Int[np.ndarray, " s"]
) -> Float[np.ndarray, " s"]:
    """Logarithm of the martingale after n samples."""
    return np.logaddexp(np.logaddexp.reduce(log_wealth, 1) - np.log(len(BETS)), log_unbet(n + 1))
