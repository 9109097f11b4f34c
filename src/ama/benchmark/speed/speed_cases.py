"""The networks, image sizes and batch sizes that are timed, each in both types."""

from __future__ import annotations

import dataclasses

import torch
from jaxtyping import UInt8
from torch import Tensor

from ama import settings
from ama.settings import Precision

# The reference step implements no negatives and no rotation loss.
PAPER = dataclasses.replace(settings.PAPER, max_epochs=None, max_steps=1, negatives="none", scoring="r_score")
COMPACT = dataclasses.replace(settings.COMPACT_GREY, lambda_rotation=0.0, scoring="r_score")
COMPACT_64 = dataclasses.replace(COMPACT, batch_size=64)


@dataclasses.dataclass(frozen=True)
class Case:
    """One case.

    Parameters
    ----------
    name
        Its name in the table.
    shape
        Channels, height and width of an image.
    settings
        Settings of the training and of scoring; :meth:`typed` sets the types.
    rounds
        Number of timed training steps.
    n_scored
        Number of images to score.
    """

    name: str
    shape: tuple[int, int, int]
    settings: settings.Settings
    rounds: int
    n_scored: int

    def typed(self, precision: Precision) -> Case:
        """The same in a type, both for training and for scoring."""
        chosen = dataclasses.replace(self.settings, precision=precision, scoring_precision=precision)
        return dataclasses.replace(self, settings=chosen)

    def images(self, n: int) -> UInt8[Tensor, "n c h w"]:
        """Random images."""
        return torch.randint(0, 256, (n, *self.shape), dtype=torch.uint8)

    def training_images(self) -> UInt8[Tensor, "n c h w"]:
        """Random images for the training, at least a batch."""
        return self.images(max(512, self.settings.batch_size))


CASES = (
    Case("paper, 32x32x3, batch 64", (3, 32, 32), dataclasses.replace(PAPER, batch_size=64), 3, 128),
    Case("paper, 32x32x3, batch 256", (3, 32, 32), dataclasses.replace(PAPER, batch_size=256), 1, 128),
    Case("compact, 32x32x1, batch 64", (1, 32, 32), COMPACT_64, 20, 4096),
    Case("compact, 32x32x3, batch 16", (3, 32, 32), COMPACT, 60, 4096),
    Case("compact, 28x28x1, batch 64", (1, 28, 28), COMPACT_64, 20, 4096),
    Case("compact, 28x28x1, batch 16", (1, 28, 28), COMPACT, 60, 4096),
    Case("compact, 8x8x1, batch 64", (1, 8, 8), COMPACT_64, 60, 16384),
    Case("compact, 8x8x1, batch 16", (1, 8, 8), COMPACT, 60, 16384),
)
