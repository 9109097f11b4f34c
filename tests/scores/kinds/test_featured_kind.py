"""Images seen through a frozen backbone."""

from __future__ import annotations

import pytest

from ama.errors import InputError
from ama.scores.kinds.factory import kind_of
from ama.settings import resolve


def test_only_images_of_1_or_3_channels_have_features():
    with pytest.raises(InputError, match="features='lite0' are features of images, found rows of 7 columns"):
        kind_of((7,), "lite0")
    with pytest.raises(
        InputError, match="features of images of 1 or 3 channels, found images of 9 x 9 pixels, 2 ch"
    ):
        kind_of((2, 9, 9), "lite0")


def test_they_are_of_any_size_and_rows_to_the_networks():
    kind = kind_of((3, 2000, 3000), "lite0")
    kind.check(resolve("auto", kind.variant, features="lite0"))
    assert kind.describe(2) == "2 images of 2000 x 3000 pixels, 3 channels"
    with pytest.raises(ValueError, match="images must be 8 to 256 pixels a side, found 2000 x 3000"):
        kind_of((3, 2000, 3000)).check(resolve("auto", "colour images"))


def test_contaminated_images_and_reconstructions_are_refused():
    kind = kind_of((3, 64, 64), "lite0")
    with pytest.raises(
        InputError, match=r"contamination_share=0\.1 looks for unusual rows of a table, found images"
    ):
        kind.check(resolve("auto", kind.variant, contamination_share=0.1))
    with pytest.raises(InputError, match="the networks reconstruct the features of an image, not the image"):
        kind.check_shown()
