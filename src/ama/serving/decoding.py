"""From the body of a request to samples, as the model takes them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from ama.data.images.encoded_images import Encoded, EncodedImages, Frame
from ama.data.images.image_folders import EncodedImage
from ama.data.images.image_opening import SUFFIXES_OF, WITHOUT_SIGNATURE, Unreadable, unreadable
from ama.data.samples import Samples, Wanted
from ama.data.skipped_samples import none_readable
from ama.data.tables.arrow import ArrowTable, image_column
from ama.data.tables.image_columns import ImageColumn
from ama.data.tables.number_groups import with_number_groups
from ama.data.tables.table_rows import TableRows
from ama.data.tables.table_sources import plain_table
from ama.detectors.base import Detector
from ama.errors import InputError
from ama.serving.bodies import check_charset, files_of_form, media_type
from ama.serving.limits import Limits
from ama.serving.refusals import RefusedError
from ama.serving.request_tables import NAME, arrow_table, json_table

ARROW = "application/vnd.apache.arrow.stream"
FORM = "multipart/form-data"
ONE_IMAGE = "image"  # the name of an image that comes without one
KNOWN_BY_SUFFIX = frozenset(suffix for name in WITHOUT_SIGNATURE for suffix in SUFFIXES_OF[name])
NOWHERE = Path(os.devnull)  # the folder of files that a table of a request may name


class Entry(NamedTuple):
    """A sample of a request: its id, and why it cannot be read, or None."""

    id: str
    error: str | None


class Decoded(NamedTuple):
    """What a request holds.

    Parameters
    ----------
    samples
        The samples that can be read, in order.
    entries
        All samples in order; those without an error are ``samples``.
    notes
        What was left out, changed or assumed.
    """

    samples: Samples
    entries: list[Entry]
    notes: list[str]


def decoded(body: bytes, content_type: str, detector: Detector, limits: Limits) -> Decoded:
    """The samples of a request.

    Parameters
    ----------
    body, content_type
        The request.
    detector
        For which they are read.
    limits
        Of the request.

    Raises
    ------
    InputError
        If they are not what the detector takes, none can be read, or a limit is exceeded.
    """
    wanted = _wanted(detector)
    kind = media_type(content_type)
    if not body:
        raise RefusedError("malformed", "the body is empty, expected images or rows")
    if kind == "application/json":
        check_charset(content_type)
        return _rows(_plain(json_table(body, wanted, limits), wanted), detector, limits, wanted)
    if kind == ARROW:
        table = _plain(arrow_table(body, limits), wanted)
        column = image_column(table.schema)
        if column is None or wanted.columns:
            return _rows(table, detector, limits, wanted)
        images = [_without_path(image) for image in ImageColumn(table, column, None, [NOWHERE])]
        return _images(images, detector, limits)
    if kind == FORM:
        return _images(files_of_form(body, content_type), detector, limits)
    if kind == "application/octet-stream" or kind.startswith("image/"):
        return _images([EncodedImage(ONE_IMAGE, body, None)], detector, limits)
    raise RefusedError(
        "media_type",
        f"Content-Type is {repr(kind) if kind else 'absent'}, expected image/png or another image, "
        f"application/octet-stream, {FORM}, application/json or {ARROW}",
    )


def _plain(stored: ArrowTable, wanted: Wanted) -> ArrowTable:
    return plain_table(with_number_groups(stored, wanted), wanted)


def _wanted(detector: Detector) -> Wanted:
    """What sources are opened for, as by ``Detector.open``."""
    return Wanted(
        shape=detector.shape_,
        columns=detector.columns_,
        encoding=detector.encoding_,
        dtype=detector.model_.dtype,
    )


def _rows(table: ArrowTable, detector: Detector, limits: Limits, wanted: Wanted) -> Decoded:
    source = TableRows(table, wanted)
    limits.check_samples(len(source), detector.shape_, detector.model_.dtype.itemsize)
    samples = source.read()
    # Some remarks are known once all is read.
    return Decoded(samples, [Entry(name, None) for name in samples.ids], list(dict.fromkeys(wanted.remarks)))


def _images(images: list[EncodedImage], detector: Detector, limits: Limits) -> Decoded:
    """All images as one source or, if one of them would have that refused, each as its own."""
    _wanted(detector).check_kind("images", NAME)
    with _as_files(images) as contents:
        try:
            return _read_images(contents, detector, limits, [])
        except RefusedError:
            raise
        except InputError:
            return _one_by_one(contents, detector, limits)


def _read_images(
    images: list[EncodedImage], detector: Detector, limits: Limits, skipped: list[str]
) -> Decoded:
    wanted = _wanted(detector)
    source = _Images(_Listed(images), wanted, skipped)
    limits.check_pixels(source.name, *source.largest)
    limits.check_samples(len(source), source.shape, source.dtype.itemsize)
    samples = _joined(list(source.batches()))
    return Decoded(samples, source.entries, list(dict.fromkeys(wanted.remarks)))


def _one_by_one(images: list[EncodedImage], detector: Detector, limits: Limits) -> Decoded:
    parts, entries, notes = list[Samples](), list[Entry](), list[str]()
    for image in images:
        skipped = list[str]()
        try:
            found = _read_images([image], detector, limits, skipped)
        except InputError as error:
            entries += [Entry(image.id, sentence) for sentence in skipped or [str(error)]]
        else:
            parts.append(found.samples)
            entries += found.entries
            notes += found.notes
    if not parts:
        raise InputError(none_readable(NAME, [entry.error or "" for entry in entries]))
    return Decoded(_joined(parts), entries, list(dict.fromkeys(notes)))


class _Images(EncodedImages):
    """Images of a request; ``entries`` holds a line for each frame, ``skipped`` why any cannot be read."""

    def __init__(self, encoded: Encoded, wanted: Wanted, skipped: list[str]):
        self.entries, self.skipped = list[Entry](), skipped
        super().__init__(encoded, wanted)

    def _decoded(self) -> Iterator[tuple[int, str, str | None, Any, Frame]]:
        for position, name, label, group, frame in super()._decoded():
            error = unreadable(name, frame) if isinstance(frame, Exception) else None
            self.entries.append(Entry(name, error))
            yield position, name, label, group, frame

    def _skipped(self, sentence: str) -> str:
        self.skipped.append(super()._skipped(sentence))
        return self.skipped[-1]


class _Listed:
    def __init__(self, images: list[EncodedImage]):
        self.name = images[0].id if len(images) == 1 else NAME
        self.images = images
        self.read_at_once = 1

    def __len__(self) -> int:
        return len(self.images)

    def __iter__(self) -> Iterator[EncodedImage]:
        return iter(self.images)

    def part(self, start: int, stop: int) -> _Listed:
        return _Listed(self.images[start:stop])


def _joined(parts: list[Samples]) -> Samples:
    if len(parts) == 1:
        return parts[0]
    return Samples(
        torch.cat([part.x for part in parts]),
        [name for part in parts for name in part.ids],
        None,
        None,
        [],
        sizes=np.concatenate([part.sizes for part in parts if part.sizes is not None]),
    )


def _without_path(image: EncodedImage) -> EncodedImage:
    """A table of a request names no file of this machine."""
    if isinstance(image.content, str):
        return image._replace(content=Unreadable("it has no bytes, and a request can name no file"))
    return image


@contextmanager
def _as_files(images: list[EncodedImage]) -> Iterator[list[EncodedImage]]:
    """The images, those that are known by their suffix alone as files."""
    suffixes = [os.path.splitext(image.id)[1].lower() for image in images]
    if KNOWN_BY_SUFFIX.isdisjoint(suffixes):
        yield images
        return
    with tempfile.TemporaryDirectory() as folder:
        found = []
        for i, (image, suffix) in enumerate(zip(images, suffixes, strict=True)):
            if suffix in KNOWN_BY_SUFFIX and isinstance(image.content, bytes):
                path = Path(folder) / f"{i}{suffix}"
                path.write_bytes(image.content)
                image = image._replace(content=str(path))
            found.append(image)
        yield found
