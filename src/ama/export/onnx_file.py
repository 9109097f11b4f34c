"""A detector as one ONNX file: preprocessing, networks, densities, calibration and threshold inside."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Num, Shaped
from torch import Tensor

from ama.data.encoding.table_encoding import TableEncoding
from ama.detectors.exported import Exported
from ama.errors import InputError
from ama.errors import sentence as shortened
from ama.export.agreement import COMPARED, Differences, bound_of, differences, lowered, made_samples
from ama.export.graph_backbone import check_backbone
from ama.export.graph_maps import check_map
from ama.export.scoring_graph import ScoringGraph
from ama.io.whole_files import check_file_path, replacing
from ama.scores.kinds.factory import kind_of
from ama.scores.model import Model

SUFFIX = ".onnx"
RATE = "false_alarm_rate"
LONGEST_REASON = 80  # characters of an error of torch
DESCRIPTION = (
    "Anomaly detector of ama. x: raw samples; false_alarm_rate: share of normal samples that may be flagged. "
    "score: higher = more normal; p_value: small = anomalous; anomaly: p_value <= false_alarm_rate; map: where an "
    "image is anomalous; other outputs: terms of the score, higher = more anomalous."
)


def export_onnx(
    model: Model,
    path: Path,
    false_alarm_rate: float,
    card: dict[str, Any],
    samples: Shaped[Tensor, "n ..."] | None = None,
    with_terms: bool = False,
    with_map: bool = False,
    progress: bool | None = False,
) -> Exported:
    """Write the file, and compare it with the model; see :mod:`ama.export.agreement`.

    Parameters
    ----------
    model
        On the CPU.
    path
        Its name ends in .onnx.
    false_alarm_rate
        Default of the input of that name.
    card
        What the metadata holds beside what the graph itself says, as JSON types.
    samples
        Raw samples on which the two are compared; by default some that the networks make.
    with_terms
        Whether each term is an output, too.
    with_map
        Whether the anomaly map of images is an output.
    progress
        As in :func:`ama.utils.progress.progress_bar`.

    Raises
    ------
    InputError
        If torch cannot export a term, the scores are far from the model's, or as :func:`check_exportable`.
    """
    check_exportable(model, path, with_map)
    graph = ScoringGraph(model, with_terms, with_map)
    compared = made_samples(model, COMPARED) if samples is None else samples
    file = _converted(graph, compared)
    _set(file, "calibration", graph.calibration.numpy())
    _set(file, RATE, np.asarray(false_alarm_rate))
    found = _compared(file, model, compared, with_map, progress)
    bound = bound_of(found.score, model.arithmetic)
    _set(file, "calibration", lowered(graph.calibration, bound).numpy())
    _describe(file, {**card, **_agreement(found, bound, len(compared), card)})
    with replacing(path) as temporary:
        temporary.write_bytes(file.SerializeToString())
    return Exported(path, found.score, bound, len(compared), graph.output_names)


def check_exportable(model: Model, path: Path, with_map: bool, encoding: TableEncoding | None = None) -> None:
    """Refuse, before any work is done, a file that cannot be written or a model that cannot be exported.

    Parameters
    ----------
    model, path, with_map
        As of :func:`export_onnx`.
    encoding
        Of the table that the model was fitted on, whose columns messages count; None if there is none.

    Raises
    ------
    InputError
        If the model's backbone is not EfficientNet-Lite0, a map of rows is wanted, or the file cannot be written.
    """
    check_file_path(path, [SUFFIX])
    check_backbone(model.backbone)
    if with_map:
        check_map(model.kind if encoding is None else kind_of((len(encoding),)))


def _agreement(found: Differences, bound: float, n: int, card: dict[str, Any]) -> dict[str, Any]:
    """What the metadata says of the comparison."""
    of_map = {}
    if found.map is not None:
        of_map["largest_map_difference"] = found.map
        if (threshold := card.get("map_threshold")) is not None:
            of_map["map_threshold"] = threshold + 2 * found.map
    return {
        "compared_samples": n,
        "largest_difference": found.score,
        "calibration_lowered_by": bound,
        **of_map,
    }


def _converted(graph: ScoringGraph, x: Shaped[Tensor, "n ..."]) -> Any:
    """The graph as an ``onnx.ModelProto``, for batches of any size."""
    pair = (x if len(x) > 1 else torch.cat([x, x]))[:2]  # a size of 1 would be taken for a constant
    rate = torch.tensor(0.05, dtype=torch.float64)
    with warnings.catch_warnings(), torch.no_grad(), _quiet():
        warnings.simplefilter("ignore")
        try:
            program = torch.onnx.export(
                graph,
                (pair, rate),
                dynamo=True,
                verbose=False,
                dynamic_shapes={"x": {0: torch.export.Dim("batch", min=1)}, RATE: None},
                input_names=["x", RATE],
                output_names=graph.output_names,
            )
        except torch.onnx.OnnxExporterError as error:
            reason = shortened(str(error.__cause__ or error), LONGEST_REASON)
            raise InputError(f"torch cannot export the detector: {reason}") from error
    assert program is not None
    file = program.model_proto
    # Where torch finds the size of a batch to be a constant, it exports that without a word.
    if not file.graph.input[0].type.tensor_type.shape.dim[0].dim_param:
        raise InputError(
            "torch exports the detector for batches of one size alone: one of its terms asks for the size"
        )
    return file


@contextmanager
def _quiet() -> Iterator[None]:
    """The exporter logs what it does not find, as torchvision."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def _set(file: Any, name: str, value: Num[np.ndarray, " ..."]) -> None:
    """Set a constant of the graph. One with the name of an input is its default."""
    from onnx import numpy_helper

    tensor = numpy_helper.from_array(value, name)
    for known in file.graph.initializer:
        if known.name == name:
            known.CopyFrom(tensor)
            return
    if name not in {known.name for known in file.graph.input}:
        raise RuntimeError(f"the exported graph has no {name}")
    file.graph.initializer.append(tensor)


def _compared(
    file: Any, model: Model, samples: Shaped[Tensor, "n ..."], with_map: bool, progress: bool | None
) -> Differences:
    from onnxruntime import InferenceSession, SessionOptions

    options = SessionOptions()
    options.log_severity_level = 3  # it warns of constants that it computes at each run
    session = InferenceSession(file.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return differences(session, model, samples, with_map, progress)


def _describe(file: Any, card: dict[str, Any]) -> None:
    """Keep what a user of the file needs to know in its metadata, each value as JSON."""
    from onnx import helper

    file.producer_name, file.doc_string = "ama", DESCRIPTION
    helper.set_model_props(file, {f"ama.{key}": json.dumps(value) for key, value in card.items()})
