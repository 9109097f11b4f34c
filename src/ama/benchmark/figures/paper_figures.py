"""``ama benchmark figures``: the paper's Figures 2 and 4.

Figure 2: reconstructions with and without the mirrored discriminator; Figure 4: R-scores of several data sets under one
model.
"""

from __future__ import annotations

from pathlib import Path

import joblib
import numpy as np
from matplotlib.figure import Figure
from torch import Tensor

from ama.benchmark.tables.compared_methods import AMA
from ama.benchmark.tables.datasets import available, images
from ama.detectors.ama import AMADetector
from ama.errors import InputError
from ama.report.charts import plot_densities
from ama.report.reconstruction_plots import plot_reconstruction_rows

SHOWN = 12
SAMPLES = 2000  # about as many of each data set in the densities

# Normal data -> data sets whose R-scores are compared with its own.
OTHERS = {
    "digits": (),
    "mnist": ("fashion_mnist", "omniglot"),
    "fashion_mnist": ("mnist", "omniglot"),
    "cifar10": ("tiny_imagenet32", "svhn", "cifar100"),
    "svhn": ("cifar10", "tiny_imagenet32", "cifar100"),
}


def paper_figures(data: str, folder: str | None, out: str, max_steps: int | None) -> list[Path]:
    """Train on a whole data set, with and without the mirrored discriminator, and draw both figures.

    Parameters
    ----------
    data
        Name of the data set to train on.
    folder
        Folder of the data sets, or None for the hub.
    out
        Folder for ``reconstructions-DATA.png`` and ``densities-DATA.png``.
    max_steps
        Training steps, or None for the preset's number.

    Returns
    -------
    list of Path
        The pictures.

    Raises
    ------
    InputError
        If there are no figures of this data set, or it is missing.
    """
    if data not in OTHERS:
        raise InputError(f"there are no figures of {data!r}, expected one of {', '.join(OTHERS)}")
    train, test = (images(data, split, folder).x for split in ("train", "test"))
    # Both trainings run at the same time; one progress bar stands for both.
    mirrored, plain = joblib.Parallel(n_jobs=2)(
        joblib.delayed(_fit)(name, train, max_steps, progress)
        for name, progress in (("compact", None), ("without mirroring", False))
    )
    target = Path(out)
    target.mkdir(parents=True, exist_ok=True)
    paths = [target / f"reconstructions-{data}.png", target / f"densities-{data}.png"]
    _reconstructions(mirrored, plain, test).savefig(paths[0], dpi=110)
    _densities(mirrored, data, train, test, folder).savefig(paths[1], dpi=110)
    return paths


def _fit(method: str, x: Tensor, max_steps: int | None, progress: bool | None) -> AMADetector:
    given = {**AMA[method], **({} if max_steps is None else {"max_steps": max_steps})}
    return AMADetector(**given, random_state=0, progress=progress).fit(x)


def _reconstructions(mirrored: AMADetector, plain: AMADetector, test: Tensor) -> Figure:
    """Figure 2."""
    each = len(test) // SHOWN
    x = test[: SHOWN * each : each]
    return plot_reconstruction_rows(
        {"x": x.numpy(), "not mirrored": plain.reconstruct(x), "mirrored": mirrored.reconstruct(x)}
    )


def _densities(detector: AMADetector, data: str, train: Tensor, test: Tensor, folder: str | None) -> Figure:
    """Figure 4."""
    scored = {f"{data}, train": train, f"{data}, test": test}
    for other in OTHERS[data]:
        if available(other, "test", folder):
            scored[other] = images(other, "test", folder).x
    r_scores = {
        name: np.asarray(detector.r_score(x[:: max(1, len(x) // SAMPLES)])) for name, x in scored.items()
    }
    return plot_densities(r_scores, f"R-score under a model of {data}")
