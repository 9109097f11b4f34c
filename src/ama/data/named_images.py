"""Images, and paths of images or of folders of such, that are given one by one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from ama.data.images.array_pictures import differ_in_size
from ama.data.images.image_folders import find_images
from ama.data.images.image_opening import SOME_SUFFIXES, SUFFIXES
from ama.data.names import clean_name
from ama.data.samples import Wanted
from ama.data.tables.table_folders import SOME_TABLES
from ama.errors import InputError


def named_images(parts: list[Any]) -> list[Any] | None:
    """The images and paths in a list; None if it holds something else.

    Raises
    ------
    InputError
        If the first is one, and another is not.
    """
    if differ_in_size(parts):
        return parts
    if not parts or not isinstance(parts[0], str | os.PathLike | Image.Image):
        return None
    for i, part in enumerate(parts):
        if isinstance(part, Image.Image):
            continue
        if not isinstance(part, str | os.PathLike):
            raise InputError(
                f"the list has an object of type {type(part).__name__} at position {i + 1} (counted from 1), "
                "expected images or paths of images"
            )
        if not _names_image(part) and not os.path.isdir(os.path.expanduser(part)):
            raise InputError(
                f"the list has {clean_name(str(part))!r} at position {i + 1} (counted from 1), expected images or "
                f"paths of images ({SOME_SUFFIXES}), or of tables ({SOME_TABLES})"
            )
    return parts


def of_folders(images: Sequence[Any], wanted: Wanted) -> list[Any]:
    """The same with the images of each folder in its place.

    Parameters
    ----------
    images
        From :func:`named_images`.
    wanted
        Gets a remark on what else a folder holds.

    Raises
    ------
    InputError
        If a folder has no images, or some in sub-folders, which are labels where it is named alone.
    """
    found: list[Any] = []
    for part in images:
        # By its suffix: to look at each of many files would take long.
        if not isinstance(part, str | os.PathLike) or _names_image(part):
            found.append(part)
            continue
        folder = Path(part).expanduser()
        files = find_images(folder, wanted)
        if not files:
            raise InputError(
                f"{folder} is a folder without images: only such of images are named beside others"
            )
        if below := next((file for file in files if "/" in file), None):
            raise InputError(
                f"{folder} has images in sub-folders, such as {clean_name(below)}, which are its labels: name it alone"
            )
        found += [os.path.join(folder, file) for file in files]
    return found


def _names_image(path: str | os.PathLike[str]) -> bool:
    return os.path.splitext(os.fspath(path))[1].lower() in SUFFIXES
