"""Arrays, tensors and nested lists as NumPy arrays of numbers; what only looks like one is refused in a sentence."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ama.data.arrays.conversions import DATA_FRAME, advice
from ama.data.samples import count
from ama.errors import InputError, printable

EXPECTED = "expected images (n, h, w) or (n, c, h, w), or rows (n, d)"
LONGEST_VALUE = 40  # characters of a value that is shown


def plain_array(array: Any, name: str) -> np.ndarray:
    """An array of numbers in memory.

    Parameters
    ----------
    array
        An array of any library that NumPy understands, a tensor, or nested lists of numbers, arrays or tensors.
    name
        Name used in messages.

    Raises
    ------
    InputError
        If it is a sparse tensor, has masked or missing values, or holds anything but numbers.
    """
    if isinstance(array, Tensor):
        return _of_tensor(array, name)
    if isinstance(array, list | tuple) and array and all(isinstance(part, Tensor) for part in array):
        array = [_of_tensor(part, name) for part in array]
    try:
        found = np.asanyarray(array)
    except (ValueError, TypeError, RuntimeError, OverflowError) as error:
        pictured = isinstance(array, list | tuple) and all(
            getattr(part, "ndim", 0) in (2, 3) for part in array
        )
        remedy = "; images of several sizes must be of type uint8" if pictured else ""
        raise InputError(f"{name} has parts that differ in length, {EXPECTED}{remedy}") from error
    if isinstance(found, np.ma.MaskedArray):
        found = _unmasked(found, name)
    return _of_numbers(valid_text(np.asarray(found)), array, name)


def no_array(X: Any) -> InputError:
    """The error about an object that is no array, with what to pass instead where that is known."""
    kind = type(X)
    # Several libraries have one of this name.
    library = f" of {kind.__module__.partition('.')[0]}" if kind.__name__ == "DataFrame" else ""
    return InputError(f"found an object of type {kind.__name__}{library}, {EXPECTED}{advice(X)}")


def valid_text(array: np.ndarray) -> np.ndarray:
    """An array in which U+FFFD is in place of what is no character, if it holds text.

    NumPy stores any four bytes as a character, and cannot make a Python string of those beyond Unicode.
    """
    if array.dtype.kind != "U" or not array.size:
        return array
    native = np.ascontiguousarray(array, array.dtype.newbyteorder("="))
    codes = native.view(np.uint32)
    return np.where(codes > sys.maxunicode, np.uint32(0xFFFD), codes).view(native.dtype).reshape(array.shape)


def _of_tensor(tensor: Tensor, name: str) -> np.ndarray:
    if tensor.is_nested:
        raise InputError(f"{name} is a nested tensor, expected samples of one shape")
    if tensor.layout != torch.strided:
        raise InputError(f"{name} is a sparse tensor, expected a dense one: pass X.to_dense()")
    if tensor.is_complex():
        raise InputError(f"{name} has type {tensor.dtype}, expected real numbers")
    if tensor.is_quantized or tensor.device.type == "meta":
        raise InputError(f"{name} is a tensor without plain values, expected numbers")
    tensor = tensor.detach().cpu()
    try:
        return tensor.resolve_neg().numpy()
    except TypeError:  # NumPy lacks bfloat16 and floats of 8 bits
        return tensor.float().numpy()


def _unmasked(array: np.ma.MaskedArray, name: str) -> np.ndarray:
    masked = np.argwhere(np.ma.getmaskarray(array))
    if len(masked) == 0:
        return array.data
    first = f"the first in row {masked[0][0] + 1} (counted from 1)"
    if array.ndim == 2:
        first += f", column {masked[0][1] + 1}"
    raise InputError(
        f"{name} has {count(len(masked), 'masked value')}, {first}: fill them in, as in X.filled(0), or drop the rows"
    )


def _of_numbers(found: np.ndarray, given: Any, name: str) -> np.ndarray:
    kind = found.dtype.kind
    if found.ndim == 0 and kind in "OUS":
        raise no_array(given)
    if found.dtype.names is not None:
        fields = ", ".join(found.dtype.names)
        raise InputError(
            f"{name} has the named fields {fields}, expected plain numbers or a DataFrame: pass {DATA_FRAME}"
        )
    if kind == "c":
        raise InputError(f"Complex data not supported: {name} has type {found.dtype}, expected real numbers")
    if kind in "mM":
        raise InputError(f"{name} holds dates or times (type {found.dtype}), expected numbers")
    if kind in "OUSV":
        return _converted(found, given, name)
    return found


def _converted(found: np.ndarray, given: Any, name: str) -> np.ndarray:
    """Numbers that are stored as objects or as text."""
    if found.dtype.kind == "V":
        if not issubclass(
            found.dtype.type, np.void
        ):  # bfloat16 and others that NumPy itself lacks, as JAX has them
            return found.astype(np.float32)
        raise InputError(f"{name} holds values of type {found.dtype}, expected numbers")
    if found.dtype.kind == "O":
        with suppress(ValueError, OverflowError):
            inferred = np.asarray(found.tolist())
            if inferred.dtype.kind in "biuf":
                return inferred
    try:
        return found.astype(np.float64)
    except (TypeError, ValueError, OverflowError):
        _refuse_text(found, name)
    if found.ndim == 1 and (instead := advice(given)):
        parts = "dictionaries" if isinstance(found[0], dict) else f"{type(found[0]).__name__} objects"
        raise InputError(f"{name} is a list of {parts}, expected a table{instead}")
    return found  # other objects, which are refused by their type


def _refuse_text(found: np.ndarray, name: str) -> None:
    """Name the first text that is no number."""
    for position in np.ndindex(found.shape):
        value = found[position]
        try:
            float(value)
        except OverflowError:
            raise InputError(f"{name} has an integer of more than 308 digits, expected a number") from None
        except (TypeError, ValueError):
            if not isinstance(value, str | bytes):
                return
            row, *columns = (f"{i + 1}" for i in position)
            place = f"row {row} (counted from 1)" + (f", column {columns[-1]}" if columns else "")
            shown = printable(str(value))[:LONGEST_VALUE]
            raise InputError(f"{name} has {shown!r} in {place}, expected numbers") from None
