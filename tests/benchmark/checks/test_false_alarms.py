"""The 95 % band of false alarms contains 95 % of the outcomes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ama.benchmark.checks.false_alarms import compare_with_theory
from ama.decision.conformal import p_value


@pytest.mark.parametrize(("rate", "held_out", "n"), [(0.05, 300, 1000), (0.1, 60, 200), (0.01, 600, 900)])
def test_the_band_contains_95_percent_of_the_outcomes(rate, held_out, n):
    random, inside = np.random.default_rng(0), []
    for _ in range(400):
        calibration, scores = (torch.from_numpy(random.normal(size=m)) for m in (held_out, n))
        flagged = int((p_value(scores, calibration) <= rate).sum())
        inside.append(compare_with_theory("2", rate, held_out, flagged, n)["inside"])
    assert 0.92 < np.mean(inside) <= 1


def test_far_too_many_or_too_few_false_alarms_are_outside_the_band():
    assert compare_with_theory("2", 0.05, 300, 50, 1000)["inside"]
    assert not compare_with_theory("2", 0.05, 300, 120, 1000)["inside"]
    assert not compare_with_theory("2", 0.05, 300, 2, 1000)["inside"]
