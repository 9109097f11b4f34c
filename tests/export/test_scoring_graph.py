"""The graph before its export: Python's scores, p-values and labels; what is not finite is an anomaly."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ama.export.scoring_graph import ScoringGraph


@pytest.fixture(scope="module")
def rate() -> torch.Tensor:
    return torch.tensor(0.05, dtype=torch.float64)


def test_scores_p_values_and_labels_are_those_of_the_model(row_detector, rate):
    x = np.random.default_rng(1).normal(size=(300, 5)) * 4
    graph = ScoringGraph(row_detector.model_, with_terms=False)
    with torch.no_grad():
        score, p_value, anomaly = graph(torch.from_numpy(x), rate)
    assert score.numpy() == pytest.approx(row_detector.score_samples(x), rel=1e-6, abs=1e-6)
    assert p_value.numpy() == pytest.approx(row_detector.p_value(x), abs=0.02)
    assert (anomaly.numpy() == (p_value.numpy() <= 0.05)).all()
    assert graph.output_names == ["score", "p_value", "anomaly"]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_is_flagged(row_detector, rate, value):
    x = np.zeros((3, 5))
    x[1, 2] = value
    graph = ScoringGraph(row_detector.model_, with_terms=False)
    with torch.no_grad():
        score, p_value, anomaly = graph(torch.from_numpy(x), rate)
    assert score[1] == -1e30
    assert p_value[1] == 1 / (len(row_detector.model_.calibration) + 1)
    assert anomaly[1]
    assert score[0] == score[2] > -1e30
