"""Regions as a column of a score table."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pyarrow as pa

from ama.decision.regions import Region

COLUMN = "boxes"
SIDES = ("x", "y", "width", "height", "area")
BOXES = pa.list_(pa.struct([*((name, pa.int32()) for name in SIDES), ("peak", pa.float64())]))


def boxes_field(as_text: bool) -> pa.Field:
    """The column ``boxes``: a list for each image, or JSON text where a table takes only text, as CSV does."""
    return pa.field(COLUMN, pa.string() if as_text else BOXES)


def with_boxes(table: pa.Table, regions: Sequence[Sequence[Region]], as_text: bool) -> pa.Table:
    """A score table with the regions of each image, the highest peak first."""
    boxes = [[region._asdict() for region in found] for found in regions]
    field = boxes_field(as_text)
    return table.append_column(
        field, pa.array([json.dumps(b) for b in boxes] if as_text else boxes, field.type)
    )
