"""What of a table of images is not read is said."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ama.data.sources import open_source
from ama.errors import InputError
from image_files import noise
from places import png


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["image", "label", "note"], []),
        (["mask", "photo", "label"], ["column 'photo' of {} is not read: the images are those of 'mask'"]),
        (
            ["mask", "image", "photo"],
            ["columns 'mask', 'photo' of {} are not read: the images are those of 'image'"],
        ),
        (
            ["image", "temperature", "id"],
            [
                "column 'temperature' of {} is not read, as 'image' holds images: --drop image makes rows of the others"
            ],
        ),
        (["image", "Class"], ["column 'Class' of {} is not read: --label-column takes labels from one"]),
    ],
)
def test_other_images_and_labels_are_said(tmp_path, names, said):
    images = pa.array([png(noise(8, 8, seed=i)) for i in range(6)], pa.binary())
    kinds = {name: pa.array(["a", "b"] * 3) for name in ("label", "note", "Class")}
    kinds |= {name: pa.array(range(6)) for name in ("temperature", "id")}
    pq.write_table(pa.table({name: kinds.get(name, images) for name in names}), tmp_path / "t.parquet")
    expected = tuple(sentence.format(tmp_path / "t.parquet") for sentence in said)
    assert open_source(tmp_path / "t.parquet").remarks == expected
    if said:
        with pytest.raises(InputError, match="refused by strict"):
            open_source(tmp_path / "t.parquet", strict=True)


def test_a_column_of_bytes_that_is_dropped_holds_no_images(tmp_path):
    keys = pa.array([bytes([i]) * 16 for i in range(6)])
    numbers = pa.array([0.5, 2, 1, 4, 3, 7])
    images = pa.array([png(noise(8, 8, seed=i)) for i in range(6)], pa.binary())
    pq.write_table(pa.table({"key": keys, "a": numbers, "photo": images}), tmp_path / "t.parquet")
    rows = open_source(tmp_path / "t.parquet", drop=["key", "photo"])
    assert rows.columns == ["a"]
    photos = open_source(tmp_path / "t.parquet", drop=["key", "a"])
    assert (photos.shape, photos.remarks) == ((1, 8, 8), ())
    with pytest.raises(InputError, match="has no column 'kay'"):
        open_source(tmp_path / "t.parquet", drop=["kay"])


@pytest.mark.parametrize("keys", [[b"x", b""], [None, b"x" * 10**6]])
def test_a_column_of_bytes_that_are_no_images_is_refused_by_its_name(keys):
    table = pa.table({"a": [0.5, 1.5], "k": keys})
    with pytest.raises(InputError, match=r"^column 'k' of the data frame holds b'x") as refused:
        open_source(table)
    assert len(str(refused.value)) < 300
    assert open_source(table, drop=("k",)).read().x.tolist() == [[0.5], [1.5]]


def test_images_are_those_of_the_first_column_of_bytes_that_holds_some():
    table = pa.table({"key": [b"x", b"y"], "photo": [png(noise(8, 8, seed=i)) for i in range(2)]})
    assert open_source(table).read().x.shape == (2, 1, 8, 8)
