"""Nearest neighbours against a search by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ama.baselines.neighbours import NearestNeighbours


def test_the_score_is_the_mean_distance_to_the_nearest(rng):
    images = rng.integers(0, 256, (100, 1, 8, 8), dtype=np.uint8)
    detector = NearestNeighbours(n_neighbours=3, held_out=0.2, random_state=0, device="cpu").fit(images)
    points = detector.model_.points.numpy()
    assert points.shape == (80, 64)
    unseen = rng.integers(0, 256, (5, 1, 8, 8), dtype=np.uint8)
    test = unseen.reshape(5, -1) / 127.5 - 1
    distances = np.sort(np.linalg.norm(test[:, None] - points[None], axis=2), axis=1)
    assert np.allclose(detector.score_samples(unseen), -distances[:, :3].mean(1), rtol=1e-5)


@pytest.mark.parametrize("n_columns", [3, 6, 7, 40], ids=lambda n: f"{n} columns")
def test_rows_of_few_columns_and_of_many_are_measured_alike(rng, n_columns):
    rows, unseen = rng.normal(size=(100, n_columns)), rng.normal(size=(5, n_columns))
    detector = NearestNeighbours(n_neighbours=3, held_out=0.2, random_state=0, device="cpu").fit(rows)
    model = detector.model_
    test = model.normalise(torch.from_numpy(unseen)).double().numpy()
    distances = np.sort(np.linalg.norm(test[:, None] - model.points.numpy()[None], axis=2), axis=1)
    assert np.allclose(detector.score_samples(unseen), -distances[:, :3].mean(1), rtol=1e-9)


def test_normal_rows_of_few_values_whose_scores_tie_have_not_drifted(rng):
    rows, new, moved = (rng.integers(0, 5, (n, 3)) + by for n, by in ((300, 0), (100, 0), (100, 3)))
    detector = NearestNeighbours(held_out=0.3, random_state=0, device="cpu").fit(rows)
    assert detector.drift(new).p_value > 0.01
    assert detector.drift(moved).p_value < 1e-6
