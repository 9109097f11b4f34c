"""The noise that a network finds in rows."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

import ama
from ama.errors import InputError
from ama.scores.kinds.factory import kind_of
from ama.scores.noise_regression import fit_noise_network, log_noise
from ama.scores.terms.nearest_rows import NearestRows
from ama.scores.terms.noise_level import NoiseLevel
from ama.scores.terms.term_registry import chosen_terms
from ama.settings import resolve
from draws import TINY, draw
from row_terms import auroc, fitted

# A training of moments, for what does not depend on what is learned.
SHORT = replace(TINY, noise_steps=20)


@pytest.mark.parametrize(
    ("noise_steps", "max_steps", "steps"), [(20, None, 20), (20, 1000, 20), (20, 4, 12), (1500, 1, 3)]
)
def test_the_value_is_the_logarithm_of_the_noise_after_at_most_three_steps_for_each_of_the_game(
    noise_steps, max_steps, steps
):
    x, other = draw(0, 60, 3), draw(1, 10, 3)
    term = fitted(NoiseLevel, x, replace(TINY, noise_steps=noise_steps, max_steps=max_steps))
    assert torch.equal(term.value(other), log_noise(other, fit_noise_network(x, steps, seed=0)))


def test_it_is_part_of_auto_for_rows_unless_it_may_take_no_step():
    rows, photographs = kind_of((4,)), kind_of((3, 64, 64), "lite0")
    assert "noise_level" in chosen_terms(resolve("compact", rows.variant), rows)
    assert "noise_level" not in chosen_terms(resolve("compact", photographs.variant), photographs)
    without = resolve("compact", rows.variant, noise_steps=0)
    assert "noise_level" not in chosen_terms(without, rows)
    with pytest.raises(
        InputError, match=r"learns how noisy rows are, so noise_steps must be 1 or more, found 0$"
    ):
        chosen_terms(replace(without, scoring="auto+noise_level"), rows)


def test_a_named_term_without_steps_is_refused_before_it_is_known_what_the_samples_are():
    detector = ama.AMADetector(scoring="noise_level", noise_steps=0)
    with pytest.raises(
        InputError, match=r"^scoring='noise_level' learns .* noise_steps must be 1 or more, found 0$"
    ):
        detector.fit(draw(0, 50, 3).numpy())


def test_a_broken_relation_between_columns_is_found_where_distances_are_not_enough():
    def rows(seed: int, n: int, shift: float):
        x = draw(seed, n, 4)
        return torch.cat([x, (2 * x[:, :1]).sin() + x[:, 1:2] * x[:, 2:3] + shift], 1)

    normal, odd = rows(0, 3000, 0.0), rows(1, 500, 0.7)
    long = replace(TINY, noise_steps=1500)
    assert auroc(NoiseLevel, normal, odd, long) > auroc(NearestRows, normal, odd) + 0.1


def test_a_stored_term_has_the_same_values():
    x = draw(0, 60, 3)
    term = fitted(NoiseLevel, x, SHORT)
    loaded = NoiseLevel(kind_of((3,)), TINY)
    loaded.load_state_dict(term.state_dict())
    assert torch.equal(loaded.value(x), term.value(x))


def test_more_columns_than_rows_equal_rows_and_enormous_numbers():
    wide = draw(0, 25, 40)
    far = torch.cat([wide[:1, :-1], torch.full((1, 1), 1e100, dtype=torch.float64)], 1)
    for x in (wide, wide[:1].expand(25, 40).clone()):
        term = fitted(NoiseLevel, x, SHORT)
        assert term.value(far).item() > term.value(x).max()
        assert term.value(x).isfinite().all()
