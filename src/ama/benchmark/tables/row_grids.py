"""The grids on rows: tables of ADBench, embeddings and tables of KEEL, and tables with learned anomalies."""

from __future__ import annotations

from collections.abc import Iterator

from ama.benchmark.tables.cell import SEEDS, Cell
from ama.benchmark.tables.compared_methods import (
    AMA,
    ASSUMED,
    INPUT_TERMS,
    ROW_VARIANTS,
    TOLD,
    UNTRAINED_NOISE,
    WITHOUT_NOISE,
)
from ama.benchmark.tables.keel_tables import KEEL
from ama.benchmark.tables.outside_detectors import ELLIPTIC, FIFTH, FIRST, OUTSIDE
from ama.benchmark.tables.row_samples import SHARES
from ama.benchmark.tables.row_sets import ADBENCH, EMBEDDINGS

ON_ROWS = ("compact", *ROW_VARIANTS, *OUTSIDE)
# No other variant of AMA. Of indicators of kinds, the covariance of the elliptic envelope's subsets is singular.
ON_FURTHER_TABLES = (
    "compact",
    WITHOUT_NOISE,
    UNTRAINED_NOISE,
    INPUT_TERMS,
    *(name for name in OUTSIDE if name != ELLIPTIC),
)
ON_UNCLEAN_ROWS = ("compact", ASSUMED, TOLD, FIFTH, FIRST, "LOF", "one Gaussian", "isolation forest", "ECOD")


def tables_and_embeddings() -> Iterator[Cell]:
    """A second to a minute a cell."""
    for seed in SEEDS:
        for method in ON_ROWS:
            for data in (*ADBENCH, *EMBEDDINGS):
                # The covariance of its subsets is singular where there are about as many columns as rows, and the
                # score of so many columns depends on no network and has no noise_level.
                if method not in (ELLIPTIC, WITHOUT_NOISE, UNTRAINED_NOISE) or data in ADBENCH:
                    yield Cell(data, None, None, method, seed, strict_only=True)


def further_tables() -> Iterator[Cell]:
    """Seconds a cell."""
    for seed in SEEDS:
        for method in ON_FURTHER_TABLES:
            for data in KEEL:
                yield Cell(data, None, None, method, seed, strict_only=True)


def contaminated_tables() -> Iterator[Cell]:
    """One seed of AMA, whose fits take longer than those of the others."""
    for seed in SEEDS:
        for method in ON_UNCLEAN_ROWS:
            if method in AMA and seed != SEEDS[0]:
                continue
            for data in ADBENCH:
                for share in SHARES:
                    yield Cell(data, None, None, method, seed, strict_only=True, contamination=share)
