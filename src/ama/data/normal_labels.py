"""Which samples of a labelled source are normal."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ama.data.images.image_folders import find_images
from ama.data.images.inspection_folders import GOOD, MASK_FOLDER
from ama.data.samples import Samples
from ama.data.tables.arrow_reading import readable
from ama.data.tables.table_names import shards
from ama.errors import InputError

MOST_SHOWN = 12  # labels in a message
# What a user can do about labels that decide nothing.
ON_COMMAND_LINE = "choose with --normal-label"
IN_PYTHON = f"{ON_COMMAND_LINE}, or in Python pass the normal samples alone"


def is_normal(labels: np.ndarray | None, normal_labels: Sequence[str], source: str) -> np.ndarray:
    """True for samples whose label is among ``normal_labels``; the rest are anomalies.

    Parameters
    ----------
    labels
        Labels of the samples, or None if the source has none.
    normal_labels
        The labels of normal samples.
    source
        Name of the source, for messages.

    Raises
    ------
    InputError
        If the source has no labels, or a normal label does not occur.
    """
    if labels is None:
        raise InputError(f"{source} has no labels, expected sub-folders, a label column, or an array y")
    found = sorted(set(labels.tolist()))
    for label in normal_labels:
        if label not in found:
            hint = ""
            if MASK_FOLDER.fullmatch(f"{label}/"):
                hint = f"; a folder {label} holds masks of defects, which are no samples: rename a class of that name"
            raise InputError(
                f"no sample of {source} has the label {label!r}; its labels are {first_of(found)}{hint}"
            )
    return np.isin(labels, list(normal_labels))


def all_taken_as_normal(samples: Samples, remedy: str = ON_COMMAND_LINE) -> str | None:
    """The sentence on labels that decided nothing, with what a user can do; None if there are not several."""
    found = label_counts(samples.labels)
    if len(found) < 2:
        return None
    shown = first_of([f"{_shown(label)} ({n})" for label, n in found.most_common()])
    return f"{samples.source or 'the source'} has the labels {shown}, and all samples were taken as normal: {remedy}"


def _shown(label: str) -> str:
    """A label for a message: in quotes if it begins or ends with a space, which tells it from another."""
    return (label if label == label.strip() else repr(label)) or "(none)"


def first_of(labels: Sequence[str]) -> str:
    """The first few labels, for a message."""
    return ", ".join(map(_shown, labels[:MOST_SHOWN])) + (", ..." if len(labels) > MOST_SHOWN else "")


def label_counts(labels: np.ndarray | None) -> Counter[str]:
    """How many samples there are of each label."""
    return Counter([] if labels is None else labels.tolist())


def normal_among_anomalies(
    normal: Counter[str], anomalies: Counter[str], source: str, of_anomalies: str
) -> str | None:
    """The sentence on labels that a source of normal samples and one of anomalies share; None if there are none.

    Parameters
    ----------
    normal, anomalies
        How many samples of each label they hold. The label of :mod:`MVTec's layout
        <ama.data.images.inspection_folders>` is that of normal samples.
    source, of_anomalies
        Their names.
    """
    if shared := [label for label in anomalies if label and label in normal]:
        return (
            f"{source} and {of_anomalies} both have samples of the label {first_of(sorted(shared))}: the former are "
            "taken as normal, the latter as anomalies"
        )
    if GOOD not in anomalies:
        return None
    return (
        f"{of_anomalies} has samples of the label {GOOD} ({anomalies[GOOD]}), which are taken as anomalies, too: "
        "give a source of anomalies alone"
    )


def check_two_sources(source: str, of_anomalies: str | None) -> None:
    """Refuse one source for both normal samples and anomalies.

    Raises
    ------
    InputError
        If both names stand for the same place.
    """
    if of_anomalies is not None and os.path.realpath(source) == os.path.realpath(of_anomalies):
        raise InputError(
            f"{source} is given as normal and as --anomalies, expected a source of anomalies alone"
        )


def _check_shards(folder: Path) -> None:
    """As of the Hub: ``train-00000-of-00002.parquet`` beside ``test-00000-of-00001.parquet``; or as ``train.csv``."""
    files = shards(path.name for path in folder.iterdir() if path.is_file())
    named = {
        part: [name for name in files if re.fullmatch(rf"{part}([-_.].*)?", Path(name).stem, re.I)]
        for part in ("train", "test")
    }
    if all(named.values()) and not find_images(folder):
        train, test = (found[0] for found in named.values())
        raise InputError(
            f"{folder} holds training and test samples, in {train} and {test}: name a file, or move those to learn "
            "from into a folder of their own"
        )


def check_one_part(source: Any) -> None:
    """Refuse a folder that holds training and test samples side by side, as those of MVTec and ImageNet do.

    Raises
    ------
    InputError
        If the source is such a folder, and the message names the part to give; or it cannot be read.
    """
    if not isinstance(source, str | Path):
        return
    with readable(str(source)):
        if (folder := Path(source)).is_dir():
            _check_one_part(folder)


def _check_one_part(folder: Path) -> None:
    _check_shards(folder)
    parts = {part.name.lower(): part for part in folder.iterdir() if part.is_dir()}
    if {"train", "test"} <= parts.keys():
        train = parts["train"]
        good = next((train / part for part in ("good", "normal") if (train / part).is_dir()), train)
        raise InputError(
            f"{folder} holds training and test samples, in {train.name} and {parts['test'].name}: name one of them, "
            f"such as {good}, or choose by --normal-label"
        )
