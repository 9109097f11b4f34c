"""The most unusual places of an image, by hand."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ama.errors import InputError
from ama.features.backbone import SMALLEST
from ama.scores.forward_pass import ForwardPass, PlaceDistances
from ama.scores.kinds.factory import kind_of
from ama.scores.terms.nearest_places import NearestPlaces
from ama.scores.terms.term_registry import chosen_terms
from ama.settings import resolve
from draws import TINY, draw

KIND = kind_of((3, 200, 200), "lite0")
NETWORKS = KIND.networks(TINY)  # which it does not use


def value(distances: torch.Tensor) -> torch.Tensor:
    """Of images with these distances (b, t, i, j) of their places."""
    term = NearestPlaces(KIND, TINY)
    places = PlaceDistances(distances)
    forward = ForwardPass(torch.zeros(len(distances), 1), NETWORKS, [], distances=places)
    return term.value(term.features(forward))


def test_of_up_to_200_places_the_farthest_decides():
    distances = torch.arange(1.0, 201).view(1, 1, 10, 20)
    assert value(distances).item() == pytest.approx(math.log(200))
    assert value(distances[..., :3]).item() == pytest.approx(math.log(183))


def test_of_more_places_one_in_200_rounded_up_decides():
    distances = torch.arange(1.0, 402).view(1, 1, 1, 401)[..., torch.randperm(401)]
    assert value(distances).item() == pytest.approx(math.log((401 + 400 + 399) / 3))


def test_the_tile_with_the_most_unusual_places_decides():
    quiet, odd = torch.full((2, 20, 20), 0.5), torch.full((2, 20, 20), 0.5)
    odd[1, 3, 4:6] = torch.tensor([9.0, 5.0])
    found = value(torch.stack([quiet, odd]))
    assert found.dtype == torch.float64
    assert found.tolist() == pytest.approx([math.log(0.5), math.log(7)])


@given(st.integers(0, 2**32), st.integers(1, 4), st.integers(1, 5), st.tuples(*[st.integers(1, 30)] * 2))
def test_it_is_the_largest_of_the_tiles_and_independent_of_their_order(seed, b, t, size):
    distances = draw(seed, b, t, *size).abs()
    found = value(distances)
    of_each = torch.stack([value(distances[:, [k]]) for k in range(t)], 1)
    assert torch.equal(found, of_each.amax(1))
    assert torch.equal(found, value(distances.flip(1).transpose(2, 3)))
    assert (found <= distances.flatten(1).amax(1).log() + 1e-12).all()


def test_an_image_of_learned_places_alone_has_a_finite_value():
    assert value(torch.zeros(1, 2, 5, 5)).isfinite().all()


@pytest.mark.parametrize(("shape", "more"), [((3, 64, 64), {}), ((3, 64, 64), {"tile_size": 32}), ((7,), {})])
def test_without_features_it_is_refused(shape, more):
    kind = kind_of(shape, **more)
    settings = resolve("auto", kind.variant, scoring="r_score+nearest_places", lambda_rotation=0)
    with pytest.raises(
        InputError,
        match=r"^scoring='r_score\+nearest_places' compares places of images seen through a backbone: it needs fea",
    ):
        chosen_terms(settings, kind)
    assert "nearest_places" not in chosen_terms(resolve("auto", kind.variant), kind)


def test_auto_leaves_it_out_for_images_that_are_enlarged():
    small, large = (SMALLEST - 1, SMALLEST - 1), (20, SMALLEST)
    for size, included in ((small, False), (large, True)):
        kind = kind_of((3, *size), "lite0")
        settings = resolve("auto", kind.variant, features="lite0")
        assert ("nearest_places" in chosen_terms(settings, kind)) is included
        named = resolve("auto", kind.variant, features="lite0", scoring="nearest_places")
        assert chosen_terms(named, kind) == ("nearest_places",)
