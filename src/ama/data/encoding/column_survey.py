"""What a pass over a table finds out about one of its columns, in memory that does not grow with the rows."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterator
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ama.data.encoding.moment_texts import DATE, TIME
from ama.data.encoding.number_columns import numbers
from ama.data.encoding.number_texts import NUMBER_IN_TEXT
from ama.data.encoding.text_values import Texts, plain_text, texts
from ama.data.encoding.written_forms import Reader, Written, plainly, written_form
from ama.data.tables.arrow_columns import is_number, is_text

MAX_KINDS = 100_000  # of texts that are counted one by one; of later rows only what all have in common
PATTERNS = (NUMBER_IN_TEXT, DATE, TIME)  # that all texts of a column may have in common
SEARCHED = 1000  # texts, for an example
MAX_SAMPLED = 10_000  # values, evenly spaced, behind medians and what is made of dates


class ColumnSurvey:
    """Counts of one column.

    Parameters
    ----------
    kind
        Type of the column.
    n_rows
        Rows of the table.

    Attributes
    ----------
    kind : pa.DataType
        Type of the column.
    missing, present : int
        Rows without a value, and with one.
    counts : Counter
        Rows of each text, None being a missing one; empty unless the column holds text.
    """

    def __init__(self, kind: pa.DataType, n_rows: int):
        self.kind, self.missing, self.present = kind, 0, 0
        self.counts: Counter[str | None] = Counter()
        self._step = -(-n_rows // MAX_SAMPLED)
        self._sampled: list[pa.Array] = []
        # Rows that are not counted one by one, by the pattern found in them.
        self._later: Counter[str] = Counter()
        self._n_later = 0

    def add(self, column: pa.Array) -> None:
        """Look at the next part of the column."""
        if is_text(self.kind):
            found = texts(column)
            self._count(found)
            has_value = np.array([text is not None for text in (*found.known, None)])[found.places]
        elif is_number(self.kind):
            has_value = ~np.isnan(numbers(column))
        else:
            has_value = column.is_valid().to_numpy(zero_copy_only=False)
        rows = np.flatnonzero(has_value)
        chosen = rows[-self.present % self._step :: self._step]
        self._sampled.append(plain_text(column).take(pa.array(chosen, pa.int64())))
        self.present += len(rows)
        self.missing += len(column) - len(rows)

    def sample(self) -> pa.Array:
        """At most ``MAX_SAMPLED`` values of the whole column, none of them missing."""
        return pa.concat_arrays(_of_one_dictionary(self._sampled))

    @cached_property
    def written(self) -> Written | None:
        """The form of the texts, if they are numbers, durations or dates in one; settled by ``MAX_KINDS`` texts."""
        return written_form(self.counts)

    def example(self) -> tuple[str, str]:
        """A text of the form, and what it is read as; one whose minus is not in front of it, if there is one."""
        assert self.written is not None
        known = [text for text in self.counts if text is not None]
        # Among the first, as a column may have very many texts, and none with such a minus.
        hidden = (pair for pair in _changed(known[:SEARCHED], self.written.read) if _hides_minus(*pair))
        return next(hidden, None) or next(_changed(known, self.written.read))

    def plain(self) -> ColumnSurvey:
        """The same of the texts as they would be written plainly."""
        if self.written is None:
            return self
        plain = copy.copy(self)
        plain.counts = _read(self.counts, self.written.read)
        plain._sampled = [plainly(part, self.written.read) for part in self._sampled]
        return plain

    def share_of(self, pattern: str) -> float:
        """Share of the texts, each as often as it occurs, in which one of ``PATTERNS`` is found."""
        counted = _rows_with(pattern, self.counts)
        return (counted + self._later[pattern]) / (self.counts.total() - self.counts[None] + self._n_later)

    def kinds_without(self, pattern: str) -> int:
        """How many different texts, of those that are counted one by one, do not have one of ``PATTERNS``."""
        known = Counter[str | None](text for text in self.counts if text is not None)
        return len(known) - _rows_with(pattern, known)

    def _count(self, found: Texts) -> None:
        places = np.bincount(found.places + 1, minlength=len(found.known) + 1)
        rows: Counter[str | None] = Counter()
        for text, n in zip([None, *found.known], places.tolist(), strict=True):
            if n:
                rows[text] += n
        if len(self.counts) <= MAX_KINDS:
            self.counts.update(rows)
            return
        if self.written is not None:
            rows = _read(rows, self.written.read)
        self._n_later += rows.total() - rows[None]
        for pattern in PATTERNS:
            self._later[pattern] += _rows_with(pattern, rows)


def _changed(known: list[str], read: Reader) -> Iterator[tuple[str, str]]:
    """Texts that are read as another, and what they are read as."""
    return ((text, plain) for text in known if (plain := read(text)) is not None and plain != text)


def _hides_minus(text: str, plain: str) -> bool:
    """Whether a number is below zero by another mark than a minus in front of it."""
    return plain[0] == "-" and text.lstrip()[0] not in "-\u2212"


def _rows_with(pattern: str, rows: Counter[str | None]) -> int:
    """Rows with a text in which a regular expression is found."""
    known = [text for text in rows if text is not None]
    matches = pc.match_substring_regex(pa.array(known, pa.large_string()), pattern)
    return int(np.array([rows[text] for text in known], dtype=np.int64)[np.array(matches, dtype=bool)].sum())


def _read(rows: Counter[str | None], read: Reader) -> Counter[str | None]:
    """Rows of each text as it would be written plainly."""
    found: Counter[str | None] = Counter()
    for text, n in rows.items():
        found[text if text is None else read(text) or text] += n
    return found


def _of_one_dictionary(arrays: list[pa.Array]) -> list[pa.Array]:
    """Arrays that can be concatenated: those of a dictionary each without it."""
    return [a.dictionary_decode() if pa.types.is_dictionary(a.type) else a for a in arrays]
