"""E, G and D for images: the paper's at 32 x 32, the same pattern at every other size, and each by hand."""

from __future__ import annotations

import math
import re

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from ama.networks.image_networks import Discriminator, Encoder, Generator, innermost_size, n_halvings

SIZES = [
    *((side, side) for side in (8, 9, 11, 12, 28, 31, 32, 64, 96, 256)),
    *((8, 256), (32, 64), (28, 20), (256, 8)),
]
sizes = pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
channel_counts = pytest.mark.parametrize("channels", [1, 3, 4, 13])


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


# --- the paper's 32 x 32 ---


def test_the_papers_encoder_has_three_halving_convolutions_and_one_to_the_latent():
    encoder = Encoder((3, 32, 32))
    found = [
        (conv.in_channels, conv.out_channels, conv.kernel_size, conv.stride, conv.padding, conv.bias)
        for conv in _layers(encoder, nn.Conv2d)
    ]
    assert found == [
        (3, 64, (4, 4), (2, 2), (1, 1), None),
        (64, 128, (4, 4), (2, 2), (1, 1), None),
        (128, 256, (4, 4), (2, 2), (1, 1), None),
        (256, 128, (4, 4), (1, 1), (0, 0), None),
    ]
    kinds = [type(layer) for layer in encoder.layers]
    assert kinds == [nn.Conv2d, nn.BatchNorm2d, nn.LeakyReLU] * 3
    assert {layer.negative_slope for layer in _layers(encoder, nn.LeakyReLU)} == {0.2}
    assert encoder(torch.zeros(2, 3, 32, 32)).shape == (2, 128)


def test_the_papers_encoder_counts_its_parameters():
    convolutions = 16 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 128)
    assert _count(Encoder((3, 32, 32))) == convolutions + 2 * (64 + 128 + 256)


def test_the_papers_generator_goes_from_4x4_through_three_blocks_of_256():
    generator = Generator((3, 32, 32))
    linear = generator.from_latent
    assert (linear.in_features, linear.out_features) == (128, 256 * 4 * 4)
    assert [(b.conv1.in_channels, b.conv2.out_channels) for b in generator.blocks] == [(256, 256)] * 3
    sides, h = [], linear(torch.zeros(2, 128)).view(2, 256, 4, 4)
    for block in generator.blocks:
        h = block(h)
        sides.append(h.shape[2:])
    assert sides == [(8, 8), (16, 16), (32, 32)]
    images = generator(100 * torch.randn(4, 128))
    assert images.shape == (4, 3, 32, 32)
    assert images.abs().max() <= 1


def test_the_papers_generator_counts_its_parameters():
    linear = 128 * 4096 + 4096
    block = 2 * (9 * 256 * 256 + 256) + (256 * 256 + 256) + 2 * 2 * 256
    assert _count(Generator((3, 32, 32))) == linear + 3 * block + 2 * 256 + 9 * 256 * 3 + 3


def test_the_papers_discriminator_sees_pairs_and_halves_twice_in_four_blocks_of_128():
    discriminator = Discriminator((3, 32, 32))
    assert [block.conv1.in_channels for block in discriminator.blocks] == [6, 128, 128, 128]
    assert {block.conv2.out_channels for block in discriminator.blocks} == {128}
    x = torch.randn(2, 3, 32, 32)
    maps = discriminator.maps(x, x)
    assert [m.shape[2:] for m in maps] == [(16, 16), (8, 8), (8, 8), (8, 8)]
    assert discriminator.features(x, x).shape == (2, 128)
    assert (discriminator.output.in_features, discriminator.output.out_features) == (128, 1)
    assert discriminator.output.bias is None


def test_the_papers_discriminator_counts_its_parameters():
    convolution = 9 * 128 * 128 + 128
    first = (9 * 6 * 128 + 128) + convolution + (6 * 128 + 128)
    second = 2 * convolution + (128 * 128 + 128)
    assert _count(Discriminator((3, 32, 32))) == first + second + 2 * 2 * convolution + 128


# --- other sizes ---


@sizes
@pytest.mark.parametrize("full_resolution", [True, False])
def test_every_size_is_encoded_generated_and_judged(size, full_resolution):
    shape = (1, *size)
    x = torch.rand(2, *shape) * 2 - 1
    code = Encoder(shape, 5, 4)(x)
    assert code.shape == (2, 5)
    y = Generator(shape, 5, 8, full_resolution)(code)
    assert y.shape == x.shape
    discriminator = Discriminator(shape, 6, full_resolution=full_resolution)
    assert discriminator(x, y).shape == (2,)
    assert discriminator.features(x, y).shape == (2, 6)


@channel_counts
def test_every_number_of_channels_is_encoded_generated_and_judged(channels):
    shape = (channels, 9, 12)
    x = torch.rand(2, *shape)
    y = Generator(shape, 5, 8)(Encoder(shape, 5, 4)(x))
    assert y.shape == x.shape
    assert Discriminator(shape, 6)(x, y).shape == (2,)


@pytest.mark.parametrize(
    ("size", "halvings", "inner"),
    [
        ((8, 8), 1, (4, 4)),
        ((9, 9), 1, (5, 5)),
        ((28, 28), 3, (4, 4)),
        ((32, 32), 3, (4, 4)),
        ((64, 64), 4, (4, 4)),
        ((96, 96), 5, (3, 3)),
        ((256, 256), 6, (4, 4)),
        ((8, 256), 1, (4, 128)),
        ((32, 64), 3, (4, 8)),
        ((28, 20), 2, (7, 5)),
    ],
)
def test_the_shorter_side_decides_how_often_both_are_halved(size, halvings, inner):
    assert n_halvings(*size) == n_halvings(*size[::-1]) == halvings
    assert innermost_size(*size) == inner


def test_the_innermost_map_is_about_four_pixels_at_every_size():
    for side in range(8, 257):
        assert 4 / 2**0.5 < side / 2 ** n_halvings(side, side) < 4 * 2**0.5
        assert min(innermost_size(side, 256)) in (3, 4, 5, 6)


@pytest.mark.parametrize("size", [(7, 32), (32, 7), (257, 32), (32, 257), (0, 0)])
@pytest.mark.parametrize("network", [Encoder, Generator, Discriminator])
def test_sizes_outside_8_to_256_are_refused(size, network):
    message = (
        f"images must be 8 to 256 pixels a side, found {size[0]} x {size[1]} (height x width); "
        "image_size=... resizes them"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        network((3, *size))


def test_encoder_channels_double_up_to_eight_times_and_generator_channels_halve_beyond_32_pixels():
    convolutions = _layers(Encoder((1, 256, 256), 5, 4).layers, nn.Conv2d)
    assert [conv.out_channels for conv in convolutions] == [4, 8, 16, 32, 32, 32]
    blocks = Generator((1, 256, 256), 5, 64).blocks
    assert [block.conv2.out_channels for block in blocks] == [64, 64, 64, 32, 16, 8]


@pytest.mark.parametrize("size", [(9, 9), (28, 20), (31, 31)])
def test_encoder_pads_with_the_edge_pixels_on_the_right_and_bottom(size):
    encoder = Encoder((2, *size), 3, 4).eval()
    x = torch.randn(2, 2, *size)
    height, width = (inner * 2 ** n_halvings(*size) for inner in innermost_size(*size))
    rows = torch.arange(height).clamp(max=size[0] - 1)
    columns = torch.arange(width).clamp(max=size[1] - 1)
    padded = x[:, :, rows][:, :, :, columns]
    expected = encoder.to_latent(encoder.layers(padded)).flatten(1)
    torch.testing.assert_close(encoder(x), expected)


# --- each network by hand ---


def _batch_norm(norm, x):
    shape = (1, -1, 1, 1)
    centred = (x - norm.running_mean.view(shape)) / (norm.running_var.view(shape) + norm.eps).sqrt()
    return centred * norm.weight.view(shape) + norm.bias.view(shape)


def _spectral(network):
    """The weight of a layer over u^T W v, by hand, with the singular vectors that the network holds."""
    layers = _layers(network, nn.Conv2d | nn.Linear)

    def weight(layer):
        i = next(i for i, other in enumerate(layers) if other is layer)
        matrix = layer.weight.flatten(1)
        rows, columns = matrix.shape
        sigma = network.spectral.u[i, :rows] @ matrix @ network.spectral.v[i, :columns]
        return layer.weight / sigma

    return weight


def test_encoder_by_hand():
    encoder = _varied(Encoder((3, 16, 16), 5, 4))
    x = torch.randn(2, 3, 16, 16)
    h = x
    for conv, norm in zip(_layers(encoder.layers, nn.Conv2d), _layers(encoder, nn.BatchNorm2d), strict=True):
        h = _batch_norm(norm, F.conv2d(h, conv.weight, stride=2, padding=1))
        h = torch.where(h > 0, h, 0.2 * h)
    expected = torch.einsum("bchw,dchw->bd", h, encoder.to_latent.weight)
    torch.testing.assert_close(encoder(x), expected, rtol=1e-4, atol=1e-5)


def test_generator_by_hand():
    generator = _varied(Generator((3, 16, 16), 5, 8))
    z = torch.randn(2, 5)
    linear = generator.from_latent
    h = (z @ linear.weight.T + linear.bias).view(2, 8, 4, 4)
    for block in generator.blocks:
        doubled = h.repeat_interleave(2, 2).repeat_interleave(2, 3)
        # Up-sampling first, as Miyato et al. draw it.
        rest = F.conv2d(doubled, block.shortcut.weight, block.shortcut.bias)
        h = _batch_norm(block.norm1, h).relu().repeat_interleave(2, 2).repeat_interleave(2, 3)
        h = F.conv2d(h, block.conv1.weight, block.conv1.bias, padding=1)
        h = _batch_norm(block.norm2, h).relu()
        h = F.conv2d(h, block.conv2.weight, block.conv2.bias, padding=1) + rest
    h = _batch_norm(generator.norm, h).relu()
    expected = F.conv2d(h, generator.to_image.weight, generator.to_image.bias, padding=1).tanh()
    torch.testing.assert_close(generator(z), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("spectral", [True, False])
def test_discriminator_by_hand(spectral):
    discriminator = _varied(Discriminator((3, 32, 32), 6, spectral=spectral))
    weight = _spectral(discriminator) if spectral else lambda layer: layer.weight

    def convolve(layer, h):
        return F.conv2d(h, weight(layer), layer.bias, padding=layer.kernel_size[0] // 2)

    x, y = torch.randn(2, 2, 3, 32, 32)
    h = torch.cat([x, y], 1)
    for i, block in enumerate(discriminator.blocks):
        inner = convolve(block.conv2, convolve(block.conv1, h.relu() if i else h).relu())
        if i < 2:
            inner, h = F.avg_pool2d(inner, 2), convolve(block.shortcut, F.avg_pool2d(h, 2))
        h = inner + h
    features = h.relu().sum((2, 3))
    torch.testing.assert_close(discriminator.features(x, y), features, rtol=1e-4, atol=1e-4)
    expected = (features @ weight(discriminator.output).T).flatten()
    torch.testing.assert_close(discriminator(x, y), expected, rtol=1e-4, atol=1e-4)


# --- without maps of full size ---


@pytest.mark.parametrize(
    ("side", "sides"), [(8, [4, 4]), (16, [8, 8, 8]), (32, [8] * 4), (64, [16, 8, 8, 8, 8])]
)
def test_the_stem_halves_as_often_as_the_blocks_it_stands_for(side, sides):
    x = torch.rand(1, 1, side, side)
    maps = Discriminator((1, side, side), 4, full_resolution=False).maps(x, x)
    expected = Discriminator((1, side, side), 4).maps(x, x)
    assert [m.shape[-1] for m in maps] == sides
    assert len(maps) == len(expected)
    assert maps[-1].shape == expected[-1].shape


def test_generator_without_full_resolution_by_hand():
    generator = _varied(Generator((3, 16, 16), 5, 8, full_resolution=False))
    z = torch.randn(2, 5)
    [block] = generator.blocks
    h = block((z @ generator.from_latent.weight.T + generator.from_latent.bias).view(2, 8, 4, 4))
    h = F.conv2d(_batch_norm(generator.norm, h).relu(), generator.to_image.weight, padding=1)
    h = h + generator.to_image.bias.view(-1, 1, 1)
    expected = torch.empty(2, 3, 16, 16)
    for i in range(2):
        for j in range(2):
            expected[:, :, i::2, j::2] = h[:, 2 * i + j :: 4].tanh()
    torch.testing.assert_close(generator(z), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("spectral", [True, False])
def test_discriminator_without_full_resolution_by_hand(spectral):
    discriminator = _varied(Discriminator((3, 32, 32), 6, spectral=spectral, full_resolution=False))
    weight = _spectral(discriminator) if spectral else lambda layer: layer.weight
    stem, *blocks = discriminator.blocks

    def convolve(layer, h, stride=1):
        return F.conv2d(h, weight(layer), layer.bias, stride, (layer.kernel_size[0] - 1) // 2)

    x, y = torch.randn(2, 2, 3, 32, 32)
    pair = torch.cat([x, y], 1)
    h = convolve(stem.conv2, convolve(stem.conv1, pair, 2).relu(), 2)
    h = h + convolve(stem.shortcut, F.avg_pool2d(pair, 4))
    for block in blocks:
        h = h + convolve(block.conv2, convolve(block.conv1, h.relu()).relu())
    torch.testing.assert_close(discriminator.features(x, y), h.relu().sum((2, 3)), rtol=1e-4, atol=1e-4)


# --- initialisation and normalisation of the weights ---


def test_generator_starts_from_xavier():
    for layer in _layers(Generator((3, 32, 32)), nn.Conv2d | nn.Linear):
        space = math.prod(layer.weight.shape[2:])
        std = math.sqrt(2 / (space * (layer.weight.shape[0] + layer.weight.shape[1])))
        assert layer.weight.std().item() == pytest.approx(std, rel=0.03)
        assert layer.weight.abs().max() <= math.sqrt(3) * std
        assert not layer.bias.any()


def test_spectral_normalisation_is_on_every_layer_and_bounds_its_largest_singular_value():
    discriminator = Discriminator((3, 32, 32), 16)
    assert len(discriminator.weights()) == len(_layers(discriminator, nn.Conv2d | nn.Linear)) == 4 * 2 + 2 + 1
    discriminator.iterate(100)
    for weight in discriminator.weights():
        norm = torch.linalg.matrix_norm(weight.flatten(1), 2)
        assert norm.item() == pytest.approx(1, abs=0.02)


def test_without_spectral_normalisation_the_weights_are_those_of_the_layers():
    discriminator = Discriminator((3, 32, 32), 16, spectral=False)
    layers = _layers(discriminator, nn.Conv2d | nn.Linear)
    assert all(weight is layer.weight for weight, layer in zip(discriminator.weights(), layers, strict=True))


# --- D and its features ---


@pytest.mark.parametrize("size", [(8, 8), (9, 9), (28, 20)])
@pytest.mark.parametrize("mirrored", [True, False])
def test_features_are_the_last_map_summed_and_the_value_is_linear_in_them(size, mirrored):
    discriminator = Discriminator((2, *size), 6, mirrored=mirrored).eval()
    x, y = torch.randn(2, 3, 2, *size)
    features = discriminator.features(x, y)
    torch.testing.assert_close(features, discriminator.maps(x, y)[-1].sum((2, 3)))
    assert (features >= 0).all()
    torch.testing.assert_close(discriminator(x, y), features @ discriminator.weights()[-1][0])


def test_without_mirroring_only_the_second_image_counts():
    discriminator = Discriminator((2, 8, 8), 6, mirrored=False).eval()
    x, y, z = torch.randn(3, 2, 2, 8, 8)
    assert torch.equal(discriminator(x, y), discriminator(z, y))
    assert not torch.equal(discriminator(x, y), discriminator(x, z))
    assert discriminator.blocks[0].conv1.in_channels == 2


def test_with_mirroring_both_images_and_their_order_count():
    discriminator = Discriminator((2, 8, 8), 6).eval()
    x, y = torch.randn(2, 2, 2, 8, 8)
    values = [discriminator(*pair) for pair in ((x, x), (x, y), (y, x), (y, y))]
    assert not any(torch.equal(a, b) for i, a in enumerate(values) for b in values[:i])


def test_values_and_features_stay_float32_under_bfloat16_and_values_are_not_rounded():
    discriminator = Discriminator((1, 8, 8), 6).eval()
    x, y = torch.randn(2, 3, 1, 8, 8)
    exact = discriminator(x, y)
    with torch.autocast("cpu", torch.bfloat16):
        features = discriminator.features(x, y)
        found = discriminator(x, y)
    assert features.dtype == found.dtype == torch.float32
    assert torch.equal(found, F.linear(features, discriminator.weights()[-1]).squeeze(1))
    assert not torch.equal(found, exact)  # the maps are in bfloat16
    torch.testing.assert_close(found, exact, rtol=0.05, atol=0.05)


def test_all_three_networks_work_in_float64():
    shape = (1, 12, 12)
    x = torch.randn(2, *shape, dtype=torch.float64)
    encoder, generator, discriminator = Encoder(shape, 5, 4), Generator(shape, 5, 8), Discriminator(shape, 6)
    y = generator.double()(encoder.double()(x))
    assert discriminator.double()(x, y).dtype == discriminator.features(x, y).dtype == torch.float64
