"""More samples than the memory holds are refused."""

from __future__ import annotations

import pytest

from ama.data.memory_needed import MOST_IN_MEMORY, check_memory
from ama.errors import InputError


def test_what_fits_is_read_and_what_does_not_is_refused():
    check_memory(1000, 1000, "photos", "1000 images")
    for n, each in ((1000, 2**60), (MOST_IN_MEMORY + 1, 1)):
        with pytest.raises(
            InputError, match=r"^photos holds many images, .* GiB, more than can be held in memory"
        ):
            check_memory(n, each, "photos", "many images")
