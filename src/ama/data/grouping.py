"""Groups of samples that belong together, by a rule or as given: whole ones are held out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from ama.data.images.photo_times import PhotoTime
from ama.data.labels import as_labels
from ama.errors import InputError
from ama.utils.durations import seconds

RULES = "folder, name:PATTERN, column:NAME or time:DURATION"
FOLDER, NAME, COLUMN, TIME = "folder", "name", "column", "time"
NEEDED = {COLUMN: "a column of a table", TIME: "photographs"}


@dataclass(frozen=True)
class Grouping:
    r"""A rule that groups samples.

    ==================  ==============================================================================================
    ``folder``          the images of a sub-folder are a group
    ``name:PATTERN``    a regular expression that is searched in the ids; samples with the same text in its parentheses
                        are a group, as ``name:(.*)_\d+`` for part7_1.jpg and part7_2.jpg
    ``column:NAME``     rows, or images in a table, with the same value in a column, which is no feature
    ``time:DURATION``   photographs in the order of their time; a group starts where it was longer than that since the
                        one before. The time is EXIF's DateTimeOriginal if all have it, else the time of the file
    ==================  ==============================================================================================

    Parameters
    ----------
    rule
        One of the words before the colon.
    value
        What is behind it.
    said
        The whole as the user gave it, for messages.
    """

    rule: str
    value: str
    said: str

    @classmethod
    def parsed(cls, text: str, argument: str) -> Grouping:
        """The rule that a user wrote.

        Parameters
        ----------
        text
            As above.
        argument
            What it was written for, such as "--group-by ".

        Raises
        ------
        InputError
            If it is none.
        """
        rule, _, value = text.partition(":")
        found = cls(rule, value, f"{argument}{text}")
        if text != FOLDER and not (rule in (NAME, COLUMN, TIME) and value):
            raise InputError(f"{argument.strip(' =')} must be {RULES}, found {text!r}")
        if rule == NAME:
            found._pattern()
        if rule == TIME:
            found._gap()
        return found

    @property
    def column(self) -> str | None:
        """The column that it needs, if it needs one."""
        return self.value if self.rule == COLUMN else None

    @property
    def timed(self) -> bool:
        """Whether it needs the times of photographs."""
        return self.rule == TIME

    def check(self, name: str, images: bool, table: bool) -> None:
        """Refuse a source that does not have what the rule needs, before it is read.

        Parameters
        ----------
        name
            Of the source.
        images, table
            Whether it holds encoded images, and whether it is a table.

        Raises
        ------
        InputError
            If it does not.
        """
        if (self.rule == COLUMN and not table) or (self.rule == TIME and not images):
            raise InputError(f"{self.said} needs {NEEDED[self.rule]}, which {name} does not hold")

    def labels(
        self, ids: Sequence[str], values: np.ndarray | None, remark: Callable[[str], None]
    ) -> np.ndarray:
        """The name of the group of each sample, as objects (n,); "" where the rule finds none.

        Parameters
        ----------
        ids
            Of the samples.
        values
            What a source reads of each for the rule: a value of the column, or a ``PhotoTime``.
        remark
            Is told what was assumed.

        Raises
        ------
        InputError
            If the samples do not have what the rule needs.
        """
        if self.rule == FOLDER:
            return as_labels(id.rpartition("/")[0] or "." for id in ids)
        if self.rule == NAME:
            matches = map(self._pattern().search, ids)
            return as_labels(None if match is None else match[1] for match in matches)
        if values is None:
            raise InputError(f"{self.said} needs {NEEDED[self.rule]}, which these samples do not have")
        return as_labels(values) if self.rule == COLUMN else self._by_time(ids, values, remark)

    def _pattern(self) -> re.Pattern[str]:
        try:
            pattern = re.compile(self.value)
        except re.error as error:
            raise InputError(f"{self.said} is not a regular expression: {error}") from error
        if pattern.groups != 1:
            raise InputError(
                f"{self.said} has {pattern.groups} parts in parentheses, expected one, the group's name"
            )
        return pattern

    def _gap(self) -> float:
        gap = seconds(self.value, f"the gap in {self.said}")
        assert gap is not None
        return gap

    def _by_time(
        self, ids: Sequence[str], times: Iterable[PhotoTime], remark: Callable[[str], None]
    ) -> np.ndarray:
        times = list(times)
        taken = [time.taken for time in times]
        if None in taken:
            first = ids[taken.index(None)]
            taken = [time.modified for time in times]
            if None in taken:
                raise InputError(
                    f"{self.said}: {first} has no DateTimeOriginal in its EXIF data, nor is it a file"
                )
            remark(
                f"{self.said}: {first} has no DateTimeOriginal, so the times of the files are taken for all"
            )
        at = np.array(taken, float)
        order = at.argsort(kind="stable")
        number = np.empty(len(at), int)
        number[order] = np.concatenate([[0], (np.diff(at[order]) > self._gap()).cumsum()])
        return as_labels(number.tolist())


def group_numbers(
    labels: np.ndarray, ids: Sequence[str], said: str, remark: Callable[[str], None]
) -> Int[np.ndarray, " n"]:
    """The number of the group of each sample; a sample without a group is one of its own, which is remarked.

    Parameters
    ----------
    labels
        Names of groups, "" for none.
    ids
        Of the samples.
    said
        How the user asked for groups.
    remark
        Is told of samples without a group.

    Raises
    ------
    InputError
        If no sample has a group, or all have the same.
    """
    places: dict[str, int] = {}  # the first of each, so that names do not matter
    numbers = np.array([places.setdefault(label, i) for i, label in enumerate(labels.tolist())])
    alone = labels == ""
    if alone.all():
        raise InputError(f"{said} finds no group for any of {len(ids)} normal samples, such as {ids[0]}")
    if len(places) == 1:
        raise InputError(
            f"{said} finds the same group for all {len(ids)} normal samples, expected several, to hold out some of them"
        )
    if alone.any():
        first = ids[int(alone.argmax())]
        remark(
            f"{said} finds no group for {alone.sum()} of {len(ids)} samples, such as {first}: each is one of its own"
        )
    return np.where(alone, np.arange(len(ids)), numbers)
