"""Whether the maps of a detector are high where the masks of a set of photographs show defects."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch.nn import functional as F

from ama.benchmark.tables.inspection_sets import Inspection
from ama.data.images.masks import Masks
from ama.decision.localisation_metrics import PixelCounts


def localisation(detector: Any, data: Inspection) -> dict[str, Any] | None:
    """Pixel AUROC and PRO over all test images, and their number; None without masks.

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
    masks, counts = Masks(data.masks, data.size), PixelCounts()
    for i, anomalous in enumerate(data.anomalous):
        mask = masks.of(data.test.ids[i]) if anomalous else np.zeros(data.size, bool)
        if mask is not None:
            counts.add(_at(detector.anomaly_map(data.test.select([i]))[0], data.size), mask)
    return counts.metrics().as_dict()


def _at(heat: Float[np.ndarray, "i j"], size: tuple[int, int]) -> Float[np.ndarray, "h w"]:
    if heat.shape == size:
        return heat
    return F.interpolate(torch.from_numpy(heat)[None, None], size, mode="bilinear")[0, 0].numpy()
