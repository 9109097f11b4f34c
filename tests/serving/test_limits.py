"""Limits of a request, from headers alone."""

from __future__ import annotations

import pytest

from served import WITHOUT_EXTRA

pytest.importorskip("fastapi", reason=WITHOUT_EXTRA)

from ama.errors import InputError
from ama.serving.limits import DECODED, MIB, Limits
from ama.serving.refusals import RefusedError


def test_what_is_within_the_limits_passes():
    limits = Limits(body_mib=1, pixels=100, samples=2)
    limits.check_body(MIB)
    limits.check_samples(2)
    limits.check_pixels("a", 10, 10)


def test_what_is_beyond_is_refused():
    with pytest.raises(RefusedError, match=r"b has 10 x 11 pixels in an image, expected at most 100 \("):
        Limits(pixels=100).check_pixels("b", 10, 11)
    with pytest.raises(RefusedError, match="the request has 2 samples, expected at most 1 of this size"):
        Limits().check_samples(2, (1, 1, DECODED), 1)
    with pytest.raises(RefusedError) as error:
        Limits(body_mib=1).check_body(MIB + 1)
    assert (error.value.status, error.value.reason) == (413, "too_large")


@pytest.mark.parametrize("name", ["body_mib", "pixels", "samples", "requests"])
def test_a_limit_is_at_least_one(name):
    with pytest.raises(InputError, match=r"--max-\w+ must be at least 1, found 0"):
        Limits(**{name: 0})
