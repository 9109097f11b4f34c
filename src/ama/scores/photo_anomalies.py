"""Synthetic anomalies of photographs, made of normal ones before any backbone sees them.

Defects that cover little of a photograph, and changes of the whole: cut and paste as in CutPaste (Li et al., CVPR
2021), stains with edges of smooth noise as in DRAEM (Zavrtanik et al., ICCV 2021). Unlike small images, none is turned
upside down: parts often lie in any direction.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import torch
from jaxtyping import Float, Shaped
from torch import Generator, Tensor
from torch.nn import functional as F

from ama.scores.synthetic_anomalies import partners

# Photographs of a kind, which determine an AUROC to 0.05, and the memory that they may take.
MOST, BYTES = 50, 2**28

Image = Float[Tensor, "c h w"]
Field = Float[Tensor, "h w"]


def photo_anomalies(
    raw: Shaped[Tensor, "n c h w"], random: Generator
) -> Iterator[tuple[str, Shaped[Tensor, "m c h w"]]]:
    """Eight kinds of anomalies by name, one after the other, each made of the first normal photographs given.

    Parameters
    ----------
    raw
        Two or more raw photographs, of which at most ``MOST`` are used, and fewer of large ones.
    random
        Chooses the partner of each and all places, sizes and colours.

    Yields
    ------
    tuple
        ``blend``: the mean of two photographs; ``half``: the left half of one and the right half of another; ``patch``:
        with the middle of another; ``pasted``: with a part of itself elsewhere; ``scratch``: with a line; ``stain``:
        with a spot of another colour; ``blur``: blurred; ``tint``: with other strengths of its colours.
    """
    raw = _first(raw)
    other = partners(raw, random)
    for name, make in KINDS.items():
        yield name, torch.stack([_made(make, *pair, random) for pair in zip(raw, other, strict=True)])


def n_photo_anomalies(raw: Shaped[Tensor, "n c h w"]) -> int:
    """How many :func:`photo_anomalies` makes, all kinds together."""
    return len(KINDS) * len(_first(raw))


def _first(raw: Shaped[Tensor, "n c h w"]) -> Shaped[Tensor, "m c h w"]:
    return raw[: max(2, min(MOST, BYTES // raw[:1].nbytes))]


def _made(
    make: Callable[[Image, Image, Generator], Image],
    image: Shaped[Tensor, "c h w"],
    partner: Shaped[Tensor, "c h w"],
    random: Generator,
) -> Shaped[Tensor, "c h w"]:
    if image.is_floating_point():
        return make(image, partner, random).clamp(0, 1)
    made = make(image.float() / 255, partner.float() / 255, random)
    return (made.clamp(0, 1) * 255).round().to(image.dtype)


def _blend(image: Image, partner: Image, random: Generator) -> Image:
    return (image + partner) / 2


def _half(image: Image, partner: Image, random: Generator) -> Image:
    width = image.shape[2]
    return torch.cat([image[..., : width // 2], partner[..., width // 2 :]], 2)


def _patch(image: Image, partner: Image, random: Generator) -> Image:
    height, width = image.shape[1:]
    middle = (..., slice(height // 4, height - height // 4), slice(width // 4, width - width // 4))
    made = image.clone()
    made[middle] = partner[middle]
    return made


def _pasted(image: Image, partner: Image, random: Generator) -> Image:
    """A part of an eighth to a quarter of each side."""
    sides = [max(1, round(side * _uniform(1 / 8, 1 / 4, random))) for side in image.shape[1:]]
    places = [side - part + 1 for side, part in zip(image.shape[1:], sides, strict=True)]
    (top, left), (to_top, to_left) = ([int(_uniform(0, n, random)) for n in places] for _ in range(2))
    if (to_top, to_left) == (top, left):  # as it happens in small images
        to_top, to_left = (top + 1) % places[0], (left + 1) % places[1]
    height, width = sides
    made = image.clone()
    made[:, to_top : to_top + height, to_left : to_left + width] = image[
        :, top : top + height, left : left + width
    ]
    return made


def _scratch(image: Image, partner: Image, random: Generator) -> Image:
    """A line of a tenth to three tenths of the longer side, 1/200 of it wide, at least 2 pixels either way."""
    longer = max(image.shape[1:])
    row, column = (_uniform(0.2, 0.8, random) * side for side in image.shape[1:])
    length, angle = max(2, longer * _uniform(0.1, 0.3, random)), _uniform(0, math.pi, random)
    rows, columns = _coordinates(image)
    along = (rows - row) * math.sin(angle) + (columns - column) * math.cos(angle)
    across = (columns - column) * math.sin(angle) - (rows - row) * math.cos(angle)
    line = (along.abs() <= length / 2) & (across.abs() <= max(2, longer / 200) / 2)
    return torch.where(line, _another_colour(image, random), image)


def _stain(image: Image, partner: Image, random: Generator) -> Image:
    """A spot of a twentieth to a tenth of the longer side in radius, at least 1.5 pixels, with a rough edge."""
    longer = max(image.shape[1:])
    row, column = (_uniform(0.2, 0.8, random) * side for side in image.shape[1:])
    rows, columns = _coordinates(image)
    distance = ((rows - row).square() + (columns - column).square()).sqrt()
    noise = torch.rand(1, 1, 16, 16, generator=random).to(image.device)
    rough = F.interpolate(noise, image.shape[1:], mode="bicubic", align_corners=False)[0, 0]
    spot = distance * (0.5 + rough) <= max(1.5, longer * _uniform(0.05, 0.1, random))
    return torch.where(spot, (image + _another_colour(image, random)) / 2, image)


def _blur(image: Image, partner: Image, random: Generator) -> Image:
    """Twice the mean of a square whose side is 1/64 of the longer one, at least 3 pixels."""
    radius = max(1, max(image.shape[1:]) // 128)
    made = image[None]
    for _ in range(2):
        made = F.avg_pool2d(made, 2 * radius + 1, 1, radius, count_include_pad=False)
    return made[0]


def _tint(image: Image, partner: Image, random: Generator) -> Image:
    gains = [_uniform(0.6, 0.8, random) if _uniform(0, 1, random) < 0.5 else 1.0 for _ in image]
    gains[int(_uniform(0, len(gains), random))] = _uniform(0.6, 0.8, random)
    return image * image.new_tensor(gains)[:, None, None]


KINDS: dict[str, Callable[[Image, Image, Generator], Image]] = {
    "blend": _blend,
    "half": _half,
    "patch": _patch,
    "pasted": _pasted,
    "scratch": _scratch,
    "stain": _stain,
    "blur": _blur,
    "tint": _tint,
}


def _uniform(low: float, high: float, random: Generator) -> float:
    return low + (high - low) * torch.rand((), generator=random).item()


def _coordinates(image: Image) -> tuple[Field, Field]:
    height, width = image.shape[1:]
    rows, columns = torch.meshgrid(
        torch.arange(height, device=image.device), torch.arange(width, device=image.device), indexing="ij"
    )
    return rows.float(), columns.float()


def _another_colour(image: Image, random: Generator) -> Float[Tensor, "c 1 1"]:
    """The mean colour, lighter or darker by 0.3 to 0.6: whichever is possible."""
    mean = image.mean((1, 2), keepdim=True)
    step = _uniform(0.3, 0.6, random)
    return torch.where(mean < 0.5, mean + step, mean - step)
