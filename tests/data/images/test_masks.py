"""Masks in the layouts of MVTec AD and MVTec LOCO."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from ama.data.images.masks import Masks
from ama.errors import InputError
from image_files import save

DEFECT = np.zeros((12, 9), np.uint8)
DEFECT[2:5, 3:7] = 255


@pytest.mark.parametrize("name", ["hole/000_mask.png", "hole/000.png", "hole/000/000.png", "hole/000.tif"])
def test_a_mask_is_found_in_each_layout(tmp_path, name):
    save(tmp_path / name, DEFECT)
    masks = Masks(tmp_path, (12, 9))
    assert np.array_equal(masks.of("hole/000.jpg"), DEFECT > 0)
    assert list(masks.remarks()) == []


def test_several_masks_of_an_image_are_one(tmp_path):
    other = np.zeros((12, 9), np.uint8)
    other[10, 8] = 1  # MVTec LOCO numbers its defects
    save(tmp_path / "logical" / "007" / "000.png", DEFECT)
    save(tmp_path / "logical" / "007" / "001.png", other)
    assert np.array_equal(Masks(tmp_path, (12, 9)).of("logical/007.png"), (DEFECT > 0) | (other > 0))


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "I;16"])
def test_every_value_but_0_is_a_defect_whatever_the_pixels(tmp_path, mode):
    image = (
        Image.fromarray(DEFECT.astype(np.uint16)) if mode == "I;16" else Image.fromarray(DEFECT).convert(mode)
    )
    save(tmp_path / "000.png", image)
    assert np.array_equal(Masks(tmp_path, (12, 9)).of("000.jpg"), DEFECT > 0)


def test_a_palette_decides_by_its_colours(tmp_path):
    mask = Image.fromarray((DEFECT == 0).astype(np.uint8), "P")
    mask.putpalette([255, 255, 255, 0, 0, 0])  # the place 0 is white, and 1 is black
    save(tmp_path / "000.png", mask)
    assert np.array_equal(Masks(tmp_path, (12, 9)).of("000.jpg"), DEFECT > 0)


def test_a_mask_of_another_size_is_resized_without_new_values_and_that_is_told(tmp_path):
    save(tmp_path / "000.png", DEFECT.repeat(3, 0).repeat(3, 1))
    masks = Masks(tmp_path, (12, 9))
    assert np.array_equal(masks.of("000.jpg"), DEFECT > 0)
    assert list(masks.remarks()) == [
        f"{tmp_path}: 1 mask resized to 12 x 9 pixels, as the model reads the images"
    ]


def test_a_mask_of_the_size_of_the_file_is_right_and_one_of_another_shape_is_named(tmp_path):
    for name, size in (("whole", (3000, 4000)), ("reduced", (384, 512)), ("turned", (4000, 3000))):
        save(tmp_path / f"{name}_mask.png", np.ones(size, np.uint8))
    masks = Masks(tmp_path, (384, 512))
    for name in ("whole.jpg", "reduced.jpg"):
        assert masks.of(name, (3000, 4000)).all()
        assert masks.n_misshapen == 0
    masks.of("turned.jpg", (3000, 4000))
    resized, misshapen, full = masks.remarks()
    assert resized.startswith(f"{tmp_path}: 2 masks resized to 384 x 512 pixels")
    assert misshapen == (
        f"{tmp_path}: 1 mask has another aspect ratio than the image, such as that of turned.jpg, and may be turned or "
        "cropped"
    )
    assert full == f"{tmp_path}: 3 masks of anomalies are defects throughout, as no pixel is 0 (black)"


def test_a_missing_mask_is_named_and_an_empty_one_told(tmp_path):
    save(tmp_path / "000.png", DEFECT * 0)
    masks = Masks(tmp_path, (12, 9))
    assert masks.of("hole/001.jpg") is None
    assert masks.of("hole/002.jpg") is None
    assert not masks.of("000.jpg").any()
    missing, empty = masks.remarks()
    assert missing.startswith(f"2 anomalies have no mask in {tmp_path}, such as hole/001.jpg: left out")
    assert empty == f"{tmp_path}: 1 mask of anomalies without a pixel of a defect at this size"


def test_a_mask_without_a_normal_pixel_is_told(tmp_path):
    save(tmp_path / "000.png", 1 + DEFECT // 255)  # a label image, whose background is 1
    masks = Masks(tmp_path, (12, 9))
    assert masks.of("000.jpg").all()
    [full] = masks.remarks()
    assert full == f"{tmp_path}: 1 mask of anomalies is a defect throughout, as no pixel is 0 (black)"


@pytest.mark.parametrize("name", ["hole/000_mask.jpg", "hole/000.jpeg", "hole/000/000.jpg"])
def test_a_mask_that_is_lossy_is_not_read_and_named(tmp_path, name):
    save(tmp_path / name, DEFECT)
    masks = Masks(tmp_path, (12, 9))
    assert masks.of("hole/000.jpg") is None
    _, lossy = masks.remarks()
    assert lossy == (
        f"the mask {tmp_path}/{name} is not read, expected one without loss, such as .png: JPEG blurs it"
    )


def test_an_id_reads_no_file_outside_the_folder(tmp_path):
    save(tmp_path / "outside.png", DEFECT)
    (tmp_path / "masks").mkdir()
    masks = Masks(tmp_path / "masks", (12, 9))
    assert masks.of("../outside.jpg") is None
    assert masks.of(str(tmp_path / "outside.jpg")) is None


def test_a_damaged_mask_is_named(tmp_path):
    (tmp_path / "000.png").write_text("no image")
    with pytest.raises(InputError, match=r"the mask .*000\.png cannot be read: it is not an image"):
        Masks(tmp_path, (12, 9)).of("000.jpg")


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"there is no folder .*nowhere, expected masks such as"):
        Masks(tmp_path / "nowhere", (12, 9))


def test_a_mask_of_several_pages_is_refused(tmp_path):
    (tmp_path / "scratch").mkdir()
    pages = [Image.new("L", (4, 4), value) for value in (0, 255)]
    pages[0].save(tmp_path / "scratch" / "1.tif", save_all=True, append_images=pages[1:])
    with pytest.raises(InputError, match=r"the mask .*scratch/1\.tif has 2 pages, expected one"):
        Masks(tmp_path, (4, 4)).of("scratch/1.png")
