"""States of the drift martingale that no stream can lead to."""

from __future__ import annotations

import numpy as np
import pytest

from ama.decision.martingale import DriftMartingale
from ama.decision.martingale_state import check_state


@pytest.mark.parametrize(
    "damage",
    [
        {"level": 1.0},
        {"seed": -1},
        {"change": "odd"},
        {"seen": 4},
        {"seen": -1},
        {"largest_at": 9},
        {"alarm_at": 2},
        {"bag": [0.0]},
        {"bag": [1e300] * 5},
        {"log_wealth": [0.0]},
        {"log_evidence": 3.0},
        {"log_largest": 9.0},
    ],
    ids=str,
)
def test_a_state_that_cannot_be_is_refused(damage):
    test = DriftMartingale(np.array([1.0, 2.0]))
    test.update(np.array([0.5, 1.5, 2.5]))
    check_state(test.state_dict(), size=5)
    with pytest.raises(ValueError, match=r"expected|not one of|not that of|at odds"):
        DriftMartingale(np.array([1.0, 2.0])).load_state_dict({**test.state_dict(), **damage})
