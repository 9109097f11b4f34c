"""``ama benchmark drift``: how often the drift watch alarms on streams without drift, and how soon on those with it."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int
from scipy import stats

from ama.decision.bets import BETS, bet, log_bets, log_evidence, log_share
from ama.decision.martingale import LEVEL, MOST, draws, join, smoothed_p_value
from ama.io.results_files import append_result
from ama.utils.progress import progress_bar

HELD_OUT, SAMPLES, BATCH = 500, 4000, 100  # scores behind the calibration, of a stream, and of a batch
NEVER = 2**31 - 1  # the sample of an alarm that did not come


class Case(NamedTuple):
    """Streams of standard normal scores, lowered from a sample on."""

    lowered: float  # by so many standard deviations
    first: int  # changed sample, counted from 1


CASES = (Case(0.0, 1), *(Case(lowered, first) for lowered in (0.25, 0.5, 1.0) for first in (1, 2001)))


def drift_alarms(append_to: str | None, n_streams: int) -> None:
    """Simulate streams, and print the alarms of the drift watch beside those of Kolmogorov-Smirnov tests of batches.

    The tests alarm at p <= 1 % for a batch, as :func:`ama.decision.conformal.drift`, or at a level so low that, as the
    drift watch, they alarm on at most 1 % of the streams: 1 % by the number of batches, which must be known.

    Parameters
    ----------
    append_to
        Results file to which a line per kind of stream is appended, or None.
    n_streams
        Number of streams of each kind.
    """
    print("lowered  from   " + "".join(f"{name:>32}" for name in TESTS))
    for case in progress_bar(iterable=CASES, desc="drift", unit="kind"):
        record = measured(case, n_streams)
        tests = "".join(f"{_as_text(record[name]):>32}" for name in TESTS)
        print(f"{case.lowered:7}{case.first:6}   {tests}", flush=True)
        if append_to is not None:
            append_result(Path(append_to), record)


def measured(case: Case, n_streams: int, seed: int = 0) -> dict[str, Any]:
    """The alarms of every test on streams of a kind, as a record."""
    started = time.monotonic()
    random = np.random.default_rng([seed, CASES.index(case)])
    held_out = random.standard_normal((n_streams, HELD_OUT), np.float32)
    streams = random.standard_normal((n_streams, SAMPLES), np.float32)
    streams[:, case.first - 1 :] -= case.lowered
    found = {name: summary(test(held_out, streams), case) for name, test in TESTS.items()}
    return {
        "command": "ama benchmark drift",
        **case._asdict(),
        "streams": n_streams,
        "samples": SAMPLES,
        "held_out": HELD_OUT,
        "batch": BATCH,
        "level": LEVEL,
        **found,
        "seconds": round(time.monotonic() - started, 1),
    }


def summary(alarms: Int[np.ndarray, " s"], case: Case) -> dict[str, Any]:
    """Numbers of false and of true alarms, and of the streams without a false one how long the true one took.

    Parameters
    ----------
    alarms
        The sample of the first alarm of each stream, counted from 1, or ``NEVER``.
    case
        What the streams are.
    """
    if not case.lowered:
        return {"false": int((alarms < NEVER).sum())}
    later = alarms[alarms >= case.first]
    middle = int(np.median(later - case.first + 1)) if len(later) else NEVER
    return {
        "false": len(alarms) - len(later),
        "found": int((later < NEVER).sum()),
        "median_delay": middle if middle <= SAMPLES else None,  # None: most are not found
    }


def watch_alarms(
    held_out: Float[np.ndarray, "s m"], streams: Float[np.ndarray, "s n"]
) -> Int[np.ndarray, " s"]:
    """The sample of the first alarm of the drift watch on each stream, counted from 1, or ``NEVER``."""
    n_streams, n_held_out = held_out.shape
    alarms, active = np.full(n_streams, NEVER), np.arange(n_streams)
    bag = np.zeros((n_streams, min(MOST, n_held_out + streams.shape[1])), np.float32)
    bag[:, :n_held_out] = held_out
    log_wealth = np.full((n_streams, len(BETS)), log_share(1))
    for n in range(1, streams.shape[1] + 1):
        size, newest = min(bag.shape[1], n_held_out + n - 1), streams[active, n - 1]
        u, place = draws(0, n * n_streams, len(active)).T
        p = smoothed_p_value(newest, bag[:, :size], u)
        join(bag, size, newest, place)
        log_wealth = bet(log_wealth, log_bets(p), log_share(n + 1))
        alarmed = log_evidence(log_wealth, n) >= -math.log(LEVEL)
        if alarmed.any():
            alarms[active[alarmed]] = n
            active, bag, log_wealth = active[~alarmed], bag[~alarmed], log_wealth[~alarmed]
    return alarms


def batch_alarms(
    held_out: Float[np.ndarray, "s m"], streams: Float[np.ndarray, "s n"], level: float
) -> Int[np.ndarray, " s"]:
    """The end of the first batch whose Kolmogorov-Smirnov test against the held-out scores has p <= level.

    The p-value is that of :func:`ama.decision.conformal.drift`, here by the distance that it is equal to the level at.
    """
    m, alarms = held_out.shape[1], np.full(len(streams), NEVER)
    limit = stats.kstwo.isf(level, round(m * BATCH / (m + BATCH)))
    for first in range(0, streams.shape[1], BATCH):
        both = np.concatenate([held_out, streams[:, first : first + BATCH]], 1)
        steps = np.where(np.argsort(both, 1) < m, 1 / m, -1 / BATCH)
        distance = np.abs(steps.cumsum(1)).max(1)
        alarms[(distance >= limit) & (alarms == NEVER)] = first + BATCH
    return alarms


TESTS = {
    "drift_watch": watch_alarms,
    "batch_test": lambda held_out, streams: batch_alarms(held_out, streams, LEVEL),
    "batch_test_of_stream": lambda held_out, streams: batch_alarms(
        held_out, streams, LEVEL * BATCH / SAMPLES
    ),
}


def _as_text(found: dict[str, Any]) -> str:
    if "found" not in found:
        return f"{found['false']} false alarms"
    return f"{found['found']} found after {found['median_delay']}, {found['false']} false"
