"""The kind of samples by their shape and backbone: the only place that looks at the number of axes."""

from __future__ import annotations

from ama.errors import InputError
from ama.features.backbone import Backbone
from ama.networks.image_networks import MIN_SIDE
from ama.scores.kinds.featured_kind import FeaturedImages
from ama.scores.kinds.image_kind import Images
from ama.scores.kinds.kind import SampleKind
from ama.scores.kinds.mapped_kind import MappedImages
from ama.scores.kinds.tabular_kind import Tabular
from ama.scores.kinds.tiled_kind import TiledImages
from ama.settings import NO_FEATURES, FeaturesAs, Settings


def kind_of(
    shape: tuple[int, ...],
    features: str = NO_FEATURES,
    backbone: Backbone | None = None,
    tile_size: int = 0,
    features_as: FeaturesAs = "rows",
) -> SampleKind:
    """The kind of samples of a shape.

    Parameters
    ----------
    shape
        (channels, height, width) of an image, (columns,) of a row.
    features
        The name of the frozen backbone through which images are seen.
    backbone
        That backbone; without it, settings can be checked, and no model be built.
    tile_size
        Longest side of the tiles in which images are seen; 0: as the kind does without being asked.
    features_as
        What the networks see of those features.

    Raises
    ------
    InputError
        If there are no such features or tiles of these samples, or tiles of a few pixels are asked for.
    """
    if features == NO_FEATURES and features_as != "rows":
        raise InputError(f"{features_as=!r} is about the features of images: it needs features, found none")
    kind = Images(shape) if len(shape) == 3 else Tabular(shape)
    if features == NO_FEATURES and not tile_size:
        return kind
    if not kind.pictured:
        what = (
            f"features={features!r} are features" if features != NO_FEATURES else f"{tile_size=} cuts tiles"
        )
        raise InputError(f"{what} of images, found {kind.describe()}")
    if 0 < tile_size < MIN_SIDE:
        raise InputError(f"tile_size must be 0 or at least {MIN_SIDE} pixels, found {tile_size}")
    if features == NO_FEATURES:
        return TiledImages(shape, tile_size)
    seen_as = MappedImages if features_as == "maps" else FeaturedImages
    return seen_as(shape, features, backbone, tile_size)


def kind_of_fit(shape: tuple[int, ...], settings: Settings, backbone: Backbone | None) -> SampleKind:
    """As :func:`kind_of`, for the settings of a fit."""
    return kind_of(shape, settings.features, backbone, settings.tile_size, settings.features_as)
