"""Texts that are numbers, durations, degrees or dates in a form of their own, and as they would be written plainly."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from functools import partial
from itertools import islice
from typing import NamedTuple

import pyarrow as pa

from ama.data.encoding.moment_texts import DATE, TIME
from ama.data.encoding.text_values import plain_text
from ama.data.encoding.written_dates import date_form, iso_moment
from ama.data.encoding.written_degrees import FORMS as DEGREES
from ama.data.encoding.written_degrees import degrees_form, plain_degrees
from ama.data.encoding.written_durations import FORM as DURATION
from ama.data.encoding.written_durations import duration_form, seconds
from ama.data.encoding.written_numbers import FORM, number_form, plain_number
from ama.data.encoding.written_numbers import PLAIN as PLAIN_NUMBER
from ama.data.tables.arrow_columns import is_text, values

EXAMINED = 1000  # kinds of text that say whether all are plain
PLAIN = (PLAIN_NUMBER, re.compile(DATE, re.ASCII))
ISO = re.compile(f"{DATE}|{TIME}", re.ASCII)
Reader = Callable[[str], str | None]


class Written(NamedTuple):
    """A form in which the texts of a column are written, and what reads one: None for a text of another form."""

    form: str
    read: Reader


def written_form(kinds: Collection[str | None]) -> Written | None:
    """The form of the texts of a column; None if they are plain numbers, ISO 8601 or nothing of the kind."""
    if any(all(pattern.search(text) for text in _first(kinds)) for pattern in PLAIN):
        return None
    form = date_form(kinds)
    if form is not None:
        found = Written(form, date_reader(form))
        return None if all(ISO.search(text) for text in kinds if text and found.read(text)) else found
    form = duration_form(kinds) or degrees_form(kinds) or number_form(kinds)
    return None if form is None else Written(form, number_reader(form))


def number_reader(form: str) -> Reader:
    """What reads numbers, durations or degrees of a form."""
    if form in DEGREES:
        return partial(plain_degrees, form=form)
    return seconds if form == DURATION else partial(plain_number, form=form)


def is_number_form(form: str) -> bool:
    """Whether numbers, durations or degrees can be of such a form."""
    return form == DURATION or form in DEGREES or FORM.fullmatch(form) is not None


def date_reader(form: str) -> Reader:
    """What reads dates or times of a form."""
    return partial(iso_moment, form=form)


def plainly(column: pa.Array, read: Reader) -> pa.Array:
    """A column of text as it would be written plainly; other types, and texts of another form, stay as they are."""
    if not is_text(column.type):
        return column
    column = plain_text(column)
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    known = [text if text is None else read(text) or text for text in values(column.dictionary)]
    return pa.DictionaryArray.from_arrays(column.indices, pa.array(known, pa.large_string()))


def _first(kinds: Collection[str | None]) -> list[str]:
    return [text for text in islice(kinds, EXAMINED) if text]
