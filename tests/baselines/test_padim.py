"""PaDiM: the score against NumPy, and its channels."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ama.baselines.padim import MOST_PLACES, PaDiM, PaDiMModel
from ama.features.backbone import Lite0Backbone
from ama.features.loading import description_of
from ama.scores.place_moments import PlaceMoments
from image_files import noise
from lite0_package import needs_lite0

SHRINKAGE = 0.01


@pytest.fixture
def vectors() -> torch.Tensor:
    """Of 30 images, 6 places and 4 channels, far from 0."""
    return 1000 + torch.randn(30, 6, 4, generator=torch.Generator().manual_seed(0)).double()


def test_the_score_is_the_largest_mahalanobis_distance(vectors):
    model = PaDiMModel((3, 32, 32), torch.uint8, backbone=description_of(Lite0Backbone()))
    model.channels = torch.tensor([0, 2, 3, 5])
    moments = PlaceMoments()
    moments.add(vectors.float())
    model.mean, model.whitening = moments.gaussians(SHRINKAGE)
    x = 1000 + torch.randn(3, 7, 2, 3)
    places = x[:, model.channels].flatten(2).mT.double().numpy()
    own = vectors.numpy()
    for image, score, distances in zip(places, model.anomalies(x)["score"], model.distances(x), strict=True):
        expected = []
        for place, vector in enumerate(image):
            centred = vector - own[:, place].mean(0)
            covariance = np.cov(own[:, place].T) + SHRINKAGE * np.eye(4)
            expected.append(np.sqrt(centred @ np.linalg.inv(covariance) @ centred))
        np.testing.assert_allclose(distances.numpy().ravel(), expected, rtol=1e-2)
        assert score == distances.max()


def test_places_of_large_images_are_averaged():
    model = PaDiMModel((3, 32, 32), torch.uint8, backbone=description_of(Lite0Backbone()))
    model.channels = torch.arange(2)
    x = torch.randn(1, 3, 2 * MOST_PLACES, 10)
    expected = x[:, :2].unflatten(2, (MOST_PLACES, 2)).mean(3)
    torch.testing.assert_close(model.grid(x), expected)


@needs_lite0
def test_the_channels_are_drawn_by_the_seed():
    images = noise(8, 1, 24, 24)

    def channels(**given):
        detector = PaDiM(held_out=0.3, false_alarm_rate=0.4, progress=False, **given)
        return detector.fit(images).model_.channels.tolist()

    first = channels(random_state=0)
    assert len(set(first)) == 100
    assert first == sorted(first)
    assert max(first) < 232
    assert channels(random_state=0) == first != channels(random_state=1)
    assert channels(random_state=0, n_channels=1000) == list(range(232))
