"""The cells of the paper's tables: a data set, who is normal in it, a method, a seed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ama.benchmark.tables.compared_methods import (
    ABLATIONS,
    AMA,
    BASELINES,
    BOUNDED,
    FALLING,
    KNOWN,
    LONGER,
    UNTRAINED,
)
from ama.benchmark.tables.digits import STEPS
from ama.benchmark.tables.published import DIGITS, GARMENTS, OBJECTS, TABLE_1
from ama.errors import InputError
from ama.io.results_files import read_results
from ama.settings import COMPACT_IMAGES

SEEDS = (0, 1, 2)
ABLATED = (("mnist", "3"), ("cifar10", "airplane"))
ABLATION_STEPS = {"mnist": 700, "cifar10": 1000}
CURVE_STEPS = (300, 700, 1500, 4000, 10000)
FALLING_STEPS = (700, 1500, 4000)
JUDGED = 2000
COMPETING_STEPS = 1500  # of AMA as the paper has it among the others: a training about as long as theirs
# The systems of the paper's Table 2, and those of its Table 1; in every table AMA stands as the paper has it, too.
ONE_CLASS = (
    FALLING,
    "FGAN",
    "ALAD",
    "AnoGAN",
    "Skip-GANomaly",
    "Deep SVDD",
    "Deep SVDD without contrast normalisation",
)
OUT_OF_DISTRIBUTION = (
    FALLING,
    "WAIC",
    "likelihood ratio",
    "typicality",
    "typicality, M = 2",
    "input complexity",
    "Deep SVDD",
)
PAIRS = [(data, None, against) for data, against in TABLE_1]
METHODS_OF = "_methods"  # a grid of that ending stands beside the one without it
ALL_BUT = "all but "  # a class of that name: the others are normal


@dataclass(frozen=True)
class Cell:
    """One training and its measurements.

    Parameters
    ----------
    data
        Name of the data set that is trained on.
    normal
        Class that is normal, the others being the anomalies; "all but X": the reverse. None: the whole set is
        normal, and the anomalies are those of ``against``.
    against
        Data set of the anomalies, where it is another.
    method
        A name of :mod:`ama.benchmark.tables.compared_methods`.
    seed
        Of the split, the training and the draws.
    jpeg
        Whether both sides go through the same JPEG coding first.
    max_steps
        Length of the training, in place of the method's own.
    strict_only
        Measured by the strict protocol alone, which costs a good deal less: the paper's selects weights.
    judged
        A random number of the test samples that are judged, instead of all: a search for each takes its time.
    """

    data: str
    normal: str | None
    against: str | None
    method: str
    seed: int = 0
    jpeg: bool = False
    max_steps: int | None = None
    strict_only: bool = False
    judged: int | None = None

    @property
    def name(self) -> str:
        """What a person, and a file, calls it."""
        parts = [self.data, self.normal or f"against {self.against}", self.method, f"seed {self.seed}"]
        parts += ["jpeg"] if self.jpeg else []
        parts += [f"{self.max_steps} steps"] if self.max_steps is not None else []
        parts += ["strict"] if self.strict_only else []
        parts += [f"{self.judged} judged"] if self.judged is not None else []
        return ", ".join(parts)

    def as_dict(self) -> dict[str, Any]:
        """For a results file."""
        return asdict(self)


# JPEG images against PNG images can be told apart by the coding alone, so here both sides are JPEG.
SAME_CODING = Cell("cifar10", None, "tiny_imagenet32", "compact", jpeg=True)


def one_class(
    data: str, classes: tuple[str, ...], *methods: str, seeds: tuple[int, ...] = (0,)
) -> list[Cell]:
    """Each class as the normal one, with each method: all classes of one seed before the next."""
    return [Cell(data, c, None, method, seed) for seed in seeds for method in methods for c in classes]


def _ablations() -> Iterator[Cell]:
    """Of about two minutes each; what does not train has no seeds."""
    for seed in SEEDS:
        for method in ABLATIONS:
            for data, label in ABLATED:
                # As many images, whatever the batch.
                size = COMPACT_IMAGES.batch_size
                steps = ABLATION_STEPS[data] * size // AMA[method].get("batch_size", size)
                own = "max_steps" in AMA[method]
                yield Cell(
                    data, label, None, method, seed, max_steps=None if own else steps, strict_only=True
                )
        if seed == SEEDS[0]:
            for method in UNTRAINED:
                for data, label in ABLATED:
                    yield Cell(data, label, None, method, strict_only=True)


def _minutes() -> Iterator[Cell]:
    """From half a minute to some twenty of one core."""
    for data, label in (("mnist", "3"), ("cifar10", "automobile")):
        for method in UNTRAINED:
            yield Cell(data, label, None, method, strict_only=True)
        for steps in CURVE_STEPS:
            for method in ("compact", "paper-form"):
                yield Cell(data, label, None, method, max_steps=steps, strict_only=True)
        # Where the paper-form gets worse with time, whether its constant rate is why.
        for steps in FALLING_STEPS:
            yield Cell(data, label, None, FALLING, max_steps=steps, strict_only=True)


def _table_1() -> Iterator[Cell]:
    for method in ("compact", "neighbours"):
        for data, against in TABLE_1:
            yield Cell(data, None, against, method)
        yield replace(SAME_CODING, method=method)
    # Ten classes together may need more than the steps that one class needs.
    # Or some of their kinds are so rare that a single term finds them as strange as an anomaly.
    for method in (LONGER, BOUNDED):
        for data, against in TABLE_1:
            yield Cell(data, None, against, method, strict_only=True)


def _competitors(cells: Iterable[Cell]) -> list[Cell]:
    """As their table shows them: by the strict protocol, for which a baseline is trained as for the paper's."""
    return [
        replace(
            cell,
            strict_only=cell.method in AMA,
            max_steps=COMPETING_STEPS if cell.method in AMA else None,
            # A search for the latent vector of every test image takes its time.
            judged=JUDGED if cell.method == "AnoGAN" else None,
        )
        for cell in cells
    ]


GRIDS: dict[str, list[Cell]] = {
    "mnist": one_class("mnist", DIGITS, "compact", "neighbours", "pca"),
    "cifar10": one_class("cifar10", OBJECTS, "compact", "neighbours", "pca"),
    "fashion_mnist": one_class("fashion_mnist", GARMENTS, "compact", "neighbours", "pca"),
    "table1": list(_table_1()),
    "mnist_methods": _competitors(one_class("mnist", DIGITS, *ONE_CLASS)),
    "cifar10_methods": _competitors(one_class("cifar10", OBJECTS, *ONE_CLASS)),
    "table1_methods": _competitors(
        cell
        for method in OUT_OF_DISTRIBUTION
        for cell in (*(Cell(*pair, method) for pair in PAIRS), replace(SAME_CODING, method=method))
    ),
    "ablations": list(_ablations()),
    "minutes": list(_minutes()),
    "digits": [Cell("digits", f"{ALL_BUT}{d}", None, "compact", max_steps=STEPS) for d in DIGITS]
    + [Cell("digits", f"{ALL_BUT}{d}", None, "neighbours") for d in DIGITS],
    # Seconds a cell: to try the runner out.
    "smoke": [
        Cell("digits", f"{ALL_BUT}{d}", None, m, s, max_steps=20 if m == "compact" else None)
        for s in (0, 1)
        for m in ("compact", "neighbours")
        for d in "38"
    ],
}


def cells_of(grid: str) -> list[Cell]:
    """The cells of a grid.

    Raises
    ------
    InputError
        If there is no such grid.
    """
    if grid not in GRIDS:
        raise InputError(f"there is no grid {grid!r}, expected one of {', '.join(GRIDS)}")
    return GRIDS[grid]


def trainings(cells: Iterable[Cell]) -> list[list[Cell]]:
    """The cells in groups that one training serves, in the order of their first.

    A detector is trained on a data set once, whatever its anomalies are, but where it is shown some of them: under the
    paper's protocol they select AMA's weights, and known ones are trained with.
    """
    groups: dict[Cell, list[Cell]] = {}
    for cell in cells:
        unseen = cell.method in BASELINES or (cell.strict_only and cell.method not in KNOWN)
        one = replace(cell, against=None, judged=None) if unseen else cell
        groups.setdefault(one, []).append(cell)
    return list(groups.values())


def results_path(grid: str, results: str | None) -> Path:
    """The results file that was named, or the grid's own."""
    return Path(results or f"benchmarks/results/{grid}.jsonl")


def records_of(path: Path) -> dict[Cell, dict[str, Any]]:
    """The record of every cell that a results file holds."""
    return {Cell(**record["cell"]): record for record in read_results(path) if "cell" in record}
