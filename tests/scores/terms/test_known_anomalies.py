"""The term of known anomalies: Fisher's discriminant, and what lies on its other side."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from ama.scores.kinds.factory import kind_of
from ama.scores.terms.known_anomalies import KnownAnomalies, known_weight
from draws import TINY, draw


def fitted(normal: torch.Tensor, known: torch.Tensor) -> KnownAnomalies:
    term = KnownAnomalies(kind_of((5,)), TINY)
    term.fit_known([normal[:30], normal[30:]], [known], seed=0)
    return term


@pytest.fixture
def normal() -> torch.Tensor:
    return draw(0, 400, 6) * torch.tensor([1.0, 2.0, 0.5, 1.0, 10.0, 0.1]) + 3


def test_it_ranks_as_fishers_discriminant_of_many_anomalies():
    """With as many anomalies of the same covariance, scikit-learn's discriminant is nearly the same direction."""
    normal = draw(0, 400, 6) @ draw(1, 6, 6)
    known = normal + torch.tensor([0.5, 2.0, 0.0, 0.3, -1.0, 0.1])
    term = fitted(normal, known)
    lda = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.2)
    lda.fit(np.concatenate([normal, known]), np.repeat([0, 1], 400))
    x = torch.cat([normal, known])
    assert np.corrcoef(term.value(x).expm1().log(), lda.decision_function(x.numpy()))[0, 1] > 0.95


def test_the_projection_has_mean_0_and_spread_1_over_normal_samples(normal):
    term = fitted(normal, normal[:3] + 2.0)
    z = term.value(normal).expm1().log()
    assert z.mean().item() == pytest.approx(0, abs=1e-9)
    assert z.std(correction=0).item() == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("factor", [1e-6, 1e6])
def test_the_unit_of_the_statistics_does_not_matter(normal, factor):
    known = normal[:4] + 1.0
    values = fitted(normal, known).value(normal)
    torch.testing.assert_close(fitted(normal * factor, known * factor).value(normal * factor), values)


def test_a_sample_on_the_other_side_is_no_more_normal_than_the_most_normal_ones(normal):
    """It may be an anomaly of another kind, which its distance must not outvote."""
    step = torch.tensor([3.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    term = fitted(normal, normal[:5] + step)
    far = normal[:5] - 1000 * step
    assert (term.value(far) >= 0).all()
    assert (term.value(normal).mean() - term.value(far)).max() < 1
    assert term.value(normal[:5] + 1000 * step).min() > 500


def test_the_weight_rises_with_the_number_of_known_anomalies():
    weights = [known_weight(n) for n in (0, 1, 10, 1000)]
    assert weights == sorted(weights)
    assert weights[0] == 0
    assert known_weight(10) == 0.5
    assert weights[-1] < 1
