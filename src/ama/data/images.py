"""Encoded images, from a folder or from a column of a table.

Channels
    1 if every image is grey (Pillow's modes 1, L, LA, I;16, I, F, or a palette of greys), else 3. Alpha is
    dropped, EXIF orientation applied, and of several frames or pages the first is taken.
Depth
    8 bits. If an image has 16-bit or floating-point greys, the whole source is float32 in [0, 1].
Size
    If every image has one and the same size, of 8 to 256 pixels a side, it is kept. Otherwise every image is
    resized to 64 x 64, aspect ratio not kept, with Pillow's antialiased bilinear filter. A size that is named
    goes before both.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Shaped, UInt8
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from ama.data.arrow import ArrowTable, encoded_images
from ama.data.samples import Samples, Source, Wanted, as_labels, none_readable
from ama.errors import InputError
from ama.networks.image_networks import MAX_SIDE, MIN_SIDE

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".gif", ".webp")
FORMATS = ("PNG", "JPEG", "BMP", "TIFF", "GIF", "WEBP")
DEFAULT_SIZE = (64, 64)

GREY_MODES = ("1", "L", "LA", "I", "F")
DEEP_MODES = ("I", "F")  # and I;16 in its byte orders
TRANSPOSED = (5, 6, 7, 8)  # EXIF orientations that exchange height and width


class EncodedChunk(NamedTuple):
    """Some images before decoding: a path, or a file's bytes, for each."""

    ids: list[str]
    contents: list[bytes | str | None]
    labels: np.ndarray | None


class ImageFiles:
    """Image files in a folder, in the order of their paths; the first sub-folder is the label.

    Parameters
    ----------
    folder
        Where the files are.
    files
        Their paths relative to it, with "/" between the parts.
    """

    def __init__(self, folder: Path, files: list[str]):
        self.name, self.folder, self.files = str(folder), folder, files
        nested = any("/" in file for file in files)
        self.labels = as_labels(f.split("/")[0] if "/" in f else "" for f in files) if nested else None

    def __len__(self) -> int:
        return len(self.files)

    def chunks(self, size: int) -> Iterator[EncodedChunk]:
        for start in range(0, len(self), size):
            part = slice(start, start + size)
            yield EncodedChunk(
                # Names that are no UTF-8 could not be written to a table.
                [os.fsencode(file).decode(errors="replace") for file in self.files[part]],
                [str(self.folder / file) for file in self.files[part]],
                None if self.labels is None else self.labels[part],
            )


class ImageColumn:
    """Images in a column of a table.

    Parameters
    ----------
    table
        The table.
    column
        Of encoded images.
    label_column
        Of labels; None for the default.
    """

    def __init__(self, table: ArrowTable, column: str, label_column: str | None):
        self.name, self.table, self.column = table.name, table, column
        self.label = table.label_column(label_column)

    def __len__(self) -> int:
        return self.table.n_rows

    def chunks(self, size: int) -> Iterator[EncodedChunk]:
        row = 0
        for batch in self.table.batches([self.column] + ([self.label] if self.label else []), size):
            contents, paths = encoded_images(batch.column(self.column))
            ids = [str(row + i) if path is None else path for i, path in enumerate(paths)]
            yield EncodedChunk(ids, contents, self.table.labels(batch, self.label))
            row += len(batch)


class EncodedImages(Source):
    """A source of encoded images; opening it reads every header, to know channels, depth and size.

    Parameters
    ----------
    encoded
        The images before decoding.
    wanted
        What the caller asked for.

    Raises
    ------
    InputError
        If no image can be identified, or the images are too small or do not suit the model.
    """

    def __init__(self, encoded: ImageFiles | ImageColumn, wanted: Wanted):
        wanted.check_kind("images", encoded.name)
        self.encoded, self.name, self.strict = encoded, encoded.name, wanted.strict
        channels, deep, sizes, example = 1, False, set[tuple[int, int]](), ""
        unreadable: list[str] = []
        for chunk in encoded.chunks(256):
            headers, skipped = _read_headers(chunk)
            self._refuse_if_strict(skipped)
            unreadable += skipped[:1]
            for header in headers:
                example = example or header.id
                channels, deep = max(channels, header.channels), deep or header.deep
                if len(sizes) < 2:
                    sizes.add((header.height, header.width))
        if not sizes:
            raise InputError(none_readable(encoded.name, unreadable))
        if wanted.shape is not None:
            channels = wanted.shape[0]
            if channels not in (1, 3):
                raise InputError(f"the images of {encoded.name} have 1 or 3 channels, expected {channels}")
        size = choose_size(sizes, wanted, f"{encoded.name}/{example}")
        dtype = wanted.dtype or (torch.float32 if deep else torch.uint8)
        super().__init__(encoded.name, "images", (channels, *size), dtype)
        self._deep = deep

    def __len__(self) -> int:
        return len(self.encoded)

    def _chunks(self, batch_size: int) -> Iterator[Samples]:
        for chunk in self.encoded.chunks(batch_size):
            x, kept, skipped = _decode(chunk, self.shape, self._deep, self.name)
            self._refuse_if_strict(skipped)
            yield Samples(
                as_depth(x, self.dtype),
                [chunk.ids[i] for i in kept],
                None if chunk.labels is None else chunk.labels[kept],
                None,
                skipped,
            )

    def _refuse_if_strict(self, skipped: list[str]) -> None:
        if self.strict and skipped:
            raise InputError(f"in {self.name}, {skipped[0]}")


def find_images(folder: Path) -> list[str]:
    """Image files below a folder, as sorted relative paths; hidden files and folders are left out."""
    found = []
    # Links are followed, as they are how classes are often put together, but not in circles.
    for place, folders, files in os.walk(folder, onerror=_raise, followlinks=True):
        here = Path(place).resolve()
        folders[:] = [f for f in folders if f[0] != "." and (here / f).resolve() not in (here, *here.parents)]
        relative = Path(place).relative_to(folder)
        found += [(relative / f).as_posix() for f in files if f[0] != "." and f.lower().endswith(SUFFIXES)]
    return sorted(found)


def _raise(error: OSError) -> None:
    raise error


def choose_size(found: set[tuple[int, int]], wanted: Wanted, example: str) -> tuple[int, int]:
    """Height and width by the rule above; a model's size goes first, then the one the caller named.

    Raises
    ------
    InputError
        If the size named is outside 8 to 256 pixels, or the one size found is smaller.
    """
    if wanted.shape is not None:
        return wanted.shape[1], wanted.shape[2]
    if wanted.image_size is not None:
        height, width = np.broadcast_to(wanted.image_size, 2).tolist()
        if not all(MIN_SIDE <= side <= MAX_SIDE for side in (height, width)):
            raise InputError(
                f"image_size must be {MIN_SIDE} to {MAX_SIDE} pixels a side, found {height} x {width}"
            )
        return height, width
    if len(found) > 1:
        return DEFAULT_SIZE
    [(height, width)] = found
    if min(height, width) < MIN_SIDE:
        raise InputError(
            f"images must be {MIN_SIDE} to {MAX_SIDE} pixels a side, found {height} x {width} in {example}; "
            "--image-size 32 resizes them"
        )
    return DEFAULT_SIZE if max(height, width) > MAX_SIDE else (height, width)


def as_depth(x: Shaped[Tensor, "n c h w"], dtype: torch.dtype) -> Shaped[Tensor, "n c h w"]:
    """8-bit values as floats in [0, 1], or the reverse."""
    if x.dtype == dtype:
        return x
    return (x * 255).round().to(dtype) if dtype == torch.uint8 else x.to(dtype) / 255


class _Header(NamedTuple):
    id: str
    channels: int
    deep: bool
    height: int
    width: int


def _read_headers(chunk: EncodedChunk) -> tuple[list[_Header], list[str]]:
    headers, skipped = [], []
    with warnings.catch_warnings():
        _set_warnings()
        for name, content in zip(chunk.ids, chunk.contents, strict=True):
            try:
                with _open(content) as image:
                    width, height = image.size
                    if "exif" in image.info and image.getexif().get(0x0112) in TRANSPOSED:
                        width, height = height, width
                    headers.append(_Header(name, 1 if _is_grey(image) else 3, _is_deep(image), height, width))
            except Exception as error:  # a damaged file can make Pillow raise nearly anything
                skipped.append(_sentence(name, content, error))
    return headers, skipped


def _decode(
    chunk: EncodedChunk, shape: tuple[int, ...], deep: bool, source: str
) -> tuple[Shaped[Tensor, "n c h w"], list[int], list[str]]:
    """The images that can be read, their places in the chunk, and a sentence for each of the others."""
    channels, height, width = shape
    x = np.empty((len(chunk.ids), height, width, channels), dtype=np.float32 if deep else np.uint8)
    decode = _deep_pixels if deep else _pixels
    kept: list[int] = []
    skipped = []
    with warnings.catch_warnings():
        _set_warnings()
        for i, (name, content) in enumerate(zip(chunk.ids, chunk.contents, strict=True)):
            try:
                with _open(content) as image:
                    image.load()
                    upright = ImageOps.exif_transpose(image) if "exif" in image.info else image
                    x[len(kept)] = decode(upright, channels, (width, height))
                kept.append(i)
            except InputError as error:
                raise InputError(f"in {source}, {name} {error}") from error
            except Exception as error:  # a damaged file can make Pillow raise nearly anything
                skipped.append(_sentence(name, content, error))
    return torch.from_numpy(x[: len(kept)]).permute(0, 3, 1, 2).contiguous(), kept, skipped


def _pixels(image: Image.Image, channels: int, size: tuple[int, int]) -> UInt8[np.ndarray, "h w c"]:
    mode = "L" if channels == 1 else "RGB"
    if image.mode != mode:
        if image.mode == "P":
            image = image.convert("RGBA")  # Pillow warns of transparent palettes otherwise
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


def _open(content: bytes | str | None) -> Image.Image:
    if content is None:
        raise ValueError("it holds neither bytes nor a path")
    return Image.open(BytesIO(content) if isinstance(content, bytes) else content, formats=FORMATS)


def _set_warnings() -> None:
    """Of Pillow's warnings only that of a decompression bomb matters here: it means a file to skip."""
    warnings.simplefilter("ignore")
    warnings.simplefilter("error", Image.DecompressionBombWarning)


def _is_deep(image: Image.Image) -> bool:
    return image.mode in DEEP_MODES or image.mode.startswith("I;16")


def _is_grey(image: Image.Image) -> bool:
    if image.mode == "P" and image.palette is not None and image.palette.mode == "RGB":
        # GIF has no other greys than these.
        colours = bytes(image.palette.palette)
        return colours[0::3] == colours[1::3] == colours[2::3]
    return image.mode in GREY_MODES or _is_deep(image)


def _sentence(name: str, content: bytes | str | None, error: Exception) -> str:
    """Which image cannot be read, and why."""
    if content == b"" or (
        isinstance(content, str) and os.path.isfile(content) and os.path.getsize(content) == 0
    ):
        reason = "it is empty"
    elif isinstance(error, UnidentifiedImageError):
        reason = f"it is no {', '.join(FORMATS[:-1])} or {FORMATS[-1]} image"
    elif isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        reason = f"it has more than {Image.MAX_IMAGE_PIXELS} pixels"
    else:
        reason = getattr(error, "strerror", None) or str(error).strip().rstrip(".") or type(error).__name__
    return f"{'row ' if name.isdecimal() else ''}{name} cannot be read: {reason}"
