"""Samples that are skipped, and when there are too many of them."""

from __future__ import annotations

from collections.abc import Sequence

from ama.errors import InputError


class OutOfRange(str):
    """A sentence on an image that is skipped for its pixel values: where most have such, it is their scale."""


def check_readable(name: str, n_read: int, skipped: Sequence[str]) -> None:
    """Refuse a source of which nothing can be read, or in which as many images as can be are out of range.

    Parameters
    ----------
    name
        The source.
    n_read
        Its samples that were read.
    skipped
        A sentence for each of the others.

    Raises
    ------
    InputError
        The message names the first of them.
    """
    out_of_range = [sentence for sentence in skipped if isinstance(sentence, OutOfRange)]
    if out_of_range and len(out_of_range) >= n_read:
        raise InputError(f"in {name}, {out_of_range[0]}")
    if not n_read:
        raise InputError(none_readable(name, skipped))


def none_readable(name: str, skipped: Sequence[str]) -> str:
    """The message for a source without a readable sample."""
    return f"none of the samples of {name} can be read" + (f"; the first: {skipped[0]}" if skipped else "")
