"""Names of any bytes: valid text wherever they enter."""

from __future__ import annotations

import os

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ama.data.names import clean_name
from ama.data.sources import open_source


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("plain  name.png", "plain  name.png"),
        ("tür数.png", "tür数.png"),
        (os.fsdecode(b"caf\xe9"), "caf\N{REPLACEMENT CHARACTER}"),
        ("t\udcc3\udcbcr", "tür"),  # as Python holds UTF-8 where the locale is ASCII
        ("a\nb\x1b", "a b\N{REPLACEMENT CHARACTER}"),
        ("\ud800", "\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_a_name_is_valid_printable_text(name, shown):
    assert clean_name(name) == shown


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".npy", ".npz"])
def test_a_file_of_any_name_is_read(tmp_path, suffix):
    rows = np.arange(6.0).reshape(3, 2)
    plain = tmp_path / f"a{suffix}"
    if suffix == ".csv":
        plain.write_text("a,b\n0,1\n2,3\n4,5\n")
    elif suffix == ".parquet":
        pq.write_table(pa.table({"a": rows[:, 0], "b": rows[:, 1]}), plain)
    else:
        (np.save if suffix == ".npy" else np.savez)(plain, rows)
    place = os.fsdecode(os.fsencode(tmp_path) + b"/s\xe9t/donn\xe9es" + suffix.encode())
    os.mkdir(os.path.dirname(place))
    os.rename(plain, place)
    for given in (place, place.removesuffix(suffix)):
        samples = open_source(given).read()
        assert np.array_equal(samples.x.numpy(), rows)
        assert samples.source.endswith("donn\ufffdes" + (suffix if given == place else ""))
