"""How the process handles memory that tensors give back."""

from __future__ import annotations

import ctypes
import platform

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's mallopt
LARGEST = 32 * 2**20  # the largest threshold that glibc takes
KEPT = 2**31 - 1


def keep_freed_memory() -> bool:
    """Keep freed memory for the next tensor instead of returning it to the kernel, where glibc allows it.

    A training step frees and takes the same large blocks again and again; each time the kernel would map them
    anew and fill them with zeros, page by page.

    Returns
    -------
    bool
        Whether it took effect.
    """
    if platform.system() != "Linux":
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):  # another C library
        return False
    return bool(mallopt(M_MMAP_THRESHOLD, LARGEST) and mallopt(M_TRIM_THRESHOLD, KEPT))
