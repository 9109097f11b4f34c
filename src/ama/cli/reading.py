"""Sources as a command reads them: with a bar, and with a word for what it skipped."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from tqdm.auto import tqdm

from ama.data.samples import count
from ama.data.sources import Samples, Source


def read(source: Source) -> Samples:
    """The whole source under a progress bar, its unreadable samples told at the end."""
    samples = source.read(progress=True)
    report_skipped(samples.skipped)
    return samples


def chunks(source: Source, title: str) -> Iterator[Samples]:
    """The source chunk by chunk under a progress bar, its unreadable samples told at the end."""
    skipped: list[str] = []
    with tqdm(total=len(source), desc=title, unit="sample", disable=None) as bar:
        for samples in source.batches():
            skipped += samples.skipped
            bar.update(len(samples) + len(samples.skipped))
            yield samples
    report_skipped(skipped)


def report_skipped(skipped: list[str]) -> None:
    """Name the first few samples that were left out."""
    for sentence in skipped[:10]:
        say(f"skipped: {sentence}")
    if skipped:
        say(f"skipped {count(len(skipped), 'unreadable sample')} in all; --strict refuses them")


def say(sentence: str) -> None:
    """A remark to the user, on standard error."""
    print(f"ama: {sentence}", file=sys.stderr)
