"""Rows of a table."""

from __future__ import annotations

from ama.scores.kinds.tabular_kind import MAX_COLUMNS, WIDE, Tabular
from ama.scores.terms.term_registry import chosen_terms
from ama.settings import resolve


def preset(n_columns: int):
    kind = Tabular((n_columns,))
    settings = resolve("auto", kind.variant)
    return settings, chosen_terms(settings, kind)


def test_rows_train_for_long_only_where_the_networks_score():
    of_networks = {"mahalanobis", "latent_density", "memory_bank", "r_score", "a_score"}
    for n_columns in (1, WIDE, WIDE + 1, MAX_COLUMNS, MAX_COLUMNS + 1):
        settings, terms = preset(n_columns)
        assert (settings.max_steps == 1500) == bool(of_networks & set(terms)), n_columns


def test_columns_are_made_symmetric_as_far_as_it_finds_more():
    assert preset(WIDE)[1] == ("mahalanobis", "nearest_rows", "row_density", "symmetric_nearest_rows")
    assert preset(WIDE + 1)[1] == ("symmetric_nearest_rows", "symmetric_row_density")
    assert preset(MAX_COLUMNS + 1)[1] == ("mahalanobis", "nearest_rows")
