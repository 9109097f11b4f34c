"""The kind of samples that images are."""

from __future__ import annotations

import pytest
import torch

from ama.baselines.typicality import TypicalityModel
from ama.scores.kinds.image_kind import Images
from ama.settings import Settings


@pytest.mark.parametrize("shape", [(1, 65536, 16), (3, 16, 257), (1, 7, 8)])
def test_sides_that_no_source_gives_are_refused(shape):
    """Networks for any size would take any time over what a model folder says."""
    with pytest.raises(ValueError, match="images must be 8 to 256 pixels a side, found "):
        Images(shape).check_size()
    with pytest.raises(ValueError, match="images must be 8 to 256 pixels a side, found "):
        Images(shape).networks(Settings())
    with pytest.raises(ValueError, match="images must be 8 to 256 pixels a side, found "):
        TypicalityModel(shape, torch.uint8, kind="glow", width=4, depth=1, scales=1)
