"""Arrays and tensors as sources of images or rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Shaped
from torch import Tensor
from torch.nn import functional as F

from ama.data.arrays.plain_arrays import EXPECTED, plain_array
from ama.data.arrays.whole_numbers import n_rounded_of, rounded_notice
from ama.data.images.image_axes import channels_first, check_several
from ama.data.images.image_decoding import LARGEST
from ama.data.images.image_format import LUMA, as_depth, choose_size, remark_size, shown_range
from ama.data.samples import Samples, Source, Wanted, count
from ama.data.tables.table_rows import check_finite, check_width
from ama.errors import InputError


class ArrayImages(Source):
    """Images (n, h, w), (n, c, h, w) or (n, h, w, c): integers of 8 bits or uint16, or floats in [0, 1].

    The axes follow :mod:`ama.data.images.image_axes`, sizes :mod:`ama.data.images.image_format`, with torch's
    antialiased bilinear filter.

    Parameters
    ----------
    array
        The images.
    labels
        Their labels, or None.
    name
        Name used in messages.
    wanted
        The keywords of ``open_source``.

    Raises
    ------
    InputError
        If the values are none of these, or the images are too small or do not
        match the model.
    """

    def __init__(self, array: np.ndarray, labels: np.ndarray | None, name: str, wanted: Wanted):
        wanted.check_kind("images", name)
        array = channels_first(array, name, wanted)
        _check_pixels(array, name)
        self.array, self.labels = array, labels
        channels = array.shape[1]
        if wanted.shape is not None and wanted.shape[0] != channels:
            if {wanted.shape[0], channels} != {1, 3}:
                raise InputError(f"{name} has images of {channels} channels, expected {wanted.shape[0]}")
            made_grey, channels = channels == 3, wanted.shape[0]
            change = "in colour made grey" if made_grey else "in grey taken as colour"
            wanted.remark(f"{name}: {count(len(array), 'image')} {change}", refused=made_grey)
        sides = {(array.shape[2], array.shape[3])}
        size = choose_size(sides, wanted, name)
        remark_size(sides, size, name, wanted)
        dtype = wanted.dtype or (torch.float32 if _is_deep(array) else torch.uint8)
        if dtype == torch.uint8 and (n_rounded := _between_steps(array)):
            wanted.remark(
                f"{name}: {count(n_rounded, 'image')} of more than 8 bits a channel rounded to 8 bits"
            )
        super().__init__(name, (channels, *size), dtype)

    def __len__(self) -> int:
        return len(self.array)

    def _chunks(self, batch_size: int) -> Iterator[Samples]:
        for part, ids, labels in _parts(len(self), self.labels, batch_size):
            x = torch.from_numpy(_pixels(self.array[part]))
            sizes = np.tile(self.array.shape[2:], (len(ids), 1))
            yield Samples(as_depth(_fit(x, self.shape), self.dtype), ids, labels, None, [], sizes=sizes)


class ArrayRows(Source):
    """Rows (n, d) of numbers.

    Parameters
    ----------
    array, labels, name, wanted
        As in :class:`ArrayImages`.

    Raises
    ------
    InputError
        If the values are not numbers, or the number of columns differs from the model's.
    """

    def __init__(self, array: np.ndarray, labels: np.ndarray | None, name: str, wanted: Wanted):
        check_several(array.shape, name, wanted)
        wanted.check_kind("rows", name)
        wanted.check_table(name)
        if array.dtype.kind not in "biuf":
            raise InputError(f"{name} holds rows of type {array.dtype}, expected numbers")
        check_width(array.shape[1], wanted, name)
        self.array, self.labels = array, labels
        super().__init__(name, (array.shape[1],), torch.float64)

    def __len__(self) -> int:
        return len(self.array)

    def _chunks(self, batch_size: int) -> Iterator[Samples]:
        columns = [f"column {j + 1}" for j in range(self.array.shape[1])]
        for part, ids, labels in _parts(len(self), self.labels, batch_size):
            with np.errstate(invalid="ignore"):  # what is not finite is refused below
                x = np.array(self.array[part], dtype=np.float64, order="C")
            check_finite(x, range(len(self))[part], columns, self.name)
            yield Samples(torch.from_numpy(x), ids, labels, None, [])


def open_array(array: Any, name: str, wanted: Wanted, labels: np.ndarray | None = None) -> Source:
    """An array, a tensor or nested lists: rows with two axes, images with three or four.

    Raises
    ------
    InputError
        If it is empty, or its axes or values are not those of images or rows.
    """
    if labels is None:
        wanted.check_no_label_column(name, "it is an array without labels")
    plain = plain_array(array, name)
    check_axes(plain, name)
    if plain.ndim == 2 and (n := n_rounded_of(array, plain)):
        wanted.remark(rounded_notice(name, n))
    return (ArrayRows if plain.ndim == 2 else ArrayImages)(plain, labels, name, wanted)


def check_axes(array: np.ndarray, name: str) -> None:
    """Refuse an array that is empty, or has the axes of neither images nor rows.

    Raises
    ------
    InputError
        The message says which shape it has.
    """
    if array.ndim not in (2, 3, 4):
        raise InputError(f"{name} has shape {array.shape}, {EXPECTED}")
    if array.size == 0:
        raise InputError(f"{name} is empty (shape {array.shape}), {EXPECTED}")


def _parts(
    n: int, labels: np.ndarray | None, batch_size: int
) -> Iterator[tuple[slice, list[str], np.ndarray | None]]:
    """Slices of at most ``batch_size`` samples, with their ids and labels."""
    for start in range(0, n, batch_size):
        part = slice(start, min(start + batch_size, n))
        yield part, [str(i) for i in range(part.start, part.stop)], None if labels is None else labels[part]


def _check_pixels(array: np.ndarray, name: str) -> None:
    expected = "expected images of type uint8 or uint16, or floats in [0, 1]"
    if array.dtype in (np.uint8, np.uint16):
        return
    if array.dtype.kind not in "iuf":
        raise InputError(f"{name} has type {array.dtype}, {expected}")
    lowest, highest = np.inf, -np.inf
    for start in range(0, len(array), 1024):  # the array may be larger than memory
        chunk = array[start : start + 1024]
        if array.dtype.kind == "f" and not np.isfinite(chunk).all():
            i = start + np.argwhere(~np.isfinite(chunk))[0][0]
            raise InputError(
                f"{name} has a value that is not finite in image {i + 1} (counted from 1), {expected}"
            )
        lowest, highest = min(lowest, chunk.min()), max(highest, chunk.max())
    if lowest < 0 or highest > (1 if array.dtype.kind == "f" else 255):
        raise InputError(
            f"{name} has values of type {array.dtype} from {shown_range(lowest, highest)}, {expected}"
        )


def _is_deep(array: Shaped[np.ndarray, "n c h w"]) -> bool:
    return array.dtype.kind == "f" or array.dtype == np.uint16


def _pixels(array: Shaped[np.ndarray, "n c h w"]) -> Shaped[np.ndarray, "n c h w"]:
    """uint8, or float32 in [0, 1] of what is deeper, as in files."""
    if not _is_deep(array):
        return np.array(array, np.uint8, order="C")
    x = np.array(array, np.float32, order="C")
    return x / np.float32(LARGEST) if array.dtype == np.uint16 else x


def _between_steps(array: Shaped[np.ndarray, "n c h w"]) -> int:
    """How many images have values that are no multiple of 1/255."""
    if not _is_deep(array):
        return 0
    levels = (_pixels(array[i : i + 1]) * 255 for i in range(len(array)))
    # Values of 8 bits divided by 255, in half precision too, are such multiples but for their rounding.
    return sum(bool((np.abs(level - np.rint(level)) > 0.1).any()) for level in levels)


def _fit(x: Shaped[Tensor, "n k h w"], shape: tuple[int, ...]) -> Shaped[Tensor, "n c h2 w2"]:
    """Convert images to the channels and size of ``shape``, keeping their type."""
    if x.shape[1:] == shape:
        return x
    y: Float[Tensor, "n c h2 w2"] = x.float()
    if y.shape[1] > shape[0]:
        y = (y * y.new_tensor(LUMA)[:, None, None]).sum(1, keepdim=True)
    y = y.expand(-1, shape[0], -1, -1)
    if y.shape[2:] != shape[1:]:
        y = F.interpolate(y, size=shape[1:], mode="bilinear", antialias=True)
    return y.clamp(0, 1) if x.dtype.is_floating_point else y.round().clamp(0, 255).to(x.dtype)
