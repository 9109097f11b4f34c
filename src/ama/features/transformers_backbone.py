"""Backbones of the library transformers: DINOv2, ConvNeXt, Swin, ResNet and others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jaxtyping import Float
from torch import Tensor, nn

from ama.features.backbone_folder import PROCESSOR, BackboneFolder, backbone_folder, check_name
from ama.features.provenance import Provenance, weights_sha256
from ama.features.staged_backbone import (
    IMAGENET_DEVIATION,
    IMAGENET_MEAN,
    LAYERS,
    Layout,
    StagedBackbone,
    layout_from,
    measured,
)
from ama.features.transformers_network import (
    build,
    config_class,
    config_from,
    multiple_of,
    plain,
    read_config,
    read_network,
    transformers,
    unusable,
)
from ama.io.typed_values import fits


class TransformersBackbone(StagedBackbone):
    """What ``transformers.AutoBackbone`` loads from a folder or from the Hugging Face hub."""

    library = "transformers"

    @classmethod
    def check(cls, name: str) -> None:
        check_name(name)
        with transformers(f"features={name!r}"):
            pass

    @classmethod
    def loaded(cls, name: str) -> TransformersBackbone:
        with transformers(f"features={name!r}") as library:
            folder = backbone_folder(name)
            config = read_config(library, folder)
            mean, deviation, remarks = _normalisation(folder)
            network, layout = _measured(library, folder, config, mean, deviation)
            if layout.layered and len(layout.strides) > LAYERS:
                # Fewer layers to keep; some networks have a norm for each of them.
                config.out_features = config.out_features[-LAYERS:]
                network, layout = _measured(library, folder, config, mean, deviation)
        sha256 = weights_sha256(network.state_dict())
        provenance = Provenance(folder.name, folder.origin, folder.licence(), folder.source, sha256)
        return cls(network, layout, provenance, remarks)

    @classmethod
    def prepare(cls, network: dict[str, Any]) -> None:
        with transformers() as library:
            config_class(library, network["building"]["model_type"])

    @classmethod
    def described(cls, network: dict[str, Any], provenance: Provenance) -> TransformersBackbone:
        layout = layout_from(network["layout"])
        with transformers() as library:
            config = config_from(library, network["building"])
            if layout.multiple != multiple_of(config):
                raise ValueError(f"its layout has sides that are multiples of {layout.multiple}")
            return cls(build(library, config), layout, provenance)

    def building(self) -> dict[str, Any]:
        with transformers() as library:
            return plain(library, self.network.config)

    def maps(self, pixels: Float[Tensor, "1 3 h w"]) -> Sequence[Tensor]:
        return self.network(pixels).feature_maps


def _measured(
    library: Any, folder: BackboneFolder, config: Any, mean: list[float], deviation: list[float]
) -> tuple[nn.Module, Layout]:
    """The network of a folder, and what it takes and gives."""
    network, multiple = read_network(library, folder, config).eval(), multiple_of(config)
    try:
        channels, strides = measured(lambda pixels: network(pixels).feature_maps, multiple)
        return network, Layout(mean, deviation, multiple, channels, strides)
    except Exception as error:  # some networks take images of one size alone
        raise unusable(folder, error) from error


def _normalisation(folder: BackboneFolder) -> tuple[list[float], list[float], tuple[str, ...]]:
    """Mean and deviation of pixels, and a remark if they are assumed."""
    found = folder.read(PROCESSOR)
    if found.get("do_normalize") is False:
        return [0.0] * 3, [1.0] * 3, ()
    mean, deviation = found.get("image_mean"), found.get("image_std")
    if isinstance(mean, list) and isinstance(deviation, list) and fits([*mean, *deviation], list[float]):
        return mean, deviation, ()
    remark = (
        f"{folder.path} has no {PROCESSOR} with a mean and a deviation: pixels are normalised as for ImageNet"
    )
    return list(IMAGENET_MEAN), list(IMAGENET_DEVIATION), (remark,)
