"""The layout of MVTec's data sets (Bergmann et al., IJCV 2021): ``train/good``, ``test/good``, ``test/DEFECT``, masks.

A folder counts as such if it holds both ``train/good`` and ``test/good``. Folders named train and test may be classes
like any others.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ama.errors import InputError

GOOD = "good"  # label of the normal samples
MASKS = "ground_truth"  # folder of the masks of the defects
# Relative paths of masks among images: below folders as of MVTec and VisA, and as STEM_mask.png beside STEM.jpg.
MASK_FOLDER = re.compile(rf"(?:^|/)(?:{MASKS}|masks)/", re.IGNORECASE)
MASK_STEM = re.compile(r"(.*)_mask\.\w+", re.IGNORECASE | re.DOTALL)
LIKE_MVTEC = "holds train/good and test/good, as MVTec's data sets do"


class InspectionFolder(NamedTuple):
    """The parts of a data set of that layout."""

    train: Path  # normal images to learn from
    test: Path  # labelled by its sub-folders
    masks: Path | None  # of the defects in ``test``


def inspection_folder(source: Any) -> InspectionFolder | None:
    """The parts of a folder of that layout; None for anything else."""
    folder = _folder(source)
    if folder is None:
        return None
    train, test, masks = folder / "train" / GOOD, folder / "test", folder / MASKS
    if not train.is_dir() or not (test / GOOD).is_dir():
        return None
    return InspectionFolder(train, test, masks if masks.is_dir() else None)


def part_to_learn(source: Any) -> tuple[Any, str | None]:
    """The source to learn from in place of a folder of that layout or of its ``train``, and a sentence on it.

    Parameters
    ----------
    source
        What the user named.

    Returns
    -------
    source
        The same, if it has another layout.
    remark
        One sentence on what is learned from instead; None if nothing is.
    """
    if (parts := inspection_folder(source)) is not None:
        return str(parts.train), f"{source} {LIKE_MVTEC}: learning from {parts.train}"
    folder = _folder(source)
    if folder is None or folder.name != "train" or (parts := inspection_folder(folder.parent)) is None:
        return source, None
    if _labels(folder) != {GOOD}:
        return source, None
    return str(
        parts.train
    ), f"{source} holds only {GOOD}, as in MVTec's data sets: learning from {parts.train}"


def part_to_calibrate(source: Any) -> tuple[Any, str | None]:
    """The source of new normal samples in place of a folder of that layout, and a sentence on it.

    Parameters
    ----------
    source
        What the user named.

    Returns
    -------
    source, remark
        As of :func:`part_to_learn`: images that were not learned from.
    """
    if (parts := inspection_folder(source)) is None:
        return source, None
    good = str(parts.test / GOOD)
    return good, f"{source} {LIKE_MVTEC}: calibrating on {good}"


def check_one_set(images: Sequence[str], name: str) -> None:
    """Refuse a folder within which others are of that layout, as their defects and masks would be samples.

    Parameters
    ----------
    images
        Paths relative to the folder, with "/" between the parts.
    name
        The folder, for messages.

    Raises
    ------
    InputError
        The message names such folders.
    """
    train, test = (
        {image.partition(part)[0] for image in images if part in image}
        for part in (f"/train/{GOOD}/", f"/test/{GOOD}/")
    )
    if sets := sorted(train & test):
        shown = ", ".join(sets[:3]) + (", ..." if len(sets) > 3 else "")
        raise InputError(
            f"{name} holds folders in MVTec's layout ({shown}), expected one data set: name one, such as "
            f"{name}/{sets[0]}"
        )


def holds_good(source: Any) -> bool:
    """Whether a source is a folder with a sub-folder of good samples beside others."""
    folder = _folder(source)
    return folder is not None and _labels(folder) > {GOOD}


def _labels(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.is_dir() and path.name[0] != "."}


def _folder(source: Any) -> Path | None:
    """The folder that a name stands for, if it does."""
    if not isinstance(source, str | Path) or source in ("", "digits"):
        return None
    try:
        folder = Path(source).expanduser()
        return folder if folder.is_dir() else None
    except (OSError, RuntimeError, ValueError):  # opening the source says what is wrong with the name
        return None
