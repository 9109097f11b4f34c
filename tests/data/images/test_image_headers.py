"""Frames of a file: each is a sample, previews and masks are none."""

from __future__ import annotations

import struct

import numpy as np
import pytest
import torch
from PIL import Image

from ama.data.images import image_headers
from ama.data.sources import open_source
from ama.errors import InputError
from image_files import noise, save


def pages(n, *shape):
    return [Image.fromarray(noise(*(shape or (8, 9)), seed=i)) for i in range(n)]


@pytest.mark.parametrize(
    ("name", "options"),
    [("a.tif", {}), ("a.tif", {"compression": "tiff_lzw"}), ("a.png", {}), ("a.webp", {"lossless": True})],
)
def test_every_frame_is_a_sample_of_its_own(tmp_path, name, options):
    images = pages(5, 8, 9, 3)
    save(tmp_path / name, images[0], save_all=True, append_images=images[1:], **options)
    save(tmp_path / "b.png", noise(8, 9, 3))
    source = open_source(tmp_path)
    samples = source.read()
    assert len(source) == 6
    assert samples.ids == [f"{name}[{i}]" for i in range(5)] + ["b.png"]
    for i, image in enumerate(images):
        assert np.array_equal(samples.x[i].numpy(), np.asarray(image).transpose(2, 0, 1))
    assert samples.notes() == [f"{tmp_path}: 1 file has several frames, 5 in all; each is a sample"]
    parts = list(source.batches(2))
    assert [len(part) for part in parts] == [2, 2, 2]
    assert torch.equal(torch.cat([part.x for part in parts]), samples.x)
    with pytest.raises(InputError, match="has several frames, 5 in all; each is a sample"):
        open_source(tmp_path, strict=True)


@pytest.mark.parametrize("name", ["a.gif", "a.avif"])
def test_frames_of_lossy_animations_come_in_their_order(tmp_path, name):
    images = [Image.new("RGB", (16, 16), (50 * i, 255 - 50 * i, 30)) for i in range(4)]
    save(tmp_path / name, images[0], save_all=True, append_images=images[1:])
    x = open_source(tmp_path).read().x
    assert x.shape == (4, 3, 16, 16)
    assert (x[:, 0].float().mean((1, 2)) - torch.tensor([0.0, 50, 100, 150])).abs().max() < 5


def test_the_preview_in_a_photograph_is_no_sample(tmp_path):
    images = pages(2, 16, 16, 3)
    save(tmp_path / "a.jpg", images[0], format="MPO", save_all=True, append_images=images[1:])
    samples = open_source(tmp_path).read()
    assert (samples.ids, samples.notes()) == (["a.jpg"], [])


def test_smaller_copies_and_masks_of_a_page_are_no_samples(tmp_path):
    images = pages(3)
    for image, kind in zip(images, (0, 1, 4), strict=True):
        image.encoderinfo = {"tiffinfo": {254: kind}}
    save(tmp_path / "a.tif", images[0], save_all=True, append_images=images[1:])
    samples = open_source(tmp_path).read()
    assert samples.ids == ["a.tif"]
    assert np.array_equal(samples.x[0, 0].numpy(), np.asarray(images[0]))


def test_pages_may_differ_in_size_and_colour(tmp_path):
    images = [*pages(1, 8, 9), *pages(1, 16, 9, 3)]
    save(tmp_path / "a.tif", images[0], save_all=True, append_images=images[1:])
    source = open_source(tmp_path)
    assert source.shape == (3, 64, 64)
    assert "images of 8 x 9 to 16 x 9 pixels are resized" in source.remarks[-1]


def test_a_damaged_page_is_named_and_the_others_are_read(tmp_path):
    images = pages(4)
    path = save(
        tmp_path / "a.tif", images[0], save_all=True, append_images=images[1:], compression="tiff_lzw"
    )
    with Image.open(path) as image:
        image.seek(2)
        [start] = image.tag_v2[273]
    content = bytearray(path.read_bytes())
    content[start : start + 20] = b"\xff" * 20
    path.write_bytes(content)
    samples = open_source(tmp_path).read()
    assert samples.ids == ["a.tif[0]", "a.tif[1]", "a.tif[3]"]
    assert samples.skipped[0].startswith("a.tif[2] cannot be read: ")


def test_a_chain_of_pages_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(image_headers, "MAX_FRAMES", 50)
    tags = [(256, 8), (257, 8), (258, 8), (259, 1), (262, 1), (273, 0), (277, 1), (278, 8), (279, 64)]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    size = 2 + len(entries) + 4
    chain = [
        struct.pack("<H", len(tags)) + entries + struct.pack("<I", 8 + size * (i + 1)) for i in range(55)
    ]
    (tmp_path / "a.tif").write_bytes(b"II*\0\x08\0\0\0" + b"".join(chain))
    with pytest.raises(InputError, match=r"a.tif cannot be read: it has more than 50 pages"):
        open_source(tmp_path)
