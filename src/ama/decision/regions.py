r"""Regions of an anomaly map, and the threshold above which few normal images have any.

The threshold is split-conformal, as that of the scores (:mod:`ama.decision.conformal`): with :math:`M_i` the largest
value in the map of the i-th of m held-out normal images, the scores :math:`c_i = -M_i` give a threshold :math:`t`, and
the probability that a new normal image has a place with :math:`M(p) > -t` is at most the false-alarm rate.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy import ndimage
from torch import Tensor

from ama.decision import conformal

SPECKS = 1 / 4000  # of an image's pixels, about 7 x 7 of 512 x 384: smaller regions are left out
NEIGHBOURS = np.ones((3, 3), dtype=bool)  # pixels that touch at a side or a corner are connected


class Region(NamedTuple):
    """Connected places of a map above its threshold, and the smallest box around them, in pixels."""

    x: int  # of the left column of the box, from 0
    y: int  # of its upper row, from 0
    width: int
    height: int
    peak: float  # largest value of the map in the region
    area: int  # pixels of the region


def map_threshold(maxima: Float[Tensor, " m"], false_alarm_rate: float) -> float:
    """The threshold that a share of at most ``false_alarm_rate`` of normal images exceeds anywhere, on average.

    With fewer images than :func:`ama.decision.conformal.samples_needed` it is that of the smallest possible rate,
    1 / (m + 1).

    Parameters
    ----------
    maxima
        Largest value in the map of each held-out normal image.
    false_alarm_rate
        Between 0 and 1, both excluded.

    Raises
    ------
    ValueError
        If the rate is not between 0 and 1, or there are no maxima.
    """
    return -conformal.offset(-maxima, false_alarm_rate)


def find_regions(
    heat: Float[np.ndarray, "h w"], threshold: float, size: tuple[int, int] | None = None
) -> list[Region]:
    """The regions of a map above a threshold, the highest peak first.

    Regions of less than :data:`SPECKS` of the pixels are left out, so that even fewer normal images have one.

    Parameters
    ----------
    heat
        The map.
    threshold
        Higher values are in a region.
    size
        (height, width) of the image in whose pixels the regions are said; by default that of the map.
    """
    numbers, n = ndimage.label(heat > threshold, NEIGHBOURS)
    areas = np.bincount(numbers.ravel(), minlength=n + 1)
    peaks = ndimage.maximum(heat, numbers, range(1, n + 1)) if n else []
    regions = [
        Region(box[1].start, box[0].start, _length(box[1]), _length(box[0]), float(peak), int(area))
        for box, peak, area in zip(ndimage.find_objects(numbers), peaks, areas[1:], strict=True)
        if area >= SPECKS * heat.size
    ]
    regions.sort(key=lambda region: (-region.peak, region.y, region.x))
    return regions if size is None else [_resized(region, heat.shape, size) for region in regions]


def _resized(region: Region, shape: tuple[int, ...], size: tuple[int, int]) -> Region:
    """A region of a map of a shape in an image of a size: the box of whole pixels that covers it, and its area."""
    (height, width), (new_height, new_width) = shape, size
    left, upper = region.x * new_width // width, region.y * new_height // height
    right = -(-(region.x + region.width) * new_width // width)
    lower = -(-(region.y + region.height) * new_height // height)
    area = max(1, round(region.area * (new_height * new_width) / (height * width)))
    return Region(left, upper, right - left, lower - upper, region.peak, area)


def _length(side: slice) -> int:
    return side.stop - side.start
