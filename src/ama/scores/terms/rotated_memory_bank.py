"""Rotated memory bank: a memory bank of the mean features of all rotated pairs (T x, T x) of an image."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from ama.scores.forward_pass import ForwardPass
from ama.scores.kinds.kind import SampleKind
from ama.scores.terms.memory_bank import MemoryBank
from ama.settings import Settings


def rotated_statistics(maps: Sequence[Sequence[Float[Tensor, "b _ _ _"]]]) -> Float[Tensor, "b n"]:
    """Mean over space of every channel of every layer, for each rotated pair (T x, T x) in turn."""
    return torch.cat([layer.mean((2, 3), dtype=torch.float32) for rotation in maps for layer in rotation], 1)


class RotatedMemoryBank(MemoryBank):
    """Logarithm of the distance of the mean features of all rotations to the nearest normal sample."""

    @classmethod
    def check(cls, kind: SampleKind, settings: Settings) -> None:
        kind.check_rotations(f"scoring={settings.scoring!r} rotates images")

    @classmethod
    def suits(cls, kind: SampleKind, settings: Settings) -> bool:
        return kind.n_rotations > 1 and not (kind.comparable or (kind.reducible and settings.sees_images))

    def features(self, forward: ForwardPass) -> Float[Tensor, "b n"]:
        with forward.autocast():
            return rotated_statistics(forward.rotations)
