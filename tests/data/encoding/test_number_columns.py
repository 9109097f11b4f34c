"""Columns of numbers, of which some may be missing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from ama.data.encoding.number_columns import Numbers, numbers
from ama.data.encoding.table_encoding import TableEncoding
from ama.data.sources import open_source

COMPLETE = Numbers(median=2.0, missing=False, boolean=False, among_texts=False)
LACKING = Numbers(median=2.0, missing=True, boolean=False, among_texts=False)


def test_a_missing_number_becomes_the_median_and_an_indicator_if_fit_saw_one():
    column = pa.array([1.0, None, float("nan")])
    x, replaced = LACKING.encode(column)
    assert (x.tolist(), replaced) == ([[1, 0], [2, 1], [2, 1]], 0)
    x, replaced = COMPLETE.encode(column)
    assert (x.tolist(), replaced) == ([[1], [2], [2]], 2)


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pa.array([1, 2], pa.int8()), [1, 2]),
        (pa.array([True, None]), [1, np.nan]),
        (pa.array([1500, 2], pa.duration("ms")), [1.5, 0.002]),
        (pa.array([" +1.5e3 ", "?", "", None]), [1500, np.nan, np.nan, np.nan]),
        (pa.array(["1", "x", "1"]).dictionary_encode(), [1, np.nan, 1]),
        (pa.array(["-7", "٣"], pa.string_view()), [-7, np.nan]),
        (pa.nulls(2), [np.nan, np.nan]),
    ],
)
def test_numbers_durations_and_texts_that_are_numbers_are_read(column, expected):
    assert np.array_equal(numbers(column), expected, equal_nan=True)


def test_text_is_odd_in_a_column_that_held_numbers_alone():
    among_texts = Numbers(median=2.0, missing=True, boolean=False, among_texts=True)
    column = pa.array(["1", "x"])
    assert COMPLETE.odd(column) == (2, "'x'")
    assert among_texts.odd(column) is None
    assert COMPLETE.odd(pa.array(["1", "2"])) is None
    assert (COMPLETE.of_text, among_texts.of_text) == (False, True)


def test_values_are_decoded_as_a_user_knows_them():
    flags = Numbers(median=1.0, missing=True, boolean=True, among_texts=False)
    assert flags.decode(np.array([[0.9, 0.1], [0.2, 0], [1, 0.8]])) == ["true", "false", "missing"]
    assert COMPLETE.decode(np.array([[1.25]])) == [1.25]


def test_commas_between_thousands_belong_to_the_number():
    column = pa.array(["1,234", " 12,345,678.5", "-1,000", "12,34", "+2", None])
    assert np.array_equal(numbers(column), [1234, 12345678.5, -1000, np.nan, 2, np.nan], equal_nan=True)


def test_texts_among_numbers_are_counted():
    among = Numbers(2.0, missing=True, boolean=False, among_texts=True)
    assert among.n_texts(pa.array(["1", "n/a", "", None, "nan", "n/a", "1,000"])) == 2
    assert among.n_texts(pa.array([1.0, None])) == 0


HOURS = pd.DataFrame({"took": pd.to_timedelta(range(20), unit="h"), "kind": list("ab") * 10})


@pytest.mark.parametrize(
    ("learned", "later", "told"),
    [
        (HOURS, HOURS, []),
        (
            HOURS,
            HOURS.assign(took=np.arange(20.0)),
            ["20 numbers where fit saw durations: they count as seconds"],
        ),
        (HOURS.assign(took=range(20)), HOURS, ["20 durations, which count in seconds"]),
        (HOURS.assign(took=range(20)), HOURS.assign(took=range(20)), []),
    ],
)
def test_durations_in_place_of_numbers_and_the_reverse_are_told(learned, later, told):
    fitted = open_source(learned)
    encoding = TableEncoding.from_json(fitted.encoding.to_json())
    assert encoding == fitted.encoding
    given = {"shape": fitted.shape, "columns": fitted.columns, "encoding": encoding}
    samples = open_source(later, **given).read()
    assert samples.x[:, 0].tolist() == numbers(pa.array(later["took"])).tolist()
    assert list(samples.remarks) == [f"column 'took' of the data frame holds {what}" for what in told]
