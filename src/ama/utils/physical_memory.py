"""The memory of the machine."""

from __future__ import annotations

import math
import os


def physical_memory() -> float:
    """Bytes of memory; infinite where the system does not tell, as on Windows."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return math.inf
