"""What is said of images that are not alike, or are changed to be."""

from __future__ import annotations

import struct

import numpy as np
import pytest
import torch
from PIL import Image

from ama.data.images.image_format import HINT, HINT_OF_TILES, LARGEST_SIDE
from ama.data.sources import open_source
from ama.errors import InputError
from image_files import noise, save


def notes(source, **wanted):
    opened = open_source(source, **wanted)
    return [note.removeprefix(f"{source}: ") for note in opened.read().notes()]


def test_images_that_are_alike_need_no_word(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    save(tmp_path / "a.png", noise(8, 12))
    save(tmp_path / "b.png", noise(12, 8), exif=exif)
    assert notes(tmp_path) == []


def test_transparency_is_left_out_with_a_word(tmp_path):
    save(tmp_path / "a.png", noise(8, 8, 4))
    save(tmp_path / "b.png", noise(8, 8, 3))
    save(tmp_path / "c.png", Image.fromarray(noise(8, 8, 3)).convert("P"), transparency=0)
    assert notes(tmp_path) == ["left out the transparency of 2 of 3 images"]
    with pytest.raises(InputError, match="left out the transparency of 2 of 3 images"):
        open_source(tmp_path, strict=True)


@pytest.mark.parametrize(("kind", "n_left_out"), [(0x20003, 1), (0x20001, 1), (0x10002, 0), (0, 0)])
def test_further_pictures_of_an_mpo_file_are_left_out_with_a_word(tmp_path, kind, n_left_out):
    """If they are of equal rank, by their type in the index of pictures, whose entries have 16 bytes each."""
    first, second = (Image.fromarray(noise(8, 8, 3, seed=i)) for i in range(2))
    first.save(tmp_path / "a.jpg", format="MPO", save_all=True, append_images=[second])
    data = bytearray((tmp_path / "a.jpg").read_bytes())
    size = len(data) - data.rindex(b"\xff\xd8")  # of the second picture, in its entry after the type
    place = data.index(struct.pack("<L", size)) - 4
    data[place : place + 4] = struct.pack("<L", kind)
    (tmp_path / "a.jpg").write_bytes(data)
    assert notes(tmp_path) == ["left out all pictures but the first of 1 MPO file"] * n_left_out


@pytest.mark.parametrize(
    ("shapes", "sentence"),
    [
        (
            [(200, 300)],
            f"images of 200 x 300 pixels are resized to 64 x 64; their aspect ratio is not kept{HINT}",
        ),
        ([(300, 300)], f"images of 300 x 300 pixels are resized to 64 x 64{HINT}"),
        ([(9, 9), (20, 20), (30, 30)], "images of 9 x 9 to 30 x 30 pixels are resized to 64 x 64"),
        (
            [(20, 20), (9, 10), (30, 30)],
            "images of 9 x 10 to 30 x 30 pixels are resized to 64 x 64; their aspect ratio is not kept",
        ),
    ],
)
def test_resizing_is_said_unless_the_size_was_given(tmp_path, shapes, sentence):
    for i, shape in enumerate(shapes):
        save(tmp_path / f"{i}.png", noise(*shape))
    assert notes(tmp_path) == [sentence]
    with pytest.raises(InputError, match=r"are resized to 64 x 64.* \(refused by strict\)"):
        open_source(tmp_path, strict=True)
    assert notes(tmp_path, image_size=32, strict=True) == []


@pytest.mark.parametrize(
    ("shapes", "size", "sentences"),
    [
        ([(300, 200)], (300, 200), []),
        ([(30, 20)], (30, 20), []),
        (
            [(1500, 2000)],
            (384, 512),
            [f"images of 1500 x 2000 pixels are resized to 384 x 512{HINT_OF_TILES}"],
        ),
        (
            [(64, 64), (300, 10)],
            (64, 64),
            ["images of 300 x 10 to 64 x 64 pixels are resized to 64 x 64; their aspect ratio is not kept"],
        ),
        (
            [(600, 300), (300, 600)],
            (512, 256),
            [
                "images of 300 x 600 to 600 x 300 pixels are resized to 512 x 256; their aspect ratio is not kept"
                + HINT_OF_TILES
            ],
        ),
    ],
)
def test_with_a_longest_side_photographs_keep_size_and_ratio(tmp_path, shapes, size, sentences):
    for i, shape in enumerate(shapes):
        save(tmp_path / f"{i}.png", noise(*shape))
    assert open_source(tmp_path, max_side=512).shape == (1, *size)
    assert notes(tmp_path, max_side=512) == sentences
    assert open_source(tmp_path, max_side=512, image_size=300).shape == (1, 300, 300)
    with pytest.raises(InputError, match="image_size must be 8 to 4096 pixels a side, found 5000 x 5000"):
        open_source(tmp_path, max_side=512, image_size=5000)


def test_with_tiles_images_of_up_to_4096_pixels_keep_their_size(tmp_path):
    save(tmp_path / "a.png", noise(30, 4096))
    assert (open_source(tmp_path, max_side=LARGEST_SIDE).shape, notes(tmp_path, max_side=LARGEST_SIDE)) == (
        (1, 30, 4096),
        [],
    )
    save(tmp_path / "a.png", noise(40, 5120))
    assert notes(tmp_path, max_side=LARGEST_SIDE) == ["images of 40 x 5120 pixels are resized to 32 x 4096"]


def test_a_model_decides_the_size_and_strict_allows_it(tmp_path):
    save(tmp_path / "a.png", noise(20, 30))
    expected = "images of 20 x 30 pixels are resized to 8 x 12, as the model learned"
    assert notes(tmp_path, shape=(1, 8, 12), strict=True) == [expected]


def test_greys_among_colours_and_colours_for_a_grey_model(tmp_path):
    save(tmp_path / "a.png", noise(8, 8))
    save(tmp_path / "b.png", noise(8, 8, 3))
    assert notes(tmp_path) == ["1 of 2 images in grey taken as colour"]
    assert notes(tmp_path, shape=(3, 8, 8), strict=True) == ["1 of 2 images in grey taken as colour"]
    assert notes(tmp_path, shape=(1, 8, 8)) == ["1 of 2 images in colour made grey"]
    with pytest.raises(InputError, match="1 of 2 images in colour made grey"):
        open_source(tmp_path, shape=(1, 8, 8), strict=True)


def test_depths_that_differ(tmp_path):
    save(tmp_path / "a.png", noise(8, 8))
    save(tmp_path / "b.png", noise(8, 8).astype(np.uint16) * 256)
    assert notes(tmp_path) == ["1 of 2 images of 8 bits a channel among deeper ones"]
    rounded = ["1 of 2 images of more than 8 bits a channel rounded to 8 bits"]
    assert notes(tmp_path, shape=(1, 8, 8), dtype=torch.uint8) == rounded


def test_arrays_are_resized_and_recoloured_with_the_same_words():
    assert notes(np.zeros((2, 300, 300), np.uint8)) == [
        f"the array: images of 300 x 300 pixels are resized to 64 x 64{HINT}"
    ]
    assert notes(np.zeros((2, 3, 8, 8), np.uint8), shape=(1, 8, 8)) == [
        "the array: 2 images in colour made grey"
    ]
