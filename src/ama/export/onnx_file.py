"""A detector as one ONNX file: preprocessing, networks, densities, calibration and threshold inside."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Num, Shaped
from torch import Tensor

from ama.errors import InputError
from ama.export.scoring_graph import ScoringGraph
from ama.io.whole_files import check_file_path, replacing
from ama.scores.model import Model
from ama.utils.random_generators import generator_for

SUFFIX = ".onnx"
COMPARED = 512  # samples that the networks make, where none are given
BATCH = 256
MARGIN = 2.0  # the calibration is lowered by so many times the largest difference that was found
DESCRIPTION = (
    "Anomaly detector of ama. x: raw samples; false_alarm_rate: share of normal samples that may be flagged. "
    "score: higher = more normal; p_value: small = anomalous; anomaly: p_value <= false_alarm_rate; other outputs: "
    "terms of the score, higher = more anomalous."
)


class Exported(NamedTuple):
    """An exported detector, and how it differs from the one in memory."""

    path: Path
    difference: float  # the largest between two scores, relative to 1 + their magnitude
    n_compared: int
    outputs: list[str]


def export_onnx(
    model: Model,
    path: Path,
    false_alarm_rate: float,
    card: dict[str, Any],
    samples: Shaped[Tensor, "n ..."] | None = None,
    with_terms: bool = False,
) -> Exported:
    """Write the file, and compare it with the model.

    Its calibration scores are those of the model, lowered by twice the largest difference that was found, so that no
    p-value is smaller than the model's and the false-alarm rate holds.

    Parameters
    ----------
    model
        On the CPU, without a backbone.
    path
        Its name ends in .onnx.
    false_alarm_rate
        Default of the input of that name.
    card
        What the metadata holds beside what the graph itself says, as JSON types.
    samples
        Raw samples on which the two are compared, best those of the calibration; by default some that the networks
        make.
    with_terms
        Whether each term is an output, too.

    Raises
    ------
    InputError
        If the model sees images through a backbone, or the file cannot be written.
    """
    check_file_path(path, [SUFFIX])
    _check(model)
    graph = ScoringGraph(model, with_terms)
    compared = made_samples(model, COMPARED) if samples is None else samples
    file = _converted(graph, compared[:2])
    _set(file, "calibration", graph.calibration.numpy())
    _set(file, "false_alarm_rate", np.asarray(false_alarm_rate))
    difference = _difference(file, model, compared)
    slack = MARGIN * difference
    lowered = graph.calibration - slack * (1 + graph.calibration.abs())
    _set(file, "calibration", lowered.numpy())
    _describe(file, {**card, "largest_difference": difference, "calibration_lowered_by": slack})
    with replacing(path) as temporary:
        temporary.write_bytes(file.SerializeToString())
    return Exported(path, difference, len(compared), graph.output_names)


def made_samples(model: Model, n: int) -> Shaped[Tensor, "n ..."]:
    """Raw samples to compare on where there are none: half of them made by G, and half noise."""
    random = generator_for(0, 5)
    networks = model.networks
    like = next(networks.generator.parameters())
    codes = torch.randn(n // 2, model.settings.latent_dim, generator=random).to(like)
    noise = torch.randn(n - n // 2, *model.shape, generator=random).to(like)
    with torch.no_grad():
        networks.eval()
        made = networks.generator(codes)
    raw = networks.restore(torch.cat([made, noise.clamp(-1, 1) if model.kind.pictured else noise]))
    if model.dtype == torch.uint8:
        raw = raw.round().clamp(0, 255)
    return raw.to(model.dtype)


def _check(model: Model) -> None:
    if model.backbone is not None:
        raise InputError(
            "a detector with features cannot be exported: its backbone takes images of any size; export one without"
        )


def _converted(graph: ScoringGraph, x: Shaped[Tensor, "2 ..."]) -> Any:
    """The graph as an ``onnx.ModelProto``, for batches of any size."""
    rate = torch.tensor(0.05, dtype=torch.float64)
    with warnings.catch_warnings(), torch.no_grad(), _quiet():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            graph,
            (x, rate),
            dynamo=True,
            verbose=False,
            dynamic_shapes={"x": {0: torch.export.Dim("batch", min=1)}, "false_alarm_rate": None},
            input_names=["x", "false_alarm_rate"],
            output_names=graph.output_names,
        )
    assert program is not None
    return program.model_proto


@contextmanager
def _quiet() -> Iterator[None]:
    """The exporter logs what it does not find, as torchvision."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def _set(file: Any, name: str, value: Num[np.ndarray, ...]) -> None:
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


def _difference(file: Any, model: Model, samples: Shaped[Tensor, "n ..."]) -> float:
    """The largest difference between a score of the file and of the model, relative to 1 + the latter's magnitude."""
    from onnxruntime import InferenceSession

    session = InferenceSession(file.SerializeToString(), providers=["CPUExecutionProvider"])
    largest = 0.0
    for part in samples.split(BATCH):
        score = model.score(part).numpy()
        [found] = session.run(["score"], {"x": part.numpy()})
        largest = max(largest, float((np.abs(found - score) / (1 + np.abs(score))).max()))
    return largest


def _describe(file: Any, card: dict[str, Any]) -> None:
    """Keep what a user of the file needs to know in its metadata, each value as JSON."""
    from onnx import helper

    file.producer_name, file.doc_string = "ama", DESCRIPTION
    helper.set_model_props(file, {f"ama.{key}": json.dumps(value) for key, value in card.items()})
