"""Rotated, shifted and mirrored images for D's second task: to recognise the rotation T of a pair (T x, T x).

The self-supervised GAN of Chen et al. (2019) has this task for single images. A square image has four rotations by
multiples of 90 degrees; any other image has two, as only a rotation by 180 degrees keeps its shape.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Shaped
from torch import Generator, Tensor
from torch.nn import functional as F

SYMMETRY_SAMPLES = 5000
SYMMETRY_SHARE = 0.01


def n_rotations(height: int, width: int) -> int:
    """Number of rotations, the identity included, that keep the shape of an image."""
    return 4 if height == width else 2


def rotated(x: Float[Tensor, "b c h w"]) -> list[Float[Tensor, "b c h w"]]:
    """T x for every rotation T, counter-clockwise; the first is x itself."""
    n = n_rotations(*x.shape[2:])
    return [torch.rot90(x, quarter, (2, 3)) for quarter in range(0, 4, 4 // n)]


def shifted(x: Float[Tensor, "b c h w"], share: float, random: Generator) -> Float[Tensor, "b c h w"]:
    """Each image moved by up to ``share`` of its size in both directions, its edge pixels repeated."""
    b, _, height, width = x.shape
    most = round(share * height), round(share * width)
    padded = F.pad(x, (most[1], most[1], most[0], most[0]), mode="replicate")
    rows, columns = (
        torch.randint(2 * far + 1, (b, 1), generator=random) + torch.arange(side)
        for far, side in zip(most, (height, width), strict=True)
    )
    image = torch.arange(b)[:, None, None]
    return padded[image, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def mirrored_at_random(x: Shaped[Tensor, "b c h w"], random: Generator) -> Shaped[Tensor, "b c h w"]:
    """Each image, or with probability one half its mirror image."""
    heads = torch.rand(len(x), generator=random) < 0.5
    return torch.where(heads.to(x.device)[:, None, None, None], x.flip(3), x)


def is_mirror_symmetric(raw: Shaped[Tensor, "n c h w"]) -> bool:
    r"""Whether mirror images of normal images look normal, too.

    If it is, the antisymmetric parts :math:`a = (x - mirror(x)) / 2` have mean 0. The share
    :math:`\lVert mean(a) \rVert^2 / mean(\lVert a \rVert^2)` is then about 1/n; it is 0.03 and more for digits or
    garments, which have a side, and about 0.001 for each class of CIFAR-10.
    """
    x = raw[:SYMMETRY_SAMPLES].float()
    part = (x - x.flip(3)) / 2
    energy = part.square().sum((1, 2, 3)).mean()
    return bool(part.mean(0).square().sum() <= (SYMMETRY_SHARE + 1 / len(x)) * energy)
