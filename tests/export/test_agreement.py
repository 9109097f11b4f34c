"""Within its bound, a file has no smaller p-value than the model."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ama.decision.conformal import ROUNDING, p_value
from ama.errors import InputError
from ama.export.agreement import MARGIN, bound_of, lowered, made_samples

SCORES = arrays(np.float64, st.integers(1, 30), elements=st.floats(-100, 100))


@given(SCORES, SCORES, st.floats(1e-9, 0.9), st.integers(0, 2**31))
def test_no_p_value_is_smaller_within_the_bound(scores, calibration, bound, seed):
    scores = np.concatenate([scores, calibration])  # ties
    off = (
        np.random.default_rng(seed).choice([-1, 0, 1], len(scores))
        * bound
        * (1 + np.abs(scores))
        * (1 - 1e-9)
    )
    of_file = p_value(torch.from_numpy(scores + off), lowered(torch.from_numpy(calibration), bound))
    assert (of_file >= p_value(torch.from_numpy(scores), torch.from_numpy(calibration))).all()


def test_the_bound_is_at_least_that_of_rounding():
    assert bound_of(0.0, torch.float32) == ROUNDING[torch.float32]
    assert bound_of(0.1, torch.float32) == 0.1 * MARGIN
    with pytest.raises(InputError, match=r"^the detector cannot be exported: the scores of the file differ"):
        bound_of(0.5, torch.float32)


def test_samples_are_made_of_every_kind(digit_detector, row_detector):
    images, rows = made_samples(digit_detector.model_, 20), made_samples(row_detector.model_, 20)
    assert images.shape == (20, 1, 8, 8)
    assert images.dtype == torch.uint8
    assert rows.shape == (20, 5)
    assert rows.dtype == torch.float64
    assert rows.isfinite().all()
