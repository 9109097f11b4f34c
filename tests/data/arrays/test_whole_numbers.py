"""Whole numbers beyond 2**53 are rounded to floats, which every kind of source says."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from ama.baselines import NearestNeighbours
from ama.data.arrays.whole_numbers import is_rounded, n_rounded, n_rounded_of
from ama.data.csv.csv_dialect import MAX_LINE
from ama.data.sources import open_source
from ama.data.tables.arrow_columns import n_changed
from ama.errors import InputError

LONG = np.array([[2**62 + 1, 1], [2**62, 2], [-(2**53) - 1, 3], [2**53, 4], [5, 5], [6, 6]])
SAID = "holds 2 whole numbers beyond 2**53, which are rounded to 15 digits or more"


@given(
    st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1), st.lists(st.integers(0, 2**64 - 1), min_size=1)
)
def test_those_that_change_are_counted(signed, unsigned):
    for numbers, kind in ((signed, np.int64), (unsigned, np.uint64)):
        changed = sum(Fraction(float(number)) != number for number in numbers)
        assert n_rounded(np.array(numbers, kind)) == changed


def test_other_types_have_none():
    assert [n_rounded(np.array([2e60, 1], kind)) for kind in (np.float64, np.longdouble)] == [0, 0]
    assert n_rounded(np.array([7], np.int32)) == 0


def frame() -> pd.DataFrame:
    return pd.DataFrame(LONG, columns=["number", "b"])


TABLES = {
    "int64": frame,
    "missing values": lambda: pd.concat([frame().astype("Int64"), pd.DataFrame({"b": [7]}, dtype="Int64")]),
    "categories": lambda: frame().astype({"number": "category"}),
    "arrow": lambda: pa.Table.from_pandas(frame()),
    "beside text": lambda: frame().assign(kind=["u", "v"] * 3),
}


@pytest.mark.parametrize("kind", TABLES)
def test_a_table_names_the_column_at_fit_and_later(kind):
    source = open_source(TABLES[kind]())
    assert f"column 'number' of the data frame {SAID}" in source.read().remarks
    known = {"shape": source.shape, "columns": source.columns, "encoding": source.encoding}
    assert f"column 'number' of the data frame {SAID}" in open_source(TABLES[kind](), **known).read().remarks
    with pytest.raises(InputError, match=r"15 digits or more \(refused by strict\)$"):
        open_source(TABLES[kind](), strict=True).read()


@pytest.mark.parametrize("n_before", [0, MAX_LINE // 8])
def test_so_does_a_file(n_before, tmp_path):
    """Of a CSV file, the first part says which columns hold long numbers; fractions may follow later."""
    frame().to_parquet(tmp_path / "a.parquet")
    rows = "".join(f"{number},{b}\n" for number, b in LONG)
    (tmp_path / "a.csv").write_text("number,b\n" + rows + "5,123\n" * n_before)
    (tmp_path / "b.csv").write_text("number,b\n" + rows + "5,123\n" * n_before + "0.5,123\n")
    for name in ("a.parquet", "a.csv"):
        samples = open_source(tmp_path / name).read()
        assert samples.remarks == (f"column 'number' of {tmp_path / name} {SAID}",)
        assert np.array_equal(samples.x[:6], LONG.astype(float))
    assert open_source(tmp_path / "b.csv").read().x[-1].tolist() == [0.5, 123]


HUGE = [2**70 + 1, 2**64, 12345678901234567890123456789012345678]


@pytest.mark.parametrize("fraction", [False, True])
def test_those_beyond_64_bits_are_said_of_a_csv_file_and_a_data_frame(tmp_path, fraction):
    said = "holds 2 whole numbers beyond 2**53, which are rounded to 15 digits or more"
    frame = pd.DataFrame({"number": HUGE, "b": [1.5, 1e300, 1e25]})
    assert open_source(frame).read().remarks == (f"column 'number' of the data frame {said}",)
    path = tmp_path / "a.csv"
    frame.to_csv(path, index=False)
    path.write_text(path.read_text() + "0.5,2\n" * fraction)
    samples = open_source(path).read()
    assert samples.x[:3, 0].tolist() == list(map(float, HUGE))
    assert samples.remarks == (() if fraction else (f"column 'number' of {path} {said}",))
    frame = pd.DataFrame({"number": [10**80, 1], "b": [1, 2]})
    assert open_source(frame).read().x[:, 0].tolist() == [1e80, 1]


@pytest.mark.parametrize("number", [2**53 + 1, 2**70 + 1, -(10**30) - 1])
def test_those_in_a_later_part_of_a_csv_file_are_said(tmp_path, number):
    path = tmp_path / "a.csv"
    path.write_text("number,b\n" + "5,1e300\n" * (MAX_LINE // 8 + 1) + f"{number},2.5\n")
    samples = open_source(path).read()
    said = "holds 1 whole number beyond 2**53, which are rounded to 15 digits or more"
    assert samples.remarks == (f"column 'number' of {path} {said}",)
    assert samples.x[-1].tolist() == [float(number), 2.5]
    known = {"shape": (2,), "columns": ["number", "b"]}
    scored = open_source(path, **known).read()
    assert (scored.remarks, scored.x[-1].tolist()) == (samples.remarks, samples.x[-1].tolist())
    with path.open("a") as file:
        file.write("0.5,1\n")
    assert open_source(path).read().remarks == ()
    assert open_source(path, **known).read().remarks == ()


def test_decimals_count_as_they_are_whole():
    numbers = pa.array(
        [Decimal(2**53 + 1), Decimal("9007199254740993.5"), Decimal(10) ** 25, None, Decimal(7)]
    )
    assert n_changed(numbers) == 1
    assert [is_rounded(number) for number in (2**53 + 1, 2**53, 10**25, 1.5)] == [True, False, False, False]


@pytest.mark.parametrize("X", [[[2**70 + 1, 5], [7, 2]], [[2**63 + 1, 5], [-7, 2.5]]])
def test_those_beyond_64_bits_are_said_of_lists_and_objects(X):
    said = "the array holds 1 whole number beyond 2**53, which are rounded to 15 digits or more"
    X = X + [[i, 2 * i] for i in range(9)]
    for array in (X, np.array(X, object)):
        assert open_source(array).remarks == (said,)
        with pytest.warns(UserWarning, match="15 digits|look alike") as warned:
            NearestNeighbours(false_alarm_rate=0.5).fit(array)
        assert str(warned[0].message) == said.replace("the array", "X")
    assert n_rounded_of(torch.tensor([[1e60]]), np.array([[1e60]])) == 0
    assert open_source([[1e60, 1.5], [1, 2]]).remarks == ()


def test_long_labels_and_ids_in_csv_keep_their_digits(tmp_path):
    (tmp_path / "a.csv").write_text("id,label,b\n9007199254740993,9007199254740995,1\n7,8,2\n")
    samples = open_source(tmp_path / "a.csv", columns=["b"], label_column="label").read()
    assert samples.ids == ["9007199254740993", "7"]
    assert samples.labels.tolist() == ["9007199254740995", "8"]
    assert samples.remarks == ()


@pytest.mark.parametrize("make", [np.array, torch.tensor, csr_array, np.ndarray.tolist])
def test_a_detector_warns_of_those_in_an_array(make):
    X = make(LONG)
    with pytest.warns(UserWarning, match=f"{SAID.replace('**', '..')}$"):
        detector = NearestNeighbours(false_alarm_rate=0.5).fit(X)
    with pytest.warns(UserWarning, match=f"{SAID.replace('**', '..')}$"):
        detector.predict(X)


def test_those_of_a_numpy_file_are_said(tmp_path):
    np.save(tmp_path / "a.npy", LONG)
    assert open_source(tmp_path / "a.npy").remarks == (f"{tmp_path / 'a.npy'} {SAID}",)
