"""Anomaly maps as 16-bit grey PNG files of the size of the images, one a sample, all on one scale."""

from __future__ import annotations

import contextlib
import errno
from io import BytesIO
from pathlib import Path

import numpy as np
from jaxtyping import Float
from PIL import Image, PngImagePlugin

from ama.io.model_folder import sync
from ama.io.sample_paths import sample_path
from ama.io.whole_files import TEMPORARY, check_folder, link_target, naming

LEVELS = 2**16 - 1
SUFFIX = ".png"


class MapScale:
    """The scale of 16-bit grey pictures of maps; each names it in its text fields.

    Parameters
    ----------
    top
        Value of the highest grey level, 65,535; higher values have it, too.
    threshold
        Of the map.

    Attributes
    ----------
    unit : float
        Map units a grey level.
    """

    def __init__(self, top: float, threshold: float):
        self.unit = top / LEVELS
        self._text = PngImagePlugin.PngInfo()
        self._text.add_text("units_per_grey_level", f"{self.unit!r}")
        self._text.add_text("map_threshold", f"{threshold!r}")

    def save(
        self, file: Path | BytesIO, heat: Float[np.ndarray, "h w"], size: tuple[int, int] | None = None
    ) -> bool:
        """Write a map as PNG; parameters as of :meth:`MapFolder.write`. Returns whether a value exceeds the scale."""
        levels = np.round(heat / self.unit)
        picture = Image.fromarray(np.clip(levels, 0, LEVELS).astype(np.uint16))
        if size is not None and heat.shape != size:
            picture = picture.resize(size[::-1], Image.Resampling.NEAREST)
        picture.save(file, "PNG", pnginfo=self._text)
        return bool(levels.max() > LEVELS)


class MapFolder:
    """A new or empty folder that is filled with maps, each file whole.

    A file has the id of its sample with ".png" added, such as "hole/000.jpg.png"; the second sample of an id has
    "~2" before that. Each names its scale in the PNG's text fields ``units_per_grey_level`` and ``map_threshold``.

    Parameters
    ----------
    folder
        Where; it is created with the first map.
    top
        Value of the highest grey level, 65,535; higher values have it, too.
    threshold
        Of the map.

    Attributes
    ----------
    unit : float
        Map units a grey level.
    n_files, n_cut : int
        Files written, and those with values above ``top``.
    repeated : dict
        How many samples share the name of a file.

    Raises
    ------
    InputError
        If the folder cannot be written to, or holds something.
    """

    def __init__(self, folder: Path, top: float, threshold: float):
        with naming(folder):
            target = link_target(folder)
            self._is_new = not target.exists()
            if not self._is_new:
                _check_empty(target)
            check_folder(target.parent if self._is_new else target)
        self.folder, self.scale = folder, MapScale(top, threshold)
        self.unit = self.scale.unit
        self.n_files = self.n_cut = 0
        self.repeated: dict[Path, int] = {}

    def write(
        self, sample_id: str, heat: Float[np.ndarray, "h w"], size: tuple[int, int] | None = None
    ) -> Path:
        """Write the map of a sample; returns the file.

        Parameters
        ----------
        sample_id
            Names the file.
        heat
            The map.
        size
            Height and width of the file, those of the image: each pixel takes the value of the nearest of the map.
            Smooth steps would make files ten times as large and say no more. By default those of the map.

        Raises
        ------
        InputError
            If it cannot be written.
        """
        if not self.n_files:
            self._take()
        path = self.folder / sample_path(sample_id)
        path = path.with_name(path.name + SUFFIX)
        with naming(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists():
                path = self._numbered(path)
            temporary = path.with_name(f"{TEMPORARY}map")
            try:
                self.n_cut += self.scale.save(temporary, heat, size)
                sync(temporary)
                temporary.replace(path)
            finally:
                with contextlib.suppress(OSError):
                    temporary.unlink(missing_ok=True)
        self.n_files += 1
        return path

    def _take(self) -> None:
        """Begin to fill the folder, unless another run has done so since it was found to be free."""
        with naming(self.folder):
            try:
                if self._is_new:
                    self.folder.mkdir()
                    self._is_new = False
            except FileExistsError as error:
                raise OSError(
                    errno.EEXIST, "another run has made it meanwhile; name another folder"
                ) from error
            _check_empty(self.folder)

    def _numbered(self, path: Path) -> Path:
        """A free name for the map of a sample whose name another one has."""
        found = path
        while found.exists():
            self.repeated[path] = self.repeated.get(path, 1) + 1
            found = path.with_name(f"{path.name.removesuffix(SUFFIX)}~{self.repeated[path]}{SUFFIX}")
        return found


def _check_empty(folder: Path) -> None:
    if not folder.is_dir():
        raise OSError(errno.ENOTDIR, "it is not a folder")
    if any(path.name[0] != "." for path in folder.iterdir()):
        raise OSError(errno.ENOTEMPTY, "it is not empty, expected a new or an empty folder for maps")
