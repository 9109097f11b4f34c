"""Formats by suffix, and limits."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image

import ama
from ama.data.images.heic_images import FORMAT
from ama.data.images.image_opening import MAX_PIXELS, SUFFIXES_OF
from ama.data.sources import open_source
from ama.errors import InputError
from image_files import noise, save

UNWRITTEN = (".ras", ".apng", ".mpo", ".avifs", ".pfm")  # by Pillow, or read by another test


@pytest.mark.parametrize(
    "suffix", [suffix for suffixes in SUFFIXES_OF.values() for suffix in suffixes if suffix not in UNWRITTEN]
)
def test_every_suffix_is_read(tmp_path, suffix):
    image = Image.fromarray(noise(16, 18) if suffix in (".bw", ".pgm", ".pbm") else noise(16, 18, 3))
    if suffix in SUFFIXES_OF[FORMAT]:
        pillow_heif.from_pillow(image).save(tmp_path / f"a{suffix}")
    else:
        save(tmp_path / f"a{suffix}", image.convert("1") if suffix == ".pbm" else image)
    samples = open_source(tmp_path).read()
    assert samples.x.shape[2:] == (16, 18)
    assert samples.skipped == []


@pytest.mark.parametrize("suffix", [".eps", ".pdf"])
def test_formats_that_run_or_draw_are_left_out(tmp_path, suffix):
    save(tmp_path / "a.png", noise(8, 8))
    Image.fromarray(noise(8, 8)).save(tmp_path / f"a{suffix}")
    (tmp_path / "b.png").write_bytes((tmp_path / f"a{suffix}").read_bytes())
    samples = open_source(tmp_path).read()
    assert samples.ids == ["a.png"]
    assert samples.skipped == [
        "b.png cannot be read: it is not an image, or its format or its kind of pixels is not supported"
    ]


def test_text_is_no_image_of_a_format_without_signature(tmp_path):
    (tmp_path / "a.png").write_text("no image at all, but long enough to be the header of one" * 10)
    with pytest.raises(InputError, match=r"a.png cannot be read: it is not an image"):
        open_source(tmp_path)


READ = """
import resource, sys
from ama.data.sources import open_source
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
open_source(sys.argv[1]).read()
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_a_large_image_takes_less_than_half_a_gibibyte_and_a_larger_one_is_refused(tmp_path):
    side = int(MAX_PIXELS**0.5)
    save(tmp_path / "a.png", np.zeros((side, side), np.uint8), compress_level=1)
    done = subprocess.run(
        [sys.executable, "-c", READ, str(tmp_path)],
        env={"PYTHONPATH": str(Path(ama.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) < 512
    Image.new("1", (side + 1, side)).save(tmp_path / "a.png")
    with pytest.raises(InputError, match=r"it has 8192 x 8193 pixels, expected at most 67,108,864 in all"):
        open_source(tmp_path)


def test_an_image_that_pillow_refuses_to_open_is_refused_in_the_same_words(tmp_path):
    save(tmp_path / "a.png", np.zeros((16, 16), np.uint8))
    Image.new("1", (16_000, 16_000)).save(tmp_path / "b.png")
    with pytest.raises(
        InputError,
        match=r"b\.png cannot be read: it has 256,000,000 pixels, expected at most 67,108,864 in all: make it smaller",
    ):
        open_source(tmp_path, strict=True).read()
