"""Images as pictures embedded in a page: the sample, its reconstruction and its anomaly map."""

from __future__ import annotations

import base64
import io

import matplotlib
import numpy as np
from jaxtyping import Float, Real, UInt8
from PIL import Image

LOSSLESS_UP_TO = 64  # pixels a side; larger pictures are compressed with a small loss
QUALITY = 80
LARGEST = (
    160  # pixels a side; larger pictures are scaled down, so that every report is small enough to be mailed
)
HEAT = "inferno"


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


def full_heat(maps: Float[np.ndarray, "n h w"]) -> float:
    """The value drawn in full colour, the same for all maps, so that the map of a normal sample looks pale."""
    return float(np.quantile(maps, 0.995))


def heated(
    pixels: UInt8[np.ndarray, "h w k"], heat: Float[np.ndarray, "h w"], top: float
) -> UInt8[np.ndarray, "h w 3"]:
    """A map over its image: pale grey where the map is 0, the colour of the map where it is high.

    Parameters
    ----------
    pixels
        The image.
    heat
        The map; values up to 0 leave the image grey.
    top
        The value drawn in full colour.
    """
    share = np.clip(heat / top if top > 0 else np.zeros_like(heat), 0, 1)[..., None]
    grey = np.repeat(pixels.mean(2, keepdims=True) / 255, 3, axis=2)
    colour = matplotlib.colormaps[HEAT](share[..., 0])[..., :3]
    return np.round(255 * ((1 - share) * (0.15 + 0.7 * grey) + share * colour)).astype(np.uint8)


def data_uri(pixels: UInt8[np.ndarray, "h w k"]) -> str:
    """The picture as the ``src`` of an ``<img>``, at most :data:`LARGEST` pixels a side."""
    lossless = max(pixels.shape[:2]) <= LOSSLESS_UP_TO
    kind = "png" if lossless else "webp"
    file = io.BytesIO()
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    image.thumbnail((LARGEST, LARGEST))
    image.save(file, kind, **({"optimize": True} if lossless else {"quality": QUALITY}))
    return f"data:image/{kind};base64,{base64.b64encode(file.getvalue()).decode()}"
