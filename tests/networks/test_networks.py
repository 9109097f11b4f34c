"""The three networks together: raw samples in and out, whatever their scale and their batch."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ama import settings
from ama.networks import image_networks, tabular_networks
from ama.networks.scaling import CHANGED
from ama.scores.kinds.factory import kind_of
from draws import TINY, draw, tensor

shapes = pytest.mark.parametrize("shape", [(1, 8, 8), (3, 28, 20), (5,), (1,)])


def _raw(shape, n=6):
    if len(shape) == 3:
        return torch.randint(0, 256, (n, *shape), dtype=torch.uint8)
    return 3 * torch.randn(n, *shape, dtype=torch.float64) + 100


def _fitted(shape, raw, choice=TINY):
    networks = kind_of(shape).networks(choice).eval()
    networks.scaling.fit(raw)
    return networks


def test_the_shape_decides_the_kind_of_networks():
    assert isinstance(kind_of((1, 8, 8)).networks(TINY).encoder, image_networks.Encoder)
    assert isinstance(kind_of((5,)).networks(TINY).encoder, tabular_networks.Encoder)


def test_settings_reach_the_networks():
    choice = dataclasses.replace(
        TINY, latent_dim=3, discriminator_width=12, mirrored=False, lipschitz="gradient_penalty"
    )
    networks = kind_of((2, 8, 8)).networks(choice)
    assert networks.encoder(torch.zeros(1, 2, 8, 8).expand(2, -1, -1, -1)).shape == (2, 3)
    assert networks.discriminator.n_features == 12
    assert networks.discriminator.blocks[0].conv1.in_channels == 2
    assert networks.discriminator.spectral is None


def test_the_paper_preset_has_the_papers_widths():
    networks = kind_of((3, 32, 32)).networks(settings.PAPER)
    assert [layer.out_channels for layer in networks.encoder.layers[::3]] == [64, 128, 256]
    assert networks.encoder.to_latent.out_channels == 128
    assert {block.conv2.out_channels for block in networks.generator.blocks} == {256}
    assert networks.discriminator.n_features == 128


def test_8_bit_images_go_from_0_and_255_to_minus_1_and_1_whatever_they_contain():
    networks = _fitted((1, 8, 8), torch.full((2, 1, 8, 8), 7, dtype=torch.uint8))
    raw = torch.tensor([0, 51, 255], dtype=torch.uint8).view(3, 1, 1, 1).expand(3, 1, 8, 8)
    x = networks.normalise(raw)
    assert x.dtype == torch.float32
    torch.testing.assert_close(x[:, 0, 0, 0], torch.tensor([-1, -0.6, 1]))


def test_deeper_images_go_from_the_range_found_to_minus_1_and_1():
    raw = 0.02 * torch.rand(5, 1, 8, 8) + 0.3
    networks = _fitted((1, 8, 8), raw)
    x = networks.normalise(raw)
    assert (x.min().item(), x.max().item()) == (pytest.approx(-1, abs=1e-4), pytest.approx(1, abs=1e-4))
    torch.testing.assert_close(networks.restore(x).float(), raw)


def test_images_of_a_single_value_stay_finite():
    raw = torch.full((3, 1, 8, 8), 0.25)
    networks = _fitted((1, 8, 8), raw)
    assert not networks.normalise(raw).any()
    assert torch.isfinite(networks.normalise(torch.rand(3, 1, 8, 8))).all()


def test_columns_get_mean_0_and_variance_1():
    raw = torch.randn(500, 3, dtype=torch.float64) * torch.tensor([1e-3, 1.0, 1e6]) + 1e6
    x = _fitted((3,), raw).normalise(raw)
    torch.testing.assert_close(x.mean(0), torch.zeros(3), rtol=0, atol=1e-5)
    torch.testing.assert_close(x.std(0, correction=0), torch.ones(3), rtol=1e-5, atol=0)


@pytest.mark.parametrize("value", [0.0, 0.1, -3.7, 1e6 + 0.1, 1e300, 1e-300])
def test_any_change_in_a_constant_column_is_as_unusual_as_any_other(value):
    raw = torch.randn(777, 2, dtype=torch.float64)
    raw[:, 1] = value
    networks = _fitted((2,), raw)
    assert networks.scaling.scale[1] == 0
    assert not networks.normalise(raw)[:, 1].any()
    changed = raw[:2].clone()
    changed[:, 1] = tensor([np.nextafter(value, -np.inf), max(2 * value, 1.0)])
    assert networks.normalise(changed)[:, 1].tolist() == [-CHANGED, CHANGED]
    assert networks.restore(torch.randn(3, 2, dtype=torch.float64))[:, 1].tolist() == [value] * 3


@given(st.integers(-1070, 1022), st.integers(0, 2**32))
def test_columns_of_any_magnitude_are_standardised(exponent, seed):
    raw = torch.from_numpy(np.ldexp(draw(seed, 50, 1).clamp(-3, 3).numpy() / 2, exponent))
    x = _fitted((1,), raw).double().normalise(raw)
    assert x.isfinite().all()
    if exponent > -900:  # the smallest numbers have few digits
        torch.testing.assert_close(x.mean(), torch.zeros((), dtype=torch.float64), rtol=0, atol=1e-9)
        torch.testing.assert_close(
            x.std(correction=0), torch.ones((), dtype=torch.float64), rtol=1e-9, atol=0
        )


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_finite_number_is_never_normalised_to_an_infinite_one(value):
    raw = torch.stack([draw(0, 20) * 1e-3, torch.full((20,), 7.0).double()], 1)
    for networks in (_fitted((2,), raw), _fitted((2,), raw).double()):
        assert networks.normalise(torch.full((1, 2), value, dtype=torch.float64)).isfinite().all()


@given(st.integers(0, 2**32), st.floats(1e-6, 1e6), st.floats(-1e6, 1e6))
def test_restore_undoes_normalise_for_rows(seed, scale, shift):
    noise = torch.randn(20, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    raw = scale * noise + shift
    networks = _fitted((3,), raw).double()
    torch.testing.assert_close(networks.restore(networks.normalise(raw)), raw, rtol=1e-9, atol=1e-9)


def test_restore_undoes_normalise_for_every_8_bit_value():
    networks = _fitted((1, 16, 16), _raw((1, 16, 16)))
    raw = torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16)
    assert torch.equal(networks.restore(networks.normalise(raw)).round().to(torch.uint8), raw)


def test_scaling_is_learned_from_the_samples_given_and_not_from_the_batch():
    train, test = _raw((5,), 50), _raw((5,)) * 10
    networks = _fitted((5,), train)
    whole = networks.normalise(test)
    assert torch.equal(networks.normalise(test[:1]), whole[:1])


@shapes
def test_scaling_travels_with_the_weights(shape):
    raw = _raw(shape)
    networks, copy = _fitted(shape, raw), kind_of(shape).networks(TINY).eval()
    copy.load_state_dict(networks.state_dict())
    x = copy.normalise(raw)
    assert torch.equal(x, networks.normalise(raw))
    assert torch.equal(copy.reconstruct(x), networks.reconstruct(x))


@shapes
def test_reconstruct_is_the_generator_of_the_encoder(shape):
    raw = _raw(shape)
    networks = _fitted(shape, raw)
    x = networks.normalise(raw)
    assert networks.reconstruct(x).shape == x.shape
    assert torch.equal(networks.reconstruct(x), networks.generator(networks.encoder(x)))


@shapes
def test_in_evaluation_mode_no_sample_depends_on_its_batch(shape):
    raw = _raw(shape, 12)
    networks = _fitted(shape, raw)
    networks.train()
    for _ in range(3):
        networks.reconstruct(networks.normalise(raw))
    networks.eval()
    x = networks.normalise(raw)

    def outputs(x):
        y = networks.reconstruct(x)
        return networks.encoder(x), y, networks.discriminator.features(x, y), networks.discriminator(x, y)

    with torch.no_grad():
        alone = [torch.cat(parts) for parts in zip(*map(outputs, x.split(1)), strict=True)]
        for found, expected in zip(outputs(x), alone, strict=True):
            torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


@shapes
def test_in_evaluation_mode_a_pass_changes_no_buffer(shape):
    raw = _raw(shape)
    networks = _fitted(shape, raw)
    before = {name: value.clone() for name, value in networks.state_dict().items()}
    x = networks.normalise(raw)
    networks.discriminator(x, networks.reconstruct(x))
    assert all(torch.equal(value, before[name]) for name, value in networks.state_dict().items())


def test_image_networks_are_laid_out_channels_last():
    raw = _raw((3, 16, 16))
    networks = _fitted((3, 16, 16), raw)
    x = networks.normalise(raw)
    assert x.is_contiguous(memory_format=torch.channels_last)
    assert networks.encoder.to_latent.weight.is_contiguous(memory_format=torch.channels_last)


def test_images_too_small_are_refused():
    with pytest.raises(ValueError, match="images must be 8 to 256 pixels a side, found 7 x 9"):
        kind_of((1, 7, 9)).networks(TINY)
