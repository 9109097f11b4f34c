"""Synthetic defects at known places in normal images, to test anomaly maps.

==========  ==================================================================================================
name        what happens to a square whose side is about a third of the image's
==========  ==================================================================================================
pasted      it is replaced by the same square of an image of another class
noise       its values are replaced by uniform noise
erased      it is filled with the median colour of the image's border
shuffled    its pixels are permuted
scratched   not a square: the pixels along a line two pixels wide are inverted
==========  ==================================================================================================
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Bool, UInt8
from torch import Tensor

SIDE = 0.35  # of a square, relative to the image's
VISIBLE = 25  # smaller changes of a value, out of 255, do not count as a defect
SMALLEST = 6  # number of visibly changed pixels
TRIES = 30

Image = UInt8[Tensor, "c h w"]
Defect = Callable[[Tensor, Tensor, torch.Generator], Tensor]


def with_defects(
    name: str, x: UInt8[Tensor, "n c h w"], others: UInt8[Tensor, "m c h w"], generator: torch.Generator
) -> tuple[UInt8[Tensor, "k c h w"], Bool[Tensor, "k h w"]]:
    """Put one defect into every image.

    Parameters
    ----------
    name
        A key of :data:`DEFECTS`.
    x
        Normal images.
    others
        Images of other classes.
    generator
        Generator of places and values.

    Returns
    -------
    tuple
        The images with a defect, and masks of the pixels that visibly changed. An image in which no place for a visible
        defect is found is left out.
    """
    make, images, masks = DEFECTS[name], [], []
    for image in x:
        for _ in range(TRIES):
            other = others[int(torch.randint(len(others), (), generator=generator))]
            changed = make(image, other, generator)
            mask = ((changed.int() - image.int()).abs() > VISIBLE).any(0)
            if mask.sum() >= SMALLEST:
                images.append(changed)
                masks.append(mask)
                break
    return torch.stack(images), torch.stack(masks)


def _square(image: Image, generator: torch.Generator) -> tuple[slice, slice]:
    slices = []
    for size in image.shape[1:]:
        side = round(SIDE * size)
        start = int(torch.randint(size - side + 1, (), generator=generator))
        slices.append(slice(start, start + side))
    return slices[0], slices[1]


def _pasted(image: Image, other: Image, generator: torch.Generator) -> Image:
    rows, columns = _square(image, generator)
    changed = image.clone()
    changed[:, rows, columns] = other[:, rows, columns]
    return changed


def _noise(image: Image, other: Image, generator: torch.Generator) -> Image:
    rows, columns = _square(image, generator)
    changed = image.clone()
    shape = changed[:, rows, columns].shape
    changed[:, rows, columns] = torch.randint(256, shape, generator=generator, dtype=torch.uint8)
    return changed


def _erased(image: Image, other: Image, generator: torch.Generator) -> Image:
    rows, columns = _square(image, generator)
    edge = torch.cat([image[:, 0], image[:, -1], image[:, :, 0], image[:, :, -1]], 1)
    changed = image.clone()
    changed[:, rows, columns] = edge.median(1).values[:, None, None]
    return changed


def _shuffled(image: Image, other: Image, generator: torch.Generator) -> Image:
    rows, columns = _square(image, generator)
    changed = image.clone()
    square = changed[:, rows, columns]
    order = torch.randperm(square[0].numel(), generator=generator)
    changed[:, rows, columns] = square.flatten(1)[:, order].view_as(square)
    return changed


def _scratched(image: Image, other: Image, generator: torch.Generator) -> Image:
    _, height, width = image.shape
    ends = torch.rand(2, 2, generator=generator)
    y, x = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
    points = torch.stack([y / height, x / width], -1)
    along = ends[1] - ends[0]
    share = (((points - ends[0]) @ along) / along.square().sum().clamp_min(1e-6)).clamp(0, 1)
    distance = (points - ends[0] - share[..., None] * along).norm(dim=-1)
    line = distance * max(height, width) <= 1
    changed = image.clone()
    changed[:, line] = 255 - changed[:, line]
    return changed


DEFECTS: dict[str, Defect] = {
    "pasted": _pasted,
    "noise": _noise,
    "erased": _erased,
    "shuffled": _shuffled,
    "scratched": _scratched,
}
