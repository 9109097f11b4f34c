"""What the networks see of raw samples, as a part of a graph."""

from __future__ import annotations

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from ama.export.graph_backbone import GraphBackbone
from ama.export.graph_places import GraphPlaces
from ama.features.backbone import Lite0Backbone
from ama.scores.forward_pass import ForwardPass
from ama.scores.model import Model


class GraphSight(nn.Module):
    """Raw samples to a forward pass, with the networks folded.

    Parameters
    ----------
    model
        Its convolutions run in float32 here, whatever it scores in.
    places
        Whether the distances of places are needed.
    """

    def __init__(self, model: Model, places: bool):
        super().__init__()
        self.kind, self.networks = model.kind, model.networks.folded()
        _replace_leaky_relus(self.networks)
        if model.kind.convolutional:  # onnxruntime has no convolutions in float64
            for network in (self.networks.encoder, self.networks.generator, self.networks.discriminator):
                network.float()
        self.weights = [weight.detach() for weight in self.networks.discriminator.weights()]
        self.backbone: GraphBackbone | None = None
        self.places: GraphPlaces | None = None
        if isinstance(model.backbone, Lite0Backbone):
            _, height, width = model.shape
            self.backbone = GraphBackbone(model.backbone, (height, width))
            if places:
                assert model.kind.tiles is not None
                assert model.bank is not None
                self.places = GraphPlaces(model.backbone, model.kind.tiles, model.bank, model.gaussians)

    def forward(self, raw: Shaped[Tensor, "b ..."]) -> ForwardPass:
        """The forward pass of raw samples."""
        seen = self.kind.seen(raw, self.backbone)  # type: ignore[arg-type]
        rows, scaling = None, self.networks.row_scaling
        if scaling is not None and seen.rows is not None:
            rows = scaling.normalise(seen.rows, torch.float64)
        distances = None if self.places is None else self.places(raw)
        x = self.networks.normalise(seen.x)
        return ForwardPass(x, self.networks, self.weights, distances=distances, rows=rows)


class _LeakyReLU(nn.Module):
    """The same in operations that onnxruntime has for float64, too."""

    def __init__(self, slope: float):
        super().__init__()
        self.slope = slope

    def forward(self, x: Float[Tensor, " ..."]) -> Float[Tensor, " ..."]:
        return torch.where(x > 0, x, self.slope * x)


def _replace_leaky_relus(networks: nn.Module) -> None:
    for module in list(networks.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.LeakyReLU):
                setattr(module, name, _LeakyReLU(child.negative_slope))
