"""The peak memory of a part of a process."""

from __future__ import annotations

import contextlib
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
    """Peak resident memory of this process in GiB, on Linux."""
    return round(int(_STATUS.read_text().partition("VmHWM:")[2].split()[0]) / 2**20, 2)
