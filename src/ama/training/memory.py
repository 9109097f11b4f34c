"""Reuse of freed memory by the process, with glibc."""

from __future__ import annotations

import ctypes
import platform
from collections.abc import Iterator
from contextlib import contextmanager

# Parameters of glibc's mallopt, and the values that glibc adopts itself after a program has freed large blocks.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_MMAP_MAX = -1, -3, -4
USUAL = {M_MMAP_THRESHOLD: 32 * 2**20, M_TRIM_THRESHOLD: 64 * 2**20, M_MMAP_MAX: 65536}
NEVER_RETURNED = {M_TRIM_THRESHOLD: 2**31 - 1, M_MMAP_MAX: 0}


@contextmanager
def freed_memory_kept() -> Iterator[bool]:
    """While active, keep freed memory for the next tensor instead of returning it to the kernel; needs glibc.

    Every training step allocates and frees the same large blocks, which the kernel would otherwise map and
    fill with zeros each time, page by page. Memory that is free at the end is returned to the kernel.

    Yields
    ------
    bool
        Whether the C library accepted the setting.
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
