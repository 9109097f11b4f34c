"""Freed memory is reused without new pages."""

from __future__ import annotations

import subprocess
import sys

import pytest

COUNT = """
import resource, sys, torch
from ama.training.memory import freed_memory_kept

def faults():
    # The best round counts: small blocks between the large ones affect when the heap stops growing.
    found = []
    for _ in range(8):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        blocks = [torch.ones(2**24) for _ in range(4)]  # of 64 MiB, which glibc maps anew each time
        del blocks
        found.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
    return min(found)

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()

before = faults()
with freed_memory_kept() as kept:
    if not kept:
        sys.exit(3)
    within = faults()
    held = resident()
print(before, within, (held - resident()) // 2**20)
"""


def test_freed_memory_is_reused_without_page_faults_and_returned_at_the_end():
    done = subprocess.run([sys.executable, "-c", COUNT], capture_output=True, text=True)
    if done.returncode == 3:
        pytest.skip("this C library has no mallopt")
    before, within, returned = map(int, done.stdout.split())
    assert within < 100 < before
    assert returned > 200
