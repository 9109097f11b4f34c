r"""Drift over time: a conformal test martingale, whose alarm is false on at most a share :math:`\alpha` of all streams.

Many tests, one for each batch, alarm sooner or later. A martingale is one test of a stream of any length: it bets
against the claim that the scores of the stream are exchangeable with those of held-out normal samples, starts with a
capital of 1, and can become large only by luck if the claim is true (Vovk, Gammerman & Shafer, "Algorithmic Learning
in a Random World", 2nd ed., 2022, ch. 8; Vovk, "Testing randomness online", Statistical Science 36, 2021).

======================================================================================  ============================
quantity                                                                                here
======================================================================================  ============================
:math:`p_n = (\#\{b < s_n\} + u_n (\#\{b = s_n\} + 1)) / (k + 1)`, b in the bag of k    :func:`smoothed_p_value`
densities :math:`f_j` of Beta distributions, the bets: :math:`\int_0^1 f_j = 1`         ``bets.log_bets``
share :math:`\pi_t` of the capital that is first bet on sample t                        ``bets.log_share``
:math:`W_{n,j} = W_{n-1,j} f_j(p_n) + \pi_{n+1}, \; W_{0,j} = \pi_1`                    ``bets.bet``
:math:`S_n = \frac{1}{8} \sum_j W_{n,j} + 1 - \sum_{t \le n+1} \pi_t`, the evidence     ``bets.log_evidence``
======================================================================================  ============================

**The p-values are independent and uniform.** Ranks among a fixed calibration set are not: they share its chance. Here
the bag changes. It begins with the held-out scores; :math:`s_n` is ranked in it and joins it, and if the bag exceeds
its limit, one of the k + 1 scores, drawn uniformly at random, the newest included, is dropped.

1. Claim: given :math:`p_1, ..., p_{n-1}`, the bag in random order, followed by :math:`s_n, s_{n+1}, ...`, is
   exchangeable. For n = 1 this is the assumption.
2. Let U be the bag and :math:`s_n`, without order. By 1, each of the k + 1 members of U is equally likely to be
   :math:`s_n`, whatever U, the later scores and the earlier p-values are.
3. So the smoothed rank :math:`p_n` is uniform on (0, 1), and independent of U, the later scores and the earlier
   p-values.
4. So given :math:`p_n`, too, U in random order, followed by :math:`s_{n+1}, ...`, is exchangeable. It stays so without
   a member that is chosen regardless of values and ranks. This is 1 for n + 1. ∎

Reservoir sampling, which prefers to drop the newest score, would violate step 4, and starting anew with the same
held-out scores in each window would violate step 1.

**The bound.** For independent uniform p-values each factor :math:`f_j(p_i)` has expectation 1 given the past, so
:math:`S_n`, a mixture over j and t of the products of :math:`f_j(p_i)`, i from t to n, is a non-negative martingale
with :math:`S_0 = 1`. By Ville's inequality :math:`P(\sup_n S_n \ge 1/\alpha) \le \alpha`. The alarm is never reset.
The probability is that of the scores and the random draws together.

**The delay.** A change at sample T is found by the products that begin near T, which no quiet time before has worn out.
With :math:`1 - \sum_{t \le n} \pi_t = 1 / (1 + \ln(1 + n))` the evidence reaches :math:`1/\alpha` after about
:math:`d = (\ln(1/\alpha) + \ln 8 + \ln(T \ln^2 T / d)) / g` samples, where g is the mean of :math:`\ln f_j(p)` after
the change for the best j. This grows with the logarithm of T. As changed scores join the bag, too, a change that is so
small that d exceeds the size of the bag may go unnoticed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float, UInt64

from ama.decision.bets import BETS, CHANGES, bet, log_bets, log_evidence, log_share
from ama.decision.martingale_state import check_state
from ama.utils.progress import advance

LEVEL = 0.01  # share of the streams without drift that ever alarm, at most
MOST = 10_000  # scores in the bag
# What is stored of a test, besides its arrays.
KEPT = ("level", "seed", "seen", "log_evidence", "log_largest", "largest_at", "change", "alarm_at")


def smoothed_p_value(
    score: Float[np.ndarray, "*s"], bag: Float[np.ndarray, "*s k"], u: Float[np.ndarray, "*s"]
) -> Float[np.ndarray, "*s"]:
    """Rank of a score in a bag and itself, ties broken at random, as a share in (0, 1).

    Parameters
    ----------
    score
        The newest score of each stream, or of a single one, ().
    bag
        Scores with which it is exchangeable unless the stream has changed; k may be 0.
    u
        Uniform random numbers in (0, 1).
    """
    newest, axis = score[..., None], -1 if bag.ndim > 1 else None  # several times as fast for one stream
    lower, equal = np.count_nonzero(bag < newest, axis), np.count_nonzero(bag == newest, axis)
    return np.asarray((lower + u * (equal + 1)) / (bag.shape[-1] + 1))


def join(
    bag: Float[np.ndarray, "s most"],
    size: int,
    newest: Float[np.ndarray, " s"],
    place: Float[np.ndarray, " s"],
) -> None:
    """Add the newest score of each stream to its bag; of a full one and the newest, a score at random is dropped.

    Parameters
    ----------
    bag
        Changed in place.
    size
        Number of scores in each bag so far, the first of its row.
    newest
        Of each stream.
    place
        Uniform random numbers in (0, 1), which say what is dropped.
    """
    most = bag.shape[1]
    if size < most:
        bag[:, size] = newest
        return
    dropped = (place * (most + 1)).astype(int)
    stays = dropped < most  # the newest
    bag[stays, dropped[stays]] = newest[stays]


def draws(seed: int, first: int, n: int) -> Float[np.ndarray, "n 2"]:
    """Uniform random numbers in (0, 1), two for each of n samples, that depend on seed and number of a sample alone."""
    generator = np.random.Philox(key=seed)
    raw: UInt64[np.ndarray, "n 4"] = generator.advance(first).random_raw(4 * n).reshape(n, 4)
    return ((raw[:, :2] >> np.uint64(12)) + 0.5) / 2**52  # neither 0 nor 1


class DriftMartingale:
    """The test of one stream, fed in any number of parts: the result is the same bit for bit.

    Parameters
    ----------
    reference
        Scores that those of the stream are exchangeable with while nothing changes; of more than ``most``, as many at
        random. It may be empty: the test then finds changes within the stream alone.
    level
        Share of the streams without drift that ever alarm, at most; between 0 and 1, both excluded.
    seed
        Of ties, and of what leaves the bag; from 0.
    most
        Limit of the bag.

    Attributes
    ----------
    seen : int
        Number of samples.
    log_evidence, log_largest : float
        Natural logarithm of the evidence now, and of the largest so far.
    largest_at : int
        The sample after which it was largest, counted from 1; 0 for the start.
    change : str
        How the scores seem to have changed at the alarm or, without one, when it was largest: one of ``bets.CHANGES``.
    alarm_at : int or None
        The first sample after which the evidence was 1 / level or more.
    """

    def __init__(
        self,
        reference: Float[np.ndarray, " m"],
        level: float = LEVEL,
        seed: int = 0,
        most: int = MOST,
    ):
        if not 0 < level < 1:
            raise ValueError(f"level must lie between 0 and 1, both excluded; found {level}")
        reference = np.asarray(reference, np.float32)
        if len(reference) > most:
            reference = np.random.default_rng(seed).choice(reference, most, replace=False)
        self.level, self.seed, self.most = level, seed, most
        self.bag = np.concatenate([reference, np.zeros(most - len(reference), np.float32)])[None]
        self.n_reference, self.seen = len(reference), 0
        self.log_wealth = np.full(len(BETS), log_share(1))
        self.log_evidence = self.log_largest = 0.0
        self.largest_at, self.change = 0, CHANGES[0]
        self.alarm_at: int | None = None

    @property
    def size(self) -> int:
        """Number of scores in the bag."""
        return min(self.most, self.n_reference + self.seen)

    def update(self, scores: Float[np.ndarray, " n"]) -> None:
        """Feed the next scores of the stream, in order.

        They are compared as float32, so that the same sample ties with itself however its last digits were rounded.

        Raises
        ------
        ValueError
            If a score is not finite in float32.
        """
        with np.errstate(over="ignore"):
            scores = np.asarray(scores, np.float64).astype(np.float32)
        if not np.isfinite(scores).all():
            raise ValueError("scores must be finite numbers below 3.4e38")
        random, p = draws(self.seed, self.seen, len(scores)), np.empty(len(scores))
        before = {**vars(self), "bag": self.bag.copy()}
        try:
            for i in range(len(p)):
                p[i] = self._ranked(scores[i : i + 1], *random[i : i + 1].T)
                advance()
            if len(p):
                self._bet(p)
        except BaseException:
            # An interruption: scores in the bag without all of their bets would be no state of a test.
            vars(self).update(before)
            raise

    def _ranked(
        self, score: Float[np.ndarray, " 1"], u: Float[np.ndarray, " 1"], place: Float[np.ndarray, " 1"]
    ) -> Float[np.ndarray, ""]:
        """The p-value of a score, which then joins the bag."""
        p = smoothed_p_value(score[0, ...], self.bag[0, : self.size], u[0, ...])
        join(self.bag, self.size, score, place)
        self.seen += 1
        return p

    def _bet(self, p: Float[np.ndarray, " n"]) -> None:
        numbers = np.arange(self.seen - len(p), self.seen) + 1  # of these samples, counted from 1
        log_bet, log_next = log_bets(p), log_share(numbers + 1)
        wealth = np.empty_like(log_bet)  # after each of them
        for i in range(len(p)):
            self.log_wealth = wealth[i] = bet(self.log_wealth, log_bet[i], log_next[i, ...])
        evidence = log_evidence(wealth, numbers)
        self.log_evidence = evidence[-1].item()
        if self.alarm_at is None:
            alarmed = evidence >= -np.log(self.level)
            first = int(alarmed.argmax()) if alarmed.any() else len(p) - 1
            # Later, changed scores in the bag blur what has changed.
            top = int(evidence[: first + 1].argmax())
            if evidence[top] > self.log_largest:
                self.change = CHANGES[int(wealth[top].argmax())]
            self.alarm_at = int(numbers[first]) if alarmed.any() else None
        top = int(evidence.argmax())
        if evidence[top] > self.log_largest:
            self.log_largest, self.largest_at = evidence[top].item(), int(numbers[top])

    def state_dict(self) -> dict[str, Any]:
        """Everything that later samples need, as JSON types."""
        kept = {name: getattr(self, name) for name in KEPT}
        return {**kept, "log_wealth": self.log_wealth.tolist(), "bag": self.bag[0, : self.size].tolist()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from what :meth:`state_dict` returned, of a test with the same reference and limit.

        Raises
        ------
        ValueError
            If its values cannot be those of such a test.
        """
        check_state(state, min(self.most, self.n_reference + max(0, state["seen"])))
        for name in KEPT:
            setattr(self, name, state[name])
        self.bag[0, : self.size] = state["bag"]
        self.log_wealth = np.array(state["log_wealth"], np.float64)
