"""Resampling by two matrices is that of torch."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from ama.export.fixed_resampling import FixedResampling, bicubic, bilinear


@pytest.mark.parametrize(
    ("resample", "found", "wanted"),
    [
        (bilinear, (4, 3), (16, 13)),
        (bicubic, (64, 48), (128, 96)),
        (bicubic, (90, 70), (50, 39)),
        (F.adaptive_avg_pool2d, (9, 7), (4, 4)),
    ],
)
def test_maps_become_what_torch_makes_of_them(resample, found, wanted):
    x = torch.rand(2, 3, *found)
    torch.testing.assert_close(FixedResampling(resample, found, wanted)(x), resample(x, wanted))


def test_maps_of_the_size_that_is_wanted_stay_as_they_are():
    x = torch.rand(1, 1, 5, 4)
    assert FixedResampling(bicubic, (5, 4), (5, 4))(x) is x
