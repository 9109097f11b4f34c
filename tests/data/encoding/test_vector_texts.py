"""Vectors in text."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ama.data.encoding.vector_texts import vector


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=9))
def test_whatever_python_and_json_write_is_read(numbers):
    assert vector(str(numbers)) == vector(json.dumps(numbers)) == numbers


@pytest.mark.parametrize("text", ["", "[]", "[1]", "1, 2", "[1, a]", "[1, 2", "[-, 2]", "[nan, 1]"])
def test_other_texts_are_no_vectors(text):
    assert vector(text) is None
