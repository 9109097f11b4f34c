"""Expected values of columns against regressions on the others."""

from __future__ import annotations

import numpy as np
import torch

from ama.scores.column_maps import expected_values
from draws import draw


def test_an_expected_value_is_the_regression_on_the_other_columns():
    random = np.random.default_rng(0)
    z = random.normal(size=(5000, 2))
    x = torch.from_numpy(z @ random.normal(size=(2, 4)) + 0.3 * random.normal(size=(5000, 4)))
    mean, precision = x.mean(0), torch.linalg.inv(x.T.cov())
    found = expected_values(x[:50], mean, precision)
    for j in range(4):
        others = [k for k in range(4) if k != j]
        design = np.column_stack([np.ones(5000), x[:, others]])
        slope, *_ = np.linalg.lstsq(design, x[:, j].numpy(), rcond=None)
        assert np.allclose(found[:, j], design[:50] @ slope, atol=1e-6)


def test_without_a_precision_the_mean_is_expected():
    x = draw(0, 3, 5)
    assert torch.equal(expected_values(x, x[0], None), x[0].expand(3, 5))


def test_numbers_of_one_column_are_given_the_others_alone():
    random = np.random.default_rng(0)
    z = random.normal(size=(5000, 2))
    x = torch.from_numpy(z @ random.normal(size=(2, 5)) + 0.3 * random.normal(size=(5000, 5)))
    mean, precision = x.mean(0), torch.linalg.inv(x.T.cov())
    found = expected_values(x[:50], mean, precision, [[1, 2, 4]])
    design = np.column_stack([np.ones(5000), x[:, [0, 3]]])
    slopes, *_ = np.linalg.lstsq(design, x[:, [1, 2, 4]].numpy(), rcond=None)
    assert np.allclose(found[:, [1, 2, 4]], design[:50] @ slopes, atol=1e-6)
    assert torch.equal(found[:, [0, 3]], expected_values(x[:50], mean, precision)[:, [0, 3]])
