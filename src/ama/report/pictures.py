"""Images as pictures embedded in a page: the sample, its reconstruction and its anomaly map."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

import matplotlib
import numpy as np
from jaxtyping import Float, Real, UInt8
from PIL import Image, ImageDraw

from ama.decision.regions import Region

LOSSLESS_UP_TO = 64  # pixels a side; larger pictures are compressed with a small loss
QUALITY = 80
# Pixels a side; larger pictures are scaled down, so that every report is small enough to be mailed: to the first size,
# or, if that takes too many bytes, to the next.
LARGEST = 320
SIDES = (LARGEST, 240, 160)
BYTES = 12_000
HEAT = "inferno"
OPACITY = 0.65  # of the colour where the map is highest, so that the defect below stays visible
BOX = "#00e5ff"  # no colour of the map
BOXED_FROM = 160  # pixels a side; smaller pictures are enlarged, so that a box hides little


def value_range(x: np.ndarray) -> tuple[float, float]:
    """The values drawn black and white: 0 and 255 for uint8, otherwise the smallest and largest value."""
    if x.dtype == np.uint8:
        return 0.0, 255.0
    low = float(x.min())
    return low, max(float(x.max()), low + 1e-9)


def as_picture(image: Real[np.ndarray, "c h w"], low: float, high: float) -> Float[np.ndarray, "h w *k"]:
    """Grey (h, w) or colour (h, w, 3), scaled from [low, high] to [0, 1]; the mean of other numbers of channels."""
    scaled = np.clip((np.asarray(image, dtype=np.float64) - low) / (high - low), 0, 1)
    return scaled.transpose(1, 2, 0) if len(scaled) == 3 else scaled.mean(0)


def as_pixels(image: Real[np.ndarray, "c h w"], low: float, high: float) -> UInt8[np.ndarray, "h w k"]:
    """:func:`as_picture` in bytes: grey (k = 1) or colour (k = 3)."""
    height, width = image.shape[1:]
    return np.round(255 * as_picture(image, low, high)).astype(np.uint8).reshape(height, width, -1)


def heat_scale(maps: Float[np.ndarray, "n h w"], threshold: float | None = None) -> tuple[float, float]:
    """The values drawn pale and in full colour, the same for all maps.

    At least the threshold of the map, if there is one, is in full colour, so that a normal sample looks pale.
    """
    low, top = np.quantile(maps, [0.5, 0.995]).tolist()
    return low, top if threshold is None else max(top, threshold)


def heated(
    pixels: UInt8[np.ndarray, "h w k"], heat: Float[np.ndarray, "h w"], low: float, top: float
) -> UInt8[np.ndarray, "h w 3"]:
    """A map over its image: pale grey where the map is low, the colour of the map where it is high.

    Parameters
    ----------
    pixels
        The image.
    heat
        The map.
    low, top
        The value up to which the image is grey, and that drawn in full colour.
    """
    share = np.clip((heat - low) / (top - low) if top > low else np.zeros_like(heat), 0, 1)[..., None]
    grey = np.repeat(pixels.mean(2, keepdims=True) / 255, 3, axis=2)
    colour = matplotlib.colormaps[HEAT](share[..., 0])[..., :3]
    share = OPACITY * share
    return np.round(255 * ((1 - share) * (0.15 + 0.7 * grey) + share * colour)).astype(np.uint8)


def boxed(pixels: UInt8[np.ndarray, "h w 3"], regions: Sequence[Region]) -> UInt8[np.ndarray, "i j 3"]:
    """A picture with a box around each region; a small one is enlarged by a whole factor."""
    if not regions:
        return pixels
    longest = max(pixels.shape[:2])
    factor = max(1, BOXED_FROM // longest)
    image = Image.fromarray(pixels.repeat(factor, 0).repeat(factor, 1))
    line = max(1, round(longest * factor / BOXED_FROM))  # one pixel or two of a reduced picture
    draw = ImageDraw.Draw(image)
    for x, y, width, height, *_ in regions:
        left, upper, right, lower = (factor * side for side in (x, y, x + width, y + height))
        draw.rectangle(
            (left - line, upper - line, right + line - 1, lower + line - 1), outline=BOX, width=line
        )
    return np.asarray(image)


def data_uri(pixels: UInt8[np.ndarray, "h w k"], size: tuple[int, int] | None = None) -> str:
    """The picture as the ``src`` of an ``<img>``, at most :data:`LARGEST` pixels a side.

    Parameters
    ----------
    pixels
        The picture.
    size
        Height and width whose aspect ratio it gets; by default its own.
    """
    lossless = max(pixels.shape[:2]) <= LOSSLESS_UP_TO
    kind = "png" if lossless else "webp"
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    height, width = size or pixels.shape[:2]
    no_smaller = max(image.height / height, image.width / width)
    for side in SIDES:
        file = io.BytesIO()
        share = min(no_smaller, side / max(height, width))
        image = image.resize((max(1, round(share * width)), max(1, round(share * height))))
        image.save(file, kind, **({"optimize": True} if lossless else {"quality": QUALITY}))
        if lossless or file.tell() <= BYTES:
            break
    return f"data:image/{kind};base64,{base64.b64encode(file.getvalue()).decode()}"
