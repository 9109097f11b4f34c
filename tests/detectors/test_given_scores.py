"""Scores that a user passes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ama.detectors.given_scores import as_scores
from ama.errors import InputError

WRONG = {
    "['a']": ["a"],
    "[[1.0], [1.0, 2.0]]": [[1.0], [1.0, 2.0]],
    "None": None,
    "an array of shape (2, 3)": np.zeros((2, 3)),
    "nan at position 2 (counted from 1)": [0.0, np.nan, np.inf],
    "-inf at position 1 (counted from 1)": torch.tensor([-torch.inf]),
}


def test_too_few_are_refused_with_their_number():
    assert len(as_scores([])) == 0
    with pytest.raises(InputError, match=r"one a sample \(n,\), at least 1, found 0$"):
        as_scores([], 1)


def test_numbers_of_one_axis_are_scores():
    for scores in ([1, 2], np.array([1, 2], np.float32), torch.tensor([1.0, 2.0])):
        assert as_scores(scores).tolist() == [1, 2]


@pytest.mark.parametrize("found", WRONG)
def test_anything_else_is_refused_with_what_was_found(found):
    with pytest.raises(InputError) as refusal:
        as_scores(WRONG[found])
    assert str(refusal.value) == f"scores must be finite numbers, one a sample (n,), found {found}"
