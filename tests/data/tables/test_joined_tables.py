"""Several tables as one."""

import pickle

import pyarrow as pa
import pytest

from ama.data.tables.arrow import in_memory
from ama.data.tables.joined_tables import joined
from ama.errors import InputError


def tables(*columns):
    return [in_memory(pa.table(of_one), f"folder/{i}.csv") for i, of_one in enumerate(columns)]


def rows(table, size=2):
    return [row for batch in table.whole_batches(table.schema.names, size) for row in batch.to_pylist()]


def test_rows_follow_one_another_and_parts_begin_anywhere():
    table = joined(tables(*({"a": list(range(i, i + 3))} for i in (0, 3, 6))), "folder")
    expected = [{"a": i} for i in range(9)]
    assert (rows(table), table.n_rows, table.read_at_once) == (expected, 9, 3)
    for start in range(9):
        for stop in range(start + 1, 10):
            part = pickle.loads(pickle.dumps(table.part(start, stop)))
            assert rows(part) == expected[start:stop]


def test_columns_are_matched_by_name():
    table = joined(tables({"a": [1], "b": ["x"]}, {"b": ["y"], "a": [2]}), "folder")
    assert rows(table) == [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        (pa.array([1]), pa.array([0.5]), pa.float64()),
        (pa.array([True]), pa.array([0.5]), pa.float64()),
        (pa.array([None], pa.null()), pa.array(["a"]), pa.string()),
        (pa.array(["b"]), pa.array(["a"], pa.large_string()), pa.large_string()),
        (pa.array(["b"]).dictionary_encode(), pa.array(["a"]), pa.large_string()),
    ],
)
def test_a_type_that_holds_all_is_taken(one, other, kind):
    for first, second in ((one, other), (other, one)):
        table = joined(tables({"a": first}, {"a": second}), "folder")
        assert table.schema.field("a").type == kind
        expected = [{"a": value} for value in first.to_pylist() + second.to_pylist()]
        assert rows(table) == expected


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"a": [1]}, r"folder/1.csv has no column 'b', expected the columns of 0.csv"),
        ({"a": [1], "b": [1], "c": [1]}, r"folder/1.csv has a column 'c', expected the columns of 0.csv"),
        ({"a": ["x"], "b": [1]}, r"column 'a' of folder/1.csv is string, expected int64 as in 0.csv"),
    ],
)
def test_a_table_with_other_columns_is_named(columns, sentence):
    with pytest.raises(InputError, match=sentence):
        joined(tables({"a": [1], "b": [1]}, columns, {"a": [1], "b": [1]}), "folder")
