"""The peak memory of a part of a process."""

from __future__ import annotations

import numpy as np
import pytest

from ama.benchmark.tables.peak_memory import peak_gib, reset_peak


def test_what_was_freed_before_does_not_count():
    if not reset_peak():
        pytest.skip("this system does not reset the peak")
    before = peak_gib()
    np.ones(2**28 // 8).sum()
    assert peak_gib() >= before + 0.2
    assert reset_peak()
    assert peak_gib() < before + 0.2
