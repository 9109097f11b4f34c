"""The data sets of the tables, from Parquet files like those of the hub."""

from __future__ import annotations

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image

from ama.benchmark.tables.datasets import DATASETS, available, images
from ama.benchmark.tables.published import OBJECTS
from ama.errors import InputError


def write(folder, name, split, pixels, labels):
    (folder / name).mkdir(parents=True, exist_ok=True)
    encoded = []
    for image in pixels:
        file = io.BytesIO()
        Image.fromarray(image).save(file, "PNG")
        encoded.append({"bytes": file.getvalue(), "path": None})
    kind = pa.struct({"bytes": pa.binary(), "path": pa.string()})
    pq.write_table(
        pa.table({"image": pa.array(encoded, kind), "label": pa.array(labels)}),
        folder / name / f"{split}.parquet",
    )


@pytest.fixture
def folder(tmp_path):
    random = np.random.default_rng(0)
    write(tmp_path, "cifar10", "train", random.integers(0, 256, (4, 32, 32, 3), np.uint8), [9, 0, 1, 9])
    write(tmp_path, "omniglot", "test", random.integers(0, 256, (2, 105, 105), np.uint8), ["Latin", "Greek"])
    write(tmp_path, "tiny_imagenet32", "test", random.integers(0, 256, (2, 32, 32, 3), np.uint8), [-1, -1])
    return tmp_path


def test_labels_are_the_names_of_the_classes(folder):
    found = images("cifar10", "train", str(folder))
    assert found.labels.tolist() == [OBJECTS[i] for i in (9, 0, 1, 9)]
    assert found.of(found.labels == "truck").shape == (2, 3, 32, 32)


def test_dark_strokes_are_inverted_and_images_resized(folder):
    plain = images("omniglot", "test", str(folder))
    assert plain.x.shape == (2, 1, 28, 28)
    mean = np.mean(
        [
            255 - np.asarray(Image.open(io.BytesIO(image["bytes"]))).mean()
            for image in pq.read_table(folder / "omniglot" / "test.parquet")["image"].to_pylist()
        ]
    )
    assert plain.x.float().mean().item() == pytest.approx(mean, abs=1)


def test_jpeg_images_are_those_of_pillow(folder):
    plain, coded = (images("tiny_imagenet32", "test", str(folder), jpeg) for jpeg in (False, True))
    assert coded.x.shape == plain.x.shape
    assert not torch.equal(coded.x, plain.x)
    file = io.BytesIO()
    Image.fromarray(plain.x[1].permute(1, 2, 0).numpy()).save(file, "JPEG", quality=90)
    assert np.array_equal(coded.x[1].permute(1, 2, 0).numpy(), np.asarray(Image.open(file)))


def test_digits_are_split_without_a_file():
    train, test = (images("digits", split, None) for split in ("train", "test"))
    assert (len(train.x), len(test.x)) == (1437, 360)
    assert set(train.labels) == set("0123456789")


def test_available_splits(folder):
    assert available("cifar10", "train", str(folder))
    assert not available("cifar10", "test", str(folder))
    assert available("digits", "test", str(folder))
    assert available("svhn", "train", None)  # from the hub
    assert not available("tiny_imagenet32", "test", None)


def test_without_a_folder_the_split_comes_from_the_hub(tmp_path, monkeypatch):
    # A local folder with the layout of the hub stands in for it.
    monkeypatch.chdir(tmp_path)
    place = DATASETS["svhn"].hub.partition(":")[0]
    pixels = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), np.uint8)
    write(tmp_path / place, "cropped_digits", "test", pixels, [7, 0, 9])
    write(tmp_path / place, "full_numbers", "test", pixels, [1, 1, 1])
    (tmp_path / place / "README.md").write_text(
        "---\nconfigs:\n"
        "- config_name: full_numbers\n  data_files: [{split: test, path: full_numbers/test.parquet}]\n"
        "- config_name: cropped_digits\n  data_files: [{split: test, path: cropped_digits/test.parquet}]\n---\n"
    )
    assert images("svhn", "test", None).labels.tolist() == ["7", "0", "9"]


def test_an_unknown_data_set_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match=f"no data set 'minst' here, expected one of {', '.join(DATASETS)}"):
        images("minst", "train", None)
