"""Colours of 16 bits are read with all of them."""

from __future__ import annotations

import struct
import subprocess
import sys
import zlib

import imagecodecs
import numpy as np
import pytest
import torch
from PIL import Image

from ama.data.sources import open_source


def deep(channels, seed=0):
    pixels = np.random.default_rng(seed).integers(0, 65536, (9, 12, channels), dtype=np.uint16)
    return np.ascontiguousarray(pixels)


def stored(tmp_path, name, pixels, **options):
    encode = imagecodecs.png_encode if name.endswith("png") else imagecodecs.tiff_encode
    (tmp_path / name).write_bytes(encode(pixels, **options))
    return open_source(tmp_path).read()


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.png", {}),
        ("a.tif", {}),
        ("a.tif", {"compression": "lzw", "predictor": True}),
        ("a.tif", {"compression": "deflate"}),
    ],
)
@pytest.mark.parametrize("channels", [3, 4])
def test_every_bit_of_a_colour_is_read(tmp_path, name, options, channels):
    pixels = deep(channels)
    samples = stored(tmp_path, name, pixels, **options)
    assert samples.x.dtype == torch.float32
    expected = pixels[..., :3].transpose(2, 0, 1).astype(np.float32) / np.float32(65535)
    assert np.array_equal(samples.x[0].numpy(), expected)
    assert samples.notes() == [f"{tmp_path}: left out the transparency of 1 of 1 image"] * (channels == 4)


def test_greys_with_transparency_stay_greys(tmp_path):
    pixels = deep(2)
    samples = stored(tmp_path, "a.png", pixels)
    assert np.array_equal(samples.x[0, 0].numpy(), pixels[..., 0].astype(np.float32) / np.float32(65535))


def test_channels_that_are_stored_apart_are_read(tmp_path):
    pixels = deep(3)
    samples = stored(
        tmp_path,
        "a.tif",
        np.ascontiguousarray(pixels.transpose(2, 0, 1)),
        planarconfig="separate",
        photometric="rgb",
    )
    assert np.array_equal(
        samples.x[0].numpy(), pixels.transpose(2, 0, 1).astype(np.float32) / np.float32(65535)
    )


def test_either_order_of_bytes_is_read(tmp_path):
    pixels = deep(3)
    height, width, channels = pixels.shape
    for mark, order in ((b"II*\0", "<"), (b"MM\0*", ">")):
        raw = pixels.astype(f"{order}u2").tobytes()
        tags = [
            (256, width),
            (257, height),
            (259, 1),
            (262, 2),
            (273, 8),
            (277, 3),
            (278, height),
            (279, len(raw)),
        ]
        entries = [struct.pack(f"{order}HHII", tag, 4, 1, value) for tag, value in tags]
        end = 8 + len(raw) + 2 + 12 * 9 + 4
        entries.insert(2, struct.pack(f"{order}HHII", 258, 3, channels, end))
        content = [mark, struct.pack(f"{order}I", 8 + len(raw)), raw, struct.pack(f"{order}H", 9), *entries]
        content += [struct.pack(f"{order}I", 0), struct.pack(f"{order}3H", 16, 16, 16)]
        (tmp_path / "a.tif").write_bytes(b"".join(content))
        x = open_source(tmp_path).read().x[0].numpy()
        assert np.array_equal(x, pixels.transpose(2, 0, 1).astype(np.float32) / np.float32(65535))


def test_every_page_is_read(tmp_path):
    pages = np.stack([deep(3, seed) for seed in range(3)])
    (tmp_path / "a.tif").write_bytes(imagecodecs.tiff_encode(pages))
    samples = open_source(tmp_path).read()
    assert samples.ids == ["a.tif[0]", "a.tif[1]", "a.tif[2]"]
    assert np.array_equal(
        samples.x.numpy(), pages.transpose(0, 3, 1, 2).astype(np.float32) / np.float32(65535)
    )


@pytest.mark.parametrize("orientation", range(1, 9))
def test_they_are_turned_and_resized_as_those_of_8_bits(tmp_path, orientation):
    ramp = np.linspace(0, 255, 9 * 12 * 3).reshape(9, 12, 3).round().astype(np.uint8)
    exif = Image.Exif()
    exif[0x0112] = orientation
    (tmp_path / "shallow").mkdir()
    Image.fromarray(ramp).save(tmp_path / "shallow" / "a.png", exif=exif)
    (tmp_path / "deep").mkdir()
    content = imagecodecs.png_encode(ramp.astype(np.uint16) * 257)
    plain = (tmp_path / "shallow" / "a.png").read_bytes()
    start = plain.index(b"eXIf") - 4
    chunk = plain[start : start + 12 + int.from_bytes(plain[start : start + 4], "big")]
    (tmp_path / "deep" / "a.png").write_bytes(content[:33] + chunk + content[33:])
    shallow, full = (open_source(tmp_path / part).read() for part in ("shallow", "deep"))
    assert torch.equal(shallow.x.float() / 255, full.x)
    assert shallow.sizes.tolist() == full.sizes.tolist() == [[9, 12] if orientation < 5 else [12, 9]]
    for shape in ((3, 20, 16), (1, 20, 16)):
        shallow, full = (
            open_source(tmp_path / part, shape=shape, dtype=torch.float32).read().x
            for part in ("shallow", "deep")
        )
        assert (shallow - full).abs().max() < 1.01 / 255


def test_what_cannot_be_read_in_full_is_said(tmp_path):
    (tmp_path / "a.ppm").write_bytes(b"P6 12 9 65535\n" + deep(3).astype(">u2").tobytes())
    samples = open_source(tmp_path).read()
    assert samples.x.dtype == torch.uint8
    assert samples.notes() == [f"{tmp_path}: 1 of 1 image of more than 8 bits a channel rounded to 8 bits"]


def test_a_damaged_one_is_named(tmp_path):
    content = imagecodecs.png_encode(deep(3))
    (tmp_path / "a.png").write_bytes(content)
    (tmp_path / "b.png").write_bytes(content[:-40])
    [sentence] = open_source(tmp_path).read().skipped
    assert sentence.startswith("b.png cannot be read: ")


def test_the_warnings_of_a_damaged_file_are_not_printed(tmp_path):
    broken = imagecodecs.png_encode(deep(3))
    at = broken.index(b"IHDR") + 4 + 10  # the compression method
    header = broken[at - 14 : at] + b"\x07" + broken[at + 1 : at + 3]
    broken = broken[: at - 14] + header + zlib.crc32(header).to_bytes(4, "big") + broken[at + 7 :]
    (tmp_path / "a.png").write_bytes(broken)
    code = (
        f"import ama.data.sources as s\ntry: s.open_source({str(tmp_path)!r}).read()\nexcept ValueError: pass"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
