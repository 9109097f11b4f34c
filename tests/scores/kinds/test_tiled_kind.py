"""Images that the networks see tile by tile."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ama.errors import LONGEST_SENTENCE, InputError
from ama.scores.kinds.factory import kind_of
from ama.scores.kinds.image_kind import Images
from ama.scores.kinds.tiled_kind import TiledImages
from ama.scores.model import Model
from ama.settings import resolve
from draws import TINY, draw


@given(st.integers(8, 40), st.integers(8, 40), st.integers(8, 30), st.integers(1, 3))
def test_parts_are_joined_to_images_and_to_maps_and_the_largest_value_is_that_of_an_image(
    height, width, side, b
):
    kind = TiledImages((3, height, width), side)
    x, n = draw(height, b, 3, height, width), len(kind.tiles)
    parts = kind.cut(x)
    torch.testing.assert_close(kind.joined(parts), x)
    torch.testing.assert_close(kind.joined(parts[:, 0]), x[:, 0])
    values = draw(width, b * n)
    assert kind.per_sample(values).tolist() == [max(part) for part in values.view(b, n).tolist()]


def test_the_networks_are_those_of_a_tile_and_the_samples_whole_images():
    kind = kind_of((3, 1500, 2000), tile_size=64)
    assert isinstance(kind, TiledImages)
    settings = resolve("auto", kind.variant, tile_size=64)
    kind.check(settings)
    assert kind.networks(TINY).shape == (3, 64, 64)
    assert (kind.variant, kind.n_rotations) == ("colour images", 4)
    assert kind.describe(7) == "7 images of 1500 x 2000 pixels, 3 channels"
    assert isinstance(kind_of((3, 1500, 2000), tile_size=0), Images)


@pytest.mark.parametrize(
    ("shape", "tile_size", "sentence"),
    [
        ((3, 600, 600), 257, "tile_size must be at most 256 pixels without features, found 257"),
        ((3, 20, 20), 4096, "tile_size must be at most 256 pixels without features, found 4096"),
        ((3, 600, 600), 7, "tile_size must be 0 or at least 8 pixels, found 7"),
        (
            (3, 7, 600),
            64,
            "tiles must be at least 8 pixels a side, found images of 7 x 600 pixels, 3 channels",
        ),
        ((9,), 64, "tile_size=64 cuts tiles of images, found rows of 9 columns"),
    ],
)
def test_tiles_of_other_sides_and_of_rows_are_refused(shape, tile_size, sentence):
    with pytest.raises(InputError) as caught:
        kind_of(shape, tile_size=tile_size).check(resolve("auto", "colour images", tile_size=tile_size))
    assert str(caught.value) == sentence


def test_with_features_tiles_are_of_8_pixels_or_more():
    assert kind_of((3, 700, 600), "lite0", tile_size=600).tiles.size == (600, 600)
    with pytest.raises(InputError, match=r"^tile_size must be 0 or at least 8 pixels, found 1$"):
        kind_of((3, 700, 600), "lite0", tile_size=1)


def test_known_anomalies_are_refused_where_the_networks_see_tiles():
    with pytest.raises(InputError, match=r"^most tiles of a known anomaly are normal, so networks") as caught:
        kind_of((3, 60, 60), tile_size=32).check_known()
    assert len(str(caught.value)) <= LONGEST_SENTENCE
    for kind in (kind_of((3, 60, 60)), kind_of((3, 60, 60), "lite0", tile_size=32), kind_of((9,))):
        kind.check_known()


def test_synthetic_anomalies_are_photographs_of_the_whole_size():
    x = torch.randint(0, 256, (60, 1, 20, 30), dtype=torch.uint8)
    kinds = TiledImages((1, 20, 30), 16).synthetic_anomalies(x, torch.Generator().manual_seed(0))
    assert {tuple(made.shape) for made in kinds} == {(50, 1, 20, 30)}


@pytest.mark.parametrize("scoring", ["a_score", "memory_bank+rotation+mahalanobis"])
def test_each_term_of_an_image_is_the_largest_of_its_tiles(scoring):
    """A model of the tiles with the same networks and statistics says the same of each."""
    settings = dataclasses.replace(TINY, scoring=scoring, precision="float32", scoring_precision="float32")
    smooth = torch.rand(40, 1, 5, 7, generator=torch.Generator().manual_seed(0))
    x = torch.nn.functional.interpolate(smooth, (20, 33), mode="bilinear")
    model = Model((1, 20, 33), dataclasses.replace(settings, tile_size=12), torch.float32, ("r_score",))
    model.networks.scaling.fit(model.kind.cut(x))
    model.finish(x[:20], x[20:30], x[30:], seed=0)
    alone = Model((1, 12, 12), settings, torch.float32, ("r_score",)).fill(model.state_dict())
    tiles = model.kind.cut(x)
    assert len(tiles) == 40 * 2 * 4
    found, of_tiles = model.scores(x).terms, alone.scores(tiles).terms
    assert found.keys() == of_tiles.keys() == {*scoring.split("+"), "r_score"}
    for name, values in found.items():
        torch.testing.assert_close(values, of_tiles[name].view(40, 8).amax(1), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(
        model.anomaly_map(x), model.kind.joined(alone.anomaly_map(tiles)), rtol=1e-4, atol=1e-6
    )
    torch.testing.assert_close(model.reconstruct(x), model.kind.joined(alone.reconstruct(tiles)))
