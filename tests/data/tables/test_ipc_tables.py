"""Arrow files in both forms, and sentences for those that are none."""

from __future__ import annotations

import struct

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pytest
import torch
from PIL import Image

from ama.data.sources import open_source
from ama.errors import InputError
from fuzz.seed_tables import images

N = 90
TABLE = pa.table({"a": np.arange(N) / 3, "text": ["b", "c", "d"] * (N // 3), "whole": np.arange(N) % 7})


def store(path, table=TABLE, stream=False):
    writer = pa.ipc.new_stream if stream else pa.ipc.new_file
    with pa.OSFile(str(path), "wb") as file, writer(file, table.schema) as opened:
        opened.write_table(table, max_chunksize=40)
    return path


@pytest.mark.parametrize("stream", [False, True])
def test_both_forms_are_read_in_parts(tmp_path, stream):
    source = open_source(store(tmp_path / "x.arrow", stream=stream), columns=["whole", "a"])
    assert (len(source), source.read_at_once) == (N, 40)
    expected = np.stack([np.arange(N) % 7, np.arange(N) / 3], axis=1)
    assert np.array_equal(source.read().x, expected)
    assert [len(part.x) for part in source.batches(25)] == [25, 25, 25, 15]
    assert np.array_equal(source.part(35, 60).read().x, expected[35:60])


def test_feather_of_pandas_has_its_index_as_ids(tmp_path):
    import pandas as pd

    frame = pd.DataFrame({"a": np.arange(9.0)}, index=pd.Index([f"r{i}" for i in range(9)]))
    pa.feather.write_feather(frame, tmp_path / "x.feather")
    samples = open_source(tmp_path / "x.feather").read()
    assert samples.ids[:2] == ["r0", "r1"]
    assert samples.columns == ["a"]


def test_a_column_of_images_is_images(tmp_path):
    samples = open_source(
        store(tmp_path / "x.arrow", pa.table({"image": images(0), "label": ["a"] * 12}))
    ).read()
    with Image.open(pa.BufferReader(images(0)[3])) as image:
        assert torch.equal(samples.x[3, 0], torch.from_numpy(np.array(image)))
    assert set(samples.labels) == {"a"}


def with_odd_offset(data: bytes) -> bytes:
    """The file with a text that ends far beyond its buffer."""
    place = data.index(struct.pack("<3i", 0, 1, 2))
    return data[: place + 4] + struct.pack("<i", 10**8) + data[place + 8 :]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (with_odd_offset, r"x\.arrow cannot be read: In column 1: .*out of bounds"),
        (lambda data: data[: len(data) // 2], r"x\.arrow cannot be read: Not an Arrow file"),
        (lambda data: b"FEA1" + data, r"x\.arrow is no Arrow file, expected one, or Feather of version 2"),
        (lambda data: b"", r"x\.arrow is no Arrow file"),
    ],
)
def test_what_is_damaged_or_something_else_is_refused(tmp_path, changed, told):
    path = store(tmp_path / "x.arrow")
    path.write_bytes(changed(path.read_bytes()))
    with pytest.raises(InputError, match=told):
        open_source(path)


def test_a_file_without_rows_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"x\.arrow has no rows"):
        open_source(store(tmp_path / "x.arrow", TABLE[:0]))
