"""What ``ama score --ray`` does in place of one process: the same, in the same words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import pyarrow as pa
from jsonargparse import Namespace

from ama.cli.place_outputs import OPTIONS
from ama.cli.reading import say_all
from ama.data.encoding.table_encoding import Replaced
from ama.data.samples import Source, skipped_notes
from ama.data.skipped_samples import check_readable
from ama.detectors.base import Detector
from ama.distributed.ray_scores import RayScores
from ama.distributed.ray_session import ray_session
from ama.errors import InputError
from ama.utils.progress import progress_bar


@contextmanager
def ray_scoring(given: Namespace) -> Iterator[RayScoring | None]:
    """Scoring by Ray, if the options ask for it; what it started ends with the block.

    Raises
    ------
    InputError
        If the options do not go together, or there is no such cluster.
    """
    if given.ray is None:
        if given.workers is not None:
            raise InputError("--workers is the number of Ray workers: give --ray, too")
        yield None
        return
    if places := [f"--{option}" for option in OPTIONS if given[option]]:
        raise InputError(f"{' and '.join(places)} cannot be written with --ray: score on one machine")
    with ExitStack() as stack:
        yield RayScoring(given, stack)


class RayScoring:
    """Scoring by Ray, with a progress bar and notes as :func:`ama.cli.reading.chunks` has them.

    Parameters
    ----------
    given
        The options of ``ama score``.
    stack
        Ends the connection to the cluster.
    """

    def __init__(self, given: Namespace, stack: ExitStack):
        self.given, self.stack = given, stack
        self.scores: RayScores | None = None

    def open(self, detector: Detector, reading: dict[str, Any]) -> Source:
        """Connect to the cluster, whose workers then read the headers of images.

        Parameters
        ----------
        detector
            A fitted detector, with its threshold.
        reading
            Keywords of ``detector.open``.

        Raises
        ------
        InputError
            If the source cannot be read in parts.
        """
        self.stack.enter_context(ray_session(self.given.ray, self.given.workers))
        self.scores = RayScores(detector, self.given.device, self.given.workers)
        surveying = partial(self.scores.survey, all_needed=self.given.strict)
        source = detector.open(self.given.source, **reading, surveying=surveying)
        source.part(0, 1)  # refused here if it has no parts, before anything is written
        return source

    def tables(self, source: Source) -> Iterator[pa.Table]:
        """The score table of a source, chunk by chunk."""
        assert self.scores is not None
        say_all(told := source.remarks)
        skipped: list[str] = []
        replaced, n = Counter[Replaced](), 0
        with progress_bar(total=len(source), desc="scoring", unit="sample") as bar:
            for chunk in self.scores.scores(source):
                if chunk.refused:
                    raise InputError(chunk.refused)
                skipped += chunk.skipped
                replaced.update(chunk.replaced)
                n_read = 0 if chunk.table is None else len(chunk.table)
                bar.update(n_read + len(chunk.skipped))
                if chunk.table is not None:
                    n += n_read
                    yield chunk.table
        check_readable(source.name, n, skipped)
        source.say_replaced(replaced)
        say_all(remark for remark in source.remarks if remark not in told)
        say_all(skipped_notes(skipped))
