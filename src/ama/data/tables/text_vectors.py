"""Vectors in text, such as the embeddings that a CSV file holds: "[0.1, 0.2]"."""

from __future__ import annotations

import pyarrow as pa

from ama.data.encoding.vector_texts import vector
from ama.data.samples import Wanted
from ama.data.tables.arrow import ArrowTable
from ama.data.tables.arrow_columns import is_text, values
from ama.data.tables.plain_columns import with_decoded
from ama.data.tables.vector_columns import columns_without_features, components_of

EXAMINED = 20  # rows that tell whether a column of text holds vectors


class TextVectors:
    """A column of text as one of vectors, a missing one where the text is none."""

    kind = pa.list_(pa.float64())

    def of(self, column: pa.Array) -> pa.Array:
        return pa.array([None if text is None else vector(text) for text in values(column)], self.kind)


def with_text_vectors(table: ArrowTable, wanted: Wanted) -> ArrowTable:
    """A table with vectors in place of their texts.

    At a fit these are the columns whose first rows hold vectors of one length; for a model, those in which it has seen
    vectors, and whose first row holds one.

    Parameters
    ----------
    table
        The table.
    wanted
        The keywords of ``open_source``.
    """
    no_features = columns_without_features(table, wanted)
    texts = [field.name for field in table.schema if is_text(field.type) and field.name not in no_features]
    if wanted.shape is not None:
        seen = components_of(wanted.columns or ())
        texts = [name for name in texts if name in seen]
    if not texts:
        return table
    first = next(table.batches(texts, EXAMINED if wanted.shape is None else 1))
    texts = [name for name in texts if _holds_vectors(first.column(name))]
    return with_decoded(table, dict.fromkeys(texts, TextVectors())) if texts else table


def _holds_vectors(column: pa.Array) -> bool:
    lengths = {len(found) if text and (found := vector(text)) else 0 for text in values(column)}
    return len(lengths) == 1 and 0 not in lengths
