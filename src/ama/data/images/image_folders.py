"""Image files: those below a folder, found without following a link twice or opening anything, and those in a list."""

from __future__ import annotations

import copy
import heapq
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import pyarrow.fs as pafs
from PIL import Image
from torch import Tensor

from ama.data.images.array_pictures import picture
from ama.data.images.image_opening import SUFFIXES, Content
from ama.data.images.inspection_folders import MASK_FOLDER, MASK_STEM, check_one_set
from ama.data.names import clean_name
from ama.data.remote_files import RemoteFile
from ama.data.samples import Wanted, count
from ama.errors import InputError

# Folders within folders; deeper ones come from a mistake, and their paths are too long to open.
MAX_DEPTH = 100


class EncodedImage(NamedTuple):
    """An image before decoding; its frames become samples."""

    id: str
    content: Content
    label: str | None
    group: Any = None  # in the column that makes the groups
    folder: str | RemoteFile | None = None  # where it was found; None if it is no file of a folder


class ImageFiles:
    """Image files in a folder, ordered by path; the first sub-folder is the label.

    Parameters
    ----------
    folder
        The folder.
    files
        Paths relative to it, with "/" between the parts.
    name
        Name used in messages, by default that of the folder.
    """

    read_at_once = 1

    def __init__(self, folder: Path | RemoteFile, files: list[str], name: str | None = None):
        self.name, self.folder, self.files = clean_name(name or str(folder)), str(folder), files
        self.labelled = any("/" in file for file in files)

    def __len__(self) -> int:
        return len(self.files)

    def part(self, start: int, stop: int) -> ImageFiles:
        """See :class:`ama.data.images.encoded_images.Encoded`."""
        part = copy.copy(self)
        part.files = self.files[start:stop]
        return part

    def __iter__(self) -> Iterator[EncodedImage]:
        for file, content in zip(self.files, self._contents(), strict=True):
            first, *rest = file.split("/", 1)
            label = clean_name(first) if rest else ""
            folder = self._folder_of(file)
            yield EncodedImage(clean_name(file), content, label if self.labelled else None, folder=folder)

    def _folder_of(self, file: str) -> str | RemoteFile | None:
        return os.path.dirname(os.path.join(self.folder, file))

    def _contents(self) -> Iterator[Content]:
        return (os.path.join(self.folder, file) for file in self.files)


class ImageList:
    """Images that are given one by one.

    Parameters
    ----------
    images
        Paths of files, or images in memory: of Pillow, or arrays and tensors.
    """

    name = "the list"
    read_at_once = 1

    def __init__(self, images: Sequence[str | os.PathLike[str] | Image.Image | np.ndarray | Tensor]):
        self.images = images

    def __len__(self) -> int:
        return len(self.images)

    def part(self, start: int, stop: int) -> ImageList:
        """See :class:`ama.data.images.encoded_images.Encoded`."""
        return ImageList(self.images[start:stop])

    def __iter__(self) -> Iterator[EncodedImage]:
        for i, image in enumerate(self.images):
            if isinstance(image, Image.Image):
                yield EncodedImage(str(i), image, None)
            elif isinstance(image, np.ndarray | Tensor):
                yield EncodedImage(str(i), picture(image, i), None)
            else:
                path = os.path.expanduser(os.fspath(image))
                yield EncodedImage(clean_name(os.fspath(image)), path, None)


@dataclass
class _Found:
    """What a folder holds, as relative paths."""

    images: list[str] = field(default_factory=list)
    masks: list[str] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)  # by suffix
    irregular: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    too_deep: list[str] = field(default_factory=list)


def is_gone(folder: str | RemoteFile) -> bool:
    """Whether a folder that held images is gone, or is empty, as is where a disk was mounted."""
    try:
        if isinstance(folder, RemoteFile):
            return folder.info().type == pafs.FileType.NotFound
        with os.scandir(folder or os.curdir) as entries:
            return next(entries, None) is None
    except Exception:  # each file system has its own
        return True


def find_images(folder: Path, wanted: Wanted | None = None) -> list[str]:
    """Image files below a folder, by their suffix, as sorted relative paths; hidden files and folders are left out.

    Links are followed, as classes are often assembled from them, but no folder is visited twice.

    Parameters
    ----------
    folder
        The folder.
    wanted
        Gets a remark on everything else that is left out, if there are images.

    Raises
    ------
    InputError
        If a folder cannot be listed, or holds several data sets in MVTec's layout; with ``strict``, also if
        something is left out.
    """
    return _samples(_walk(str(folder)), clean_name(str(folder)), wanted)


def images_among(files: Sequence[str], name: str, wanted: Wanted) -> list[str]:
    """The image files of a folder, by their suffix, of all that it holds; the others become a remark.

    Parameters
    ----------
    files
        Paths relative to the folder.
    name
        The folder, for messages.
    wanted
        Gets the remark, if there are images.

    Raises
    ------
    InputError
        As of :func:`find_images`.
    """
    found = _Found()
    for file in files:
        _add_file(found, file, "file")
    return _samples(found, name, wanted)


def _samples(found: _Found, name: str, wanted: Wanted | None) -> list[str]:
    check_one_set(found.images, name)
    _set_masks_aside(found)
    if found.images and wanted is not None:
        _remark(found, name, wanted)
    return sorted(found.images)


def _walk(root: str) -> _Found:
    found = _Found()
    seen: set[tuple[int, int]] = set()
    folders, links = [("", 0)], list[tuple[str, int]]()
    while folders or links:
        # Folders before links, so that each is known by its own name.
        relative, depth = folders.pop() if folders else heapq.heappop(links)
        place = os.path.join(root, relative)
        try:
            status = os.stat(place)
            if (status.st_dev, status.st_ino) in seen:
                found.repeated.append(relative)
                continue
            seen.add((status.st_dev, status.st_ino))
            with os.scandir(place) as entries:
                for entry in entries:
                    if entry.name[0] == ".":
                        continue
                    name = f"{relative}/{entry.name}" if relative else entry.name
                    if (kind := _kind(entry)) != "folder":
                        _add_file(found, name, kind)
                    elif depth == MAX_DEPTH:
                        found.too_deep.append(name)
                    elif entry.is_symlink():
                        heapq.heappush(links, (name, depth + 1))
                    else:
                        folders.append((name, depth + 1))
        except OSError as error:
            raise InputError(f"{clean_name(place)} cannot be read: {error.strerror}") from error
    return found


def _kind(entry: os.DirEntry[str]) -> Literal["folder", "file", "other"]:
    try:
        if entry.is_dir():
            return "folder"
        # A link to nowhere is a file that cannot be read.
        return "file" if entry.is_file() or not os.path.exists(entry.path) else "other"
    except OSError:  # links in a circle
        return "file"


def _add_file(found: _Found, name: str, kind: Literal["file", "other"]) -> None:
    suffix = os.path.splitext(name)[1].lower()
    if suffix not in SUFFIXES:
        found.others[suffix] += 1
    else:
        (found.images if kind == "file" else found.irregular).append(name)


def _set_masks_aside(found: _Found) -> None:
    """Where masks of defects lie among images, they are no samples."""
    masks = {image for image in found.images if MASK_FOLDER.search(image)}
    if beside := {image: stem[1] for image in found.images if (stem := MASK_STEM.fullmatch(image))}:
        stems = {os.path.splitext(image)[0] for image in found.images}
        masks |= {image for image, stem in beside.items() if stem in stems}
    if len(masks) < len(found.images):
        found.masks = sorted(masks)
        found.images = [image for image in found.images if image not in masks]


def _remark(found: _Found, name: str, wanted: Wanted) -> None:
    if found.others:
        most = sorted(found.others.items(), key=lambda item: (-item[1], not item[0], item[0]))[:8]
        kinds = [f"{n} {clean_name(suffix) or 'without suffix'}" for suffix, n in most]
        more = ", ..." if len(found.others) > 8 else ""
        files = count(found.others.total(), "file")
        wanted.remark(
            f"{name}: left out {files} whose suffix is not that of an image: {', '.join(kinds)}{more}"
        )
    for left_out, reason in (
        (found.masks, "a mask of a defect"),
        (found.irregular, "which is a pipe, socket or device"),
        (found.repeated, "a link to a folder that is read already"),
        (found.too_deep, f"a folder within more than {MAX_DEPTH} others"),
    ):
        if left_out:
            more = f" and {len(left_out) - 1} more like it" if len(left_out) > 1 else ""
            wanted.remark(f"{name}: left out {clean_name(min(left_out))}, {reason}{more}")
