"""``ama benchmark columns``: whether a row's map points at the column that is wrong, beside reconstruction errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from tqdm.auto import tqdm

from ama.detector import AMADetector
from ama.results import append_result

TRAINED_ON = 0.6
COPIES = 4  # of each test row, each with another column swapped
FALSE_ALARM_RATE = 0.1


def tables() -> dict[str, np.ndarray]:
    """Rows that scikit-learn ships, and rows of ten columns made of three hidden ones."""
    random = np.random.default_rng(0)
    hidden = random.normal(size=(1500, 3))
    tumours, benign = load_breast_cancer(return_X_y=True)
    return {
        "benign tumours": tumours[benign == 1],
        "wines": load_wine(return_X_y=True)[0],
        "digits as rows": load_digits(return_X_y=True)[0],
        "three hidden columns": hidden @ random.normal(size=(3, 10)) + 0.3 * random.normal(size=(1500, 10)),
    }


def columns(append_to: str | None, max_steps: int | None, only: str | None) -> None:
    """Swap a column's value in each test row for another row's, and print how often that column comes first.

    Counted are the rows that are flagged with the swapped value and were not before.

    Parameters
    ----------
    append_to
        Results file to which a line per table is added.
    max_steps
        Length of the trainings, or None for the preset's.
    only
        Only the tables whose name holds this text.
    """
    chosen = {name: rows for name, rows in tables().items() if only is None or only in name}
    print(f"{'':26}the swapped column comes first in the rows flagged for it, by the")
    print("table                     flagged   map      reconstruction error")
    for name, rows in tqdm(chosen.items(), desc="columns", unit="training", disable=None):
        record = measure(name, rows, max_steps)
        print(
            f"{name:26}{record['flagged']:>7}{record['map']:9.3f}{record['reconstruction_error']:9.3f}",
            flush=True,
        )
        if append_to is not None:
            append_result(Path(append_to), record)


def measure(name: str, rows: np.ndarray, max_steps: int | None) -> dict[str, Any]:
    """Train on some of the rows, swap values in the others."""
    random = np.random.default_rng(0)
    rows = rows[:, rows.std(0) > 0]
    rows = rows[random.permutation(len(rows))]
    n = round(TRAINED_ON * len(rows))
    train, test = rows[:n], np.repeat(rows[n:], COPIES, axis=0)
    whole = test.copy()
    detector = AMADetector(max_steps=max_steps, false_alarm_rate=FALSE_ALARM_RATE, random_state=0).fit(train)
    swapped = random.integers(rows.shape[1], size=len(test))
    place = np.arange(len(test)), swapped
    test[place] = train[random.integers(n, size=len(test)), swapped]
    # A row that was flagged before the swap says nothing of it.
    flagged = (detector.predict(test) < 0) & (detector.predict(whole) > 0)
    x, column = test[flagged], swapped[flagged]
    error = np.abs(detector.reconstruct(x) - x) / train.std(0)
    return {
        "command": "ama benchmark columns",
        "table": name,
        "rows": len(test),
        "columns": rows.shape[1],
        "steps": detector.n_steps_,
        "flagged": int(flagged.sum()),
        "map": _first(detector.anomaly_map(x), column),
        "reconstruction_error": _first(error, column),
    }


def _first(values: np.ndarray, column: np.ndarray) -> float:
    return float((values.argmax(1) == column).mean())
