"""Backbones of the library timm, by name. It needs torchvision, and both must fit the torch that is installed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ama.errors import InputError, MissingLibraryError, sentence
from ama.features.provenance import UNKNOWN_LICENCE, Provenance, weights_sha256
from ama.features.staged_backbone import LAYERS, Layout, StagedBackbone, layout_from, measured
from ama.io.typed_values import check_values
from ama.utils.extras import needs_extra

LONGEST_REASON = 80  # characters of why timm cannot be imported, and half as many as of its other errors


class TimmBackbone(StagedBackbone):
    """What ``timm.create_model(name, features_only=True)`` builds."""

    library = "timm"

    def __init__(
        self,
        network: nn.Module,
        layout: Layout,
        provenance: Provenance,
        build: dict[str, Any],
        remarks: tuple[str, ...] = (),
    ):
        super().__init__(network, layout, provenance, remarks)
        self.build = build

    @classmethod
    def check(cls, name: str) -> None:
        if not _timm().is_model(name):
            raise InputError(f"features='timm:NAME' names a network of timm, which has no {name!r}")

    @classmethod
    def loaded(cls, name: str) -> TimmBackbone:
        cls.check(name)
        timm = _timm()
        try:
            with torch.random.fork_rng(devices=[]):
                build, network = _created(timm, name)
            known = timm.models.get_pretrained_cfg(name)
            multiple = _multiple(network)
            channels, strides = measured(network, multiple)
            if channels != list(network.feature_info.channels()):
                raise ValueError("its feature maps have their channels last")
            layout = Layout(list(known.mean), list(known.std), multiple, channels, strides)
        except Exception as error:  # of the download, of the file, of networks that take one size alone
            reason = sentence(str(error), 2 * LONGEST_REASON) or type(error).__name__
            raise InputError(f"timm's {name} cannot be used as a backbone: {reason}") from error
        provenance = Provenance(
            name,
            "timm",
            str(getattr(known, "license", None) or UNKNOWN_LICENCE),
            f"timm:{name}",
            weights_sha256(network.state_dict()),
        )
        return cls(network, layout, provenance, build)

    @classmethod
    def prepare(cls, network: dict[str, Any]) -> None:
        _timm()

    @classmethod
    def described(cls, network: dict[str, Any], provenance: Provenance) -> TimmBackbone:
        build, layout, timm = network["building"], layout_from(network["layout"]), _timm()
        hints = {"model_name": str, "out_indices": list[int], "dynamic_img_size": bool}
        check_values(build, hints, "the building of its backbone")
        if not timm.is_model(build["model_name"]):  # timm would look for others on the hub
            raise ValueError(f"timm has no network {build['model_name']!r}")
        return cls(
            timm.create_model(**build, features_only=True, pretrained=False), layout, provenance, build
        )

    def building(self) -> dict[str, Any]:
        return self.build

    def maps(self, pixels: Float[Tensor, "1 3 h w"]) -> Sequence[Tensor]:
        return self.network(pixels)


def _timm() -> Any:
    with needs_extra("timm"), torch.device("cpu"):
        try:
            import timm
        except Exception as error:  # of a torchvision that is missing or made for another torch, in many ways
            reason = sentence(f"{type(error).__name__}: {error}", LONGEST_REASON)
            raise MissingLibraryError(
                f"features='timm:NAME' needs timm, which cannot be imported here ({reason}): install the torchvision "
                "of your torch, or name a backbone of transformers instead"
            ) from error
    return timm


def _created(timm: Any, name: str) -> tuple[dict[str, Any], Any]:
    """A pre-trained network and the arguments that build it; a vision transformer takes images of any size."""
    build = {"model_name": name, "dynamic_img_size": True}
    try:
        network = timm.create_model(**build, features_only=True, pretrained=True)
    except TypeError:  # it knows no such argument, as it takes any size anyway
        del build["dynamic_img_size"]
        network = timm.create_model(**build, features_only=True, pretrained=True)
    if len(set(network.feature_info.reduction())) == 1:
        build["out_indices"] = list(network.feature_info.out_indices)[-LAYERS:]
        network = timm.create_model(**build, features_only=True, pretrained=True)
    return build, network.eval()


def _multiple(network: Any) -> int:
    """The side of the patches of a vision transformer, whose maps all have that stride; otherwise 1."""
    strides = set(network.feature_info.reduction())
    return strides.pop() if len(strides) == 1 else 1
