"""Lists of arrays or tensors that are images of several sizes, as OpenCV, imageio and torchvision read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ama.data.arrays.plain_arrays import plain_array
from ama.errors import InputError

DEPTHS = (np.uint8, np.uint16, torch.uint8, torch.uint16)


def differ_in_size(parts: Sequence[Any]) -> bool:
    """Whether all are arrays (h, w) or (h, w, c), or tensors (h, w) or (c, h, w), of pixels, and not of one shape."""
    if not all(isinstance(part, np.ndarray | Tensor) and part.ndim in (2, 3) for part in parts):
        return False
    sizes = {tuple(part.shape) for part in parts}
    return len(sizes) > 1 and all(part.dtype in DEPTHS for part in parts)


def picture(part: np.ndarray | Tensor, i: int) -> Image.Image:
    """Part i of such a list as an image of Pillow.

    Raises
    ------
    InputError
        If it is neither grey nor in colour.
    """
    place = f"at position {i + 1} (counted from 1)"
    array = plain_array(part, f"the image {place}")
    if isinstance(part, Tensor) and array.ndim == 3:
        array = np.moveaxis(array, 0, -1)
    if array.shape[2:] == (1,):
        array = array[:, :, 0]
    if array.shape[2:] not in ((), (3,), (4,)) or (array.shape[2:] and array.dtype == np.uint16):
        raise InputError(
            f"the list has images of several sizes, and that {place} has shape {tuple(part.shape)} and type "
            f"{part.dtype}, expected grey or colour of type uint8, or grey of uint16"
        )
    return Image.fromarray(np.ascontiguousarray(array))
