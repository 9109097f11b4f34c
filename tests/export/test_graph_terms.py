"""Each term of a graph has the value of the term."""

from __future__ import annotations

import pytest
import torch

from ama.export.graph_terms import graph_term
from ama.scores.kinds.factory import kind_of
from ama.scores.terms.term_registry import TERMS
from ama.settings import Settings

OF_ROWS = (
    "mahalanobis",
    "memory_bank",
    "nearest_rows",
    "local_nearest_rows",
    "row_density",
    "symmetric_nearest_rows",
    "symmetric_row_density",
    "noise_level",
    "latent_density",
    "a_score",
)


@pytest.mark.parametrize("name", OF_ROWS)
def test_the_value_is_that_of_the_term(name):
    width = {"a_score": 1}.get(name, 4)
    term = TERMS[name](kind_of((width,)), Settings(latent_dim=3, noise_steps=20))
    learned, new = torch.rand(60, width, dtype=torch.float64), torch.rand(20, width, dtype=torch.float64)
    term.fit([learned], 0)
    # A learned row is not its own neighbour, however it is rounded.
    x = torch.cat([new, learned[:5]])
    torch.testing.assert_close(graph_term(term)(x + 1e-12), term.value(x), rtol=1e-6, atol=1e-6)


def test_the_local_distance_of_a_memory_bank_is_that_of_the_term():
    term = TERMS["memory_bank"](kind_of((4,)), Settings(latent_dim=3, bank_distance="local"))
    term.fit([torch.rand(60, 4, dtype=torch.float64)], 0)
    x = torch.rand(20, 4, dtype=torch.float64)
    torch.testing.assert_close(graph_term(term)(x), term.value(x), rtol=1e-6, atol=1e-6)


def test_the_direction_of_known_anomalies_is_that_of_the_term():
    term = TERMS["known_anomalies"](kind_of((4,)), Settings(latent_dim=3))
    normal = torch.rand(60, 4, dtype=torch.float64)
    term.fit_known([normal], [2 + normal[:5]], 0)
    x = torch.cat([normal, 50 * normal - 25])
    torch.testing.assert_close(graph_term(term)(x), term.value(x), rtol=1e-9, atol=1e-9)
