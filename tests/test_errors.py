"""What is shown of text whose origin is unknown."""

from __future__ import annotations

import unicodedata

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ama.errors import LONGEST_SENTENCE, InputError, ModelFolderError, printable, sentence

ANY_TEXT = st.text(st.characters() | st.characters(categories=["Cs", "Cc", "Cf"]))


@given(ANY_TEXT)
def test_a_message_is_one_line_of_printable_characters_and_of_bounded_length(text):
    for shown in (sentence(text * 9), str(InputError(text * 9)), str(ModelFolderError(text * 9))):
        assert len(shown) <= LONGEST_SENTENCE
        shown.encode()  # no surrogates
        assert not any(unicodedata.category(c)[0] == "C" or c in "\u2028\u2029" for c in shown)


def test_plain_text_is_shown_as_it_is():
    assert sentence("größe — 大きさ 🙂 is 3, expected 4") == "größe — 大きさ 🙂 is 3, expected 4"


def test_undecodable_bytes_and_control_characters_are_replaced():
    assert printable("donn\udce9es.csv") == "donn\ufffdes.csv"
    assert printable("a\x1b[31mred\u202egnp.exe") == "a\ufffd[31mred\ufffdgnp.exe"
    assert printable("two\n lines\t") == "two lines"


def test_what_is_no_character_is_replaced():
    """NumPy makes a string of any four bytes."""
    value = np.array([0x7FFFFFFF, ord("a"), 0x110000], dtype="<u4").view("<U3")[0]
    assert printable(str(value)) == "\ufffda\ufffd"
    assert sentence(f"{value} is no label") == "\ufffda\ufffd is no label"


def test_the_middle_of_a_long_message_is_left_out():
    shown = sentence("the file " + "x" * 10_000 + " is empty")
    assert shown.startswith("the file xxx")
    assert shown.endswith("xxx is empty")
    assert "x...x" in shown
