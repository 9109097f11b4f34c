"""The layouts of data sets with defects, and of which images to learn.

MVTec (Bergmann et al., IJCV 2021)
    ``train/good``, ``test/good``, ``test/DEFECT`` and masks. A folder counts as such if it holds both ``train/good``
    and ``test/good``: folders named train and test may be classes like any others.
VisA (Zou et al., ECCV 2022)
    ``Data/Images/Normal``, ``Data/Images/Anomaly`` and ``Data/Masks``, which no folder divides into images to learn
    from and to test.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from os.path import isdir  # false of what cannot be looked into, which opening the source says
from pathlib import Path
from typing import Any, NamedTuple

from ama.errors import InputError

GOOD = "good"  # label of the normal samples
MASKS = "ground_truth"  # folder of the masks of the defects
# Relative paths of masks among images: below folders as of MVTec and VisA, and as STEM_mask.png beside STEM.jpg.
MASK_FOLDER = re.compile(rf"(?:^|/)(?:{MASKS}|masks)/", re.IGNORECASE)
MASK_STEM = re.compile(r"(.*)_mask\.\w+", re.IGNORECASE | re.DOTALL)
LIKE_MVTEC = "holds train/good and test/good, as MVTec's data sets do"
VISA_IMAGES, VISA_NORMAL, VISA_ANOMALY = "Images", "Normal", "Anomaly"
LIKE_VISA = f"holds {VISA_IMAGES}/{VISA_NORMAL} and {VISA_IMAGES}/{VISA_ANOMALY}, as VisA's data sets do"
# What the paths of normal images and of others have in common where several data sets lie in one folder.
SEVERAL = {
    "MVTec": (f"/train/{GOOD}/", f"/test/{GOOD}/"),
    "VisA": tuple(f"/Data/{VISA_IMAGES}/{kind}/" for kind in (VISA_NORMAL, VISA_ANOMALY)),
}


class InspectionFolder(NamedTuple):
    """The parts of a data set of such a layout."""

    train: Path  # normal images to learn from
    test: Path  # labelled by its sub-folders
    masks: Path | None  # of the defects in ``test``

    @property
    def good(self) -> str:
        """The label of the normal images."""
        return self.train.name

    @property
    def apart(self) -> bool:
        """Whether the images to learn from are not among those to test."""
        return self.train.parent != self.test

    @property
    def like(self) -> str:
        """What the folder holds, for messages."""
        return LIKE_MVTEC if self.apart else LIKE_VISA


def inspection_folder(source: Any) -> InspectionFolder | None:
    """The parts of a folder of such a layout; None for anything else."""
    folder = _folder(source)
    if folder is None:
        return None
    for place in (folder / "Data", folder):
        images, masks = place / VISA_IMAGES, place / "Masks"
        if isdir(images / VISA_NORMAL) and isdir(images / VISA_ANOMALY):
            return InspectionFolder(images / VISA_NORMAL, images, masks if isdir(masks) else None)
    train, test, masks = folder / "train" / GOOD, folder / "test", folder / MASKS
    if not isdir(train) or not isdir(test / GOOD):
        return None
    return InspectionFolder(train, test, masks if isdir(masks) else None)


def part_to_learn(source: Any) -> tuple[Any, str | None]:
    """The source to learn from in place of a folder of such a layout or of its ``train``, and a sentence on it.

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
        return str(parts.train), f"{source} {parts.like}: learning from {parts.train}"
    folder = _folder(source)
    if folder is None or folder.name != "train" or (parts := inspection_folder(folder.parent)) is None:
        return source, None
    if _labels(folder) != {GOOD}:
        return source, None
    return str(
        parts.train
    ), f"{source} holds only {GOOD}, as in MVTec's data sets: learning from {parts.train}"


def part_to_calibrate(source: Any) -> tuple[Any, str | None]:
    """The source of new normal samples in place of a folder of such a layout, and a sentence on it.

    Parameters
    ----------
    source
        What the user named.

    Returns
    -------
    source, remark
        As of :func:`part_to_learn`: images that were not learned from, if the layout tells them apart.
    """
    if (parts := inspection_folder(source)) is None:
        return source, None
    good = str(parts.test / parts.good)
    return good, f"{source} {parts.like}: calibrating on {good}"


def check_one_set(images: Sequence[str], name: str) -> None:
    """Refuse a folder within which others are of such a layout, as their defects and masks would be samples.

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
    for layout, parts in SEVERAL.items():
        one, other = ({image.partition(part)[0] for image in images if part in image} for part in parts)
        if sets := sorted(one & other):
            shown = ", ".join(sets[:3]) + (", ..." if len(sets) > 3 else "")
            raise InputError(
                f"{name} holds folders in {layout}'s layout ({shown}), expected one data set: name one, such as "
                f"{name}/{sets[0]}"
            )


def holds_good(source: Any) -> bool:
    """Whether a source is a folder with a sub-folder of good samples beside others."""
    folder = _folder(source)
    return folder is not None and _labels(folder) > {GOOD}


def _labels(folder: Path) -> set[str]:
    try:
        return {path.name for path in folder.iterdir() if isdir(path) and path.name[0] != "."}
    except OSError:  # opening the source says it
        return set()


def _folder(source: Any) -> Path | None:
    """The folder that a name stands for, if it does."""
    if not isinstance(source, str | Path) or source in ("", "digits"):
        return None
    try:
        folder = Path(source).expanduser()
        return folder if folder.is_dir() else None
    except (OSError, RuntimeError, ValueError):  # opening the source says what is wrong with the name
        return None
