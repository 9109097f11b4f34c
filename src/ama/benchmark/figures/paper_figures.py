"""``ama benchmark figures``: the paper's Figures 2 and 4, and what a minute buys.

Figure 2: rebuilt with the mirrored discriminator and without; Figure 4: R-scores of several sets under one model.
"""

from __future__ import annotations

from pathlib import Path

import joblib
import numpy as np
from torch import Tensor

from ama.benchmark.tables.compared_methods import AMA
from ama.benchmark.tables.datasets import available, images
from ama.benchmark.tables.grid import cells_of, records_of, results_path
from ama.detectors.ama import AMADetector
from ama.errors import InputError
from ama.report.charts import Curve, plot_curves, plot_densities
from ama.report.reconstruction_plots import plot_reconstruction_rows

SHOWN = 12
SAMPLES = 2000  # of each set in the densities

# Normal data, and those whose R-scores are held against its own.
OTHERS = {
    "digits": (),
    "mnist": ("fashion_mnist", "omniglot"),
    "fashion_mnist": ("mnist", "omniglot"),
    "cifar10": ("tiny_imagenet32", "svhn", "cifar100"),
    "svhn": ("cifar10", "tiny_imagenet32", "cifar100"),
}


def figures(data: str, folder: str | None, out: str, max_steps: int | None) -> list[Path]:
    """Train on all of a data set, with the mirrored discriminator and without, and draw both figures.

    Parameters
    ----------
    data
        Name of the data set to train on.
    folder
        Of the data sets; None: the hub.
    out
        Folder for ``reconstructions-DATA.png`` and ``densities-DATA.png``.
    max_steps
        Length of the trainings, or None for the preset's.

    Returns
    -------
    list of Path
        The pictures.

    Raises
    ------
    InputError
        If the data set is not there.
    """
    if data not in OTHERS:
        raise InputError(f"there are no figures of {data!r}, expected one of {', '.join(OTHERS)}")
    train, test = (images(data, split, folder) for split in ("train", "test"))
    # Side by side; the bar of the first tells the time for both.
    mirrored, plain = joblib.Parallel(n_jobs=2)(
        joblib.delayed(_trained)(name, train.x, max_steps, progress)
        for name, progress in (("compact", None), ("without mirroring", False))
    )
    chosen = test.x[: SHOWN * (len(test.x) // SHOWN) : len(test.x) // SHOWN]
    rows = {
        "x": chosen.numpy(),
        "not mirrored": plain.reconstruct(chosen),
        "mirrored": mirrored.reconstruct(chosen),
    }

    scored = {f"{data}, train": train.x, f"{data}, test": test.x}
    for other in OTHERS[data]:
        if available(other, "test", folder):
            scored[other] = images(other, "test", folder).x
    r_scores = {
        name: np.asarray(mirrored.r_score(x[:: max(1, len(x) // SAMPLES)])) for name, x in scored.items()
    }
    target = Path(out)
    target.mkdir(parents=True, exist_ok=True)
    paths = [target / f"reconstructions-{data}.png", target / f"densities-{data}.png"]
    plot_reconstruction_rows(rows).savefig(paths[0], dpi=110)
    plot_densities(r_scores, f"R-score under a model of {data}").savefig(paths[1], dpi=110)
    return paths


def _trained(method: str, x: Tensor, max_steps: int | None, progress: bool | None) -> AMADetector:
    given = {**AMA[method], **({} if max_steps is None else {"max_steps": max_steps})}
    return AMADetector(**given, random_state=0, progress=progress).fit(x)


def minutes_figure(results: str | None, out: str) -> Path:
    """Draw AUROC against the time of a fit, times its threads, from the results of the grid ``minutes``.

    Parameters
    ----------
    results
        Results file; by default ``benchmarks/results/minutes.jsonl``.
    out
        Folder for ``minutes.png``.

    Returns
    -------
    Path
        The picture.

    Raises
    ------
    InputError
        If no cell of the grid has been run.
    """
    path = results_path("minutes", results)
    records = records_of(path)
    panels: dict[str, dict[str, Curve]] = {}
    for cell in cells_of("minutes"):
        found = records.get(cell)
        # What a training that was cut off took is not known.
        if found is None or found["fit_seconds"] is None:
            continue
        curve = panels.setdefault(f"{cell.data}, {cell.normal}", {}).setdefault(cell.method, [])
        core_seconds = found["fit_seconds"] * found["threads"]
        curve.append((core_seconds, found["strict"]["score"]["auroc"]["value"]))
    if not panels:
        raise InputError(f"{path} holds no result of the grid minutes; ama benchmark run minutes makes them")
    target = Path(out) / "minutes.png"
    target.parent.mkdir(parents=True, exist_ok=True)
    plot_curves(panels, "core-seconds of a fit", "AUROC, strict protocol").savefig(target, dpi=110)
    return target
