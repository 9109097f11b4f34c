"""The density of rows whose columns were made more symmetric."""

from __future__ import annotations

import torch

from ama.scores.terms.row_density import RowDensity
from ama.scores.terms.symmetric_row_density import SymmetricRowDensity
from draws import draw
from row_terms import auroc, fitted


def test_the_value_is_that_of_the_transformed_rows():
    x, other = draw(0, 300, 3).exp(), draw(1, 10, 3).exp()
    term = fitted(SymmetricRowDensity, x)
    plain = fitted(RowDensity, term.columns(x))
    torch.testing.assert_close(term.value(other), plain.value(term.columns(other)))


def test_pairs_that_are_unusual_among_skewed_columns_are_found():
    mixed = torch.tensor([[1.0, 0.9], [0.0, 0.4]], dtype=torch.float64)
    normal = (1.5 * draw(0, 2000, 2) @ mixed).exp()
    odd = (1.5 * draw(1, 400, 2)).exp()  # each column is as usual, but they do not vary together
    assert auroc(SymmetricRowDensity, normal, odd) > auroc(RowDensity, normal, odd) + 0.02


def test_more_columns_than_rows_and_a_constant_column():
    x = torch.cat([draw(0, 20, 40), torch.zeros(20, 1)], 1)
    term = fitted(SymmetricRowDensity, x)
    assert term.value(x).isfinite().all()
    assert term.value(torch.cat([x[:1, :-1], torch.full((1, 1), 10.0)], 1)).item() > term.value(x).max()
