"""``ama benchmark false-alarms``: whether false alarms on new normal samples are as many as the theory allows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scipy import stats
from tqdm.auto import tqdm

from ama.benchmark.tables.datasets import images
from ama.benchmark.tables.published import DIGITS
from ama.decision.conformal import rank
from ama.detectors.ama import AMADetector
from ama.io.results_files import append_result

RATES = (0.01, 0.05, 0.1)


def false_alarms(folder: str | None, append_to: str | None, max_steps: int | None, only: str | None) -> None:
    """Learn each digit of MNIST and count the false alarms on its test images, at several rates.

    The band holds 95 of 100 outcomes: the threshold's share of normal samples is Beta(k, m + 1 - k)
    (docs/guarantee.md), and the number of n test images below it then is beta-binomial.

    Parameters
    ----------
    folder
        Of the data sets; None: the hub.
    append_to
        Results file to which a line per digit and rate is added.
    max_steps
        Length of the trainings, or None for the preset's.
    only
        Only this digit.

    Raises
    ------
    InputError
        If the data set is not there.
    """
    train, test = (images("mnist", split, folder) for split in ("train", "test"))
    print("digit   rate   flagged of    share    band of 95 in 100")
    for digit in tqdm(
        [d for d in DIGITS if only in (None, d)], desc="false alarms", unit="training", disable=None
    ):
        detector = AMADetector(preset="compact", max_steps=max_steps, random_state=0)
        detector.fit(train.of(train.labels == digit))
        p = detector.p_value(test.of(test.labels == digit))
        for rate in RATES:
            record = measured(digit, rate, len(detector.model_.calibration), int((p <= rate).sum()), len(p))
            inside = "" if record["inside"] else "   outside"
            print(
                f"{digit:8}{rate:4.2f}{record['flagged']:9}{len(p):6}{record['flagged'] / len(p):9.4f}    "
                f"{record['low']:.4f} to {record['high']:.4f}{inside}",
                flush=True,
            )
            if append_to is not None:
                append_result(Path(append_to), record)


def measured(digit: str, rate: float, held_out: int, flagged: int, n: int) -> dict[str, Any]:
    """What was counted beside the band that the theory gives."""
    k = rank(held_out, rate)
    low, high = stats.betabinom(n, k, held_out + 1 - k).interval(0.95)
    return {
        "command": "ama benchmark false-alarms",
        "digit": digit,
        "rate": rate,
        "held_out": held_out,
        "tested": n,
        "flagged": flagged,
        "low": low / n,
        "high": high / n,
        "inside": bool(low <= flagged <= high),
    }
