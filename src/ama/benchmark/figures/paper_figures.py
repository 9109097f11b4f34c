"""``ama benchmark figures``: the paper's Figures 2 and 4.

Figure 2: reconstructions without and with the mirrored discriminator, and as the compact preset made them before;
Figure 4: R-scores of several data sets under one model.
"""

from __future__ import annotations

from pathlib import Path

import joblib
import numpy as np
from matplotlib.figure import Figure
from torch import Tensor

from ama.benchmark.figures.reconstruction_quality import reconstruction_quality
from ama.benchmark.tables.compared_methods import AMA, FORMER
from ama.benchmark.tables.datasets import available, images
from ama.detectors.ama import AMADetector
from ama.errors import InputError
from ama.io.results_files import append_result
from ama.report.charts import plot_densities
from ama.report.reconstruction_plots import plot_reconstruction_rows

SHOWN = 12
JUDGED = 2000  # test images behind the figures on reconstructions
# Row of Figure 2 -> method.
ROWS = {"not mirrored": "without mirroring", "mirrored": "compact", "mirrored, before": FORMER}
SAMPLES = 2000  # about as many of each data set in the densities

# Normal data -> data sets whose R-scores are compared with its own.
OTHERS = {
    "digits": (),
    "mnist": ("fashion_mnist", "omniglot"),
    "fashion_mnist": ("mnist", "omniglot"),
    "cifar10": ("tiny_imagenet32", "svhn", "cifar100"),
    "svhn": ("cifar10", "tiny_imagenet32", "cifar100"),
}


def paper_figures(
    data: str, folder: str | None, out: str, max_steps: int | None, append_to: str | None = None
) -> list[Path]:
    """Train on a whole data set, with and without the mirrored discriminator and as before, and draw both figures.

    What the reconstructions are like is printed.

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
    append_to
        Results file to which a line for each row of reconstructions is appended, or None.

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
    # The trainings run at the same time; one progress bar stands for all.
    fits = joblib.Parallel(n_jobs=2)(
        joblib.delayed(_fit)(method, train, max_steps, None if row == "mirrored" else False)
        for row, method in ROWS.items()
    )
    detectors = dict(zip(ROWS, fits, strict=True))
    _print_quality(data, detectors, test, append_to)
    target = Path(out)
    target.mkdir(parents=True, exist_ok=True)
    paths = [target / f"reconstructions-{data}.png", target / f"densities-{data}.png"]
    _reconstructions(detectors, test).savefig(paths[0], dpi=110)
    _densities(detectors["mirrored"], data, train, test, folder).savefig(paths[1], dpi=110)
    return paths


def _fit(method: str, x: Tensor, max_steps: int | None, progress: bool | None) -> AMADetector:
    given = {**AMA[method], **({} if max_steps is None else {"max_steps": max_steps})}
    return AMADetector(**given, random_state=0, progress=progress).fit(x)


def _print_quality(data: str, detectors: dict[str, AMADetector], test: Tensor, append_to: str | None) -> None:
    """Print and record the quality of the reconstructions of each row."""
    x = test[:: max(1, len(test) // JUDGED)]
    for row, detector in detectors.items():
        found = reconstruction_quality(x.numpy(), detector.reconstruct(x))
        print(f"{row:18}" + "   ".join(f"{name} {value:.3f}" for name, value in found.items()), flush=True)
        if append_to is not None:
            record = {"command": f"ama benchmark figures {data}", "data": data, "row": row, "n": len(x)}
            append_result(Path(append_to), {**record, "steps": detector.n_steps_, **found})


def _reconstructions(detectors: dict[str, AMADetector], test: Tensor) -> Figure:
    """Figure 2."""
    each = len(test) // SHOWN
    x = test[: SHOWN * each : each]
    rows = {row: detector.reconstruct(x) for row, detector in detectors.items()}
    return plot_reconstruction_rows({"x": x.numpy(), **rows})


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
