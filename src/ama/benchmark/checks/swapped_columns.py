"""``ama benchmark columns``: do anomaly map and reconstruction error of a row rank the altered column first?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool
from sklearn.datasets import load_breast_cancer, load_digits, load_wine

from ama.benchmark.selected_names import selected
from ama.detectors.ama import AMADetector
from ama.io.results_files import append_result
from ama.utils.progress import progress_bar

SPLITS = 5  # of each table into training and test rows, as few rows of a small table are flagged
TRAIN_SHARE = 0.6
COPIES = 4  # of each test row, each with another column swapped
FALSE_ALARM_RATE = 0.1


def example_tables() -> dict[str, np.ndarray]:
    """Tables that ship with scikit-learn, and one of ten columns that depend on three hidden ones."""
    random = np.random.default_rng(0)
    hidden = random.normal(size=(1500, 3))
    tumours, benign = load_breast_cancer(return_X_y=True)
    return {
        "benign tumours": tumours[benign == 1],
        "wines": load_wine(return_X_y=True)[0],
        "digits as rows": load_digits(return_X_y=True)[0],
        "three hidden columns": hidden @ random.normal(size=(3, 10)) + 0.3 * random.normal(size=(1500, 10)),
    }


def swapped_columns(append_to: str | None, max_steps: int | None, only: str | None) -> None:
    """Replace one value of each test row by another row's, and print how often the map ranks that column first.

    Only rows that are flagged after the swap and not before it count.

    Parameters
    ----------
    append_to
        Results file to which a line per table is appended, or None.
    max_steps
        Training steps, or None for the preset's number.
    only
        Use only the tables whose name contains this text.

    Raises
    ------
    InputError
        If no name contains ``only``.
    """
    tables = example_tables()
    chosen = selected(tables, only)
    print(f"{'':26}share of flagged rows in which the swapped column is ranked first, by")
    print("table                     flagged   map      reconstruction error")
    with progress_bar(total=SPLITS * len(chosen), desc="columns", unit="training") as bar:
        for name in chosen:
            record = _measure(name, tables[name], max_steps, bar)
            print(
                f"{name:26}{record['flagged']:>7}{record['map']:9.3f}{record['reconstruction_error']:9.3f}",
                flush=True,
            )
            if append_to is not None:
                append_result(Path(append_to), record)


def _measure(name: str, rows: np.ndarray, max_steps: int | None, bar: Any) -> dict[str, Any]:
    """The record of one table, over all splits."""
    rows = rows[:, rows.std(0) > 0]
    firsts = []
    for seed in range(SPLITS):
        firsts.append(_split(rows, max_steps, seed))
        bar.update()
    map_first, error_first = np.concatenate(firsts, axis=1)
    return {
        "command": "ama benchmark columns",
        "table": name,
        "splits": SPLITS,
        "rows": SPLITS * COPIES * (len(rows) - round(TRAIN_SHARE * len(rows))),
        "columns": rows.shape[1],
        "flagged": len(map_first),
        "map": float(map_first.mean()),
        "reconstruction_error": float(error_first.mean()),
    }


def _split(rows: np.ndarray, max_steps: int | None, seed: int) -> Bool[np.ndarray, "2 k"]:
    """Whether the swapped column is ranked first by map and by error, for each of the k rows flagged for the swap."""
    random = np.random.default_rng(seed)
    shuffled = rows[random.permutation(len(rows))]
    n = round(TRAIN_SHARE * len(rows))
    train, before = shuffled[:n], np.repeat(shuffled[n:], COPIES, axis=0)
    detector = AMADetector(max_steps=max_steps, false_alarm_rate=FALSE_ALARM_RATE, random_state=seed).fit(
        train
    )
    column = random.integers(rows.shape[1], size=len(before))
    after = before.copy()
    after[np.arange(len(after)), column] = train[random.integers(n, size=len(after)), column]
    flagged = (detector.predict(after) < 0) & (detector.predict(before) > 0)
    if not flagged.any():
        return np.empty((2, 0), dtype=bool)
    x, column = after[flagged], column[flagged]
    error = np.abs(detector.reconstruct(x) - x) / rows.std(0)
    return np.stack([values.argmax(1) == column for values in (detector.anomaly_map(x), error)])
