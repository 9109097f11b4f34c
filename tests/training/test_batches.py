"""The order of the training samples: every pass visits each once, and a resumed run continues where it stopped."""

from __future__ import annotations

import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ama.settings import resolve
from ama.training.batches import Batches, n_steps
from ama.utils.random_generators import generator_for

SIZES = {"n": st.integers(1, 60), "size": st.integers(1, 80), "seed": st.integers(0, 2**32 - 1)}


def make(n: int, size: int, total: int, seed: int, done: int = 0) -> Batches:
    return Batches(n, size, total, seed, lambda: done)


@given(**SIZES)
def test_every_pass_visits_every_sample_exactly_once(n, size, seed):
    batches = make(n, size, 10**6, seed)
    drawn = torch.cat([batches.batch(i) for i in range(4 * batches.per_pass)])
    for number in range(len(drawn) // n):
        assert drawn[number * n : (number + 1) * n].sort().values.tolist() == list(range(n))


@given(**SIZES)
def test_no_batch_is_short_and_none_is_dropped(n, size, seed):
    batches = make(n, size, 10**6, seed)
    assert all(len(batch.indices) == min(size, n) for batch in batches)
    assert len(list(batches)) == batches.per_pass >= n / size


@given(**SIZES, i=st.integers(0, 300))
def test_a_batch_is_a_function_of_seed_and_number_whatever_was_drawn_before(n, size, seed, i):
    used = make(n, size, 10**6, seed)
    for j in (0, i + 7, 3):
        used.batch(j)
    assert torch.equal(used.batch(i), make(n, size, 10**6, seed).batch(i))


@given(**SIZES, total=st.integers(1, 50), stop=st.integers(0, 50))
def test_a_resumed_iteration_equals_an_uninterrupted_one(n, size, seed, total, stop):
    def draw(done: int, at_most: int | None = None) -> list[tuple[int, list[int]]]:
        """One pass after another, as in the trainer, from the step of a checkpoint."""
        found: list[tuple[int, list[int]]] = []
        while done + len(found) < total and (at_most is None or len(found) < at_most):
            one_pass = make(n, size, total, seed, done + len(found))
            left = None if at_most is None else at_most - len(found)
            found += [(step, indices.tolist()) for step, indices in itertools.islice(one_pass, left)]
        return found

    whole = draw(0)
    assert [step for step, _ in whole] == list(range(total))
    assert draw(0, stop) + draw(min(stop, total)) == whole


def test_a_pass_ends_where_the_training_ends():
    assert [batch.step for batch in make(10, 5, total=3, seed=0)] == [0, 1]
    assert [batch.step for batch in make(10, 5, total=3, seed=0, done=2)] == [2]
    assert list(make(10, 5, total=3, seed=0, done=3)) == []


def test_passes_and_seeds_are_shuffled_differently():
    orders = {
        tuple(make(50, 50, 9, seed).batch(number).tolist()) for seed in (0, 1, 2**31) for number in (0, 1)
    }
    assert len(orders) == 6


@pytest.mark.parametrize("other", [(0, 2), (1, 1), (1, 0), (0, 1, 1)])
def test_a_generator_is_a_function_of_its_whole_key(other):
    first = torch.rand(4, generator=generator_for(0, 1))
    assert torch.equal(first, torch.rand(4, generator=generator_for(0, 1)))
    assert not torch.equal(first, torch.rand(4, generator=generator_for(*other)))


def test_drawing_leaves_the_global_random_state_alone():
    before = torch.get_rng_state()
    make(10, 3, 9, 0).batch(5)
    assert torch.equal(torch.get_rng_state(), before)


def test_of_two_lengths_of_a_training_the_shorter_counts():
    both = resolve("compact", "colour images", max_steps=10, max_epochs=3, batch_size=16)
    assert [n_steps(both, n) for n in (5, 16, 17, 48, 64)] == [3, 3, 6, 9, 10]
    assert n_steps(resolve("paper", "colour images", max_epochs=3, batch_size=16), 100) == 21
    assert n_steps(resolve("compact", "colour images", max_steps=10), 1000) == 10


def test_few_rows_are_trained_on_for_fewer_steps():
    rows = resolve("compact", "tabular data")
    assert [n_steps(rows, n) for n in (20, 150, 300, 1000)] == [400, 400, 500, 500]
