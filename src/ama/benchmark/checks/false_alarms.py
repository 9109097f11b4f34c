"""``ama benchmark false-alarms``: is the number of false alarms on new normal samples the one that theory predicts?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scipy import stats

from ama.benchmark.selected_names import selected
from ama.benchmark.tables.datasets import images
from ama.benchmark.tables.published import DIGITS
from ama.decision.conformal import rank
from ama.detectors.ama import AMADetector
from ama.io.results_files import append_result
from ama.utils.progress import progress_bar

RATES = (0.01, 0.05, 0.1)


def false_alarms(folder: str | None, append_to: str | None, max_steps: int | None, only: str | None) -> None:
    """Train on each digit of MNIST and count the false alarms on its test images, at several requested rates.

    With m held-out samples and k = floor(rate (m + 1)), the share of normal samples that is flagged is distributed as
    Beta(k, m + 1 - k) (docs/results/guarantee.md). The number of false alarms in n test images is therefore
    beta-binomial; the printed band contains it with a probability of 95 %.

    Parameters
    ----------
    folder
        Folder of the data sets, or None for the hub.
    append_to
        Results file to which a line per digit and rate is appended, or None.
    max_steps
        Training steps, or None for the preset's number.
    only
        Use only this digit.

    Raises
    ------
    InputError
        If the data set is missing, or ``only`` is no digit.
    """
    chosen = selected(DIGITS, only)
    train, test = (images("mnist", split, folder) for split in ("train", "test"))
    print("digit   rate   flagged of    share    95 % band")
    for digit in progress_bar(iterable=chosen, desc="false alarms", unit="training"):
        detector = AMADetector(preset="compact", max_steps=max_steps, random_state=0)
        detector.fit(train.of(train.labels == digit))
        p = detector.p_value(test.of(test.labels == digit))
        for rate in RATES:
            record = compare_with_theory(
                digit, rate, len(detector.model_.calibration), int((p <= rate).sum()), len(p)
            )
            inside = "" if record["inside"] else "   outside"
            print(
                f"{digit:8}{rate:4.2f}{record['flagged']:9}{len(p):6}{record['flagged'] / len(p):9.4f}    "
                f"{record['low']:.4f} to {record['high']:.4f}{inside}",
                flush=True,
            )
            if append_to is not None:
                append_result(Path(append_to), record)


def compare_with_theory(digit: str, rate: float, held_out: int, flagged: int, n: int) -> dict[str, Any]:
    """The number of false alarms, and the 95 % band that theory predicts for it."""
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
