"""Scores as the body of an answer: JSON or Arrow."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import pyarrow as pa

from ama.detectors.base import Detector
from ama.detectors.score_tables import score_schema
from ama.serving.decoding import ARROW, Decoded
from ama.serving.refusals import RefusedError
from ama.serving.scoring import Scored

JSON = "application/json"
# What a client may accept, and what it then gets.
ACCEPTED = {ARROW: ARROW, JSON: JSON, "application/*": JSON, "*/*": JSON}


def chosen_type(accept: str) -> str:
    """The type of the answer, by the header ``Accept``: the first type of the highest weight; JSON without one.

    Raises
    ------
    RefusedError
        If it names nothing that there is.
    """
    best, weight = None, 0.0
    for part in accept.split(",") if accept.strip() else ["*/*"]:
        name, *options = (word.strip().lower() for word in part.split(";"))
        q = next((option[2:] for option in options if option.startswith("q=")), "1")
        try:
            own = float(q)
        except ValueError:
            own = 0.0
        if name in ACCEPTED and own > weight:
            best, weight = ACCEPTED[name], own
    if best is None:
        raise RefusedError("unacceptable", f"Accept is {accept!r}, expected {JSON} or {ARROW}")
    return best


def answer(kind: str, detector: Detector, decoded: Decoded, scored: Scored) -> bytes:
    """The body of an answer.

    Parameters
    ----------
    kind
        Of :func:`chosen_type`.
    detector
        It names the columns.
    decoded, scored
        The samples of the request, and their scores.
    """
    names = [name for name in score_schema(detector).names if name != "id"]
    rows = iter(zip(*(scored.columns[name].tolist() for name in names), strict=True))
    maps = None if scored.maps is None else iter(scored.maps)
    found = list[dict[str, Any]]()
    for entry in decoded.entries:
        if entry.error is not None:
            found.append({"id": entry.id, "error": entry.error})
            continue
        of_sample = {"id": entry.id, **dict(zip(names, next(rows), strict=True))}
        found.append(of_sample if maps is None else {**of_sample, "map": next(maps)})
    if kind == ARROW:
        return _stream(found, decoded.notes, score_schema(detector), maps is not None)
    for of_sample in found:
        if "map" in of_sample:
            of_sample["map"] = base64.b64encode(of_sample["map"]).decode()
    return json.dumps({"samples": found, "notes": decoded.notes}).encode()


def _stream(found: list[dict[str, Any]], notes: list[str], schema: pa.Schema, maps: bool) -> bytes:
    schema = schema.append(pa.field("error", pa.string()))
    if maps:
        schema = schema.append(pa.field("map", pa.binary()))
    schema = schema.with_metadata({"notes": json.dumps(notes)})
    file = io.BytesIO()
    with pa.ipc.new_stream(file, schema) as stream:
        stream.write_table(pa.Table.from_pylist(found, schema))
    return file.getvalue()
