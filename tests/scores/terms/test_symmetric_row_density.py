"""The density of rows whose columns were made more symmetric."""

from __future__ import annotations

import torch
from sklearn.metrics import roc_auc_score

from ama.scores.kinds.factory import kind_of
from ama.scores.terms.row_density import RowDensity
from ama.scores.terms.symmetric_row_density import SymmetricRowDensity
from draws import TINY, draw


def fitted(term, x):
    made = term(kind_of((x.shape[1],)), TINY)
    made.fit([x[:20], x[20:]], seed=0)
    return made


def test_the_value_is_that_of_the_transformed_rows():
    x, other = draw(0, 300, 3).exp(), draw(1, 10, 3).exp()
    term = fitted(SymmetricRowDensity, x)
    plain = fitted(RowDensity, term.columns(x))
    torch.testing.assert_close(term.value(other), plain.value(term.columns(other)))


def test_pairs_that_are_unusual_among_skewed_columns_are_found():
    mixed = torch.tensor([[1.0, 0.9], [0.0, 0.4]], dtype=torch.float64)
    normal = (1.5 * draw(0, 2000, 2) @ mixed).exp()
    odd = (1.5 * draw(1, 400, 2)).exp()  # each column is as usual, but they do not vary together
    scale = normal.std(0)
    normal, odd = normal / scale, odd / scale
    truth = [0] * 1000 + [1] * 400

    def found(term):
        values = fitted(term, normal[:1000]).value(torch.cat([normal[1000:], odd]))
        return roc_auc_score(truth, values)

    assert found(SymmetricRowDensity) > found(RowDensity) + 0.02


def test_more_columns_than_rows_and_a_constant_column():
    x = torch.cat([draw(0, 20, 40), torch.zeros(20, 1)], 1)
    term = fitted(SymmetricRowDensity, x)
    assert term.value(x).isfinite().all()
    assert term.value(torch.cat([x[:1, :-1], torch.full((1, 1), 10.0)], 1)).item() > term.value(x).max()
