"""How a fit is run."""

from __future__ import annotations

import pytest

from ama.training.run import A_MOMENT, Run


def test_what_precedes_a_training_counts_against_its_limit(recwarn):
    assert Run(max_seconds=10.0).after(4.0).max_seconds == 6.0
    assert Run().after(4.0) == Run()
    assert not recwarn


@pytest.mark.parametrize("seconds", [2.0, 3.0])
def test_a_limit_that_is_over_leaves_a_moment_which_is_said(seconds):
    with pytest.warns(UserWarning, match=f"max_time was over before the training: .* took {seconds:g} s"):
        assert Run(max_seconds=2.0, seed=3).after(seconds) == Run(max_seconds=A_MOMENT, seed=3)
