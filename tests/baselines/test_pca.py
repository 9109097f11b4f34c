"""Principal components against a decomposition by hand."""

from __future__ import annotations

import numpy as np

from ama.baselines.pca import PCAReconstruction


def test_the_score_is_the_squared_error_of_the_first_components(rng):
    rows = rng.normal(size=(200, 6)) @ rng.normal(size=(6, 6))
    detector = PCAReconstruction(n_components=2, held_out=0.2, random_state=0, device="cpu").fit(rows)
    model = detector.model_
    standardised = (rows - model.scaling.shift.numpy()) / model.scaling.scale.numpy()
    basis = model.components.numpy()
    assert np.allclose(basis @ basis.T, np.eye(2), atol=1e-5)
    centred = standardised - model.mean.numpy()
    error = centred - centred @ basis.T @ basis
    assert np.allclose(detector.score_samples(rows), -(error**2).sum(1), atol=1e-4)


def test_there_are_fewer_components_than_columns_and_samples(rng):
    few = PCAReconstruction(held_out=0.2, random_state=0, device="cpu")
    assert few.fit(rng.normal(size=(200, 3))).model_.components.shape == (2, 3)
    assert few.set_params(false_alarm_rate=0.5).fit(rng.normal(size=(12, 30))).model_.components.shape == (
        9,
        30,
    )
