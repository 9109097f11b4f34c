"""The size of the images of a source."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from ama.data.sources import open_source
from ama.errors import InputError
from image_files import noise, save


def test_a_size_within_8_to_256_is_kept(tmp_path):
    for name, shape in (("low", (8, 256)), ("high", (256, 8))):
        image = noise(*shape)
        save(tmp_path / name / "a.png", image)
        assert np.array_equal(open_source(tmp_path / name).read().x[0, 0].numpy(), image)


def test_mixed_and_large_sizes_become_64_by_64_with_pillows_bilinear_filter(tmp_path):
    images = [noise(40, 30, seed=1), noise(8, 100, seed=2), noise(1, 1)]
    for i, image in enumerate(images):
        save(tmp_path / "mixed" / f"{i}.png", image)
    save(tmp_path / "large" / "a.png", noise(257, 20))
    expected = [Image.fromarray(image).resize((64, 64), Image.Resampling.BILINEAR) for image in images]
    assert np.array_equal(open_source(tmp_path / "mixed").read().x[:, 0].numpy(), np.stack(expected))
    assert open_source(tmp_path / "large").shape == (1, 64, 64)


def test_a_models_shape_overrides_image_size_which_overrides_the_rule(tmp_path):
    save(tmp_path / "a.png", noise(8, 9, 3))
    assert open_source(tmp_path, image_size=32).shape == (3, 32, 32)
    assert open_source(tmp_path, image_size=(16, 24)).read().x.shape == (1, 3, 16, 24)
    x = open_source(tmp_path, shape=(1, 10, 12), image_size=32).read().x
    with Image.open(tmp_path / "a.png") as image:
        expected = image.convert("L").resize((12, 10), Image.Resampling.BILINEAR)
    assert np.array_equal(x[0, 0].numpy(), np.asarray(expected))
    with pytest.raises(InputError, match="image_size must be 8 to 256 pixels a side, found 300 x 300"):
        open_source(tmp_path, image_size=300)


def test_images_that_are_all_too_small_are_refused_with_a_remedy(tmp_path):
    path = save(tmp_path / "a.png", noise(1, 1))
    sentence = f"images must be 8 to 256 pixels a side, found 1 x 1 in {path}; --image-size 32 resizes them"
    with pytest.raises(InputError) as error:
        open_source(tmp_path)
    assert str(error.value) == sentence
    assert open_source(tmp_path, image_size=32).shape == (1, 32, 32)
