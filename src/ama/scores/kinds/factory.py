"""The kind of samples by their shape and backbone: the only place that looks at the number of axes."""

from __future__ import annotations

from ama.errors import InputError
from ama.features.backbone import Backbone
from ama.scores.kinds.featured_kind import FeaturedImages
from ama.scores.kinds.image_kind import Images
from ama.scores.kinds.kind import SampleKind
from ama.scores.kinds.tabular_kind import Tabular
from ama.settings import NO_FEATURES


def kind_of(
    shape: tuple[int, ...], features: str = NO_FEATURES, backbone: Backbone | None = None
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

    Raises
    ------
    InputError
        If there are no such features of these samples.
    """
    kind = Images(shape) if len(shape) == 3 else Tabular(shape)
    if features == NO_FEATURES:
        return kind
    if not kind.pictured:
        raise InputError(f"features={features!r} are features of images, found {kind.describe()}")
    return FeaturedImages(shape, features, backbone)
