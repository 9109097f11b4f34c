"""Parts of a source hold the batches of the whole source, whatever the file is cut into."""

from __future__ import annotations

import io
import pickle

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ama.data.samples import Samples
from ama.data.sources import open_source
from ama.data.tables.arrow import ArrowTable, whole_batches
from ama.errors import InputError

N = 23
KIND = pa.struct({"bytes": pa.binary(), "path": pa.string()})


def encoded(rng) -> bytes:
    file = io.BytesIO()
    Image.fromarray(rng.integers(0, 256, (8, 8), dtype=np.uint8)).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def sources(tmp_path, rng):
    """A folder with unreadable files and an animation, and tables of images and of rows, in several ways of storage."""
    folder = tmp_path / "images"
    folder.mkdir()
    for i in range(N):
        (folder / f"{i:02}.png").write_bytes(b"bad" if i in (0, 4, 5, 6, 7) else encoded(rng))
    frames = [Image.fromarray(rng.integers(0, 256, (8, 8), dtype=np.uint8)) for _ in range(6)]
    frames[0].save(folder / "10.tif", save_all=True, append_images=frames[1:])
    shards = tmp_path / "shards"
    shards.mkdir()
    for i, n in enumerate((9, 1, N)):
        rows = [{"bytes": encoded(rng), "path": None} for _ in range(n)]
        pq.write_table(pa.table({"image": pa.array(rows, KIND)}), shards / f"{i}.parquet", row_group_size=5)
    rows = pd.DataFrame({"a": rng.normal(size=N), "b": rng.normal(size=N), "c": rng.choice(["u", "v"], N)})
    rows.to_parquet(tmp_path / "rows.parquet", row_group_size=5, index=False)
    rows.to_csv(tmp_path / "rows.csv", index=False)
    names = ("images", "shards", "rows.parquet", "rows.csv")
    return {name: open_source(str(tmp_path / name)) for name in names}


def same(found: Samples, expected: Samples) -> bool:
    return (
        found.ids == expected.ids and torch.equal(found.x, expected.x) and found.skipped == expected.skipped
    )


@pytest.mark.parametrize("batch_size", [2, 4, 7])
@pytest.mark.parametrize("name", ["images", "shards", "rows.parquet", "rows.csv"])
def test_parts_have_the_batches_of_the_whole(sources, name, batch_size):
    source = sources[name]
    source = pickle.loads(pickle.dumps(source.part(0, source.n_positions)))
    expected = list(source._chunks(batch_size))
    length = 2 * batch_size
    found = [
        chunk
        for start in range(0, source.n_positions, length)
        for chunk in source.part(start, min(start + length, source.n_positions))._chunks(batch_size)
    ]
    assert len(found) == len(expected) > 2
    assert all(map(same, found, expected))
    assert sum(len(chunk) + len(chunk.skipped) for chunk in found) == len(source)


def test_batches_do_not_depend_on_how_rows_are_stored(sources):
    for name in ("rows.parquet", "rows.csv"):
        assert [len(part) for part in sources[name].batches(10)] == [10, 10, 3]


def test_arrays_are_not_divided():
    source = open_source(np.zeros((9, 2)))
    with pytest.raises(InputError, match="the array cannot be read in parts, expected a folder of images"):
        source.part(0, 3)


@given(
    st.lists(st.integers(0, 9), min_size=1, max_size=6),
    st.integers(1, 12),
    st.integers(0, 30),
    st.integers(1, 30),
)
def test_rows_of_a_part_are_those_of_a_slice(sizes, batch_size, start, n):
    values = np.arange(sum(sizes))
    if not len(values):
        return
    batches, first = [], 0
    for size in sizes:
        batches.append(pa.record_batch({"x": values[first : first + size]}))
        first += size
    table = ArrowTable("it", batches[0].schema, len(values), lambda columns, size: iter(batches))
    start, stop = min(start, len(values) - 1), min(start + n, len(values))
    found = list(table.part(start, max(stop, start + 1)).whole_batches(["x"], batch_size))
    assert np.concatenate([b["x"].to_numpy() for b in found]).tolist() == list(
        range(start, max(stop, start + 1))
    )
    assert {len(b) for b in found[:-1]} <= {batch_size}
    whole = [len(b) for b in whole_batches(batches, batch_size)]
    assert sum(whole) == len(values)
    assert set(whole[:-1]) <= {batch_size}
