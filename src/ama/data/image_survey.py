"""What the images of a source have in common, and what is said of those that differ."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch

from ama.data.image_format import extremes, remark_size
from ama.data.image_headers import Header
from ama.data.samples import Wanted, count


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
    example: str = ""
    # The smallest and largest, the widest and tallest.
    sizes: set[tuple[int, int]] = field(default_factory=set)

    def add(self, name: str, header: Header) -> None:
        """Count one more header; ``name`` is that of the image."""
        self.example = self.example or name
        self.sizes = extremes(self.sizes | header.sizes)
        self.n += 1
        self.n_grey += header.channels == 1
        self.n_deep += header.deep
        self.n_rounded += header.rounded
        self.n_transparent += header.transparent
        if len(header.frames) > 1:
            self.n_several += 1
            self.n_frames_of_several += len(header.frames)

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
