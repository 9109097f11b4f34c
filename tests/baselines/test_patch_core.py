"""PatchCore: the score against computations by hand."""

from __future__ import annotations

import numpy as np
import torch

from ama.baselines.patch_core import PatchCore, PatchCoreModel
from ama.features.backbone import Lite0Backbone
from ama.features.loading import description_of
from image_files import noise
from lite0_package import needs_lite0


def random(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_score_is_that_of_the_farthest_place_weighted_by_the_neighbours_of_its_nearest():
    model = PatchCoreModel((3, 32, 32), torch.uint8, backbone=description_of(Lite0Backbone()), n_neighbours=3)
    model.bank = torch.randn(30, 6, generator=random())
    x = torch.randn(2, 6, 4, 5, generator=random(1))
    scores = model.anomalies(x)["score"]
    bank = model.bank.double().numpy()
    for image, score, distances in zip(x.double().numpy(), scores, model.distances(x), strict=True):
        places = image.reshape(6, 20).T
        distance = np.linalg.norm(places[:, None] - bank, axis=2)
        np.testing.assert_allclose(distances.numpy().ravel(), distance.min(1), rtol=1e-5)
        place = distance.min(1).argmax()
        nearest = distance[place].argmin()
        near = np.linalg.norm(bank - bank[nearest], axis=1).argsort()[:3]
        assert near[0] == nearest
        weight = 1 - np.exp(distance[place, nearest]) / np.exp(distance[place, near]).sum()
        np.testing.assert_allclose(score, weight * distance[place, nearest], rtol=1e-5)


@needs_lite0
def test_the_bank_holds_places_of_the_learned_images():
    images = noise(12, 3, 40, 64)
    detector = PatchCore(coreset_size=50, held_out=0.2, false_alarm_rate=0.4, random_state=0, progress=False)
    model = detector.fit(images).model_
    assert model.bank.shape == (50, 232)
    # Each is a place of an image that calibrates nothing; the held-out images have no distance of 0.
    distances = np.array([model.distances(x).min() for x in model.chunks(torch.from_numpy(images))])
    assert (distances < 0.05).sum() == 10
    assert len(detector.model_.calibration) == 2
