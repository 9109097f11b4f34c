"""Input complexity: lengths of codes, and the score in bits."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from ama.baselines.input_complexity import COMPRESSORS, InputComplexity, code_length


@pytest.mark.parametrize("name", COMPRESSORS)
@pytest.mark.parametrize("channels", [1, 3])
def test_the_codes_lose_nothing(name, channels, rng):
    pixels = rng.integers(0, 256, (32, 32, channels), dtype=np.uint8).squeeze()
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, name, **COMPRESSORS[name])
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
