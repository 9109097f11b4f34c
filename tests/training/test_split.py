"""Which samples are held out."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from ama.settings import Settings
from ama.training.split import hold_out, split


@given(st.integers(5, 60), st.floats(0.05, 0.5), st.booleans(), st.integers(0, 99))
def test_every_sample_is_learned_from_or_held_out(n, share, from_end, seed):
    x = torch.arange(n, dtype=torch.float64)[:, None]
    train, held_out = hold_out(x, share, seed, 2, from_end)
    assert sorted(torch.cat([train, held_out]).flatten().tolist()) == list(range(n))
    assert len(held_out) == max(2, round(share * n))
    if from_end:
        assert held_out.min() > train.max()


def test_the_parts_of_a_series_are_divided_at_one_place():
    x = torch.randn(40, 3).cumsum(0).double()
    parts = split(x, Settings(held_out=0.25, statistics="held_out"), 0, from_end=True)
    place = {tuple(row.tolist()): i for i, row in enumerate(x)}
    held_out = {place[tuple(row.tolist())] for part in (parts.unseen, parts.calibration) for row in part}
    assert held_out == set(range(30, 40))
