"""Near-duplicates are told from exchangeable samples, of whatever distribution."""

from __future__ import annotations

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from ama.errors import LONGEST_SENTENCE
from ama.training.near_duplicates import HARMFUL, copied, duplicated_share, duplicates_notice


def share(rows: torch.Tensor, as_rows: bool = True) -> float:
    """Of a random quarter that is held out."""
    order = torch.randperm(len(rows))
    learned, held_out = rows[order[len(rows) // 4 :]], rows[order[: len(rows) // 4]]
    return duplicated_share(learned, held_out, (learned, held_out) if as_rows else None)


def mixture(n: int, d: int, kinds: int) -> torch.Tensor:
    """Clusters of different widths, far from one another."""
    kind = torch.randint(kinds, (n,))
    return (10 * torch.randn(kinds, d))[kind] + 2 * torch.rand(kinds, 1)[kind] * torch.randn(n, d)


HONEST = {
    "gaussian": torch.randn,
    "exponential": lambda n, d: torch.rand(n, d).log(),
    "heavy tails": lambda n, d: torch.randn(n, d) / torch.randn(n, 1).abs(),
    "a plane": lambda n, d: torch.randn(n, 2) @ torch.randn(2, d),
    "5 clusters": lambda n, d: mixture(n, d, 5),
    "few values": lambda n, d: torch.randint(3, (n, d)).float(),
    "constant columns": lambda n, d: torch.cat([torch.randn(n, d), torch.ones(n, 2)], 1),
}


@pytest.mark.parametrize("name", HONEST)
@given(st.sampled_from([100, 300]), st.sampled_from([4, 8, 60]), st.integers(0, 10**6))
def test_exchangeable_rows_have_none(name, n, d, seed):
    torch.manual_seed(seed)
    assert share(HONEST[name](n, d)) < HARMFUL


@given(st.sampled_from([2, 3, 5]), st.sampled_from([8, 60]), st.floats(0, 0.05), st.integers(0, 10**6))
@example(5, 60, 1e-9, 0)  # most values of two copies are equal
@example(3, 60, 1e-7, 0)
def test_rows_that_are_repeated_with_a_little_noise_do(times, d, noise, seed):
    torch.manual_seed(seed)
    rows = torch.randn(300 // times, d).repeat(times, 1) * torch.logspace(-6, 6, d)
    assert share(rows + noise * torch.randn(len(rows), d) * torch.logspace(-6, 6, d)) > HARMFUL


@given(st.sampled_from([2, 3, 5]), st.sampled_from([8, 60]), st.integers(0, 10**6))
def test_new_groups_have_none_among_learned_groups(times, d, seed):
    torch.manual_seed(seed)
    rows = torch.randn(300 // times, d).repeat_interleave(times, 0) + 0.05 * torch.randn(
        300 // times * times, d
    )
    held_out, learned = rows[:60], rows[60:]
    assert duplicated_share(learned, held_out, (learned, held_out)) < HARMFUL


def test_many_copies_are_found_and_so_are_those_of_images():
    assert share(torch.randn(20, 8).repeat(15, 1)) == 1
    images = torch.randint(256, (150, 1, 8, 8), dtype=torch.uint8)
    assert share(images, as_rows=False) == 0
    assert share(images.repeat(2, 1, 1, 1), as_rows=False) > 0.5
    assert copied(images[:3], images[2:5]).tolist() == [True, False, False]


def test_copies_of_images_tell_something_however_few_there_are():
    images = torch.randint(256, (8, 1, 8, 8), dtype=torch.uint8)
    for rows in (None, (torch.randn(6, 8), torch.randn(2, 8))):
        assert duplicated_share(images[:6], images[5:7], rows) == 0.5
        assert duplicated_share(images[:6], images[6:], rows) == 0
        assert duplicated_share(images[:6], images[:0], rows) == 0


def test_too_few_samples_or_columns_tell_nothing():
    assert share(torch.randn(10, 8).repeat(3, 1)) == 0
    assert share(torch.randn(100, 3).repeat(3, 1) + 0.01 * torch.randn(300, 3)) == 0


@given(st.sampled_from([2, 3, 10]), st.sampled_from([(1, 10**6), (3, 10**6), (8, 10)]), st.integers(0, 10**6))
def test_whatever_is_repeated_evenly_has_copies(times, columns, seed):
    torch.manual_seed(seed)
    d, n_values = columns
    rows = torch.randint(n_values, (60, d), dtype=torch.float64)
    assert share(rows.repeat(times, 1)) > HARMFUL


@given(st.sampled_from([1, 3, 8]), st.sampled_from([2, 20, 300]), st.floats(0, 2), st.integers(0, 10**6))
def test_values_that_recur_are_no_copies(d, n_values, skew, seed):
    torch.manual_seed(seed)
    frequency = torch.arange(1, n_values + 1) ** -skew
    values = frequency.expand(d, -1).multinomial(400, replacement=True).T.double()
    assert share(values) < HARMFUL


def test_the_notice_says_what_to_do():
    assert duplicates_notice(HARMFUL - 0.01, "anywhere") is None
    for held_out_from, remedy in (
        ("anywhere", r"hold out whole groups (--group-by"),
        ("groups", "coarser groups"),
    ):
        notice = duplicates_notice(0.6, held_out_from)
        assert notice.startswith("for 60% of the held-out samples a learned one is a copy or nearly one")
        assert remedy in notice
        assert len(notice) <= LONGEST_SENTENCE
