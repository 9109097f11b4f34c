"""The examples of a report with what explains their scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from ama.data.samples import Samples
from ama.detectors.base import Detector
from ama.detectors.explanation import Explanation
from ama.report.judged_samples import Example
from ama.report.pictures import as_pixels, boxed, data_uri, heat_scale, heated, value_range

COLUMNS_SHOWN = 5  # of a row, those that contribute most to its score

Column = tuple[str, str, str, float]  # name, value, expected value, contribution to the score
LONGEST_VALUE = 40  # characters


@dataclass
class Card:
    """An example as the page shows it."""

    example: Example
    pictures: dict[str, str]  # name -> src of an <img>; none for rows
    columns: list[Column]  # of a row
    terms: list[tuple[str, float]]  # name, standard deviations from normal samples


def example_cards(detector: Detector, examples: list[Example]) -> list[Card]:
    """A card for each example, as far as the detector explains its scores."""
    samples = Samples(
        torch.stack([example.x for example in examples]),
        [example.id for example in examples],
        None,
        detector.columns_,
        [],
        encoding=detector.encoding_,
    )
    found = detector.explain(samples)
    pictures: list[dict[str, str]] = [{} for _ in examples]
    columns: list[list[Column]] = [[] for _ in examples]
    if detector.kind_.pictured:
        pictures = _pictures(detector, samples.x.cpu().numpy(), [e.size for e in examples], found)
    elif found.anomaly_map is not None and found.expected is not None:
        columns = _columns(detector, _rows(detector, examples), found.expected, found.anomaly_map)
    # A score of a single term has no parts.
    names = list(found.terms) if len(found.terms) > 1 else []
    terms = [[(name, float(found.terms[name][i])) for name in names] for i in range(len(examples))]
    return [Card(*parts) for parts in zip(examples, pictures, columns, terms, strict=True)]


def _pictures(
    detector: Detector, images: np.ndarray, sizes: list[tuple[int, int] | None], found: Explanation
) -> list[dict[str, str]]:
    low, high = value_range(images)
    pixels = [as_pixels(image, low, high) for image in images]
    rows = {"sample": pixels}
    if found.reconstruction is not None:
        rows["reconstruction"] = [as_pixels(image, low, high) for image in found.reconstruction]
    if found.anomaly_map is not None:
        scale = heat_scale(found.anomaly_map, detector.map_threshold)
        maps = [heated(p, heat, *scale) for p, heat in zip(pixels, found.anomaly_map, strict=True)]
        known = detector.map_threshold is not None
        regions = detector.regions_of(found.anomaly_map) if known else [[] for _ in maps]
        rows["map"] = [boxed(picture, boxes) for picture, boxes in zip(maps, regions, strict=True)]
    return [{name: data_uri(row[i], size) for name, row in rows.items()} for i, size in enumerate(sizes)]


def _rows(detector: Detector, examples: list[Example]) -> np.ndarray:
    """The values of the columns of each example: as they were, or else what their encoding says of them."""
    rows = np.stack([example.x.cpu().numpy() for example in examples])
    if detector.encoding_ is None:
        return rows
    decoded = detector.encoding_.decode(rows)
    for i, example in enumerate(examples):
        if example.values is not None:
            decoded[i] = example.values
    return decoded


def _columns(
    detector: Detector, rows: np.ndarray, expected: np.ndarray, contribution: np.ndarray
) -> list[list[Column]]:
    names = detector.columns_ or [f"column {i}" for i in range(rows.shape[1])]
    return [
        [(names[j], _text(rows[i, j]), _text(expected[i, j]), float(contribution[i, j])) for j in order]
        for i, order in enumerate(np.argsort(-contribution, axis=1)[:, :COLUMNS_SHOWN])
    ]


def _text(value: str | float) -> str:
    if isinstance(value, str):
        return value if len(value) <= LONGEST_VALUE else f"{value[:LONGEST_VALUE]}..."
    return f"{value:.4g}"
