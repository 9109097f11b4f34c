"""Backbones of other libraries: what of their normalisation, sizes and levels belongs to the model.

A network with a pyramid of maps gives rows from all of them and places from those of strides 8 to 16, as
EfficientNet-Lite0 does. The layers of a vision transformer have one resolution and much in common: the last ``LAYERS``
make places, and the last one makes rows.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar, get_type_hints

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from ama.errors import InputError, sentence
from ama.features.backbone import Backbone
from ama.features.provenance import Provenance
from ama.io.typed_values import check_values

IMAGENET_MEAN, IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of pixels in [0, 1]
PLACE_STRIDES = (8, 16)  # pixels from one place to the next
LAYERS = 2  # of a vision transformer that make places
MAX_TOKENS = 2**13  # of an image in a vision transformer: each is compared with each
LONGEST_REASON = 80  # characters of an error of the network
MAX_MULTIPLE, MAX_STAGES, MAX_CHANNELS = 64, 100, 2**14
Self = TypeVar("Self", bound="StagedBackbone")


@dataclass(frozen=True)
class Layout:
    """What a network takes and gives.

    Parameters
    ----------
    mean, deviation
        Of each of the three colours, in [0, 1], by which pixels are normalised.
    multiple
        Sides of an image must be multiples of it.
    channels, strides
        Of each stage.
    """

    mean: list[float]
    deviation: list[float]
    multiple: int
    channels: list[int]
    strides: list[int]

    def __post_init__(self) -> None:
        if not len(self.mean) == len(self.deviation) == 3 or min(self.deviation) <= 0:
            raise ValueError("its normalisation is not a mean and a positive deviation of three colours")
        if not 1 <= self.multiple <= MAX_MULTIPLE:
            raise ValueError(f"its sides are multiples of {self.multiple}, expected 1 to {MAX_MULTIPLE}")
        if not 1 <= len(self.channels) == len(self.strides) <= MAX_STAGES:
            raise ValueError(
                f"it has {len(self.channels)} stages of channels and {len(self.strides)} of strides"
            )
        if not all(1 <= n <= MAX_CHANNELS for n in (*self.channels, *self.strides)):
            raise ValueError(f"its channels or strides are not from 1 to {MAX_CHANNELS}")

    @property
    def layered(self) -> bool:
        """Whether all stages have one resolution, as the layers of a vision transformer."""
        return len(self.strides) > 1 and len(set(self.strides)) == 1


class StagedBackbone(Backbone):
    """A frozen network that makes several feature maps.

    Parameters
    ----------
    network
        It takes normalised images (1, 3, h, w).
    layout
        What it takes and gives.
    provenance, remarks
        See :class:`ama.features.backbone.Backbone`.
    """

    def __init__(
        self, network: nn.Module, layout: Layout, provenance: Provenance, remarks: tuple[str, ...] = ()
    ):
        super().__init__()
        # What the library would compute again when it builds the network is stored, too: loading fills every tensor.
        for module in network.modules():
            for name, buffer in module.named_buffers(recurse=False):
                module.register_buffer(name, buffer.clone(), persistent=True)
        self.network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.layout, self.provenance, self.remarks = layout, provenance, remarks
        self.requires_grad_(False).eval()

    @abstractmethod
    def maps(self, pixels: Float[Tensor, "1 3 h w"]) -> Sequence[Tensor]:
        """The network's feature maps of a normalised image."""

    @abstractmethod
    def building(self) -> dict[str, Any]:
        """What builds the network again, as JSON types."""

    def train(self: Self, mode: bool = True) -> Self:
        """Stay in evaluation mode, whatever the model around it does."""
        return super().train(False)

    @property
    def n_columns(self) -> int:
        channels = self.layout.channels[-1:] if self.layout.layered else self.layout.channels
        return sum(channels)

    def description(self) -> dict[str, Any]:
        return {"building": self.building(), "layout": asdict(self.layout)}

    def stages(self, image: Float[Tensor, "1 3 h w"]) -> list[Float[Tensor, "1 _ _ _"]]:
        layout, (height, width) = self.layout, image.shape[2:]
        size = [-(-side // layout.multiple) * layout.multiple for side in (height, width)]
        if layout.layered and math.prod(size) > MAX_TOKENS * layout.multiple**2:
            raise InputError(
                f"images of {height} x {width} pixels are too large for {self.provenance.name}: it compares every "
                f"{layout.multiple} x {layout.multiple} pixels with all others; a smaller --image-size reduces them"
            )
        if size != [height, width]:
            image = F.interpolate(image, size, mode="bilinear", align_corners=False)
        mean, deviation = (image.new_tensor(v).view(1, 3, 1, 1) for v in (layout.mean, layout.deviation))
        return list(self.maps((image - mean) / deviation))

    def of_rows(self, stages: list[Float[Tensor, "1 _ _ _"]]) -> list[Float[Tensor, "1 _ _ _"]]:
        return stages[-1:] if self.layout.layered else stages

    def of_places(self, stages: list[Float[Tensor, "1 _ _ _"]]) -> list[Float[Tensor, "1 _ _ _"]]:
        if self.layout.layered:
            return stages[-LAYERS:]
        finest, coarsest = PLACE_STRIDES
        strides = self.layout.strides
        chosen = [i for i, stride in enumerate(strides) if finest <= stride <= coarsest]
        nearest = min(range(len(strides)), key=lambda i: abs(math.log(strides[i] / coarsest)))
        return [stages[i] for i in chosen or [nearest]]


def layout_from(values: dict[str, Any]) -> Layout:
    """The layout that a description holds.

    Raises
    ------
    ValueError
        If it holds anything else.
    """
    check_values(values, get_type_hints(Layout), "the layout of its backbone")
    return Layout(**values)


@torch.no_grad()
def measured(
    maps: Callable[[Float[Tensor, "1 3 h w"]], Sequence[Tensor]], multiple: int
) -> tuple[list[int], list[int]]:
    """Channels and strides of a network's maps, from an image that is no square.

    Raises
    ------
    ValueError
        If they are no maps of such an image, or of one of another size.
    """
    unit, least = math.lcm(multiple, 32), -(-16 // multiple) * multiple
    height = -(-128 // unit) * unit
    found, other = (_of_black(maps, *size) for size in ((height, height + unit), (5 * least, 7 * least)))
    if any(stage.ndim != 4 or not stage.is_floating_point() for stage in (*found, *other)):
        raise ValueError("it gives no feature maps")
    channels = [stage.shape[1] for stage in found]
    if channels != [stage.shape[1] for stage in other]:
        raise ValueError("the channels of its feature maps depend on the size of the image")
    return channels, [round(height / stage.shape[2]) for stage in found]


def _of_black(
    maps: Callable[[Float[Tensor, "1 3 h w"]], Sequence[Tensor]], height: int, width: int
) -> Sequence[Tensor]:
    """The maps of a black image; some networks take images of one size alone."""
    try:
        return maps(torch.zeros(1, 3, height, width))
    except Exception as error:
        reason = sentence(str(error), LONGEST_REASON)
        raise ValueError(f"it refuses images of {height} x {width} pixels ({reason})") from error
