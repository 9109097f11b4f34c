"""Decoding of one encoded image, frame by frame: transparency is dropped, EXIF orientation applied."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Shaped, UInt8
from PIL import Image

from ama.data.images.deep_colour import ORIENTATION, deep_colour, is_deep_colour
from ama.data.images.image_format import LUMA, shown_range
from ama.data.images.image_headers import TRANSPOSED, is_deep_grey, orientation
from ama.data.images.image_opening import Content, PixelRangeError, check_pixels, opened

LARGEST = 65535
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class Decoded(NamedTuple):
    """A frame of an image."""

    pixels: Shaped[np.ndarray, "h w c"]
    size: tuple[int, int]  # its own height and width, upright


def decode(
    content: Content, frames: tuple[int, ...], shape: tuple[int, ...], deep: bool
) -> Iterator[Decoded | Exception]:
    """Each frame of an image at ``shape`` (c, h, w), or the exception that stands in their way.

    Parameters
    ----------
    content
        The image.
    frames
        Positions of the frames, in order.
    shape
        Channels, 1 or 3, height and width.
    deep
        Whether to return float32 in [0, 1] instead of uint8.
    """
    left = list(frames)
    try:
        with opened(content) as image:
            while left:
                page = left[0]
                try:
                    if page != image.tell():  # HEIC's first picture need not be the one that is opened
                        image.seek(page)
                        check_pixels(image)
                    frame: Decoded | Exception = _frame(image, content, page, len(frames), shape, deep)
                except Exception as error:  # Pillow may raise almost anything on a damaged file
                    frame = error
                left.pop(0)
                yield frame
    except Exception as error:
        yield from [error] * len(left)


def _frame(
    image: Image.Image, content: Content, page: int, n_frames: int, shape: tuple[int, ...], deep: bool
) -> Decoded:
    channels, height, width = shape
    if deep and isinstance(content, bytes | str) and is_deep_colour(image, n_frames):
        stored = deep_colour(image, content, page)
        stored_as = image.getexif().get(ORIENTATION, 1)
        colours = _deep_colours(stored, UPRIGHT.get(stored_as), channels, (width, height))
        own_height, own_width = stored.shape[1::-1] if stored_as in TRANSPOSED else stored.shape[:2]
        return Decoded(colours, (own_height, own_width))
    image.load()
    turn = UPRIGHT.get(orientation(image))
    upright = image if turn is None else image.transpose(turn)
    read = _deep_greys if deep else _pixels
    return Decoded(read(upright, channels, (width, height)), (upright.height, upright.width))


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


def _deep_greys(image: Image.Image, channels: int, size: tuple[int, int]) -> Float[np.ndarray, "h w c"]:
    if not is_deep_grey(image):
        return _pixels(image, channels, size).astype(np.float32) / 255
    grey = np.asarray(image, dtype=np.float32) / np.float32(1 if image.mode == "F" else LARGEST)
    if np.isnan(grey).any():
        raise PixelRangeError("has pixels without a value (nan), expected 0 to 1")
    if not (grey.min() >= 0 and grey.max() <= 1):
        depth = "0 to 1" if image.mode == "F" else f"0 to {LARGEST}"
        values = np.asarray(image)
        raise PixelRangeError(
            f"has pixel values from {shown_range(values.min(), values.max())}, expected {depth}"
        )
    if image.size != size:
        grey = np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.BILINEAR))
    return np.repeat(grey[:, :, None], channels, axis=2)


def _deep_colours(
    stored: Shaped[np.ndarray, "h w k"], turn: Image.Transpose | None, channels: int, size: tuple[int, int]
) -> Float[np.ndarray, "h2 w2 c"]:
    """The same of 16-bit channels, one after the other to save memory."""
    resized = []
    for k in range(stored.shape[2]):
        plane = Image.fromarray(np.ascontiguousarray(stored[:, :, k])).convert("F")
        plane = plane if turn is None else plane.transpose(turn)
        resized.append(
            np.asarray(plane if plane.size == size else plane.resize(size, Image.Resampling.BILINEAR))
        )
    pixels = np.stack(resized, axis=2) / np.float32(LARGEST)
    if channels == 1 and len(resized) == 3:
        return pixels @ np.array(LUMA, np.float32)[:, None]
    return np.repeat(pixels, channels, axis=2) if len(resized) < channels else pixels
