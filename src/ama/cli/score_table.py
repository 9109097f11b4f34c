"""Scores as the rows of a table."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from ama.cli.reading import chunks
from ama.data.sources import Samples, Source
from ama.decision import conformal
from ama.detectors.ama import AMADetector
from ama.detectors.base import Detector


def score_schema(detector: Detector) -> pa.Schema:
    """Columns of a table of scores: those of the paper where the detector has them, and the one that decides."""
    own = ["r_score", "a_score", "score"] if isinstance(detector, AMADetector) else ["score"]
    numbers = [(name, pa.float64()) for name in (*own, "p_value")]
    return pa.schema([("id", pa.string()), *numbers, ("anomaly", pa.bool_())])


def score_tables(detector: Detector, source: Source) -> Iterator[pa.Table]:
    """The scores of a source chunk by chunk, in constant memory, under a progress bar."""
    for samples in chunks(source, "scoring"):
        yield score_table(detector, samples)


def score_table(detector: Detector, samples: Samples) -> pa.Table:
    """The scores of samples in memory."""
    scores = {name: values.cpu() for name, values in detector.model_.named_scores(samples.x).items()}
    deciding = scores["score"]
    if isinstance(detector, AMADetector):
        scores["r_score"] = -scores["r_score"]
    columns = {
        **{name: values.numpy() for name, values in scores.items()},
        "id": samples.ids,
        "p_value": conformal.p_value(deciding, detector.model_.calibration.cpu()).numpy(),
        "anomaly": conformal.is_anomaly(deciding, detector.offset_).numpy(),
    }
    schema = score_schema(detector)
    return pa.table({name: columns[name] for name in schema.names}, schema=schema)
