"""Decoding of one image with Pillow.

Greyscale images are Pillow's modes 1, L, LA, I;16, I and F, and palettes of greys; all others are decoded as
RGB. Alpha is dropped, EXIF orientation applied, and only the first frame or page is read.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Shaped, UInt8
from PIL import Image, ImageOps, UnidentifiedImageError

from ama.errors import InputError

FORMATS = ("PNG", "JPEG", "BMP", "TIFF", "GIF", "WEBP")
GREY_MODES = ("1", "L", "LA", "I", "F")
DEEP_MODES = ("I", "F")  # and I;16 in its byte orders
TRANSPOSED = (5, 6, 7, 8)  # EXIF orientations that exchange height and width

Content = bytes | str | None  # an encoded image, the path of its file, or neither


class Header(NamedTuple):
    """What is known of an image before decoding."""

    channels: int
    deep: bool  # more than 8 bits
    height: int
    width: int


def read_header(content: Content) -> Header:
    """Channels (1 or 3), depth and upright size of an image; raises whatever Pillow raises."""
    with _open(content) as image:
        width, height = image.size
        if "exif" in image.info and image.getexif().get(0x0112) in TRANSPOSED:
            width, height = height, width
        return Header(1 if _is_grey(image) else 3, _is_deep(image), height, width)


def decode(content: Content, shape: tuple[int, ...], deep: bool) -> Shaped[np.ndarray, "h w c"]:
    """Pixels of an image at ``shape`` (c, h, w).

    Parameters
    ----------
    content
        The image.
    shape
        Channels, 1 or 3, height and width.
    deep
        Whether to return float32 in [0, 1] instead of uint8.

    Raises
    ------
    InputError
        If floating-point pixels are outside [0, 1]. Unreadable images raise whatever Pillow raises.
    """
    channels, height, width = shape
    with _open(content) as image:
        image.load()
        upright = ImageOps.exif_transpose(image) if "exif" in image.info else image
        return (_deep_pixels if deep else _pixels)(upright, channels, (width, height))


@contextmanager
def decoder_warnings() -> Iterator[None]:
    """Silence Pillow's warnings but for that of a decompression bomb, which is raised as an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def unreadable(name: str, content: Content, error: Exception) -> str:
    """One sentence with the name of an image and the reason why it cannot be read."""
    if content == b"" or (
        isinstance(content, str) and os.path.isfile(content) and os.path.getsize(content) == 0
    ):
        reason = "it is empty"
    elif isinstance(error, UnidentifiedImageError):
        reason = f"it is not a {', '.join(FORMATS[:-1])} or {FORMATS[-1]} image"
    elif isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        reason = f"it has more than {Image.MAX_IMAGE_PIXELS} pixels"
    else:
        reason = getattr(error, "strerror", None) or str(error).strip().rstrip(".") or type(error).__name__
    return f"{'row ' if name.isdecimal() else ''}{name} cannot be read: {reason}"


def _pixels(image: Image.Image, channels: int, size: tuple[int, int]) -> UInt8[np.ndarray, "h w c"]:
    mode = "L" if channels == 1 else "RGB"
    if image.mode != mode:
        if image.mode == "P":
            image = image.convert("RGBA")  # Pillow warns about transparent palettes otherwise
        image = image.convert(mode)
    if image.size != size:
        image = image.resize(size, Image.Resampling.BILINEAR)
    # Twice as fast as np.asarray for small images.
    return np.frombuffer(image.tobytes(), np.uint8).reshape(size[1], size[0], channels)


def _deep_pixels(image: Image.Image, channels: int, size: tuple[int, int]) -> Float[np.ndarray, "h w c"]:
    if not _is_deep(image):
        return _pixels(image, channels, size).astype(np.float32) / 255
    grey = np.asarray(image, dtype=np.float32) / np.float32(1 if image.mode == "F" else 65535)
    if not (grey.min() >= 0 and grey.max() <= 1):
        depth = "0 to 1" if image.mode == "F" else "0 to 65535"
        values = np.asarray(image)
        raise InputError(f"has pixel values from {values.min():g} to {values.max():g}, expected {depth}")
    if image.size != size:
        grey = np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.BILINEAR))
    return np.repeat(grey[:, :, None], channels, axis=2)


def _open(content: Content) -> Image.Image:
    if content is None:
        raise ValueError("it holds neither bytes nor a path")
    return Image.open(BytesIO(content) if isinstance(content, bytes) else content, formats=FORMATS)


def _is_deep(image: Image.Image) -> bool:
    return image.mode in DEEP_MODES or image.mode.startswith("I;16")


def _is_grey(image: Image.Image) -> bool:
    if image.mode == "P" and image.palette is not None and image.palette.mode == "RGB":
        # Greyscale GIFs have palettes of greys.
        colours = bytes(image.palette.palette)
        return colours[0::3] == colours[1::3] == colours[2::3]
    return image.mode in GREY_MODES or _is_deep(image)
