"""The surprise of the rotation head by hand."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import oracle
from ama.scores.terms.rotation import rotation_surprise
from draws import draw

seeds, sizes = st.integers(0, 2**32), st.integers(1, 7)


@given(seeds, st.integers(1, 4), st.sampled_from([2, 4]))
def test_rotation_surprise_by_hand(seed, b, t):
    logits = 3 * draw(seed, b, t, t)
    expected = [oracle.rotation_surprise(one) for one in logits.tolist()]
    assert rotation_surprise(logits).tolist() == pytest.approx(expected, rel=1e-9)
    assert (rotation_surprise(logits) > 0).all()


def test_a_critic_that_knows_every_rotation_is_not_surprised():
    sure = 50 * torch.eye(4).expand(3, 4, 4)
    assert rotation_surprise(sure).abs().max() < 1e-9
    assert rotation_surprise(torch.zeros(1, 4, 4)).item() == pytest.approx(4 * math.log(4))
