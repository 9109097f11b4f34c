"""Distances of images themselves."""

from __future__ import annotations

import pytest
import torch

from ama.errors import InputError
from ama.scores.kinds.factory import kind_of
from ama.scores.terms.nearest_images import NearestImages, reduced
from ama.scores.terms.term_registry import chosen_terms
from ama.settings import Settings, resolve


def test_an_image_is_reduced_to_roots_of_the_brightness_of_blocks():
    images = torch.full((2, 1, 28, 28), -1.0)
    images[1, 0, :4, :4] = 1.0
    images[1, 0, 4:8, :4] = -0.5
    found = reduced(images)
    assert found.shape == (2, 49)
    expected = torch.tensor([1.001, 0.001, 0.251], dtype=torch.float64).sqrt()
    torch.testing.assert_close(found[1, [0, 1, 7]], expected, rtol=1e-5, atol=1e-6)
    assert (found[0] == found[0, 0]).all()


@pytest.mark.parametrize(("side", "n"), [(8, 64), (9, 25), (17, 36), (64, 64)])
def test_at_most_eight_values_a_side(side, n):
    assert reduced(torch.rand(1, 1, side, side)).shape == (1, n)


def test_what_differs_from_the_learned_images_is_far_and_a_learned_one_is_not_its_own_neighbour():
    term = NearestImages(kind_of((1, 16, 16)), Settings())
    normal = torch.rand(200, 1, 16, 16) / 10
    term.fit([reduced(normal[:150])], 0)
    of_new, of_others = term.value(reduced(normal[150:])), term.value(reduced(normal[150:] + 0.5))
    assert of_others.min() > of_new.max()
    assert (term.value(reduced(normal[:150])) > of_new.min() - 1).all()


def test_grey_images_are_compared_and_what_is_no_image_is_not():
    grey, rows = kind_of((1, 28, 28)), kind_of((4,))
    assert "nearest_images" in chosen_terms(resolve("compact", grey.variant), grey)
    assert "rotated_memory_bank" not in chosen_terms(resolve("compact", grey.variant), grey)
    assert "nearest_images" not in chosen_terms(resolve("compact", rows.variant, sees_images=True), rows)
    with pytest.raises(InputError, match="compares images themselves, and not rows"):
        chosen_terms(resolve("compact", rows.variant, scoring="nearest_images"), rows)
