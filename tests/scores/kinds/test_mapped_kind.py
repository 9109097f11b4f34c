"""Images of which the networks see maps of features."""

from __future__ import annotations

import pytest
import torch

from ama.errors import InputError
from ama.features.backbone import Lite0Backbone
from ama.networks import image_networks
from ama.scores.kinds.factory import kind_of
from ama.scores.terms.term_registry import chosen_terms
from ama.settings import resolve


@pytest.mark.parametrize(("shape", "side"), [((3, 256, 100), 16), ((1, 90, 255), 8)])
def test_networks_are_those_of_images_on_a_small_map(shape, side):
    torch.manual_seed(0)
    backbone = Lite0Backbone()  # of random weights
    kind = kind_of(shape, "lite0", backbone, features_as="maps")
    choice = resolve("auto", kind.variant)
    kind.check(choice)
    networks = kind.networks(choice)
    assert isinstance(networks.encoder, image_networks.Encoder)
    images = torch.randint(256, (3, *shape), dtype=torch.uint8)
    seen = kind.seen(images, backbone)
    assert torch.equal(seen.rows, backbone(images))
    networks.scaling.fit(seen.x)
    networks.row_scaling.fit(seen.rows)
    x = networks.normalise(seen.x)
    assert x.shape == networks.reconstruct(x).shape == (3, 32, side, side)
    assert kind.describe(2).startswith(f"2 images of {shape[1]} x {shape[2]} pixels")


def test_its_score_is_that_of_rows_unless_a_term_on_maps_is_named():
    kinds = [
        kind_of((3, 300, 300), "lite0", Lite0Backbone(), features_as=seen_as) for seen_as in ("rows", "maps")
    ]
    rows, maps = (chosen_terms(resolve("auto", kind.variant), kind) for kind in kinds)
    assert maps == rows
    named = "r_score+rotated_memory_bank+nearest_rows"
    assert chosen_terms(resolve("auto", kinds[1].variant, scoring=named), kinds[1]) == tuple(named.split("+"))
    with pytest.raises(InputError, match="rotates images, and images cannot be rotated"):
        chosen_terms(resolve("auto", kinds[0].variant, scoring=named), kinds[0])


def test_a_map_can_be_rotated_and_is_no_image():
    kind = kind_of((3, 64, 32), "lite0", features_as="maps")
    kind.check(resolve("auto", kind.variant, lambda_rotation=1.0))
    assert kind.n_rotations == 4
    with pytest.raises(InputError, match="the networks reconstruct the features of an image, not the image"):
        kind.check_shown()


def test_maps_without_features_are_refused():
    for shape in ((3, 64, 64), (7,)):
        with pytest.raises(InputError, match="features_as='maps' is about the features of images: it needs"):
            kind_of(shape, features_as="maps")
