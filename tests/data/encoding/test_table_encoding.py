"""The encoding of a table as a model folder holds it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ama.data.encoding.moment_columns import LATEST, PARTS
from ama.data.encoding.table_encoding import TableEncoding

NUMBER = st.floats(allow_nan=False, allow_infinity=False)
KINDS = st.lists(st.none() | st.text(st.characters(codec="utf-8")), unique=True, max_size=5)
FLAG = st.booleans()
COLUMNS = (
    st.fixed_dictionaries(
        {"kind": st.just("number"), "median": NUMBER, "missing": FLAG, "boolean": FLAG, "among_texts": FLAG}
    )
    | st.fixed_dictionaries({"kind": st.just("category"), "kinds": KINDS})
    | KINDS.map(lambda kinds: {"kind": "frequency", "kinds": kinds, "rows": [3] * len(kinds), "n_rows": 100})
    | st.fixed_dictionaries(
        {
            "kind": st.just("moment"),
            "origin": st.integers(-LATEST, LATEST),
            "median": NUMBER,
            "parts": st.lists(st.sampled_from(PARTS), unique=True),
            "missing": FLAG,
            "times": FLAG,
        }
    )
)


def test_a_zone_is_kept_and_a_model_of_before_had_none():
    known = {"kind": "moment", "origin": 0, "median": 0.0, "parts": [], "missing": False, "times": False}
    for later in ({}, {"zoned": True}, {"zoned": True, "naive": False}):
        encoding = TableEncoding.from_json([known | later])
        (moments,) = encoding.columns
        assert (moments.zoned, moments.naive) == (later.get("zoned", False), later.get("naive", True))
        assert encoding.to_json() == [known | later]


@given(st.lists(COLUMNS, min_size=1, max_size=5))
def test_json_loses_nothing(columns):
    encoding = TableEncoding.from_json(json.loads(json.dumps(columns)))
    assert encoding.to_json() == columns
    assert TableEncoding.from_json(encoding.to_json()) == encoding
    assert [place for group in encoding.groups for place in group] == list(range(encoding.width))
    assert len(encoding.names([str(i) for i in range(len(columns))])) == encoding.width


HOSTILE = [
    ({"kind": "code"}, "column 1 is of the kind 'code', expected one of number, category, frequency, moment"),
    ({"kind": ["number"]}, "is of the kind"),
    ({}, "is of the kind None"),
    ({"kind": "category"}, "column 1: the key kinds is missing"),
    ({"kind": "category", "kinds": ["a", "a"]}, "column 1: two of its kinds are the same"),
    ({"kind": "category", "kinds": [3]}, "kinds is .*, expected a list of which each item is text or null"),
    ({"kind": "category", "kinds": [], "code": 1}, "has the unknown key 'code'"),
    ({"kind": "number", "median": "1", "missing": True}, "median is '1', expected a number"),
    (
        {"kind": "number", "median": 1.0, "missing": 9, "boolean": False, "among_texts": False},
        "missing is 9, expected true or false",
    ),
    ({"kind": "frequency", "kinds": ["a"], "rows": [-1], "n_rows": 5}, "its rows are not from 1 to 5"),
    ({"kind": "moment", "origin": 2**62}, "the key median is missing"),
    (
        {"kind": "moment", "origin": 0, "median": 0.0, "parts": ["eon"], "missing": False, "times": False},
        "parts is .*, expected a list of which each item is one of day, week, year",
    ),
]


@pytest.mark.parametrize(("column", "sentence"), HOSTILE)
def test_what_no_fit_could_have_written_is_refused_in_a_sentence(column, sentence):
    with pytest.raises(ValueError, match=sentence):
        TableEncoding.from_json([column])
