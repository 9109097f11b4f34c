"""Size and depth of the images of one source.

Depth
    8 bits. If an image has 16-bit or floating-point greys, or an array holds floats, the whole source is
    float32 in [0, 1].
Size
    Images that all have one size of 8 to 256 pixels a side keep it. Otherwise all are resized to 64 x 64 with
    an antialiased bilinear filter; the aspect ratio is not kept. With ``max_side``, as for a frozen backbone or tiles,
    images get the size of the largest one, reduced to that longest side. An explicit size overrides all that.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from jaxtyping import Shaped
from torch import Tensor

from ama.data.samples import Wanted
from ama.errors import InputError
from ama.networks.image_networks import MAX_SIDE, MIN_SIDE

DEFAULT_SIZE = (64, 64)
LARGEST_SIDE = 4096  # of images for a frozen backbone or tiles
LUMA = (0.299, 0.587, 0.114)  # weights by which Pillow converts RGB to grey
# What keeps larger images, of detectors that reduce them otherwise.
HINT = "; AMADetector keeps up to 512 pixels with features (--features lite0), up to 4,096 with tiles (--tile-size)"
HINT_OF_TILES = "; AMADetector keeps up to 4,096 pixels with tiles (--tile-size)"
SAME_RATIO = 0.01  # difference of aspect ratios that comes from rounding to whole pixels


def choose_size(found: set[tuple[int, int]], wanted: Wanted, example: str) -> tuple[int, int]:
    """Height and width to use: the model's, else ``image_size``, else by the rule above.

    Parameters
    ----------
    found
        Sizes (height, width) of the images; two are enough to know that they differ.
    wanted
        The keywords of ``open_source``.
    example
        Name of an image, for messages.

    Raises
    ------
    InputError
        If ``image_size`` is outside 8 to 256 pixels, or the one size found is smaller.
    """
    if wanted.shape is not None:
        return wanted.shape[1], wanted.shape[2]
    if wanted.image_size is not None:
        height, width = np.broadcast_to(wanted.image_size, 2).tolist()
        largest = MAX_SIDE if wanted.max_side is None else LARGEST_SIDE
        if not all(MIN_SIDE <= side <= largest for side in (height, width)):
            raise InputError(
                f"image_size must be {MIN_SIDE} to {largest} pixels a side, found {height} x {width}"
            )
        return height, width
    if wanted.max_side is not None:
        return _within(max(found, key=_area), wanted.max_side)
    if len(found) > 1:
        return DEFAULT_SIZE
    [(height, width)] = found
    if min(height, width) < MIN_SIDE:
        raise InputError(
            f"images must be {MIN_SIDE} to {MAX_SIDE} pixels a side, found {height} x {width} in {example}; "
            "--image-size 32 resizes them"
        )
    return DEFAULT_SIZE if max(height, width) > MAX_SIDE else (height, width)


def _within(size: tuple[int, int], longest: int) -> tuple[int, int]:
    """A size (height, width) reduced to a longest side, in its aspect ratio; at least ``MIN_SIDE`` pixels a side."""
    share = min(1.0, longest / max(size))
    height, width = (max(MIN_SIDE, round(side * share)) for side in size)
    return height, width


def extremes(found: set[tuple[int, int]]) -> set[tuple[int, int]]:
    """Of some sizes (height, width) the smallest and the largest, the widest and the tallest."""
    return {most(found, key=key) for most in (min, max) for key in (_area, _ratio)}


def remark_size(found: set[tuple[int, int]], size: tuple[int, int], name: str, wanted: Wanted) -> None:
    """Say that images are resized, unless the user gave the size.

    Parameters
    ----------
    found
        Sizes (height, width) of the images; their extremes are enough.
    size
        The size that is used.
    name
        The source.
    wanted
        Gets the remark.
    """
    at_fit = wanted.shape is None
    if found == {size} or (at_fit and wanted.image_size is not None):
        return
    shown = " to ".join(
        dict.fromkeys(f"{h} x {w}" for h, w in (min(found, key=_area), max(found, key=_area)))
    )
    largest, hint = max(map(max, found)), ""
    if at_fit and wanted.max_side is None and largest > MAX_SIDE:
        hint = HINT
    elif at_fit and wanted.max_side is not None and wanted.max_side < min(largest, LARGEST_SIDE):
        hint = HINT_OF_TILES
    kept = all(abs(_ratio(one) / _ratio(size) - 1) < SAME_RATIO for one in found)
    wanted.remark(
        f"{name}: images of {shown} pixels are resized to {size[0]} x {size[1]}"
        f"{'' if at_fit else ', as the model learned'}{'' if kept else '; their aspect ratio is not kept'}"
        f"{hint}",
        refused=at_fit,
    )


def _area(size: tuple[int, int]) -> tuple[int, int]:
    return size[0] * size[1], size[0]


def _ratio(size: tuple[int, int]) -> float:
    return size[0] / size[1]


def shown_range(lowest: Any, highest: Any) -> str:
    """Two values of pixels in words, with the digits that tell them from their neighbours: "0 to 1.0000001"."""
    return " to ".join(str(value).removesuffix(".0") for value in (lowest, highest))


def as_depth(x: Shaped[Tensor, "n c h w"], dtype: torch.dtype) -> Shaped[Tensor, "n c h w"]:
    """Convert 8-bit values to floats in [0, 1], or the reverse."""
    if x.dtype == dtype:
        return x
    return (x * 255).round().to(dtype) if dtype == torch.uint8 else x.to(dtype) / 255
