"""Refusal of samples that the memory of this machine cannot hold."""

from __future__ import annotations

from ama.errors import InputError
from ama.utils.physical_memory import physical_memory

MOST_IN_MEMORY = 100_000_000  # samples, however small
BYTES_OF_AN_ID = 64


def check_memory(n: int, bytes_each: int, name: str, size: str) -> None:
    """Refuse to read more than there is memory for.

    Parameters
    ----------
    n, bytes_each
        Number of samples, and bytes of one.
    name, size
        Name of the source and size of its samples, for the message.

    Raises
    ------
    InputError
        If they are too many.
    """
    needed = n * (bytes_each + BYTES_OF_AN_ID)
    if n > MOST_IN_MEMORY or needed > physical_memory():
        raise InputError(
            f"{name} holds {size}, {needed / 2**30:,.0f} GiB, more than can be held in memory: take a part of it"
        )
