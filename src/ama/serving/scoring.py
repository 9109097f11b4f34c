"""The scores and maps of the samples of one or several requests."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from ama.data.divisible import BATCH, BYTES_OF_A_BATCH
from ama.data.samples import Samples
from ama.detectors.base import Detector
from ama.io.map_files import MapScale


@dataclass(frozen=True, eq=False)
class Scored:
    """What a detector says of samples.

    Parameters
    ----------
    columns
        Those of the score table, without ids: each (n,).
    maps
        The map of each sample as PNG; None if none was asked for.
    """

    columns: dict[str, np.ndarray]
    maps: list[bytes] | None = None

    def part(self, start: int, stop: int) -> Scored:
        """Some of the samples, without maps."""
        return Scored({name: values[start:stop] for name, values in self.columns.items()})


def together(detector: Detector, requests: Sequence[Samples]) -> list[Scored]:
    """The scores of the samples of several requests, from one call of the detector."""
    if len(requests) == 1:
        return [scored(detector, requests[0])]
    x = torch.cat([samples.x for samples in requests])
    ids = [name for samples in requests for name in samples.ids]
    whole = scored(detector, replace(requests[0], x=x, ids=ids, labels=None, sizes=None, values=None))
    ends = np.cumsum([len(samples) for samples in requests]).tolist()
    return [whole.part(end - len(samples), end) for end, samples in zip(ends, requests, strict=True)]


def scored(detector: Detector, samples: Samples, maps: bool = False) -> Scored:
    """The scores of the samples of a request and, if asked for, their maps.

    Raises
    ------
    InputError
        If the detector has no maps of images, or no scale for them.
    """
    scale = map_scale(detector) if maps else None
    # As many at a time as ``ama score`` takes: the last digits of a score depend on that.
    size = max(1, min(BATCH, BYTES_OF_A_BATCH // max(1, samples.x[:1].nbytes)))
    columns, pictures = list[dict[str, np.ndarray]](), list[bytes]()
    for start in range(0, len(samples), size):
        whole = len(samples) <= size
        part = samples if whole else samples.select(range(start, min(start + size, len(samples))))
        with detector.seen_once():
            columns.append(detector.score_table(part))
            if scale is not None:
                pictures += _pictures(detector, part, scale)
    joined = {name: np.concatenate([part[name] for part in columns]) for name in columns[0]}
    return Scored(joined, pictures if maps else None)


def map_scale(detector: Detector) -> MapScale:
    """The scale of the maps of a detector, that of ``ama score --maps``.

    Raises
    ------
    InputError
        As :func:`scored`.
    """
    detector.check_regions()
    top, threshold = detector.map_top, detector.map_threshold
    assert top is not None and threshold is not None  # noqa: PT018
    return MapScale(top, threshold)


def _pictures(detector: Detector, samples: Samples, scale: MapScale) -> Iterator[bytes]:
    assert samples.sizes is not None
    for heat, size in zip(detector.each_map(samples), samples.sizes.tolist(), strict=True):
        file = io.BytesIO()
        scale.save(file, heat, (size[0], size[1]))
        yield file.getvalue()
