"""Rows whose numbers are far from 1: a score is finite, or the row is refused."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import ama
from ama.errors import InputError

RANDOM = np.random.default_rng(0)
NORMAL = RANDOM.normal(size=(300, 6))
TABLES = {
    "columns of 1e-200 to 1e300": NORMAL * 10.0 ** np.array([-200, -100, 0, 100, 200, 300]),
    "denormals": NORMAL * 1e-310,
    "the largest numbers": NORMAL.clip(-3, 3) * 5e307,
    "counts": RANDOM.poisson(2.0, size=(300, 6)),
    "heavy tails": RANDOM.standard_t(1, size=(300, 6)),
    "one column": NORMAL[:, :1],
    "a far offset": NORMAL + 1e12,
    "zeros but for one row": np.eye(300)[:, :6],
}


def fit(rows: np.ndarray, **given) -> ama.AMADetector:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # few samples for the threshold
        return ama.AMADetector(max_steps=10, random_state=0, device="cpu", held_out=0.2, **given).fit(rows)


@pytest.mark.parametrize("name", TABLES)
def test_scores_of_any_table_are_finite(name):
    rows = np.asarray(TABLES[name], dtype=np.float64)
    detector = fit(rows)
    for scores in (detector.score_samples(rows), detector.r_score(rows), detector.a_score(rows)):
        assert np.isfinite(scores).all()
    assert (detector.predict(rows) == -1).mean() < 0.2
    assert np.isfinite(detector.reconstruct(rows[:3])).all()
    assert np.isfinite(detector.anomaly_map(rows[:3])).all()


def test_many_columns():
    rows = RANDOM.normal(size=(30, 20_000))
    detector = fit(rows, encoder_width=8, generator_width=8, discriminator_width=8)
    assert np.isfinite(detector.score_samples(rows)).all()


def test_a_single_distinct_row_is_refused():
    with pytest.raises(InputError, match="all 30 normal samples are identical"):
        fit(np.full((30, 3), 7.0))


@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
def test_any_change_in_a_column_that_never_varied_is_flagged_whatever_its_unit(unit):
    rows = np.c_[RANDOM.normal(size=(300, 3)), np.full(300, 7.0 * unit)]
    detector = fit(rows)
    changed = rows.copy()
    changed[:, 3] = 7.5 * unit
    assert (detector.predict(changed) == -1).mean() > 0.95
    assert (detector.predict(rows) == -1).mean() < 0.2
    assert (detector.anomaly_map(changed[:20]).argmax(1) == 3).all()
