"""Input complexity: lengths of codes, and the score in bits."""

from __future__ import annotations

import io
import os

import numpy as np
import pytest
from PIL import Image

import ama
from ama.baselines.input_complexity import COMPRESSORS, WEBP, InputComplexity, code_length
from ama.errors import InputError

CODERS = {**COMPRESSORS, "WEBP": WEBP}


@pytest.mark.parametrize("name", CODERS)
@pytest.mark.parametrize("channels", [1, 3])
def test_the_codes_lose_nothing(name, channels, rng):
    pixels = rng.integers(0, 256, (32, 32, channels), dtype=np.uint8).squeeze()
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, name, **CODERS[name])
    read = Image.open(buffer).convert("L" if channels == 1 else "RGB")
    assert np.array_equal(np.asarray(read), pixels)


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 32)])
def test_simple_images_have_short_codes(shape, rng):
    noise = rng.integers(0, 256, shape, dtype=np.uint8)
    smooth = np.broadcast_to(np.arange(shape[2], dtype=np.uint8), shape)
    lengths = [code_length(image) for image in (np.zeros(shape, np.uint8), smooth, noise)]
    assert lengths == sorted(lengths)
    assert lengths[2] > 0.9 * 8 * noise.size
    assert all(length % 8 == 0 for length in lengths)


def test_the_score_is_bits_under_the_model_less_bits_of_the_code(digits):
    images, labels = digits
    zeros = images[labels == 0]
    detector = InputComplexity(max_steps=5, width=4, random_state=0, held_out=0.2, device="cpu").fit(zeros)
    found = detector.named_scores(zeros[:6])
    lengths = np.array([code_length(image) for image in zeros[:6]])
    assert np.array_equal(found["complexity"], -lengths)
    assert np.allclose(found["score"], found["likelihood"] / np.log(2) + lengths, rtol=1e-6)


@pytest.fixture
def flif(tmp_path, monkeypatch):
    """A program flif, first on the path, whose codes have five bytes."""
    programs = tmp_path / "programs"
    programs.mkdir()
    program = programs / "flif"
    program.write_text('#!/bin/sh\n[ "$1" = -e ] && head -c 5 "$2" > "$3"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    return program


@pytest.mark.skipif(os.name != "posix", reason="a shell script stands for flif")
def test_a_model_keeps_its_coder(digits, flif, tmp_path):
    """Installing or removing a program changes no score."""
    zeros = digits[0][digits[1] == 0]
    given = {"max_steps": 1, "width": 4, "random_state": 0, "held_out": 0.2, "device": "cpu"}
    webp, of_flif = (InputComplexity(coder=coder, **given).fit(zeros) for coder in ("webp", "flif"))
    assert set(of_flif.named_scores(zeros[:6])["complexity"]) == {-40}
    before = webp.named_scores(zeros[:6])
    for name, detector in (("webp", webp), ("flif", of_flif)):
        detector.save(tmp_path / name)
    assert np.array_equal(
        ama.load(tmp_path / "flif").score_samples(zeros[:6]), of_flif.score_samples(zeros[:6])
    )
    flif.unlink()
    assert np.array_equal(ama.load(tmp_path / "webp").named_scores(zeros[:6])["score"], before["score"])
    with pytest.raises(InputError, match='coder is "flif", but there is no program flif'):
        ama.load(tmp_path / "flif")
    with pytest.raises(InputError, match='coder is "flif", but there is no program flif'):
        InputComplexity(coder="flif", **given).fit(zeros)
