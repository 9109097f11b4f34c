"""Opening of one encoded image with Pillow, within limits that keep any file below a second and a GiB or so.

The content decides the format, except for formats without a signature at their start, which need their suffix.
"""

from __future__ import annotations

import logging
import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import NamedTuple

from PIL import Image, UnidentifiedImageError

from ama.data.images.deep_colour import has_deep_channels
from ama.data.images.heic_images import BEGINNING, FORMAT, is_heic, missing_plugin
from ama.data.lfs_pointers import REFUSAL, is_pointer
from ama.data.skipped_samples import OutOfRange
from ama.errors import sentence
from ama.io.regular_files import open_regular

# Without a handler, their messages on a damaged file would be printed to standard error.
for _library in ("PIL", "imagecodecs"):
    logging.getLogger(_library).addHandler(logging.NullHandler())

# Raster formats whose decoders neither run other programs (EPS), nor draw (WMF), nor leave the work to plugins (HDF5).
SUFFIXES_OF = {
    "PNG": (".png", ".apng"),
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
    "BMP": (".bmp",),
    "TIFF": (".tif", ".tiff"),
    "GIF": (".gif",),
    "WEBP": (".webp",),
    "JPEG2000": (".jp2", ".j2k", ".j2c", ".jpc", ".jpf", ".jpx"),
    "AVIF": (".avif", ".avifs"),
    FORMAT: (".heic", ".heics", ".heif", ".heifs", ".hif"),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm", ".pfm"),
    "QOI": (".qoi",),
    "SGI": (".sgi", ".rgb", ".rgba", ".bw"),
    "SUN": (".ras",),
    "PCX": (".pcx",),
    "TGA": (".tga", ".icb", ".vda", ".vst"),
    "DIB": (".dib",),
}
SUFFIXES = tuple(suffix for suffixes in SUFFIXES_OF.values() for suffix in suffixes)
SOME_SUFFIXES = ".png, .jpg, .tif, .gif, .webp, ..."  # for messages
WITHOUT_SIGNATURE = ("PCX", "TGA", "DIB")  # almost any bytes could be one of them
SIGNED = tuple(name for name in SUFFIXES_OF if name not in (*WITHOUT_SIGNATURE, FORMAT))

# 8192 x 8192. Decoding and turning an image of 8 bits takes up to 12 bytes a pixel.
MAX_PIXELS = 2**26
# Greater depth, WebP and JPEG 2000 take twice as many.
MAX_COSTLY_PIXELS = 2**25
TOO_LARGE = "expected at most {:,} in all: make it smaller, or cut it into parts"
# TIFF files may hold long stacks of pages, which are read one by one.
MAX_FILE_BYTES = 2**29


class Unreadable(NamedTuple):
    """Stands for an image that must not be opened."""

    reason: str


# An encoded image, the path of its file, an image in memory, or why there is none.
Content = bytes | str | Image.Image | Unreadable | None


class ImageError(Exception):
    """An image cannot be read; the message says why."""


class PixelRangeError(Exception):
    """Floating-point or 16-bit pixels are outside of their range; the message goes on after the name of the image."""


@contextmanager
def opened(content: Content) -> Iterator[Image.Image]:
    """An image whose header has been read; raises whatever Pillow raises."""
    if isinstance(content, Image.Image):
        yield content
        return
    if content is None:
        raise ImageError("it holds neither bytes nor a path")
    if isinstance(content, Unreadable):
        raise ImageError(content.reason)
    formats = SIGNED
    if isinstance(content, str):
        suffix = os.path.splitext(content)[1].lower()
        formats += tuple(name for name in WITHOUT_SIGNATURE if suffix in SUFFIXES_OF[name])
    with BytesIO(content) if isinstance(content, bytes) else open_regular(content) as file:
        n_bytes = file.seek(0, os.SEEK_END)
        file.seek(0)
        if n_bytes == 0:
            raise ImageError("it is empty")
        beginning = file.read(BEGINNING)
        if is_pointer(beginning):
            raise ImageError(f"it is {REFUSAL}")
        if is_heic(beginning):
            if missing := missing_plugin():
                raise ImageError(missing)
            formats = (FORMAT,)
        file.seek(0)
        with Image.open(file, formats=formats) as image:
            if image.format != "TIFF" and n_bytes > MAX_FILE_BYTES:
                raise ImageError(f"it has {n_bytes:,} bytes, expected at most {MAX_FILE_BYTES:,}")
            check_pixels(image)
            yield image


def is_image(content: bytes) -> bool:
    """Whether it begins as a file of an image does."""
    try:
        with decoder_warnings(), opened(content):
            return True
    except UnidentifiedImageError:
        return False
    except Exception:  # Pillow raises many kinds for what is damaged, or too large
        return bool(content)


def check_pixels(image: Image.Image) -> None:
    """Refuse an image, or the present frame of one, that is too large to decode.

    Raises
    ------
    ImageError
        If it has more pixels than the limits above.
    """
    costly = image.format in ("JPEG2000", "WEBP") or image.mode in ("I", "F") or has_deep_channels(image)
    most = MAX_COSTLY_PIXELS if costly else MAX_PIXELS
    width, height = image.size
    if width * height > most:
        raise ImageError(f"it has {height} x {width} pixels, {TOO_LARGE.format(most)}")


@contextmanager
def decoder_warnings() -> Iterator[None]:
    """Silence Pillow's warnings: what cannot be read is an error, and the limits above take care of size."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def unreadable(name: str, error: Exception) -> str:
    """One sentence with the name of an image and the reason why it cannot be read."""
    prefix = "row " if name.isdecimal() else ""
    if isinstance(error, PixelRangeError):
        return OutOfRange(sentence(f"{prefix}{name} {error}"))
    if isinstance(error, UnidentifiedImageError):
        reason = "it is not an image, or its format or its kind of pixels is not supported"
    elif isinstance(error, Image.DecompressionBombError):  # of Pillow, which counts before this module does
        number = re.search(r"\d+", str(error))
        found = f"{int(number[0]):,}" if number else "too many"
        reason = f"it has {found} pixels, {TOO_LARGE.format(MAX_PIXELS)}"
    else:
        reason = getattr(error, "strerror", None) or str(error).strip().rstrip(".") or type(error).__name__
    return sentence(f"{prefix}{name} cannot be read: {reason}")
