"""Networks for scoring alone: BatchNorm with its fixed statistics folded into the convolutions before it."""

from __future__ import annotations

from copy import deepcopy

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

from ama.networks.networks import Networks


def folded(networks: Networks) -> Networks:
    """A copy in evaluation mode that computes the same with fewer passes over its maps.

    E's every BatchNorm follows a layer and vanishes into it, as does the second of each of G's blocks; a BatchNorm that
    follows a sum stays.
    """
    copy = deepcopy(networks).eval()
    copy.encoder.layers = _fold(list(copy.encoder.layers))
    if len(networks.shape) == 3:
        for block in copy.generator.blocks:
            block.conv1, block.norm2 = fuse_conv_bn_eval(block.conv1, block.norm2), nn.Identity()
    else:
        copy.generator.layers = _fold(list(copy.generator.layers))
    return copy


def _fold(layers: list[nn.Module]) -> nn.Sequential:
    kept: list[nn.Module] = []
    for layer in layers:
        if isinstance(layer, nn.BatchNorm2d) and isinstance(kept[-1], nn.Conv2d):
            kept[-1] = fuse_conv_bn_eval(kept[-1], layer)
        elif isinstance(layer, nn.BatchNorm1d) and isinstance(kept[-1], nn.Linear):
            kept[-1] = fuse_linear_bn_eval(kept[-1], layer)
        else:
            kept.append(layer)
    return nn.Sequential(*kept)
