r"""Rotation: how surely the discriminator recognises which rotation an image was given.

:math:`\log\,(-\sum_T \log p(T \mid T x, T x))`, p being that of the rotation head, which knows the answer for normal
samples (after Golan & El-Yaniv 2018).
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from ama.errors import InputError
from ama.scores.forward_pass import ForwardPass
from ama.scores.kinds.kind import SampleKind
from ama.scores.logarithm import log_term
from ama.scores.terms.term import Term
from ama.settings import Settings


def rotation_surprise(logits: Float[Tensor, "b t t"]) -> Float[Tensor, " b"]:
    """Minus the sum over rotations T of log p(T | T x); ``logits[:, T]`` are those of the pair rotated by T."""
    return -logits.log_softmax(2).diagonal(dim1=1, dim2=2).sum(1)


class Rotation(Term):
    """Logarithm of the rotation head's surprise. It has no statistics."""

    @classmethod
    def check(cls, kind: SampleKind, settings: Settings) -> None:
        kind.check_rotations(f"scoring={settings.scoring!r} rotates images")
        if not settings.lambda_rotation:
            raise InputError(f"scoring={settings.scoring!r} needs lambda_rotation above 0, found 0")

    @classmethod
    def suits(cls, kind: SampleKind, settings: Settings) -> bool:
        return kind.n_rotations > 1 and settings.lambda_rotation > 0

    def features(self, forward: ForwardPass) -> Float[Tensor, "b 1"]:
        with forward.autocast():
            head = forward.networks.discriminator.rotation_logits
            logits = torch.stack([head(maps[-1]) for maps in forward.rotations], 1)
            return rotation_surprise(logits)[:, None]

    def value(self, features: Float[Tensor, "b 1"]) -> Float[Tensor, " b"]:
        return log_term(features[:, 0])
