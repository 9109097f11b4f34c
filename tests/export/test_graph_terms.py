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
    "latent_density",
    "a_score",
)


@pytest.mark.parametrize("name", OF_ROWS)
def test_the_value_is_that_of_the_term(name):
    width = {"a_score": 1}.get(name, 4)
    term = TERMS[name](kind_of((width,)), Settings(latent_dim=3))
    learned, new = torch.rand(60, width, dtype=torch.float64), torch.rand(20, width, dtype=torch.float64)
    term.fit([learned], 0)
    # A learned row is not its own neighbour, however it is rounded.
    whitened = name == "local_nearest_rows"  # whether a learned row is its own neighbour depends on rounding
    x = new if whitened else torch.cat([new, learned[:5]])
    torch.testing.assert_close(graph_term(term)(x + 1e-12), term.value(x), rtol=1e-6, atol=1e-6)
