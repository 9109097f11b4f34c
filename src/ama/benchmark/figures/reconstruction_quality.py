"""How close reconstructions are to their images, and whether they have stripes, beside Figure 2."""

from __future__ import annotations

import numpy as np
from jaxtyping import Num

Images = Num[np.ndarray, "n c h w"]


def reconstruction_quality(x: Images, reconstruction: Images) -> dict[str, float]:
    """The mean absolute pixel error, and how much fine structure there is beside that of the images.

    Parameters
    ----------
    x, reconstruction
        8-bit images and their reconstructions, in grey levels.

    Returns
    -------
    dict
        ``pixel_error``: in shares of the 255 grey levels. ``fine_rows`` and ``fine_columns``: the power of the upper
        half of the frequencies from row to row, and from column to column, as a multiple of that of the images.
        Horizontal stripes have much power from row to row; a blurred reconstruction has less than 1 in both.
    """
    x, reconstruction = x.astype(np.float64), reconstruction.astype(np.float64)
    return {
        "pixel_error": float(np.abs(x - reconstruction).mean()) / 255,
        "fine_rows": _fine(reconstruction, 2) / _fine(x, 2),
        "fine_columns": _fine(reconstruction, 3) / _fine(x, 3),
    }


def _fine(x: Images, axis: int) -> float:
    """Mean power of the upper half of the frequencies along an axis."""
    power = np.abs(np.fft.rfft(x, axis=axis)) ** 2
    upper = np.arange(power.shape[axis]) > power.shape[axis] // 2
    return float(np.compress(upper, power, axis=axis).mean())
