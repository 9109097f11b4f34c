r"""How well anomaly maps locate defects with known masks: pixel AUROC, and per-region overlap (PRO).

Bergmann, Batzner, Fauser, Sattlegger and Steger, "The MVTec Anomaly Detection Dataset", IJCV 2021, and MVTec's own
evaluation, over all images at once:

============================================================  ====================================
quantity                                                      here
============================================================  ====================================
regions :math:`R_j`: connected pixels of a mask, at a side    :data:`ama.decision.regions.NEIGHBOURS`
or a corner
share of the other pixels with :math:`M(p) \ge t`: FPR(t)     ``n_normal``, from the top
:math:`\frac1J \sum_j \#\{p \in R_j: M(p) \ge t\} / |R_j|`:   ``overlap``, from the top
PRO(t)
area under PRO over FPR up to 0.3, divided by 0.3             :func:`area_up_to`
============================================================  ====================================

Memory is constant: values are counted in a histogram whose bins are 2^-12 of a value wide (0.02 %), so that values
closer than that count as equal.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy import ndimage
from scipy.integrate import trapezoid

from ama.decision.regions import NEIGHBOURS

FALSE_POSITIVES = 0.3  # highest false-positive rate under the PRO curve
# Of a float32's bits the sign, which is 0, the 8 of the exponent and the first 12 of the mantissa: their order is that
# of the values.
DROPPED_BITS = 11
BINS = 2**20


@dataclass(frozen=True)
class Localisation:
    """Metrics of the maps of some images, all in [0, 1]."""

    pixel_auroc: float
    pro: float  # area under the PRO curve up to ``max_fpr``, divided by it
    n_images: int
    n_regions: int
    max_fpr: float = FALSE_POSITIVES

    def as_dict(self) -> dict[str, object]:
        """The metrics and counts as JSON types, for a results file."""
        return asdict(self)


class PixelCounts:
    """Counts of map values inside and outside the masks, image by image, in constant memory."""

    def __init__(self) -> None:
        self.n_normal = np.zeros(BINS, dtype=np.int64)  # pixels outside the masks
        self.n_defect = np.zeros(BINS, dtype=np.int64)
        self.overlap = np.zeros(BINS)  # share of a region that a pixel of it is, summed
        self.n_images = self.n_regions = 0

    def add(self, heat: Float[np.ndarray, "h w"], mask: Bool[np.ndarray, "h w"]) -> None:
        """Count an image.

        Parameters
        ----------
        heat
            Its map, at least 0.
        mask
            True for pixels of a defect.
        """
        bins = _bins(heat)
        regions, n = ndimage.label(mask, NEIGHBOURS)
        of_defects = regions[mask]
        np.add.at(self.n_normal, bins[~mask], 1)
        np.add.at(self.n_defect, bins[mask], 1)
        np.add.at(self.overlap, bins[mask], 1 / np.bincount(of_defects, minlength=n + 1)[of_defects])
        self.n_images += 1
        self.n_regions += n

    def metrics(self) -> Localisation:
        """The metrics of all images so far.

        Raises
        ------
        ValueError
            If there are no pixels inside the masks, or none outside.
        """
        if not self.n_regions or not self.n_normal.any():
            found = "inside" if self.n_regions else "outside"
            raise ValueError(f"pixels inside and outside the masks are needed, found only those {found}")
        used = np.flatnonzero(self.n_normal + self.n_defect)[::-1]
        false, true, overlap = (
            np.append(0, np.cumsum(counts[used])) for counts in (self.n_normal, self.n_defect, self.overlap)
        )
        fpr = false / false[-1]
        return Localisation(
            float(trapezoid(true / true[-1], fpr)),
            area_up_to(FALSE_POSITIVES, fpr, overlap / self.n_regions) / FALSE_POSITIVES,
            self.n_images,
            self.n_regions,
        )


def area_up_to(limit: float, x: Float[np.ndarray, " n"], y: Float[np.ndarray, " n"]) -> float:
    """Area under the polygon of the points (x, y), x rising from 0 to at least the limit, from 0 to the limit."""
    inside = x <= limit
    end = np.interp(limit, x, y)
    return float(trapezoid(np.append(y[inside], end), np.append(x[inside], limit)))


def _bins(heat: Float[np.ndarray, "h w"]) -> Int[np.ndarray, "h w"]:
    values = np.ascontiguousarray(np.maximum(heat, 0), dtype=np.float32)
    return (values.view(np.uint32) >> DROPPED_BITS).astype(np.int64)
