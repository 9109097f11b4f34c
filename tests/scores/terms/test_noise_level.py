"""The noise that a network finds in rows."""

from __future__ import annotations

import pytest
import torch

from ama.scores import noise_regression
from ama.scores.kinds.factory import kind_of
from ama.scores.noise_regression import fit_noise_network, log_noise
from ama.scores.terms.nearest_rows import NearestRows
from ama.scores.terms.noise_level import NoiseLevel
from draws import TINY, draw
from row_terms import auroc, fitted


@pytest.fixture
def short(monkeypatch):
    """A training of moments, for what does not depend on what is learned."""
    monkeypatch.setattr(noise_regression, "STEPS", 20)


def test_the_value_is_the_logarithm_of_the_noise(short):
    x, other = draw(0, 60, 3), draw(1, 10, 3)
    assert torch.equal(fitted(NoiseLevel, x).value(other), log_noise(other, fit_noise_network(x, seed=0)))


def test_a_broken_relation_between_columns_is_found_where_distances_are_not_enough():
    def rows(seed: int, n: int, shift: float):
        x = draw(seed, n, 4)
        return torch.cat([x, (2 * x[:, :1]).sin() + x[:, 1:2] * x[:, 2:3] + shift], 1)

    normal, odd = rows(0, 3000, 0.0), rows(1, 500, 0.7)
    assert auroc(NoiseLevel, normal, odd) > auroc(NearestRows, normal, odd) + 0.1


def test_a_stored_term_has_the_same_values(short):
    x = draw(0, 60, 3)
    term = fitted(NoiseLevel, x)
    loaded = NoiseLevel(kind_of((3,)), TINY)
    loaded.load_state_dict(term.state_dict())
    assert torch.equal(loaded.value(x), term.value(x))


def test_more_columns_than_rows_equal_rows_and_enormous_numbers(short):
    wide = draw(0, 25, 40)
    far = torch.cat([wide[:1, :-1], torch.full((1, 1), 1e100, dtype=torch.float64)], 1)
    for x in (wide, wide[:1].expand(25, 40).clone()):
        term = fitted(NoiseLevel, x)
        assert term.value(far).item() > term.value(x).max()
        assert term.value(x).isfinite().all()
