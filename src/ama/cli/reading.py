"""Sources as a command reads them: with a progress bar, and a note on what was skipped."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from ama.data.samples import Samples, Source, count
from ama.utils.progress import progress_bar


def read(source: Source) -> Samples:
    """All samples of a source, under a progress bar; skipped samples are reported at the end."""
    samples = source.read(progress=True)
    report_skipped(samples.skipped)
    return samples


def chunks(source: Source, title: str) -> Iterator[Samples]:
    """The samples of a source chunk by chunk, under a progress bar; skipped samples are reported at the end."""
    skipped: list[str] = []
    with progress_bar(total=len(source), desc=title, unit="sample") as bar:
        for samples in source.batches():
            skipped += samples.skipped
            bar.update(len(samples) + len(samples.skipped))
            yield samples
    report_skipped(skipped)


def report_skipped(skipped: list[str]) -> None:
    """Name the first few samples that were skipped, and how many there were."""
    for sentence in skipped[:10]:
        say(f"skipped: {sentence}")
    if skipped:
        say(f"skipped {count(len(skipped), 'unreadable sample')} in all; --strict refuses them")


def say(sentence: str) -> None:
    """A note to the user, on standard error."""
    print(f"ama: {sentence}", file=sys.stderr)
