"""A detector as a model of MLflow: ``mlflow.pyfunc`` loads it, and ``spark_udf`` takes it to Spark.

``mlflow.pyfunc.save_model(path, **mlflow_arguments(folder))``, or ``log_model``, writes it.
"""

from __future__ import annotations

import copy
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from ama.data.arrow import image_column
from ama.detectors.base import Detector
from ama.detectors.registry import load
from ama.errors import InputError
from ama.utils.extras import needs_extra

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

    def predict(
        self, model_input: pd.DataFrame | np.ndarray, params: Mapping[str, Any] | None = None
    ) -> pd.DataFrame:
        """The scores of rows or of encoded images, a row for each of the input's and with its index.

        Parameters
        ----------
        model_input
            The columns that were learned, by name; or a column of encoded images, bytes; or an array of samples.
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
        if detector.columns_ is not None or not detector.kind_.pictured:
            return _scored(detector, model_input, model_input.index)
        return _of_images(detector, model_input)


def _of_images(detector: Detector, frame: pd.DataFrame) -> pd.DataFrame:
    table = pa.Table.from_pandas(frame, preserve_index=False)
    if (name := image_column(table.schema)) is None:
        raise InputError(
            f"the data frame has no column of encoded images, expected bytes, found {', '.join(table.column_names)}"
        )
    # Without their paths, images are named by the number of their row, from 0.
    samples = detector.open(pa.table({name: table[name].cast(pa.binary())})).read()
    for remark in samples.remarks:
        warnings.warn(remark, stacklevel=3)
    found = _scored(detector, samples, pd.RangeIndex(len(samples)))
    found["number"] = [int(id.partition("[")[0]) for id in samples.ids]
    found = found.sort_values("score", kind="stable").drop_duplicates("number").set_index("number")
    aligned = found.reindex(range(len(frame)))
    aligned["anomaly"] = aligned["anomaly"].ne(False)
    for sentence in samples.skipped:
        if row := re.match(r"row (\d+)", sentence):
            aligned.loc[int(row[1]), "note"] = sentence
    return aligned.set_axis(frame.index)


def _scored(detector: Detector, samples: Any, index: pd.Index) -> pd.DataFrame:
    return pd.DataFrame({**detector.score_table(samples), "note": ""}, index=index)
