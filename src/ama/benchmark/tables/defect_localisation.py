"""Whether the maps of a detector are high where the masks of a set of photographs show defects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from PIL import Image
from sklearn.metrics import roc_auc_score
from torch.nn import functional as F

from ama.benchmark.tables.inspection_sets import Inspection

STRIDE = 4  # of the pixels that are compared


def localisation(detector: Any, data: Inspection) -> dict[str, Any] | None:
    """The pixel AUROC over all test images, and their number; None without masks.

    Maps of other sizes are enlarged to that of the masks. An anomaly without a mask is left out.

    Parameters
    ----------
    detector
        Fitted, with ``anomaly_map``.
    data
        The images.
    """
    if data.masks is None:
        return None
    heats, truths = [], []
    for i, anomalous in enumerate(data.anomalous):
        mask = mask_of(data.masks, data.test.ids[i], data.size) if anomalous else np.zeros(data.size, bool)
        if mask is not None:
            heat = _at(detector.anomaly_map(data.test.select([i]))[0], data.size)
            heats.append(heat[::STRIDE, ::STRIDE].ravel())
            truths.append(mask[::STRIDE, ::STRIDE].ravel())
    return {
        "pixel_auroc": float(roc_auc_score(np.concatenate(truths), np.concatenate(heats))),
        "n_images": len(heats),
    }


def mask_of(folder: Path, sample_id: str, size: tuple[int, int]) -> Bool[np.ndarray, "h w"] | None:
    """The mask of the image DEFECT/STEM.jpg: DEFECT/STEM_mask.png, DEFECT/STEM.png, or all of a folder DEFECT/STEM."""
    place = (folder / sample_id).with_suffix("")
    single = [file for end in ("_mask.png", ".png") if (file := place.with_name(place.name + end)).is_file()]
    parts = [_read(file, size) for file in single[:1] or sorted(place.glob("*.png"))]
    return np.logical_or.reduce(parts) if parts else None


def _read(file: Path, size: tuple[int, int]) -> Bool[np.ndarray, "h w"]:
    height, width = size
    defect = Image.fromarray((np.asarray(Image.open(file).convert("I")) != 0).astype(np.uint8))
    return np.asarray(defect.resize((width, height), Image.Resampling.NEAREST)) != 0


def _at(heat: Float[np.ndarray, "i j"], size: tuple[int, int]) -> Float[np.ndarray, "h w"]:
    if heat.shape == size:
        return heat
    return F.interpolate(torch.from_numpy(heat)[None, None], size, mode="bilinear")[0, 0].numpy()
