"""Sources of encoded images: a folder, a column of a table, or a list.

A source has 1 channel if all its images are greyscale, else 3. Depth and size follow
:mod:`ama.data.images.image_format`.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from itertools import islice
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Int, Shaped

from ama.data.divisible import BYTES_OF_A_BATCH
from ama.data.images.image_axes import remark_unneeded
from ama.data.images.image_decoding import Decoded, decode
from ama.data.images.image_folders import EncodedImage, is_gone
from ama.data.images.image_format import as_depth, choose_size
from ama.data.images.image_opening import decoder_warnings, unreadable
from ama.data.images.image_survey import Survey
from ama.data.images.photo_times import photo_time
from ama.data.labels import as_labels, as_objects
from ama.data.samples import Samples, Source, Wanted
from ama.data.skipped_samples import none_readable
from ama.errors import InputError
from ama.utils.processors import usable_processors
from ama.utils.progress import advance

# Decoding of photographs: threads at most, as each takes the memory of a whole one, and how many images ahead of each.
MAX_THREADS, AHEAD = 4, 4
PHOTOGRAPH = 256 * 256  # pixels above which a thread is worth its start

Frame = Decoded | Exception


@runtime_checkable
class Encoded(Protocol):
    """Images before decoding, in order, as often as they are asked for.

    Attributes
    ----------
    read_at_once
        Images of which none can be read without those before.
    """

    name: str

    @property
    def read_at_once(self) -> int: ...

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[EncodedImage]: ...

    def part(self, start: int, stop: int) -> Encoded:
        """Those from ``start`` to ``stop``, which is not included; it can be pickled."""


class EncodedImages(Source):
    """A source of encoded images; opening it reads every header, to know frames, channels, depth and size.

    Parameters
    ----------
    encoded
        The images before decoding.
    wanted
        The keywords of ``open_source``.

    Attributes
    ----------
    largest : (int, int)
        Height and width of the image of most pixels, by the headers.

    Raises
    ------
    InputError
        If no image can be identified, or the images are too small or do not match the model.
    """

    def __init__(self, encoded: Encoded, wanted: Wanted):
        wanted.check_kind("images", encoded.name)
        remark_unneeded(encoded.name, "encoded images tell their channels", wanted)
        self.encoded, self.name, self.wanted = encoded, encoded.name, wanted
        all_needed = wanted.strict or wanted.complete
        read = wanted.surveying or (lambda images: Survey(images.name).read(images, all_needed))
        survey: Survey = read(encoded)
        first_skipped = [self._skipped(survey.unreadable)] if survey.unreadable else []
        self._frames = survey.frames
        if not survey.n and wanted.surveying is None:
            raise InputError(none_readable(encoded.name, first_skipped))
        channels = survey.channels
        if wanted.shape is not None:
            channels = wanted.shape[0]
            if channels not in (1, 3):
                raise InputError(f"the images of {encoded.name} have 1 or 3 channels, expected {channels}")
        size = choose_size(survey.sizes, wanted, f"{encoded.name}/{survey.example}")
        dtype = wanted.dtype or (torch.float32 if survey.n_deep else torch.uint8)
        super().__init__(encoded.name, (channels, *size), dtype)
        self._deep = survey.n_deep > 0
        self.largest = max(survey.sizes, key=math.prod, default=(0, 0))
        large = math.prod(self.largest) > PHOTOGRAPH
        self._n_threads = min(MAX_THREADS, usable_processors()) if large else 1
        if survey.n:
            survey.remark(self.shape, dtype, wanted)

    def __len__(self) -> int:
        return len(self.encoded) + sum(len(frames) - 1 for frames in self._frames.values())

    @property
    def n_positions(self) -> int:
        return len(self.encoded)

    @property
    def read_at_once(self) -> int:
        return self.encoded.read_at_once

    def part(self, start: int, stop: int) -> EncodedImages:
        part = copy.copy(self)
        part.encoded, part.wanted = self.encoded.part(start, stop), replace(self.wanted, surveying=None)
        part._frames = {p - start: frames for p, frames in self._frames.items() if start <= p < stop}
        return part

    def _chunks(self, batch_size: int) -> Iterator[Samples]:
        channels, height, width = self.shape
        x = np.empty((min(batch_size, len(self)), height, width, channels), self._stored)
        ids, labels, skipped, groups = list[str](), list[str](), list[str](), list[Any]()
        sizes = np.empty((len(x), 2), np.int64)
        first = 0  # image of the chunk
        for position, name, label, group, frame in self._decoded():
            if position >= first + batch_size:
                # By the position, so that a part of the source that begins here has the same chunks.
                first = position
                if ids or skipped:
                    yield self._samples(x[: len(ids)], sizes[: len(ids)], ids, labels, skipped, groups)
                    ids, labels, skipped, groups = [], [], [], []
            advance()
            if isinstance(frame, Exception):
                skipped.append(self._skip(name, frame))
                continue
            x[len(ids)], sizes[len(ids)] = frame
            ids.append(name)
            labels += [] if label is None else [label]
            groups.append(group)
            if len(ids) == len(x):
                yield self._samples(x, sizes, ids, labels, skipped, groups)
                ids, labels, skipped, groups = [], [], [], []
        if ids or skipped:
            yield self._samples(x[: len(ids)], sizes[: len(ids)], ids, labels, skipped, groups)

    def _decoded(self) -> Iterator[tuple[int, str, str | None, Any, Frame]]:
        """Position, id, label and group of every frame, and the frame, or the exception that stands in their way."""
        timed = self.wanted.group_by is not None and self.wanted.group_by.timed
        for position, image, decoded in self._opened():
            group = photo_time(image.content) if timed else image.group
            frames = self._frames.get(position, (0,))
            for frame in frames:
                with decoder_warnings():
                    decoded_frame = next(decoded)
                if (
                    isinstance(decoded_frame, Exception)
                    and image.folder is not None
                    and is_gone(image.folder)
                ):
                    found = f"{self.name} can no longer be read, from {image.id} on"
                    raise InputError(f"{found}: the folder is gone or empty") from decoded_frame
                yield (
                    position,
                    image.id if len(frames) == 1 else f"{image.id}[{frame}]",
                    image.label,
                    group,
                    decoded_frame,
                )

    def _opened(self) -> Iterator[tuple[int, EncodedImage, Iterator[Frame]]]:
        """Each image with what decodes its frames; photographs of one frame are decoded in threads, some at a time."""
        places = iter(enumerate(self.encoded))
        if self._n_threads == 1:
            for position, image in places:
                yield position, image, self._decode(position, image)
            return
        with ThreadPoolExecutor(self._n_threads) as pool:
            n_ahead = max(self._n_threads, min(AHEAD * self._n_threads, BYTES_OF_A_BATCH // self._bytes))
            while some := list(islice(places, n_ahead)):
                # Around all of them: what silences warnings is not safe in threads.
                with decoder_warnings():
                    ahead = [
                        pool.submit(list, self._decode(*one)) for one in some if one[0] not in self._frames
                    ]
                    wait(ahead)
                found = iter(ahead)
                for position, image in some:
                    lazily = position in self._frames
                    yield position, image, self._decode(position, image) if lazily else _results(next(found))

    def _decode(self, position: int, image: EncodedImage) -> Iterator[Frame]:
        return decode(image.content, self._frames.get(position, (0,)), self.shape, self._deep)

    @property
    def _stored(self) -> type[np.generic]:
        return np.float32 if self._deep else np.uint8

    def _samples(
        self,
        x: Shaped[np.ndarray, "n h w c"],
        sizes: Int[np.ndarray, "n 2"],
        ids: list[str],
        labels: list[str],
        skipped: list[str],
        groups: list[Any],
    ) -> Samples:
        # Copies, as the arrays will be filled again.
        pixels = torch.from_numpy(x).permute(0, 3, 1, 2).clone(memory_format=torch.contiguous_format)
        return Samples(
            as_depth(pixels, self.dtype),
            ids,
            as_labels(labels) if labels else None,
            None,
            skipped,
            group_values=as_objects(groups) if self.wanted.group_by is not None else None,
            sizes=sizes.copy(),
        )

    def _skip(self, name: str, error: Exception) -> str:
        return self._skipped(unreadable(name, error))

    def _skipped(self, sentence: str) -> str:
        """A sentence on an unreadable image, unless that is refused."""
        if self.wanted.strict:
            raise InputError(f"in {self.name}, {sentence}")
        if self.wanted.complete:
            raise InputError(
                f"in {self.name}, {sentence}; detector.open(source).read() skips such images and names them"
            )
        return sentence


def _results(decoded: Future[list[Frame]]) -> Iterator[Frame]:
    yield from decoded.result()
