"""Sources of encoded images: a folder, or a column of a table.

A source has 1 channel if all its images are greyscale, else 3. Depth and size follow
:mod:`ama.data.image_format`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Shaped
from torch import Tensor

from ama.data.arrow import ArrowTable, encoded_images
from ama.data.image_decoding import Content, Header, decode, decoder_warnings, read_header, unreadable
from ama.data.image_format import as_depth, choose_size
from ama.data.samples import Samples, Source, Wanted, as_labels, none_readable
from ama.errors import InputError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".gif", ".webp")


class EncodedChunk(NamedTuple):
    """Some images before decoding."""

    ids: list[str]
    contents: list[Content]
    labels: np.ndarray | None


class ImageFiles:
    """Image files in a folder, ordered by path; the first sub-folder is the label.

    Parameters
    ----------
    folder
        The folder.
    files
        Paths relative to it, with "/" between the parts.
    """

    def __init__(self, folder: Path, files: list[str]):
        self.name, self.folder, self.files = str(folder), folder, files
        nested = any("/" in file for file in files)
        self.labels = as_labels(f.split("/")[0] if "/" in f else "" for f in files) if nested else None

    def __len__(self) -> int:
        return len(self.files)

    def chunks(self, size: int) -> Iterator[EncodedChunk]:
        for start in range(0, len(self), size):
            part = slice(start, start + size)
            yield EncodedChunk(
                # A table of scores holds UTF-8 only.
                [os.fsencode(file).decode(errors="replace") for file in self.files[part]],
                [str(self.folder / file) for file in self.files[part]],
                None if self.labels is None else self.labels[part],
            )


class ImageColumn:
    """Images in a column of a table.

    Parameters
    ----------
    table
        The table.
    column
        Column of encoded images.
    label_column
        Column of labels; None for the default.
    """

    def __init__(self, table: ArrowTable, column: str, label_column: str | None):
        self.name, self.table, self.column = table.name, table, column
        self.label = table.label_column(label_column)

    def __len__(self) -> int:
        return self.table.n_rows

    def chunks(self, size: int) -> Iterator[EncodedChunk]:
        row = 0
        for batch in self.table.batches([self.column] + ([self.label] if self.label else []), size):
            contents, paths = encoded_images(batch.column(self.column))
            ids = [str(row + i) if path is None else path for i, path in enumerate(paths)]
            yield EncodedChunk(ids, contents, self.table.labels(batch, self.label))
            row += len(batch)


class EncodedImages(Source):
    """A source of encoded images; opening it reads every header, to know channels, depth and size.

    Parameters
    ----------
    encoded
        The images before decoding.
    wanted
        The keywords of ``open_source``.

    Raises
    ------
    InputError
        If no image can be identified, or the images are too small or do not match the model.
    """

    def __init__(self, encoded: ImageFiles | ImageColumn, wanted: Wanted):
        wanted.check_kind("images", encoded.name)
        self.encoded, self.name, self.wanted = encoded, encoded.name, wanted
        channels, deep, sizes, example = 1, False, set[tuple[int, int]](), ""
        first_skipped: list[str] = []
        for chunk in encoded.chunks(256):
            headers, skipped = _read_headers(chunk)
            self._refuse_unreadable(skipped)
            first_skipped += skipped[:1]
            for name, header in headers:
                example = example or name
                channels, deep = max(channels, header.channels), deep or header.deep
                if len(sizes) < 2:
                    sizes.add((header.height, header.width))
        if not sizes:
            raise InputError(none_readable(encoded.name, first_skipped))
        if wanted.shape is not None:
            channels = wanted.shape[0]
            if channels not in (1, 3):
                raise InputError(f"the images of {encoded.name} have 1 or 3 channels, expected {channels}")
        size = choose_size(sizes, wanted, f"{encoded.name}/{example}")
        dtype = wanted.dtype or (torch.float32 if deep else torch.uint8)
        super().__init__(encoded.name, (channels, *size), dtype)
        self._deep = deep

    def __len__(self) -> int:
        return len(self.encoded)

    def _chunks(self, batch_size: int) -> Iterator[Samples]:
        for chunk in self.encoded.chunks(batch_size):
            x, kept, skipped = _decode(chunk, self.shape, self._deep, self.name)
            self._refuse_unreadable(skipped)
            yield Samples(
                as_depth(x, self.dtype),
                [chunk.ids[i] for i in kept],
                None if chunk.labels is None else chunk.labels[kept],
                None,
                skipped,
            )

    def _refuse_unreadable(self, skipped: list[str]) -> None:
        if skipped and self.wanted.refuses_unreadable:
            raise InputError(f"in {self.name}, {skipped[0]}")


def find_images(folder: Path) -> list[str]:
    """Image files below a folder, as sorted relative paths; hidden files and folders are left out."""
    found = []
    # Links are followed, as classes are often assembled from them; a link to a parent would never end.
    for place, folders, files in os.walk(folder, onerror=_raise, followlinks=True):
        here = Path(place).resolve()
        folders[:] = [f for f in folders if f[0] != "." and (here / f).resolve() not in (here, *here.parents)]
        relative = Path(place).relative_to(folder)
        found += [(relative / f).as_posix() for f in files if f[0] != "." and f.lower().endswith(SUFFIXES)]
    return sorted(found)


def _raise(error: OSError) -> None:
    raise error


def _read_headers(chunk: EncodedChunk) -> tuple[list[tuple[str, Header]], list[str]]:
    """Headers of the readable images with their ids, and a sentence for each of the others."""
    headers, skipped = [], []
    with decoder_warnings():
        for name, content in zip(chunk.ids, chunk.contents, strict=True):
            try:
                headers.append((name, read_header(content)))
            except Exception as error:  # Pillow may raise almost anything on a damaged file
                skipped.append(unreadable(name, content, error))
    return headers, skipped


def _decode(
    chunk: EncodedChunk, shape: tuple[int, ...], deep: bool, source: str
) -> tuple[Shaped[Tensor, "n c h w"], list[int], list[str]]:
    """The readable images, their positions in the chunk, and a sentence for each of the others."""
    channels, height, width = shape
    x = np.empty((len(chunk.ids), height, width, channels), dtype=np.float32 if deep else np.uint8)
    kept: list[int] = []
    skipped = []
    with decoder_warnings():
        for i, (name, content) in enumerate(zip(chunk.ids, chunk.contents, strict=True)):
            try:
                x[len(kept)] = decode(content, shape, deep)
                kept.append(i)
            except InputError as error:
                raise InputError(f"in {source}, {name} {error}") from error
            except Exception as error:  # Pillow may raise almost anything on a damaged file
                skipped.append(unreadable(name, content, error))
    return torch.from_numpy(x[: len(kept)]).permute(0, 3, 1, 2).contiguous(), kept, skipped
