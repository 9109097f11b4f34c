"""How the process handles memory that tensors give back."""

from __future__ import annotations

import ctypes
import platform
from collections.abc import Iterator
from contextlib import contextmanager

# Of glibc's mallopt, with what it takes for them by itself once a program has freed large blocks.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_MMAP_MAX = -1, -3, -4
USUAL = {M_MMAP_THRESHOLD: 32 * 2**20, M_TRIM_THRESHOLD: 64 * 2**20, M_MMAP_MAX: 65536}
NEVER_RETURNED = {M_TRIM_THRESHOLD: 2**31 - 1, M_MMAP_MAX: 0}


@contextmanager
def freed_memory_kept() -> Iterator[bool]:
    """While active, freed memory is kept for the next tensor instead of returned to the kernel, where glibc allows it.

    A training step frees and takes the same large blocks again and again; each time the kernel would map them
    anew and fill them with zeros, page by page. What is free at the end goes back to the kernel.

    Yields
    ------
    bool
        Whether it took effect.
    """
    try:
        library = ctypes.CDLL(None) if platform.system() == "Linux" else None
        mallopt, trim = library.mallopt, library.malloc_trim  # type: ignore[union-attr]
    except (AttributeError, OSError):  # another C library
        yield False
        return
    kept = all(mallopt(name, value) for name, value in NEVER_RETURNED.items())
    try:
        yield kept
    finally:
        for name, value in USUAL.items():
            mallopt(name, value)
        trim(0)
