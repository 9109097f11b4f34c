"""HEIC photographs are read as others are, or the library for them is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pillow_heif
import pyarrow as pa
import pytest
from PIL import Image

from ama.data.images.heic_images import BEGINNING, FORMAT, is_heic
from ama.data.sources import open_source
from ama.errors import InputError
from ama.utils import extras

ORIENTATION = 0x0112


def photo(height: int = 24, width: int = 40) -> Image.Image:
    """Brighter to the right and down, so that every way of turning it is another image."""
    rows, columns = np.mgrid[:height, :width]
    return Image.fromarray(np.stack([4 * rows + 2 * columns] * 3, axis=2).astype(np.uint8))


def store(path: Path, *images: Image.Image, orientation: int = 1, primary: int = 0) -> Path:
    """Encoded without Pillow's plugin, which the package registers by itself."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    heif = pillow_heif.HeifFile()
    for image in images:
        heif.add_from_pillow(image).info["exif"] = exif.tobytes()
    heif.save(path, quality=-1, chroma=444, primary_index=primary)
    return path


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_photographs_are_those_of_a_png_file(tmp_path, orientation):
    path = store(tmp_path / "a.heic", photo(), orientation=orientation)
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    photo().save(tmp_path / "a.png", exif=exif)
    found, expected = (open_source(tmp_path / name).read() for name in ("a.heic", "a.png"))
    assert found.x.shape == expected.x.shape
    assert (found.x.float() - expected.x.float()).abs().max() <= 3
    assert found.sizes.tolist() == expected.sizes.tolist()
    assert found.remarks == ()
    stored = open_source(pa.table({"image": [path.read_bytes()]})).read()
    assert np.array_equal(stored.x, found.x)


def test_each_picture_is_a_sample_whichever_is_shown_first(tmp_path):
    pictures = photo(), photo().rotate(180)
    path = store(tmp_path / "burst.heic", *pictures, primary=1)
    samples = open_source(path).read()
    assert samples.ids == ["burst.heic[0]", "burst.heic[1]"]
    assert samples.remarks == (f"{path}: 1 file has several frames, 2 in all; each is a sample",)
    for x, picture in zip(samples.x, pictures, strict=True):
        assert np.abs(x.permute(1, 2, 0).numpy().astype(int) - np.asarray(picture)).max() <= 3


def test_more_than_8_bits_are_rounded_with_a_word(tmp_path):
    deep = np.full((16, 16, 3), 2**15, np.uint16)
    path = tmp_path / "deep.heic"
    pillow_heif.from_bytes("RGB;16", (16, 16), deep.tobytes()).save(path, quality=-1, chroma=444)
    samples = open_source(path).read()
    assert samples.remarks == (f"{path}: 1 of 1 image of more than 8 bits a channel rounded to 8 bits",)
    assert np.abs(samples.x.numpy().astype(int) - 128).max() <= 2


def test_without_the_plugin_its_extra_is_named_and_others_are_read(tmp_path, monkeypatch):
    store(tmp_path / "a.heic", photo())
    monkeypatch.delitem(Image.OPEN, FORMAT, raising=False)
    monkeypatch.setattr(extras, "_is_installed", lambda library: library != "pi_heif")
    reason = (
        "a.heic cannot be read: reading HEIC images needs pi_heif, which is not installed: pip install pi_heif "
        "(the extra 'heic' of ama)"
    )
    with pytest.raises(InputError) as refused:
        open_source(tmp_path).read()
    assert str(refused.value).endswith(reason)
    photo().save(tmp_path / "b.png")
    samples = open_source(tmp_path).read()
    assert samples.ids == ["b.png"]
    assert samples.skipped == [reason]


def test_a_damaged_file_is_one_sentence(tmp_path):
    path = store(tmp_path / "a.heic", photo())
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(InputError, match=r"a\.heic cannot be read: "):
        open_source(tmp_path).read()


@pytest.mark.parametrize(
    ("major", "others", "expected"),
    [
        (b"heic", b"mif1", True),
        (b"mif1", b"miafheic", True),
        (b"avif", b"mif1miaf", False),
        (b"mif1", b"", False),
    ],
)
def test_the_brands_tell(major, others, expected):
    box = b"ftyp" + major + bytes(4) + others
    content = (len(box) + 4).to_bytes(4, "big") + box + b"\0\0\0\x0cheicheic"
    assert is_heic(content[:BEGINNING]) is expected


def test_other_beginnings_are_none():
    assert not is_heic(b"")
    assert not is_heic(b"\x89PNG\r\n\x1a\n" + bytes(50))
