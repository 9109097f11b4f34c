"""Memory that is freed is taken again without new pages."""

from __future__ import annotations

import subprocess
import sys

import pytest

COUNT = """
import ctypes, resource, sys, torch
from ama.memory import M_MMAP_THRESHOLD, keep_freed_memory

def faults():
    for _ in range(4):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        blocks = [torch.ones(2**21) for _ in range(8)]  # of 8 MiB
        del blocks
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

if not keep_freed_memory():
    sys.exit(3)
ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, 2**20)  # every larger block from the kernel
mapped = faults()
keep_freed_memory()
print(mapped, faults())
"""


def test_freed_memory_is_taken_again_without_page_faults():
    done = subprocess.run([sys.executable, "-c", COUNT], capture_output=True, text=True)
    if done.returncode == 3:
        pytest.skip("this C library has no mallopt")
    mapped, kept = map(int, done.stdout.split())
    assert kept < 100 < mapped
