"""Colour, and greys with transparency, of 16 bits: Pillow keeps the upper 8 of them, imagecodecs keeps all."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import UInt16
from PIL import Image

from ama.io.regular_files import open_regular

ORIENTATION = 0x0112  # a tag of EXIF
BITS, PLANES, EXTRA = 258, 284, 338  # tags of TIFF
SEPARATE = 2  # channels stored one after the other
PREMULTIPLIED = 1  # colours that have been multiplied by the opacity


def has_deep_channels(image: Image.Image) -> bool:
    """Whether a file has more than 8 bits a channel, as far as the header that Pillow has read tells."""
    if image.format == "TIFF":
        return max(_tags(image).get(BITS, (1,))) > 8
    if image.format == "HEIF":
        return image.info["bit_depth"] > 8
    for tile in getattr(image, "tile", ()):
        if tile.codec_name == "ppm":
            return tile.args[-1] > 255  # the largest value
        return ";16" in str(tile.args) or tile.codec_name == "SGI16"
    return False


def is_deep_colour(image: Image.Image, n_frames: int) -> bool:
    """Whether :func:`deep_colour` reads this image; it reads no animations."""
    if image.mode not in ("RGB", "RGBA", "LA") or not has_deep_channels(image):
        return False
    if image.format == "TIFF":
        tags = _tags(image)
        return set(tags[BITS]) == {16} and PREMULTIPLIED not in tags.get(EXTRA, ())
    return image.format == "PNG" and n_frames == 1


def is_grey_with_alpha(image: Image.Image) -> bool:
    """Whether an image holds greys and transparency, also where Pillow will show them as colours."""
    tile = next(iter(getattr(image, "tile", ())), None)
    return image.mode == "LA" or (image.format == "PNG" and tile is not None and tile.args == "LA;16B")


def deep_colour(image: Image.Image, content: bytes | str, page: int) -> UInt16[np.ndarray, "h w c"]:
    """The greys or colours of an image with 16 bits each, as stored, without transparency.

    Parameters
    ----------
    image
        The image at that page, whose header has passed the limits.
    content
        The same image, encoded.
    page
        Page of a TIFF file.

    Raises
    ------
    Exception
        Whatever imagecodecs raises on a damaged file.
    """
    from imagecodecs import png_decode, tiff_decode  # a tenth of a second that other images do not need

    width, height = image.size
    n_channels, separate = 2 if is_grey_with_alpha(image) else len(image.getbands()), False
    if image.format == "TIFF":
        n_channels, separate = len(_tags(image)[BITS]), _tags(image).get(PLANES) == SEPARATE
        if image.getexif().get(ORIENTATION, 1) >= 5:  # Pillow gives the upright size
            width, height = height, width
    shape = (n_channels, height, width) if separate else (height, width, n_channels)
    pixels = np.empty(shape, np.uint16)
    data = _encoded(content)
    # Given an array to fill, the decoder refuses a file that declares another size to it than to Pillow.
    if image.format == "PNG":
        png_decode(data, out=pixels)
    else:
        tiff_decode(data, index=page, out=pixels)
    if separate:
        pixels = np.moveaxis(pixels, 0, 2)
    return pixels[:, :, : 1 if n_channels <= 2 else 3]


def _encoded(content: bytes | str) -> Any:
    """The bytes of an image; those of a file are read by the system as they are needed."""
    if isinstance(content, bytes):
        return content
    with open_regular(content) as file:
        return np.memmap(file, mode="r", dtype=np.uint8)


def _tags(image: Image.Image) -> Any:
    return image.tag_v2  # type: ignore[attr-defined]
