"""What is seen of images through a backbone: how often, and the same whether it is kept or not."""

from __future__ import annotations

import dataclasses
from collections import Counter

import pytest
import torch

from ama.features.backbone import Lite0Backbone
from ama.scores.model import Model
from ama.scores.photo_anomalies import KINDS
from draws import TINY
from seen_images import seen_images

SHAPE = (3, 40, 300)
STATISTICS, UNSEEN, CALIBRATION = 6, 3, 4
AUTO = dataclasses.replace(TINY, features="lite0", scoring="auto", lambda_rotation=0.0)


@pytest.fixture(scope="module")
def images() -> torch.Tensor:
    return torch.randint(256, (13, *SHAPE), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def finished(images) -> tuple[Model, Counter]:
    """A model, and what was seen while its statistics were fitted."""
    torch.manual_seed(0)
    model = Model(SHAPE, AUTO, torch.uint8, ("r_score",), backbone=Lite0Backbone())
    model.networks.scaling.fit(model.backbone(images))
    with seen_images() as sides:
        model.finish(*images.split([STATISTICS, UNSEEN, CALIBRATION]), seed=0)
    return model, Counter(sides)


def test_places_are_seen_once_in_the_bank_for_the_weights_and_for_the_calibration(finished):
    model, seen = finished
    assert "nearest_places" in model.deciding
    weighed = UNSEEN * (1 + len(KINDS))
    assert seen == {side: STATISTICS + weighed + CALIBRATION for side in (256, 300)}


def test_score_and_map_share_what_is_seen_and_nothing_changes(finished, images):
    model, new = finished[0], images[:3]
    with seen_images() as twice:
        expected = model.scores(new), model.anomaly_map(new)
    assert Counter(twice) == {256: 3, 300: 6}
    with seen_images() as once, model.seen_once():
        found = model.scores(new), torch.cat([model.anomaly_map(image) for image in new.split(1)])
        assert torch.equal(model.score(new), found[0].score)
    assert Counter(once) == {256: 3, 300: 3}
    torch.testing.assert_close(found, expected, rtol=0, atol=0)


def test_a_changed_bank_is_not_scored_by_what_was_kept_before(finished, images):
    model = finished[0]
    with model.seen_once():
        before = model.anomaly_map(images[:1])
    places, model.bank.places = model.bank.places, model.bank.places[:1]
    with model.seen_once():
        assert model.anomaly_map(images[:1]).mean() > before.mean()
    model.bank.places = places


def test_distances_of_places_are_computed_for_terms_that_look_at_them_alone(finished, images):
    model = finished[0]
    with seen_images() as sides:
        [alone] = model.forward_passes(images[:2])
        [with_places] = model.forward_passes(images[:2], places=True)
    assert Counter(sides) == {256: 4, 300: 2}
    assert torch.equal(alone.x, with_places.x)
    assert torch.equal(with_places.place_distances, model.place_distances(images[:2]))


def test_without_a_backbone_there_is_nothing_to_keep():
    model = Model((1, 8, 8), dataclasses.replace(TINY, scoring="r_score"), torch.uint8)
    with model.seen_once():
        assert len(list(model.chunks(torch.zeros(3, 1, 8, 8, dtype=torch.uint8)))) == 1
