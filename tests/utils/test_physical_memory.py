"""How much memory the machine has."""

from __future__ import annotations

import math
import os

import pytest

from ama.utils.physical_memory import physical_memory


@pytest.mark.skipif(not hasattr(os, "sysconf"), reason="this system does not tell")
def test_the_memory_is_that_of_a_machine():
    assert 2**28 < physical_memory() < 2**50


def test_a_system_that_does_not_tell_sets_no_limit(monkeypatch):
    monkeypatch.delattr(os, "sysconf", raising=False)
    assert physical_memory() == math.inf
