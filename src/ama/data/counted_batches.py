"""The samples of a source under a progress bar of what is done with them."""

from __future__ import annotations

from collections.abc import Iterator

from ama.data.samples import Samples, Source
from ama.utils.progress import DELAY, counting, progress_bar


def counted_batches(
    source: Source, title: str, show: bool | None = None, together: int = 1, delay: float = DELAY
) -> Iterator[Samples]:
    """The batches of a source, in constant memory.

    Parameters
    ----------
    source
        The source.
    title
        What is done with the samples.
    show
        As in :func:`ama.utils.progress.progress_bar`.
    together
        Consecutive samples of which no batch holds only a part.
    delay
        Seconds before there is a bar.

    Raises
    ------
    InputError
        As :meth:`ama.data.samples.Source.batches`.
    """
    size = -(-source.batch_size // together) * together
    with progress_bar(show, total=len(source), desc=title, unit="sample", delay=delay) as bar:
        for samples in source.batches(size):
            with counting(bar, len(samples) + len(samples.skipped)):
                yield samples
