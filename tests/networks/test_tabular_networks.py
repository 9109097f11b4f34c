"""E, G and D for vectors: layers, counts, each by hand, and the pair that D sees."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from ama.networks.tabular_networks import Discriminator, Encoder, Generator


def _count(module):
    return sum(p.numel() for p in module.parameters())


def _layers(module, kind):
    return [layer for layer in module.modules() if isinstance(layer, kind)]


def _varied(module):
    """The module with every norm's and bias's parameters away from 1 and 0, where a mistake would not show."""
    for value in [*module.parameters(), *module.buffers()]:
        if value.dim() == 1:
            value.data.uniform_(0.5, 1.5)
    return module.eval()


def _batch_norm(norm, x):
    return (x - norm.running_mean) / (norm.running_var + norm.eps).sqrt() * norm.weight + norm.bias


def _spectral(network):
    """The weight of a layer over u^T W v, by hand, with the singular vectors that the network holds."""
    layers = _layers(network, nn.Linear)

    def weight(layer):
        i = next(i for i, other in enumerate(layers) if other is layer)
        rows, columns = layer.weight.shape
        sigma = network.spectral.u[i, :rows] @ layer.weight @ network.spectral.v[i, :columns]
        return layer.weight / sigma

    return weight


@pytest.mark.parametrize("columns", [1, 2, 7, 300])
@pytest.mark.parametrize("latent_dim", [1, 16])
def test_every_number_of_columns_is_encoded_generated_and_judged(columns, latent_dim):
    x = torch.randn(4, columns)
    code = Encoder((columns,), latent_dim, 8)(x)
    assert code.shape == (4, latent_dim)
    y = Generator((columns,), latent_dim, 8)(code)
    assert y.shape == x.shape
    discriminator = Discriminator((columns,), 6)
    assert discriminator(x, y).shape == (4,)
    assert discriminator.features(x, y).shape == (4, 6)


def test_parameters_are_counted():
    n, d, w = 7, 3, 10
    assert _count(Encoder((n,), d, w)) == n * w + w * w + w * d + 2 * 2 * w
    assert _count(Generator((n,), d, w)) == (d * w + w) + (w * w + w) + (w * n + n) + 2 * 2 * w
    assert _count(Discriminator((n,), w)) == (2 * n * w + w) + 2 * (w * w + w) + w


def test_encoder_by_hand():
    encoder = _varied(Encoder((4,), 3, 6))
    assert all(layer.bias is None for layer in _layers(encoder, nn.Linear))
    first, norm1, _, second, norm2, _, last = encoder.layers
    h = x = torch.randn(5, 4)
    for linear, norm in ((first, norm1), (second, norm2)):
        h = _batch_norm(norm, h @ linear.weight.T)
        h = torch.where(h > 0, h, 0.2 * h)
    torch.testing.assert_close(encoder(x), h @ last.weight.T)


def test_generator_by_hand():
    generator = _varied(Generator((4,), 3, 6))
    first, norm1, _, second, norm2, _, last = generator.layers
    h = z = torch.randn(5, 3)
    for linear, norm in ((first, norm1), (second, norm2)):
        h = _batch_norm(norm, h @ linear.weight.T + linear.bias).relu()
    torch.testing.assert_close(generator(z), h @ last.weight.T + last.bias)


@pytest.mark.parametrize("mirrored", [True, False])
@pytest.mark.parametrize("spectral", [True, False])
def test_discriminator_by_hand(mirrored, spectral):
    discriminator = _varied(Discriminator((4,), 6, mirrored, spectral))
    weight = _spectral(discriminator) if spectral else lambda layer: layer.weight
    x, y = torch.randn(2, 5, 4)
    h = torch.cat([x, y], 1) if mirrored else y
    for block in discriminator.blocks:
        h = (h @ weight(block).T + block.bias).relu()
    torch.testing.assert_close(discriminator.features(x, y), h)
    torch.testing.assert_close(discriminator.maps(x, y)[-1], h)
    assert len(discriminator.maps(x, y)) == 3
    assert discriminator.output.bias is None
    torch.testing.assert_close(discriminator(x, y), (h @ weight(discriminator.output).T).flatten())


def test_generator_starts_from_xavier():
    for layer in _layers(Generator((60,), 64, 256), nn.Linear):
        std = math.sqrt(2 / sum(layer.weight.shape))
        assert layer.weight.std().item() == pytest.approx(std, rel=0.03)
        assert layer.weight.abs().max() <= math.sqrt(3) * std
        assert not layer.bias.any()


def test_spectral_normalisation_is_on_every_layer_of_d_or_on_none():
    discriminator = Discriminator((4,), 6)
    discriminator.iterate(100)
    assert len(discriminator.weights()) == 4
    for weight in discriminator.weights():
        assert torch.linalg.matrix_norm(weight, 2).item() == pytest.approx(1, abs=0.02)
    plain = Discriminator((4,), 6, spectral=False)
    assert all(
        weight is layer.weight
        for weight, layer in zip(plain.weights(), _layers(plain, nn.Linear), strict=True)
    )


def test_without_mirroring_only_the_second_row_counts():
    discriminator = Discriminator((4,), 16, mirrored=False).eval()
    x, y, z = torch.randn(3, 5, 4)
    assert torch.equal(discriminator(x, y), discriminator(z, y))
    assert not torch.equal(discriminator(x, y), discriminator(x, z))


def test_values_and_features_stay_float32_under_bfloat16_and_values_are_not_rounded():
    discriminator = Discriminator((4,), 6).eval()
    x, y = torch.randn(2, 5, 4)
    exact = discriminator(x, y)
    with torch.autocast("cpu", torch.bfloat16):
        features = discriminator.features(x, y)
        found = discriminator(x, y)
    assert features.dtype == found.dtype == torch.float32
    assert torch.equal(found, F.linear(features, discriminator.weights()[-1]).squeeze(1))
    assert not torch.equal(found, exact)  # the maps are in bfloat16
    torch.testing.assert_close(found, exact, rtol=0.05, atol=0.05)


def test_all_three_networks_work_in_float64():
    x = torch.randn(5, 4, dtype=torch.float64)
    encoder, generator, discriminator = Encoder((4,), 3, 6), Generator((4,), 3, 6), Discriminator((4,), 6)
    y = generator.double()(encoder.double()(x))
    assert discriminator.double()(x, y).dtype == discriminator.features(x, y).dtype == torch.float64
