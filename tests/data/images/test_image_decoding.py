"""Decoding of one image: pixels, channels, orientation and depth."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

from ama.data.sources import open_source
from ama.errors import InputError
from image_files import noise, save


@pytest.mark.parametrize("suffix", ["png", "PNG", "bmp", "tif", "tiff", "gif", "webp"])
@pytest.mark.parametrize("shape", [(9, 12), (9, 12, 3)])
def test_pixels_of_lossless_files_survive(tmp_path, suffix, shape):
    if suffix == "gif":
        images = [(noise(*shape, seed=i) // 128 * 255) for i in range(3)]  # few enough colours for a palette
    else:
        images = [noise(*shape, seed=i) for i in range(3)]
    for i, image in enumerate(images):
        save(tmp_path / f"{i}.{suffix}", image, **({"lossless": True} if suffix == "webp" else {}))
    samples = open_source(tmp_path).read()
    expected = np.stack(images).reshape(3, 9, 12, -1).transpose(0, 3, 1, 2)
    assert samples.x.dtype == torch.uint8
    if suffix == "webp":  # which is always decoded in colour
        expected = np.broadcast_to(expected, (3, 3, 9, 12))
    assert np.array_equal(samples.x.numpy(), expected)


def test_jpegs_are_as_pillow_decodes_them(tmp_path):
    path = save(tmp_path / "a.jpeg", noise(16, 16, 3))
    with Image.open(path) as image:
        assert np.array_equal(open_source(tmp_path).read().x[0].numpy(), np.asarray(image).transpose(2, 0, 1))


@pytest.mark.parametrize(
    ("mode", "channels"),
    [("1", 1), ("L", 1), ("LA", 1), ("P", 3), ("RGB", 3), ("RGBA", 3), ("CMYK", 3)],
)
def test_channels_by_mode(tmp_path, mode, channels):
    image = Image.fromarray(noise(8, 8, 3)).convert(mode)
    save(tmp_path / "a.tif", image)
    expected = np.asarray(image.convert("L" if channels == 1 else "RGB")).reshape(8, 8, channels)
    assert np.array_equal(open_source(tmp_path).read().x[0].numpy(), expected.transpose(2, 0, 1))


def test_one_colour_image_makes_all_colour_and_the_grey_ones_stay_grey(tmp_path):
    grey, colour = noise(8, 8), noise(8, 8, 3)
    save(tmp_path / "a.png", grey)
    save(tmp_path / "b.png", colour)
    x = open_source(tmp_path).read().x
    assert np.array_equal(x[0].numpy(), np.stack([grey] * 3))
    assert np.array_equal(x[1].numpy(), colour.transpose(2, 0, 1))


def test_transparency_is_dropped(tmp_path):
    colour, alpha = noise(8, 8, 3), noise(8, 8, 1)
    save(tmp_path / "a.png", np.concatenate([colour, alpha], 2))
    assert np.array_equal(open_source(tmp_path).read().x[0].numpy(), colour.transpose(2, 0, 1))
    palette = Image.fromarray(noise(8, 8) % 4).convert("P")
    palette.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255])
    save(tmp_path / "a.png", palette, transparency=bytes([0, 128, 255, 255]))
    expected = np.asarray(palette.convert("RGB")).transpose(2, 0, 1)
    assert np.array_equal(open_source(tmp_path).read().x[0].numpy(), expected)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp"])
def test_the_size_is_that_of_the_upright_image(tmp_path, suffix, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = save(tmp_path / f"a.{suffix}", noise(40, 300, 3), exif=exif)
    with Image.open(path) as image:
        upright = ImageOps.exif_transpose(image)
    samples = open_source(tmp_path, image_size=8).read()
    assert samples.x.shape[2:] == (8, 8)
    assert samples.sizes.tolist() == [[upright.height, upright.width]]
    assert upright.size == ((300, 40) if orientation < 5 else (40, 300))


def test_frames_of_one_file_have_sizes_of_their_own(tmp_path):
    pages = [Image.fromarray(noise(*shape)) for shape in [(40, 300), (20, 30), (9, 9)]]
    save(tmp_path / "a.tif", pages[0], save_all=True, append_images=pages[1:])
    assert open_source(tmp_path).read().sizes.tolist() == [[40, 300], [20, 30], [9, 9]]


def test_exif_orientation_is_applied_before_the_size_is_judged(tmp_path):
    upright = noise(8, 12)
    exif = Image.Exif()
    exif[0x0112] = 6  # stored rotated by 90 degrees
    save(tmp_path / "rotated.png", np.rot90(upright).copy(), exif=exif)
    save(tmp_path / "upright.png", upright)
    source = open_source(tmp_path)
    assert source.shape == (1, 8, 12)
    assert np.array_equal(source.read().x[:, 0].numpy(), np.stack([upright] * 2))


XMP = '<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'


def raw_profile() -> PngInfo:
    """EXIF in the form in which ImageMagick writes it."""
    exif, info = Image.Exif(), PngInfo()
    exif[0x0112] = 6
    data = exif.tobytes()
    info.add_text("Raw profile type exif", f"\nexif\n{len(data):8}\n{data.hex()}\n", zip=True)
    return info


def xmp_text() -> PngInfo:
    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", XMP)
    return info


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.png", {"pnginfo": raw_profile()}),
        ("a.png", {"pnginfo": xmp_text()}),
        ("a.jpg", {"xmp": XMP.encode(), "quality": 100}),
    ],
)
def test_an_orientation_told_elsewhere_than_in_exif_is_applied_as_well(tmp_path, name, options):
    upright = noise(8, 16)
    save(tmp_path / name, np.rot90(upright).copy(), **options)
    source = open_source(tmp_path)
    assert source.shape == (1, 8, 16)
    samples = source.read()
    assert samples.sizes.tolist() == [[8, 16]]
    assert np.abs(samples.x[0, 0].numpy().astype(int) - upright).max() <= (8 if name == "a.jpg" else 0)


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_sixteen_bit_greys_keep_their_depth(tmp_path, suffix):
    deep = np.random.default_rng(0).integers(0, 65536, (8, 9), dtype=np.uint16)
    save(tmp_path / f"a.{suffix}", deep)
    x = open_source(tmp_path).read().x
    assert x.dtype == torch.float32
    assert np.array_equal(x[0, 0].numpy(), deep.astype(np.float32) / 65535)
    shallow = noise(8, 9)
    save(tmp_path / "b.png", shallow)
    x = open_source(tmp_path).read().x
    assert np.array_equal(x[1, 0].numpy(), shallow.astype(np.float32) / 255)
    for dtype, levels in ((torch.uint8, 255), (torch.float32, 1)):
        small = open_source(tmp_path, shape=(3, 16, 16), dtype=dtype).read().x
        assert small.shape == (2, 3, 16, 16)
        assert small.dtype == dtype
        resized = Image.fromarray(deep.astype(np.float32) / 65535).resize((16, 16), Image.Resampling.BILINEAR)
        assert np.abs(small[0, 2].numpy() / levels - np.asarray(resized)).max() <= 0.51 / levels


@pytest.mark.parametrize(("n_good", "n_odd"), [(3, 2), (40, 3), (2, 2), (0, 2)])
def test_images_out_of_range_are_skipped_unless_they_are_half_of_all(tmp_path, n_good, n_odd):
    image = np.random.default_rng(0).random((8, 8), dtype=np.float32)
    pixels = [image * 300, np.where(image < 0.5, np.nan, image), -image][:n_odd] + [image] * n_good
    for i, each in enumerate(pixels):
        save(tmp_path / f"{i:02}.tif", each.astype(np.float32))
    expected = r"00\.tif has pixel values from .*, expected 0 to 1"
    if n_good <= n_odd:
        with pytest.raises(InputError, match=f"^in .*, {expected}$"):
            open_source(tmp_path).read()
        return
    samples = open_source(tmp_path).read()
    assert samples.ids == [f"{i:02}.tif" for i in range(n_odd, n_odd + n_good)]
    assert re.fullmatch(expected, samples.skipped[0])
    assert samples.skipped[1] == "01.tif has pixels without a value (nan), expected 0 to 1"
    assert samples.notes()[-1] == f"skipped {n_odd} unreadable samples in all"
    with pytest.raises(InputError, match=f"^in .*, {expected}$"):
        open_source(tmp_path, strict=True).read()
    with pytest.raises(InputError, match=f"^in .*, {expected}; detector.open"):
        open_source(tmp_path, complete=True).read()


def test_floating_point_images_must_lie_in_0_to_1(tmp_path):
    image = np.random.default_rng(0).random((8, 8), dtype=np.float32)
    save(tmp_path / "a.tif", image)
    assert np.array_equal(open_source(tmp_path).read().x[0, 0].numpy(), image)
    save(tmp_path / "b.tif", image * 300 - 1)
    with pytest.raises(
        InputError, match=rf"in {tmp_path}, b.tif has pixel values from -.* to .*, expected 0 to 1"
    ):
        open_source(tmp_path).read()
    image[0, 0] = np.nan
    save(tmp_path / "b.tif", image)
    with pytest.raises(InputError, match=r"b.tif has pixels without a value \(nan\), expected 0 to 1"):
        open_source(tmp_path).read()
