"""Features of the places of every tile of an image, each seen with what surrounds it.

Near the edge of what it sees, a network fills up with zeros, and its features are unlike those of the same thing
elsewhere. Were tiles cut at their edge, these places would be the most unusual of a normal image.
"""

from __future__ import annotations

from collections.abc import Iterator

from jaxtyping import Float, Shaped
from torch import Tensor

from ama.features.backbone import Backbone
from ama.features.tiles import Tiles

SURROUNDINGS = 32  # pixels on each side: two places of most backbones


def tile_places(
    backbone: Backbone, images: Shaped[Tensor, "b c h w"], tiles: Tiles
) -> Iterator[Float[Tensor, "1 k i j"]]:
    """Places of each tile of each image, one image after the other; those of an uncut image end at its edge."""
    for image in images.split(1):
        if len(tiles) == 1:
            yield backbone.places(image)
        else:
            for corner in tiles.corners:
                seen = tiles.around(image, *corner, SURROUNDINGS)
                yield inner(backbone.places(seen), seen)


def inner(places: Float[Tensor, "b k i j"], seen: Shaped[Tensor, "b c h w"]) -> Float[Tensor, "b k p q"]:
    """The places without those of the surroundings."""
    for axis in (2, 3):
        n = places.shape[axis]
        # Of a narrow tile one place is left.
        around = min(round(n * SURROUNDINGS / seen.shape[axis]), (n - 1) // 2)
        places = places.narrow(axis, around, n - 2 * around)
    return places
