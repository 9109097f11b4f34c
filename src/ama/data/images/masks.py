"""Masks of the defects in images: files beside the images in the layouts of MVTec AD and MVTec LOCO."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jaxtyping import Bool
from PIL import Image

from ama.data.images.image_opening import SUFFIXES, SUFFIXES_OF, decoder_warnings, opened, unreadable
from ama.data.samples import count
from ama.errors import InputError
from ama.io.sample_paths import sample_path

MASK_SUFFIXES = (".png", ".bmp", ".tif", ".tiff", ".gif")  # without loss: JPEG would blur a mask
# Without what is no defect: transparency, and the place of a colour in a palette.
PLAIN = {"RGBA": "RGB", "LA": "L", "P": "RGB", "PA": "RGB", "La": "L", "RGBa": "RGB"}


class Masks:
    """Masks of the samples of a source, read one by one.

    That of the sample DEFECT/STEM.jpg is DEFECT/STEM_mask.png or DEFECT/STEM.png (MVTec AD), or all images in the
    folder DEFECT/STEM together (MVTec LOCO), relative to the folder of masks. Every value but 0 is a defect.

    Parameters
    ----------
    folder
        The folder of masks.
    size
        (height, width) to which masks are resized: each pixel takes the value of the nearest.

    Attributes
    ----------
    missing, misshapen : str
        The first sample that has no mask, or one of another aspect ratio; "" if there is none.
    lossy : str
        A sentence on the first mask in JPEG, which is not read; "" if there is none.
    n_missing, n_misshapen, n_empty, n_full, n_resized : int
        Samples without a mask, or with one of another aspect ratio; masks without a pixel of a defect, or without a
        normal one, at the size used; and masks that had another size.

    Raises
    ------
    InputError
        If there is no such folder.
    """

    def __init__(self, folder: Path, size: tuple[int, int]):
        if not folder.is_dir():
            raise InputError(
                f"there is no folder {folder}, expected masks such as {folder}/DEFECT/STEM_mask.png"
            )
        self.folder, self.size = folder, size
        self.missing = self.misshapen = self.lossy = ""
        self.n_missing = self.n_misshapen = self.n_empty = self.n_full = self.n_resized = 0

    def of(self, sample_id: str, size: tuple[int, int] | None = None) -> Bool[np.ndarray, "h w"] | None:
        """The mask of a sample, True where it has a defect; None if there is none.

        Parameters
        ----------
        sample_id
            Names the mask.
        size
            Height and width of the image, upright; None if that is unknown.

        Raises
        ------
        InputError
            If it cannot be read.
        """
        files = self._files(sample_id)
        if not files:
            self.missing = self.missing or sample_id
            self.n_missing += 1
            self.lossy = self.lossy or self._lossy(sample_id)
            return None
        parts = [self._read(file) for file in files]
        if size is not None and not all(_same_shape(part.shape, size) for part in parts):
            self.misshapen = self.misshapen or sample_id
            self.n_misshapen += 1
        self.n_resized += any(part.shape != self.size for part in parts)
        mask = np.logical_or.reduce([self._resized(part) for part in parts])
        self.n_empty += not mask.any()
        self.n_full += bool(mask.all())
        return mask

    def remarks(self) -> Iterator[str]:
        """Sentences on what was left out, changed or assumed so far."""
        if self.n_resized:
            height, width = self.size
            masks = count(self.n_resized, "mask")
            yield f"{self.folder}: {masks} resized to {height} x {width} pixels, as the model reads the images"
        if self.n_misshapen:
            masks = "mask has" if self.n_misshapen == 1 else "masks have"
            yield (
                f"{self.folder}: {self.n_misshapen} {masks} another aspect ratio than the image, such as that of "
                f"{self.misshapen}, and may be turned or cropped"
            )
        if self.n_missing:
            have = "anomaly has" if self.n_missing == 1 else "anomalies have"
            yield (
                f"{self.n_missing} {have} no mask in {self.folder}, such as {self.missing}: left out of the metrics of "
                "pixels"
            )
        if self.lossy:
            yield self.lossy
        if self.n_empty:
            yield f"{self.folder}: {count(self.n_empty, 'mask')} of anomalies without a pixel of a defect at this size"
        if self.n_full:
            are = "mask of anomalies is a defect" if self.n_full == 1 else "masks of anomalies are defects"
            yield f"{self.folder}: {self.n_full} {are} throughout, as no pixel is 0 (black)"

    def _lossy(self, sample_id: str) -> str:
        if not (files := self._files(sample_id, SUFFIXES_OF["JPEG"])):
            return ""
        return f"the mask {files[0]} is not read, expected one without loss, such as .png: JPEG blurs it"

    def _files(self, sample_id: str, suffixes: tuple[str, ...] = MASK_SUFFIXES) -> list[Path]:
        place = self.folder / sample_path(sample_id)
        stem = place.name[: -len(place.suffix)] if place.suffix.lower() in SUFFIXES else place.name
        for name in (f"{stem}_mask", stem):
            for suffix in suffixes:
                if (file := place.with_name(name + suffix)).is_file():
                    return [file]
        several = place.with_name(stem)
        if not several.is_dir():
            return []
        return sorted(file for file in several.iterdir() if file.suffix.lower() in suffixes)

    def _read(self, file: Path) -> Bool[np.ndarray, "i j"]:
        try:
            with decoder_warnings(), opened(str(file)) as image:
                if (pages := getattr(image, "n_frames", 1)) > 1:
                    raise InputError(f"the mask {file} has {pages} pages, expected one")
                plain = image.convert(PLAIN[image.mode]) if image.mode in PLAIN else image
                values = np.asarray(plain) != 0
        except InputError:
            raise
        except Exception as error:  # Pillow may raise almost anything on a damaged file
            raise InputError(f"the mask {unreadable(str(file), error)}") from error
        return values if values.ndim == 2 else values.any(2)

    def _resized(self, mask: Bool[np.ndarray, "i j"]) -> Bool[np.ndarray, "h w"]:
        height, width = self.size
        if mask.shape == self.size:
            return mask
        picture = Image.fromarray(mask.astype(np.uint8))
        return np.asarray(picture.resize((width, height), Image.Resampling.NEAREST)) != 0


def _same_shape(size: tuple[int, ...], other: tuple[int, int]) -> bool:
    """Whether two sizes have one aspect ratio, as far as whole pixels can have it."""
    (height, width), (other_height, other_width) = size, other
    return abs(height * other_width - width * other_height) <= max(*size, *other)
