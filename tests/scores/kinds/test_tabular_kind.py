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
        drawn = settings.max_steps * settings.batch_size
        assert drawn == (96_000 if of_networks & set(terms) else 32_000), n_columns


def test_columns_are_made_symmetric_as_far_as_it_finds_more():
    narrow = ("mahalanobis", "nearest_rows", "row_density", "symmetric_nearest_rows", "noise_level")
    assert preset(WIDE)[1] == narrow
    assert preset(WIDE + 1)[1] == ("symmetric_nearest_rows", "symmetric_row_density")
    assert preset(MAX_COLUMNS + 1)[1] == ("mahalanobis", "nearest_rows")
