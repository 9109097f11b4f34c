"""The peak memory of this process."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_RESET_PEAK = "5"  # proc(5): sets the peak to what is resident now


def reset_peak() -> bool:
    """Forget the peak so far; whether the system does that, as Linux does."""
    with contextlib.suppress(OSError):
        _CLEAR.write_text(_RESET_PEAK)
        return True
    return False


def peak_gib() -> float:
    """Peak resident memory of this process in GiB."""
    # On Linux a new process inherits getrusage's peak from the one that started it.
    if _STATUS.exists():
        return int(_STATUS.read_text().partition("VmHWM:")[2].split()[0]) / 2**20
    import resource  # which Windows lacks

    unit = 1 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**30
