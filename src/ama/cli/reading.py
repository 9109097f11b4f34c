"""Sources as a command reads them: with a progress bar, and notes on what was left out, changed or assumed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ama.cli.told import NOTE, say
from ama.data.counted_batches import counted_batches
from ama.data.samples import Samples, Source, Wanted, skipped_notes


def read(source: Source) -> Samples:
    """All samples of a source, under a progress bar; what a user should know of the reading is said."""
    samples = source.read(progress=True)
    say_all(samples.notes())
    return samples


def chunks(source: Source, title: str) -> Iterator[Samples]:
    """The samples of a source chunk by chunk, under a progress bar of what is done with them; the same is said."""
    say_all(told := source.remarks)
    skipped: list[str] = []
    for samples in counted_batches(source, title, delay=0):
        skipped += samples.skipped
        yield samples
    say_all(remark for remark in source.remarks if remark not in told)  # known once all is read
    say_all(skipped_notes(skipped))


def say_all(texts: Iterable[str]) -> None:
    """Several notes to the user."""
    for text in texts:
        say(NOTE + text)


def say_assumed(text: str, strict: bool) -> None:
    """A note on what a command leaves out, changes or assumes, which ``strict`` refuses.

    Raises
    ------
    InputError
        With ``strict``.
    """
    wanted = Wanted(strict=strict)
    wanted.remark(text)
    say_all(wanted.remarks)
