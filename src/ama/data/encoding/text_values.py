"""Columns of any simple type as texts: each text once, and its place in every row."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float, Int

from ama.data.labels import as_labels
from ama.data.tables.arrow_columns import is_text, values

LONGEST_TEXT = 200  # characters of a category that count; two texts that begin alike are one category


class Texts(NamedTuple):
    """The texts of a column.

    Parameters
    ----------
    known
        The texts that occur, and perhaps others; None for a missing value. Two may be equal.
    places
        Of each row's text in ``known`` (n,); -1 for a missing value.
    """

    known: list[str | None]
    places: Int[np.ndarray, " n"]


def texts(column: pa.Array) -> Texts:
    """A column as texts; an empty one is a missing value, as CSV files have no other, and so is "nan"."""
    column = plain_text(column)
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    if is_text(column.dictionary.type):
        known = [_of_text(text) for text in values(column.dictionary)]
    else:
        known = [label or None for label in as_labels(values(column.dictionary))]
    places = pc.fill_null(column.indices.cast(pa.int64()), -1).to_numpy(zero_copy_only=False)
    return Texts(known, places)


def _of_text(text: str | None) -> str | None:
    return text[:LONGEST_TEXT] if text and text.lower() != "nan" else None


def plain_text(column: pa.Array) -> pa.Array:
    """A column without the types that pyarrow's functions do not take: views of text, extensions."""
    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        return plain_text(column.storage)
    if pa.types.is_dictionary(kind):
        plain = plain_text(column.dictionary)
        return (
            pa.DictionaryArray.from_arrays(column.indices, plain) if plain.type != kind.value_type else column
        )
    return column.cast(pa.large_string()) if is_text(kind) else column


def n_unread(column: pa.Array, read: Float[np.ndarray, " n"]) -> int:
    """Rows of a column of text with a text that was read as NaN."""
    known, places = texts(column.filter(pa.array(np.isnan(read))))
    return sum(known[place] is not None for place in places.tolist() if place >= 0)
