"""The local distance of rows whose columns were made more symmetric."""

from __future__ import annotations

import torch

from ama.scores.terms.local_nearest_rows import LocalNearestRows
from ama.scores.terms.symmetric_nearest_rows import SymmetricNearestRows
from draws import draw
from row_terms import auroc, fitted


def test_the_value_is_that_of_the_transformed_rows():
    x, other = draw(0, 300, 3).exp(), draw(1, 10, 3).exp()
    term = fitted(SymmetricNearestRows, x)
    plain = fitted(LocalNearestRows, term.columns(x))
    torch.testing.assert_close(term.value(other), plain.value(term.columns(other)))
    # It is another number than without the transformation.
    assert (term.value(other) - fitted(LocalNearestRows, x).value(other)).abs().max() > 0.01


def test_ratios_that_are_unusual_among_skewed_columns_are_found():
    level = 1.5 * draw(0, 2000, 1)
    normal = (level + 0.1 * draw(1, 2000, 3)).exp()
    # Every column is as usual, but one is twice as large beside the others.
    odd = (1.5 * draw(2, 400, 1) + 0.1 * draw(3, 400, 3) + torch.tensor([0.7, 0.0, 0.0])).exp()
    assert auroc(SymmetricNearestRows, normal, odd) > auroc(LocalNearestRows, normal, odd) + 0.02


def test_a_learned_row_counts_as_an_unseen_one():
    learned, unseen = draw(0, 800, 3).exp(), draw(1, 800, 3).exp()
    term = fitted(SymmetricNearestRows, learned)
    of_learned, of_unseen = term.value(learned), term.value(unseen)
    assert (of_learned.mean() - of_unseen.mean()).abs() < 0.2 * of_unseen.std()


def test_enormous_numbers_are_unusual():
    x = draw(0, 100, 3)
    term = fitted(SymmetricNearestRows, x)
    far = term.value(torch.tensor([[1e200, -1e200, 0.0]], dtype=torch.float64))
    assert far.isfinite().all()
    assert far > term.value(x).max()
