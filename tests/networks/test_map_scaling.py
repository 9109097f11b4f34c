"""Feature maps as networks see them: components of unit variance, squashed."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from ama.networks.map_scaling import SPREAD, MapScaling
from draws import draw


def fitted(raw: torch.Tensor, n: int) -> MapScaling:
    scaling = MapScaling(n)
    scaling.fit(raw)
    return scaling


def correlated(seed: int, n: int = 20, channels: int = 6) -> torch.Tensor:
    """Maps (n, channels, 8, 8) of channels of other means and spreads."""
    mixed = torch.einsum("ck,nkhw->nchw", draw(seed, channels, channels), draw(seed + 1, n, channels, 8, 8))
    spreads = torch.logspace(-3, 3, channels, dtype=torch.float64)[:, None, None]
    return (mixed * spreads + 5 * spreads).float()


def test_components_are_those_of_standardised_channels():
    raw = correlated(0)
    x = fitted(raw, 3).normalise(raw, torch.float64)
    places = raw.double().movedim(1, 3).flatten(0, 2).numpy()
    expected = PCA(3, whiten=True).fit_transform((places - places.mean(0)) / places.std(0))
    found = SPREAD * torch.atanh(x).movedim(1, 3).flatten(0, 2).numpy()
    assert x.shape == (20, 3, 8, 8)
    assert x.abs().max() < 1
    np.testing.assert_allclose(abs(found), abs(expected), rtol=1e-3, atol=1e-3)  # of either sign


@given(st.integers(0, 2**20))
def test_restore_undoes_normalise_where_no_component_is_left_out(seed):
    raw = correlated(seed)
    scaling = fitted(raw, 8)
    assume(scaling.components[:6].any(1).all())  # the six channels may depend on one another
    x = scaling.normalise(raw, torch.float64)
    assert not x[:, 6:].any()  # there are 6 channels
    near = scaling.restore(x) - raw
    assert (near.abs() < 1e-6 * raw.abs().amax((0, 2, 3))[:, None, None]).all()


def test_what_a_generator_saturates_is_restored_to_finite_numbers():
    assert fitted(correlated(0), 4).restore(torch.ones(1, 4, 8, 8)).isfinite().all()


def test_channels_that_say_nothing_stay_zero():
    raw = correlated(0)
    raw[:, 1], raw[:, 2] = 7.0, 3 * raw[:, 0]
    x = fitted(raw, 6).normalise(raw, torch.float64)
    assert torch.isfinite(x).all()
    assert x[:, :4].std((0, 2, 3)).min() > 0.2
    assert not x[:, 4:].any()
    assert not fitted(torch.full((5, 6, 8, 8), 2.0), 4).normalise(raw, torch.float32).any()


def test_the_fit_decides_and_not_the_batch():
    scaling, new = fitted(correlated(0), 4), 100 * correlated(3)
    whole = scaling.normalise(new, torch.float64)
    torch.testing.assert_close(scaling.normalise(new[:1], torch.float64), whole[:1], rtol=1e-12, atol=1e-12)
    assert whole.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("channels", [6, 9])
def test_its_sizes_come_from_what_is_loaded(channels):
    raw = correlated(0, channels=channels)
    scaling, other = fitted(raw, 4), MapScaling(4)
    other.load_state_dict(scaling.state_dict())
    assert torch.equal(other.normalise(raw, torch.float32), scaling.normalise(raw, torch.float32))
