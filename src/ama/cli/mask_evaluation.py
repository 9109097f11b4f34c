"""``ama evaluate --masks``: how well the maps locate the defects of the samples that are scored."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ama.cli.reading import say_assumed
from ama.data.images.masks import Masks
from ama.data.samples import Samples
from ama.decision.localisation_metrics import Localisation, PixelCounts
from ama.detectors.base import Detector
from ama.errors import InputError


class MaskEvaluation:
    """Compares maps with masks, chunk by chunk. Normal samples have empty masks.

    Parameters
    ----------
    detector
        A fitted detector.
    folder
        The masks of the anomalies; see :class:`ama.data.images.masks.Masks`.
    strict
        Refuse what would otherwise be told.

    Raises
    ------
    InputError
        If there is no such folder, or the detector has no maps.
    """

    def __init__(self, detector: Detector, folder: Path, strict: bool):
        detector.check_maps()
        self.detector, self.strict = detector, strict
        self.size = tuple(detector.shape_[1:])
        self.masks, self.counts = Masks(folder, self.size), PixelCounts()

    def add(self, samples: Samples, anomalous: np.ndarray) -> None:
        """Compare the maps of samples with their masks.

        Raises
        ------
        InputError
            If a mask cannot be read.
        """
        sizes = [self.size] * len(samples) if samples.sizes is None else map(tuple, samples.sizes.tolist())
        masks = [
            self.masks.of(name, size) if anomaly else np.zeros(self.size, dtype=bool)
            for name, size, anomaly in zip(samples.ids, sizes, anomalous, strict=True)
        ]
        known = [mask for mask in masks if mask is not None]
        chosen = samples.select([mask is not None for mask in masks])
        for heat, mask in zip(self.detector.each_map(chosen) if known else (), known, strict=True):
            self.counts.add(heat, mask)

    def metrics(self) -> Localisation:
        """The metrics of all samples; what was left out, changed or assumed is said.

        Raises
        ------
        InputError
            If no mask shows a defect; with ``strict``, also if something is to be said.
        """
        if not self.counts.n_regions:
            expected = "DEFECT/STEM_mask.png, DEFECT/STEM.png or images in DEFECT/STEM"
            example = f", such as for {self.masks.missing}" if self.masks.missing else ""
            raise InputError(
                self.masks.lossy
                or f"no anomaly has a mask with a defect in {self.masks.folder}, expected {expected}{example}"
            )
        for remark in self.masks.remarks():
            say_assumed(remark, self.strict)
        return self.counts.metrics()
