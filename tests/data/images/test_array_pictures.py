"""Images of several sizes in a list, as other libraries read them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from ama.data.sources import open_source
from ama.errors import InputError
from image_files import noise

COLOUR = [noise(20 + i, 30, 3) for i in range(4)]
GREY = [image[:, :, 0] for image in COLOUR]


@pytest.mark.parametrize(
    ("given", "as_pictures"),
    [
        (COLOUR, COLOUR),
        (tuple(COLOUR), COLOUR),
        (GREY, GREY),
        ([image[:, :, None] for image in GREY], GREY),
        ([torch.from_numpy(image).permute(2, 0, 1) for image in COLOUR], COLOUR),
        ([torch.from_numpy(image) for image in GREY], GREY),
        (
            [image.astype(np.uint16) * 257 for image in GREY],
            [image.astype(np.uint16) * 257 for image in GREY],
        ),
        ([COLOUR[0], *GREY[1:]], [COLOUR[0], *GREY[1:]]),
    ],
)
def test_they_are_read_as_images_of_pillow_are(given, as_pictures):
    found, expected = (open_source(x) for x in (given, [Image.fromarray(image) for image in as_pictures]))
    assert torch.equal(found.read().x, expected.read().x)
    assert found.remarks == expected.remarks
    assert "images of 20 x 30 to 23 x 30 pixels are resized to 64 x 64" in found.remarks[-1]


@pytest.mark.parametrize(
    ("image", "found"),
    [
        (torch.zeros(2, 5, 6, dtype=torch.uint8), r"shape \(2, 5, 6\) and type torch.uint8"),
        (np.zeros((5, 6, 3), np.uint16), r"shape \(5, 6, 3\) and type uint16"),
        (np.zeros((5, 6, 7), np.uint8), r"shape \(5, 6, 7\) and type uint8"),
    ],
)
def test_others_are_refused_by_their_position(image, found):
    with pytest.raises(
        InputError, match=rf"that at position 5 \(counted from 1\) has {found}, expected grey"
    ):
        open_source([*COLOUR, image])


@pytest.mark.parametrize(
    ("shapes", "end"),
    [
        (((3,), (4,)), r"or rows \(n, d\)$"),
        (((8, 9), (9, 9)), r"; images of several sizes must be of type uint8$"),
        (((8, 9, 3), (9, 9, 3)), r"; images of several sizes must be of type uint8$"),
    ],
)
def test_lists_of_unequal_rows_or_fractions_are_none(shapes, end):
    with pytest.raises(InputError, match=rf"has parts that differ in length, .*{end}"):
        open_source([np.zeros(shape) for shape in shapes])
