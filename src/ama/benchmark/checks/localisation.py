"""How well anomaly maps locate defects: pixel AUROC, and per-region overlap (Bergmann et al. 2020)."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float
from sklearn.metrics import roc_auc_score

FALSE_POSITIVES = 0.3  # highest false-positive rate in the average, as in the paper of MVTec AD


def pixel_auroc(maps: Float[np.ndarray, "n h w"], masks: Bool[np.ndarray, "n h w"]) -> float:
    """AUROC over all pixels of all images."""
    return float(roc_auc_score(masks.ravel(), maps.ravel()))


def region_overlap(maps: Float[np.ndarray, "n h w"], masks: Bool[np.ndarray, "n h w"]) -> float:
    """Share of a region's pixels above the threshold, averaged over regions and thresholds, in [0, 1].

    The thresholds flag up to 30 % of the normal pixels. Each image has one region, and small regions count as much as
    large ones.
    """
    normal = np.sort(maps[~masks])[::-1]
    rates = np.linspace(0, FALSE_POSITIVES, 101)[1:]
    thresholds = normal[np.minimum((rates * len(normal)).astype(int), len(normal) - 1)]
    shares = [
        1 - np.searchsorted(np.sort(values[mask]), thresholds, side="right") / mask.sum()
        for values, mask in zip(maps, masks, strict=True)
    ]
    return float(np.mean(shares))
