"""The places of an image that are most unusual where they are: by hand, and through a backbone."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import ama
from ama.errors import InputError
from ama.scores.forward_pass import ForwardPass, PlaceDistances
from ama.scores.kinds.factory import kind_of
from ama.scores.terms.place_densities import PlaceDensities
from ama.scores.terms.term_registry import chosen_terms
from ama.settings import resolve
from draws import TINY
from image_files import noise
from tiny_backbones import tiny

KIND = kind_of((3, 200, 200), "lite0")
BOTH = "nearest_places+place_densities"
OPTIONS = {"held_out": 0.4, "false_alarm_rate": 0.2, "random_state": 0, "progress": False, "max_steps": 2}


def test_it_is_the_mean_deviation_of_the_most_unusual_places():
    deviations = torch.full((2, 2, 16, 16), 0.5)
    deviations[1, 1, 3, 4:6] = torch.tensor([9.0, 5.0])
    term = PlaceDensities(KIND, TINY)
    distances = PlaceDistances(torch.rand(2, 2, 20, 20), deviations)
    forward = ForwardPass(torch.zeros(2, 1), KIND.networks(TINY), [], distances=distances)
    found = term.value(term.features(forward))
    assert found.dtype == torch.float64
    assert found.tolist() == pytest.approx([math.log(0.5), math.log(7)])


@pytest.mark.parametrize(("shape", "more"), [((3, 64, 64), {}), ((3, 64, 64), {"tile_size": 32}), ((7,), {})])
def test_without_features_it_is_refused(shape, more):
    kind = kind_of(shape, **more)
    settings = resolve("auto", kind.variant, scoring="place_densities", lambda_rotation=0)
    with pytest.raises(
        InputError, match=r"^scoring='place_densities' compares places of images seen through a"
    ):
        chosen_terms(settings, kind)


def test_only_who_names_it_has_it_and_only_with_few_tiles():
    for tile_size, fits in ((0, True), (300, True), (220, True), (200, False)):
        kind = kind_of((3, 400, 400), "lite0", tile_size=tile_size)
        assert "place_densities" not in chosen_terms(resolve("auto", kind.variant), kind)
        named = resolve("auto", kind.variant, features="lite0", tile_size=tile_size, scoring=BOTH)
        if fits:
            assert chosen_terms(named, kind) == tuple(BOTH.split("+"))
            continue
        with pytest.raises(
            InputError,
            match=r"^scoring='nearest_places\+place_densities' keeps Gaussians for each tile of an image, of at most "
            r"4 tiles; found 9 overlapping tiles of 200 x 200 pixels: choose a larger tile_size or other terms$",
        ):
            chosen_terms(named, kind)


def thirds(n: int, seed: int) -> np.ndarray:
    """Images (n, 3, 64, 192): a dark, a grey and a lighter third, with noise."""
    x = np.full((n, 3, 64, 192), 128, dtype=np.uint8)
    x[..., :64], x[..., 64:128] = 0, 60
    return x + noise(n, 3, 64, 192, seed=seed) // 16


@pytest.mark.parametrize("tile_size", [0, 112])
def test_known_parts_at_other_places_are_unusual(tile_size, tmp_path):
    folder = str(tiny("resnet", tmp_path / "own"))
    detector = ama.AMADetector(features=folder, scoring=BOTH, tile_size=tile_size, **OPTIONS)
    if tile_size:
        with pytest.warns(UserWarning, match="is seen in 2 overlapping tiles of 64 x 112 pixels$"):
            detector.fit(thirds(30, 0))
    else:
        detector.fit(thirds(30, 0))
    normal, mirrored = thirds(8, 1), thirds(8, 2)[..., ::-1].copy()
    before, after = detector.scores(normal).terms, detector.scores(mirrored).terms
    assert after["place_densities"].min() > before["place_densities"].max() + math.log(3)
    gain = {name: (after[name].mean() - before[name].mean()).item() for name in before}
    assert gain["place_densities"] > gain["nearest_places"]
    detector.save(tmp_path / "model")
    loaded = ama.load(tmp_path / "model")
    assert np.array_equal(loaded.score_samples(mirrored), detector.score_samples(mirrored))
    assert np.array_equal(loaded.anomaly_map(mirrored), detector.anomaly_map(mirrored))
    assert detector.anomaly_map(mirrored).shape == (8, 64, 192)


def test_other_scores_keep_no_gaussians(tmp_path):
    folder = str(tiny("resnet", tmp_path / "own"))
    detector = ama.AMADetector(features=folder, scoring="nearest_places", **OPTIONS).fit(thirds(10, 0))
    assert not [name for name in detector.model_.state_dict() if "gaussians" in name]
