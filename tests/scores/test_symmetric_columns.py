"""Power transformations of columns."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import skew
from scipy.stats import yeojohnson as scipys
from sklearn.preprocessing import PowerTransformer

from ama.scores.symmetric_columns import (
    COLUMNS_AT_ONCE,
    FEW_ROWS,
    MAX_ROWS,
    SymmetricColumns,
    likeliest_powers,
    powered,
)
from draws import draw

seeds = st.integers(0, 2**32)


def fitted(rows):
    columns = SymmetricColumns()
    columns.fit(rows, seed=0)
    return columns


@given(seeds, st.one_of(st.sampled_from([0.0, 1.0, 2.0]), st.floats(1e-6, 2 - 1e-6)))
def test_the_transformation_is_yeo_and_johnsons(seed, power):
    x = 3 * draw(seed, 20, 1)
    found = powered(x, torch.tensor([power], dtype=torch.float64))
    np.testing.assert_allclose(found[:, 0], scipys(x[:, 0].numpy(), power), rtol=1e-6, atol=1e-9)


@given(st.floats(0, 2), st.lists(st.floats(-1e300, 1e300), min_size=2, max_size=9))
def test_the_order_is_kept_and_every_value_is_finite(power, values):
    x = torch.tensor(sorted(values), dtype=torch.float64)[:, None]
    found = powered(x, torch.tensor([power], dtype=torch.float64))
    assert found.isfinite().all()
    assert found.square().isfinite().all()
    assert (found.diff(dim=0) >= 0).all()


@given(seeds, st.integers(2, 300), st.floats(0.2, 3))
def test_the_powers_are_scikit_learns_between_the_limits(seed, n, tail):
    normal = draw(seed, n, 3)
    rows = torch.stack([normal[:, 0], (tail * normal[:, 1]).exp(), (normal[:, 2] > 0).double()], 1)
    rows = (rows - rows.mean(0)) / rows.std(0).clamp_min(1e-9)
    expected = PowerTransformer(standardize=False).fit(rows.numpy()).lambdas_.clip(0, 2)
    np.testing.assert_allclose(likeliest_powers(rows), expected, atol=1e-5)


def test_powers_of_more_columns_than_are_searched_at_once_are_those_of_each():
    rows = draw(0, 50, COLUMNS_AT_ONCE + 3).exp()
    found = likeliest_powers(rows)
    torch.testing.assert_close(found[-5:], likeliest_powers(rows[:, -5:]))
    assert len(found) == COLUMNS_AT_ONCE + 3


def test_a_skewed_column_is_more_symmetric_afterwards_and_a_symmetric_one_hardly_changes():
    rows = torch.stack([draw(0, 2000, 1)[:, 0].exp(), draw(1, 2000, 1)[:, 0]], 1)
    rows = (rows - rows.mean(0)) / rows.std(0)
    columns = fitted(rows)
    made = columns(rows)
    assert abs(skew(made[:, 0].numpy())) < skew(rows[:, 0].numpy()) / 2
    assert columns.powers[1].item() == pytest.approx(1, abs=0.1)
    torch.testing.assert_close(made.mean(0), torch.zeros(2, dtype=torch.float64), atol=1e-9, rtol=0)
    torch.testing.assert_close(made.std(0, correction=0), torch.ones(2, dtype=torch.float64))


def test_few_rows_leave_the_powers_near_one():
    skewed = draw(0, MAX_ROWS, 1).exp()
    skewed = (skewed - skewed.mean()) / skewed.std()
    many, few = (1 - fitted(rows).powers.item() for rows in (skewed, skewed[: FEW_ROWS // 4]))
    assert 0 < few <= 1 / 5
    assert many > 0.8


def test_columns_of_one_or_two_values_stay_columns_of_one_or_two_values():
    rows = torch.stack([torch.zeros(50), torch.arange(50) % 2.0, torch.full((50,), 1e-300)], 1).double()
    made = fitted(rows)(rows)
    assert made.isfinite().all()
    assert [len(column.unique()) for column in made.T] == [1, 2, 1]


def test_the_subsample_is_the_seeds():
    rows = draw(0, MAX_ROWS + 1000, 1)
    rows = rows + rows.square() / 20
    again, other = SymmetricColumns(), SymmetricColumns()
    again.fit(rows, seed=0)
    other.fit(rows, seed=1)
    assert torch.equal(fitted(rows).powers, again.powers)
    assert not torch.equal(again.powers, other.powers)
