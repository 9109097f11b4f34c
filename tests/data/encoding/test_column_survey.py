"""What a pass over a column finds out, however its parts are cut."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ama.data.encoding import column_survey
from ama.data.encoding.column_survey import MAX_SAMPLED, ColumnSurvey
from ama.data.encoding.number_columns import NUMBER_IN_TEXT


def surveyed(column: pa.Array, part: int = 7) -> ColumnSurvey:
    survey = ColumnSurvey(column.type, len(column))
    for start in range(0, len(column), part):
        survey.add(column.slice(start, part))
    return survey


@given(
    st.lists(st.none() | st.sampled_from(["a", "b", "", "3"]), min_size=1, max_size=40), st.integers(1, 50)
)
def test_texts_are_counted_whatever_the_parts(values, part):
    survey = surveyed(pa.array(values, pa.string()), part)
    present = [value for value in values if value]
    assert (survey.missing, survey.present) == (len(values) - len(present), len(present))
    assert survey.counts["a"] == values.count("a")
    assert survey.sample().to_pylist() == present
    if present:
        assert survey.share_of(NUMBER_IN_TEXT) == present.count("3") / len(present)


def test_a_sample_is_of_the_whole_column_and_has_no_missing_value():
    x = np.arange(3.0 * MAX_SAMPLED)
    x[::2] = np.nan
    sample = surveyed(pa.array(x), 1000).sample().to_numpy()
    assert MAX_SAMPLED / 3 < len(sample) <= MAX_SAMPLED
    assert abs(np.median(sample) - len(x) / 2) < len(x) / 100
    assert np.isfinite(sample).all()


def test_a_single_value_is_in_the_sample():
    assert surveyed(pa.array([None] * 30_000 + [5.0])).sample().to_pylist() == [5]


@pytest.mark.parametrize("kind", [pa.string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())])
def test_any_type_of_text_can_be_sampled(kind):
    assert (
        surveyed(pa.array(["a", None, "b"] * 9, pa.string()).cast(kind)).sample().to_pylist()
        == ["a", "b"] * 9
    )


def test_more_kinds_than_are_counted_are_still_searched_for_patterns(monkeypatch):
    monkeypatch.setattr(column_survey, "MAX_KINDS", 10)
    survey = surveyed(pa.array([str(i) for i in range(99)] + ["x"]))
    assert len(survey.counts) < 20
    assert survey.share_of(NUMBER_IN_TEXT) == 0.99
