"""EfficientNet-Lite0 on images of one size, many at a time, in operations that ONNX has."""

from __future__ import annotations

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn
from torch.nn import functional as F

from ama.errors import InputError
from ama.export.fixed_resampling import FixedResampling, bicubic
from ama.features.backbone import LARGEST_OF_ROWS, Backbone, Lite0Backbone, seen_size


def check_backbone(backbone: Backbone | None) -> None:
    """Refuse a backbone of another library.

    Raises
    ------
    InputError
        If it is one.
    """
    if backbone is not None and not isinstance(backbone, Lite0Backbone):
        raise InputError(
            f"a detector that sees images through {backbone.provenance.name} cannot be exported: of all features, "
            "lite0 alone can"
        )


class GraphBackbone(nn.Module):
    """What a :class:`ama.features.backbone.Backbone` makes of images of one size.

    Parameters
    ----------
    backbone
        Its weights are shared.
    size
        Height and width of the images.
    """

    def __init__(self, backbone: Lite0Backbone, size: tuple[int, int]):
        super().__init__()
        self.backbone = backbone
        self.as_rows = FixedResampling(bicubic, size, seen_size(*size, LARGEST_OF_ROWS))
        self.as_places = FixedResampling(bicubic, size, seen_size(*size))

    def forward(self, raw: Shaped[Tensor, "b c h w"]) -> Float[Tensor, "b n"]:
        """See :meth:`ama.features.backbone.Backbone.forward`."""
        return self._row(self._stages(raw, self.as_rows))

    def rows_and_maps(
        self, raw: Shaped[Tensor, "b c h w"], side: int
    ) -> tuple[Float[Tensor, "b n"], Float[Tensor, "b k s s"]]:
        """See :meth:`ama.features.backbone.Backbone.rows_and_maps`."""
        stages = self._stages(raw, self.as_rows)
        return self._row(stages), _averaged(self._places(stages), (side, side))

    def places(self, raw: Shaped[Tensor, "b c h w"]) -> Float[Tensor, "b k i j"]:
        """See :meth:`ama.features.backbone.Backbone.places`."""
        return self._places(self._stages(raw, self.as_places))

    def _stages(
        self, raw: Shaped[Tensor, "b c h w"], resampling: FixedResampling
    ) -> list[Float[Tensor, "b _ _ _"]]:
        pixels = raw.float() / 255 if raw.dtype == torch.uint8 else raw.float()
        if not resampling.same:
            pixels = resampling(pixels).clamp(0, 1)
        return list(self.backbone.network.stage_maps(pixels.expand(-1, 3, -1, -1)))

    def _row(self, stages: list[Float[Tensor, "b _ _ _"]]) -> Float[Tensor, "b n"]:
        return torch.cat([stage.mean((2, 3)) for stage in self.backbone.of_rows(stages)], 1)

    def _places(self, stages: list[Float[Tensor, "b _ _ _"]]) -> Float[Tensor, "b k i j"]:
        chosen = self.backbone.of_places(stages)
        height, width = chosen[-1].shape[2:]
        around = [F.avg_pool2d(stage, 3, 1, 1, count_include_pad=False) for stage in chosen]
        return torch.cat([_averaged(stage, (height, width)) for stage in around], 1)


def _averaged(x: Float[Tensor, "b k h w"], size: tuple[int, int]) -> Float[Tensor, "b k i j"]:
    height, width = x.shape[2:]
    return FixedResampling(F.adaptive_avg_pool2d, (height, width), size)(x)
