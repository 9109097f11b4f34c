"""Whole groups are drawn."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from ama.training.groups import drawn_groups, groups_notice

SIZES = st.lists(st.integers(1, 12), min_size=2, max_size=30)


@given(SIZES, st.floats(0.05, 0.5), st.integers(0, 99))
def test_whole_groups_have_about_the_wanted_number_of_samples_and_some_are_left(sizes, share, seed):
    groups = torch.arange(len(sizes)).repeat_interleave(torch.tensor(sizes))
    groups = groups[torch.randperm(len(groups))]
    wanted = max(1, round(share * len(groups)))
    chosen = drawn_groups(groups, wanted, seed)
    assert 0 < chosen.sum() < len(groups)
    assert not set(groups[chosen].tolist()) & set(groups[~chosen].tolist())
    assert abs(int(chosen.sum()) - wanted) <= max(sizes)


def test_every_group_of_a_size_is_drawn_as_often():
    groups = torch.arange(10).repeat_interleave(3)
    drawn = torch.stack([drawn_groups(groups, 6, seed) for seed in range(400)]).double().mean(0)
    assert (drawn - 0.2).abs().max() < 0.08


def test_a_group_that_would_take_most_samples_is_left_to_learn_from():
    groups = torch.tensor([0] * 90 + [1] * 5 + [2] * 5)
    assert all(drawn_groups(groups, 5, seed)[90:].sum() == 5 for seed in range(20))


def test_the_user_is_told_of_few_groups():
    groups = torch.arange(50).repeat_interleave(4)
    assert groups_notice(groups, groups < 25) == (
        "25 of 50 groups are held out, 100 of 200 samples: the false-alarm rate is that among samples of new groups"
    )
    assert groups_notice(groups, groups < 19).endswith(
        "; with fewer than 20 such groups it holds only roughly"
    )
