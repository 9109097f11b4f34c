"""``ama benchmark maps``: does the anomaly map locate a defect? And the difference of the pixels?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ama.benchmark.checks.defects import DEFECTS, with_defects
from ama.benchmark.checks.localisation import pixel_auroc, region_overlap
from ama.benchmark.selected_names import selected
from ama.benchmark.tables.datasets import images
from ama.detectors.ama import AMADetector
from ama.io.results_files import append_result
from ama.utils.progress import progress_bar
from ama.utils.random_generators import generator_for

# The weights of a map's levels were chosen on the first class of each data set.
CLASSES = (("mnist", "2"), ("mnist", "8"), ("cifar10", "automobile"), ("cifar10", "horse"))
JUDGED = 500  # maximum number of normal test images


def defect_maps(folder: str | None, append_to: str | None, max_steps: int | None, only: str | None) -> None:
    """Train on single classes, put defects into their normal test images, and print how well maps locate them.

    Parameters
    ----------
    folder
        Folder of the data sets, or None for the hub.
    append_to
        Results file to which a line per class and defect is appended, or None.
    max_steps
        Training steps, or None for the preset's number.
    only
        Use only the classes whose name, such as "mnist, 2", contains this text.

    Raises
    ------
    InputError
        If a data set is missing, or no name contains ``only``.
    """
    by_name = {f"{data}, {label}": (data, label) for data, label in CLASSES}
    chosen = [by_name[name] for name in selected(by_name, only)]
    print(f"{'':33}pixel AUROC        share of a region found")
    print("normal class        defect       map    difference  map    difference")
    for data, label in progress_bar(iterable=chosen, desc="maps", unit="training"):
        for record in _measure(data, label, folder, max_steps):
            found = record["map"], record["difference"]
            values = "   ".join(f"{f[m]:.3f}" for m in ("pixel_auroc", "region_overlap") for f in found)
            print(f"{data + ', ' + label:20}{record['defect']:13}{values}", flush=True)
            if append_to is not None:
                append_result(Path(append_to), record)


def _measure(data: str, label: str, folder: str | None, max_steps: int | None) -> Iterator[dict[str, Any]]:
    """One record for each kind of defect, from one training."""
    train, test = (images(data, split, folder) for split in ("train", "test"))
    # No threshold is used; this rate needs the fewest samples for one.
    detector = AMADetector(preset="compact", max_steps=max_steps, false_alarm_rate=0.5, random_state=0)
    detector.fit(train.of(train.labels == label))
    normal, others = test.of(test.labels == label)[:JUDGED], test.of(test.labels != label)
    for number, name in enumerate(DEFECTS):
        x, masks = with_defects(name, normal, others, generator_for(number, 9))
        places = masks.numpy()
        difference = np.abs(detector.reconstruct(x) - x.numpy()).mean(1)
        yield {
            "command": "ama benchmark maps",
            "data": data,
            "normal": label,
            "defect": name,
            "images": len(x),
            "steps": detector.n_steps_,
            "map": _metrics(detector.anomaly_map(x), places),
            "difference": _metrics(difference, places),
        }


def _metrics(values: np.ndarray, places: np.ndarray) -> dict[str, float]:
    return {"pixel_auroc": pixel_auroc(values, places), "region_overlap": region_overlap(values, places)}
