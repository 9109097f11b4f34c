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


def test_columns_that_depend_on_each_other_leave_an_error(rng):
    free = rng.normal(size=(200, 3))
    rows = np.column_stack([free, free.sum(1), 1 - free[:, 0]])
    detector = PCAReconstruction(held_out=0.2, random_state=0, device="cpu").fit(rows)
    assert detector.model_.components.shape == (2, 5)
    far = np.array([1000, 0, 0, 1000, -1000])
    assert (detector.p_value(rows[:3] + far) < 0.03).all()
    alone = PCAReconstruction(held_out=0.2, random_state=0, device="cpu").fit(free[:, :1])
    assert alone.score_samples([[50.0]]) < alone.score_samples(free[:, :1]).min()
