"""``ama benchmark figures minutes``: AUROC against training time."""

from __future__ import annotations

from pathlib import Path

from ama.benchmark.tables.grid import cells_of
from ama.benchmark.tables.grid_results import records_of, results_path
from ama.errors import InputError
from ama.report.charts import Curve, plot_curves


def minutes_figure(results: str | None, out: str) -> Path:
    """Draw AUROC against the core-seconds of the fit, from the results of the grid ``minutes``.

    Parameters
    ----------
    results
        Results file; None means ``benchmarks/results/minutes.jsonl``.
    out
        Folder for ``minutes.png``.

    Returns
    -------
    Path
        The picture.

    Raises
    ------
    InputError
        If the file holds no result of the grid.
    """
    path = results_path("minutes", results)
    records = records_of(path)
    panels: dict[str, dict[str, Curve]] = {}
    for cell in cells_of("minutes"):
        found = records.get(cell)
        if found is None or found["fit_seconds"] is None:  # None: the training was interrupted
            continue
        curve = panels.setdefault(cell.experiment, {}).setdefault(cell.method, [])
        core_seconds = found["fit_seconds"] * found["threads"]
        curve.append((core_seconds, found["strict"]["score"]["auroc"]["value"]))
    if not panels:
        raise InputError(f"{path} holds no result of the grid minutes; ama benchmark run minutes makes them")
    target = Path(out) / "minutes.png"
    target.parent.mkdir(parents=True, exist_ok=True)
    plot_curves(panels, "core-seconds of a fit", "AUROC, strict protocol").savefig(target, dpi=110)
    return target
