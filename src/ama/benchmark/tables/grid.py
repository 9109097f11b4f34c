"""The grids: the cells of each table, ablation and comparison."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import product

from ama.benchmark.tables.cell import ALL_BUT, SEEDS, Cell
from ama.benchmark.tables.compared_methods import (
    ABLATIONS,
    AMA,
    BOUNDED,
    EARLY,
    FALLING,
    FALLING_ON_GARMENTS,
    FASTER,
    FGAN_CIFAR10,
    LONGER,
    READINGS,
    TRAINED_THRICE,
    UNTRAINED,
    WITHOUT_IMAGES,
)
from ama.benchmark.tables.digits import STEPS
from ama.benchmark.tables.inspected_methods import FEATURES, INSPECTED, PADIM, PATCH_CORE
from ama.benchmark.tables.inspection_sets import INSPECTION_SETS, found_sets
from ama.benchmark.tables.published import DIGITS, GARMENTS, OBJECTS, TABLE_1
from ama.benchmark.tables.row_grids import contaminated_tables, further_tables, tables_and_embeddings
from ama.errors import InputError
from ama.settings import COMPACT_COLOUR

ABLATED = (("mnist", "3"), ("cifar10", "airplane"))
ABLATION_STEPS = {"mnist": 700, "fashion_mnist": 700, "cifar10": 1000}
CURVE_STEPS = (300, 700, 1500, 4000, 10000)
FALLING_STEPS = (700, 1500, 4000)
JUDGED = 2000
COMPETING_STEPS = 1500  # of AMA in the paper's form: a training about as long as those of the other methods
PRESETS_OF_THE_PAPER = ("paper", "authors")
STEPS_OF_AN_HOUR = (1, 4, 16)  # of the paper's networks on one core
READ_DIGITS = ("3", "8", f"{ALL_BUT}3")
READING_STEPS = 1000
EQUAL_SECONDS = "equal_seconds"
# Steps of a fit on one digit of MNIST that takes about as long as the compact preset's.
STEPS_OF_EQUAL_SECONDS = {
    "compact": None,
    "FGAN": 8000,
    "ALAD": 4000,
    "AnoGAN": 6500,
    "Skip-GANomaly": 5000,
    "Deep SVDD": 2700,
    FALLING: 2400,
}
METHODS_OF = "_methods"  # suffix of a grid that compares methods on the cells of the grid without it
# The methods of the paper's Table 2 and Table 1, with AMA in the paper's form.
ONE_CLASS = (
    FALLING,
    EARLY,
    "FGAN",
    "ALAD",
    "AnoGAN",
    "Skip-GANomaly",
    "Deep SVDD",
    "Deep SVDD without contrast normalisation",
)
OUT_OF_DISTRIBUTION = (
    FALLING,
    EARLY,
    "WAIC",
    "likelihood ratio",
    "typicality",
    "typicality, M = 2",
    "input complexity",
    "Deep SVDD",
)
TABLES, KEEL_TABLES, CONTAMINATED = "tables", "tables_keel", "tables_contaminated"
INSPECTION = "inspection"
INSPECTED_BY_ALL = OBJECTS[::4]  # classes of CIFAR-10 on which the methods on places are measured, too
# JPEG artefacts alone separate this pair as published, so it is also measured with both sides encoded as JPEG.
SAME_CODING = Cell("cifar10", None, "tiny_imagenet32", "compact", jpeg=True)


def _one_class(data: str, classes: tuple[str, ...], *methods: str) -> list[Cell]:
    """Each class in turn as the normal one, for each method."""
    return [Cell(data, label, None, method) for method in methods for label in classes]


def _ablations(methods: Iterable[str], experiments: Iterable[tuple[str, str]] = ABLATED) -> Iterator[Cell]:
    """One or two minutes each; methods without training are run with one seed."""
    for seed in SEEDS:
        for method, (data, label) in product(methods, experiments):
            if method in UNTRAINED:
                if seed == SEEDS[0]:
                    yield Cell(data, label, None, method, strict_only=True)
                continue
            # The same number of training images, whatever the batch size.
            size = COMPACT_COLOUR.batch_size
            steps = ABLATION_STEPS[data] * size // AMA[method].get("batch_size", size)
            own = "max_steps" in AMA[method]
            yield Cell(data, label, None, method, seed, max_steps=None if own else steps, strict_only=True)


def _minutes() -> Iterator[Cell]:
    """From half a minute to about twenty minutes on one core."""
    for data, label in (("mnist", "3"), ("cifar10", "automobile")):
        for method in UNTRAINED:
            yield Cell(data, label, None, method, strict_only=True)
        for steps in CURVE_STEPS:
            for method in ("compact", "paper-form"):
                yield Cell(data, label, None, method, max_steps=steps, strict_only=True)
        # Where longer training makes the paper's form worse: is its constant learning rate the reason?
        for steps in FALLING_STEPS:
            yield Cell(data, label, None, FALLING, max_steps=steps, strict_only=True)


def _table_1() -> Iterator[Cell]:
    for method in ("compact", "neighbours"):
        for data, against in TABLE_1:
            yield Cell(data, None, against, method)
        yield replace(SAME_CODING, method=method)
    # Ten normal classes may need longer training than one. They may also contain kinds of images so rare that a
    # single score term finds them as anomalous as the anomalies.
    for method in (LONGER, BOUNDED):
        for data, against in TABLE_1:
            yield Cell(data, None, against, method, strict_only=True)


def _competitors(cells: Iterable[Cell]) -> list[Cell]:
    """Cells of a comparison, which shows the strict protocol.

    A baseline's training is the same under both protocols, so its cells keep the paper's, which costs nothing more.
    """
    return [
        replace(
            cell,
            strict_only=cell.method in AMA,
            max_steps=COMPETING_STEPS if cell.method == FALLING else None,
            # AnoGAN searches for the latent vector of every test image.
            judged=JUDGED if cell.method == "AnoGAN" else None,
        )
        for cell in cells
    ]


def _equal_seconds() -> Iterator[Cell]:
    """Every method of the comparison on MNIST, trained for as many seconds as the compact preset."""
    for method, steps in STEPS_OF_EQUAL_SECONDS.items():
        for digit in DIGITS:
            judged = JUDGED if method == "AnoGAN" else None
            yield Cell("mnist", digit, None, method, max_steps=steps, strict_only=True, judged=judged)


def _out_of_distribution() -> Iterator[Cell]:
    for method in FALLING_ON_GARMENTS:
        for data, against in TABLE_1:
            if data == "fashion_mnist":
                yield Cell(data, None, against, method)
    for method in OUT_OF_DISTRIBUTION:
        for data, against in TABLE_1:
            yield Cell(data, None, against, method)
        yield replace(SAME_CODING, method=method)


def _paper_form() -> Iterator[Cell]:
    """Minutes to half an hour a training, which both sets of anomalies share."""
    for seed in SEEDS:
        for method, against in product(TRAINED_THRICE, ("mnist", "omniglot")):
            steps = COMPETING_STEPS if method == FALLING else None
            yield Cell("fashion_mnist", None, against, method, seed, max_steps=steps, strict_only=True)


def _digits() -> Iterator[Cell]:
    for digit in DIGITS:
        yield Cell("digits", f"{ALL_BUT}{digit}", None, "compact", max_steps=STEPS)
    for digit in DIGITS:
        yield Cell("digits", f"{ALL_BUT}{digit}", None, "neighbours")


def _paper() -> Iterator[Cell]:
    """The paper's networks and length: minutes a class on a GPU, days on a CPU."""
    for label in OBJECTS:
        for method in PRESETS_OF_THE_PAPER:
            yield Cell("cifar10", label, None, method)
    for method in PRESETS_OF_THE_PAPER:
        yield Cell("cifar10", None, "tiny_imagenet32", method)


def _hour() -> Iterator[Cell]:
    """The paper's networks for as many steps as a core of a CPU makes in about an hour."""
    for steps in STEPS_OF_AN_HOUR:
        yield Cell("cifar10", "airplane", None, "paper", max_steps=steps, strict_only=True, judged=JUDGED)


def _readings() -> Iterator[Cell]:
    for seed in SEEDS:
        for method in READINGS:
            for normal in READ_DIGITS:
                yield Cell("digits", normal, None, method, seed, max_steps=READING_STEPS, strict_only=True)


def _inspection(sets: Iterable[str]) -> Iterator[Cell]:
    """Half a minute to some minutes a cell; the images of a set are read once for the methods that follow."""
    for data in sets:
        for method in INSPECTED:
            yield Cell(data, None, None, method, strict_only=True)


def _inspected_classes() -> Iterator[Cell]:
    """About a minute a cell."""
    for method in (FEATURES, PATCH_CORE, PADIM):
        for label in OBJECTS if method == FEATURES else INSPECTED_BY_ALL:
            yield Cell("cifar10", label, None, method, strict_only=True, judged=JUDGED)


def _smoke() -> Iterator[Cell]:
    """Seconds a cell, to try the runner."""
    for seed in (0, 1):
        for method, steps in (("compact", 20), ("neighbours", None)):
            yield Cell("digits", f"{ALL_BUT}3", None, method, seed, max_steps=steps)


GRIDS: dict[str, list[Cell]] = {
    "mnist": _one_class("mnist", DIGITS, "compact", "neighbours", "pca"),
    "cifar10": _one_class("cifar10", OBJECTS, "compact", "neighbours", "pca"),
    "fashion_mnist": _one_class("fashion_mnist", GARMENTS, "compact", "neighbours", "pca"),
    "table1": list(_table_1()),
    "mnist_methods": _competitors(_one_class("mnist", DIGITS, *ONE_CLASS)),
    "cifar10_methods": _competitors(_one_class("cifar10", OBJECTS, *ONE_CLASS, FGAN_CIFAR10)),
    "table1_methods": _competitors(_out_of_distribution()),
    "paper_form": list(_paper_form()),
    EQUAL_SECONDS: list(_equal_seconds()),
    "ablations": list(_ablations((*ABLATIONS, *UNTRAINED))),
    "faster": list(_ablations(("compact", *FASTER))),
    "garments": list(_ablations(("compact", WITHOUT_IMAGES), [("fashion_mnist", g) for g in GARMENTS[5:]])),
    "minutes": list(_minutes()),
    "digits": list(_digits()),
    "paper": list(_paper()),
    "hour": list(_hour()),
    "readings": list(_readings()),
    TABLES: list(tables_and_embeddings()),
    KEEL_TABLES: list(further_tables()),
    CONTAMINATED: list(contaminated_tables()),
    INSPECTION: [*_inspection(INSPECTION_SETS), *_inspected_classes()],
    "smoke": list(_smoke()),
}


def cells_of(grid: str, folder: str | None = None) -> list[Cell]:
    """The cells of a grid.

    Parameters
    ----------
    grid
        A key of :data:`GRIDS`.
    folder
        Folder of the data sets: ``inspection`` has cells for further sets that are there in MVTec's layout.

    Raises
    ------
    InputError
        If there is no such grid.
    """
    if grid not in GRIDS:
        raise InputError(f"there is no grid {grid!r}, expected one of {', '.join(GRIDS)}")
    if grid != INSPECTION or folder is None:
        return GRIDS[grid]
    others = [name for name in found_sets(folder) if name not in INSPECTION_SETS]
    return [*GRIDS[grid], *_inspection(others)]
