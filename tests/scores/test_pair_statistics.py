"""v(x) by hand: statistics of every channel of every layer."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import oracle
from ama.networks.critic import DIFFERENCE_FLOOR
from ama.scores.forward_pass import ForwardPass
from ama.scores.kinds.factory import kind_of
from ama.scores.pair_statistics import pair_statistics
from draws import TINY, draw

SETTINGS = dataclasses.replace(TINY, lambda_rotation=0.0)
CRITICS = {shape: kind_of(shape).networks(SETTINGS).discriminator for shape in ((1, 8, 8), (5,))}


@given(st.integers(0, 2**32), *[st.integers(1, 4)] * 4)
def test_an_image_has_three_statistics_of_every_channel(seed, b, k, h, w):
    same, other = draw(seed, 2, b, k, h, w)
    found = CRITICS[1, 8, 8].statistics(same, other)
    for i in range(b):
        expected = oracle.pair_statistics(same[i].tolist(), other[i].tolist(), DIFFERENCE_FLOOR)
        assert found[i].tolist() == pytest.approx([v for part in expected for v in part], rel=1e-9, abs=1e-9)


def test_a_row_has_two_statistics_as_its_features_have_no_space():
    same, other = draw(0, 2, 3, 5)
    expected = torch.cat([((same - other).abs() + DIFFERENCE_FLOOR).log(), same], 1)
    torch.testing.assert_close(CRITICS[5,].statistics(same, other), expected)


@torch.no_grad()
def test_they_are_those_of_all_layers_one_after_the_other():
    networks = kind_of((1, 8, 8)).networks(SETTINGS).eval()
    forward = ForwardPass(draw(0, 3, 1, 8, 8).float(), networks, networks.discriminator.weights())
    layers = zip(forward.same, forward.others, strict=True)
    expected = torch.cat([networks.discriminator.statistics(*layer) for layer in layers], 1)
    assert torch.equal(pair_statistics(forward), expected)
