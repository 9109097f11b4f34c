"""The band of false alarms holds what it should."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ama.benchmark.checks.false_alarms import measured
from ama.decision.conformal import p_value


@pytest.mark.parametrize(("rate", "held_out", "n"), [(0.05, 300, 1000), (0.1, 60, 200), (0.01, 600, 900)])
def test_exchangeable_samples_fall_into_the_band_in_95_of_100_cases(rate, held_out, n):
    random, inside = np.random.default_rng(0), []
    for _ in range(400):
        calibration, scores = (torch.from_numpy(random.normal(size=m)) for m in (held_out, n))
        flagged = int((p_value(scores, calibration) <= rate).sum())
        inside.append(measured("2", rate, held_out, flagged, n)["inside"])
    assert 0.92 < np.mean(inside) <= 1


def test_far_too_many_or_few_false_alarms_are_outside():
    assert measured("2", 0.05, 300, 50, 1000)["inside"]
    assert not measured("2", 0.05, 300, 120, 1000)["inside"]
    assert not measured("2", 0.05, 300, 2, 1000)["inside"]
