"""``ama benchmark columns``: whether a row's map points at the column that is wrong, beside reconstruction errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from tqdm.auto import tqdm

from ama.detectors.ama import AMADetector
from ama.io.results_files import append_result

SPLITS = 5  # of every table into rows to train on and rows to test: of a small one, few are flagged
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
    with tqdm(total=SPLITS * len(chosen), desc="columns", unit="training", disable=None) as bar:
        for name, rows in chosen.items():
            record = measure(name, rows, max_steps, bar)
            print(
                f"{name:26}{record['flagged']:>7}{record['map']:9.3f}{record['reconstruction_error']:9.3f}",
                flush=True,
            )
            if append_to is not None:
                append_result(Path(append_to), record)


def measure(name: str, rows: np.ndarray, max_steps: int | None, bar: tqdm) -> dict[str, Any]:
    """Train on some of the rows and swap values in the others, once for each split."""
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
        "rows": SPLITS * COPIES * (len(rows) - round(TRAINED_ON * len(rows))),
        "columns": rows.shape[1],
        "flagged": len(map_first),
        "map": float(map_first.mean()),
        "reconstruction_error": float(error_first.mean()),
    }


def _split(rows: np.ndarray, max_steps: int | None, seed: int) -> Bool[np.ndarray, "2 k"]:
    """For each of the k rows flagged for the swap, whether the swapped column is first by map and by error."""
    random = np.random.default_rng(seed)
    shuffled = rows[random.permutation(len(rows))]
    n = round(TRAINED_ON * len(rows))
    train, test = shuffled[:n], np.repeat(shuffled[n:], COPIES, axis=0)
    whole = test.copy()
    detector = AMADetector(max_steps=max_steps, false_alarm_rate=FALSE_ALARM_RATE, random_state=seed).fit(
        train
    )
    swapped = random.integers(rows.shape[1], size=len(test))
    place = np.arange(len(test)), swapped
    test[place] = train[random.integers(n, size=len(test)), swapped]
    # A row that was flagged before the swap says nothing of it.
    flagged = (detector.predict(test) < 0) & (detector.predict(whole) > 0)
    if not flagged.any():
        return np.empty((2, 0), dtype=bool)
    x, column = test[flagged], swapped[flagged]
    error = np.abs(detector.reconstruct(x) - x) / rows.std(0)
    return np.stack([values.argmax(1) == column for values in (detector.anomaly_map(x), error)])
