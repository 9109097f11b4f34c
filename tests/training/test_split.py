"""Which samples are held out."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ama.errors import InputError
from ama.settings import COMPACT_TABULAR, Settings
from ama.training.split import check_learnable, hold_out_places, split


@given(st.integers(5, 60), st.floats(0.05, 0.5), st.booleans(), st.integers(0, 99))
def test_every_sample_is_learned_from_or_held_out(n, share, from_end, seed):
    train, held_out = hold_out_places(n, share, seed, 2, from_end)
    assert sorted(torch.cat([train, held_out]).tolist()) == list(range(n))
    assert len(held_out) == max(2, round(share * n))
    if from_end:
        assert held_out.min() > train.max()


def test_the_parts_of_a_series_are_divided_at_one_place():
    x = torch.randn(40, 3).cumsum(0).double()
    parts = split(x, Settings(held_out=0.25, statistics="held_out", held_out_from="end"), 0)
    assert _places(x, parts.unseen) | _places(x, parts.calibration) == set(range(30, 40))


def _places(x, part):
    place = {tuple(row.tolist()): i for i, row in enumerate(x)}
    return {place[tuple(row.tolist())] for row in part}


def _check_groups(n_groups, contamination, seed):
    torch.manual_seed(seed)
    x = torch.randn(5 * n_groups, 4).double()
    groups = torch.randint(n_groups, (len(x),))
    settings = replace(COMPACT_TABULAR, held_out=0.5, contamination_share=contamination)
    with pytest.warns(UserWarning, match="groups are held out"):
        parts = split(x, settings, seed, groups=groups)
    train, _, unseen, calibration, doubtful = (set(groups[list(_places(x, part))].tolist()) for part in parts)
    assert train
    assert unseen
    assert calibration
    assert not (train & unseen) | (train & calibration) | (unseen & calibration)
    assert doubtful <= calibration
    assert bool(doubtful) == (contamination > 0)


@given(st.integers(20, 40), st.integers(0, 99))
def test_no_group_is_in_two_parts(n_groups, seed):
    _check_groups(n_groups, 0.0, seed)


def test_doubtful_samples_calibrate_if_their_group_does():
    _check_groups(40, 0.1, 0)


def test_of_few_groups_the_samples_are_divided():
    x, groups = torch.randn(90, 4).double(), torch.arange(9).repeat_interleave(10)
    with pytest.warns(UserWarning, match="2 of 9 groups are held out, 20 of 90 samples"):
        parts = split(x, COMPACT_TABULAR, 0, groups=groups)
    assert (len(parts.unseen), len(parts.calibration)) == (7, 13)


def test_groups_that_leave_nothing_to_learn_from_are_refused():
    groups = torch.tensor([0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
    expected = "the groups of 10 samples leave 9 to learn from and 1 held out, expected at least 3 and 2: give smaller"
    with pytest.raises(InputError, match=expected):
        split(torch.randn(10, 4).double(), COMPACT_TABULAR, 0, groups=groups)


@pytest.mark.parametrize(("share", "left"), [(0.9, 2), (0.999, 0)])
def test_a_share_that_leaves_nothing_to_learn_from_is_refused(share, left):
    expected = f"held_out={share} leaves {left} of 20 normal samples to learn from, expected at least 3: give a smaller"
    with pytest.raises(InputError, match=expected):
        hold_out_places(20, share, 0)


def test_a_table_with_the_samples_as_columns_is_said_to_be_turned():
    found = r"found 3 samples of 1,200 columns: if these are the samples, transpose the table"
    with pytest.raises(InputError, match=found):
        check_learnable(torch.rand(3, 1200))
    with pytest.raises(InputError, match=r"found 3 samples$"):
        check_learnable(torch.rand(3, 4))
