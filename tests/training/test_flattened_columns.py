"""Columns that one enormous value flattens are told, and no others."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine

import ama
from ama.baselines import NearestNeighbours
from ama.networks.scaling import ColumnScaling
from ama.training.flattened_columns import flattened, warn_of_flattened

TOLD = (
    ": beside it the other values look alike, and what is unusual among them is not seen; correct or leave out such "
    "rows, or mark the value as missing"
)


def found(rows: np.ndarray) -> list[int]:
    scaling = ColumnScaling(rows.shape[1])
    learned = torch.from_numpy(rows.astype(np.float64))
    scaling.fit(learned)
    return flattened(learned, scaling.scale).nonzero()[:, 0].tolist()


@pytest.mark.parametrize("n", [20, 300, 5_000])
@pytest.mark.parametrize("value", [1e6, -1e9, 1e300, -1.7e308])
def test_a_column_with_one_enormous_value_is_found(rng, n, value):
    rows = rng.normal(size=(n, 3))
    rows[n // 2, 1] = value
    assert found(rows) == [1]


@pytest.mark.parametrize("load", [load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine])
def test_ordinary_columns_are_not(rng, load):
    rows = load().data
    for n in (10, 50, len(rows)):
        assert not found(rows[rng.permutation(len(rows))[:n]])


def test_heavy_tails_and_columns_of_mostly_one_value_are_not(rng):
    rows = np.c_[
        rng.standard_t(1, 3_000), rng.lognormal(0, 3, 3_000), np.eye(3_000)[:, 0], np.full(3_000, 7.0)
    ]
    assert not found(rows)
    assert not found(rng.normal(size=(300, 3)) * 1e307)
    assert not found(rng.normal(size=(2, 3)))


@pytest.mark.parametrize("n", [4, 5, 10])
def test_among_many_columns_of_few_rows_none_is_found_by_chance(rng, n):
    assert not found(rng.normal(size=(n, 3_000)))


def test_the_value_and_its_column_are_told(rng):
    rows = torch.from_numpy(rng.normal(size=(100, 3)))
    rows[7, 1], rows[9, 2] = -1e9, 1e12
    told = rf"^column 1 holds -1e\+09, and 1 more column such a value{TOLD}$"
    with pytest.warns(UserWarning, match=told):
        warn_of_flattened(rows, rows.std(0), lambda row, place: f"column {place} holds {row[place]:g}")


@pytest.mark.parametrize(
    "detector", [ama.AMADetector(max_steps=3), NearestNeighbours()], ids=lambda d: type(d).__name__
)
def test_a_fit_warns_of_them_by_their_names(rng, detector):
    table = pd.DataFrame(rng.normal(size=(200, 3)), columns=["a", "b", "c"])
    detector.set_params(random_state=0, device="cpu", progress=False, held_out=0.2)
    detector.fit(table)
    table["b"] = np.where(rng.permutation(200) < 2, 1e300, table["b"])  # one is learned, if not both
    with pytest.warns(UserWarning, match=rf"^column 'b' holds 1e\+300{TOLD}$"):
        detector.fit(table)
    with pytest.warns(UserWarning, match=rf"^column 2 holds 1e\+300{TOLD}$"):
        detector.fit(table.to_numpy())


def test_a_date_is_told_as_it_was(rng):
    days = np.datetime64("2024-01-01", "s") + rng.integers(0, 100 * 86_400, 300).astype("timedelta64[s]")
    days[[3, 8]] = np.datetime64("9999-12-31", "s")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        NearestNeighbours(random_state=0, device="cpu", progress=False).fit(
            pd.DataFrame({"until": days, "amount": rng.normal(size=300)})
        )
    assert f"column 'until' holds 9999-12-31 00:00{TOLD}" in [str(warning.message) for warning in told]
