"""A detector as a model of MLflow: ``mlflow.pyfunc`` loads it, and ``spark_udf`` takes it to Spark.

``mlflow.pyfunc.save_model(path, **mlflow_arguments(folder))``, or ``log_model``, writes it.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from ama.data.images.image_survey import Survey
from ama.data.tables.arrow import image_column
from ama.detectors.base import Detector
from ama.detectors.registry import load
from ama.detectors.score_tables import score_schema
from ama.errors import InputError
from ama.utils.extras import needs_extra
from ama.utils.user_warnings import warn_user

RATE = "false_alarm_rate"


def mlflow_arguments(model: str | Path) -> dict[str, Any]:
    """Keywords for ``mlflow.pyfunc.save_model`` and ``log_model``: what is loaded, from where, and its one parameter.

    Parameters
    ----------
    model
        Model folder, which MLflow copies.

    Raises
    ------
    InputError
        If it cannot be loaded.
    MissingLibraryError
        If MLflow is not installed.
    """
    with needs_extra("mlflow"):
        from mlflow.models import ModelSignature
        from mlflow.types import DataType, ParamSchema, ParamSpec

    detector = load(model, "cpu")
    rate = ParamSpec(RATE, DataType.double, detector.false_alarm_rate)
    return {
        "loader_module": __name__,
        "data_path": str(model),
        "signature": ModelSignature(params=ParamSchema([rate])),
        "pip_requirements": [f"{name}=={detector.versions_[name]}" for name in ("ama", "torch")],
    }


def _load_pyfunc(path: str) -> PyfuncDetector:
    """What MLflow calls."""
    return PyfuncDetector(load(path, "cpu"))


class PyfuncDetector:
    """A detector that takes and returns data frames.

    Parameters
    ----------
    detector
        A fitted detector.
    """

    def __init__(self, detector: Detector):
        self.detector = detector

    def predict(self, model_input: Any, params: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """The scores of rows or of encoded images, a row for each of the input's and with its index.

        Parameters
        ----------
        model_input
            The columns that were learned, by name, as a data frame or a mapping; or a column of encoded images, bytes;
            or an array of samples.
        params
            ``false_alarm_rate``: share of normal samples that may be flagged; by default that of the model.

        Returns
        -------
        pandas.DataFrame
            The columns of ``ama score`` without ``id``, and ``note``: "" or, for an image that cannot be read, why.
            Its scores are missing, and it counts as an anomaly, as ``anomaly`` cannot be missing in Spark. An image of
            several frames has the scores of its least normal one.

        Raises
        ------
        InputError
            If the input is not what the detector takes, or the rate is not between 0 and 1.
        """
        detector, rate = self.detector, (params or {}).get(RATE)
        if rate not in (None, detector.false_alarm_rate_):
            detector = copy.copy(detector).set_threshold(rate)
        if isinstance(model_input, np.ndarray):
            return _scored(detector, model_input, pd.RangeIndex(len(model_input)))
        model_input = _as_frame(model_input)
        if detector.columns_ is not None or not detector.kind_.pictured:
            return _scored(detector, model_input, model_input.index)
        return _of_images(detector, model_input)


def _as_frame(given: Any) -> pd.DataFrame:
    """Columns by name, as MLflow's server also hands them over, as a data frame."""
    if isinstance(given, Mapping):
        try:
            return pd.DataFrame({name: list(values) for name, values in given.items()})
        except (TypeError, ValueError) as error:
            raise InputError(f"the columns are no table: {error}") from error
    if not isinstance(given, pd.DataFrame):
        raise InputError(f"expected a data frame, columns by name or an array, found {type(given).__name__}")
    return given


def _of_images(detector: Detector, frame: pd.DataFrame) -> pd.DataFrame:
    table = pa.Table.from_pandas(frame, preserve_index=False)
    if (name := image_column(table.schema)) is None:
        raise InputError(
            f"the data frame has no column of encoded images, expected bytes, found {', '.join(table.column_names)}"
        )
    # Without their paths, images are named by the number of their row, from 0. Also none may be readable.
    images = pa.table({name: table[name].cast(pa.binary())})
    source = detector.open(images, surveying=lambda encoded: Survey(encoded.name).read(encoded))
    scored, notes = list[pd.DataFrame](), dict[int, str]()
    for samples in source.chunks():
        if len(samples):
            scored.append(_scored(detector, samples, pd.Index(samples.ids)))
        notes |= {int(row[1]): said for said in samples.skipped if (row := re.match(r"row (\d+)", said))}
    for remark in source.remarks:
        warn_user(remark)
    columns = score_schema(detector).names[1:]
    found = pd.concat(scored) if scored else pd.DataFrame(columns=columns, dtype=float)
    found["number"] = [int(id.partition("[")[0]) for id in found.index]
    found = found.sort_values("score", kind="stable").drop_duplicates("number").set_index("number")
    aligned = found.reindex(range(len(frame)))
    aligned["anomaly"] = aligned["anomaly"].ne(False)
    aligned["note"] = [notes.get(row, "") for row in aligned.index]
    return aligned.set_axis(frame.index)


def _scored(detector: Detector, samples: Any, index: pd.Index) -> pd.DataFrame:
    return pd.DataFrame({**detector.score_table(samples), "note": ""}, index=index)
