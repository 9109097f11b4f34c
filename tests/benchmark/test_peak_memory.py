"""The peak memory of a process, and of a part of it."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from ama.benchmark.peak_memory import peak_gib, reset_peak


def test_what_was_freed_before_does_not_count():
    if not reset_peak():
        pytest.skip("this system does not reset the peak")
    before = peak_gib()
    np.ones(2**28 // 8).sum()
    assert peak_gib() >= before + 0.2
    assert reset_peak()
    assert peak_gib() < before + 0.2


def test_the_memory_of_the_process_that_started_this_one_does_not_count():
    large = np.ones(2**30 // 8)  # as long as the other one runs
    code = "from ama.benchmark.peak_memory import peak_gib; print(peak_gib())"
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert 0 < float(found) < large.nbytes / 2**30
