"""Where in an image a detector sees anomalies: maps one by one, their threshold, and the regions above it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from sklearn.utils.validation import check_is_fitted

from ama.data.samples import Samples, described
from ama.decision import conformal
from ama.decision.regions import Region, find_regions, map_threshold
from ama.detectors.inputs import as_samples
from ama.errors import InputError

# Images, and pixels of several, whose maps are in memory at a time.
FEW, PIXELS = 8, 2**22
TOP = 8  # of the scale of stored maps: so many times the highest value in held-out normal images


class LocalisingMixin:
    """Regions and thresholds of the anomaly maps of images; detectors without such maps refuse them."""

    model_: Any
    kind_: Any
    shape_: Any
    encoding_: Any
    false_alarm_rate_: float

    def regions(self, X: Any) -> list[list[Region]]:
        """Where the map of each image is above :attr:`map_threshold`.

        On average, at most a share ``false_alarm_rate`` of normal images has any region. At most 200 held-out images
        set the threshold, as maps take time, so the smallest share is 1 / 201; with m images it is 1 / (m + 1).

        Parameters
        ----------
        X
            Images, as in :meth:`score_samples`.

        Returns
        -------
        list of list of Region
            For each image its regions, the highest peak first: the box ``x``, ``y``, ``width`` and ``height`` in pixels
            of the image as it was given, the ``peak`` of the map and the ``area`` in pixels. A file is measured
            upright, as its EXIF orientation says. Specks, of less than 1/4,000 of the image, are left out.

        Raises
        ------
        InputError
            If the samples are rows, the method has no maps, or the model has no threshold of the map.
        """
        self.check_regions()
        samples = self._images(X)
        return self.regions_of(self.each_map(samples), samples.sizes)

    def regions_of(
        self, maps: Iterable[Float[np.ndarray, "h w"]], sizes: Int[np.ndarray, "n 2"] | None = None
    ) -> list[list[Region]]:
        """The regions of :meth:`regions` in maps that were computed before.

        Parameters
        ----------
        maps
            Of the images.
        sizes
            Height and width of each image, in whose pixels the boxes are; by default those of its map.
        """
        self.check_regions()
        threshold = self.map_threshold
        assert threshold is not None
        if sizes is None:
            return [find_regions(heat, threshold) for heat in maps]
        of_images = zip(maps, sizes.tolist(), strict=True)
        return [find_regions(heat, threshold, (height, width)) for heat, (height, width) in of_images]

    def each_map(self, X: Any) -> Iterator[Float[np.ndarray, "h w"]]:
        """The anomaly maps of images one by one, few of them in memory at a time.

        Parameters
        ----------
        X
            Images, as in :meth:`score_samples`.

        Raises
        ------
        InputError
            If the samples are rows, or the method has no maps.
        """
        x = self._images(X).x
        for images in x.split(max(1, min(FEW, PIXELS // math.prod(x.shape[2:])))):
            yield from self.model_.anomaly_map(images).double().cpu().numpy()

    def seen_once(self) -> AbstractContextManager[None]:
        """A block in which what both the score and the map need of an image is computed once, as far as it is kept."""
        return nullcontext()

    @property
    def map_threshold(self) -> float | None:
        """What, on average, the maps of at most a share ``false_alarm_rate`` of normal images exceed anywhere.

        See :mod:`ama.decision.regions`. None for rows, for methods without maps, and for models of an older version.
        """
        maxima = self._map_calibration()
        return None if maxima is None else map_threshold(maxima.cpu(), self.false_alarm_rate_)

    @property
    def map_false_alarm_rate(self) -> float | None:
        """Largest average share of normal images with a region: the requested rate, if it is within reach."""
        maxima = self._map_calibration()
        return None if maxima is None else conformal.reachable_rate(len(maxima), self.false_alarm_rate_)

    @property
    def map_top(self) -> float | None:
        """Top of the scale on which maps are stored: 8 times the highest value in those of held-out normal images."""
        maxima = self._map_calibration()
        return None if maxima is None else TOP * (float(maxima.max()) or 1.0)

    @property
    def has_maps(self) -> bool:
        """Whether there are anomaly maps of images."""
        return self.kind_.pictured and hasattr(self.model_, "map_calibration")

    def check_maps(self) -> None:
        """Refuse a detector without anomaly maps of images.

        Raises
        ------
        InputError
            If its samples are rows, or the method has no maps.
        """
        if not self.kind_.pictured:
            scored = described(self.shape_, self.encoding_)
            raise InputError(f"maps with regions are those of images, but this detector scores {scored}")
        if not self.has_maps:
            raise InputError(f"{type(self).__name__} has no anomaly maps; AMADetector has")

    def check_regions(self) -> None:
        """Refuse a detector without a threshold of the map.

        Raises
        ------
        InputError
            As :meth:`check_maps`, or if the model comes from an older version.
        """
        self.check_maps()
        if self._map_calibration() is None:
            raise InputError(
                "the model has no threshold of the map, as an older ama saved it: `ama calibrate MODEL SOURCE` on "
                "normal images that it has not learned from sets one"
            )

    def _images(self, X: Any) -> Samples:
        self.check_maps()
        return as_samples(self, X, reset=False)

    def _map_calibration(self) -> Any:
        check_is_fitted(self)
        maxima = getattr(self.model_, "map_calibration", None)
        return None if maxima is None or not len(maxima) else maxima
