"""How well a map shows where a defect is: pixel AUROC, and the share of each region found (Bergmann et al. 2020)."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float
from sklearn.metrics import roc_auc_score

FALSE_POSITIVES = (
    0.3  # up to this share of normal pixels the overlap is averaged, as in the paper of MVTec AD
)


def pixel_auroc(maps: Float[np.ndarray, "n h w"], masks: Bool[np.ndarray, "n h w"]) -> float:
    """AUROC of all pixels of all images together."""
    return float(roc_auc_score(masks.ravel(), maps.ravel()))


def region_overlap(maps: Float[np.ndarray, "n h w"], masks: Bool[np.ndarray, "n h w"]) -> float:
    """Share of a region's pixels above the threshold, on average over regions and over thresholds.

    The thresholds are those that flag up to 30 % of the normal pixels; the result lies in [0, 1]. Each image has one
    region, so that small ones count as much as large ones.
    """
    normal = np.sort(maps[~masks])[::-1]
    # Threshold at each false-positive rate of an even grid.
    rates = np.linspace(0, FALSE_POSITIVES, 101)[1:]
    thresholds = normal[np.minimum((rates * len(normal)).astype(int), len(normal) - 1)]
    shares = [
        1 - np.searchsorted(np.sort(values[mask]), thresholds, side="right") / mask.sum()
        for values, mask in zip(maps, masks, strict=True)
    ]
    return float(np.mean(shares))
