"""Scores as tables of pyarrow, with the columns that the detector names."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from ama.data.samples import Samples
from ama.decision import conformal
from ama.detectors.base import Detector


def score_schema(detector: Detector) -> pa.Schema:
    """``id``, the detector's scores, ``p_value`` and ``anomaly``."""
    names = [column.name for column in detector.score_columns]
    numbers = [(name, pa.float64()) for name in (*names, "p_value")]
    return pa.schema([("id", pa.string()), *numbers, ("anomaly", pa.bool_())])


def score_table(detector: Detector, samples: Samples) -> pa.Table:
    """The scores of samples in memory."""
    columns = {"id": samples.ids, **detector.score_table(samples)}
    schema = score_schema(detector)
    return pa.table({name: columns[name] for name in schema.names}, schema=schema)


def with_discoveries(tables: Iterable[pa.Table], false_discovery_rate: float) -> pa.Table:
    """The table of a whole source; what is flagged depends on all of its p-values.

    Parameters
    ----------
    tables
        The chunks of the table.
    false_discovery_rate
        See :func:`ama.decision.conformal.discoveries`.
    """
    whole = pa.concat_tables(tables)
    found = conformal.discoveries(whole["p_value"].to_numpy(), false_discovery_rate)
    return whole.set_column(whole.schema.get_field_index("anomaly"), "anomaly", pa.array(found))
