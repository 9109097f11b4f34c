"""Which encoding a column gets."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from ama.data.encoding.category_columns import Categories
from ama.data.encoding.column_encoding import Replacement
from ama.data.encoding.column_survey import ColumnSurvey
from ama.data.encoding.frequency_columns import Frequencies
from ama.data.encoding.learned_columns import MAX_INDICATORS, learn_column
from ama.data.encoding.moment_columns import Moments
from ama.data.encoding.number_columns import Numbers
from ama.data.encoding.spoken_changes import Change


def learned(values, kind=None, chosen=False):
    column = pa.array(values, kind)
    survey = ColumnSurvey(column.type, len(column))
    survey.add(column)
    return learn_column(survey, chosen, 1)


def test_numbers_keep_their_median_and_whether_some_were_missing():
    assert learned([1, 5, 2]) == (Numbers(2.0, False, False, False), [])
    assert learned([1.0, None, 3.0]) == (Numbers(2.0, True, False, False), [Change.MISSING])
    assert learned([True, True, False]) == (Numbers(1.0, False, True, False), [])


def test_few_kinds_are_indicators_without_those_of_a_single_row():
    encoding, changes = learned(["b", "a", None, "b", "a", None, "typo"])
    assert (encoding, changes) == (Categories(["a", "b", None]), [Change.CATEGORIES])
    assert learned(["only"] * 5)[0] == Categories(["only"])


def test_kinds_of_less_than_a_thousandth_of_the_rows_share_the_indicator_of_all_others():
    assert learned(["a"] * 9000 + ["b"] * 9)[0] == Categories(["a"])
    assert learned(["a"] * 9000 + ["b"] * 10)[0] == Categories(["a", "b"])


def test_many_kinds_are_frequencies():
    values = [f"m{i}" for i in range(MAX_INDICATORS + 1) for _ in range(i + 2)] + ["once"]
    encoding, changes = learned(values)
    assert isinstance(encoding, Frequencies)
    assert changes == [Change.FREQUENCIES]
    assert dict(zip(encoding.kinds, encoding.rows, strict=True)) == {
        f"m{i}": i + 2 for i in range(MAX_INDICATORS + 1)
    }
    assert encoding.n_rows == len(values)


def test_texts_of_almost_every_row_are_left_out_unless_the_user_chose_the_column():
    values = [f"note {i}" for i in range(95)] + ["same"] * 5
    assert learned(values) == (None, [Change.OWN_TEXTS])
    assert learned(values, chosen=True)[0] is not None


@pytest.mark.parametrize("values", [[None, None], ["", None]])
def test_a_column_without_a_value_is_left_out(values):
    assert learned(values, pa.string()) == (None, [Change.NO_VALUE])


def test_dates_keep_the_parts_in_which_they_differ():
    days = np.array(["2026-01-05", "2026-01-12", "2026-01-19"], "M8[D]")
    assert learned(days)[0].parts == []
    assert learned(days[0] + np.arange(3))[0].parts == ["week"]
    assert learned(days[0] + np.arange(500))[0].parts == ["week", "year"]
    hours = days.astype("M8[s]") + np.arange(3) * 3600
    encoding, changes = learned(hours)
    assert encoding == Moments(int(hours[0].astype("M8[us]").astype(int)), 7 + 1 / 24, ["day"], False, False)
    assert changes == [Change.MOMENTS]
    assert learned(np.datetime_as_string(hours).tolist())[0] == encoding
    assert learned(np.datetime_as_string(hours, timezone="UTC").tolist())[0].zoned
    assert learned(["10:00", "11:00", None])[0] == Moments(36_000 * 10**6, 0.5 / 24, ["day"], True, True)


def test_among_few_texts_one_that_is_no_date_makes_all_of_them_kinds():
    assert isinstance(learned(["2026-01-01", "2026-01-01", "2026-13-01", "2026-13-01"])[0], Categories)


@pytest.mark.parametrize(
    "written",
    ["%Y-%m-%d %H:%M", "%H:%M:%S.%f", "%d.%m.%Y", "%m/%d/%y %I:%M %p"],
    ids=["ISO", "time", "day", "AM"],
)
def test_marks_among_dates_count_as_missing(written):
    times = [(datetime(2026, 1, 20, 3) + timedelta(hours=37.01 * i)).strftime(written) for i in range(40)]
    plain, _ = learned([None, *times])
    for marks in (["n/a"], ["0000-00-00"], ["-", "?", "soon"] * 9):
        encoding, changes = learned([*marks, *times])
        assert changes == [Change.TIMES if plain.times else Change.MOMENTS, Change.DATES_AMONG_TEXT]
        assert encoding == replace(plain, among_texts=True)
        column = pa.array(["2026-13-41", "late", None, *times])
        np.testing.assert_array_equal(
            encoding.encode(column).x, plain.encode(pa.array([None, None, None, *times])).x
        )
        assert encoding.odd(column) is None
        assert dict(encoding.assumed(column))[Replacement.TEXT_AMONG_DATES] == 2
    assert learned([*[f"sensor {i}" for i in range(9)], *times])[1] == [Change.OWN_TEXTS]


def test_numbers_written_as_text_are_numbers_and_a_few_other_texts_count_as_missing():
    assert learned(["1", "2", None])[1] == [Change.TEXT_OF_NUMBERS, Change.MISSING]
    values = [f"{i}.5" for i in range(40)] + ["?", "n/a"]
    assert learned(values) == (Numbers(20.0, True, False, True), [Change.NUMBERS_AMONG_TEXT])
    assert isinstance(learned(["1", "2", "?"] * 3)[0], Categories)


def test_marks_of_a_missing_number_may_be_many_if_they_are_of_few_kinds():
    numbers = [str(i) for i in range(60)]
    for marks in (["-"] * 40, ["?", "n/a", "-"] * 13):
        assert learned(numbers + marks) == (Numbers(29.5, True, False, True), [Change.NUMBERS_AMONG_TEXT])
    assert learned(numbers + ["a", "b", "c", "d"] * 10)[1] == [Change.CATEGORIES]
    assert learned(numbers + ["-"] * 61)[1] == [Change.CATEGORIES]
