"""What the images of a source have in common, and what is said of those that differ."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import torch

from ama.data.images.image_folders import EncodedImage
from ama.data.images.image_format import extremes, remark_size
from ama.data.images.image_headers import Header, read_header
from ama.data.images.image_opening import decoder_warnings, unreadable
from ama.data.samples import Wanted, count

COUNTS = (
    "n",
    "n_grey",
    "n_deep",
    "n_rounded",
    "n_transparent",
    "n_several",
    "n_frames_of_several",
    "n_accompanied",
)


@dataclass
class Survey:
    """Counts over the headers of a source.

    Parameters
    ----------
    name
        The source, for messages.
    """

    name: str
    n: int = 0  # encoded images; the other counts are of these, too
    n_grey: int = 0
    n_deep: int = 0
    n_rounded: int = 0
    n_transparent: int = 0
    n_several: int = 0
    n_frames_of_several: int = 0
    n_accompanied: int = 0
    example: str = ""
    # The smallest and largest, the widest and tallest.
    sizes: set[tuple[int, int]] = field(default_factory=set)
    # Positions of the images with other frames than the first alone, and those frames.
    frames: dict[int, tuple[int, ...]] = field(default_factory=dict)
    unreadable: str = ""  # a sentence on the first image without a header that can be read

    def add(self, name: str, header: Header) -> None:
        """Count one more header; ``name`` is that of the image."""
        self.example = self.example or name
        self.sizes = extremes(self.sizes | header.sizes)
        self.n += 1
        self.n_grey += header.channels == 1
        self.n_deep += header.deep
        self.n_rounded += header.rounded
        self.n_transparent += header.transparent
        self.n_accompanied += header.companions
        if len(header.frames) > 1:
            self.n_several += 1
            self.n_frames_of_several += len(header.frames)

    def read(self, images: Iterable[EncodedImage], all_needed: bool = False) -> Survey:
        """Read the headers of images; ``all_needed`` is whether to stop at the first that cannot be read."""
        for position, image in enumerate(images):
            try:
                with decoder_warnings():
                    header = read_header(image.content)
            except Exception as error:  # Pillow may raise almost anything on a damaged file
                self.unreadable = self.unreadable or unreadable(image.id, error)
                if all_needed:
                    break
                continue
            self.add(image.id, header)
            if header.frames != (0,):
                self.frames[position] = header.frames
        return self

    def join(self, other: Survey, start: int) -> None:
        """Add the survey of later images, of which the first is at position ``start``."""
        for name in COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.example, self.unreadable = self.example or other.example, self.unreadable or other.unreadable
        self.sizes = extremes(self.sizes | other.sizes) if self.n else set()
        self.frames |= {start + position: frames for position, frames in other.frames.items()}

    @property
    def channels(self) -> int:
        """1 if all images are grey, else 3."""
        return 1 if self.n_grey == self.n else 3

    def remark(self, shape: tuple[int, ...], dtype: torch.dtype, wanted: Wanted) -> None:
        """Say what reading the images as ``shape`` (c, h, w) and ``dtype`` leaves out, changes or assumes."""
        at_fit = wanted.shape is None
        if self.n_several:
            files = (
                f"{count(self.n_several, 'file')} {'have' if self.n_several > 1 else 'has'} several frames"
            )
            wanted.remark(f"{self.name}: {files}, {self.n_frames_of_several} in all; each is a sample")
        if self.n_accompanied:
            files = count(self.n_accompanied, "MPO file")
            wanted.remark(f"{self.name}: left out all pictures but the first of {files}")
        if self.n_transparent:
            wanted.remark(f"{self.name}: left out the transparency of {self._images(self.n_transparent)}")
        if shape[0] == 1 and self.n_grey < self.n:
            wanted.remark(f"{self.name}: {self._images(self.n - self.n_grey)} in colour made grey")
        if shape[0] == 3 and self.n_grey:
            wanted.remark(f"{self.name}: {self._images(self.n_grey)} in grey taken as colour", refused=at_fit)
        if self.n_rounded or (self.n_deep and dtype == torch.uint8):
            n = self.n_rounded + (self.n_deep if dtype == torch.uint8 else 0)
            wanted.remark(f"{self.name}: {self._images(n)} of more than 8 bits a channel rounded to 8 bits")
        n_shallow = self.n - self.n_deep - self.n_rounded
        if dtype == torch.float32 and n_shallow and (self.n_deep or not at_fit):
            wanted.remark(
                f"{self.name}: {self._images(n_shallow)} of 8 bits a channel among deeper ones",
                refused=at_fit,
            )
        remark_size(self.sizes, (shape[1], shape[2]), self.name, wanted)

    def _images(self, n: int) -> str:
        return f"{n} of {count(self.n, 'image')}"
