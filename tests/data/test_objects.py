"""Objects of Python: what has a clear meaning is read, the rest is refused in a sentence."""

from __future__ import annotations

import datasets
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import torch
from PIL import Image

from ama.data.sources import open_source
from ama.errors import InputError
from image_files import noise, save

IMAGES = noise(6, 8, 9, 3)


@pytest.fixture
def paths(tmp_path):
    return [save(tmp_path / f"{i}.png", image) for i, image in enumerate(IMAGES)]


@pytest.mark.parametrize(
    "form",
    [
        lambda paths: [Image.fromarray(image) for image in IMAGES],
        lambda paths: tuple(Image.open(path) for path in paths),
        lambda paths: paths,
        lambda paths: [str(path) for path in paths],
        lambda paths: np.array([str(path) for path in paths]),
        lambda paths: pd.Series([str(path) for path in paths]),
        lambda paths: list(IMAGES),
        lambda paths: [torch.from_numpy(image) for image in IMAGES],
        lambda paths: np.ma.masked_array(IMAGES),
        lambda paths: IMAGES.astype(object),
        lambda paths: datasets.Dataset.from_dict(
            {"a": list(map(str, paths))}, datasets.Features({"a": datasets.Image()})
        )["a"],
    ],
)
def test_several_images_in_any_form_are_the_same_samples(paths, form):
    given = form(paths)
    x = open_source(given).read().x
    assert np.array_equal(x.numpy(), IMAGES.transpose(0, 3, 1, 2))
    assert torch.equal(open_source(given, shape=(3, 8, 9)).read().x, x)
    if isinstance(given, tuple):
        for image in given:
            image.close()


def test_images_of_a_list_may_differ_and_unreadable_ones_are_named(paths):
    paths[2].write_bytes(paths[2].read_bytes()[:100])
    save(paths[3], noise(20, 20))
    samples = open_source(paths).read()
    assert samples.x.shape == (5, 3, 64, 64)
    assert samples.ids == [str(path) for path in paths if path != paths[2]]
    assert samples.skipped[0].startswith(f"{paths[2]} cannot be read: ")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (Image.new("L", (8, 8)), r"^found one image, expected several: pass \[image\]$"),
        (
            [Image.new("L", (8, 8)), 3],
            r"an object of type int at position 2 \(counted from 1\), expected images",
        ),
        (["a.png", "b.txt"], r"'b.txt' at position 2 .*, expected images or paths of images \(.png, "),
        ([IMAGES[0] / 255, IMAGES[1][:4] / 255], "parts that differ in length, expected images"),
        (
            np.ma.masked_array(np.eye(3), np.eye(3) > 0),
            r"has 3 masked values, the first in row 1 .*, column 1: fill",
        ),
        (scipy.sparse.eye(3, dtype=complex), "is sparse and has type complex128, expected real numbers"),
        (torch.eye(3).to_sparse(), r"is a sparse tensor, expected a dense one: pass X.to_dense\(\)"),
        (
            np.zeros(3, [("a", "f8"), ("b", "f8")]),
            "has the named fields a, b, expected plain numbers or a DataFrame",
        ),
        (np.zeros((3, 3), complex), "Complex data not supported: .* type complex128"),
        (np.zeros((3, 3), "M8[D]"), r"holds dates or times \(type datetime64\[D\]\), expected numbers"),
        (
            np.array([[1, 2], [3, "x"]], dtype=object),
            r"has 'x' in row 2 \(counted from 1\), column 2, expected num",
        ),
        ({"a": 1}, "found an object of type dict, expected images"),
        (None, "found an object of type NoneType, expected images"),
        ((i for i in range(3)), "found an object of type generator, expected images"),
    ],
)
def test_what_has_no_clear_meaning_is_refused_in_a_sentence(given, sentence):
    with pytest.raises(InputError, match=sentence):
        open_source(given).read()


@pytest.mark.parametrize(
    "given",
    [
        np.ma.masked_array(np.eye(3)),
        torch.eye(3).bfloat16(),
        torch.eye(3).half(),
        np.eye(3).astype(object),
        np.eye(3).astype(str),
        [torch.eye(3)[i] for i in range(3)],
    ],
)
def test_rows_of_numbers_in_any_form_are_read(given):
    assert torch.equal(open_source(given).read().x, torch.eye(3, dtype=torch.float64))


def test_a_column_of_numbers_is_a_feature():
    table = datasets.Dataset.from_dict({"a": [1.0, 2.0], "b": [3.0, 4.0]})
    assert open_source(table["b"]).read().x.tolist() == [[3.0], [4.0]]


def test_a_data_set_gives_the_columns_of_its_format_and_a_transform_is_told():
    table = datasets.Dataset.from_dict({"a": [1.0, 2.0], "b": [3.0, 5.0]})
    chosen = table.with_format("numpy", columns=["b"])
    assert open_source(chosen).read().x.tolist() == [[3], [5]]
    assert open_source(table.with_format("numpy", ["b"], output_all_columns=True)).columns == ["a", "b"]
    transformed = table.with_transform(lambda rows: {name: [0.0] * 2 for name in rows})
    for source, x in ((transformed, [[1, 3], [2, 5]]), (transformed["b"], [[3], [5]])):
        samples = open_source(source).read()
        assert samples.x.tolist() == x
        assert samples.remarks == ("the transform of the data set is not applied: what it stores is read",)
