"""Embeddings of classes of images, read back as sets of rows."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ama.benchmark.tables import embed_images as module
from ama.benchmark.tables.datasets import Images
from ama.benchmark.tables.embed_images import embed_images, embedded
from ama.benchmark.tables.row_sets import labelled_rows
from ama.features.lite0 import Lite0


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    """Two classes of 12 small grey images, a network without trained weights, and images of 32 pixels."""

    def images(name, split, folder):
        x = torch.randint(0, 256, (24, 1, 8, 8), dtype=torch.uint8)
        return Images(x, np.repeat(["cat", "dog"], 12))

    monkeypatch.setattr(module, "images", images)
    monkeypatch.setattr(module, "load_lite0", lambda weights: Lite0())
    monkeypatch.setattr(module, "EMBEDDED", {"cifar10": ("cat", "dog")})
    monkeypatch.setattr(module, "EACH", 10)
    monkeypatch.setattr(module, "SIDE", 32)


def test_each_class_is_normal_in_its_file(tmp_path):
    files = list(embed_images(None, str(tmp_path), None))
    assert [path.name for path in files] == ["cifar10_cat.npz", "cifar10_dog.npz"]
    cat, dog = (labelled_rows(f"embeddings/cifar10_{label}", str(tmp_path)) for label in ("cat", "dog"))
    assert cat.x.shape == dog.x.shape == (20, 1280)
    # The training images of the class, and after them the test images of all.
    assert not cat.anomalous[:10].any()
    assert torch.equal(cat.x[10:], dog.x[10:])
    assert (cat.anomalous[10:] != dog.anomalous[10:]).all()


def test_files_that_are_there_are_kept(tmp_path):
    first, second = embed_images(None, str(tmp_path), None)
    first.write_bytes(b"kept")
    second.unlink()
    assert list(embed_images(None, str(tmp_path), None)) == [second]
    assert first.read_bytes() == b"kept"


def test_grey_images_are_colour_images_of_equal_channels():
    network, grey = Lite0(), torch.randint(0, 256, (3, 1, 8, 8), dtype=torch.uint8)
    colour = grey.expand(-1, 3, -1, -1)
    torch.testing.assert_close(embedded(network, grey, ""), embedded(network, colour, ""))
