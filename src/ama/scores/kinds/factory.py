"""The kind of samples by their shape: the only place that looks at the number of axes.

A third kind, feature maps of a frozen backbone, will be recognised here.
"""

from __future__ import annotations

from ama.scores.kinds.image_kind import Images
from ama.scores.kinds.kind import SampleKind
from ama.scores.kinds.tabular_kind import Tabular


def kind_of(shape: tuple[int, ...]) -> SampleKind:
    """The kind of samples of a shape: (channels, height, width) of an image, (columns,) of a row."""
    return Images(shape) if len(shape) == 3 else Tabular(shape)
