"""Parts of a source that are scored one by one, by any process, as they would be within the whole source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import pyarrow as pa

from ama.data.divisible import Divisible
from ama.data.encoding.table_encoding import Replaced
from ama.data.images.encoded_images import Encoded
from ama.data.images.image_survey import Survey
from ama.detectors.base import Detector
from ama.detectors.score_tables import score_table
from ama.errors import InputError

BATCHES = 4  # in a part, at least: what is done again if a worker dies
MOST_CUTS = 16  # of what can only be read from its start, as every part reads all before it again


class ScoredChunk(NamedTuple):
    """The scores of a batch, and what is to be said of it."""

    table: pa.Table | None  # None without a sample that could be read
    skipped: list[str]
    replaced: Counter[Replaced]  # known at the end of a part
    refused: str = ""  # why the source cannot be used; the last of a part


def part_bounds(n_positions: int, read_at_once: int, batch_size: int) -> list[tuple[int, int]]:
    """Where the parts of a source start and stop; each starts with a batch of the whole source.

    Parameters
    ----------
    n_positions, read_at_once, batch_size
        As of :class:`ama.data.divisible.Divisible`.
    """
    batches = max(BATCHES, -(-read_at_once // (MOST_CUTS * batch_size)))
    length = batches * batch_size
    return [(start, min(start + length, n_positions)) for start in range(0, n_positions, length)]


def score_part(detector: Detector, source: Divisible, start: int, stop: int) -> Iterator[ScoredChunk]:
    """The scores of a part, batch by batch.

    They are bit for bit those of the same positions of the whole source, on the same kind of processor and with the
    same number of threads, as the batches are the same.
    """
    part = source.part(start, stop)
    try:
        for samples in part.chunks():
            table = score_table(detector, samples) if len(samples) else None
            yield ScoredChunk(table, samples.skipped, Counter())
        yield ScoredChunk(None, [], part.replaced)
    except InputError as error:
        yield ScoredChunk(None, [], Counter(), str(error))


def survey_part(images: Encoded, start: int, stop: int, all_needed: bool) -> Survey:
    """The headers of a part of some encoded images."""
    return Survey(images.name).read(images.part(start, stop), all_needed)
