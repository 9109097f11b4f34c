"""The measurement of a cell of the grid ``inspection``: a detector as its users have it, fitted, tested and timed."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool

from ama.benchmark.peak_memory import peak_gib, reset_peak
from ama.benchmark.tables.cell import Cell
from ama.benchmark.tables.defect_localisation import localisation
from ama.benchmark.tables.inspected_methods import INSPECTED
from ama.benchmark.tables.inspection_sets import inspection_of
from ama.benchmark.tables.trained_method import recorded_parameters, with_recorded
from ama.decision.metrics import evaluate
from ama.detectors.base import Detector
from ama.detectors.registry import method as detector_class


def measure_inspection(
    cell: Cell, folder: str | None, recorded: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Fit the detector of a cell on its normal images and test it.

    Parameters
    ----------
    cell
        The cell.
    folder
        Folder of the data sets, or None for the hub.
    recorded
        Parameters of an earlier record, in place of the method's.

    Returns
    -------
    dict
        The record: ``parameters``; ``strict`` with the metrics of the score; ``decision``, how many of the normal
        images and of the anomalies are flagged at the threshold; ``localisation`` of the maps, None without masks;
        seconds, threads and peak memory, which is None where the system does not tell.

    Raises
    ------
    InputError
        If the images are missing, or the parameters are of another version.
    """
    detector, data = _detector(cell, recorded), inspection_of(cell, folder)
    has_peak, started, cpu_started = reset_peak(), time.perf_counter(), time.process_time()
    detector.fit(data.train)
    fitted, cpu_fitted = time.perf_counter(), time.process_time()
    scores = detector.score_samples(data.test)
    scored = time.perf_counter()
    peak = round(peak_gib(), 2) if has_peak else None
    return {
        "parameters": recorded_parameters(detector),
        "seconds": round(scored - started, 3),
        "fit_seconds": round(fitted - started, 3),
        "fit_cpu_seconds": round(cpu_fitted - cpu_started, 3),
        "score_seconds": round(scored - fitted, 3),
        "threads": torch.get_num_threads(),
        "peak_gib": peak,
        "n_learned": len(data.train),
        "n_held_out": len(detector.model_.calibration),
        "decision": _decision(detector, scores < detector.offset_, data.anomalous),
        "localisation": localisation(detector, data),
        "strict": {"score": evaluate(scores, data.anomalous).as_dict()},
    }


def _decision(
    detector: Detector, flagged: Bool[np.ndarray, " m"], anomalous: Bool[np.ndarray, " m"]
) -> dict[str, float | int]:
    return {
        "false_alarm_rate": detector.false_alarm_rate,
        "false_alarms": int(flagged[~anomalous].sum()),
        "detected": int(flagged[anomalous].sum()),
    }


def _detector(cell: Cell, recorded: dict[str, Any] | None) -> Detector:
    method = INSPECTED[cell.method]
    kind = detector_class(method.detector)
    known = kind(**method.parameters, random_state=cell.seed).get_params()
    return kind(**with_recorded(cell, known, recorded)).set_params(progress=False)
